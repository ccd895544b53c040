//! The properties of committing: for each a history that raises exactly its alarm, next to a
//! legal one that is close to it, stays silent, and does put the property to the test.

use super::Property;
use super::tests_history::{History, entry, raises, silent};
use crate::subject::{Role, View};
use crate::words::{Entry, LogIndex, NodeId, Payload, Term};

#[test]
fn leader_completeness_new_leader_without_a_committed_entry() {
    let mut history = History::two_committed();
    history.stand(3, 2);
    history.grant(2, 3, 2);
    let verdict = history.lead(3);
    raises(verdict, Property::LeaderCompleteness, "S3 became leader of term 2 without");
}

#[test]
fn leader_completeness_shows_when_the_commit_is_learned_late() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    // S1 has not heard of it when S2 votes for a candidate with an empty log.
    history.elect(3, 2, &[2]);
    let verdict = history.commit(1, 1);
    raises(verdict, Property::LeaderCompleteness, "S3 leads term 2 without the entries");
}

#[test]
fn leader_completeness_new_leader_with_everything() {
    let mut history = History::two_committed();
    history.elect(2, 2, &[3]);
    assert_eq!(history.exercised(Property::LeaderCompleteness), 1);
}

#[test]
fn state_machine_safety_follower_commits_another_entry() {
    let mut history = History::new(5);
    history.elect(1, 1, &[2, 3]);
    history.propose(1);
    history.elect(4, 2, &[5, 3]);
    history.propose(4);
    history.replicate(4, 3);
    history.replicate(4, 5);
    silent(history.commit(4, 1));
    silent(history.enter(1, Role::Follower, 2, None));
    let verdict = history.commit(1, 1);
    raises(verdict, Property::StateMachineSafety, "differs from what was committed before");
}

#[test]
fn state_machine_safety_commit_that_no_leader_made() {
    let mut history = History::two_committed();
    history.propose(1);
    history.replicate(1, 2);
    let verdict = history.commit(2, 3);
    raises(verdict, Property::StateMachineSafety, "where no leader has committed anything");
}

#[test]
fn state_machine_safety_commit_past_the_own_log() {
    let mut history = History::two_committed();
    let verdict = history.commit(3, 2);
    raises(verdict, Property::StateMachineSafety, "past its last entry");
}

#[test]
fn state_machine_safety_boots_with_a_commit_that_no_leader_made() {
    let mut history = History::two_committed();
    silent(history.write(2, 3, &[1]));
    history.flush(2);
    history.crash(2);
    let commit = LogIndex::new(3);
    let view = View { term: Term(1), voted_for: Some(NodeId(1)), commit, ..View::default() };
    let verdict = history.restart_as(2, view);
    raises(verdict, Property::StateMachineSafety, "where no leader has committed anything");
}

#[test]
fn state_machine_safety_applies_another_command() {
    let mut history = History::two_committed();
    let other = Entry { payload: Payload::Noop, ..entry(2, 1) };
    let verdict = history.apply(1, &[entry(1, 1), other]);
    raises(verdict, Property::StateMachineSafety, "S1 applied at index 2 something else");
}

#[test]
fn state_machine_safety_applies_with_a_gap_or_twice_or_too_early() {
    let verdict = History::two_committed().apply(1, &[entry(2, 1)]);
    raises(verdict, Property::StateMachineSafety, "applied index 2 where index 1 is next");
    let verdict = History::two_committed().apply(1, &[entry(1, 1), entry(1, 1)]);
    raises(verdict, Property::StateMachineSafety, "applied index 1 where index 2 is next");
    let verdict = History::two_committed().apply(2, &[entry(1, 1)]);
    raises(verdict, Property::StateMachineSafety, "0 its commit index");
}

#[test]
fn state_machine_safety_commits_and_applies_of_the_same() {
    let mut history = History::two_committed();
    silent(history.commit(2, 1));
    silent(history.apply(2, &[entry(1, 1)]));
    silent(history.commit(2, 2));
    silent(history.apply(2, &[entry(2, 1)]));
    assert_eq!(history.exercised(Property::StateMachineSafety), 4);
    assert_eq!(history.committed_len(), 2);
}

#[test]
fn commit_own_term_counts_an_old_entry() {
    // Figure 8 (c): S1 is back in term 4 and finds its entry of term 2 on a majority.
    let mut history = History::given(&[
        (&[1, 2], 3, None),
        (&[1, 2], 2, None),
        (&[1, 2], 2, None),
        (&[1], 2, None),
        (&[1, 3], 3, None),
    ]);
    history.elect(1, 4, &[2, 3]);
    let verdict = history.commit(1, 2);
    let words = "S1, leader of term 4, committed up to index 2, an entry of term 2";
    raises(verdict, Property::CommitOwnTerm, words);
}

#[test]
fn commit_own_term_old_entry_by_way_of_a_new_one() {
    let mut history = History::given(&[(&[1, 2], 3, None), (&[1, 2], 2, None), (&[1], 2, None)]);
    history.elect(1, 4, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    silent(history.commit(1, 3));
    assert_eq!(history.exercised(Property::CommitOwnTerm), 1);
    assert_eq!(history.committed_len(), 3);
}

#[test]
fn quorum_durability_entry_in_flight_to_the_disk() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    silent(history.enter(3, Role::Follower, 1, None));
    silent(history.write(3, 1, &[1]));
    let verdict = history.commit(1, 1);
    raises(verdict, Property::QuorumDurability, "which is on the disks of 1 servers of 3");
}

#[test]
fn quorum_durability_entry_lost_in_a_wipe() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    history.wipe(2);
    raises(history.commit(1, 1), Property::QuorumDurability, "on the disks of 1 servers");
}

#[test]
fn quorum_durability_majority_on_disks() {
    let history = History::two_committed();
    assert_eq!(history.exercised(Property::QuorumDurability), 1);
}
