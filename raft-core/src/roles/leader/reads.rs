//! Reads without an entry in the log (§8, diss. §6.4), which wait for a round of heartbeats, and leases in place of
//! that (diss. §6.4.1).

use alloc::collections::VecDeque;

use super::Leader;
use crate::message::Body;
use crate::output::Answer;
use crate::state::State;
use crate::types::{LogIndex, NodeId, Request};

/// Reads that wait until it is known that this server still leads.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Reads {
    /// Reads from before the first entry of this term was committed: what is committed is not known yet.
    early: VecDeque<Asker>,
    /// Who asked, the commit index then, and the round that has to be answered: one that began afterwards.
    pending: VecDeque<(Asker, LogIndex, u64)>,
}

/// Who wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    Client(Request),
    Follower(NodeId, Request),
}

impl Reads {
    /// This server leads no longer. Followers ask again, somebody else.
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
    /// Diss. §6.4, steps 1 and 2: once an entry of its term is committed, the leader notes its commit
    /// index as the read's index.
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

    /// The commit index moved. Once an entry of this term is committed, reads that came early may begin.
    pub(super) fn reads_may_begin(&mut self, state: &mut State) {
        if !self.reads.early.is_empty() && state.has_committed_in_term() {
            let early = core::mem::take(&mut self.reads.early);
            early.into_iter().for_each(|asker| self.take_read(state, asker));
        }
    }

    /// Diss. §6.4, step 3: a round of heartbeats makes sure that no other leader was elected before the read
    /// came. Reads that come while one is under way share the next.
    fn read_round(&mut self, state: &mut State) {
        let next = self.rounds.latest() + 1;
        let awaited = |(_, _, round): &(Asker, LogIndex, u64)| *round < next;
        if !self.reads.pending.is_empty() && !self.reads.pending.iter().any(awaited) {
            self.begin_round(state);
        }
    }

    /// A quorum has answered this round: reads that waited for it, or for an earlier one, may be answered.
    /// Diss. §6.4, steps 4 and 5: wait until the index is applied, then read; or let the follower do so.
    pub(super) fn reads_confirmed(&mut self, state: &mut State, confirmed: u64) {
        while let Some((asker, index, _)) =
            self.reads.pending.pop_front_if(|(_, _, round)| *round <= confirmed)
        {
            answer_read(state, asker, index);
        }
        self.read_round(state);
    }

    /// Diss. §6.4.1: a quorum answered a round so lately that none of it has voted for another since,
    /// whatever the clocks within the bound. Void once a handover was begun: its target need not wait.
    fn holds_lease(&self, state: &State) -> bool {
        let lease = u64::from(state.settings.lease());
        !self.lease_void
            && self.rounds.confirmed_from().is_some_and(|from| self.ticks < from + lease)
    }
}

/// It is certain that nothing newer than `index` had been committed when the read came.
fn answer_read(state: &mut State, asker: Asker, index: LogIndex) {
    match asker {
        Asker::Client(request) => state.read_at(index, request),
        Asker::Follower(follower, request) => {
            state.send(follower, Body::ReadIndexReply { request, index });
        }
    }
}
