//! Operations: an invocation and its outcome.

use std::collections::BTreeMap;

use super::{Call, Event, Key, Kind, Step, Value};

/// An operation of a client, with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The client.
    pub process: u64,
    /// The register.
    pub key: Option<Key>,
    /// The call; a read that completed ok has the value that it saw.
    pub call: Call,
    /// The event that invoked it, from 0.
    pub invoked: usize,
    /// The outcome.
    pub outcome: Outcome,
    /// The version that it saw or made, if it is known.
    pub version: Option<u32>,
}

/// The outcome of an operation, with the event that reported it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened before this event.
    Ok(usize),
    /// It did not happen, as this event reported.
    Failed(usize),
    /// It may have happened, or may still.
    Unknown,
}

impl Operation {
    /// The event that reported the outcome, if any did.
    #[must_use]
    pub fn completed(&self) -> Option<usize> {
        match self.outcome {
            Outcome::Ok(event) | Outcome::Failed(event) => Some(event),
            Outcome::Unknown => None,
        }
    }
}

impl Call {
    /// The value that the register must hold, if there is a single one.
    pub(super) fn needs(&self) -> Option<&Option<Value>> {
        match self {
            Call::Read(value) | Call::Cas(value, _) | Call::Refused { saw: value, .. } => {
                Some(value)
            }
            Call::Transaction(steps) => match steps.first() {
                Some(Step::Read(seen)) => Some(seen),
                Some(Step::Append(_)) | None => None,
            },
            Call::Write(_) | Call::Append(_) | Call::Acquire(_) | Call::Release(_) => None,
        }
    }

    /// The value that the register holds afterwards, if it is another one and a single one.
    pub(super) fn makes(&self) -> Option<&Option<Value>> {
        match self {
            Call::Write(value) => Some(value),
            Call::Cas(old, new) => Some(new).filter(|_| old != new),
            Call::Read(_)
            | Call::Refused { .. }
            | Call::Append(_)
            | Call::Acquire(_)
            | Call::Release(_)
            | Call::Transaction(_) => None,
        }
    }
}

/// The operations of each register, in the order of their invocations. Operations under way at the end may happen at
/// any later time.
pub(super) fn by_key(events: &[Event]) -> BTreeMap<Option<Key>, Vec<Operation>> {
    let mut of_keys: BTreeMap<Option<Key>, Vec<Operation>> = BTreeMap::new();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        match of_keys.get_mut(&event.key) {
            Some(operations) => add(operations, &mut open, at, event),
            None => add(of_keys.entry(event.key.clone()).or_default(), &mut open, at, event),
        }
    }
    of_keys
}

/// The same as [`by_key`], for one register.
pub(super) fn of_key(events: &[Event], key: &Option<Key>) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut open = BTreeMap::new();
    for (at, event) in events.iter().enumerate().filter(|(_, event)| event.key == *key) {
        add(&mut operations, &mut open, at, event);
    }
    operations
}

/// Adds the next event of a register. `open` has the operation that each process waits for.
fn add(operations: &mut Vec<Operation>, open: &mut BTreeMap<u64, usize>, at: usize, event: &Event) {
    let Event { process, kind, key, call, version, time: _ } = event;
    let outcome = match kind {
        Kind::Invoke => {
            open.insert(*process, operations.len());
            let (process, key, call) = (*process, key.clone(), call.clone());
            operations.push(Operation {
                process,
                key,
                call,
                invoked: at,
                outcome: Outcome::Unknown,
                version: None,
            });
            return;
        }
        Kind::Ok => Outcome::Ok(at),
        Kind::Fail => Outcome::Failed(at),
        Kind::Info => Outcome::Unknown,
    };
    if let Some(invoked) = open.remove(process) {
        operations[invoked].outcome = outcome;
        if matches!(kind, Kind::Ok | Kind::Fail) {
            operations[invoked].call = call.clone();
            operations[invoked].version = *version;
        }
    }
}
