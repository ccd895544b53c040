//! State that a server has in every role: Figure 2's "State" box.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::hash::{Hash, Hasher};

use crate::log::Log;
use crate::membership::Configurations;
use crate::message::{Body, Message};
use crate::output::{Answer, Outbox, Rejection};
use crate::settings::Settings;
use crate::types::{
    Entries, Entry, HardState, LogIndex, Membership, NodeId, Payload, Position, Request, Snapshot,
    Term,
};

/// The state that outlives a change of role.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) id: NodeId,
    pub(crate) cluster: u64,
    pub(crate) settings: Settings,
    pub(crate) configurations: Configurations,
    /// currentTerm and votedFor. Persistent.
    pub(crate) hard_state: HardState,
    /// The hard state of the last write given out.
    pub(crate) written: HardState,
    /// log[]. Persistent.
    pub(crate) log: Log,
    /// The snapshot that stands for the log before its first entry (§7). Persistent.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// commitIndex. Volatile.
    pub(crate) commit: Option<LogIndex>,
    /// The last entry that the host was handed to apply.
    pub(crate) handed: Option<LogIndex>,
    /// lastApplied. Volatile, unless the state machine is durable.
    pub(crate) applied: Option<LogIndex>,
    /// The belief in a current leader (§6).
    pub(crate) belief: Belief,
    /// Clients that wait, in the order of the entries they wait for.
    pub(crate) waiting: VecDeque<(Position, Request)>,
    /// Reads that wait until this index is applied.
    pub(crate) reads: VecDeque<(LogIndex, Request)>,
    pub(crate) outbox: Outbox,
}

/// A server's belief in a current leader (§6, diss. §4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Belief {
    /// No leader is believed to be current.
    NoLeader,
    /// A leader is believed to be current.
    Leader {
        /// Ticks of silence after which it believes so no longer; at least 1.
        ticks_left: u32,
    },
    /// The server leads itself.
    Itself,
}

impl Belief {
    /// Counts a tick in which no leader is heard.
    pub(crate) fn tick(&mut self) {
        *self = match *self {
            Belief::Leader { ticks_left } if ticks_left > 1 => {
                Belief::Leader { ticks_left: ticks_left - 1 }
            }
            Belief::Leader { .. } | Belief::NoLeader => Belief::NoLeader,
            Belief::Itself => Belief::Itself,
        };
    }
}

impl State {
    /// Feeds the hasher with all that later steps depend on, as [`Node::fingerprint`](crate::Node::fingerprint).
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let State {
            id,
            cluster,
            settings,
            configurations,
            hard_state,
            // Equal to `hard_state` between steps.
            written: _,
            log,
            snapshot,
            commit,
            handed,
            applied,
            belief,
            waiting,
            reads,
            outbox,
        } = self;
        (id, cluster, settings, hard_state, snapshot).hash(hasher);
        configurations.fingerprint(hasher);
        log.fingerprint(hasher);
        (commit, handed, applied, belief, waiting, reads).hash(hasher);
        outbox.fingerprint(hard_state.term, hasher);
    }

    /// Creates a message of the current term.
    pub(crate) fn message(&self, to: NodeId, body: Body) -> Message {
        Message { from: self.id, to, term: self.hard_state.term, body }
    }

    /// Sends a message that does not depend on this server's disk.
    pub(crate) fn send(&mut self, to: NodeId, body: Body) {
        let message = self.message(to, body);
        self.outbox.send(message);
    }

    /// Holds a message until everything written so far, this step included, is durable; then sends it.
    pub(crate) fn hold(&mut self, to: NodeId, body: Body) {
        let message = self.message(to, body);
        self.outbox.hold(message);
    }

    /// Answers a client.
    pub(crate) fn answer(&mut self, request: Request, answer: Answer) {
        self.outbox.answers.push((request, answer));
    }

    /// The configuration in force: the latest in the log (§6).
    pub(crate) fn membership(&self) -> &Arc<Membership> {
        self.configurations.current()
    }

    /// Enters a term, in which this server has not voted yet (§5.1).
    pub(crate) fn enter(&mut self, term: Term) {
        debug_assert!(term > self.hard_state.term, "terms only increase");
        self.hard_state = HardState { term, voted_for: None };
    }

    /// Appends an entry of the current term to the log, in memory and, with this step's write, on disk.
    pub(crate) fn append(&mut self, payload: Payload) -> Option<Position> {
        let entries = self.log.append(self.hard_state.term, payload);
        self.configurations.replaced(&entries);
        let position = entries.first().map(Entry::position);
        if let Some(first) = position {
            self.outbox.write_log(first.index, entries);
        }
        position
    }

    /// Replaces the log from the first of `entries` on, in memory and, with this step's write, on disk.
    pub(crate) fn replace_log(&mut self, entries: Entries) {
        let Some(first) = entries.first() else { return };
        self.log.replace(&entries);
        self.configurations.replaced(&entries);
        self.outbox.write_log(first.index, entries.clone());
    }

    /// Moves the commit index forward, never back, and never past the log.
    pub(crate) fn commit_up_to(&mut self, index: Option<LogIndex>) {
        debug_assert!(index <= self.log.last_index(), "only what is in the log can be committed");
        self.commit = self.commit.max(index);
    }

    /// Returns whether an entry of the current term is committed: a leader's commit index is current then
    /// (§5.4.2, §8).
    pub(crate) fn has_committed_in_term(&self) -> bool {
        let term = self.commit.and_then(|commit| self.log.term_at(commit));
        term == Some(self.hard_state.term)
    }

    /// Rules for compaction (§7, Figure 12): the state machine's state after `through` takes the place of
    /// the log up to there, with the configuration that was the latest then.
    pub(crate) fn compact(&mut self, request: Request, through: LogIndex, data: Arc<[u8]>) {
        match self.check_compaction(through) {
            Ok((last, membership)) => {
                let snapshot = Snapshot { last, membership, cluster: self.cluster, data };
                self.configurations.compacted(through);
                self.log.compact(last);
                self.keep(Arc::new(snapshot));
                self.answer(request, Answer::Done);
            }
            Err(rejection) => self.answer(request, Answer::Rejected(rejection)),
        }
    }

    /// The last entry that a snapshot up to this index stands for, and the configuration of then; the reason if
    /// there can be no such snapshot.
    fn check_compaction(
        &self,
        through: LogIndex,
    ) -> Result<(Position, Arc<Membership>), Rejection> {
        if Some(through) <= self.log.base().map(|base| base.index) {
            return Err(Rejection::AlreadyCompacted(through));
        }
        let Some(last) = self.log.position(Some(through)) else {
            return Err(Rejection::NotApplied(through));
        };
        // The first configuration is in no log: a server that is added later learns of the one that adds it.
        let membership = self.configurations.up_to(through);
        if membership.voters.is_empty() {
            return Err(Rejection::ConfigurationUnknown(through));
        }
        if Some(through) > self.applied {
            return Err(Rejection::NotApplied(through));
        }
        Ok((last, membership.clone()))
    }

    /// Figure 13, steps 7 and 8: the snapshot takes the place of the whole log and of the state machine's
    /// state, and its configuration is in force.
    pub(crate) fn restore(&mut self, snapshot: Arc<Snapshot>) {
        let last = snapshot.last;
        self.log.restore(last);
        self.configurations = Configurations::new(snapshot.membership.clone());
        self.commit = Some(last.index);
        self.handed = Some(last.index);
        if self.settings.apply_limit.is_none() {
            self.has_applied(self.handed);
        }
        self.outbox.restore = Some(snapshot.clone());
        self.outbox.write_log(LogIndex::after(Some(last.index)), Entries::default());
        self.keep(snapshot);
    }

    fn keep(&mut self, snapshot: Arc<Snapshot>) {
        self.outbox.write_snapshot(snapshot.clone());
        self.snapshot = Some(snapshot);
    }

    /// Notes that a client waits for the entry at this place. Mostly it is the last one; not if this server
    /// led before, and lost entries whose clients still wait.
    pub(crate) fn wait_for(&mut self, position: Position, request: Request) {
        if self.waiting.back().is_none_or(|(last, _)| *last < position) {
            return self.waiting.push_back((position, request));
        }
        let place = self.waiting.partition_point(|(other, _)| *other < position);
        self.waiting.insert(place, (position, request));
    }

    /// Answers a read once this index is applied here (diss. §6.4).
    pub(crate) fn read_at(&mut self, index: LogIndex, request: Request) {
        if Some(index) <= self.applied {
            let applied = self.applied.unwrap_or(index);
            self.answer(request, Answer::Readable(applied));
        } else {
            self.reads.push_back((index, request));
        }
    }

    /// If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine (§5.3).
    /// Returns the last entry that the state machine had been handed before.
    #[inline]
    pub(crate) fn hand_out(&mut self) -> Option<LogIndex> {
        let before = self.handed;
        let limit = match self.settings.apply_limit {
            None => self.commit,
            Some(limit) => {
                let applied = self.applied.map_or(0, LogIndex::get);
                self.commit.min(LogIndex::new(applied + u64::from(limit)))
            }
        };
        if limit > before {
            self.handed = limit;
            if self.settings.apply_limit.is_none() {
                self.has_applied(limit);
            }
        }
        before
    }

    /// Notes that the state machine has applied all entries up to here. Clients whose entries are decided
    /// are answered.
    pub(crate) fn has_applied(&mut self, index: Option<LogIndex>) {
        self.applied = self.applied.max(index.min(self.handed));
        while let Some((position, request)) = self.waiting.front().copied() {
            if Some(position.index) > self.applied {
                break;
            }
            self.waiting.pop_front();
            let committed = self.log.term_at(position.index).map(|term| term == position.term);
            let answer = match committed {
                Some(true) => Answer::Committed(position.index),
                Some(false) => Answer::Superseded,
                // A snapshot from a leader stands for it, and does not say.
                None => Answer::Unknown,
            };
            self.answer(request, answer);
        }
        if !self.reads.is_empty() {
            let reads = core::mem::take(&mut self.reads);
            reads.into_iter().for_each(|(index, request)| self.read_at(index, request));
        }
    }
}
