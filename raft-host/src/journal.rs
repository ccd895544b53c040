//! The journal: the core's writes as operations of a disk.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use raft_core::{HardState, LogIndex, NodeId, Position, Receipt, Snapshot, Write};

use crate::disk::{File, Work};
use crate::record::{self, Begin, Change, FIRST, Place, Record, VERSION};
use crate::snapshot;

/// What a journal is told once.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) hard_state: HardState,
    pub(crate) base: Option<Position>,
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
/// Writes that come while the disk is at work wait, and then share one sync (group commit). One that failed is never
/// tried again: what a disk holds after a sync that failed is unknown (`fsyncgate`). The journal then gives out nothing more, and
/// the server has to start anew, from what its disk holds.
#[derive(Debug)]
pub struct Journal {
    options: JournalOptions,
    place: Place,
    /// The end of the segment, and the place in it up to which everything is durable.
    end: u32,
    durable: u32,
    tail: Tail,
    /// The segments on the disk, the one that is written last.
    segments: VecDeque<Held>,
    /// The snapshot on the disk that is in force.
    snapshot: Option<Position>,
    /// Writes that no operation was given out for.
    waiting: Vec<Write>,
    /// Operations to be given out.
    operations: VecDeque<Work>,
    /// What follows from operations that were given out and are not done, in order.
    under_way: VecDeque<Done>,
    failed: bool,
}

/// What follows when an operation is done.
#[derive(Debug)]
enum Done {
    Nothing,
    /// These writes are durable.
    Durable(Vec<Write>),
}

impl Journal {
    /// The journal of a server that was never here before: its directory has no file of a journal.
    #[must_use]
    pub fn create(options: JournalOptions) -> Journal {
        let place = Place { segment: 0, at: 0, behind: FIRST };
        Journal::at(options, place, 0, Tail::default(), VecDeque::new())
    }

    /// The journal that goes on at this place.
    pub(crate) fn at(
        options: JournalOptions,
        place: Place,
        end: u32,
        tail: Tail,
        segments: VecDeque<Held>,
    ) -> Journal {
        Journal {
            options,
            place,
            end,
            durable: place.at,
            tail,
            segments,
            snapshot: tail.base,
            waiting: Vec::new(),
            operations: VecDeque::new(),
            under_way: VecDeque::new(),
            failed: false,
        }
    }

    /// Operations before anything is written: what recovery has to mend.
    pub(crate) fn begin_with(&mut self, operations: impl IntoIterator<Item = Work>) {
        operations.into_iter().for_each(|operation| self.give(operation, Done::Nothing));
    }

    /// Takes a write of the core. Its receipt comes from [`Journal::done`].
    pub fn submit(&mut self, write: Write) {
        self.waiting.push(write);
        self.flush();
    }

    /// The operations that are to be carried out now, in order, behind those that were given out before.
    pub fn operations(&mut self) -> impl Iterator<Item = Work> + '_ {
        self.operations.drain(..)
    }

    /// Takes note that the oldest operation under way is done. Returns the receipts of the writes that are durable by that.
    #[must_use = "what waits for the writes is released by their receipts"]
    pub fn done(&mut self) -> Vec<Receipt> {
        let receipts = match self.under_way.pop_front() {
            Some(Done::Durable(writes)) => {
                self.durable = self.place.at;
                for snapshot in writes.iter().filter_map(Write::snapshot) {
                    self.discard(snapshot.last);
                }
                writes.into_iter().map(Write::persisted).collect()
            }
            Some(Done::Nothing) | None => Vec::new(),
        };
        self.flush();
        receipts
    }

    /// Takes note that the oldest operation under way has failed: no receipt comes any more.
    pub fn fail(&mut self) {
        self.failed = true;
        self.operations.clear();
        self.under_way.clear();
        self.waiting.clear();
    }

    /// True if an operation has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// True if nothing is under way, and nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.waiting.is_empty()
    }

    fn give(&mut self, operation: Work, done: Done) {
        self.operations.push_back(operation);
        self.under_way.push_back(done);
    }

    /// Begins to make durable what waits, unless the disk is at work.
    fn flush(&mut self) {
        if self.failed || !self.under_way.is_empty() || self.waiting.is_empty() {
            return;
        }
        let writes = mem::take(&mut self.waiting);
        // A snapshot is complete in its file before a record names it: each, since a power loss may keep any part of a batch.
        writes.iter().filter_map(Write::snapshot).for_each(|snapshot| self.save(snapshot));
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
        let Tail { hard_state, base, last } = self.tail;
        let behind = self.place.behind;
        Record::Begin(Begin { version: VERSION, cluster, server, behind, hard_state, base, last })
    }

    /// Takes note of what a write changes.
    fn follow(&mut self, write: &Write) {
        let Tail { hard_state, base, last } = &mut self.tail;
        *hard_state = write.hard_state().unwrap_or(*hard_state);
        if let Some(snapshot) = write.snapshot() {
            *base = Some(snapshot.last);
            *last = (*last).max(Some(snapshot.last.index));
        }
        if let Some(log) = write.log() {
            *last = log.entries.last().map_or(log.from.before(), |entry| Some(entry.index));
            if let Some(held) = self.segments.back_mut() {
                held.highest = held.highest.max(*last);
            }
        }
    }

    /// Writes a snapshot into a file of its own.
    fn save(&mut self, snapshot: &Arc<Snapshot>) {
        let (partial, file) = (File::Partial(snapshot.last), File::Snapshot(snapshot.last));
        let bytes: Arc<[u8]> = snapshot::encode(snapshot).into();
        let length = bytes.len() as u64;
        self.give(Work::Create { file: partial, length }, Done::Nothing);
        self.give(Work::Write { file: partial, at: 0, bytes }, Done::Nothing);
        self.give(Work::Sync { file: partial }, Done::Nothing);
        self.give(Work::Rename { file: partial, to: file }, Done::Nothing);
        self.give(Work::SyncDirectory, Done::Nothing);
    }

    /// Removes what a snapshot that is in force stands for: segments without an entry behind it, and the one before.
    fn discard(&mut self, last: Position) {
        while self.segments.len() > 1
            && let Some(held) = self.segments.pop_front_if(|held| held.highest <= Some(last.index))
        {
            self.give(Work::Remove { file: File::Segment(held.number) }, Done::Nothing);
        }
        if let Some(former) = self.snapshot.replace(last).filter(|former| *former != last) {
            self.give(Work::Remove { file: File::Snapshot(former) }, Done::Nothing);
        }
    }
}

/// A write as a record.
fn change(write: &Write) -> Record {
    Record::Change(Change {
        hard_state: write.hard_state(),
        snapshot: write.snapshot().map(|snapshot| snapshot.last),
        log: write.log().map(|log| (log.from, log.entries.clone())),
    })
}
