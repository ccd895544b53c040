//! Reads without an entry in the log (§8, diss. §6.4), and the rounds of heartbeats that tell a leader
//! that it still leads: they serve reads, leases (diss. §6.4.1) and CheckQuorum (diss. §6.2) alike.

use alloc::collections::VecDeque;

use super::Leader;
use crate::message::Body;
use crate::output::Answer;
use crate::state::State;
use crate::types::{LogIndex, NodeId, Request};

/// Rounds of heartbeats, numbered from 1 on in this leader's term.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    latest: u64,
    /// Rounds not answered by a quorum yet, and the tick at which each began; the old ones are forgotten.
    open: VecDeque<(u64, u64)>,
    /// The latest round that a quorum has answered; 0 if none.
    answered: u64,
    /// The tick at which it began.
    answered_from: Option<u64>,
}

impl Rounds {
    /// The number of the latest round; 0 before the first.
    pub(super) fn latest(&self) -> u64 {
        self.latest
    }

    fn begin(&mut self, tick: u64, memory: u64) {
        self.latest += 1;
        self.open.push_back((self.latest, tick));
        while self.open.front().is_some_and(|(_, began)| began + memory < tick) {
            self.open.pop_front();
        }
    }

    /// A quorum has answered this round, and so all before it. True if that is news.
    fn answered(&mut self, round: u64) -> bool {
        if round <= self.answered {
            return false;
        }
        self.answered = round;
        while let Some((_, began)) = self.open.pop_front_if(|(open, _)| *open <= round) {
            self.answered_from = Some(began);
        }
        true
    }
}

/// Reads that wait until it is known that this server still leads.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Reads from before the first entry of this term was committed: what is committed is not known yet.
    early: VecDeque<Asker>,
    /// Who asked, the commit index then, and the round that has to be answered: one that began afterwards.
    pending: VecDeque<(Asker, LogIndex, u64)>,
}

/// Who wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
                    return answer(state, asker, index);
                }
                self.reads.pending.push_back((asker, index, self.rounds.latest + 1));
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
        let next = self.rounds.latest + 1;
        let awaited = |(_, _, round): &(Asker, LogIndex, u64)| *round < next;
        if !self.reads.pending.is_empty() && !self.reads.pending.iter().any(awaited) {
            self.begin_round(state);
        }
    }

    /// Begins a round of heartbeats.
    pub(super) fn begin_round(&mut self, state: &mut State) {
        self.rounds.begin(self.ticks, u64::from(state.settings.election_timeout_max));
        self.send_heartbeats(state);
        self.answered(state, state.id, self.rounds.latest);
    }

    /// A server has answered a request of this round: in that round, it took this one for its leader.
    pub(super) fn answered(&mut self, state: &mut State, from: NodeId, round: u64) {
        let round = round.min(self.rounds.latest);
        if self.peer(from).is_some_and(|peer| peer.progress.answered(round)) {
            self.round_answered(state);
        }
    }

    /// A later round than before is answered by somebody: perhaps now by a quorum.
    pub(super) fn round_answered(&mut self, state: &mut State) {
        let answered = self.quorum(state, |progress| progress.round());
        if !self.rounds.answered(answered) {
            return;
        }
        // Diss. §6.4, steps 4 and 5: wait until the index is applied, then read; or let the follower do so.
        while let Some((asker, index, _)) =
            self.reads.pending.pop_front_if(|(_, _, round)| *round <= answered)
        {
            answer(state, asker, index);
        }
        self.read_round(state);
    }

    /// Diss. §6.4.1: a quorum answered a round so lately that none of it has voted for another since,
    /// whatever the clocks within the bound. Void once a handover was begun: its target need not wait.
    fn holds_lease(&self, state: &State) -> bool {
        let lease = u64::from(state.settings.lease());
        !self.lease_void && self.rounds.answered_from.is_some_and(|from| self.ticks < from + lease)
    }

    /// CheckQuorum (diss. §6.2): an election timeout has passed without a round that a quorum answered.
    pub(super) fn has_lost_quorum(&self, state: &State) -> bool {
        let from = self.rounds.answered_from.unwrap_or(0);
        self.ticks - from >= u64::from(state.settings.election_timeout_max)
    }
}

/// It is certain that nothing newer than `index` had been committed when the read came.
fn answer(state: &mut State, asker: Asker, index: LogIndex) {
    match asker {
        Asker::Client(request) => state.read_at(index, request),
        Asker::Follower(follower, request) => {
            state.send(follower, Body::ReadIndexReply { request, index });
        }
    }
}
