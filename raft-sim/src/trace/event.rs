//! Events of servers, the elements of a trace, in Figure 2's terms.

use std::fmt;
use std::sync::Arc;

use crate::checker::Found;
use crate::model::{Entry, LogIndex, NodeId, Payload, Position, Term};
use crate::subject::Role;

/// An event that a server reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The server that reported it.
    pub server: NodeId,
    /// The number of its file, from 0.
    pub file: usize,
    /// Its line in that file, from 1.
    pub line: u32,
    /// The time of the server's clock, as the file has it. For display only: the clocks of two servers are not
    /// compared.
    pub time: Option<Arc<str>>,
    /// Its number among the server's events, if it has one.
    pub seq: Option<u64>,
    /// The event itself.
    pub what: What,
}

/// An event itself, without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The server starts, or starts again.
    Start(Start),
    /// The server takes a role in a term.
    Role(Role, Term),
    /// The server votes for another server in a term.
    Vote(Term, NodeId),
    /// The server puts entries into its log from an index on. They replace everything there.
    Append(LogIndex, Vec<Entry>),
    /// The server's commitIndex is this now.
    Commit(LogIndex),
    /// The server applies the entry at an index. The entry's term and content may be missing.
    Apply(LogIndex, Option<Term>, Option<Payload>),
    /// The server takes a snapshot of its own up to here.
    Snapshot(Position),
    /// The server installs a snapshot that its leader sent.
    Install(Position),
    /// This number of its events since it started, the start included, is on stable storage.
    Durable(u64),
}

/// The state that a server starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The state that was on its disk.
    pub found: Found,
    /// The index up to which its state machine has applied the log, if the event has it.
    pub applied: Option<u64>,
    /// The voters of the first configuration, if the event has them.
    pub voters: Option<Vec<NodeId>>,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Start(Start { found: Found { term, voted_for, last }, .. }) => {
                write!(f, "starts in term {term}")?;
                if let Some(Some(candidate)) = voted_for {
                    write!(f, ", with its vote for {candidate}")?;
                }
                match last {
                    Some(last) => write!(f, ", with a log up to {last}"),
                    None => write!(f, ", with an empty log"),
                }
            }
            What::Role(Role::Follower, term) => write!(f, "becomes follower in term {term}"),
            What::Role(Role::Candidate, term) => write!(f, "becomes candidate of term {term}"),
            What::Role(Role::Leader, term) => write!(f, "becomes leader of term {term}"),
            What::Vote(term, candidate) => write!(f, "votes for {candidate} in term {term}"),
            What::Append(from, entries) => match (entries.first(), entries.last()) {
                (Some(first), Some(last)) if entries.len() > 1 => {
                    write!(f, "appends entries {} to {}", first.position(), last.position())
                }
                (Some(entry), _) => write!(f, "appends entry {}", entry.position()),
                (None, _) => write!(f, "cuts its log off from index {from} on"),
            },
            What::Commit(to) => write!(f, "commits up to index {to}"),
            What::Apply(index, Some(term), _) => write!(f, "applies entry {index}/{term}"),
            What::Apply(index, None, _) => write!(f, "applies index {index}"),
            What::Snapshot(last) => write!(f, "takes a snapshot up to {last}"),
            What::Install(last) => write!(f, "installs a snapshot up to {last}"),
            What::Durable(events) => {
                write!(f, "has its first {events} events since it started on its disk")
            }
        }
    }
}

impl What {
    /// The term that a server is in after this event, if the event has one.
    pub(super) fn term(&self) -> Option<Term> {
        match self {
            What::Start(start) => Some(start.found.term),
            What::Role(_, term) | What::Vote(term, _) => Some(*term),
            What::Append(..)
            | What::Commit(_)
            | What::Apply(..)
            | What::Snapshot(_)
            | What::Install(_)
            | What::Durable(_) => None,
        }
    }

    /// Calls `change` with each server that the event names.
    pub(super) fn each_server(&mut self, change: &mut dyn FnMut(&mut NodeId)) {
        match self {
            What::Start(start) => {
                start.voters.iter_mut().flatten().for_each(&mut *change);
                start.found.voted_for.iter_mut().flatten().for_each(change);
            }
            What::Vote(_, candidate) => change(candidate),
            What::Append(_, entries) => {
                for entry in entries {
                    each_member(&mut entry.payload, change);
                }
            }
            What::Apply(_, _, Some(payload)) => each_member(payload, change),
            What::Apply(_, _, None)
            | What::Role(..)
            | What::Commit(_)
            | What::Snapshot(_)
            | What::Install(_)
            | What::Durable(_) => {}
        }
    }
}

/// Calls `change` with each server that an entry names, and sorts the entry's lists.
fn each_member(payload: &mut Payload, change: &mut dyn FnMut(&mut NodeId)) {
    match payload {
        Payload::Membership(membership) => {
            let membership = Arc::make_mut(membership);
            for servers in
                [&mut membership.voters, &mut membership.outgoing, &mut membership.learners]
            {
                servers.iter_mut().for_each(&mut *change);
                servers.sort_unstable();
            }
        }
        Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => {}
    }
}
