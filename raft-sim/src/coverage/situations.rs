//! Situations: what random plans come to seldom, and in which rules go wrong that hold everywhere else.

use super::{Coverage, Feature, slot};
use crate::model::{Body, LogIndex, Membership, Message, NodeId};
use crate::subject::{Role, View};

impl Coverage {
    /// A client asks a server to read.
    pub(super) fn read_asked(&mut self, id: NodeId) {
        let server = &self.servers[slot(id)];
        let View { role, term, commit, .. } = server.view;
        let led = |other: &View| other.role == Role::Leader && other.term > term;
        let deposed = role == Role::Leader && self.servers.iter().any(|other| led(&other.view));
        let behind = role == Role::Follower && commit < self.commit;
        for (feature, is) in [
            (Feature::DeposedRead, deposed),
            (Feature::BehindRead, behind),
            (Feature::RestartedRead, server.restarted),
        ] {
            if is {
                self.count(feature);
            }
        }
    }

    /// A server's commit index advances.
    pub(super) fn advanced(&mut self, id: NodeId, after: &View) {
        self.commit = self.commit.max(after.commit);
        let server = &mut self.servers[slot(id)];
        server.restarted = false;
        if after.role != Role::Leader {
            return;
        }
        let Membership { voters, outgoing, .. } = server.now();
        let feature = match (voters.len(), outgoing.len()) {
            (1, 0) => Feature::CommitOfOne,
            (2, 0) => Feature::CommitOfTwo,
            (4, 0) => Feature::CommitOfFour,
            (1, _) | (_, 1) => Feature::CommitOfHalf,
            (_, _) => return,
        };
        self.count(feature);
    }

    /// A configuration is committed behind one with other voters.
    pub(super) fn resized(&mut self, before: &[NodeId], now: &Membership) {
        let feature = match (before.len(), now.voters.len()) {
            _ if now.is_joint() => return,
            (1, 2) => Feature::OneToTwo,
            (2, 1) => Feature::TwoToOne,
            (1, 3) => Feature::OneToThree,
            (3, 1) => Feature::ThreeToOne,
            (_, _) => return,
        };
        self.count(feature);
    }

    /// A message reaches its server.
    #[inline]
    pub(super) fn delivered(&mut self, message: &Message) {
        match message.body {
            Body::AppendEntriesReply { .. } => self.replied(message, None),
            Body::InstallSnapshotReply { .. } => {
                self.replied(message, Some(Feature::OldSnapshotReply));
            }
            Body::PreVote { last, .. } => self.pre_vote(message, last.map(|last| last.index)),
            Body::PreVoteReply { granted: false } => {
                if self.servers[slot(message.to)].view.role == Role::Leader {
                    self.count(Feature::LateRefusal);
                }
            }
            Body::TimeoutNow => {
                if self.servers[slot(message.to)].view.term > message.term {
                    self.count(Feature::LateTimeoutNow);
                }
            }
            Body::PreVoteReply { granted: true }
            | Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::AppendEntries { .. }
            | Body::InstallSnapshot { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. } => {}
        }
    }

    /// A reply to a leader's request arrives; `also` is counted with one to an earlier leadership of the server.
    fn replied(&mut self, message: &Message, also: Option<Feature>) {
        let server = &self.servers[slot(message.to)];
        let View { role, term, .. } = server.view;
        if role == Role::Leader && message.term < term && server.led.contains(&message.term) {
            self.count(Feature::OldReply);
            also.into_iter().for_each(|feature| self.count(feature));
        }
    }

    /// A server is asked for a pre-vote, by one whose log ends at this index.
    fn pre_vote(&mut self, message: &Message, last: Option<LogIndex>) {
        let server = &self.servers[slot(message.to)];
        let now = server.now();
        let removed = !now.is_voter(message.from) && now.is_voter(message.to);
        for (feature, is) in [
            (Feature::PreVoteOfBehind, last < server.view.commit),
            (Feature::PreVoteOfRemoved, removed),
            (Feature::PreVoteAtCandidate, server.view.role == Role::Candidate),
        ] {
            if is {
                self.count(feature);
            }
        }
    }
}
