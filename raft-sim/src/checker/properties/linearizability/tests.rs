//! Histories of a register: for each breach one that raises exactly its alarm, next to a legal one that is close to
//! it and stays silent.

use super::Property;
use super::register::{Breach, Proposed, Register, Value};
use crate::checker::properties::hooks::Checker;
use crate::checker::properties::reads::Reads;
use crate::checker::testing::moves::once;
use crate::checker::testing::{History, raises, silent};
use crate::mix::{below, chance, mix};
use crate::model::{Entry, LogIndex};
use crate::subject::{Answer, Outcome};

fn committed(index: u64) -> Answer {
    Answer::Committed(LogIndex::new(index).expect("an index"))
}

fn read(index: u64) -> Answer {
    Answer::Read(LogIndex::new(index).expect("an index"))
}

/// A read of a register without concurrent reads: returns the write that it sees.
fn reads(register: &mut Register, value: impl Into<Option<Value>>) -> Result<u64, Breach> {
    let asked = register.read();
    register.saw(asked, value.into()).map(|(number, _)| number)
}

/// A register to which 10 was written, then 20.
fn overwritten() -> Register {
    let mut register = Register::new();
    for value in [10, 20] {
        register.write(value);
        assert!(register.done(value / 10));
    }
    register
}

#[test]
fn what_was_overwritten_before_the_read_is_not_read() {
    let stale = Breach::Overwritten { read: 1, by: 2 };
    assert_eq!(reads(&mut overwritten(), 10), Err(stale));
    let nothing = Breach::Overwritten { read: 0, by: 2 };
    assert_eq!(reads(&mut overwritten(), None), Err(nothing));
    assert_eq!(reads(&mut overwritten(), 20), Ok(2));
}

#[test]
fn what_is_overwritten_during_the_read_may_be_read() {
    let mut register = Register::new();
    register.write(10);
    assert!(register.done(1));
    let asked = register.read();
    register.write(20);
    assert!(register.done(2));
    // Nothing was there to be read from the beginning of the read on.
    let nothing = Breach::Overwritten { read: 0, by: 1 };
    assert_eq!(register.saw(asked, None), Err(nothing));
    assert_eq!(register.saw(asked, Some(10)), Ok((1, 1)));
    assert_eq!(reads(&mut register, 20), Ok(2));
}

#[test]
fn writes_at_the_same_time_come_in_one_order_for_all() {
    for (first, then, breach) in [
        (20, 10, Breach::Overwritten { read: 1, by: 2 }),
        (10, 20, Breach::Overwritten { read: 2, by: 1 }),
    ] {
        let mut register = Register::new();
        register.write(10);
        register.write(20);
        assert!(register.done(1) && register.done(2));
        assert!(reads(&mut register, first).is_ok());
        assert_eq!(reads(&mut register, then), Err(breach));
    }
}

#[test]
fn a_write_without_an_answer_happens_whenever_it_is_read_and_then_it_has() {
    let mut register = Register::new();
    register.write(10);
    register.write(20);
    assert!(register.done(2));
    assert_eq!(reads(&mut register, 20), Ok(2));
    assert_eq!(reads(&mut register, 10), Ok(1));
    assert_eq!(reads(&mut register, 20), Err(Breach::Overwritten { read: 2, by: 1 }));
}

#[test]
fn what_failed_is_not_read_neither_before_nor_after() {
    let mut register = Register::new();
    register.write(10);
    assert_eq!(register.failed(1), Ok(true));
    assert_eq!(reads(&mut register, 10), Err(Breach::Failed(1)));

    let mut register = Register::new();
    register.write(10);
    assert_eq!(reads(&mut register, 10), Ok(1));
    assert_eq!(register.failed(1), Err(Breach::Denied(1)));
}

#[test]
fn what_failed_may_be_tried_again_as_another_operation() {
    let mut register = Register::new();
    register.write(10);
    assert_eq!(register.failed(1), Ok(true));
    register.write(20);
    assert!(register.done(2));
    assert_eq!(register.write(10), 3);
    assert_eq!(reads(&mut register, 10), Ok(3), "it began when it was tried again");
    assert_eq!(reads(&mut register, 20), Err(Breach::Overwritten { read: 2, by: 3 }));
}

#[test]
fn what_one_server_refuses_another_may_have_done() {
    let mut register = Register::new();
    assert_eq!(register.write_once(10), Proposed::Anew(1));
    assert_eq!(register.write_once(10), Proposed::Again(1));
    assert_eq!(register.failed(1), Ok(false), "one of two");
    assert_eq!(reads(&mut register, 10), Ok(1));
    assert!(register.done(1) && !register.done(1));
    assert_eq!(register.write_once(10), Proposed::Again(1), "a client that has lost the answer");
    assert_eq!(register.failed(1), Ok(false), "it is done all the same");
}

#[test]
fn nothing_follows_from_a_value_that_two_have_written() {
    let mut register = overwritten();
    register.write(10);
    for value in [10, 20, 10] {
        assert!(reads(&mut register, value).is_ok());
    }
}

#[test]
fn no_read_sees_a_value_that_no_client_wrote() {
    assert_eq!(reads(&mut Register::new(), 10), Err(Breach::Invented));
    let mut register = Register::new();
    register.given(10);
    assert_eq!(reads(&mut register, None), Ok(0));
    assert_eq!(reads(&mut register, 10), Ok(1));
}

/// S1 leads term 1 of three servers; clients have handed in two commands, which S1 has committed with S2's help.
fn two_commands() -> (History, [Entry; 2]) {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    let entries = [once(1, 1, 1), once(2, 1, 2)];
    for (request, entry) in (1..).zip(&entries) {
        history.ask_for(1, request, entry);
    }
    silent(history.write_entries(1, 1, &entries));
    history.flush(1);
    history.replicate(1, 2);
    silent(history.commit(1, 2));
    silent(history.commit(2, 2));
    (history, entries)
}

#[test]
fn linearizability_reads_of_what_each_server_has_executed() {
    let (mut history, [first, second]) = two_commands();
    silent(history.apply_as(1, first.clone(), Outcome::Executed));
    silent(history.answer(1, 1, committed(1)));
    silent(history.apply_as(2, first, Outcome::Executed));
    history.ask_read(2, 3);
    silent(history.answer(2, 3, read(1)));
    silent(history.apply_as(1, second, Outcome::Executed));
    history.ask_read(1, 4);
    silent(history.answer(1, 4, read(2)));
    assert_eq!(history.exercised(Property::Linearizability), 2);
    // S2 has not executed the second, which S1 has acknowledged. It is asked later, and its answer has no index
    // that would show that.
    history.checkers.list.reads = Reads::new(&history.checkers.record);
    history.ask_read(2, 5);
    let words = "S2 answered a read with command 1, which command 2 had overwritten before the";
    raises(history.answer(2, 5, read(1)), Property::Linearizability, words);
}

#[test]
fn linearizability_a_command_that_failed_is_executed() {
    let (mut history, [first, second]) = two_commands();
    silent(history.apply_as(1, first, Outcome::Executed));
    silent(history.answer(1, 2, Answer::Superseded));
    history.ask_read(1, 3);
    silent(history.answer(1, 3, read(1)));
    silent(history.apply_as(1, second, Outcome::Executed));
    history.ask_read(1, 4);
    let words =
        "S1 answered a read with command 2, which had been reported to its client as not executed";
    raises(history.answer(1, 4, read(2)), Property::Linearizability, words);
}

#[test]
fn linearizability_a_command_that_is_repeated_changes_nothing() {
    let (mut history, [first, second]) = two_commands();
    silent(history.apply_as(1, first, Outcome::Executed));
    silent(history.answer(1, 1, committed(1)));
    silent(history.apply_as(1, second, Outcome::Repeated));
    history.ask_read(1, 3);
    silent(history.answer(1, 3, read(2)));
    // S1 begins anew, with the first command alone.
    history.crash(1);
    let view = History::booted_at(1, 1, LogIndex::new(2));
    silent(history.restart_keeping(1, LogIndex::new(2), view));
    history.ask_read(1, 4);
    silent(history.answer(1, 4, read(2)));
}

/// An operation of a small history: a write of a value or a read that saw one, from when to when, if it ended.
#[derive(Clone, Copy, Debug)]
struct Small {
    writes: bool,
    value: Value,
    from: u64,
    until: Option<u64>,
}

/// True if some order explains all operations that ended: every order is tried.
fn has_order(left: &[Small], holds: Value) -> bool {
    if left.iter().all(|op| op.until.is_none()) {
        return true;
    }
    let first_end = left.iter().filter_map(|op| op.until).min().unwrap_or(u64::MAX);
    (0..left.len()).any(|next| {
        let op = left[next];
        let rest = [&left[..next], &left[next + 1..]].concat();
        let may = op.from < first_end && (op.writes || op.value == holds);
        may && has_order(&rest, op.value)
    })
}

/// A small history, drawn from these bits: returns the register's verdict on each of its reads, and that of trying
/// all orders.
fn small_history(seed: u64) -> Vec<(bool, bool)> {
    let mut register = Register::new();
    let mut all: Vec<Small> = Vec::new();
    let mut since: Vec<u64> = Vec::new();
    let mut verdicts = Vec::new();
    let mut written = 0;
    for time in 0..12 {
        let bits = mix(seed, time);
        let open: Vec<usize> = (0..all.len()).filter(|&op| all[op].until.is_none()).collect();
        if open.is_empty() || all.len() < 7 && chance(bits, 500_000) {
            let writes = chance(mix(bits, 1), 500_000);
            let value = if writes { written + 1 } else { 0 };
            written += u64::from(writes);
            all.push(Small { writes, value, from: time, until: None });
            since.push(if writes { register.write(value) } else { register.read() });
            continue;
        }
        let op = open[below(mix(bits, 2), open.len() as u64) as usize];
        all[op].until = Some(time);
        if all[op].writes {
            register.done(since[op]);
            continue;
        }
        let value = below(mix(bits, 3), written + 1);
        all[op].value = value;
        let saw = register.saw(since[op], Some(value).filter(|value| *value > 0));
        let ended: Vec<Small> =
            all.iter().copied().filter(|op| op.writes || op.until.is_some()).collect();
        verdicts.push((saw.is_ok(), has_order(&ended, 0)));
        if saw.is_err() {
            break;
        }
    }
    verdicts
}

#[test]
fn a_read_is_refused_if_and_only_if_no_order_explains_it() {
    let verdicts: Vec<(bool, bool)> = (0..4_000).flat_map(small_history).collect();
    assert!(verdicts.iter().all(|(judged, tried)| judged == tried));
    let legal = verdicts.iter().filter(|(judged, _)| *judged).count();
    assert!((1_000..verdicts.len() - 500).contains(&legal), "{legal} of {}", verdicts.len());
}
