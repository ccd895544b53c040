//! The properties of logs: for each a history that raises exactly its alarm, next to a
//! legal one that is close to it, stays silent, and does put the property to the test.

use super::tests_history::{History, entry, raises, silent, success};
use super::{Oracles, Property};
use crate::subject::{Role, View};
use crate::words::{Entry, HardState, NodeId, Payload, Term};

#[test]
fn leader_append_only_rewrite_of_an_uncommitted_entry() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    let verdict = history.write(1, 1, &[1, 1]);
    raises(verdict, Property::LeaderAppendOnly, "S1, a leader, wrote from index 1 on");
}

#[test]
fn leader_append_only_follower_may_truncate() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.elect(2, 2, &[3]);
    history.propose(2);
    history.replicate(2, 1);
    assert_eq!(history.exercised(Property::LeaderAppendOnly), 2);
}

#[test]
fn log_matching_other_command_at_the_same_position() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    let other = Entry { payload: Payload::Noop, ..entry(1, 1) };
    let verdict = history.write_entries(2, 1, &[other]);
    raises(verdict, Property::LogMatching, "S2 wrote entry 1/1, which another log has");
}

#[test]
fn log_matching_other_history_before_the_same_position() {
    let mut history = History::given(&[(&[1, 2], 3, None), (&[2], 3, None), (&[], 3, None)]);
    let verdict = history.write(2, 2, &[2]);
    raises(verdict, Property::LogMatching, "S2 wrote entry 2/2");
}

#[test]
fn log_matching_write_with_a_gap() {
    let mut history = History::given(&[(&[1], 1, None)]);
    let verdict = history.write(1, 3, &[1]);
    raises(verdict, Property::LogMatching, "from index 3 on, behind a log that ends at 1");
}

#[test]
fn log_matching_entry_under_a_false_index() {
    let mut history = History::given(&[(&[], 1, None)]);
    let verdict = history.write_entries(1, 1, &[entry(2, 1)]);
    raises(verdict, Property::LogMatching, "S1 wrote entry 2/1 at index 1");
}

#[test]
fn log_matching_logs_of_different_terms_may_differ() {
    let mut history = History::given(&[(&[1, 2], 3, None), (&[1, 3], 3, None), (&[], 3, None)]);
    silent(history.write(3, 1, &[1, 2]));
    silent(history.write(3, 2, &[3]));
    assert_eq!(history.exercised(Property::LogMatching), 4);
}

#[test]
fn committed_never_truncated_other_entry() {
    let mut history = History::two_committed();
    silent(history.commit(2, 2));
    silent(history.enter(2, Role::Follower, 2, None));
    let verdict = history.write(2, 2, &[2]);
    raises(verdict, Property::CommittedNeverTruncated, "S2 replaced the entry at index 2");
}

#[test]
fn committed_never_truncated_shorter_log() {
    let mut history = History::two_committed();
    silent(history.commit(2, 2));
    let verdict = history.write(2, 1, &[1]);
    raises(verdict, Property::CommittedNeverTruncated, "S2 cut its log to 1, below");
}

#[test]
fn committed_never_truncated_same_entries_written_again() {
    let mut history = History::two_committed();
    silent(history.commit(2, 2));
    silent(history.write(2, 1, &[1, 1]));
    assert_eq!(history.exercised(Property::CommittedNeverTruncated), 1);
}

#[test]
fn log_terms_decrease_along_the_log() {
    let mut history = History::given(&[(&[1, 3], 3, None)]);
    let verdict = history.write(1, 3, &[2]);
    raises(verdict, Property::LogTerms, "S1 wrote entry 3/2 behind an entry of term 3");
}

#[test]
fn log_terms_exceed_the_own_term() {
    let mut history = History::given(&[(&[1], 3, None)]);
    let verdict = history.write(1, 2, &[4]);
    raises(verdict, Property::LogTerms, "S1 wrote entry 2/4 while its own term is 3");
}

#[test]
fn log_terms_given_log_is_judged() {
    let mut oracles = Oracles::new(&[NodeId(1)]);
    let durable = HardState { term: Term(1), voted_for: None };
    let view = View { term: Term(1), ..View::default() };
    let verdict = oracles.booted(NodeId(1), durable, None, &[entry(1, 2)], None, &view);
    raises(verdict, Property::LogTerms, "S1 wrote entry 1/2 while its own term is 1");
}

#[test]
fn log_terms_rise_with_jumps() {
    let mut history = History::given(&[(&[1], 6, None), (&[], 6, None)]);
    silent(history.write(1, 2, &[4, 4, 6]));
    assert_eq!(history.exercised(Property::LogTerms), 4);
}

#[test]
fn follower_matches_leader_other_entry() {
    let mut history = History::given(&[(&[1, 2], 2, None), (&[1, 1], 1, None), (&[1, 1], 1, None)]);
    history.elect(1, 3, &[2]);
    silent(history.send(2, 1, 3, success(1)));
    let verdict = history.send(2, 1, 3, success(2));
    raises(verdict, Property::FollowerMatchesLeader, "match up to index 2");
}

#[test]
fn follower_matches_leader_past_either_log() {
    let given = || {
        let mut history =
            History::given(&[(&[1, 1], 1, None), (&[1], 1, None), (&[1, 1, 1], 1, None)]);
        history.elect(1, 2, &[2]);
        silent(history.enter(3, Role::Follower, 2, None));
        history.flush(3);
        history
    };
    raises(given().send(2, 1, 2, success(2)), Property::FollowerMatchesLeader, "S2 told S1");
    raises(given().send(3, 1, 2, success(3)), Property::FollowerMatchesLeader, "S3 told S1");
}

#[test]
fn follower_matches_leader_up_to_the_agreed_index() {
    let mut history = History::given(&[(&[1, 2], 2, None), (&[1, 1], 1, None), (&[1, 1], 1, None)]);
    history.elect(1, 3, &[2]);
    silent(history.send(2, 1, 3, success(1)));
    assert_eq!(history.exercised(Property::FollowerMatchesLeader), 1);
}
