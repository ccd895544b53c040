//! Histories that break it, and legal ones that are close to it.

use std::sync::Arc;

use crate::checker::properties::Property;
use crate::checker::testing::moves::members;
use crate::checker::testing::{History, entry, raises, silent, success, writing};
use crate::model::{Body, Chunk, LogIndex, Membership, NodeId, Snapshot, Term};
use crate::subject::{Role, View, Write};

fn first() -> Membership {
    members(&[1, 2, 3], &[])
}

/// S1 leads term 3 and has committed three entries; S3 has four others, all of term 1.
fn conflicting() -> (History, Snapshot) {
    let given: &[(&[u64], u64, Option<u32>)] =
        &[(&[2, 2], 2, None), (&[2, 2], 2, None), (&[1, 1, 1, 1], 2, None)];
    let mut history = History::given(given);
    history.elect(1, 3, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    silent(history.commit(1, 3));
    silent(history.enter(3, Role::Follower, 3, None));
    let snapshot = history.snapshot(1, 3, &first());
    (history, snapshot)
}

fn part(snapshot: &Snapshot) -> Body {
    let Snapshot { last, membership, cluster, data } = snapshot.clone();
    let (offset, size) = (0, data.len() as u64);
    Body::InstallSnapshot {
        chunk: Arc::new(Chunk { last, membership, cluster, offset, size, data }),
        round: 0,
    }
}

#[test]
fn snapshots_beyond_what_is_applied() {
    let (mut history, _) = History::with_snapshot();
    let snapshot = history.snapshot(1, 4, &first());
    raises(
        history.compact(1, &snapshot),
        Property::Snapshots,
        "up to index 4 (0 before, 4 written)",
    );
}

#[test]
fn snapshots_of_what_was_never_committed() {
    let (mut history, mut snapshot) = History::with_snapshot();
    snapshot.last.term = Term(2);
    silent(history.enter(3, Role::Follower, 2, None));
    let verdict = history.install(1, 3, &snapshot);
    raises(verdict, Property::Snapshots, "S3 has a snapshot up to 3/2, an entry that was never");
}

#[test]
fn snapshots_with_another_configuration() {
    let (mut history, snapshot) = History::with_snapshot();
    let membership = Arc::new(members(&[1, 2, 4], &[]));
    let verdict = history.compact(1, &Snapshot { membership, ..snapshot });
    raises(verdict, Property::Snapshots, "has the configuration S1 S2 S4, not S1 S2 S3");
}

#[test]
fn snapshots_of_the_same_entries_that_differ() {
    let (mut history, snapshot) = History::with_snapshot();
    silent(history.compact(1, &snapshot));
    silent(history.enter(3, Role::Follower, 1, None));
    let data = Arc::from([1]);
    let verdict = history.install(1, 3, &Snapshot { data, ..snapshot });
    raises(verdict, Property::Snapshots, "the snapshot of S3 up to 3/1 is not the same as another");
}

#[test]
fn snapshots_go_back() {
    let (mut history, snapshot) = History::with_snapshot();
    silent(history.compact(1, &snapshot));
    let earlier = history.snapshot(1, 2, &first());
    raises(history.compact(1, &earlier), Property::Snapshots, "up to index 3 by one up to 2");
    let (mut history, snapshot) = History::with_snapshot();
    silent(history.compact(1, &snapshot));
    raises(
        history.show(1, |view| view.snapshot = None),
        Property::Snapshots,
        "(3 before, 3 written)",
    );
}

#[test]
fn snapshots_are_forgotten_over_a_restart() {
    let (mut history, snapshot) = History::with_snapshot();
    silent(history.compact(1, &snapshot));
    history.flush(1);
    history.crash(1);
    let base = LogIndex::new(3);
    let view = History::booted_at(1, 1, base);
    let verdict = history.restart_keeping(1, None, view);
    raises(
        verdict,
        Property::Snapshots,
        "S1 started with a snapshot up to index 0, where its disk has 3",
    );
}

#[test]
fn snapshots_do_not_take_the_state_machine_back() {
    let (mut history, snapshot) = History::with_snapshot();
    silent(history.commit(2, 4));
    let log = history.at(2).log.clone();
    silent(history.apply(2, &log));
    let verdict = history.step(2, |effects| effects.restored = Some(Arc::new(snapshot)));
    raises(verdict, Property::Snapshots, "S2 took its state back from index 4 to 3");
}

#[test]
fn snapshots_are_not_followed_by_another_log() {
    let (mut history, snapshot) = conflicting();
    let snapshot = Some(Arc::new(snapshot));
    let verdict =
        history.step(3, |effects| effects.writes.push(Write { snapshot, ..writing(None) }));
    raises(verdict, Property::Snapshots, "S3 kept the log behind its snapshot up to 3/3");
}

/// A server without a log takes over a snapshot, and goes on behind it: with entries, with a commit, as a
/// leader, and over a crash.
#[test]
fn restored_server_goes_on_behind_its_snapshot() {
    let (mut history, snapshot) = History::with_snapshot();
    silent(history.compact(1, &snapshot));
    history.flush(1);
    silent(history.enter(3, Role::Follower, 1, None));
    history.flush(3);
    silent(history.send(1, 3, 1, part(&snapshot)));
    silent(history.install(1, 3, &snapshot));
    raises(
        history.send(3, 1, 1, success(3)),
        Property::PersistBeforeSend,
        "entries it acknowledges",
    );
    history.flush(3);
    silent(history.send(3, 1, 1, success(3)));
    silent(history.matched(1, 3, 3));
    history.replicate(1, 3);
    silent(history.commit(3, 4));
    let log = history.at(3).log.clone();
    silent(history.apply(3, &log[3..]));
    history.crash(3);
    silent(history.restart(3));
    assert_eq!(history.at(3).view.applied, LogIndex::new(3));
    history.elect(3, 2, &[2]);
    history.propose(3);
    history.replicate(3, 2);
    silent(history.commit(3, 5));
    assert_eq!(history.exercised(Property::Snapshots), 3);
    assert_eq!(history.exercised(Property::LeaderCompleteness), 1);
}

/// A crash takes a snapshot that was not durable: the server has the log again that it had before.
#[test]
fn restored_server_crashes_before_its_disk_has_the_snapshot() {
    let (mut history, snapshot) = History::with_snapshot();
    silent(history.enter(3, Role::Follower, 1, None));
    history.flush(3);
    silent(history.install(1, 3, &snapshot));
    history.crash(3);
    silent(history.restart(3));
    assert_eq!((history.at(3).view.applied, history.last(3)), (None, None));
    history.replicate(1, 3);
    silent(history.install(1, 3, &snapshot));
}

/// The log behind a snapshot stays, and with it the configuration in it. The one before goes out of sight.
#[test]
fn compacted_server_keeps_what_is_behind() {
    let (mut history, _) = History::with_snapshot();
    let mut next = first();
    next.learners = vec![NodeId(4)];
    silent(history.configure(1, &next));
    history.replicate(1, 2);
    silent(history.commit(1, 5));
    let log = history.at(1).log.clone();
    silent(history.apply(1, &log[3..]));
    assert_eq!(history.at(1).view.configuration, LogIndex::new(5));
    let early = history.snapshot(1, 4, &first());
    silent(history.compact(1, &early));
    assert_eq!(history.at(1).view.configuration, LogIndex::new(5));
    let late = history.snapshot(1, 5, &first());
    assert_eq!(*late.membership, next);
    silent(history.compact(1, &late));
    assert_eq!(history.at(1).view.configuration, None);
    history.flush(1);
    silent(history.enter(3, Role::Follower, 1, None));
    silent(history.install(1, 3, &late));
    history.flush(3);
    history.crash(3);
    silent(history.restart(3));
    raises(
        history.show(3, |view| view.configuration = LogIndex::new(5)),
        Property::Configurations,
        "S3 uses the configuration at index 5",
    );
}

/// A server that is added later has no configuration but what the snapshot says.
#[test]
fn restored_newcomer_learns_the_first_configuration() {
    let mut history = History::with_members(4, 3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    silent(history.commit(1, 1));
    silent(history.apply(1, &[entry(1, 1)]));
    silent(history.enter(4, Role::Follower, 1, None));
    let snapshot = history.snapshot(1, 1, &first());
    silent(history.install(1, 4, &snapshot));
    history.flush(4);
    // By it, S4 knows that it is no voter.
    let verdict = history.enter(4, Role::Leader, 2, Some(4));
    raises(verdict, Property::LegalRoles, "without an election");
    let mut history = History::with_members(4, 3);
    let none = Arc::new(Membership::default());
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 4);
    history.replicate(1, 2);
    silent(history.commit(1, 1));
    silent(history.commit(4, 1));
    silent(history.apply(4, &[entry(1, 1)]));
    let verdict = history.compact(4, &Snapshot { membership: none, ..snapshot });
    raises(verdict, Property::Snapshots, "has the configuration none, not S1 S2 S3");
}

/// What a durable state machine has kept may be behind the snapshot, from which it goes on then.
#[test]
fn kept_state_machine_is_behind_the_snapshot() {
    for (kept, applied_then, right) in [(2, 3, true), (0, 3, true), (4, 4, true), (2, 2, false)] {
        let (mut history, snapshot) = History::with_snapshot();
        silent(history.compact(1, &snapshot));
        history.flush(1);
        history.crash(1);
        let [kept, applied, base] = [kept, applied_then, 3].map(LogIndex::new);
        let view = View { snapshot: base, ..History::booted_at(1, 1, applied) };
        let verdict = history.restart_keeping(1, kept, view);
        if right {
            silent(verdict);
        } else {
            raises(verdict, Property::Monotonicity, "S1 started with last applied 2");
        }
    }
}

/// An empty end of the log is written with every snapshot that takes the place of all of it.
#[test]
fn snapshot_over_a_conflicting_log() {
    let (mut history, snapshot) = conflicting();
    silent(history.install(1, 3, &snapshot));
    history.flush(3);
    silent(history.send(3, 1, 3, success(3)));
    silent(history.write_entries(3, 4, &[entry(4, 3)]));
    let verdict = history.write_entries(3, 3, &[]);
    raises(verdict, Property::CommittedNeverTruncated, "S3 cut its log to 2");
}
