//! What a message goes through: whether it can be one, the rules for all servers (Figure 2), and to whom
//! it goes then.

use alloc::boxed::Box;

use super::Node;
use crate::message::{AppendReply, Body, Message};
use crate::output::Refusal;
use crate::roles::{Candidate, Cause, Follower, Leader, Role, pre_vote, vote};
use crate::types::{LogIndex, NodeId, Position, Term};

impl Node {
    /// A message arrives: it is refused, disregarded, or handled.
    pub(super) fn receive(&mut self, message: Message) {
        let state = &self.state;
        let refused = if message.to != state.id || message.from == state.id {
            Some(Refusal::WrongAddress)
        } else if message.is_out_of_reach() {
            Some(Refusal::OutOfReach)
        } else {
            match kind(&message.body) {
                Kind::Reply if !self.may_answer(message.from) => {
                    Some(Refusal::UnknownSender(message.from))
                }
                Kind::Candidacy if self.disregards() => return,
                Kind::Reply | Kind::Candidacy | Kind::Other => None,
            }
        };
        match refused {
            Some(refusal) => self.state.outbox.refused = Some(refusal),
            None => self.handle(message),
        }
    }

    /// Whether this server asks that one anything. Requests are another matter: a server that is not in the
    /// configuration here may be in a later one (diss. §4.1).
    fn may_answer(&self, server: NodeId) -> bool {
        self.state.membership().contains(server)
            || match &self.role {
                Role::Leader(leader) => leader.progress(server).is_some(),
                Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => false,
            }
    }

    /// §6, diss. §4.2.3: servers disregard requests for their vote when they believe a current leader
    /// exists, and do not update their term; unless that leader wants the election. It is only live where
    /// leaders that lost their quorum step down.
    fn disregards(&self) -> bool {
        self.state.settings.check_quorum && self.state.loyal_for > 0
    }

    /// Rules for all servers (§5.1), then whatever the message is about.
    pub(super) fn handle(&mut self, Message { from, term, body, .. }: Message) {
        // If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
        // follower.
        if term > self.state.hard_state.term {
            self.adopt(term);
        }
        let current = term == self.state.hard_state.term;
        match body {
            Body::RequestVote { last, .. } => self.request_vote(from, term, last),
            Body::PreVote { last } => pre_vote(&mut self.state, from, term, last),
            // AppendEntries 1 (§5.1), InstallSnapshot 1 (§7): reply false if term < currentTerm.
            Body::AppendEntries { prev, round, .. } if !current => {
                self.refuse_old(from, prev.map(|prev| prev.index), round);
            }
            Body::InstallSnapshot { chunk, round } if !current => {
                self.refuse_old(from, Some(chunk.last.index), round);
            }
            // §5.1: other messages of an older term say nothing about this one.
            _ if !current => {}
            Body::RequestVoteReply { granted: true } => self.vote_granted(from),
            Body::PreVoteReply { granted: true } => self.pre_vote_granted(from),
            // A vote refused is no vote.
            Body::RequestVoteReply { .. } | Body::PreVoteReply { .. } => {}
            Body::AppendEntries { prev, entries, commit, round } => {
                let Node { state, role } = self;
                match follow(role) {
                    Some(follower) => {
                        follower.append_entries(state, from, (prev, entries, commit, round));
                    }
                    None => state.outbox.refused = Some(Refusal::RivalLeader(from)),
                }
            }
            Body::InstallSnapshot { chunk, round } => {
                let Node { state, role } = self;
                match follow(role) {
                    Some(follower) => follower.install_snapshot(state, from, &chunk, round),
                    None => state.outbox.refused = Some(Refusal::RivalLeader(from)),
                }
            }
            Body::TimeoutNow => self.timeout_now(),
            Body::ReadIndexReply { request, index } => {
                if let Role::Follower(follower) = &mut self.role {
                    follower.read_index(&mut self.state, request, index);
                }
            }
            Body::AppendEntriesReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. } => self.for_leader(from, body),
        }
    }

    /// What only a leader takes.
    fn for_leader(&mut self, from: NodeId, body: Body) {
        let Role::Leader(leader) = &mut self.role else { return };
        let state = &mut self.state;
        if let Body::AppendEntriesReply { reply, round } = body {
            leader.append_reply(state, from, reply, round);
        } else if let Body::InstallSnapshotReply { last, received, round } = body {
            leader.snapshot_reply(state, from, (last, received), round);
        } else if let Body::ReadIndex { request } = body {
            leader.read_index(state, from, request);
        }
    }

    fn refuse_old(&mut self, from: NodeId, prev: Option<LogIndex>, round: u64) {
        let reply = AppendReply::Refused { prev, conflict: None };
        self.state.promise(from, Body::AppendEntriesReply { reply, round });
    }

    /// §5.1: enters a later term as a follower that has not voted in it.
    fn adopt(&mut self, term: Term) {
        self.state.enter(term);
        match &mut self.role {
            Role::Follower(follower) => follower.new_term(&mut self.state),
            Role::PreCandidate(asking) => {
                self.role = Role::Follower(Follower::withdrawn(asking));
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
        if let Role::PreCandidate(asking) = &mut self.role
            && asking.supported_by(&self.state, server)
        {
            self.role = Role::Candidate(Candidate::stand(&mut self.state, Cause::Timeout));
        }
    }

    /// Diss. §3.10: the leader wants this server to lead, which has all that it needs to win.
    fn timeout_now(&mut self) {
        match &self.role {
            Role::Follower(_) | Role::PreCandidate(_) => {
                if self.state.configurations.may_stand(self.state.id, self.state.commit) {
                    self.stand(Cause::Transfer);
                }
            }
            Role::Candidate(_) | Role::Leader(_) => {}
        }
    }
}

/// §5.2: who hears from the leader of its term follows it. Nobody, if this server leads that term itself.
#[inline]
fn follow(role: &mut Role) -> Option<&mut Follower> {
    match role {
        Role::Follower(_) | Role::Leader(_) => {}
        Role::PreCandidate(asking) => *role = Role::Follower(Follower::withdrawn(asking)),
        Role::Candidate(candidate) => *role = Role::Follower(Follower::resigned(candidate)),
    }
    match role {
        Role::Follower(follower) => Some(follower),
        Role::PreCandidate(_) | Role::Candidate(_) | Role::Leader(_) => None,
    }
}

/// What a message goes through before it is handled depends on this.
enum Kind {
    /// It answers something that a leader or a candidate has sent.
    Reply,
    /// A server wants to lead, without the leader's wish.
    Candidacy,
    Other,
}

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
