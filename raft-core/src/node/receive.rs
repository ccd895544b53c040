//! The way of a message: checks whether a correct server can have sent it, the rules for all servers (Figure 2),
//! and then the rules of the role that takes it.

use alloc::boxed::Box;

use super::Node;
use crate::message::{AppendReply, Body, Message};
use crate::output::Refusal;
use crate::roles::{Candidate, Cause, Follower, Leader, Role, pre_vote, vote};
use crate::state::Belief;
use crate::types::{LogIndex, NodeId, Position, Term};

impl Node {
    /// Takes a message that arrives: refuses, disregards or handles it.
    pub(super) fn receive(&mut self, message: Message) {
        let state = &self.state;
        let refused = if message.to != state.id || message.from == state.id {
            Some(Refusal::WrongAddress)
        } else if message.is_out_of_reach() {
            Some(Refusal::OutOfReach)
        } else {
            match kind(&message.body) {
                Kind::Reply => {
                    let unknown = !self.may_reply(message.from);
                    unknown.then_some(Refusal::UnknownSender(message.from))
                }
                Kind::Candidacy => {
                    if self.disregards() {
                        return;
                    }
                    None
                }
                Kind::Other => None,
            }
        };
        match refused {
            Some(refusal) => self.state.outbox.refused = Some(refusal),
            None => self.handle(message),
        }
    }

    /// Returns whether a reply of that server can be one: whether this server sends it requests. Requests are
    /// taken from any server: one that is not in the configuration here may be in a later one (diss. §4.1).
    fn may_reply(&self, server: NodeId) -> bool {
        self.state.membership().contains(server)
            || match &self.role {
                Role::Leader(leader) => leader.progress(server).is_some(),
                Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => false,
            }
    }

    /// Returns whether a request for a vote is to be disregarded. §6, diss. §4.2.3: servers disregard requests
    /// for their vote when they believe a current leader exists, and do not update their term; unless that
    /// leader wants the election. It is only live where leaders that lost their quorum step down.
    fn disregards(&self) -> bool {
        self.state.settings.check_quorum && self.state.belief != Belief::NoLeader
    }

    /// Applies the rules for all servers (§5.1), then those for the message.
    pub(super) fn handle(&mut self, Message { from, term, body, .. }: Message) {
        // If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
        // follower.
        if term > self.state.hard_state.term {
            self.adopt(term);
        }
        let current = term == self.state.hard_state.term;
        let Node { state, role } = self;
        match body {
            Body::RequestVote { last, .. } => self.request_vote(from, term, last),
            Body::PreVote { last } => pre_vote(state, from, term, last),
            Body::AppendEntries { prev, entries, commit, round } => {
                // AppendEntries 1 (§5.1): reply false if term < currentTerm.
                if !current {
                    self.refuse_old(from, prev.map(|prev| prev.index), round);
                } else if let Some(follower) = follow(role) {
                    follower.append_entries(state, from, (prev, entries, commit, round));
                } else {
                    state.outbox.refused = Some(Refusal::RivalLeader(from));
                }
            }
            Body::InstallSnapshot { chunk, round } => {
                // InstallSnapshot 1 (§7): reply immediately if term < currentTerm.
                if !current {
                    self.refuse_old(from, Some(chunk.last.index), round);
                } else if let Some(follower) = follow(role) {
                    follower.install_snapshot(state, from, &chunk, round);
                } else {
                    state.outbox.refused = Some(Refusal::RivalLeader(from));
                }
            }
            // §5.1: any other message of an older term says nothing about this one.
            Body::RequestVoteReply { granted } => {
                if current && granted {
                    self.vote_granted(from);
                }
            }
            Body::PreVoteReply { granted } => {
                if current && granted {
                    self.pre_vote_granted(from);
                }
            }
            Body::AppendEntriesReply { reply, round } => {
                if current && let Role::Leader(leader) = role {
                    leader.append_reply(state, from, reply, round);
                }
            }
            Body::InstallSnapshotReply { last, received, round } => {
                if current && let Role::Leader(leader) = role {
                    leader.snapshot_reply(state, from, (last, received), round);
                }
            }
            Body::TimeoutNow => {
                if current {
                    self.timeout_now();
                }
            }
            Body::ReadIndex { request } => {
                if current && let Role::Leader(leader) = role {
                    leader.read_index(state, from, request);
                }
            }
            Body::ReadIndexReply { request, index } => {
                if current && let Role::Follower(follower) = role {
                    follower.read_index_reply(state, request, index);
                }
            }
        }
    }

    /// Refuses a request of an older term.
    fn refuse_old(&mut self, from: NodeId, prev: Option<LogIndex>, round: u64) {
        let reply = AppendReply::Refused { prev, conflict: None };
        self.state.hold(from, Body::AppendEntriesReply { reply, round });
    }

    /// Enters a later term as a follower that has not voted in it (§5.1).
    fn adopt(&mut self, term: Term) {
        self.state.enter(term);
        match &mut self.role {
            Role::Follower(follower) => follower.new_term(&mut self.state),
            Role::PreCandidate(pre_candidate) => {
                self.role = Role::Follower(Follower::withdrawn(pre_candidate));
            }
            Role::Candidate(candidate) => {
                self.role = Role::Follower(Follower::resigned(candidate));
            }
            Role::Leader(leader) => {
                leader.resign(&mut self.state);
                self.role = Role::Follower(Follower::new(&self.state));
            }
        }
    }

    fn request_vote(&mut self, from: NodeId, term: Term, last: Option<Position>) {
        if !vote(&mut self.state, from, term, last) {
            return;
        }
        match &mut self.role {
            Role::Follower(follower) => follower.reset_timer(&self.state),
            // Its own election would not come to anything in this term.
            Role::PreCandidate(_) => self.role = Role::Follower(Follower::new(&self.state)),
            Role::Candidate(_) | Role::Leader(_) => {}
        }
    }

    fn vote_granted(&mut self, voter: NodeId) {
        if let Role::Candidate(candidate) = &mut self.role
            && candidate.elected_by(&self.state, voter)
        {
            self.role = Role::Leader(Box::new(Leader::elected(&mut self.state)));
        }
    }

    fn pre_vote_granted(&mut self, server: NodeId) {
        if let Role::PreCandidate(pre_candidate) = &mut self.role
            && pre_candidate.supported_by(&self.state, server)
        {
            self.role = Role::Candidate(Candidate::stand(&mut self.state, Cause::Timeout));
        }
    }

    /// Stands for election at the leader's wish (diss. §3.10).
    fn timeout_now(&mut self) {
        match &self.role {
            Role::Follower(_) | Role::PreCandidate(_) => {
                if self.state.configurations.may_stand(self.state.id, self.state.commit) {
                    self.stand(Cause::TimeoutNow);
                }
            }
            Role::Candidate(_) | Role::Leader(_) => {}
        }
    }
}

/// Makes the server a follower of the leader that it hears from in its own term (§5.2); `None` if it leads that
/// term itself.
#[inline]
fn follow(role: &mut Role) -> Option<&mut Follower> {
    match role {
        Role::Follower(_) | Role::Leader(_) => {}
        Role::PreCandidate(pre_candidate) => {
            *role = Role::Follower(Follower::withdrawn(pre_candidate))
        }
        Role::Candidate(candidate) => *role = Role::Follower(Follower::resigned(candidate)),
    }
    match role {
        Role::Follower(follower) => Some(follower),
        Role::PreCandidate(_) | Role::Candidate(_) | Role::Leader(_) => None,
    }
}

/// Kinds of messages, by the checks before they are handled.
enum Kind {
    /// Reply to a request of a leader or a candidate.
    Reply,
    /// Request of a server that wants to lead, without the leader's wish.
    Candidacy,
    /// Any other message.
    Other,
}

/// Returns the kind of a message.
fn kind(body: &Body) -> Kind {
    match body {
        Body::RequestVoteReply { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshotReply { .. } => Kind::Reply,
        Body::RequestVote { transfer: false, .. } | Body::PreVote { .. } => Kind::Candidacy,
        Body::RequestVote { transfer: true, .. }
        | Body::AppendEntries { .. }
        | Body::InstallSnapshot { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. } => Kind::Other,
    }
}
