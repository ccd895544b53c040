//! The checker of histories against the definition of linearizability itself: all orders of a few operations tried.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use raft_sim::history::{
    Call, Event, Explanation, History, Kind, Limits, Operation, Outcome, Verdict, check, read,
    write,
};

/// The next event of a history: the client, and what it does if it is idle, and if it waits.
#[derive(Clone, Debug)]
struct Step {
    client: usize,
    key: bool,
    call: Call,
    kind: Kind,
    seen: Option<i64>,
}

fn step() -> impl Strategy<Value = Step> {
    let value = || 0..3_i64;
    let call = prop_oneof![
        3 => Just(Call::Read(None)),
        3 => value().prop_map(Call::Write),
        1 => (value(), value()).prop_map(|(old, new)| Call::Cas(old, new)),
    ];
    let kind = prop_oneof![6 => Just(Kind::Ok), 1 => Just(Kind::Fail), 1 => Just(Kind::Info)];
    let seen = prop_oneof![1 => Just(None), 4 => value().prop_map(Some)];
    let key = prop::bool::weighted(0.1);
    (0..4_usize, key, call, kind, seen).prop_map(|(client, key, call, kind, seen)| Step {
        client,
        key,
        call,
        kind,
        seen,
    })
}

/// The same steps without cas, and with another value in each write: the checker decides these in another way. A read
/// sees one of the last values.
fn with_own_values(steps: &[Step]) -> Vec<Step> {
    let mut steps = steps.to_vec();
    for (value, step) in (0..).zip(&mut steps) {
        step.call = match step.call {
            Call::Read(seen) => Call::Read(seen),
            Call::Write(_) | Call::Cas(..) => Call::Write(value),
        };
        step.seen = step.seen.map(|back| value - 2 - 2 * back);
    }
    steps
}

/// The history of these steps. A client whose operation was left unknown goes on as another process.
fn history(steps: &[Step]) -> History {
    let mut history = History::default();
    let mut process = [0, 1, 2, 3];
    let mut open: BTreeMap<u64, Event> = BTreeMap::new();
    for Step { client, key, call, kind, seen } in steps.iter().cloned() {
        let this = process[client];
        let event = match open.remove(&this) {
            None => {
                let key = key.then(|| "other".into());
                Event { process: this, kind: Kind::Invoke, key, call, time: None }
            }
            Some(invoked) => {
                let call = match (invoked.call, kind) {
                    (Call::Read(_), Kind::Ok) => Call::Read(seen),
                    (call, _) => call,
                };
                Event { kind, call, ..invoked }
            }
        };
        match event.kind {
            Kind::Invoke => {
                open.insert(this, event.clone());
            }
            Kind::Info => process[client] += 4,
            Kind::Ok | Kind::Fail => {}
        }
        history.push(event).expect("it makes sense");
    }
    history
}

/// The operations of the first `events` events. Independent of the checker's code.
fn operations(history: &History, events: usize) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for (at, event) in history.events()[..events].iter().enumerate() {
        let Event { process, kind, key, call, time: _ } = event.clone();
        if kind == Kind::Invoke {
            operations.push(Operation {
                process,
                key,
                call,
                invoked: at,
                outcome: Outcome::Unknown,
            });
            continue;
        }
        let mine = operations.iter_mut().rfind(|one| one.process == process);
        let operation = mine.expect("it was invoked");
        match kind {
            Kind::Invoke | Kind::Info => {}
            Kind::Ok => (operation.outcome, operation.call) = (Outcome::Ok(at), call),
            Kind::Fail => operation.outcome = Outcome::Failed(at),
        }
    }
    operations
}

/// True if there is an order of all registers together: each operation that completed ok is in it, each that is
/// unknown may be, and none comes behind one that began when it was over.
fn has_order(operations: &[Operation]) -> bool {
    let happened = |one: &Operation| !matches!(one.outcome, Outcome::Failed(_));
    let rest: Vec<Operation> = operations.iter().filter(|one| happened(one)).cloned().collect();
    goes_on(&rest, &BTreeMap::new())
}

fn goes_on(rest: &[Operation], registers: &BTreeMap<Option<String>, i64>) -> bool {
    if rest.iter().all(|one| one.outcome == Outcome::Unknown) {
        return true;
    }
    (0..rest.len()).any(|next| {
        let one = &rest[next];
        if rest.iter().any(|other| other.completed().is_some_and(|over| over < one.invoked)) {
            return false;
        }
        let key = one.key.as_deref().map(str::to_owned);
        let there = registers.get(&key).copied();
        let mut registers = registers.clone();
        match one.call {
            // The value of an unknown read is not known.
            Call::Read(seen) if one.outcome != Outcome::Unknown && seen != there => return false,
            Call::Read(_) => {}
            Call::Cas(old, _) if there != Some(old) => return false,
            Call::Write(new) | Call::Cas(_, new) => {
                registers.insert(key, new);
            }
        }
        goes_on(&[&rest[..next], &rest[next + 1..]].concat(), &registers)
    })
}

/// Compares the verdict, and the report of an illegal history, with the result of trying all orders.
fn compare(history: &History) -> Result<(), TestCaseError> {
    let of_all = operations(history, history.events().len());
    match check(history, &Limits::default()) {
        Verdict::Linearizable => prop_assert!(has_order(&of_all), "it has no order"),
        Verdict::GaveUp(_) => prop_assert!(false, "there is memory"),
        Verdict::Illegal(explanation) => {
            prop_assert!(!has_order(&of_all), "it has an order");
            let Explanation { events, operations: core, key, .. } = *explanation;
            prop_assert!(!has_order(&operations(history, events)), "these events are illegal");
            prop_assert!(has_order(&operations(history, events - 1)), "and fewer are not");
            prop_assert!(!has_order(&core), "the operations are illegal by themselves");
            prop_assert!(core.iter().all(|one| one.key == key));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_verdict_agrees_with_trying_all_orders(steps in prop::collection::vec(step(), 1..16)) {
        compare(&history(&steps))?;
    }

    #[test]
    fn a_verdict_agrees_if_each_value_is_written_once(steps in prop::collection::vec(step(), 1..16)) {
        compare(&history(&with_own_values(&steps)))?;
    }

    #[test]
    fn a_written_history_is_read_back(steps in prop::collection::vec(step(), 1..30)) {
        let history = history(&steps);
        let mut text = Vec::new();
        write(&history, &mut text).expect("memory takes it");
        let back = read(&text).expect("it is a history");
        prop_assert_eq!(back.events(), history.events());
    }
}

#[test]
fn drawn_histories_have_both_verdicts() {
    for own_values in [false, true] {
        let count = [Cell::new(0), Cell::new(0)];
        proptest!(ProptestConfig::with_cases(500), |(steps in prop::collection::vec(step(), 10..16))| {
            let steps = if own_values { with_own_values(&steps) } else { steps };
            let legal = check(&history(&steps), &Limits::default()) == Verdict::Linearizable;
            let count = &count[usize::from(legal)];
            count.set(count.get() + 1);
        });
        let [illegal, legal] = count.map(Cell::into_inner);
        assert!(legal > 50 && illegal > 50, "{legal} legal, {illegal} illegal");
    }
}
