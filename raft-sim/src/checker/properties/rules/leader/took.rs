//! What a server takes, as far as the rules for leaders depend on it.

use super::Step;
use super::answers::Obligation;
use crate::model::{AppendReply, Body, Conflict, LogIndex, NodeId, Position, Term, length};
use crate::subject::{Event, Request, Role, Token};

/// What a server takes. Messages are those of its term; others say nothing to a leader, or depose it.
#[derive(Clone, Debug)]
pub(super) enum Took {
    /// Nothing that matters here.
    Other,
    Tick,
    Apply,
    Persisted(Token),
    /// A follower's answer to an AppendEntries, and the round of that.
    Success(NodeId, u64, u64),
    Refused(NodeId, Refused, u64),
    /// A follower has so many bytes of a snapshot.
    Part(NodeId, Position, u64, u64),
    /// A follower asks for a read, under this name.
    Question(NodeId, u64),
    /// A leader answers such a question.
    Reply(u64, LogIndex),
    TimeoutNow,
    Asked(Request, RequestKind),
}

/// A refusal: of which prevLogIndex, and where the logs part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub(super) prev: u64,
    pub(super) conflict: Conflict,
}

/// What a client or an administrator asks for.
#[derive(Clone, Debug)]
pub(super) enum RequestKind {
    Entry,
    Read,
    Snapshot,
    Transfer(NodeId),
    Change(Vec<NodeId>, Vec<NodeId>),
}

impl Took {
    pub(super) fn of(id: NodeId, term: Term, event: &Event) -> Took {
        match event {
            Event::Tick => Took::Tick,
            Event::Apply => Took::Apply,
            Event::Persisted(token) => Took::Persisted(*token),
            Event::Propose(request, _)
            | Event::Register(request)
            | Event::ProposeOnce(request, _) => Took::Asked(*request, RequestKind::Entry),
            Event::Read(request) => Took::Asked(*request, RequestKind::Read),
            Event::Compact(request) => Took::Asked(*request, RequestKind::Snapshot),
            Event::Transfer(request, to) => Took::Asked(*request, RequestKind::Transfer(*to)),
            Event::ChangeMembership(request, voters, learners) => {
                Took::Asked(*request, RequestKind::Change(voters.clone(), learners.clone()))
            }
            Event::Receive(message)
                if message.term == term && message.to == id && message.from != id =>
            {
                Took::message(message.from, &message.body)
            }
            Event::Receive(message) if message.term > term && message.body == Body::TimeoutNow => {
                Took::TimeoutNow
            }
            Event::Receive(_) => Took::Other,
        }
    }

    fn message(from: NodeId, body: &Body) -> Took {
        match body {
            Body::AppendEntriesReply { reply: AppendReply::Success { matched }, round } => {
                Took::Success(from, length(*matched), *round)
            }
            Body::AppendEntriesReply {
                reply: AppendReply::Refused { prev, conflict: Some(conflict) },
                round,
            } => {
                let refused = Refused { prev: length(*prev), conflict: *conflict };
                Took::Refused(from, refused, *round)
            }
            Body::AppendEntriesReply {
                reply: AppendReply::Refused { conflict: None, .. }, ..
            } => Took::Other,
            Body::InstallSnapshotReply { last, received, round } => {
                Took::Part(from, *last, *received, *round)
            }
            Body::ReadIndex { request } => Took::Question(from, *request),
            Body::ReadIndexReply { request, index } => Took::Reply(*request, *index),
            Body::TimeoutNow => Took::TimeoutNow,
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::AppendEntries { .. }
            | Body::InstallSnapshot { .. }
            | Body::Other { .. } => Took::Other,
        }
    }

    /// What is left of it if the server says that no correct server sends such a thing: an acknowledgement of what
    /// this log of so many entries never had still answers its round.
    pub(super) fn refused(self, last: u64) -> Took {
        match self {
            Took::Success(from, matched, round) if matched > last => Took::Success(from, 0, round),
            Took::Success(..)
            | Took::Other
            | Took::Tick
            | Took::Apply
            | Took::Persisted(_)
            | Took::Refused(..)
            | Took::Part(..)
            | Took::Question(..)
            | Took::Reply(..)
            | Took::TimeoutNow
            | Took::Asked(..) => Took::Other,
        }
    }

    /// Who wants what only a leader can do is told at once that this server leads not, and who does (diss. §6.2).
    /// A snapshot is taken or refused at once.
    pub(super) fn oblige_at_once(&self, step: &mut Step) {
        let Took::Asked(request, request_kind) = self else { return };
        let obligation = match request_kind {
            RequestKind::Snapshot => Obligation::Anything,
            RequestKind::Read => return,
            RequestKind::Entry | RequestKind::Transfer(_) | RequestKind::Change(..) => {
                Obligation::NotLeader(step.before.leader)
            }
        };
        if step.before.role != Role::Leader || matches!(request_kind, RequestKind::Snapshot) {
            step.oblige(*request, obligation);
        }
    }
}

/// Who says, by its requests, that it leads a later term than this.
pub(super) fn leader_of_later_term(term: Term, event: &Event) -> Option<NodeId> {
    let Event::Receive(message) = event else { return None };
    match message.body {
        Body::AppendEntries { .. } | Body::InstallSnapshot { .. } if message.term > term => {
            Some(message.from)
        }
        Body::AppendEntries { .. }
        | Body::InstallSnapshot { .. }
        | Body::RequestVote { .. }
        | Body::RequestVoteReply { .. }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => None,
    }
}
