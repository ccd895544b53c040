//! The checker of histories against the definition of linearizability itself: all orders of a few operations tried.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use raft_sim::history::{
    Call, Event, Explanation, History, Kind, Limits, Operation, Outcome, Step as Micro, Value,
    Verdict, check, read, write,
};

/// The next event of a history: the client, and what it does if it is idle, and if it waits.
#[derive(Clone, Debug)]
struct Step {
    client: usize,
    key: bool,
    call: Call,
    kind: Kind,
    /// What a read sees.
    seen: Option<Value>,
    /// The value that a failed compare-and-set names.
    saw: Option<Option<Value>>,
    version: Option<u32>,
}

/// The registers that histories are drawn of.
#[derive(Clone, Copy, Debug)]
enum Register {
    Plain,
    Lock,
    Text,
    List,
    Versions,
}

fn number() -> impl Strategy<Value = Option<Value>> {
    (0..3_i64).prop_map(|number| Some(number.into()))
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof!["a", "b", "ab"].prop_map(|text| text.as_str().into())
}

fn list() -> impl Strategy<Value = Value> {
    prop::collection::vec(0..3_i64, 1..3)
        .prop_map(|list| Value::List(list.into_iter().map(Value::from).collect()))
}

/// A call, and what a read may see.
fn call(register: Register) -> BoxedStrategy<(Call, Option<Value>)> {
    let write = number().prop_map(Call::Write);
    match register {
        Register::Plain | Register::Versions => {
            let cas = (number(), number()).prop_map(|(old, new)| Call::Cas(old, new));
            let call = prop_oneof![3 => Just(Call::Read(None)), 3 => write, 1 => cas];
            (call, prop_oneof![1 => Just(None), 4 => number()]).boxed()
        }
        Register::Lock => {
            let call = prop_oneof![Just(Call::Acquire(None)), Just(Call::Release(None))];
            (call, Just(None)).boxed()
        }
        Register::Text => {
            let write = prop_oneof![Just(None), text().prop_map(Some)].prop_map(Call::Write);
            let append = text().prop_map(Call::Append);
            let seen = prop::option::weighted(0.8, "[ab]{1,3}")
                .prop_map(|text| text.map(|text| text.as_str().into()));
            let call = prop_oneof![3 => Just(Call::Read(None)), 3 => append, 1 => write];
            (call, seen).boxed()
        }
        Register::List => {
            let both = (list(), list()).prop_map(|(more, seen)| {
                Call::Transaction([Micro::Append(more), Micro::Read(Some(seen))].into())
            });
            let append = list().prop_map(Call::Append);
            let call = prop_oneof![3 => Just(Call::Read(None)), 3 => append, 1 => both];
            (call, prop::option::of(list())).boxed()
        }
    }
}

fn step(register: Register) -> impl Strategy<Value = Step> {
    let kind = prop_oneof![6 => Just(Kind::Ok), 1 => Just(Kind::Fail), 1 => Just(Kind::Info)];
    let key = prop::bool::weighted(0.1);
    let saw = prop::option::of(number());
    let version = match register {
        Register::Versions => prop::option::weighted(0.7, 0..4_u32).boxed(),
        Register::Plain | Register::Lock | Register::Text | Register::List => Just(None).boxed(),
    };
    (0..4_usize, key, call(register), kind, saw, version).prop_map(
        |(client, key, (call, seen), kind, saw, version)| Step {
            client,
            key,
            call,
            kind,
            seen,
            saw,
            version,
        },
    )
}

fn steps(register: Register, most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(register), 1..most)
}

/// The same steps without cas, and with another value in each write: the checker decides these in another way. A read
/// sees one of the last values.
fn with_own_values(steps: &[Step]) -> Vec<Step> {
    let mut steps = steps.to_vec();
    for (value, step) in (0..).zip(&mut steps) {
        let reads = matches!(step.call, Call::Read(_));
        step.call = if reads { Call::Read(None) } else { Call::Write(Some(value.into())) };
        step.seen = match step.seen {
            Some(Value::Number(back)) => Some((value - 2 - 2 * back).into()),
            Some(Value::Text(_) | Value::List(_)) | None => None,
        };
    }
    steps
}

/// The history of these steps. A client whose operation was left unknown goes on as another process.
fn history(steps: &[Step]) -> History {
    let mut history = History::default();
    let mut process = [0, 1, 2, 3];
    let mut open: BTreeMap<u64, Event> = BTreeMap::new();
    for Step { client, key, call, kind, seen, saw, version } in steps.iter().cloned() {
        let this = process[client];
        let event = match open.remove(&this) {
            None => {
                let key = key.then(|| "other".into());
                Event { process: this, kind: Kind::Invoke, key, call, version: None, time: None }
            }
            Some(invoked) => {
                let call = match (invoked.call, kind, saw) {
                    (Call::Read(_), Kind::Ok, _) => Call::Read(seen),
                    (Call::Cas(old, new), Kind::Fail, Some(saw)) => Call::Refused { old, new, saw },
                    (call, _, _) => call,
                };
                Event { kind, call, version: version.filter(|_| kind == Kind::Ok), ..invoked }
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
        let Event { process, kind, key, call, version, time: _ } = event.clone();
        if kind == Kind::Invoke {
            operations.push(Operation {
                process,
                key,
                call,
                invoked: at,
                outcome: Outcome::Unknown,
                version: None,
            });
            continue;
        }
        let mine = operations.iter_mut().rfind(|one| one.process == process);
        let operation = mine.expect("it was invoked");
        match kind {
            Kind::Invoke | Kind::Info => {}
            Kind::Ok => {
                (operation.outcome, operation.call) = (Outcome::Ok(at), call);
                operation.version = version;
            }
            Kind::Fail => (operation.outcome, operation.call) = (Outcome::Failed(at), call),
        }
    }
    operations
}

/// True if there is an order of all registers together: each operation that completed ok is in it, each that is
/// unknown may be, and none comes behind one that began when it was over.
fn has_order(operations: &[Operation]) -> bool {
    let happened = |one: &Operation| match (one.outcome, &one.call) {
        (Outcome::Failed(_), Call::Refused { .. }) => true,
        (Outcome::Failed(_), _) => false,
        (Outcome::Ok(_) | Outcome::Unknown, _) => true,
    };
    let rest: Vec<Operation> = operations.iter().filter(|one| happened(one)).cloned().collect();
    goes_on(&rest, &BTreeMap::new())
}

/// The version and the value of a register, after a call on it; `None` if the call can't happen.
fn after(call: &Call, (version, value): (u32, Option<Value>)) -> Option<(u32, Option<Value>)> {
    let grown = |value: Option<Value>, more: &Value| match (value, more) {
        (None, more) => Some(more.clone()),
        (Some(Value::Text(text)), Value::Text(more)) => {
            Some(format!("{text}{more}").as_str().into())
        }
        (Some(Value::List(list)), Value::List(more)) => {
            Some(Value::List(list.iter().chain(more.iter()).cloned().collect()))
        }
        _ => None,
    };
    match call {
        Call::Read(seen) => (*seen == value).then_some((version, value)),
        Call::Refused { old, saw, .. } => (*saw == value && old != saw).then_some((version, value)),
        Call::Write(new) => Some((version + 1, new.clone())),
        Call::Cas(old, new) => (*old == value).then(|| (version + 1, new.clone())),
        Call::Append(more) => Some((version + 1, Some(grown(value, more)?))),
        Call::Acquire(_) => value.is_none().then(|| (version, Some("taken".into()))),
        Call::Release(_) => value.is_some().then_some((version, None)),
        Call::Transaction(steps) => {
            steps.iter().try_fold((version, value), |(_, value), step| match step {
                Micro::Append(more) => Some((version, Some(grown(value, more)?))),
                Micro::Read(seen) => (*seen == value).then_some((version, value)),
            })
        }
    }
}

fn goes_on(rest: &[Operation], registers: &BTreeMap<Option<String>, (u32, Option<Value>)>) -> bool {
    if rest.iter().all(|one| one.outcome == Outcome::Unknown) {
        return true;
    }
    (0..rest.len()).any(|next| {
        let one = &rest[next];
        if rest.iter().any(|other| other.completed().is_some_and(|over| over < one.invoked)) {
            return false;
        }
        let key = one.key.as_deref().map(str::to_owned);
        let there = registers.get(&key).cloned().unwrap_or_default();
        let mut registers = registers.clone();
        // The value of an unknown read is not known.
        if one.outcome != Outcome::Unknown || !matches!(one.call, Call::Read(_)) {
            let Some((version, value)) = after(&one.call, there) else { return false };
            if one.version.is_some_and(|made| made != version) {
                return false;
            }
            registers.insert(key, (version, value));
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
    fn a_verdict_agrees_with_trying_all_orders(steps in steps(Register::Plain, 16)) {
        compare(&history(&steps))?;
    }

    #[test]
    fn a_verdict_agrees_if_each_value_is_written_once(steps in steps(Register::Plain, 16)) {
        compare(&history(&with_own_values(&steps)))?;
    }

    #[test]
    fn a_verdict_agrees_on_locks(steps in steps(Register::Lock, 14)) {
        compare(&history(&steps))?;
    }

    #[test]
    fn a_verdict_agrees_on_texts_that_grow(steps in steps(Register::Text, 14)) {
        compare(&history(&steps))?;
    }

    #[test]
    fn a_verdict_agrees_on_lists_that_grow(steps in steps(Register::List, 14)) {
        compare(&history(&steps))?;
    }

    #[test]
    fn a_verdict_agrees_on_versions(steps in steps(Register::Versions, 14)) {
        compare(&history(&steps))?;
    }

    #[test]
    fn a_written_history_is_read_back(steps in steps(Register::Plain, 30)) {
        let history = history(&steps);
        let mut text = Vec::new();
        write(&history, &mut text).expect("memory takes it");
        let back = read(&text).expect("it is a history");
        prop_assert_eq!(back.events(), history.events());
    }
}

#[test]
fn drawn_histories_have_both_verdicts() {
    for (register, own_values) in [
        (Register::Plain, false),
        (Register::Plain, true),
        (Register::Lock, false),
        (Register::Text, false),
        (Register::List, false),
        (Register::Versions, false),
    ] {
        let count = [Cell::new(0), Cell::new(0)];
        proptest!(ProptestConfig::with_cases(500), |(steps in steps(register, 14))| {
            let steps = if own_values { with_own_values(&steps) } else { steps };
            let legal = check(&history(&steps), &Limits::default()) == Verdict::Linearizable;
            let count = &count[usize::from(legal)];
            count.set(count.get() + 1);
        });
        let [illegal, legal] = count.map(Cell::into_inner);
        assert!(legal > 30 && illegal > 30, "{register:?}: {legal} legal, {illegal} illegal");
    }
}
