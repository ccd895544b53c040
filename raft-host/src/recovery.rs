//! Recovery: from the bytes of a journal's files to what a server boots from.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use raft_core::{Entry, HardState, LogIndex, Sessions, Snapshot};

use crate::disk::{File, Files, Work};
use crate::journal::{Held, Journal, JournalOptions, Tail};
use crate::record::{self, Begin, Change, FIRST, Place, Record, VERSION};
use crate::snapshot::{Handle, Part, Reader};

/// A server's durable state, as found on its disk.
#[derive(Debug)]
pub struct Recovered {
    /// Term and vote.
    pub hard_state: HardState,
    /// The snapshot, if there is one, with the [handle](crate::Handle) of its file as its data.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The entries behind the snapshot.
    pub log: Vec<Entry>,
    /// The sessions of the clients at the snapshot.
    pub sessions: Option<Sessions>,
    /// The leftovers of a power loss, which the server mends when it boots.
    pub notes: Vec<Note>,
    /// The journal, which goes on there. Its first operations mend what a power loss left.
    pub(crate) journal: Journal,
}

/// Something that a power loss has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The last record was torn, and is left out: its file, and its place in bytes. Nothing in it was ever acknowledged. The log
    /// goes on in a new segment.
    Torn(File, u64),
    /// A file that is not needed any more, and is removed: a snapshot that is not complete or not in force, or a segment before
    /// it.
    Leftover(File),
}

/// Reason why a server does not start. Nothing on its disk is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootError {
    /// A file is not as it was written.
    Damage(Damage),
    /// A file can't be read.
    Files(String),
    /// What is on the disk, or the options, make no sense.
    Core(raft_core::BootError),
    /// The state machine does not take a piece of the snapshot.
    Machine(String),
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

impl From<Damage> for BootError {
    fn from(damage: Damage) -> BootError {
        BootError::Damage(damage)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Torn(file, at) => {
                write!(f, "{file}: a power loss tore the last record, at byte {at}; it is left out")
            }
            Note::Leftover(file) => write!(f, "{file}: not needed any more, and removed"),
        }
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::Damage(damage) => damage.fmt(f),
            BootError::Files(reason) => f.write_str(reason),
            BootError::Core(error) => error.fmt(f),
            BootError::Machine(reason) => {
                write!(f, "the state machine does not take the snapshot: {reason}")
            }
        }
    }
}

impl core::error::Error for BootError {}

/// Bytes of a snapshot's file that are read at once.
const READ: usize = 1 << 20;

/// Reads the files of a server, and hands the pieces of its state machine to `load`.
///
/// # Errors
/// [`BootError`], the first that is found. Nothing is repaired, and nothing is skipped.
pub fn recover(
    options: JournalOptions,
    files: &mut impl Files,
    load: &mut impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<Recovered, BootError> {
    let lengths: BTreeMap<File, u64> =
        files.list().map_err(BootError::Files)?.into_iter().collect();
    let numbers: Vec<u32> = lengths
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
        let bytes = files.read(file, 0, lengths[&file] as usize).map_err(BootError::Files)?;
        state.segment(*number, &bytes, nth + 1 == numbers.len())?;
    }
    let sessions = match state.tail.base.clone() {
        Some(snapshot) => Some(state.load(&snapshot, files, &lengths, load)?),
        None => None,
    };
    let base = state.tail.base.as_ref().map(|snapshot| snapshot.last);
    let needed = |file: &File| match file {
        File::Snapshot(last) => base == Some(*last),
        File::Partial(_) => false,
        File::Segment(number) => !leftovers.contains(number),
    };
    let leftovers = lengths.keys().filter(|file| !needed(file)).copied().collect();
    state.finish(sessions, leftovers)
}

/// The damage of a record that is not as it was written.
fn altered(file: File, at: usize) -> Damage {
    Damage { file, at: at as u64, reason: "a record is not as it was written".to_string() }
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
    /// The end of the segment that was read last, if something that is no record stands there.
    rest: Option<Rest>,
    /// The segment behind the last one, if it was not begun.
    unbegun: Option<u32>,
}

/// Something that is no record, behind the last record of a segment. It is a torn record that a former boot left out if the
/// next segment follows the record before it.
#[derive(Clone, Copy, Debug)]
struct Rest {
    file: File,
    at: usize,
    /// True if it looks like a record that a power loss tore.
    torn: bool,
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
            rest: None,
            unbegun: None,
        }
    }

    /// Reads a segment, which is the last one or not.
    fn segment(&mut self, number: u32, bytes: &[u8], is_last: bool) -> Result<(), Damage> {
        let first = self.segments.is_empty();
        let before = (self.place, self.end);
        self.place = Place { segment: number, at: 0, ..self.place };
        self.end = bytes.len() as u32;
        self.segments.push_back(Held { number, highest: None });
        if first {
            self.place.behind = record::behind(bytes, number).unwrap_or(self.place.behind);
        }
        loop {
            let at = self.place.at as usize;
            let rest = bytes.get(at..).unwrap_or_default();
            if at > 0 && rest.iter().all(|byte| *byte == 0) {
                return Ok(());
            }
            let Some(record) = record::read(bytes, &mut self.place) else {
                let torn =
                    !record::was_durable(bytes, at, number) && record::is_torn(bytes, at, number);
                let rest = Rest { file: File::Segment(number), at, torn };
                if at > 0 {
                    self.rest = Some(rest);
                    return Ok(());
                }
                if !torn || !is_last {
                    // Damage at the end of the segment before it looks the same.
                    let Rest { file, at, .. } = self.rest.unwrap_or(rest);
                    return Err(altered(file, at));
                }
                // The segment was not begun: what is in it was not acknowledged.
                self.segments.pop_back();
                (self.place, self.end) = before;
                self.unbegun = Some(number);
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
        // It stands behind the last record before.
        self.rest = None;
        Ok(())
    }

    fn change(&mut self, at: usize, change: Change) -> Result<(), Damage> {
        let Change { hard_state, snapshot, log } = change;
        self.tail.hard_state = hard_state.unwrap_or(self.tail.hard_state);
        if let Some(snapshot) = snapshot {
            self.tail.last = self.tail.last.max(Some(snapshot.last.index));
            self.tail.base = Some(snapshot);
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

    /// Reads the snapshot that the log begins behind. Returns its sessions.
    fn load(
        &self,
        snapshot: &Snapshot,
        files: &mut impl Files,
        lengths: &BTreeMap<File, u64>,
        load: &mut impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<Sessions, BootError> {
        let file = File::Snapshot(snapshot.last);
        let damage = |(at, reason): (u64, &str)| Damage { file, at, reason: reason.to_string() };
        let length = lengths.get(&file).ok_or_else(|| damage((0, "it is not there")))?;
        let handle = Handle::from_bytes(&snapshot.data)
            .ok_or_else(|| damage((0, "the log does not say what it is")))?;
        if *length != handle.size {
            return Err(damage((*length, "it does not end where it should")).into());
        }
        let mut reader = Reader::new(self.options.cluster, snapshot.last, handle);
        loop {
            match reader.next().map_err(damage)? {
                Part::More => {
                    let wanted = READ.min(reader.left() as usize);
                    let bytes = files.read(file, reader.at(), wanted).map_err(BootError::Files)?;
                    if bytes.is_empty() {
                        return Err(damage((reader.at(), "it ends too early")).into());
                    }
                    reader.push(&bytes);
                }
                Part::Piece(piece) => load(&piece).map_err(BootError::Machine)?,
                Part::Complete(sessions) => {
                    let read =
                        Sessions::from_bytes(&sessions).ok().filter(|(_, rest)| rest.is_empty());
                    let no_sessions = || damage((0, "it has no sessions")).into();
                    return read.map(|(sessions, _)| sessions).ok_or_else(no_sessions);
                }
            }
        }
    }

    fn finish(
        self,
        sessions: Option<Sessions>,
        leftovers: Vec<File>,
    ) -> Result<Recovered, BootError> {
        let base = self.tail.base.as_ref().map(|base| base.last.index);
        let first = LogIndex::after(base);
        if self.start > first && self.tail.last > base {
            return Err(self.damage(0, "entries behind the snapshot are missing").into());
        }
        let log = self.entries.into_iter().filter(|entry| Some(entry.index) > base).collect();
        // Snapshots are removed in their own lane, by the host.
        let segments = leftovers.iter().filter(|file| matches!(file, File::Segment(_)));
        let mut mend: Vec<Work> = segments.map(|file| Work::Remove { file: *file }).collect();
        let mut notes: Vec<Note> = leftovers.into_iter().map(Note::Leftover).collect();
        let mut end = self.end;
        if let Some(Rest { file, at, torn }) = self.rest {
            if !torn {
                return Err(altered(file, at).into());
            }
            notes.push(Note::Torn(file, at as u64));
            // The segment is full: nothing is written over what is there.
            end = self.place.at;
        }
        if let Some(number) = self.unbegun {
            let file = File::Segment(number);
            notes.push(Note::Torn(file, 0));
            mend.push(Work::Remove { file });
            mend.push(Work::SyncDirectory);
        }
        let (hard_state, snapshot) = (self.tail.hard_state, self.tail.base.clone());
        let mut journal = Journal::at(self.options, self.place, end, self.tail, self.segments);
        journal.begin_with(mend);
        Ok(Recovered { hard_state, snapshot, log, sessions, notes, journal })
    }
}
