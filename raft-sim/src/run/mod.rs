//! Runs a plan: clients and administrators want something, faults come and go, and the oracles hear of every
//! step.

mod clients;
mod faults;
mod tasks;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cluster::{BootFailure, Cluster, Design, Feature, Happened, Listener, Start};
use crate::oracle::{Property, Violation};
use crate::plan::Plan;
use crate::subject::{Implementation, Request};
use crate::time::Micros;
use crate::words::{NodeId, length};

use clients::Client;
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
    /// What happened, in numbers.
    pub tally: Tally,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
/// Agenda items below are faults, two each: it begins (even), it ends (odd). From here on they are tries of
/// tasks, [`ATTEMPTS`] for each. So are the numbers of their requests, [`SERVERS`] for each try.
const FIRST_TASK: u64 = 1 << 32;
/// From here on agenda items are tries of clients' requests, [`ATTEMPTS`] for each. The numbers of the requests
/// are the same, counted from 0.
const FIRST_TRY: u64 = 1 << 40;
/// More than any cluster has.
const SERVERS: u64 = 128;

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
    let mut run = Run {
        plan,
        cluster,
        hit: vec![None; plan.faults.len()],
        tasks: BTreeMap::new(),
        command: vec![0; plan.clients.size.max(8) as usize],
        clients: vec![Client::default(); plan.clients.sessions as usize],
        leader: None,
        tally: Tally::default(),
    };
    let violation = match run.play() {
        Ok(()) => None,
        Err(BootFailure::Violation(violation)) => Some((run.cluster.now(), violation)),
        Err(BootFailure::Refused(why)) => return Err(why),
    };
    let views = run.cluster.ids().map(|id| *run.cluster.server(id).view());
    for view in views {
        run.tally.commit = run.tally.commit.max(length(view.commit));
        run.tally.term = run.tally.term.max(view.term.0);
    }
    let exercised = |property: &Property| {
        run.cluster.oracles().map_or(0, |oracles| oracles.exercised(*property))
    };
    Ok(Outcome {
        digest: run.cluster.digest(),
        steps: run.cluster.steps(),
        violation,
        exercised: Property::ALL.iter().map(exercised).collect(),
        features: Feature::ALL.iter().map(|feature| run.cluster.featured(*feature)).collect(),
        tally: run.tally,
    })
}

struct Run<'a> {
    plan: &'a Plan,
    cluster: Cluster<'a>,
    /// Whom each fault under way has hit.
    hit: Vec<Option<Vec<NodeId>>>,
    /// What administrators ask for, by its number.
    tasks: BTreeMap<u32, Tried<'a>>,
    /// The bytes of the command handed in last.
    command: Vec<u8>,
    /// The clients that have sessions.
    clients: Vec<Client>,
    /// The leader that clients last heard of.
    leader: Option<NodeId>,
    tally: Tally,
}

impl Run<'_> {
    fn play(&mut self) -> Result<(), BootFailure> {
        for (index, fault) in self.plan.faults.iter().enumerate() {
            self.cluster.schedule(fault.at, index as u64 * 2);
            self.cluster.schedule(fault.until, index as u64 * 2 + 1);
        }
        self.schedule_tasks();
        self.cluster.schedule(self.plan.clients.interval, FIRST_TRY);
        self.cluster.flow();
        loop {
            let happened = self.cluster.next(self.plan.duration);
            match happened.map_err(BootFailure::Violation)? {
                None => return Ok(()),
                Some(Happened::Step) => {}
                Some(Happened::Agenda(item)) if item >= FIRST_TRY => {
                    self.try_request(item - FIRST_TRY).map_err(BootFailure::Violation)?;
                }
                Some(Happened::Agenda(item)) if item >= FIRST_TASK => {
                    self.try_task(item - FIRST_TASK).map_err(BootFailure::Violation)?;
                }
                Some(Happened::Agenda(item)) => {
                    let fault = (item / 2) as usize;
                    if item % 2 == 0 { self.begin(fault) } else { self.end(fault)? }
                }
            }
            if !self.cluster.answers.is_empty() {
                self.hear_answers();
            }
        }
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
