//! Requests for votes, receiver implementation (Figure 2, diss. §9.6). They are the same in every role: a
//! candidate and a leader have voted for themselves, so the one rule makes them refuse, too.

use crate::message::Body;
use crate::state::{Belief, State};
use crate::types::{NodeId, Position, Term};

/// Replies to a request for a vote. True if the vote is granted.
pub(crate) fn vote(
    state: &mut State,
    candidate: NodeId,
    term: Term,
    last: Option<Position>,
) -> bool {
    // RequestVote 1 (§5.1): reply false if term < currentTerm.
    // RequestVote 2 (§5.2, §5.4): if votedFor is null or candidateId, and candidate's log is at
    // least as up-to-date as receiver's log, grant vote.
    let granted = term == state.hard_state.term
        && state.hard_state.voted_for.is_none_or(|voted_for| voted_for == candidate)
        && at_least_as_up_to_date(last, state.log.last());
    if granted {
        state.hard_state.voted_for = Some(candidate);
    }
    state.hold(candidate, Body::RequestVoteReply { granted });
    granted
}

/// Replies to the question whether this server would vote for another in the next term (diss. §9.6): if
/// that one's log is good enough, and this server believes in no current leader. Neither term nor vote nor
/// timer change.
pub(crate) fn pre_vote(state: &mut State, candidate: NodeId, term: Term, last: Option<Position>) {
    let granted = term == state.hard_state.term
        && state.belief == Belief::NoLeader
        && at_least_as_up_to_date(last, state.log.last());
    state.hold(candidate, Body::PreVoteReply { granted });
}

/// Compares two logs (§5.4.1): the log whose last entry has the later term is more up-to-date; if the terms
/// are the same, the longer log is.
fn at_least_as_up_to_date(candidate: Option<Position>, voter: Option<Position>) -> bool {
    let order = |last: Option<Position>| last.map(|last| (last.term, last.index));
    order(candidate) >= order(voter)
}
