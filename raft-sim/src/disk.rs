//! A server's disk. It distinguishes durable writes from writes that are only issued, and it takes time.
//!
//! Writes become durable in the order in which they were given, each as a whole. A power loss loses the writes that
//! are not durable yet, or all but the first few of them: the host decides how many survive. The next write was not
//! reported as durable, so it may be torn: only the first few of the entries that it appends survive.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entries, Membership, Payload, Position, Term};
    use crate::subject::LogWrite;

    fn index(number: u64) -> LogIndex {
        LogIndex::new(number).expect("not 0")
    }

    fn entries(from: u64, terms: &[u64]) -> Vec<Entry> {
        let entry = |(number, &term): (u64, &u64)| Entry {
            index: index(number),
            term: Term(term),
            payload: Payload::Noop,
        };
        (from..).zip(terms).map(entry).collect()
    }

    /// A snapshot up to an index, of an entry of a term.
    fn snapshot(last: u64, term: u64) -> Option<Arc<Snapshot>> {
        let last = Position { index: index(last), term: Term(term) };
        let membership = Arc::new(Membership::default());
        Some(Arc::new(Snapshot { last, membership, cluster: 1, data: Arc::from([]) }))
    }

    fn log(from: u64, terms: &[u64]) -> Option<LogWrite> {
        Some(LogWrite { from: index(from), entries: Entries::from(&entries(from, terms)[..]) })
    }

    fn write(token: u64, snapshot: Option<Arc<Snapshot>>, log: Option<LogWrite>) -> Write {
        Write { snapshot, log, ..Write::new(Token(token)) }
    }

    /// Index and term of what is durable, and of what was written.
    fn logs(disk: &Disk) -> [Vec<(u64, u64)>; 2] {
        let places = |log: &[Entry]| log.iter().map(|e| (e.index.get(), e.term.0)).collect();
        let written = disk.written_log();
        assert_eq!(
            disk.written_length(),
            written.last().map_or(base(disk.written_snapshot()), |last| last.index.get())
        );
        [places(disk.log()), places(&written)]
    }

    #[test]
    fn a_snapshot_takes_the_beginning_of_the_log_and_leaves_what_is_behind() {
        let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1, 2, 2, 2]));
        disk.submit(write(1, snapshot(3, 2), None), None);
        assert_eq!(logs(&disk)[1], [(4, 2), (5, 2)]);
        assert_eq!(logs(&disk)[0].len(), 5, "nothing is durable yet");
        assert_eq!((disk.snapshot(), base(disk.written_snapshot())), (None, 3));
        disk.submit(write(2, None, log(5, &[3, 3])), None);
        assert_eq!(disk.sync_next(Token(1)).map(|write| write.token), Some(Token(1)));
        let [durable, written] = logs(&disk);
        assert_eq!(durable, [(4, 2), (5, 2)]);
        assert_eq!(written, [(4, 2), (5, 3), (6, 3)]);
        assert!(disk.sync_next(Token(1)).is_none(), "the second write is later");
        disk.lose_unsynced();
        assert_eq!(logs(&disk)[1], durable);
    }

    #[test]
    fn a_write_may_put_a_snapshot_in_place_of_the_whole_log() {
        // Of a log that is shorter than the snapshot nothing stays; a longer one is cut by the same write.
        for terms in [&[1, 1][..], &[1, 1, 1, 1, 1, 1]] {
            let mut disk = Disk::new(HardState::default(), entries(1, terms));
            disk.submit(write(1, snapshot(4, 2), log(5, &[])), Some(0));
            disk.submit(write(2, None, log(5, &[2])), None);
            assert_eq!(logs(&disk)[1], [(5, 2)]);
            assert_eq!(disk.sync_next(Token(2)).map(|write| write.token), Some(Token(1)));
            assert_eq!(logs(&disk), [vec![], vec![(5, 2)]]);
            assert_eq!(disk.snapshot().map(|snapshot| snapshot.last.index), Some(index(4)));
        }
    }

    #[test]
    fn a_durable_state_machine_keeps_what_is_durable_as_it_was_written() {
        let kept = |disk: &Disk| length(disk.durable_prefix());
        let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1, 1, 1]));
        assert_eq!(kept(&disk), 4);
        disk.submit(write(1, None, log(5, &[1, 1])), None);
        assert_eq!(kept(&disk), 4, "entries 5 and 6 are not durable");
        disk.submit(write(2, snapshot(6, 1), None), None);
        assert_eq!(kept(&disk), 4, "nor is the snapshot");
        disk.sync_next(Token(2));
        assert_eq!(kept(&disk), 6, "the log says as much as the snapshot");
        disk.sync_next(Token(2));
        assert_eq!(kept(&disk), 6);
        disk.submit(write(3, None, log(7, &[1, 1])), None);
        disk.sync_next(Token(3));
        disk.submit(write(4, None, log(8, &[2])), None);
        assert_eq!(kept(&disk), 7, "entry 8 is being replaced");
    }

    #[test]
    fn a_durable_state_machine_keeps_nothing_of_a_snapshot_that_is_not_durable() {
        let kept = |disk: &Disk| length(disk.durable_prefix());
        // Entries 3 and 4 were never committed: the snapshot stands for others.
        let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1, 1, 1]));
        disk.submit(write(1, snapshot(9, 3), log(10, &[])), Some(2));
        assert_eq!(kept(&disk), 2);
        disk.submit(write(2, snapshot(20, 4), log(21, &[])), Some(9));
        assert_eq!(kept(&disk), 2);
        disk.sync_next(Token(1));
        assert_eq!(kept(&disk), 9);
        disk.sync_next(Token(2));
        assert_eq!(kept(&disk), 20);
    }

    #[test]
    fn a_torn_write_is_all_but_the_entries_behind_the_first() {
        for (torn, left) in [(0, &[(4, 2)][..]), (1, &[(4, 2), (5, 3)])] {
            let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1, 2, 2, 2]));
            let hard_state = Some(HardState { term: Term(3), voted_for: None });
            let commit = LogIndex::new(6);
            disk.submit(
                Write { hard_state, commit, ..write(1, snapshot(3, 2), log(5, &[3, 3])) },
                None,
            );
            disk.submit(write(2, None, log(7, &[3])), None);
            let durable =
                disk.tear(Torn::Entries(torn)).and_then(|write| write.log).expect("it was torn");
            assert_eq!(durable.entries.len(), torn);
            assert_eq!(logs(&disk)[0], left);
            assert_eq!((disk.hard_state().term, disk.commit()), (Term(3), None));
            assert_eq!(disk.snapshot().map(|snapshot| snapshot.last.index), Some(index(3)));
            assert_eq!(disk.unsynced(), 1);
        }
    }

    #[test]
    fn a_write_torn_in_its_snapshot_leaves_term_and_vote() {
        let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1]));
        disk.submit(write(1, None, log(3, &[2])), None);
        assert!(disk.tear(Torn::Snapshot).is_none(), "it has no snapshot");
        let hard_state = Some(HardState { term: Term(3), voted_for: None });
        let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1]));
        let whole = Write { hard_state, ..write(1, snapshot(4, 2), log(5, &[3])) };
        disk.submit(whole, None);
        assert!(disk.tear(Torn::Snapshot).is_some());
        assert_eq!((disk.hard_state().term, disk.snapshot()), (Term(3), None));
        assert_eq!(logs(&disk), [vec![(1, 1), (2, 1)], vec![(1, 1), (2, 1)]]);
        assert!(!disk.is_dirty());
    }

    #[test]
    fn an_entry_is_durable_with_the_last_write_that_has_it() {
        let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1]));
        disk.submit(write(1, None, log(3, &[1, 1])), None);
        disk.submit(write(2, None, log(4, &[2])), None);
        disk.submit(write(3, snapshot(2, 1), None), None);
        let writes = |place: u64| disk.writes_through(index(place));
        assert_eq!([1, 2, 3, 4, 5].map(writes), [Some(3), Some(3), Some(1), Some(2), None]);
    }

    #[test]
    fn a_place_at_which_a_write_is_torn_is_a_number_or_a_word() {
        for (torn, text) in [(Torn::Entries(2), "2"), (Torn::Snapshot, "\"snapshot\"")] {
            assert_eq!(serde_json::to_string(&torn).expect("it is data"), text);
            assert_eq!(serde_json::from_str::<Torn>(text).expect("it is data"), torn);
        }
    }

    #[test]
    fn a_commit_index_is_as_durable_as_the_write_it_is_in() {
        let committing =
            |token, commit| Write { commit: LogIndex::new(commit), ..write(token, None, None) };
        let mut disk = Disk::new(HardState::default(), entries(1, &[1, 1, 1]));
        disk.submit(committing(1, 2), None);
        disk.submit(write(2, None, log(4, &[1])), None);
        assert_eq!(disk.commit(), None);
        disk.sync_next(Token(2));
        disk.sync_next(Token(2));
        assert_eq!(disk.commit(), LogIndex::new(2), "a write without one leaves it as it was");
        disk.submit(committing(3, 3), None);
        disk.lose_unsynced();
        assert_eq!(disk.commit(), LogIndex::new(2));
        disk.lie(true);
        disk.submit(committing(4, 4), None);
        disk.sync_next(Token(4));
        assert_eq!(disk.commit(), LogIndex::new(4));
        disk.lose_unsynced();
        assert_eq!(disk.commit(), LogIndex::new(2), "a lie ends with the power");
    }

    #[test]
    fn a_write_that_appends_no_more_is_not_torn() {
        let mut disk = Disk::default();
        assert!(disk.tear(Torn::Entries(0)).is_none());
        disk.submit(write(1, None, log(1, &[1, 1])), None);
        assert!(disk.tear(Torn::Entries(2)).is_none() && disk.tear(Torn::Entries(9)).is_none());
        let mut cut = Disk::new(HardState::default(), entries(1, &[1, 1]));
        cut.submit(write(1, None, log(2, &[])), None);
        assert!(cut.tear(Torn::Entries(0)).is_none());
        assert_eq!((disk.unsynced(), cut.unsynced(), cut.log().len()), (1, 1, 2));
    }
}
