//! A run with checkers and counters, as a campaign makes it for each seed.

use super::history::ClientHistory;
use super::{Driven, Failed, Liveness, Script, Tally, drive, drive_scripted, not_booted};
use crate::checker::{Checkers, Class, NoPanic, Property, Violation};
use crate::coverage::{Coverage, Feature};
use crate::digest::Digest;
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::subject::{Capability, Implementation};
use crate::time::Micros;
use crate::world::Launch;

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Digest of all of its steps.
    pub digest: u64,
    /// The number of steps: deliveries, ticks, requests and the like.
    pub steps: u64,
    /// The property that was violated, and when; the run ended there.
    pub violation: Option<(Micros, Violation)>,
    /// The number of times that each property was exercised, at its number less one.
    pub exercised: Vec<u64>,
    /// The number of times that each feature was used, in the order of [`Feature::ALL`].
    pub features: Vec<u64>,
    /// The number of times that each sort of fault was injected, in the order of [`FaultSort::all`](crate::plan::FaultSort::all); for a sort that
    /// lasts the whole run, 1 if the plan has it.
    pub faults: Vec<u64>,
    /// For each fault of the plan, then for each of its admin operations: true if it ever began.
    pub fired: Vec<bool>,
    /// Counts of what happened.
    pub tally: Tally,
    /// The outcome of its liveness obligations.
    pub liveness: Liveness,
}

/// Runs a plan to its end or to the first violation. Without `judged` no checker observes: a violation is then one
/// that the driver found, or the end of a server by itself. `observer` observes before the checkers do.
///
/// # Errors
/// The reason why a server did not boot. The run ends there.
pub fn run(
    plan: &Plan,
    implementation: &dyn Implementation,
    judged: bool,
    observer: impl Observer,
) -> Result<Outcome, String> {
    let own = implementation.enter(plan.seed).map_err(|why| not_booted(NodeId(1), &why))?;
    run_on(plan, own.as_deref().unwrap_or(implementation), judged, observer)
}

/// The same with servers of a type that is known when the testbed is compiled: the run is compiled as one piece.
///
/// # Errors
/// The reason why a server did not boot.
pub fn run_on<L: Launch + ?Sized>(
    plan: &Plan,
    launch: &L,
    judged: bool,
    observer: impl Observer,
) -> Result<Outcome, String> {
    let mut observers = (observer, Judge::new(plan, launch.capabilities(), judged));
    let driven = drive(plan, launch, &mut observers);
    observers.1.outcome(driven)
}

/// The same as [`run`], judged, with actions of one's own.
///
/// # Errors
/// The reason why a server did not boot.
pub fn run_scripted(
    plan: &Plan,
    implementation: &dyn Implementation,
    script: &Script,
    observer: impl Observer,
) -> Result<Outcome, String> {
    let own = implementation.enter(plan.seed).map_err(|why| not_booted(NodeId(1), &why))?;
    let launch = own.as_deref().unwrap_or(implementation);
    let mut observers = (observer, Judge::new(plan, launch.capabilities(), true));
    let driven = drive_scripted(plan, launch, script, &mut observers);
    observers.1.outcome(driven)
}

/// The same as [`run`], judged, with the history of its clients.
///
/// # Errors
/// The reason why a server did not boot.
pub fn recorded(
    plan: &Plan,
    implementation: &dyn Implementation,
    observer: &mut dyn Observer,
) -> Result<(Outcome, ClientHistory), String> {
    let own = implementation.enter(plan.seed).map_err(|why| not_booted(NodeId(1), &why))?;
    let launch = own.as_deref().unwrap_or(implementation);
    let mut judge = Judge::new(plan, launch.capabilities(), true);
    if let Some(checkers) = &mut judge.checkers {
        checkers.record();
    }
    let driven = drive(plan, launch, &mut (observer, &mut judge));
    let outcome = judge.outcome(driven)?;
    let events = judge.checkers.as_ref().map_or(&[][..], Checkers::reported);
    Ok((outcome, ClientHistory::of(events)))
}

/// The checkers of a plan's run, for servers with these capabilities.
#[must_use]
pub fn checkers(plan: &Plan, capabilities: &[Capability]) -> Checkers {
    let servers: Vec<NodeId> = plan.servers().collect();
    let settings = servers.iter().map(|id| plan.settings_of(*id)).collect();
    let members = &servers[..plan.members as usize];
    Checkers::of(capabilities, &servers, members, settings).setting_aside(&plan.set_aside)
}

/// The checkers and counters of a run.
struct Judge {
    no_panic: NoPanic,
    digest: Digest,
    coverage: Coverage,
    checkers: Option<Checkers>,
    /// The properties whose violations are none.
    set_aside: Vec<Property>,
}

impl Observer for Judge {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.no_panic.observe(at, observation)?;
        self.digest.observe(at, observation)?;
        self.coverage.observe(at, observation)?;
        self.checkers.observe(at, observation)
    }

    #[inline(always)]
    fn observe_made<'a>(
        &mut self,
        at: Micros,
        make: impl Fn() -> Observation<'a>,
    ) -> Result<(), Stop> {
        self.no_panic.observe_made(at, &make)?;
        self.digest.observe_made(at, &make)?;
        self.coverage.observe_made(at, &make)?;
        self.checkers.observe_made(at, make)
    }
}

impl Judge {
    /// Prepares for a run of this plan by servers with these capabilities; without `judged` no checker observes.
    fn new(plan: &Plan, capabilities: &[Capability], judged: bool) -> Judge {
        let servers: Vec<NodeId> = plan.servers().collect();
        let members = &servers[..plan.members as usize];
        Judge {
            no_panic: NoPanic::default(),
            digest: Digest::new(plan.seed),
            coverage: Coverage::new(servers.len(), members),
            checkers: judged.then(|| checkers(plan, capabilities)),
            set_aside: plan.set_aside.clone(),
        }
    }

    /// The outcome of the run.
    fn outcome(&self, driven: Result<Driven, Failed>) -> Result<Outcome, String> {
        let driven = driven.map_err(|failed| match failed {
            Failed::NoBoot(why) => why,
            Failed::Stopped => match self.violation() {
                Some(violation) => not_booted(violation.server, &violation.to_string()),
                None => "the observer ended the run before it began".to_owned(),
            },
        })?;
        let Driven { ended, violation, met, faults, fired, tally, liveness } = driven;
        let violation = violation.or_else(|| self.violation().cloned());
        let violation = violation.filter(|it| !self.set_aside.contains(&it.property));
        let violation = violation.map(|violation| (ended, violation));
        let stuck = |(_, it): &(Micros, Violation)| it.property.class() == Class::Liveness;
        let liveness =
            if violation.as_ref().is_some_and(stuck) { Liveness::Violated } else { liveness };
        let steps = self.digest.steps();
        let mut exercised = vec![0; Property::LAST];
        for property in Property::ALL {
            let met = met.get(&property).copied().unwrap_or(0);
            // Every step exercises these, even without checkers.
            let always = matches!(property, Property::NoPanic | Property::BoundedSteps);
            let checked = |checkers: &Checkers| checkers.exercised(property) + met;
            exercised[property as usize] =
                if always { steps } else { self.checkers.as_ref().map_or(0, checked) };
        }
        let feature = |feature: &Feature| self.coverage.count_of(*feature);
        Ok(Outcome {
            digest: self.digest.value(),
            steps,
            violation,
            exercised,
            features: Feature::ALL.iter().map(feature).collect(),
            faults,
            fired,
            tally,
            liveness,
        })
    }

    /// The violation that a checker found.
    fn violation(&self) -> Option<&Violation> {
        let checkers = self.checkers.as_ref().and_then(Checkers::violation);
        self.no_panic.violation.as_ref().or(checkers)
    }
}
