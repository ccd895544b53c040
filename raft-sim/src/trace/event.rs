//! What a trace consists of: events of servers, in Figure 2's words.

use std::fmt;
use std::sync::Arc;

use crate::checker::Found;
use crate::model::{Entry, LogIndex, NodeId, Payload, Position, Term};
use crate::subject::Role;

/// Something that a server told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who.
    pub server: NodeId,
    /// In which of the files, from 0.
    pub file: usize,
    /// On which line, from 1.
    pub line: u32,
    /// What its clock said, as it stands there. Only for telling: clocks of two servers are not compared.
    pub time: Option<Arc<str>>,
    /// Its number among the server's events, if it has one.
    pub seq: Option<u64>,
    /// What.
    pub what: What,
}

/// What a server tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It starts, or starts again.
    Start(Start),
    /// It takes a role in a term.
    Role(Role, Term),
    /// It votes for another server in a term.
    Vote(Term, NodeId),
    /// It puts entries into its log, from an index on, in place of all that is there.
    Append(LogIndex, Vec<Entry>),
    /// Its commitIndex is this now.
    Commit(LogIndex),
    /// It applies the entry at an index; of its term and what it carries it may say nothing.
    Apply(LogIndex, Option<Term>, Option<Payload>),
    /// It takes a snapshot of its own up to here.
    Snapshot(Position),
    /// It installs a snapshot that its leader sent.
    Install(Position),
    /// So many of its events since it started, itself included, are on stable storage.
    Durable(u64),
}

/// What a server starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// What it found on its disk.
    pub found: Found,
    /// How far its state machine has applied the log, if it says so.
    pub applied: Option<u64>,
    /// The voters of the first configuration, if it says so.
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
    /// The term that a server is in by this.
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

    /// Every server that it names.
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

/// Every server that an entry names; its lists are in order afterwards.
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
