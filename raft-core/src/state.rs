//! What every server has, whatever its role: Figure 2's "State" box.

use alloc::collections::VecDeque;

use crate::log::Log;
use crate::membership::Membership;
use crate::message::{Body, Message};
use crate::output::{Answer, Outbox};
use crate::settings::Settings;
use crate::types::{Entries, HardState, LogIndex, NodeId, Position, Request, Term};

/// The state that outlives a change of role.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) id: NodeId,
    pub(crate) settings: Settings,
    pub(crate) membership: Membership,
    /// currentTerm and votedFor. Persistent.
    pub(crate) hard_state: HardState,
    /// What the host was last asked to write of it.
    pub(crate) written: HardState,
    /// log[]. Persistent.
    pub(crate) log: Log,
    /// commitIndex. Volatile.
    pub(crate) commit: Option<LogIndex>,
    /// lastApplied. Volatile, unless the state machine is durable.
    pub(crate) applied: Option<LogIndex>,
    /// Clients that wait, in the order of the entries they wait for.
    pub(crate) waiting: VecDeque<(Position, Request)>,
    pub(crate) outbox: Outbox,
}

impl State {
    /// A message of the current term.
    pub(crate) fn message(&self, to: NodeId, body: Body) -> Message {
        Message { from: self.id, to, term: self.hard_state.term, body }
    }

    /// Sends what promises nothing of this server's disk.
    pub(crate) fn send(&mut self, to: NodeId, body: Body) {
        let message = self.message(to, body);
        self.outbox.send(message);
    }

    /// Sends what holds only once everything written so far is durable.
    pub(crate) fn promise(&mut self, to: NodeId, body: Body) {
        let message = self.message(to, body);
        self.outbox.promise(message);
    }

    /// §5.1: enters a term, in which this server has not voted yet.
    pub(crate) fn enter(&mut self, term: Term) {
        debug_assert!(term > self.hard_state.term, "terms only increase");
        self.hard_state = HardState { term, voted_for: None };
    }

    /// Replaces the log from the first of `entries` on, in memory and, with this step's write, on disk.
    pub(crate) fn replace_log(&mut self, entries: Entries) {
        self.log.replace(&entries);
        self.outbox.write_log(entries);
    }

    /// Moves the commit index forward, never back, and never past the log.
    pub(crate) fn commit_up_to(&mut self, index: Option<LogIndex>) {
        debug_assert!(index <= self.log.last_index(), "only what is in the log can be committed");
        self.commit = self.commit.max(index);
    }

    /// Notes that a client waits for the entry at this place. Mostly it is the last one; not if this server
    /// led before, and lost entries whose clients still wait.
    pub(crate) fn wait_for(&mut self, position: Position, request: Request) {
        let place = self.waiting.partition_point(|(other, _)| *other < position);
        self.waiting.insert(place, (position, request));
    }

    /// Answers the clients whose place in the log is decided.
    pub(crate) fn answer_decided(&mut self) {
        while let Some((position, request)) = self.waiting.front() {
            if Some(position.index) > self.commit {
                break;
            }
            let decided = self.log.term_at(position.index);
            let answer =
                if decided == Some(position.term) { Answer::Committed } else { Answer::Superseded };
            self.outbox.answers.push((*request, answer));
            self.waiting.pop_front();
        }
    }
}
