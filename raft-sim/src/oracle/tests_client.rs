//! What clients are told: for each rule a history that raises exactly its alarm, next to a legal one that is
//! close to it, stays silent, and does put the property to the test.

use super::Property;
use super::tests_history::{History, raises, silent};
use super::tests_moves::once;
use crate::subject::{Answer, Outcome, Role};
use crate::words::{LogIndex, SessionId};

fn at(index: u64) -> LogIndex {
    LogIndex::new(index).expect("an index")
}

/// S1 leads term 1 of three servers, with the same command twice, committed with S2's help.
fn twice() -> History {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.ask_for(1, 1, &once(1, 1, 5));
    silent(history.write_entries(1, 1, &[once(1, 1, 5), once(2, 1, 5)]));
    history.flush(1);
    history.replicate(1, 2);
    silent(history.commit(1, 2));
    silent(history.commit(2, 2));
    history
}

#[test]
fn exactly_once_executed_twice() {
    let mut history = twice();
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    let verdict = history.apply_as(1, once(2, 1, 5), Outcome::Executed);
    let words = "S1 executed command 5 of session 1 at index 2, which was executed at index 1";
    raises(verdict, Property::ExactlyOnce, words);
}

#[test]
fn exactly_once_executed_elsewhere_by_another_server() {
    let mut history = twice();
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    silent(history.apply_as(2, once(1, 1, 5), Outcome::NoSession));
    let verdict = history.apply_as(2, once(2, 1, 5), Outcome::Executed);
    raises(verdict, Property::ExactlyOnce, "S2 executed command 5 of session 1 at index 2");
}

#[test]
fn exactly_once_the_same_everywhere() {
    let mut history = twice();
    for server in [1, 2] {
        silent(history.apply_as(server, once(1, 1, 5), Outcome::Executed));
        silent(history.apply_as(server, once(2, 1, 5), Outcome::Repeated));
    }
    assert_eq!(history.exercised(Property::ExactlyOnce), 3);
    // After a crash it executes the command again, in a state machine that starts over.
    history.crash(1);
    silent(history.restart(1));
    silent(history.commit(1, 2));
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
}

/// A command that comes late, behind a later one of its session, was perhaps never executed. Nor will it be.
#[test]
fn exactly_once_a_command_out_of_order_is_repeated_without_a_first_time() {
    let mut history = History::new(1);
    silent(history.enter(1, Role::Leader, 1, Some(1)));
    silent(history.write_entries(1, 1, &[once(1, 1, 5), once(2, 1, 4)]));
    history.flush(1);
    silent(history.commit(1, 2));
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    silent(history.apply_as(1, once(2, 1, 4), Outcome::Repeated));
}

#[test]
fn exactly_once_client_is_told_too_early() {
    let mut history = twice();
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    silent(history.answer(1, 1, Answer::Committed(at(1))));
    silent(history.answer(1, 2, Answer::Superseded));
    for answer in [
        Answer::Committed(at(2)),
        Answer::Registered(at(2), SessionId(1)),
        Answer::NoSession(at(2)),
    ] {
        let verdict = history.answer(1, 3, answer);
        let words = "S1 told a client of index 2, where it has applied 1 and 2 are committed";
        raises(verdict, Property::ExactlyOnce, words);
    }
}

#[test]
fn reads_older_than_what_was_told() {
    let mut history = twice();
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    silent(history.apply_as(1, once(2, 1, 5), Outcome::Repeated));
    silent(history.apply_as(2, once(1, 1, 5), Outcome::Executed));
    silent(history.answer(1, 1, Answer::Committed(at(2))));
    history.ask_read(2, 2);
    let verdict = history.answer(2, 2, Answer::Read(at(1)));
    let words = "S2 answered a read from index 1, when a client had been told of 2";
    raises(verdict, Property::Reads, words);
}

#[test]
fn reads_older_than_another_read() {
    let mut history = twice();
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    silent(history.apply_as(1, once(2, 1, 5), Outcome::Repeated));
    silent(history.apply_as(2, once(1, 1, 5), Outcome::Executed));
    history.ask_read(1, 1);
    silent(history.answer(1, 1, Answer::Read(at(2))));
    assert_eq!(history.exercised(Property::Reads), 0);
    history.ask_read(2, 2);
    raises(history.answer(2, 2, Answer::Read(at(1))), Property::Reads, "had been told of 2");
}

#[test]
fn reads_ahead_of_the_state_machine() {
    let mut history = twice();
    history.ask_read(2, 1);
    let verdict = history.answer(2, 1, Answer::Read(at(1)));
    raises(verdict, Property::Reads, "S2 answered a read from index 1, and has applied 0");
}

/// S2 lags, and answers at exactly the index that had been told when the read was asked; what was told
/// since, it owes to later reads only.
#[test]
fn reads_of_a_lagging_follower_at_exactly_what_was_told() {
    let mut history = twice();
    silent(history.apply_as(1, once(1, 1, 5), Outcome::Executed));
    silent(history.answer(1, 1, Answer::Committed(at(1))));
    history.ask_read(2, 2);
    silent(history.apply_as(1, once(2, 1, 5), Outcome::Repeated));
    silent(history.answer(1, 3, Answer::Committed(at(2))));
    silent(history.apply_as(2, once(1, 1, 5), Outcome::Executed));
    silent(history.answer(2, 2, Answer::Read(at(1))));
    assert_eq!(history.exercised(Property::Reads), 1);
}

/// Nobody waits for what a server owes that has crashed; and an answer that is none ends a read, too.
#[test]
fn reads_without_an_answer_are_forgotten() {
    let mut history = twice();
    history.ask_read(1, 1);
    history.ask_read(2, 2);
    history.ask_read(2, 3);
    history.crash(1);
    silent(history.answer(2, 2, Answer::NotLeader(None)));
    assert_eq!(history.oracles.reads.len(), 1);
}
