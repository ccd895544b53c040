//! The effects of a message on its receiver, as the rules require them. Nothing here judges.

use std::fmt;

use crate::checker::properties::Property;
use crate::model::{Body, LogIndex, Message, NodeId, Term, length};
use crate::subject::{Effects, Role, View};

/// The effects of a message on its receiver.
#[derive(Clone, Debug, Hash)]
pub(super) struct Answer {
    /// The property whose rules these are.
    pub(super) property: Property,
    pub(super) from: NodeId,
    term: Term,
    kind: &'static str,
    /// The receiver's state afterwards.
    pub(super) view: View,
    pub(super) reply: Reply,
    pub(super) log: LogChange,
    /// True if the receiver stands for election, and if its leader called on it to.
    pub(super) stands: bool,
    pub(super) called: bool,
}

/// The reply to a message.
#[derive(Clone, Debug, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LogChange {
    None,
    /// It is replaced from this index on, by this number of entries.
    From(LogIndex, usize),
    /// It is not judged here.
    Any,
}

/// The sender of a message, as far as it counts for the receiver's election timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Contact {
    Nothing,
    /// A candidate, to which it gives its vote.
    Candidate,
    /// The current leader.
    Leader,
}

impl Answer {
    /// A message that changes nothing.
    #[inline]
    pub(super) fn new(message: &Message, view: View) -> Answer {
        Answer {
            property: property_of(&message.body),
            from: message.from,
            term: message.term,
            kind: message.body.name(),
            view,
            reply: Reply::None,
            log: LogChange::None,
            stands: false,
            called: matches!(message.body, Body::TimeoutNow),
        }
    }

    /// The receiver enters a later term, in which it follows no leader yet and has not voted.
    pub(super) fn enters(&mut self, term: Term) {
        self.view = View { term, role: Role::Follower, voted_for: None, leader: None, ..self.view };
    }

    /// The receiver stands for election: it increments its term and votes for itself.
    pub(super) fn stands(&mut self, server: NodeId) {
        self.enters(self.view.term.next());
        (self.view.role, self.view.voted_for) = (Role::Candidate, Some(server));
        self.stands = true;
    }

    /// §5.2: a server that receives a message from the leader of its term follows it.
    #[inline]
    pub(super) fn follows(&mut self) {
        (self.view.role, self.view.leader) = (Role::Follower, Some(self.from));
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { kind, from, term, .. } = self;
        write!(f, "{kind} of {from} in term {term}")
    }
}

impl LogChange {
    #[inline]
    pub(super) fn is_that_of(self, effects: &Effects) -> bool {
        let mut written = effects.writes.iter().filter_map(|write| write.log.as_ref());
        match self {
            LogChange::None => written.next().is_none(),
            LogChange::Any => true,
            LogChange::From(index, count) => {
                written.any(|log| log.from == index && log.entries.len() == count)
            }
        }
    }
}

/// True if a server shows what is due; if it is not clear how much of a snapshot it had, the indexes aside.
#[inline]
pub(super) fn stays(due: &View, shown: &View, unclear: bool) -> bool {
    (due.role, due.term, due.voted_for, due.leader)
        == (shown.role, shown.term, shown.voted_for, shown.leader)
        && (unclear || (due.commit, due.snapshot) == (shown.commit, shown.snapshot))
}

/// A server's state in words.
#[cold]
pub(super) fn shown(view: &View) -> String {
    let of = |what: &str, server: Option<NodeId>| {
        server.map_or(String::new(), |server| format!(" {what} {server}"))
    };
    let (vote, leader) = (of("with its vote for", view.voted_for), of("under", view.leader));
    let (commit, snapshot) = (length(view.commit), length(view.snapshot));
    let View { role, term, .. } = view;
    format!("{role:?} of term {term}{vote}{leader}, snapshot {snapshot}, commit {commit}")
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
