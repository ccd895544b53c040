//! The nouns of Figure 2: servers, terms, indexes, entries, and what a server must keep on disk.
//!
//! No rule of the protocol is here. Absent is always `Option`, never zero: there is no log index 0, and
//! "the entry before the first one" is `None`.

mod command;
mod entries;
mod snapshot;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU64;

pub use command::Command;
pub use entries::Entries;
pub use snapshot::{Chunk, Snapshot};

/// A server's identity (the paper's `candidateId`, `leaderId`). Displayed as the paper does: `S1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NodeId(pub u32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{}", self.0)
    }
}

/// The largest term and index that a server accepts, 2⁶² − 1. Counting there one by one takes longer than
/// anything lasts: a message that claims to be there is wrong, and counting on from here cannot overflow.
pub const LARGEST: u64 = (1 << 62) - 1;

/// A term (§5.1): Raft's logical clock. `Term(0)` is the term before any election.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Term(pub u64);

impl Term {
    /// The term after this one, in which a candidate stands (§5.2).
    ///
    /// # Panics
    /// After 2⁶⁴ − 1 terms.
    #[must_use]
    pub fn next(self) -> Term {
        Term(self.0.checked_add(1).expect("terms do not run out"))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A position in the log; the first entry has index 1 (Figure 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogIndex(NonZeroU64);

impl LogIndex {
    /// The index of the first entry of any log.
    pub const FIRST: LogIndex = LogIndex(NonZeroU64::MIN);

    /// The index with this number; `None` for 0, which is no index.
    #[must_use]
    pub fn new(number: u64) -> Option<LogIndex> {
        NonZeroU64::new(number).map(LogIndex)
    }

    /// The number of this index, 1 or more.
    #[must_use]
    #[inline]
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The index after `previous`; the first index if there is none before.
    ///
    /// # Panics
    /// After 2⁶⁴ − 1 entries.
    #[must_use]
    #[inline]
    pub fn after(previous: Option<LogIndex>) -> LogIndex {
        previous.map_or(LogIndex::FIRST, |index| {
            LogIndex(index.0.checked_add(1).expect("indexes do not run out"))
        })
    }

    /// The index before this one; `None` before the first.
    #[must_use]
    #[inline]
    pub fn before(self) -> Option<LogIndex> {
        LogIndex::new(self.get() - 1)
    }
}

impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of entries of a log that ends at `last`; the paper's number for an index that may be 0.
#[must_use]
#[inline]
pub fn length(last: Option<LogIndex>) -> u64 {
    last.map_or(0, LogIndex::get)
}

/// Identity of an entry: its index and its term (§5.3, the Log Matching Property).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// The index in the log.
    pub index: LogIndex,
    /// The term in which a leader created it.
    pub term: Term,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.term)
    }
}

/// Content of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Payload {
    /// Nothing: the entry a leader appends when it is elected, so that it can commit (§5.4.2, §8).
    Noop,
    /// A command for the state machine, in the client's own bytes. Never looked into.
    Command(Command),
    /// A configuration of the cluster, in force on each server as soon as it is in its log (§6).
    Membership(Arc<Membership>),
    /// Registration of a client: opens a session (diss. §6.3), whose number follows when the entry is
    /// applied.
    Register,
    /// A command that is to be executed once, however often it is in the log (§8, diss. §6.3).
    Once(Arc<Once>),
}

/// Name of a client's session: its place among all that were ever opened, from 1 on (diss. §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionId(pub u64);

/// A command under a serial number (§8, diss. §6.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Once {
    /// The session of the client.
    pub session: SessionId,
    /// The client's number for the command; higher than for all its earlier ones, the same if it asks again.
    pub serial: u64,
    /// The command, never looked into.
    pub command: Command,
}

/// Servers of the cluster (the paper's "configuration", §6, diss. ch. 4).
///
/// Lists are in order, and name a server once. A server is a voter or a learner, never both; but one that
/// joint consensus makes a learner still votes in C_old.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Membership {
    /// The servers that vote and are counted; in joint consensus those of C_new.
    pub voters: Vec<NodeId>,
    /// The voters of C_old in joint consensus, of which a majority is needed as well (§6); else empty.
    pub outgoing: Vec<NodeId>,
    /// Servers that receive the log without a vote (§6, diss. §4.2.1).
    pub learners: Vec<NodeId>,
}

/// One log entry (§5.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// The index in the log.
    pub index: LogIndex,
    /// The term in which a leader created it.
    pub term: Term,
    /// The content.
    pub payload: Payload,
}

impl Entry {
    /// The identity of this entry: its index and its term.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { index: self.index, term: self.term }
    }
}

/// The small half of Figure 2's persistent state, updated on stable storage before responding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HardState {
    /// Latest term this server has seen (`currentTerm`).
    pub term: Term,
    /// Candidate that received this server's vote in `term` (`votedFor`).
    pub voted_for: Option<NodeId>,
}

/// Name of a client's request on the server it is handed to; no other server hears of it. The host chooses
/// it and does not use it twice in the life of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Request(pub u64);
