//! Reasons why operations can't be ordered, as sentences.

use std::collections::BTreeSet;

use super::{Call, Operation, Outcome, Step, Value};

/// The largest number of values that a sentence lists.
const MOST: usize = 6;

/// A value that a register can hold; `None` is one that no operation needs and that is not known.
type Held = Option<Option<Value>>;

/// Says why the operations of `core` can't be put in an order, among all `operations` of their register, which can
/// only hold `held` when the last of them completes. It may also return an operation outside of `core` that the
/// sentence mentions.
pub(super) fn reason(
    operations: &[Operation],
    core: &[Operation],
    held: &BTreeSet<Held>,
) -> (String, Option<Operation>) {
    if let Some(refused) = core.iter().find_map(refused_what_it_saw) {
        return (refused, None);
    }
    let completed = core.iter().filter(|one| one.completed().is_some());
    let needy = completed.clone().filter(|one| happened(one) && one.call.needs().is_some());
    let Some(last) = needy.max_by_key(|one| one.completed()) else {
        let last = completed.max_by_key(|one| one.completed());
        let what = last.map_or_else(
            || "these operations".to_owned(),
            |last| format!("{} and the operations below", did(last)),
        );
        return (format!("{what} contradict each other"), None);
    };
    let value = last.call.needs().cloned().flatten();
    let of_value: Vec<&Operation> =
        operations.iter().filter(|one| one.call.makes() == Some(&value)).collect();
    let appended =
        operations.iter().any(|one| one.call.needs().is_none() && one.call.makes().is_none());
    if let Some((sentence, other)) =
        never_there(last, value.as_ref(), &of_value).filter(|_| !appended)
    {
        return (sentence, other.cloned());
    }
    let sentence = overwritten(core, last).unwrap_or_else(|| otherwise(last, held));
    // An operation that the value came from earlier. If it had come later it would be in the core.
    let first = core.iter().map(|one| one.invoked).min();
    let is_source = |one: &&Operation| is_ok(one) && one.completed() < first;
    (sentence, of_value.into_iter().rfind(is_source).cloned())
}

/// The sentence for values that the register holds instead.
fn otherwise(last: &Operation, held: &BTreeSet<Held>) -> String {
    let action = did(last);
    let known: Vec<String> = held.iter().flatten().take(MOST).map(shown).collect();
    let more = if known.len() < held.len() { " or another value" } else { "" };
    if known.is_empty() {
        return format!(
            "{action}, but in no order of what was before does the register hold that by then"
        );
    }
    let values = known.join(" or ");
    format!(
        "{action}, but in each order of what was before, the register holds {values}{more} by then"
    )
}

/// The sentence for a compare-and-set that was refused although it saw what it was to find.
fn refused_what_it_saw(one: &Operation) -> Option<String> {
    match &one.call {
        Call::Refused { old, new, saw } if old == saw => {
            let (client, old, new) = (one.process, shown(old), shown(new));
            Some(format!(
                "the change of {old} to {new} of client {client} was refused, but it saw {old}"
            ))
        }
        Call::Refused { .. }
        | Call::Read(_)
        | Call::Write(_)
        | Call::Cas(..)
        | Call::Append(_)
        | Call::Acquire(_)
        | Call::Release(_)
        | Call::Transaction(_) => None,
    }
}

/// The sentence for a value that no operation can have written by the time that it was read.
fn never_there<'o>(
    last: &Operation,
    value: Option<&Value>,
    of_value: &[&'o Operation],
) -> Option<(String, Option<&'o Operation>)> {
    value?;
    if of_value.iter().any(|one| happened(one)) {
        return None;
    }
    let action = did(last);
    match of_value.first() {
        Some(failed) => {
            let (client, what) = (failed.process, noun(&failed.call));
            Some((format!("{action}, but the {what} of client {client} failed"), Some(failed)))
        }
        None => Some((format!("{action}, which was never written before"), None)),
    }
}

/// The sentence for a value that certainly was in the register before the operation began, and had been replaced.
fn overwritten(core: &[Operation], last: &Operation) -> Option<String> {
    let [one, other] = core else { return None };
    let before = if one == last { other } else { one };
    let was_over = is_ok(before) && before.completed() < Some(last.invoked);
    if !was_over {
        return None;
    }
    let had = match &before.call {
        Call::Read(seen) => format!("read {}", shown(seen)),
        Call::Refused { saw, .. } => format!("seen {}", shown(saw)),
        Call::Write(value) => format!("completed its write of {}", shown(value)),
        Call::Cas(old, new) => format!("completed its change of {} to {}", shown(old), shown(new)),
        Call::Append(_) | Call::Acquire(_) | Call::Release(_) | Call::Transaction(_) => {
            return None;
        }
    };
    let (action, client) = (did(last), before.process);
    Some(format!("{action}, but client {client} had {had} before that began"))
}

fn is_ok(operation: &Operation) -> bool {
    match operation.outcome {
        Outcome::Ok(_) => true,
        Outcome::Failed(_) | Outcome::Unknown => false,
    }
}

/// True if an operation may have happened, or saw something.
fn happened(operation: &Operation) -> bool {
    match (operation.outcome, &operation.call) {
        (Outcome::Failed(_), Call::Refused { .. }) | (Outcome::Ok(_) | Outcome::Unknown, _) => true,
        (Outcome::Failed(_), _) => false,
    }
}

/// The action of a completed operation: `client 3 read 1`.
fn did(operation: &Operation) -> String {
    let client = operation.process;
    let did = match &operation.call {
        Call::Read(seen) => format!("read {}", shown(seen)),
        Call::Write(value) => format!("wrote {}", shown(value)),
        Call::Cas(old, new) => format!("changed {} to {}", shown(old), shown(new)),
        Call::Refused { old, saw, .. } => {
            format!("was refused a change of {} because it saw {}", shown(old), shown(saw))
        }
        Call::Append(more) => format!("appended {more}"),
        Call::Acquire(owner) => format!("took the lock{}", owner_of(owner)),
        Call::Release(owner) => format!("released the lock{}", owner_of(owner)),
        Call::Transaction(steps) => transaction(steps),
    };
    format!("client {client} {did}")
}

fn transaction(steps: &[Step]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Step::Append(more) => format!("appended {more}"),
            Step::Read(seen) => format!("read {}", shown(seen)),
        })
        .collect();
    steps.join(" and ")
}

fn owner_of(owner: &Option<Value>) -> String {
    owner.as_ref().map_or_else(String::new, |owner| format!(" for {owner}"))
}

fn noun(call: &Call) -> String {
    match call {
        Call::Write(value) => format!("write of {}", shown(value)),
        Call::Cas(old, new) | Call::Refused { old, new, .. } => {
            format!("change of {} to {}", shown(old), shown(new))
        }
        Call::Read(_)
        | Call::Append(_)
        | Call::Acquire(_)
        | Call::Release(_)
        | Call::Transaction(_) => "operation".to_owned(),
    }
}

fn shown(value: &Option<Value>) -> String {
    value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string)
}
