//! Rules for followers (§5.2), and AppendEntries, receiver implementation (§5.3).

use super::{Candidate, ElectionTimer};
use crate::message::{AppendReply, Body, Conflict};
use crate::output::Refusal;
use crate::state::State;
use crate::types::{Entries, LogIndex, NodeId, Position};

/// A server that follows a leader, or waits for one (§5.2).
#[derive(Debug)]
pub struct Follower {
    /// The leader of the current term, once it is known. A new term forgets it.
    leader: Option<NodeId>,
    timer: ElectionTimer,
}

impl Follower {
    /// A follower whose election timer starts now: at boot, and when a leader steps down.
    pub(crate) fn new(state: &State) -> Follower {
        let timer = ElectionTimer::new(&state.settings, state.id, state.hard_state.term);
        Follower { leader: None, timer }
    }

    /// A candidate that gives up. Its election timer goes on: only a leader or a vote given resets it.
    pub(crate) fn resigned(candidate: &Candidate) -> Follower {
        Follower { leader: None, timer: candidate.timer }
    }

    /// The leader of the current term (§5.2), once an AppendEntries has told; `None` before.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// A later term begins. The timer goes on (see [`Follower::resigned`]).
    pub(crate) fn new_term(&mut self) {
        self.leader = None;
    }

    /// One tick passes; true if the election timeout elapsed without AppendEntries from the current
    /// leader and without granting a vote: convert to candidate.
    pub(crate) fn tick(&mut self) -> bool {
        self.timer.tick()
    }

    /// §5.2: granting a vote, or hearing from the current leader, starts the election timer anew.
    pub(crate) fn reset_timer(&mut self, state: &State) {
        self.timer.restart(&state.settings, state.id, state.hard_state.term);
    }

    /// AppendEntries of the current term, receiver implementation (Figure 2), steps 2 to 5. Step 1,
    /// an older term, is decided before.
    pub(crate) fn append_entries(
        &mut self,
        state: &mut State,
        leader: NodeId,
        request: (Option<Position>, Entries, Option<LogIndex>),
    ) {
        let (prev, entries, leader_commit) = request;
        self.leader = Some(leader);
        self.reset_timer(state);
        if !well_formed(state, prev, &entries) {
            state.outbox.refused = Some(Refusal::MalformedEntries);
            return;
        }

        // AppendEntries 2 (§5.3): reply false if log doesn't contain an entry at prevLogIndex whose
        // term matches prevLogTerm.
        if let Some(conflict) = prev.and_then(|prev| conflict_at(state, prev)) {
            let prev = prev.map(|prev| prev.index);
            let reply = AppendReply::Refused { prev, conflict: Some(conflict) };
            state.promise(leader, Body::AppendEntriesReply(reply));
            return;
        }

        // The last entry that this request speaks of: what is behind it in the log is not verified.
        let verified = entries.last().map(|entry| entry.index).or(prev.map(|prev| prev.index));

        // AppendEntries 3 (§5.3): if an existing entry conflicts with a new one (same index but different
        // terms), delete the existing entry and all that follow it.
        // AppendEntries 4: append any new entries not already in the log.
        // Entries that are there already are left alone: an old, shorter request must not cut them off.
        let new = entries.iter().take_while(|entry| {
            state.log.term_at(entry.index).is_some_and(|term| term == entry.term)
        });
        let new = entries.skip(new.count());
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
        state.promise(leader, Body::AppendEntriesReply(reply));
    }
}

/// Where this log parts from one that has `prev`; `None` if it has that entry too (end of §5.3).
fn conflict_at(state: &State, prev: Position) -> Option<Conflict> {
    match state.log.term_at(prev.index) {
        Some(term) if term == prev.term => None,
        Some(term) => Some(Conflict { term: Some(term), first: state.log.first_of_term(term) }),
        None => Some(Conflict { term: None, first: LogIndex::after(state.log.last_index()) }),
    }
}

/// Whether the entries follow `prev` and one another, in terms that a leader of this term can have.
fn well_formed(state: &State, prev: Option<Position>, entries: &Entries) -> bool {
    let mut before = prev;
    entries.iter().all(|entry| {
        let follows = entry.index == LogIndex::after(before.map(|before| before.index))
            && before.is_none_or(|before| before.term <= entry.term);
        before = Some(entry.position());
        follows
    }) && before.is_none_or(|last| last.term <= state.hard_state.term)
}
