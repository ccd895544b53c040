//! The log (§5.3) in memory, and the place of the snapshot that stands for its beginning (§7).
//!
//! The cost of each operation is that of the change, whatever the length of the log.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use crate::types::{Entries, Entry, LogIndex, Payload, Position, Term, length};

/// A server's log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The last entry that the snapshot stands for: `entries` begins behind it.
    base: Option<Position>,
    entries: Vec<Entry>,
    /// The last entry, or what `base` says.
    last: Option<Position>,
    /// A bound on the bytes of each entry here.
    largest: u64,
    /// The last run of entries handed out: the next follower mostly needs the same.
    shared: Entries,
}

impl Log {
    pub(crate) fn new(base: Option<Position>, entries: Vec<Entry>) -> Log {
        let last = entries.last().map(Entry::position).or(base);
        let largest = entries.iter().map(|entry| size(&entry.payload)).max().unwrap_or(0);
        Log { base, entries, last, largest, shared: Entries::default() }
    }

    /// Feeds the hasher with what the log holds.
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let Log {
            base,
            entries,
            // Follows from `base` and `entries`.
            last: _,
            // Only decides whether bytes need to be counted, not what the count comes to.
            largest: _,
            // A copy of entries, kept for reuse.
            shared: _,
        } = self;
        (base, entries).hash(hasher);
    }

    /// The last entry that the snapshot stands for (`lastIncludedIndex`, `lastIncludedTerm`, §7); `None`
    /// without a snapshot.
    #[must_use]
    pub fn base(&self) -> Option<Position> {
        self.base
    }

    /// The last entry's index and term (`lastLogIndex`, `lastLogTerm`). If the snapshot stands for the
    /// whole log, they are the snapshot's.
    #[must_use]
    pub fn last(&self) -> Option<Position> {
        self.last
    }

    /// The last entry's index.
    #[must_use]
    pub fn last_index(&self) -> Option<LogIndex> {
        self.last.map(|last| last.index)
    }

    /// The term of the entry at `index`, the last one in the snapshot included; `None` if the log ends
    /// before it, or the entry is an earlier one in the snapshot.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        match self.slot(index) {
            Some(slot) => self.entries.get(slot).map(|entry| entry.term),
            None => self.base.filter(|base| base.index == index).map(|base| base.term),
        }
    }

    /// Index and term of the entry at `index`, as [`Log::term_at`].
    #[must_use]
    pub fn position(&self, index: Option<LogIndex>) -> Option<Position> {
        let index = index?;
        self.term_at(index).map(|term| Position { index, term })
    }

    /// The entries after `after`, up to and including `last`, as far as the log has them. `None` as `after`
    /// begins with the first entry; `None` as `last` gives none.
    #[must_use]
    pub fn entries(&self, after: Option<LogIndex>, last: Option<LogIndex>) -> &[Entry] {
        let start = self.start();
        let from = length(after).saturating_sub(start) as usize;
        let to = (length(last).saturating_sub(start) as usize).min(self.entries.len());
        self.entries.get(from..to).unwrap_or_default()
    }

    /// Returns whether this log has the entry at this index and term. Entries that a snapshot stands for
    /// are committed, and so the same in the log of every leader that asks (§5.4, §7).
    pub(crate) fn has(&self, position: Position) -> bool {
        match self.term_at(position.index) {
            Some(term) => term == position.term,
            None => position.index.get() < self.start(),
        }
    }

    /// The entries from `from` on, at most `limit`, with no more than `bytes` of commands unless it is one
    /// entry, to be shared.
    pub(crate) fn share(&mut self, from: LogIndex, limit: u32, bytes: u32) -> Entries {
        let Some(start) = self.slot(from) else { return Entries::default() };
        let end = self.entries.len().min(start.saturating_add(limit as usize));
        let end = start + self.fitting(start, end, u64::from(bytes));
        let held = self.shared.first().and_then(|first| self.slot(first.index));
        match held {
            Some(held) if held <= start && end <= held + self.shared.len() => {
                self.shared.part(start - held, end - held)
            }
            Some(_) | None => {
                self.shared = Entries::from(self.entries.get(start..end).unwrap_or_default());
                self.shared.clone()
            }
        }
    }

    /// Counts the entries at these places that have no more than `bytes` together; at least one.
    fn fitting(&self, start: usize, end: usize, mut bytes: u64) -> usize {
        let count = end.saturating_sub(start);
        if self.largest.saturating_mul(count as u64) <= bytes {
            return count;
        }
        let fits = |entry: &&Entry| {
            let size = size(&entry.payload);
            let fits = size <= bytes;
            bytes = bytes.saturating_sub(size);
            fits
        };
        let entries = self.entries.get(start..end).unwrap_or_default();
        entries.iter().take_while(fits).count().max(1)
    }

    /// Appends one entry and returns it as a run of its own.
    pub(crate) fn append(&mut self, term: Term, payload: Payload) -> Entries {
        let entry = Entry { index: LogIndex::after(self.last_index()), term, payload };
        self.last = Some(entry.position());
        self.largest = self.largest.max(size(&entry.payload));
        self.entries.push(entry.clone());
        self.shared = Entries::from(entry);
        self.shared.clone()
    }

    /// Replaces everything from the first of `entries` on, which is behind the snapshot, by them.
    pub(crate) fn replace(&mut self, entries: &[Entry]) {
        let Some(slot) = entries.first().and_then(|first| self.slot(first.index)) else { return };
        if slot < self.entries.len() {
            self.entries.truncate(slot);
            self.shared = Entries::default();
        }
        self.entries.reserve(entries.len());
        for entry in entries {
            self.largest = self.largest.max(size(&entry.payload));
            self.entries.push(entry.clone());
        }
        self.last = entries.last().map(Entry::position);
    }

    /// Discards the log up to `last`, for which a snapshot stands. Entries behind it stay.
    pub(crate) fn compact(&mut self, last: Position) {
        let gone = self.slot(last.index).map_or(0, |slot| (slot + 1).min(self.entries.len()));
        self.entries.drain(..gone);
        self.base = Some(last);
        self.last = self.last.max(self.base);
        self.shared = Entries::default();
    }

    /// Puts a snapshot that ends at `last` in place of the whole log.
    pub(crate) fn restore(&mut self, last: Position) {
        *self = Log::new(Some(last), Vec::new());
    }

    /// The first index whose entry is of `term` or a later one, behind the snapshot; the one after the last
    /// entry if none is. Terms never decrease along a log.
    pub(crate) fn first_of_term(&self, term: Term) -> LogIndex {
        let before = self.entries.partition_point(|entry| entry.term < term);
        LogIndex::after(LogIndex::new(self.start() + before as u64))
    }

    /// The last index whose entry is of `term`, if any is, behind the snapshot.
    pub(crate) fn last_of_term(&self, term: Term) -> Option<LogIndex> {
        let through = self.entries.partition_point(|entry| entry.term <= term);
        let last = self.entries.get(through.checked_sub(1)?)?;
        (last.term == term).then_some(last.index)
    }

    /// The number of entries that the snapshot stands for.
    fn start(&self) -> u64 {
        length(self.base.map(|base| base.index))
    }

    /// The place of the entry with this index in memory; `None` if the snapshot stands for it.
    fn slot(&self, index: LogIndex) -> Option<usize> {
        // The core runs where a log fits in memory, so its length fits in `usize`.
        index.before().map_or(0, LogIndex::get).checked_sub(self.start()).map(|slot| slot as usize)
    }
}

/// Bytes of what an entry carries for the state machine.
#[inline]
fn size(payload: &Payload) -> u64 {
    match payload {
        Payload::Command(command) => command.len() as u64,
        Payload::Once(once) => once.command.len() as u64,
        Payload::Noop | Payload::Membership(_) | Payload::Register => 0,
    }
}
