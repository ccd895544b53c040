//! Liveness on the graph: from each state a fair continuation elects a leader that commits a command. A state from which it
//! does not is a trap.
//!
//! The continuation is beyond the bounds. All pending writes become durable, and all messages in flight are delivered, in
//! order, and so are those that are sent on the way. If there is a leader then, the one of the highest term is handed a
//! command, and its clock ticks, ten times, each followed by all of that. As long as no command is committed, the servers
//! that do not lead time out, one after another, S1 to Sn, three times around, each followed by the same. A leader that
//! has committed one, but is in C_old,new, gets the same chances to leave it.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::bounds::Bounds;
use super::event::Event;
use super::frontier::{SERVERS, Words};
use super::judge::Finding;
use super::perform::{TIMEOUT, proposal};
use super::server::State;
use super::sleep::Sleep;
use super::worker::{Successor, Worker, Wrong};
use crate::model::NodeId;
use crate::observation::Observation;
use crate::subject::Answer;

/// The times that each server may stand.
const ROUNDS: u32 = 3;
/// The most deliveries behind one event: a cluster that comes to no rest is in a trap.
const DELIVERIES: u32 = 10_000;
/// The numbers of commands that no bounds permit.
const COMMANDS: RangeInclusive<u8> = Bounds::MOST + 1..=15;

/// A continuation.
struct Fair<'a, 'b> {
    worker: &'b mut Worker<'a>,
    servers: Vec<u32>,
    flight: VecDeque<u32>,
    /// True if a client was told that its command is committed.
    committed: bool,
    /// True if a command was taken, and is not answered.
    waits: bool,
}

/// Makes all states that follow a state, as [`Worker::expand`] does. With liveness, the state must not be a trap.
///
/// # Errors
/// The first history that violates a property, or leads to a trap.
pub(super) fn expand(
    worker: &mut Worker<'_>,
    (before, words): (u128, &Words),
    asleep: Sleep,
    each: impl FnMut(Successor<'_>),
) -> Result<(), Box<Wrong>> {
    if worker.shared.live
        && let Some(finding) = trap(worker, words)
    {
        return Err(Box::new(Wrong { before, last: None, finding }));
    }
    worker.expand((before, words), asleep, each)
}

/// What is not possible any more, if a state is a trap.
fn trap(worker: &mut Worker<'_>, words: &Words) -> Option<Finding> {
    let everyone = worker.shared.bounds.everyone();
    let (servers, flight) = words[SERVERS..].split_at(everyone as usize);
    let (servers, flight) = (servers.to_vec(), flight.iter().copied().collect());
    let mut fair = Fair { worker, servers, flight, committed: false, waits: false };
    let mut commands = COMMANDS.cycle();
    let mut commits = |fair: &mut Fair<'_, '_>| {
        fair.settle();
        fair.commits(commands.next().unwrap_or_default())
    };
    if commits(&mut fair) {
        return None;
    }
    for server in (0..ROUNDS).flat_map(|_| 1..=everyone).map(NodeId) {
        if fair.leader() != Some(server) {
            fair.take(server, Event::Timeout);
        }
        if commits(&mut fair) {
            return None;
        }
    }
    Some(if fair.committed { Finding::Unfinished } else { Finding::Trapped })
}

impl Fair<'_, '_> {
    fn state(&self, server: NodeId) -> &State {
        self.worker.shared.tables.states.get(self.servers[server.0 as usize - 1])
    }

    /// The leader of the highest term.
    fn leader(&self) -> Option<NodeId> {
        let everyone = (1..=self.worker.shared.bounds.everyone()).map(NodeId);
        let leaders = everyone.filter(|server| self.state(*server).leads);
        leaders.max_by_key(|server| self.state(*server).term)
    }

    /// True if a command is committed, and the leader is not in the middle of a change.
    fn is_done(&self) -> bool {
        self.committed && self.leader().is_none_or(|leader| !self.state(leader).joint)
    }

    /// Hands the command of this number to a leader, if there is one. True if it is committed, and no change is under way.
    fn commits(&mut self, number: u8) -> bool {
        self.waits = false;
        for _ in 0..TIMEOUT {
            let Some(leader) = self.leader() else { break };
            if !self.waits {
                self.take(leader, Event::Propose(number));
            }
            self.settle();
            self.take(leader, Event::Heartbeat);
            self.settle();
            if self.is_done() {
                return true;
            }
        }
        false
    }

    /// Lets an event happen, if it can.
    fn take(&mut self, server: NodeId, event: Event) {
        let place = server.0 as usize - 1;
        let number = self.worker.step(self.servers[place], event);
        let step = self.worker.shared.tables.steps.get(number);
        if !step.taken {
            return;
        }
        self.servers[place] = step.to;
        self.flight.extend(&step.sends);
        self.waits |= matches!(event, Event::Propose(_));
        for observation in &step.observed {
            if let Observation::Answered { request, answer, .. } = observation
                && COMMANDS.clone().any(|number| *request == proposal(number))
            {
                self.committed |= matches!(answer, Answer::Committed(_));
                self.waits = false;
            }
        }
    }

    /// Makes all writes durable, and delivers all messages.
    fn settle(&mut self) {
        for _ in 0..DELIVERIES {
            for server in (1..=self.worker.shared.bounds.everyone()).map(NodeId) {
                while self.state(server).dirty {
                    self.take(server, Event::Write);
                }
            }
            let Some(message) = self.flight.pop_front() else { return };
            let server = self.worker.shared.tables.messages.get(message).message.to;
            self.take(server, Event::Deliver(message));
        }
    }
}
