//! The log (§5.3), in memory. Indexes are positions: entry `i` is the `i`-th.
//!
//! Everything here costs what the change costs, never what the log is long.

use alloc::vec::Vec;

use crate::types::{Entries, Entry, LogIndex, Payload, Position, Term, length};

/// A server's log.
#[derive(Debug, Default)]
pub struct Log {
    entries: Vec<Entry>,
    /// The last run of entries handed out, since the next to ask mostly asks for the same.
    shared: Entries,
}

impl Log {
    pub(crate) fn new(entries: Vec<Entry>) -> Log {
        Log { entries, shared: Entries::default() }
    }

    /// The last entry's index and term (`lastLogIndex`, `lastLogTerm`).
    #[must_use]
    pub fn last(&self) -> Option<Position> {
        self.entries.last().map(Entry::position)
    }

    /// The last entry's index.
    #[must_use]
    pub fn last_index(&self) -> Option<LogIndex> {
        self.entries.last().map(|entry| entry.index)
    }

    /// The term of the entry at `index`; `None` if the log ends before it.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        self.entries.get(slot(index)).map(|entry| entry.term)
    }

    /// Index and term of the entry at `index`; `None` if there is no such index or entry.
    #[must_use]
    pub fn position(&self, index: Option<LogIndex>) -> Option<Position> {
        self.entries.get(slot(index?)).map(Entry::position)
    }

    /// The entries after `after`, up to and including `last`, as far as the log has them. `None` as `after`
    /// begins with the first entry; `None` as `last` gives none.
    #[must_use]
    pub fn entries(&self, after: Option<LogIndex>, last: Option<LogIndex>) -> &[Entry] {
        let from = length(after) as usize;
        let to = (length(last) as usize).min(self.entries.len());
        self.entries.get(from..to).unwrap_or_default()
    }

    /// The entries from `from` on, at most `limit`, to be shared.
    pub(crate) fn share(&mut self, from: LogIndex, limit: u32) -> Entries {
        let start = slot(from);
        let end = self.entries.len().min(start.saturating_add(limit as usize));
        let held = self.shared.first().map_or(0, |first| slot(first.index));
        if held > start || held + self.shared.len() < end || self.shared.is_empty() {
            self.shared = Entries::from(self.entries.get(start..end).unwrap_or_default());
            return self.shared.clone();
        }
        self.shared.part(start - held, end - held)
    }

    /// Appends one entry and returns it as a run of its own.
    pub(crate) fn append(&mut self, term: Term, payload: Payload) -> Entries {
        let entry = Entry { index: LogIndex::after(self.last_index()), term, payload };
        self.entries.push(entry.clone());
        self.shared = Entries::from(entry);
        self.shared.clone()
    }

    /// Replaces everything from the first of `entries` on by them.
    pub(crate) fn replace(&mut self, entries: &[Entry]) {
        let Some(first) = entries.first() else { return };
        if slot(first.index) < self.entries.len() {
            self.entries.truncate(slot(first.index));
            self.shared = Entries::default();
        }
        self.entries.extend_from_slice(entries);
    }

    /// The first index whose entry is of `term` or a later one; the one after the last entry if none is.
    /// Terms never decrease along a log.
    pub(crate) fn first_of_term(&self, term: Term) -> LogIndex {
        let before = self.entries.partition_point(|entry| entry.term < term);
        LogIndex::after(LogIndex::new(before as u64))
    }

    /// The last index whose entry is of `term`, if any is.
    pub(crate) fn last_of_term(&self, term: Term) -> Option<LogIndex> {
        let through = self.entries.partition_point(|entry| entry.term <= term);
        let last = self.entries.get(through.checked_sub(1)?)?;
        (last.term == term).then_some(last.index)
    }
}

/// Where the entry with this index is in memory.
fn slot(index: LogIndex) -> usize {
    // The core runs where a log fits in memory, so its length fits in `usize`.
    (index.get() - 1) as usize
}
