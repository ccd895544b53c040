//! What judges and counts a run: the folds that its outcome is made of.

use super::Outcome;
use super::driver::{Driven, Failed, not_booted};
use super::healing::Liveness;
use crate::checker::{Checkers, Class, NoPanic, Property, Violation};
use crate::coverage::{Coverage, Feature};
use crate::digest::Digest;
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::subject::Capability;
use crate::time::Micros;

/// Judges and counts a run.
pub(super) struct Judge {
    no_panic: NoPanic,
    digest: Digest,
    coverage: Coverage,
    pub(super) checkers: Option<Checkers>,
}

impl Observer for Judge {
    #[inline]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.no_panic.observe(at, observation)?;
        self.digest.observe(at, observation)?;
        self.coverage.observe(at, observation)?;
        self.checkers.observe(at, observation)
    }
}

impl Judge {
    /// Of a run of this plan by servers with these capabilities; without `judged` no checker observes.
    pub(super) fn new(plan: &Plan, capabilities: &[Capability], judged: bool) -> Judge {
        let servers: Vec<NodeId> = plan.servers().collect();
        let members = &servers[..plan.members as usize];
        let settings = || servers.iter().map(|id| plan.settings_of(*id)).collect();
        Judge {
            no_panic: NoPanic::default(),
            digest: Digest::new(plan.seed),
            coverage: Coverage::new(servers.len(), members),
            checkers: judged.then(|| Checkers::of(capabilities, &servers, members, settings)),
        }
    }

    /// What the run came to.
    pub(super) fn outcome(&self, driven: Result<Driven, Failed>) -> Result<Outcome, String> {
        let driven = driven.map_err(|failed| match failed {
            Failed::NoBoot(why) => why,
            Failed::Stopped => match self.violation() {
                Some(violation) => not_booted(violation.server, &violation.to_string()),
                None => "the observer ended the run before it began".to_owned(),
            },
        })?;
        let Driven { ended, violation, met, faults, fired, tally, liveness } = driven;
        let violation = violation.or_else(|| self.violation().cloned());
        let violation = violation.map(|violation| (ended, violation));
        let stuck = |(_, it): &(Micros, Violation)| it.property.class() == Class::Liveness;
        let liveness =
            if violation.as_ref().is_some_and(stuck) { Liveness::Violated } else { liveness };
        let steps = self.digest.steps();
        let exercised = |&property: &Property| {
            // Every step is a test of these, whether or not anything is judged.
            if matches!(property, Property::NoPanic | Property::BoundedSteps) {
                return steps;
            }
            let met = met.get(&property).copied().unwrap_or(0);
            self.checkers.as_ref().map_or(0, |checkers| checkers.exercised(property) + met)
        };
        let feature = |feature: &Feature| self.coverage.count_of(*feature);
        Ok(Outcome {
            digest: self.digest.value(),
            steps,
            violation,
            exercised: Property::ALL.iter().map(exercised).collect(),
            features: Feature::ALL.iter().map(feature).collect(),
            faults,
            fired,
            tally,
            liveness,
        })
    }

    /// The property that a checker saw violated.
    fn violation(&self) -> Option<&Violation> {
        let checkers = self.checkers.as_ref().and_then(Checkers::violation);
        self.no_panic.violation.as_ref().or(checkers)
    }
}
