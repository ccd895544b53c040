//! Reads without an entry in the log (§8, diss. §6.4), which wait for a round of heartbeats, and leases in place of
//! that (diss. §6.4.1).

use alloc::collections::VecDeque;

use super::Leader;
use crate::message::Body;
use crate::output::Answer;
use crate::state::State;
use crate::types::{LogIndex, NodeId, Request};

/// Reads that wait until it is known that this server still leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Reads {
    /// Reads from before the first entry of this term was committed: the commit index is not known to be
    /// current yet.
    early: VecDeque<Asker>,
    /// The reader, the commit index when it asked, and the round that must be confirmed: one that began
    /// afterwards.
    pending: VecDeque<(Asker, LogIndex, u64)>,
}

/// Origin of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    Client(Request),
    Follower(NodeId, Request),
}

impl Reads {
    /// Gives up all reads when this server leads no longer. Followers ask again, another leader.
    pub(super) fn abandon(&mut self, state: &mut State) {
        let pending = self.pending.drain(..).map(|(asker, ..)| asker);
        for asker in self.early.drain(..).chain(pending) {
            match asker {
                Asker::Client(request) => state.answer(request, Answer::NotLeader(None)),
                Asker::Follower(..) => {}
            }
        }
    }
}

impl Leader {
    /// Takes a read (diss. §6.4, steps 1 and 2): once an entry of its term is committed, the leader notes
    /// its commit index as the read's index.
    pub(super) fn take_read(&mut self, state: &mut State, asker: Asker) {
        // A follower asks again until it is answered.
        let mut known = self.reads.pending.iter().map(|(asker, ..)| asker).chain(&self.reads.early);
        if known.any(|known| *known == asker) {
            return;
        }
        match state.commit {
            Some(index) if state.has_committed_in_term() => {
                if self.holds_lease(state) {
                    return answer_read(state, asker, index);
                }
                self.reads.pending.push_back((asker, index, self.rounds.latest() + 1));
                self.read_round(state);
            }
            Some(_) | None => self.reads.early.push_back(asker),
        }
    }

    /// Begins the reads that came early, once an entry of this term is committed. Called when the commit
    /// index moved.
    pub(super) fn reads_may_begin(&mut self, state: &mut State) {
        if !self.reads.early.is_empty() && state.has_committed_in_term() {
            let early = core::mem::take(&mut self.reads.early);
            early.into_iter().for_each(|asker| self.take_read(state, asker));
        }
    }

    /// Begins a round of heartbeats for the reads that wait. Diss. §6.4, step 3: it makes sure that no
    /// other leader was elected before the read came. Reads that come while one is under way share the
    /// next.
    fn read_round(&mut self, state: &mut State) {
        let next = self.rounds.latest() + 1;
        let awaited = |(_, _, round): &(Asker, LogIndex, u64)| *round < next;
        if !self.reads.pending.is_empty() && !self.reads.pending.iter().any(awaited) {
            self.begin_round(state);
        }
    }

    /// Answers the reads that waited for this round, which a quorum has answered, or for an earlier one
    /// (diss. §6.4, steps 4 and 5): wait until the index is applied, then read; or let the follower do so.
    pub(super) fn reads_confirmed(&mut self, state: &mut State, confirmed: u64) {
        while let Some((asker, index, _)) =
            self.reads.pending.pop_front_if(|(_, _, round)| *round <= confirmed)
        {
            answer_read(state, asker, index);
        }
        self.read_round(state);
    }

    /// Returns whether the lease holds (diss. §6.4.1): a quorum answered a round so lately that none of it
    /// has voted for another since, whatever the clocks within the bound. Void once a handover was begun:
    /// its target need not wait.
    fn holds_lease(&self, state: &State) -> bool {
        let lease = u64::from(state.settings.lease());
        !self.lease_void
            && self.rounds.confirmed_from().is_some_and(|from| self.ticks < from + lease)
    }
}

/// Answers a read: nothing newer than `index` had been committed when it came.
fn answer_read(state: &mut State, asker: Asker, index: LogIndex) {
    match asker {
        Asker::Client(request) => state.read_at(index, request),
        Asker::Follower(follower, request) => {
            state.send(follower, Body::ReadIndexReply { request, index });
        }
    }
}
