//! Recovery: from the bytes of a journal's files to what a server boots from.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use raft_core::{Entry, HardState, LogIndex, Snapshot};

use crate::disk::{File, Work};
use crate::journal::{Held, Journal, JournalOptions, Tail};
use crate::record::{self, Begin, Change, FIRST, Place, Record, VERSION};
use crate::snapshot;

/// A server's durable state, as found on its disk.
#[derive(Debug)]
pub struct Recovered {
    /// Term and vote.
    pub hard_state: HardState,
    /// The snapshot, if there is one.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The entries behind the snapshot.
    pub log: Vec<Entry>,
    /// The journal, which goes on there. Its first operations mend what a power loss left.
    pub journal: Journal,
    /// The record that the last power loss tore, if it tore one: its file, and its place in bytes. Nothing in it was ever
    /// acknowledged.
    pub torn: Option<(File, u64)>,
}

/// The reason for which a server must not start: something that was durable is not there any more, or not as it was.
/// Starting without it could undo a vote, or an entry that is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: File,
    /// The place in it, in bytes.
    pub at: u64,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is damaged at byte {}: {}", self.file, self.at, self.reason)
    }
}

impl core::error::Error for Damage {}

/// Reads the files of a server's journal. `files` has all of them that are in its directory, and what they hold.
///
/// # Errors
/// [`Damage`], the first that is found. Nothing is repaired, and nothing is skipped.
pub fn recover(
    options: JournalOptions,
    files: &BTreeMap<File, Vec<u8>>,
) -> Result<Recovered, Damage> {
    let numbers: Vec<u32> = files
        .keys()
        .filter_map(|file| match file {
            File::Segment(number) => Some(*number),
            File::Snapshot(_) | File::Partial(_) => None,
        })
        .collect();
    // Segments before a gap were to be removed, and some of them are.
    let gap = numbers.windows(2).rposition(|pair| pair[0] + 1 != pair[1]);
    let (leftovers, numbers) = numbers.split_at(gap.map_or(0, |at| at + 1));
    let mut state = State::new(options);
    for (nth, number) in numbers.iter().enumerate() {
        let file = File::Segment(*number);
        let bytes = files.get(&file).map_or(&[][..], Vec::as_slice);
        state.segment(*number, bytes, nth + 1 == numbers.len())?;
    }
    let mut mend: Vec<Work> = Vec::new();
    mend.extend(leftovers.iter().map(|number| Work::Remove { file: File::Segment(*number) }));
    let snapshot = state.snapshot(files)?;
    for file in files.keys() {
        match file {
            File::Snapshot(last) if state.tail.base != Some(*last) => {
                mend.push(Work::Remove { file: *file })
            }
            File::Partial(_) => mend.push(Work::Remove { file: *file }),
            File::Snapshot(_) | File::Segment(_) => {}
        }
    }
    state.finish(snapshot, mend)
}

/// The state of a server up to the record that was read last.
struct State {
    options: JournalOptions,
    place: Place,
    /// The length of the last segment.
    end: u32,
    tail: Tail,
    /// The entries that are known, from `start` on.
    start: LogIndex,
    entries: Vec<Entry>,
    segments: VecDeque<Held>,
    torn: Option<(File, u64)>,
}

impl State {
    fn new(options: JournalOptions) -> State {
        State {
            options,
            place: Place { segment: 0, at: 0, behind: FIRST },
            end: 0,
            tail: Tail::default(),
            start: LogIndex::FIRST,
            entries: Vec::new(),
            segments: VecDeque::new(),
            torn: None,
        }
    }

    /// Reads a segment, which is the last one or not.
    fn segment(&mut self, number: u32, bytes: &[u8], is_last: bool) -> Result<(), Damage> {
        let first = self.segments.is_empty();
        let before = (self.place, self.end);
        self.place = Place { segment: number, at: 0, ..self.place };
        self.end = bytes.len() as u32;
        self.segments.push_back(Held { number, highest: None });
        loop {
            let at = self.place.at as usize;
            let rest = bytes.get(at..).unwrap_or_default();
            if at > 0 && rest.iter().all(|byte| *byte == 0) {
                return Ok(());
            }
            if first && at == 0 {
                self.place.behind = record::behind(bytes, number).unwrap_or(self.place.behind);
            }
            let Some(record) = record::read(bytes, &mut self.place) else {
                let torn = is_last
                    && !record::was_durable(bytes, at, number)
                    && record::is_torn(bytes, at, number);
                if !torn {
                    return Err(self.damage(at, "a record is not as it was written"));
                }
                if at > 0 {
                    self.torn = Some((File::Segment(number), at as u64));
                } else {
                    // The segment was not begun: what is in it was not acknowledged.
                    self.segments.pop_back();
                    (self.place, self.end) = before;
                    self.torn = Some((File::Segment(number), 0));
                }
                return Ok(());
            };
            match (record, at) {
                (Record::Begin(begin), 0) => self.begin(begin, first)?,
                (Record::Change(change), 1..) => self.change(at, change)?,
                (Record::Begin(_), _) => return Err(self.damage(at, "a segment begins twice")),
                (Record::Change(_), _) => return Err(self.damage(at, "a segment does not begin")),
            }
        }
    }

    fn damage(&self, at: usize, reason: &str) -> Damage {
        let file = File::Segment(self.place.segment);
        Damage { file, at: at as u64, reason: reason.to_string() }
    }

    fn begin(&mut self, begin: Begin, first: bool) -> Result<(), Damage> {
        let Begin { version, cluster, server, behind: _, hard_state, base, last } = begin;
        if version != VERSION {
            return Err(self.damage(0, "it has another version of the format"));
        }
        if (cluster, server) != (self.options.cluster, self.options.server) {
            return Err(self.damage(0, "it is of another server or cluster"));
        }
        let tail = Tail { hard_state, base, last };
        if first {
            self.tail = tail;
            self.start = LogIndex::after(last);
        } else if tail != self.tail {
            return Err(self.damage(0, "it does not follow the segment before it"));
        }
        Ok(())
    }

    fn change(&mut self, at: usize, change: Change) -> Result<(), Damage> {
        let Change { hard_state, snapshot, log } = change;
        self.tail.hard_state = hard_state.unwrap_or(self.tail.hard_state);
        if let Some(last) = snapshot {
            self.tail.base = Some(last);
            self.tail.last = self.tail.last.max(Some(last.index));
        }
        let Some((from, entries)) = log else { return Ok(()) };
        if from > LogIndex::after(self.tail.last) {
            return Err(self.damage(at, "entries are missing before those of a record"));
        }
        if from < self.start {
            (self.start, self.entries) = (from, Vec::new());
        }
        self.entries.truncate((from.get() - self.start.get()) as usize);
        // Entries up to a snapshot that was installed were never here.
        if LogIndex::after(self.entries.last().map(|entry| entry.index).or(self.start.before()))
            < from
        {
            (self.start, self.entries) = (from, Vec::new());
        }
        self.entries.extend(entries.iter().cloned());
        self.tail.last = entries.last().map_or(from.before(), |entry| Some(entry.index));
        if let Some(held) = self.segments.back_mut() {
            held.highest = held.highest.max(self.tail.last);
        }
        Ok(())
    }

    /// The snapshot that the log begins behind.
    fn snapshot(&self, files: &BTreeMap<File, Vec<u8>>) -> Result<Option<Arc<Snapshot>>, Damage> {
        let Some(last) = self.tail.base else { return Ok(None) };
        let file = File::Snapshot(last);
        let damage = |reason: &str| Damage { file, at: 0, reason: reason.to_string() };
        let bytes = files.get(&file).ok_or_else(|| damage("it is not there"))?;
        let snapshot =
            snapshot::decode(bytes).ok_or_else(|| damage("it is not as it was written"))?;
        if snapshot.last != last {
            return Err(damage("it is another snapshot"));
        }
        Ok(Some(Arc::new(snapshot)))
    }

    fn finish(
        self,
        snapshot: Option<Arc<Snapshot>>,
        mut mend: Vec<Work>,
    ) -> Result<Recovered, Damage> {
        let base = self.tail.base.map(|base| base.index);
        let first = LogIndex::after(base);
        if self.start > first && self.tail.last > base {
            return Err(self.damage(0, "entries behind the snapshot are missing"));
        }
        let log = self.entries.into_iter().filter(|entry| Some(entry.index) > base).collect();
        if let Some((file, from)) = self.torn {
            if from > 0 {
                mend.push(Work::Clear { file, from });
                mend.push(Work::Sync { file });
            } else {
                mend.push(Work::Remove { file });
                mend.push(Work::SyncDirectory);
            }
        }
        let mut journal = Journal::at(self.options, self.place, self.end, self.tail, self.segments);
        journal.begin_with(mend);
        let hard_state = self.tail.hard_state;
        Ok(Recovered { hard_state, snapshot, log, journal, torn: self.torn })
    }
}
