//! The properties of what must not go back or leave too early: for each a history that raises exactly its alarm, next to a
//! legal one that is close to it, stays silent, and does put the property to the test.

use super::Property;
use super::tests_history::{History, entry, raises, silent, success, writing};
use crate::subject::{Role, View, Write};
use crate::words::{AppendReply, Body, HardState, LogIndex, NodeId, Term};

#[test]
fn monotonicity_term_goes_back() {
    let mut history = History::given(&[(&[], 3, None), (&[], 3, None)]);
    let verdict = history.show(1, |view| view.term = Term(2));
    raises(verdict, Property::Monotonicity, "its term went from 3 to 2");
}

#[test]
fn monotonicity_vote_changes_or_is_forgotten() {
    let given = || History::given(&[(&[], 3, Some(2)), (&[], 3, None)]);
    let verdict = given().show(1, |view| view.voted_for = Some(NodeId(1)));
    raises(verdict, Property::Monotonicity, "its vote in term 3 went from S2 to S1");
    let verdict = given().show(1, |view| view.voted_for = None);
    raises(verdict, Property::Monotonicity, "its vote for S2 in term 3 was forgotten");
}

#[test]
fn monotonicity_commit_or_applied_goes_back() {
    let mut history = History::two_committed();
    raises(history.commit(1, 1), Property::Monotonicity, "its commit index went from 2 to 1");
    let mut history = History::two_committed();
    silent(history.apply(1, &[entry(1, 1)]));
    let verdict = history.show(1, |view| view.applied = None);
    raises(verdict, Property::Monotonicity, "its last applied went from 1 to 0");
}

#[test]
fn monotonicity_restart_forgets_term_or_vote() {
    let mut history = History::two_committed();
    history.crash(2);
    let forgot_vote = View { term: Term(1), ..View::default() };
    let verdict = history.restart_as(2, forgot_vote);
    raises(verdict, Property::Monotonicity, "its vote for S1 in term 1 was forgotten");
    let mut history = History::two_committed();
    history.crash(2);
    let verdict = history.restart_as(2, View::default());
    raises(verdict, Property::Monotonicity, "S2 started from its disk: its term went from 1 to 0");
}

#[test]
fn monotonicity_state_machine_starts_over_or_runs_ahead() {
    for (kept, applied, found) in [(2, 0, 0), (0, 1, 1)] {
        let mut history = History::two_committed();
        history.crash(1);
        let [kept, applied] = [kept, applied].map(LogIndex::new);
        let view = History::booted_at(1, 1, applied);
        let verdict = history.restart_keeping(1, kept, view);
        let detail = format!("S1 started with last applied {found}, though its state machine");
        raises(verdict, Property::Monotonicity, &detail);
    }
    let mut history = History::two_committed();
    history.crash(1);
    let kept = LogIndex::new(2);
    silent(history.restart_keeping(1, kept, History::booted_at(1, 1, kept)));
}

#[test]
fn monotonicity_write_undoes_a_vote() {
    let mut history = History::new(3);
    silent(history.enter(1, Role::Follower, 1, Some(2)));
    let verdict = history.step(1, |effects| {
        let hard_state = Some(HardState { term: Term(1), voted_for: Some(NodeId(3)) });
        effects.writes.push(Write { hard_state, ..writing(None) });
    });
    raises(verdict, Property::Monotonicity, "S1 wrote to its disk: its vote in term 1");
}

#[test]
fn monotonicity_new_term_clears_the_vote() {
    let mut history = History::given(&[(&[], 3, Some(2)), (&[], 3, None)]);
    let before = history.exercised(Property::Monotonicity);
    silent(history.enter(1, Role::Follower, 4, None));
    silent(history.enter(1, Role::Follower, 4, Some(2)));
    assert!(history.exercised(Property::Monotonicity) > before);
}

#[test]
fn persist_before_send_term() {
    let mut history = History::new(3);
    silent(history.enter(1, Role::Follower, 2, None));
    let refused = Body::AppendEntriesReply {
        reply: AppendReply::Refused { prev: None, conflict: None },
        round: 0,
    };
    let verdict = history.send(1, 2, 2, refused);
    raises(verdict, Property::PersistBeforeSend, "of term 2 before its term was on its disk");
}

#[test]
fn persist_before_send_vote() {
    let mut history = History::given(&[(&[], 1, None), (&[], 1, None), (&[], 1, None)]);
    silent(history.enter(2, Role::Follower, 1, Some(1)));
    let verdict = history.vote(2, 1, 1);
    raises(verdict, Property::PersistBeforeSend, "a RequestVoteReply of term 1 before its vote");
}

#[test]
fn persist_before_send_own_vote() {
    let mut history = History::new(3);
    silent(history.enter(1, Role::Follower, 1, None));
    history.flush(1);
    // The term is durable, the vote for itself is not.
    let verdict = history.ask(1, 1);
    raises(verdict, Property::PersistBeforeSend, "before its vote for itself was on its disk");
}

#[test]
fn persist_before_send_acknowledged_entries() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    silent(history.write(2, 1, &[1]));
    let verdict = history.send(2, 1, 1, success(1));
    raises(verdict, Property::PersistBeforeSend, "before the entries it acknowledges");
}

#[test]
fn persist_before_send_acknowledged_entries_over_an_old_tail() {
    // The disk of S2 still has another entry at the index that it acknowledges.
    let mut history = History::given(&[(&[1, 2], 2, None), (&[1, 1], 1, None), (&[1, 1], 1, None)]);
    history.elect(1, 3, &[2]);
    silent(history.write(2, 2, &[2]));
    let verdict = history.send(2, 1, 3, success(2));
    raises(verdict, Property::PersistBeforeSend, "before the entries it acknowledges");
}

#[test]
fn persist_before_send_everything_durable() {
    let mut history = History::two_committed();
    let before = history.exercised(Property::PersistBeforeSend);
    silent(history.send(2, 1, 1, success(2)));
    assert_eq!(history.exercised(Property::PersistBeforeSend), before + 1);
    assert_eq!(LogIndex::new(2), history.last(2).map(|last| last.index));
}
