//! Runs a plan: clients and administrators want something, faults come and go, and the oracles hear of every
//! step.

mod clients;
mod faults;
mod healing;
mod history;
mod links;
mod owed;
mod tasks;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checker::{Checkers, Class, Property, Violation};
use crate::cluster::{BootFailure, Cluster, Design, Feature, Happened, Listener, Start};
use crate::history::History;
use crate::plan::{FaultSort, Moment, Plan};
use crate::subject::{Implementation, Request};
use crate::time::Micros;
use crate::words::{NodeId, length};

pub use healing::Liveness;

use clients::Client;
use faults::{BEGINS, ENDS, Underway, Waiting};
use history::history;
use tasks::Tried;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Digest of all of its steps.
    pub digest: u64,
    /// Deliveries, ticks, requests and the like: each thing that happened to a server.
    pub steps: u64,
    /// The property that was violated, and when; the run ended there.
    pub violation: Option<(Micros, Violation)>,
    /// How often each property was put to the test, in the order of [`Property::ALL`].
    pub exercised: Vec<u64>,
    /// How often each feature took part, in the order of [`Feature::ALL`].
    pub features: Vec<u64>,
    /// How often each sort of fault hit, in the order of [`FaultSort::ALL`]; of weather, whether there was any.
    pub faults: Vec<u64>,
    /// For each fault of the plan, then for each of its tasks, whether it ever began.
    pub fired: Vec<bool>,
    /// What happened, in numbers.
    pub tally: Tally,
    /// Whether it made the progress that it owed.
    pub liveness: Liveness,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Commands that clients handed in.
    pub proposed: u64,
    /// Of these, answered as committed.
    pub committed: u64,
    /// Of these, answered as superseded by another entry, or with no answer to be had.
    pub superseded: u64,
    /// Faults that found whom to hit.
    pub faults: u64,
    /// Servers that crashed.
    pub crashes: u64,
    /// The highest commit index that any server reached.
    pub commit: u64,
    /// The highest term that any server reached.
    pub term: u64,
}

/// How often somebody tries to have one request taken.
const ATTEMPTS: u64 = 8;
/// Agenda items below are faults, so many each: what is due for it.
const PARTS: u64 = 4;
/// From here on agenda items are tries of tasks, [`ATTEMPTS`] for each. So are the numbers of their requests, [`SERVERS`] for each try.
const FIRST_TASK: u64 = 1 << 32;
/// From here on agenda items are tries of clients' requests, [`ATTEMPTS`] for each. The numbers of the requests
/// are the same, counted from 0.
const FIRST_TRY: u64 = 1 << 40;
/// More than any cluster has.
const SERVERS: u64 = 128;
/// From here on numbers of requests are those of healing.
const FIRST_PROBE: u64 = 1 << 62;
/// Most steps of a run: so many, and so many for each virtual millisecond of its plan. A busy cluster of nine
/// servers takes forty in a millisecond.
const MOST_STEPS: (u64, u64) = (2_000_000, 1_000);
/// Most messages in flight at once: a storm of them is found before memory is full of it.
const MOST_MESSAGES: usize = 1_000_000;

/// Runs a plan to its end or to the first violation.
///
/// # Errors
/// Why a server did not boot: nothing was run, or no further.
pub fn run<'a>(
    plan: &'a Plan,
    implementation: &'a dyn Implementation,
    oracles: bool,
    listener: Option<&'a mut dyn Listener>,
) -> Result<Outcome, String> {
    Run::new(plan, implementation, oracles, listener)?.outcome()
}

/// The same, under the oracles, with the history of its clients.
///
/// # Errors
/// Why a server did not boot.
pub fn recorded<'a>(
    plan: &'a Plan,
    implementation: &'a dyn Implementation,
    listener: Option<&'a mut dyn Listener>,
) -> Result<(Outcome, History), String> {
    let mut run = Run::new(plan, implementation, true, listener)?;
    run.cluster.record();
    let outcome = run.outcome()?;
    let told = run.cluster.oracles().map_or(&[][..], Checkers::told);
    Ok((outcome, history(told)))
}

struct Run<'a> {
    plan: &'a Plan,
    cluster: Cluster<'a>,
    /// Each fault of the plan while it is under way.
    underway: Vec<Option<Underway>>,
    /// What waits for a moment.
    waiting: Vec<(Moment, Waiting)>,
    /// As in [`Outcome`].
    fired: Vec<bool>,
    counts: Vec<u64>,
    /// What administrators ask for, by its number.
    tasks: BTreeMap<u32, Tried<'a>>,
    /// The bytes of the command handed in last.
    command: Vec<u8>,
    /// The clients that have sessions.
    clients: Vec<Client>,
    /// The leader that clients last heard of.
    leader: Option<NodeId>,
    tally: Tally,
    liveness: Liveness,
}

impl<'a> Run<'a> {
    fn new(
        plan: &'a Plan,
        implementation: &'a dyn Implementation,
        oracles: bool,
        listener: Option<&'a mut dyn Listener>,
    ) -> Result<Run<'a>, String> {
        let start = |(id, clock): (NodeId, &crate::plan::Clock)| Start {
            settings: plan.settings_of(id),
            tick: clock.tick,
            first_tick: clock.first,
            ..Start::default()
        };
        let design = Design {
            servers: plan.servers().zip(&plan.clocks).map(start).collect(),
            members: plan.servers().take(plan.members as usize).collect(),
            seed: plan.seed,
            weather: plan.weather,
            sync: plan.sync,
            apply_time: plan.apply_time,
            durable_state_machine: plan.durable_state_machine,
            oracles,
        };
        let cluster = Cluster::new(implementation, design, listener)
            .map_err(|(server, failure)| format!("{server} does not boot: {failure}"))?;
        Ok(Run {
            plan,
            cluster,
            underway: vec![None; plan.faults.len()],
            waiting: Vec::new(),
            fired: vec![false; plan.faults.len() + plan.tasks.len()],
            counts: vec![0; FaultSort::ALL.len()],
            tasks: BTreeMap::new(),
            command: vec![0; plan.clients.size.max(8) as usize],
            clients: vec![Client::default(); plan.clients.sessions as usize],
            leader: None,
            tally: Tally::default(),
            liveness: Liveness::Unasked,
        })
    }

    /// Plays to the end.
    fn outcome(&mut self) -> Result<Outcome, String> {
        let violation = match self.play() {
            Ok(()) => None,
            Err(BootFailure::Violation(violation)) => Some((self.cluster.now(), violation)),
            Err(BootFailure::Refused(why)) => return Err(why),
        };
        if violation.as_ref().is_some_and(|(_, v)| v.property.class() == Class::Liveness) {
            self.liveness = Liveness::Violated;
        }
        let views = self.cluster.ids().map(|id| *self.cluster.server(id).view());
        for view in views {
            self.tally.commit = self.tally.commit.max(length(view.commit));
            self.tally.term = self.tally.term.max(view.term.0);
        }
        self.count_whole();
        let steps = self.cluster.steps();
        let exercised = |&property: &Property| {
            // Every step is a test of these, whether or not anybody listens.
            if matches!(property, Property::NoPanic | Property::BoundedSteps) {
                return steps;
            }
            self.cluster.oracles().map_or(0, |oracles| oracles.exercised(property))
        };
        Ok(Outcome {
            digest: self.cluster.digest(),
            steps,
            violation,
            exercised: Property::ALL.iter().map(exercised).collect(),
            features: Feature::ALL.iter().map(|feature| self.cluster.featured(*feature)).collect(),
            faults: self.counts.clone(),
            fired: self.fired.clone(),
            tally: self.tally,
            liveness: self.liveness.clone(),
        })
    }
}

impl Run<'_> {
    fn play(&mut self) -> Result<(), BootFailure> {
        for (index, fault) in self.plan.faults.iter().enumerate() {
            let item = index as u64 * PARTS;
            self.cluster.schedule(fault.at, item + BEGINS);
            if fault.moment.is_none() {
                self.cluster.schedule(fault.until, item + ENDS);
            }
        }
        self.schedule_tasks();
        self.schedule_request(0);
        self.cluster.flow();
        loop {
            match self.cluster.next(self.plan.duration)? {
                None => break,
                Some(Happened::Step) => self.check_steps()?,
                Some(Happened::Agenda(item)) if item >= FIRST_TRY => {
                    self.try_request(item - FIRST_TRY)?;
                }
                Some(Happened::Agenda(item)) if item >= FIRST_TASK => {
                    self.try_task(item - FIRST_TASK)?;
                }
                Some(Happened::Agenda(item)) => {
                    self.fault((item / PARTS) as usize, item % PARTS)?;
                }
            }
            if !self.cluster.died.is_empty() {
                self.bury();
            }
            if !self.waiting.is_empty() {
                self.moments()?;
            }
            if !self.cluster.answers.is_empty() {
                self.hear_answers();
            }
        }
        // What still waits for its moment has no part in what follows.
        self.cluster.watch(std::iter::empty());
        if let Some(healing) = &self.plan.healing {
            self.liveness = self.heal(healing)?;
        }
        Ok(())
    }

    /// Bounded Steps: a run comes to its end.
    #[inline]
    fn check_steps(&self) -> Result<(), Violation> {
        let (most, each) = MOST_STEPS;
        let steps = self.cluster.steps();
        let messages = self.cluster.network.most_in_flight();
        if steps <= most + self.plan.duration / 1_000 * each && messages <= MOST_MESSAGES {
            return Ok(());
        }
        let ms = self.cluster.now() / 1_000;
        let detail = format!(
            "{steps} steps in {ms} ms of virtual time, and up to {messages} messages in flight"
        );
        Err(Violation { property: Property::BoundedSteps, server: NodeId(1), detail })
    }

    fn hear_answers(&mut self) {
        let mut answers = std::mem::take(&mut self.cluster.answers);
        for (server, Request(number), answer) in answers.drain(..) {
            if number < FIRST_TASK {
                self.hear(server, number, &answer);
            } else {
                self.hear_task(number, &answer);
            }
        }
        self.cluster.answers = answers;
    }
}
