//! Durable, written, torn and lost.

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
