//! Rules for followers (§5.2), and AppendEntries, receiver implementation (§5.3).

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use super::install::Incoming;
use super::{Candidate, ElectionTimer, PreCandidate};
use crate::message::{AppendReply, Body, Conflict};
use crate::output::{Answer, Refusal};
use crate::state::{Belief, State};
use crate::types::{Entries, LogIndex, NodeId, Position, Request};

/// A server that follows a leader, or waits for one (§5.2).
#[derive(Clone, Debug)]
pub struct Follower {
    /// The leader of the current term, once it is known. A new term forgets it.
    leader: Option<NodeId>,
    timer: ElectionTimer,
    /// The snapshot that the leader sends.
    pub(super) incoming: Option<Incoming>,
    /// Reads for which a ReadIndex was sent, under the name of the first.
    asked_reads: Vec<Request>,
    /// Reads that came since, for the next ReadIndex.
    queued_reads: Vec<Request>,
}

/// Arguments of an AppendEntries, in the order of Figure 2: `prev`, `entries`, `commit`, and the round.
pub(crate) type AppendRequest = (Option<Position>, Entries, Option<LogIndex>, u64);

impl Follower {
    /// A follower whose election timer starts now: at boot, and when a leader steps down.
    pub(crate) fn new(state: &State) -> Follower {
        Follower::with(ElectionTimer::new(&state.settings, state.id, state.hard_state.term))
    }

    /// Makes a follower of a candidate that gives up. Its election timer goes on: only a leader or a vote
    /// given resets it.
    pub(crate) fn resigned(candidate: &Candidate) -> Follower {
        Follower::with(candidate.timer)
    }

    /// Makes a follower of a server that no longer asks for pre-votes, since there is a leader or the term
    /// is over.
    pub(crate) fn withdrawn(pre_candidate: &PreCandidate) -> Follower {
        Follower::with(pre_candidate.timer)
    }

    fn with(timer: ElectionTimer) -> Follower {
        Follower {
            leader: None,
            timer,
            incoming: None,
            asked_reads: Vec::new(),
            queued_reads: Vec::new(),
        }
    }

    /// Feeds the hasher with all that later steps depend on.
    pub(super) fn fingerprint(&self, state: &State, hasher: &mut impl Hasher) {
        let Follower { leader, timer, incoming, asked_reads, queued_reads } = self;
        (leader, asked_reads, queued_reads).hash(hasher);
        timer.fingerprint(hasher);
        // Parts of a snapshot that is not needed any more are of no use to the next.
        incoming.as_ref().filter(|incoming| incoming.is_needed(state)).hash(hasher);
    }

    /// The leader of the current term (§5.2), known from its first message on; `None` before.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// Enters a later term. The timer goes on (see [`Follower::resigned`]).
    pub(crate) fn new_term(&mut self, state: &mut State) {
        self.leader = None;
        self.incoming = None;
        self.abandon(state);
    }

    /// Gives up the reads that wait for the leader's reply.
    pub(crate) fn abandon(&mut self, state: &mut State) {
        for request in self.asked_reads.drain(..).chain(self.queued_reads.drain(..)) {
            state.outbox.answers.push((request, Answer::NotLeader(None)));
        }
    }

    /// One tick passes; true if the election timeout elapsed without AppendEntries from the current
    /// leader and without granting a vote: convert to candidate.
    pub(crate) fn tick(&mut self, state: &mut State) -> bool {
        // The ReadIndex or its reply may have been lost.
        self.send_read_index(state);
        self.timer.tick()
    }

    /// Starts the election timer anew: on granting a vote, and on hearing from the current leader (§5.2).
    pub(crate) fn reset_timer(&mut self, state: &State) {
        self.timer.restart(&state.settings, state.id, state.hard_state.term);
    }

    /// Notes that the current leader was heard: it is believed to be one for the shortest election timeout
    /// (§6).
    pub(super) fn heard_from(&mut self, state: &mut State, leader: NodeId) {
        self.leader = Some(leader);
        self.reset_timer(state);
        state.belief = Belief::Leader { ticks_left: state.settings.election_timeout_min };
    }

    /// Takes a client's read: the leader knows from which index on the state machine is recent enough
    /// (diss. §6.4). One ReadIndex at a time is in flight; reads that come meanwhile share the next.
    pub(crate) fn read(&mut self, state: &mut State, request: Request) {
        if self.leader.is_none() {
            state.answer(request, Answer::NotLeader(None));
        } else if self.asked_reads.is_empty() {
            self.asked_reads.push(request);
            self.send_read_index(state);
        } else {
            self.queued_reads.push(request);
        }
    }

    fn send_read_index(&mut self, state: &mut State) {
        if let (Some(leader), Some(&request)) = (self.leader, self.asked_reads.first()) {
            state.hold(leader, Body::ReadIndex { request });
        }
    }

    /// Takes the leader's reply: the reads that the ReadIndex was for may be answered once `index` is
    /// applied.
    pub(crate) fn read_index_reply(
        &mut self,
        state: &mut State,
        question: Request,
        index: LogIndex,
    ) {
        if self.asked_reads.first() != Some(&question) {
            return;
        }
        self.asked_reads.drain(..).for_each(|request| state.read_at(index, request));
        core::mem::swap(&mut self.asked_reads, &mut self.queued_reads);
        self.send_read_index(state);
    }

    /// AppendEntries of the current term, receiver implementation (Figure 2), steps 2 to 5. Step 1,
    /// an older term, is decided before.
    pub(crate) fn append_entries(
        &mut self,
        state: &mut State,
        leader: NodeId,
        request: AppendRequest,
    ) {
        let (prev, entries, leader_commit, round) = request;
        self.heard_from(state, leader);
        if !well_formed(state, prev, &entries) {
            state.outbox.refused = Some(Refusal::MalformedEntries);
            return;
        }

        // AppendEntries 2 (§5.3): reply false if log doesn't contain an entry at prevLogIndex whose
        // term matches prevLogTerm.
        if let Some(conflict) = prev.and_then(|prev| conflict_at(state, prev)) {
            let prev = prev.map(|prev| prev.index);
            let reply = AppendReply::Refused { prev, conflict: Some(conflict) };
            state.hold(leader, Body::AppendEntriesReply { reply, round });
            return;
        }

        // The last entry that this request speaks of: entries behind it in the log are not verified.
        let verified = entries.last().map(|entry| entry.index).or(prev.map(|prev| prev.index));

        // AppendEntries 3 (§5.3): if an existing entry conflicts with a new one (same index but different
        // terms), delete the existing entry and all that follow it.
        // AppendEntries 4: append any new entries not already in the log.
        // Entries that are there already are left alone: an old, shorter request must not cut them off.
        let present = entries.iter().take_while(|entry| state.log.has(entry.position()));
        let new = entries.skip(present.count());
        if let Some(first) = new.first() {
            if Some(first.index) <= state.commit {
                state.outbox.refused = Some(Refusal::TruncatesCommitted(first.index));
                return;
            }
            state.replace_log(new);
        }

        // AppendEntries 5: if leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of
        // last new entry).
        state.commit_up_to(leader_commit.min(verified));

        let reply = AppendReply::Success { matched: verified };
        state.hold(leader, Body::AppendEntriesReply { reply, round });
    }
}

/// The place where this log parts from one that has `prev`; `None` if it has that entry too (end of §5.3).
fn conflict_at(state: &State, prev: Position) -> Option<Conflict> {
    if state.log.has(prev) {
        return None;
    }
    Some(match state.log.term_at(prev.index) {
        Some(term) => Conflict { term: Some(term), first: state.log.first_of_term(term) },
        None => Conflict { term: None, first: LogIndex::after(state.log.last_index()) },
    })
}

/// Returns whether the entries follow `prev` and one another, in terms that a leader of this term can have.
fn well_formed(state: &State, prev: Option<Position>, entries: &Entries) -> bool {
    let mut before = prev;
    entries.iter().all(|entry| {
        let follows = entry.index == LogIndex::after(before.map(|before| before.index))
            && before.is_none_or(|before| before.term <= entry.term);
        before = Some(entry.position());
        follows
    }) && before.is_none_or(|last| last.term <= state.hard_state.term)
}
