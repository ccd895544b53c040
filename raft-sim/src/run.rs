//! Runs a plan: clients propose, faults come and go, and the oracles hear of every step.

use serde::Serialize;

use crate::cluster::{BootFailure, Cluster, Design, Happened, Listener, Start};
use crate::mix::{below, chance, mix};
use crate::oracle::{Property, Violation};
use crate::plan::{Direction, FaultKind, Plan, Target};
use crate::subject::{Answer, Implementation, Request};
use crate::time::Micros;
use crate::words::{Command, HardState, NodeId, length};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Digest of all of its steps.
    pub digest: u64,
    /// Deliveries, ticks and proposals.
    pub steps: u64,
    /// The property that was violated, and when; the run ended there.
    pub violation: Option<(Micros, Violation)>,
    /// How often each property was put to the test, in the order of [`Property::ALL`].
    pub exercised: Vec<u64>,
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
    /// Of these, answered as superseded by another entry.
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

/// How often a client tries to hand in one command.
const ATTEMPTS: u64 = 8;
/// Agenda items below are faults, two each: it begins (even), it ends (odd). From here on they are tries
/// to hand in a command, [`ATTEMPTS`] for each.
const FIRST_TRY: u64 = 1 << 32;

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
    let start = |clock: &crate::plan::Clock| Start {
        hard_state: HardState::default(),
        log: Vec::new(),
        tick: clock.tick,
        first_tick: clock.first,
    };
    let design = Design {
        servers: plan.clocks.iter().map(start).collect(),
        settings: plan.settings,
        seed: plan.seed,
        weather: plan.weather,
        sync: plan.sync,
        durable_state_machine: plan.durable_state_machine,
        oracles,
    };
    let cluster = Cluster::new(implementation, design, listener)
        .map_err(|(server, failure)| format!("{server} does not boot: {failure}"))?;
    let mut run = Run {
        plan,
        cluster,
        hit: vec![None; plan.faults.len()],
        command: vec![0; plan.clients.size.max(8) as usize],
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
        tally: run.tally,
    })
}

struct Run<'a> {
    plan: &'a Plan,
    cluster: Cluster<'a>,
    /// Whom each fault under way has hit.
    hit: Vec<Option<Vec<NodeId>>>,
    /// The bytes of the command handed in last: its number, and as many zeros as fill its size.
    command: Vec<u8>,
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
        self.cluster.schedule(self.plan.clients.interval, FIRST_TRY);
        self.cluster.flow();
        loop {
            let happened = self.cluster.next(self.plan.duration);
            match happened.map_err(BootFailure::Violation)? {
                None => return Ok(()),
                Some(Happened::Step) => {}
                Some(Happened::Agenda(item)) if item >= FIRST_TRY => {
                    self.try_proposal(item - FIRST_TRY).map_err(BootFailure::Violation)?;
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

    /// The `number % ATTEMPTS`-th try to hand in command `number / ATTEMPTS`.
    fn try_proposal(&mut self, number: u64) -> Result<(), Violation> {
        let clients = &self.plan.clients;
        let (command, attempt) = (number / ATTEMPTS, number % ATTEMPTS);
        let bits = mix(mix(self.plan.seed, 0x0063_6c69), number);
        if attempt == 0 {
            self.tally.proposed += 1;
            self.cluster
                .schedule(self.cluster.now() + clients.interval, FIRST_TRY + number + ATTEMPTS);
        }
        let wanders = attempt == 0 && chance(mix(bits, 1), clients.wander * 10_000);
        let server = match self.leader {
            Some(leader) if !wanders => leader,
            Some(_) | None => NodeId(1 + below(bits, self.plan.clocks.len() as u64) as u32),
        };
        self.command[..8].copy_from_slice(&command.to_le_bytes());
        let command = Command::from(&self.command[..]);
        if !self.cluster.propose(server, Request(number), command)? {
            self.leader = None;
            self.retry(number, 20_000);
        }
        Ok(())
    }

    fn retry(&mut self, number: u64, after: Micros) {
        if !(number + 1).is_multiple_of(ATTEMPTS) {
            let bits = mix(mix(self.plan.seed, 0x7265_7472), number);
            let time = self.cluster.now() + after / 2 + below(bits, after);
            self.cluster.schedule(time, FIRST_TRY + number + 1);
        }
    }

    fn hear_answers(&mut self) {
        let mut answers = std::mem::take(&mut self.cluster.answers);
        for (server, Request(number), answer) in answers.drain(..) {
            match answer {
                Answer::Committed => {
                    self.tally.committed += 1;
                    self.leader = Some(server);
                }
                Answer::Superseded => self.tally.superseded += 1,
                Answer::Busy => self.retry(number, 20_000),
                Answer::NotLeader(leader) => {
                    self.leader = leader;
                    self.retry(number, if leader.is_some() { 2_000 } else { 50_000 });
                }
            }
        }
        self.cluster.answers = answers;
    }

    fn target(&self, target: Target) -> Option<NodeId> {
        match target {
            Target::Server(server) => Some(NodeId(server)),
            Target::Leader => self.cluster.leader(),
        }
    }

    fn begin(&mut self, index: usize) {
        let fault = &self.plan.faults[index];
        let hit = match &fault.kind {
            FaultKind::Crash(target, survives) => {
                let target = self.target(*target);
                target.filter(|&id| self.cluster.crash(id, *survives as usize)).map(|id| vec![id])
            }
            FaultKind::CrashAll => {
                Some(self.cluster.ids().filter(|&id| self.cluster.crash(id, 0)).collect())
            }
            FaultKind::Isolate(target, _) => self.target(*target).map(|id| vec![id]),
            FaultKind::Partition(_) | FaultKind::OneWay(..) | FaultKind::Hold(..) => {
                Some(Vec::new())
            }
        };
        self.tally.faults += u64::from(hit.is_some());
        if let (Some(hit), FaultKind::Crash(..) | FaultKind::CrashAll) = (&hit, &fault.kind) {
            self.tally.crashes += hit.len() as u64;
        }
        self.hit[index] = hit;
        self.links(index, true);
    }

    fn end(&mut self, index: usize) -> Result<(), BootFailure> {
        self.links(index, false);
        if let FaultKind::Crash(..) | FaultKind::CrashAll = self.plan.faults[index].kind {
            for id in self.hit[index].take().unwrap_or_default() {
                self.cluster.restart(id)?;
            }
        }
        Ok(())
    }

    /// Cuts or holds the links of a fault that hit somebody, or lets go of them.
    fn links(&mut self, index: usize, begins: bool) {
        let Some(hit) = &self.hit[index] else { return };
        let kind = &self.plan.faults[index].kind;
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &from in &ids {
            for &to in ids.iter().filter(|&&to| to != from) {
                let cut = match kind {
                    FaultKind::Partition(groups) => {
                        !groups.iter().any(|group| group.contains(&from.0) && group.contains(&to.0))
                    }
                    FaultKind::OneWay(a, b) => from.0 == *a && to.0 == *b,
                    FaultKind::Isolate(_, direction) => match direction {
                        Direction::Outgoing => hit.contains(&from),
                        Direction::Incoming => hit.contains(&to),
                        Direction::Both => hit.contains(&from) || hit.contains(&to),
                    },
                    FaultKind::Hold(..) | FaultKind::Crash(..) | FaultKind::CrashAll => false,
                };
                if cut {
                    self.cluster.network.cut(from, to, begins);
                }
            }
        }
        if let FaultKind::Hold(from, to) = kind {
            self.cluster.network.hold(NodeId(*from), NodeId(*to), begins);
            self.cluster.release_held();
        }
    }
}
