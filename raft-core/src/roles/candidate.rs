//! Rules for candidates (§5.2), and for servers that ask for pre-votes first (diss. §9.6).

use alloc::collections::BTreeSet;
use core::hash::{Hash, Hasher};

use super::ElectionTimer;
use crate::message::Body;
use crate::state::State;
use crate::types::NodeId;

/// Reason for which a server stands for election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The election timeout elapsed (§5.2).
    Timeout,
    /// The leader sent TimeoutNow (diss. §3.10).
    TimeoutNow,
}

/// A server that stands for election in its current term (§5.2).
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The servers that voted for it. A set: a vote that arrives twice is one vote.
    votes: BTreeSet<NodeId>,
    pub(super) timer: ElectionTimer,
}

impl Candidate {
    /// Starts an election, on conversion to candidate and on each election timeout: increment currentTerm,
    /// vote for self, reset election timer, send RequestVote to all other servers.
    pub(crate) fn stand(state: &mut State, cause: Cause) -> Candidate {
        let term = state.hard_state.term.next();
        state.enter(term);
        state.hard_state.voted_for = Some(state.id);
        let request =
            Body::RequestVote { last: state.log.last(), transfer: cause == Cause::TimeoutNow };
        send_to_voters(state, &request);
        // Its vote for itself counts when it is durable, like any other.
        state.hold(state.id, Body::RequestVoteReply { granted: true });
        let timer = ElectionTimer::new(&state.settings, state.id, term);
        Candidate { votes: BTreeSet::new(), timer }
    }

    /// Feeds the hasher with all that later steps depend on.
    pub(super) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let Candidate { votes, timer } = self;
        votes.hash(hasher);
        timer.fingerprint(hasher);
    }

    /// The servers that have voted for this candidate, in order; itself once its own vote is durable.
    pub fn votes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.votes.iter().copied()
    }

    /// One tick passes; true if the election has timed out, and a new one is due.
    pub(crate) fn tick(&mut self) -> bool {
        self.timer.tick()
    }

    /// Counts a vote of this term. True if votes are received from a majority of servers: become leader.
    pub(crate) fn elected_by(&mut self, state: &State, voter: NodeId) -> bool {
        self.votes.insert(voter);
        state.membership().has_quorum(|server| self.votes.contains(&server))
    }
}

/// A server that asks whether it could win an election before it starts one (PreVote, diss. §9.6). It is a
/// follower that knows of no leader: its term and its vote are as they were.
#[derive(Clone, Debug)]
pub struct PreCandidate {
    /// The servers that would vote for it.
    supporters: BTreeSet<NodeId>,
    pub(super) timer: ElectionTimer,
}

impl PreCandidate {
    /// Feeds the hasher with all that later steps depend on.
    pub(super) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let PreCandidate { supporters, timer } = self;
        supporters.hash(hasher);
        timer.fingerprint(hasher);
    }

    /// Asks all other servers for pre-votes in the next term, on an election timeout. It would vote for
    /// itself.
    pub(crate) fn start(state: &mut State) -> PreCandidate {
        let request = Body::PreVote { last: state.log.last() };
        send_to_voters(state, &request);
        let timer = ElectionTimer::new(&state.settings, state.id, state.hard_state.term);
        PreCandidate { supporters: BTreeSet::from([state.id]), timer }
    }

    /// One tick passes; true if it is time to ask again.
    pub(crate) fn tick(&mut self) -> bool {
        self.timer.tick()
    }

    /// Counts a pre-vote. True if a majority would vote for it: the election may start.
    pub(crate) fn supported_by(&mut self, state: &State, server: NodeId) -> bool {
        self.supporters.insert(server);
        state.membership().has_quorum(|server| self.supporters.contains(&server))
    }
}

/// Sends `request` to every other voter.
fn send_to_voters(state: &mut State, request: &Body) {
    let membership = state.membership().clone();
    for server in membership.everyone() {
        if server != state.id && membership.is_voter(server) {
            state.hold(server, request.clone());
        }
    }
}
