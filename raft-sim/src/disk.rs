//! A server's disk. It distinguishes durable writes from writes that are only issued, and it takes time.
//!
//! Writes become durable in the order in which they were given, each as a whole. A power loss loses the writes that
//! are not durable yet, or all but the first few of them: the host decides how many survive. The next write was not
//! reported as durable, so it may be torn: only the first few of the entries that it appends survive.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Entries, Entry, HardState, LogIndex, Snapshot, length};
use crate::subject::{LogWrite, Token, Write};
use crate::time::Micros;

/// The time that a disk takes to make a write durable, in virtual microseconds: drawn evenly, ends included. (0, 0)
/// is durable at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncTime {
    /// The shortest.
    pub min: Micros,
    /// The longest.
    pub max: Micros,
    /// The longest additional delay until the server is notified, drawn for each write separately. So notices may
    /// arrive out of order although writes become durable in order. 0 is at once, and in order.
    pub notice: Micros,
}

/// The writes not yet durable that survive a power loss; by default none. On a disk that lies none survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Survives {
    /// The number of writes that survive as a whole, oldest first.
    pub writes: usize,
    /// The place at which the next write is torn, if it reaches that far.
    pub torn: Option<Torn>,
}

/// The place at which a write is torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Torn {
    /// In its snapshot: its term and vote survive, and nothing else of it.
    Snapshot,
    /// Behind this many of the entries that it appends: these survive, and so do its other parts (term and vote,
    /// snapshot, truncation of the log).
    #[serde(untagged)]
    Entries(usize),
}

/// One server's disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    hard_state: HardState,
    image: Image,
    unsynced: VecDeque<Unsynced>,
    /// While it lies: the state that is really durable.
    truth: Option<Box<(HardState, Image)>>,
}

/// A snapshot and the log behind it: durable, or as written.
#[derive(Clone, Debug, Default, Hash)]
struct Image {
    commit: Option<LogIndex>,
    blob: Option<Arc<[u8]>>,
    snapshot: Option<Arc<Snapshot>>,
    log: Vec<Entry>,
}

/// A write that is not durable yet.
#[derive(Clone, Debug)]
struct Unsynced {
    write: Write,
    /// The number of entries that the state machine had applied before this write replaced its state, if it did.
    replaced: Option<u64>,
}

impl Disk {
    /// A disk on which this is durable.
    pub(crate) fn new(hard_state: HardState, log: Vec<Entry>) -> Disk {
        let image = Image { log, ..Image::default() };
        Disk { hard_state, image, ..Disk::default() }
    }

    /// The durable currentTerm and votedFor.
    #[must_use]
    pub fn hard_state(&self) -> HardState {
        self.hard_state
    }

    /// The durable commitIndex, if the implementation writes it.
    #[must_use]
    pub fn commit(&self) -> Option<LogIndex> {
        self.image.commit
    }

    /// The durable data of the implementation's own, if it writes any.
    #[must_use]
    pub fn blob(&self) -> Option<&Arc<[u8]>> {
        self.image.blob.as_ref()
    }

    /// The durable snapshot, if there is one (§7).
    #[must_use]
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.image.snapshot.as_ref()
    }

    /// The durable log: the entries behind the snapshot.
    #[must_use]
    pub fn log(&self) -> &[Entry] {
        &self.image.log
    }

    /// The log as the server sees it, including writes that are not durable: the entries behind its snapshot.
    #[must_use]
    pub fn written_log(&self) -> Vec<Entry> {
        let mut image = self.image.clone();
        self.unsynced.iter().for_each(|unsynced| image.apply(&unsynced.write));
        image.log
    }

    /// The snapshot as the server sees it.
    #[must_use]
    pub fn written_snapshot(&self) -> Option<&Arc<Snapshot>> {
        let written = self.unsynced.iter().rev();
        written.filter_map(|unsynced| unsynced.write.snapshot.as_ref()).next().or(self.snapshot())
    }

    /// The number of entries in the log as the server sees it, including those covered by its snapshot: the last
    /// index.
    pub(crate) fn written_length(&self) -> u64 {
        self.unsynced
            .iter()
            .fold(self.image.length(), |length, unsynced| length_after(length, &unsynced.write))
    }

    /// The end of the prefix in which the durable log and the written log agree. A durable state machine keeps no
    /// more than this over a crash, since snapshot and log must account for its state. A snapshot that is not durable
    /// does not count: the state machine then is where it was before that snapshot.
    pub(crate) fn durable_prefix(&self) -> Option<LogIndex> {
        let limits = self.unsynced.iter().flat_map(|Unsynced { write, replaced }| {
            let rewritten = write.log.as_ref().map(|log| length(log.from.before()));
            [rewritten, *replaced].into_iter().flatten()
        });
        LogIndex::new(limits.fold(self.image.length(), u64::min))
    }

    /// Takes a write. `replaced`, if a snapshot replaced the state machine's state with it: the number of entries
    /// that it had applied before.
    pub(crate) fn submit(&mut self, write: Write, replaced: Option<u64>) {
        self.unsynced.push_back(Unsynced { write, replaced });
    }

    /// True if some write is not durable.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.unsynced.is_empty()
    }

    /// The oldest write that is not durable yet.
    pub(crate) fn oldest(&self) -> Option<Token> {
        self.unsynced.front().map(|unsynced| unsynced.write.token)
    }

    /// The number of entries that the oldest pending write appends.
    pub(crate) fn oldest_appends(&self) -> usize {
        let log = self.unsynced.front().and_then(|unsynced| unsynced.write.log.as_ref());
        log.map_or(0, |log| log.entries.len())
    }

    /// True if the oldest pending write has a snapshot.
    pub(crate) fn oldest_has_snapshot(&self) -> bool {
        self.unsynced.front().is_some_and(|unsynced| unsynced.write.snapshot.is_some())
    }

    /// The number of pending writes, oldest first, that must be durable for the entry at an index to be as it was
    /// written; `None` if no pending write has it.
    pub(crate) fn writes_through(&self, index: LogIndex) -> Option<usize> {
        let has = |unsynced: &Unsynced| {
            let Write { snapshot, log, .. } = &unsynced.write;
            let behind = |log: &LogWrite| length(log.from.before()) + log.entries.len() as u64;
            log.as_ref().is_some_and(|log| log.from <= index && index.get() <= behind(log))
                || snapshot.as_ref().is_some_and(|snapshot| index <= snapshot.last.index)
        };
        self.unsynced.iter().rposition(has).map(|place| place + 1)
    }

    /// Makes the oldest pending write durable if its token is at most `through`.
    pub(crate) fn sync_next(&mut self, through: Token) -> Option<Write> {
        if self.unsynced.front()?.write.token > through {
            return None;
        }
        let Unsynced { write, .. } = self.unsynced.pop_front()?;
        self.keep(&write);
        Some(write)
    }

    /// Tears the oldest pending write if it reaches this place. What is before it becomes durable, but for the commit
    /// index, which may be that of a lost entry. Returns the durable part.
    pub(crate) fn tear(&mut self, torn: Torn) -> Option<Write> {
        match torn {
            Torn::Entries(entries) => self.tear_entries(entries),
            Torn::Snapshot => self.tear_snapshot(),
        }
    }

    fn tear_entries(&mut self, entries: usize) -> Option<Write> {
        let log = self.unsynced.front()?.write.log.as_ref()?;
        let kept = Entries::from(log.entries.get(..entries)?);
        if kept.len() == log.entries.len() {
            return None;
        }
        let log = Some(LogWrite { from: log.from, entries: kept });
        let write = Write { log, commit: None, ..self.unsynced.pop_front()?.write };
        self.keep(&write);
        Some(write)
    }

    fn tear_snapshot(&mut self) -> Option<Write> {
        self.unsynced.front()?.write.snapshot.as_ref()?;
        let Unsynced { write, .. } = self.unsynced.pop_front()?;
        let write = Write { snapshot: None, log: None, commit: None, ..write };
        self.keep(&write);
        Some(write)
    }

    fn keep(&mut self, write: &Write) {
        self.hard_state = write.hard_state.unwrap_or(self.hard_state);
        self.image.apply(write);
    }

    /// Begins to lie: writes are reported as durable that a power loss loses. Or ends the lie: they are durable.
    pub(crate) fn lie(&mut self, lies: bool) {
        if !lies {
            self.truth = None;
        } else if self.truth.is_none() {
            self.truth = Some(Box::new((self.hard_state, self.image.clone())));
        }
    }

    /// Feeds the hasher with everything that the disk holds and will hold. The names of its writes are left out: only
    /// their order counts.
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let Disk { hard_state, image, unsynced, truth } = self;
        (hard_state, image, truth, unsynced.len()).hash(hasher);
        for Unsynced { write, replaced } in unsynced {
            let Write { token: _, hard_state, commit, blob, snapshot, log } = write;
            (hard_state, commit, blob, snapshot, log, replaced).hash(hasher);
        }
    }

    /// The number of pending writes up to and including this one.
    pub(crate) fn unsynced_through(&self, token: Token) -> usize {
        self.unsynced.iter().filter(|unsynced| unsynced.write.token <= token).count()
    }

    /// True if it reports writes as durable that a power loss loses.
    pub(crate) fn lies(&self) -> bool {
        self.truth.is_some()
    }

    /// True if the write with this token is not durable yet.
    pub(crate) fn holds(&self, token: Token) -> bool {
        self.unsynced.front().is_some_and(|unsynced| unsynced.write.token <= token)
    }

    /// The number of writes that are not durable.
    pub(crate) fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// Power fails: all pending writes are lost, and so are those reported as durable during a lie.
    pub(crate) fn lose_unsynced(&mut self) {
        self.unsynced.clear();
        if let Some(truth) = self.truth.take() {
            (self.hard_state, self.image) = *truth;
        }
    }
}

impl Image {
    /// The number of entries covered by the snapshot.
    fn base(&self) -> u64 {
        base(self.snapshot.as_ref())
    }

    /// The number of entries, including those covered by the snapshot.
    fn length(&self) -> u64 {
        self.base() + self.log.len() as u64
    }

    /// First the snapshot: entries up to its last go, those behind it stay. Then the log.
    fn apply(&mut self, write: &Write) {
        self.commit = write.commit.or(self.commit);
        if let Some(blob) = &write.blob {
            self.blob = Some(blob.clone());
        }
        if let Some(snapshot) = &write.snapshot {
            let gone = base(Some(snapshot)).saturating_sub(self.base()) as usize;
            self.log.drain(..gone.min(self.log.len()));
            self.snapshot = Some(snapshot.clone());
        }
        if let Some(write) = &write.log {
            let stays = length(write.from.before()).saturating_sub(self.base());
            self.log.truncate(stays as usize);
            self.log.extend_from_slice(&write.entries);
        }
    }
}

fn base(snapshot: Option<&Arc<Snapshot>>) -> u64 {
    length(snapshot.map(|snapshot| snapshot.last.index))
}

/// The length of a log after a write. Both lengths include the entries covered by a snapshot.
pub(crate) fn length_after(length_before: u64, write: &Write) -> u64 {
    let kept = length_before.max(base(write.snapshot.as_ref()));
    write.log.as_ref().map_or(kept, |log| length(log.from.before()) + log.entries.len() as u64)
}
