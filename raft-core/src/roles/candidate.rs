//! Rules for candidates (§5.2).

use alloc::collections::BTreeSet;

use super::ElectionTimer;
use crate::message::Body;
use crate::state::State;
use crate::types::NodeId;

/// A server that stands for election in its current term (§5.2).
#[derive(Debug)]
pub struct Candidate {
    /// Who voted for it. A set: a vote that arrives twice is one vote.
    votes: BTreeSet<NodeId>,
    pub(super) timer: ElectionTimer,
}

impl Candidate {
    /// On conversion to candidate, and on each election timeout, start an election: increment
    /// currentTerm, vote for self, reset election timer, send RequestVote to all other servers.
    pub(crate) fn stand(state: &mut State) -> Candidate {
        let term = state.hard_state.term.next();
        state.enter(term);
        state.hard_state.voted_for = Some(state.id);
        let last = state.log.last();
        for peer in 0..state.membership.servers().len() {
            let peer = state.membership.servers()[peer];
            if peer == state.id {
                // The vote for oneself counts when it is durable, like anybody's.
                state.promise(peer, Body::RequestVoteReply { granted: true });
            } else {
                state.promise(peer, Body::RequestVote { last });
            }
        }
        let timer = ElectionTimer::new(&state.settings, state.id, term);
        Candidate { votes: BTreeSet::new(), timer }
    }

    /// Who has voted for this candidate, in order; itself once its own vote is durable.
    pub fn votes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.votes.iter().copied()
    }

    /// One tick passes; true if the election has timed out, and a new one is due.
    pub(crate) fn tick(&mut self) -> bool {
        self.timer.tick()
    }

    /// A vote of this term arrives. If votes are received from a majority of servers: become leader.
    pub(crate) fn elected_by(&mut self, state: &State, voter: NodeId) -> bool {
        self.votes.insert(voter);
        self.votes.len() >= state.membership.majority()
    }
}
