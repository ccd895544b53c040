//! The journal: the core's writes as operations of a disk.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use raft_core::{Entry, HardState, LogIndex, NodeId, Snapshot, Write};

use crate::disk::{File, Work};
use crate::record::{self, Begin, Change, FIRST, Place, Record, VERSION};

/// Identity of a journal, and the size of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalOptions {
    /// The number of the cluster. The journal of another one is refused.
    pub cluster: u64,
    /// This server. The journal of another one is refused.
    pub server: NodeId,
    /// The length of a segment, in bytes; one that begins with a larger record is longer. From 4 KiB to 1 GiB make sense.
    pub segment: u32,
}

/// A server's durable state as far as the beginning of a segment says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) hard_state: HardState,
    pub(crate) base: Option<Arc<Snapshot>>,
    pub(crate) last: Option<LogIndex>,
}

/// A segment, and the highest index that an entry in it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) number: u32,
    pub(crate) highest: Option<LogIndex>,
}

/// Turns writes into operations, and operations that are done into receipts.
///
/// Writes that come while the disk is at work wait, and then share one operation and one sync (group commit). One sync is under
/// way at a time. One that failed is never tried again: what a disk holds after it is unknown (`fsyncgate`). The server has to
/// start anew then, from what its disk holds.
#[derive(Debug)]
pub(crate) struct Journal {
    options: JournalOptions,
    place: Place,
    /// The end of the segment, and the place in it up to which everything is durable.
    end: u32,
    durable: u32,
    tail: Tail,
    /// The segments on the disk, the one that is written last.
    segments: VecDeque<Held>,
    /// Bytes of log since the last snapshot.
    grown: u64,
    /// Writes that no operation was given out for.
    waiting: Vec<Write>,
    /// The number of writes that an operation was given out for.
    written: u64,
    /// Operations to be given out.
    operations: VecDeque<Work>,
    /// What follows from operations that were given out and are not done, in order.
    under_way: VecDeque<Done>,
}

/// What follows when an operation is done.
#[derive(Debug)]
enum Done {
    Nothing,
    /// These writes are durable.
    Durable(Vec<Write>),
}

impl Journal {
    /// The journal that goes on at this place.
    pub(crate) fn at(
        options: JournalOptions,
        place: Place,
        end: u32,
        tail: Tail,
        segments: VecDeque<Held>,
    ) -> Journal {
        let before = segments.len().saturating_sub(1) as u64 * u64::from(options.segment);
        Journal {
            options,
            place,
            end,
            durable: place.at,
            tail,
            segments,
            grown: before + u64::from(place.at),
            waiting: Vec::new(),
            written: 0,
            operations: VecDeque::new(),
            under_way: VecDeque::new(),
        }
    }

    /// Operations before anything is written: what recovery has to mend.
    pub(crate) fn begin_with(&mut self, operations: impl IntoIterator<Item = Work>) {
        operations.into_iter().for_each(|operation| self.give(operation, Done::Nothing));
    }

    /// Takes a write of the core. Its receipt comes from [`Journal::done`].
    pub(crate) fn submit(&mut self, write: Write) {
        self.waiting.push(write);
    }

    /// Begins to make durable what waits, unless the disk is at work, and returns the operations that are to be carried out
    /// now, in order, behind those that were given out before.
    pub(crate) fn operations(&mut self) -> impl Iterator<Item = Work> + '_ {
        self.flush();
        self.operations.drain(..)
    }

    /// Takes note that the oldest operation under way is done. Returns the writes that are durable by that: of each the
    /// receipt is due.
    pub(crate) fn done(&mut self) -> Vec<Write> {
        match self.under_way.pop_front() {
            Some(Done::Durable(writes)) => {
                self.durable = self.place.at;
                if let Some(snapshot) = writes.iter().filter_map(Write::snapshot).next_back() {
                    self.discard(snapshot.last.index);
                }
                writes
            }
            Some(Done::Nothing) | None => Vec::new(),
        }
    }

    /// The number of writes, of all that it took, for which operations were given out.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Bytes of log since the last snapshot, about.
    pub(crate) fn grown(&self) -> u64 {
        self.grown
    }

    fn give(&mut self, operation: Work, done: Done) {
        self.operations.push_back(operation);
        self.under_way.push_back(done);
    }

    fn flush(&mut self) {
        if !self.under_way.is_empty() || self.waiting.is_empty() {
            return;
        }
        let writes = mem::take(&mut self.waiting);
        self.written += writes.len() as u64;
        let changes: Vec<Record> = writes.iter().map(change).collect();
        let mut bytes = Vec::new();
        let mut place = self.place;
        let mut file = File::Segment(place.segment);
        changes.iter().for_each(|it| record::append(&mut bytes, &mut place, self.durable, it));
        let begins = place.at > self.end;
        if begins {
            bytes.clear();
            place = Place { segment: self.place.segment + 1, at: 0, ..self.place };
            record::append(&mut bytes, &mut place, 0, &self.beginning());
            changes.iter().for_each(|it| record::append(&mut bytes, &mut place, 0, it));
            self.end = place.at.max(self.options.segment);
            self.segments.push_back(Held { number: place.segment, highest: None });
            file = File::Segment(place.segment);
            self.give(Work::Create { file, length: u64::from(self.end) }, Done::Nothing);
        }
        self.place = place;
        self.grown += bytes.len() as u64;
        writes.iter().for_each(|write| self.follow(write));
        let at = u64::from(place.at) - bytes.len() as u64;
        self.give(Work::Write { file, at, bytes: bytes.into() }, Done::Nothing);
        let done = Done::Durable(writes);
        if begins {
            self.give(Work::Sync { file }, Done::Nothing);
            self.give(Work::SyncDirectory, done);
        } else {
            self.give(Work::Sync { file }, done);
        }
    }

    /// The first record of a segment that goes on here.
    fn beginning(&self) -> Record {
        let JournalOptions { cluster, server, segment: _ } = self.options;
        let Tail { hard_state, base, last } = self.tail.clone();
        let behind = self.place.behind;
        Record::Begin(Begin { version: VERSION, cluster, server, behind, hard_state, base, last })
    }

    /// Takes note of what a write changes.
    fn follow(&mut self, write: &Write) {
        let Tail { hard_state, base, last } = &mut self.tail;
        *hard_state = write.hard_state().unwrap_or(*hard_state);
        if let Some(snapshot) = write.snapshot() {
            *base = Some(snapshot.clone());
            *last = (*last).max(Some(snapshot.last.index));
        }
        if let Some(log) = write.log() {
            *last = log.entries.last().map_or(log.from.before(), |entry| Some(entry.index));
            if let Some(held) = self.segments.back_mut() {
                held.highest = held.highest.max(*last);
            }
        }
    }

    /// Removes the segments for which a snapshot that is in force stands: those without an entry behind it.
    fn discard(&mut self, last: LogIndex) {
        self.grown = 0;
        while self.segments.len() > 1
            && let Some(held) = self.segments.pop_front_if(|held| held.highest <= Some(last))
        {
            self.give(Work::Remove { file: File::Segment(held.number) }, Done::Nothing);
        }
    }
}

/// A write as a record.
fn change(write: &Write) -> Record {
    Record::Change(Change {
        hard_state: write.hard_state(),
        snapshot: write.snapshot().cloned(),
        log: write.log().map(|log| (log.from, log.entries.clone())),
    })
}

/// The work that makes the files of a server which begins with a term, a vote and a log of its own, from index 1 on: in an empty
/// directory.
#[must_use]
pub fn founded(options: JournalOptions, hard_state: HardState, log: &[Entry]) -> Vec<Work> {
    let JournalOptions { cluster, server, segment } = options;
    let (mut bytes, mut place) = (Vec::new(), Place { segment: 1, at: 0, behind: FIRST });
    let Tail { hard_state: before, base, last } = Tail::default();
    let behind = place.behind;
    let begin = Begin { version: VERSION, cluster, server, behind, hard_state: before, base, last };
    record::append(&mut bytes, &mut place, 0, &Record::Begin(begin));
    let log = Some((LogIndex::FIRST, log.into()));
    let change = Change { hard_state: Some(hard_state), snapshot: None, log };
    record::append(&mut bytes, &mut place, 0, &Record::Change(change));
    let file = File::Segment(1);
    alloc::vec![
        Work::Create { file, length: u64::from(place.at.max(segment)) },
        Work::Write { file, at: 0, bytes: bytes.into() },
        Work::Sync { file },
        Work::SyncDirectory,
    ]
}
