//! The nouns of Figure 2: servers, terms, indexes, entries, and what a server must keep on disk.
//!
//! Nothing here decides anything. Absent is always `Option`, never zero: there is no log index 0, and
//! "the entry before the first one" is `None`.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroU64;
use core::ops::Deref;

/// A server's identity (the paper's `candidateId`, `leaderId`). Displayed as the paper does: `S1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{}", self.0)
    }
}

/// The largest term and index that a server accepts, 2⁶² − 1. Counting there one by one takes longer than
/// anything lasts: who claims to be there is wrong, and counting on from here cannot overflow.
pub const LARGEST: u64 = (1 << 62) - 1;

/// A term (§5.1): Raft's logical clock. `Term(0)` is the term before any election.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// How many entries a log that ends at `last` has; the paper's number for an index that may be 0.
#[must_use]
#[inline]
pub fn length(last: Option<LogIndex>) -> u64 {
    last.map_or(0, LogIndex::get)
}

/// What identifies an entry: its index and its term (§5.3, the Log Matching Property).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Where in the log.
    pub index: LogIndex,
    /// The term in which a leader created it.
    pub term: Term,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.term)
    }
}

/// What an entry carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: the entry a leader appends when it is elected, so that it can commit (§5.4.2, §8).
    Noop,
    /// A command for the state machine, in the client's own bytes. Never looked into.
    Command(Command),
}

/// A command's bytes. A short one is kept in place, a longer one is shared: either way a copy is cheap,
/// however often the log hands it on. Reads as a slice.
#[derive(Clone)]
pub struct Command(Bytes);

/// As many bytes as fit where a reference and a length would be.
const IN_PLACE: usize = 22;

#[derive(Clone)]
enum Bytes {
    InPlace(u8, [u8; IN_PLACE]),
    Shared(Arc<[u8]>),
}

impl From<&[u8]> for Command {
    fn from(bytes: &[u8]) -> Command {
        if bytes.len() > IN_PLACE {
            return Command(Bytes::Shared(Arc::from(bytes)));
        }
        let mut place = [0; IN_PLACE];
        place[..bytes.len()].copy_from_slice(bytes);
        // At most `IN_PLACE`.
        Command(Bytes::InPlace(bytes.len() as u8, place))
    }
}

impl Deref for Command {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::InPlace(length, place) => &place[..usize::from(*length)],
            Bytes::Shared(bytes) => bytes,
        }
    }
}

impl PartialEq for Command {
    fn eq(&self, other: &Command) -> bool {
        **self == **other
    }
}

impl Eq for Command {}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// One log entry (§5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its index in the log.
    pub index: LogIndex,
    /// The term in which a leader created it.
    pub term: Term,
    /// What it carries.
    pub payload: Payload,
}

impl Entry {
    /// What identifies this entry.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { index: self.index, term: self.term }
    }
}

/// A run of consecutive entries that is shared, not copied: a leader hands the same one to its disk
/// and to all of its followers. Reads as a slice.
#[derive(Clone, Default)]
pub struct Entries {
    shared: Option<Arc<[Entry]>>,
    start: u32,
    end: u32,
}

impl Entries {
    /// The part of this run from its `skip`-th entry on (0 is all of it); empty past the end.
    #[must_use]
    pub fn skip(&self, skip: usize) -> Entries {
        self.part(skip, self.len())
    }

    /// The entries at `from..to` of this run, counted within it and cut to what there is.
    pub(crate) fn part(&self, from: usize, to: usize) -> Entries {
        let to = to.min(self.len());
        if from >= to {
            return Entries::default();
        }
        // Both are within the run, whose length fits.
        let (start, end) = (self.start + from as u32, self.start + to as u32);
        Entries { shared: self.shared.clone(), start, end }
    }
}

impl From<&[Entry]> for Entries {
    /// Shares a copy of these entries; of the first 2³² − 1, should there be more.
    fn from(entries: &[Entry]) -> Entries {
        if entries.is_empty() {
            return Entries::default();
        }
        let end = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        Entries { shared: Some(Arc::from(entries)), start: 0, end }
    }
}

impl From<Entry> for Entries {
    fn from(entry: Entry) -> Entries {
        Entries { shared: Some(Arc::new([entry])), start: 0, end: 1 }
    }
}

impl Deref for Entries {
    type Target = [Entry];

    #[inline]
    fn deref(&self) -> &[Entry] {
        let range = self.start as usize..self.end as usize;
        self.shared.as_ref().map_or(&[], |shared| &shared[range])
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Entries) -> bool {
        **self == **other
    }
}

impl Eq for Entries {}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The small half of Figure 2's persistent state, updated on stable storage before responding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HardState {
    /// Latest term this server has seen (`currentTerm`).
    pub term: Term,
    /// Candidate that received this server's vote in `term` (`votedFor`).
    pub voted_for: Option<NodeId>,
}

/// Names a client's request on the server it is handed to; no other server hears of it. The host chooses it
/// and does not use it twice in the life of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request(pub u64);
