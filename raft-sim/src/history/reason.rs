//! Reasons why operations can't be ordered, as sentences.

use std::collections::BTreeSet;

use super::search::{Value, effect};
use super::{Call, Operation, Outcome};

/// The largest number of values that a sentence lists.
const MOST: usize = 6;

/// Says why the operations of `core` can't be put in an order, among all `operations` of their register, which can
/// only hold `held` when the last of them completes. It may also return an operation outside of `core` that the
/// sentence mentions.
pub(super) fn reason(
    operations: &[Operation],
    core: &[Operation],
    held: &BTreeSet<Value>,
) -> (String, Option<Operation>) {
    let needs = |one: &Operation| effect(one.call).0.filter(|_| is_ok(one));
    let needy = core.iter().filter_map(|one| Some((one, needs(one)?)));
    let Some((last, value)) = needy.max_by_key(|(one, _)| one.completed()) else {
        // Writes alone can always be ordered.
        return ("these operations contradict each other".to_owned(), None);
    };
    let of_value: Vec<&Operation> =
        operations.iter().filter(|one| effect(one.call).1 == Some(value)).collect();
    if let Some((sentence, other)) = never_there(last, value, &of_value) {
        return (sentence, other.cloned());
    }
    let sentence = overwritten(core, last).unwrap_or_else(|| {
        let values: Vec<String> = held.iter().take(MOST).map(|&value| shown(value)).collect();
        let more = if held.len() > MOST { " or another value" } else { "" };
        let values = values.join(" or ");
        let action = did(last);
        format!("{action}, but in each order of what was before, the register holds {values}{more} by then")
    });
    // An operation that the value came from earlier. If it had come later it would be in the core.
    let first = core.iter().map(|one| one.invoked).min();
    let is_source = |one: &&Operation| is_ok(one) && one.completed() < first;
    (sentence, of_value.into_iter().rfind(is_source).cloned())
}

/// The sentence for a value that no operation can have written by the time that it was read.
fn never_there<'o>(
    last: &Operation,
    value: Value,
    of_value: &[&'o Operation],
) -> Option<(String, Option<&'o Operation>)> {
    value?;
    if of_value.iter().any(|one| !is_failed(one)) {
        return None;
    }
    let action = did(last);
    match of_value.first() {
        Some(failed) => {
            let (client, what) = (failed.process, noun(failed.call));
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
    let had = match before.call {
        Call::Read(seen) => format!("read {}", shown(seen)),
        Call::Write(value) => format!("completed its write of {value}"),
        Call::Cas(old, new) => format!("completed its change of {old} to {new}"),
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

fn is_failed(operation: &Operation) -> bool {
    match operation.outcome {
        Outcome::Failed(_) => true,
        Outcome::Ok(_) | Outcome::Unknown => false,
    }
}

/// The action of a completed operation: `client 3 read 1`.
fn did(operation: &Operation) -> String {
    let client = operation.process;
    match operation.call {
        Call::Read(seen) => format!("client {client} read {}", shown(seen)),
        Call::Write(value) => format!("client {client} wrote {value}"),
        Call::Cas(old, new) => format!("client {client} changed {old} to {new}"),
    }
}

fn noun(call: Call) -> String {
    match call {
        Call::Read(seen) => format!("read of {}", shown(seen)),
        Call::Write(value) => format!("write of {value}"),
        Call::Cas(old, new) => format!("change of {old} to {new}"),
    }
}

fn shown(value: Value) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}
