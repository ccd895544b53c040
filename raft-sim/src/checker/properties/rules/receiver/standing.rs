//! The state of a server and the effects of a message. Nothing here judges.

use std::fmt;

use crate::checker::properties::Property;
use crate::model::{Body, LARGEST, LogIndex, Message, NodeId, Position, Term, length};
use crate::subject::{Effects, Role, View};

/// The part of a server's state that a message can change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) role: Role,
    pub(super) term: Term,
    pub(super) voted_for: Option<NodeId>,
    pub(super) leader: Option<NodeId>,
    pub(super) commit: Option<LogIndex>,
    pub(super) snapshot: Option<LogIndex>,
}

impl Standing {
    #[inline]
    pub(super) fn of(view: &View) -> Standing {
        let View { role, term, voted_for, commit, leader, snapshot, .. } = *view;
        Standing { role, term, voted_for, leader, commit, snapshot }
    }

    /// A later term, in which it follows no leader yet and has not voted.
    pub(super) fn enter(&mut self, term: Term) {
        let Standing { commit, snapshot, .. } = *self;
        *self = Standing { term, commit, snapshot, ..Standing::default() };
    }

    /// True if a view shows this state; if it is not clear how much of a snapshot a server had, the indexes aside.
    #[inline]
    pub(super) fn is_that_of(&self, view: &View, unclear: bool) -> bool {
        self.role == view.role
            && self.term == view.term
            && self.voted_for == view.voted_for
            && self.leader == view.leader
            && (unclear || (self.commit == view.commit && self.snapshot == view.snapshot))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Standing { role, term, .. } = self;
        write!(f, "{role:?} of term {term}")?;
        if let Some(server) = self.voted_for {
            write!(f, " with its vote for {server}")?;
        }
        if let Some(leader) = self.leader {
            write!(f, " under {leader}")?;
        }
        write!(f, ", commit {}", length(self.commit))?;
        self.snapshot.map_or(Ok(()), |snapshot| write!(f, ", snapshot {snapshot}"))
    }
}

/// The snapshot of which a server has parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Known(Option<(Position, u64)>),
    /// It may have kept it, or not: no rule says.
    Unclear,
}

impl Default for Incoming {
    fn default() -> Incoming {
        Incoming::Known(None)
    }
}

/// The effects of a message on its receiver.
#[derive(Debug)]
pub(super) struct Answer {
    /// The property whose rules these are.
    pub(super) property: Property,
    pub(super) from: NodeId,
    term: Term,
    kind: &'static str,
    /// The receiver's state afterwards.
    pub(super) standing: Standing,
    pub(super) reply: Reply,
    pub(super) log: LogChange,
    pub(super) contact: Contact,
    /// The snapshot of which it has parts afterwards, if that changes.
    pub(super) incoming: Option<Incoming>,
    /// The servers whose vote, and whose pre-vote, it brings, one bit for each.
    pub(super) vote: u64,
    pub(super) supporter: u64,
    /// True if the receiver stands for election, and if its leader asked it to.
    pub(super) stands: bool,
    pub(super) transfer: bool,
}

impl Answer {
    /// A message that changes nothing.
    #[inline]
    pub(super) fn new(property: Property, message: &Message, standing: Standing) -> Answer {
        Answer {
            property,
            from: message.from,
            term: message.term,
            kind: message.body.name(),
            standing,
            reply: Reply::None,
            log: LogChange::None,
            contact: Contact::Nothing,
            incoming: None,
            vote: 0,
            supporter: 0,
            stands: false,
            transfer: matches!(message.body, Body::TimeoutNow),
        }
    }

    /// The receiver stands for election: it increments its term and votes for itself.
    pub(super) fn stands(&mut self, server: NodeId) {
        self.standing.enter(self.standing.term.next());
        self.standing.role = Role::Candidate;
        self.standing.voted_for = Some(server);
        self.stands = true;
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { kind, from, term, .. } = self;
        write!(f, "{kind} of {from} in term {term}")
    }
}

/// The reply to a message.
#[derive(Debug)]
pub(super) enum Reply {
    /// There is none, or it is not judged here.
    None,
    /// This one.
    One(Body),
    /// Nothing is sent and nothing written.
    Silence,
    /// It depends on how much of a snapshot the receiver had, which is not clear.
    Unclear,
}

/// The change of the receiver's log by a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogChange {
    None,
    /// It is replaced from this index on, by this number of entries.
    From(LogIndex, usize),
    /// It is not judged here.
    Any,
}

impl LogChange {
    #[inline]
    pub(super) fn is_that_of(self, effects: &Effects) -> bool {
        let written = || effects.writes.iter().filter_map(|write| write.log.as_ref());
        match self {
            LogChange::None => written().next().is_none(),
            LogChange::Any => true,
            LogChange::From(index, count) => {
                written().any(|log| log.from == index && log.entries.len() == count)
            }
        }
    }
}

impl fmt::Display for LogChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogChange::None => f.write_str("its log stays as it is"),
            LogChange::From(index, count) => {
                write!(f, "its log goes on from {index} with {count} entries of the message")
            }
            LogChange::Any => f.write_str("its log may change"),
        }
    }
}

/// The sender of a message, as far as it counts for the receiver's election timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    Nothing,
    /// A candidate, to which it gives its vote.
    Candidate,
    /// The current leader.
    Leader,
}

/// The property whose rules decide the effects of a message.
#[inline]
pub(super) fn property_of(body: &Body) -> Property {
    match body {
        Body::RequestVote { .. }
        | Body::RequestVoteReply { .. }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::TimeoutNow => Property::Voting,
        Body::AppendEntries { .. }
        | Body::AppendEntriesReply { .. }
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => Property::Appending,
        Body::InstallSnapshot { .. } | Body::InstallSnapshotReply { .. } => Property::Installing,
    }
}

/// True if the message answers one of a leader or a candidate.
#[inline]
pub(super) fn is_reply(body: &Body) -> bool {
    match body {
        Body::RequestVoteReply { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshotReply { .. } => true,
        Body::RequestVote { .. }
        | Body::PreVote { .. }
        | Body::AppendEntries { .. }
        | Body::InstallSnapshot { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => false,
    }
}

/// True if the sender stands, or asks for pre-votes, without a request of its leader.
#[inline]
pub(super) fn is_candidacy(body: &Body) -> bool {
    matches!(body, Body::RequestVote { transfer: false, .. } | Body::PreVote { .. })
}

/// True if the message has a term or an index that no history reaches: it may be refused.
#[inline]
pub(super) fn is_out_of_reach(message: &Message) -> bool {
    let index = match &message.body {
        Body::RequestVote { last, .. } | Body::PreVote { last } => last.map(|last| last.index),
        Body::AppendEntries { prev, .. } => prev.map(|prev| prev.index),
        Body::InstallSnapshot { chunk, .. } => Some(chunk.last.index),
        Body::AppendEntriesReply { .. } => return message.term.0 > LARGEST / 2,
        Body::RequestVoteReply { .. }
        | Body::PreVoteReply { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. } => None,
    };
    message.term.0 > LARGEST || length(index) > LARGEST
}

/// The bit of a server; none for one that is not of the cluster.
pub(super) fn bit(server: NodeId) -> u64 {
    match server.0 {
        number @ 1..=64 => 1 << (number - 1),
        _ => 0,
    }
}

/// Servers, one bit for each.
pub(super) struct Servers(pub(super) u64);

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut servers = (1..=64).map(NodeId).filter(|server| self.0 & bit(*server) != 0);
        match servers.next() {
            None => f.write_str("no server"),
            Some(first) => {
                first.fmt(f)?;
                servers.try_for_each(|server| write!(f, ", {server}"))
            }
        }
    }
}
