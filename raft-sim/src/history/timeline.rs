//! Drawings of operations in time: a lane for each client, a bar from invocation to completion.
//!
//! ```text
//! client 0  ├write 1┤ ├write 2┤
//! client 1                      ├read 1┤
//! client 2       ├write 3┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
//! ```
//!
//! An unknown operation is open to the right; a failed one ends in a cross. The scale is the order of events, not
//! their times.

use std::collections::BTreeMap;

use super::{Call, Operation, Outcome, Step, Value};

/// Lines for these operations, which must be in the order of their invocations. No line is wider than `width`
/// characters, unless a single operation is. The first operations are left out until the rest fits, and their number
/// is returned, too.
#[must_use]
pub fn timeline(operations: &[Operation], width: usize) -> (usize, Vec<String>) {
    for left_out in 0..operations.len() {
        let lines = draw(&operations[left_out..]);
        let fits = lines.iter().all(|line| line.chars().count() <= width);
        if fits || left_out + 1 == operations.len() {
            return (left_out, lines);
        }
    }
    (0, Vec::new())
}

fn draw(operations: &[Operation]) -> Vec<String> {
    let (columns, end) = columns(operations);
    let mut lanes: BTreeMap<u64, Vec<char>> = BTreeMap::new();
    for operation in operations {
        let lane = lanes.entry(operation.process).or_default();
        let start = columns[&operation.invoked];
        let (stop, line, last) = match operation.outcome {
            Outcome::Ok(event) => (columns[&event], '─', '┤'),
            Outcome::Failed(event) => (columns[&event], '─', '×'),
            Outcome::Unknown => (end, '┄', '┄'),
        };
        lane.resize(start, ' ');
        lane.push('├');
        lane.extend(label(operation).chars());
        lane.resize(stop, line);
        lane.push(last);
    }
    let name = |process: u64| format!("client {process}");
    let names = lanes.keys().map(|&process| name(process).len()).max().unwrap_or_default();
    let line = |(process, lane): (u64, Vec<char>)| {
        format!("{:<names$}  {}", name(process), lane.into_iter().collect::<String>())
    };
    lanes.into_iter().map(line).collect()
}

/// The column of each event, and the one behind all. Each label has room.
fn columns(operations: &[Operation]) -> (BTreeMap<usize, usize>, usize) {
    let mut events: BTreeMap<usize, &Operation> = BTreeMap::new();
    for operation in operations {
        let ends = [Some(operation.invoked), operation.completed()];
        events.extend(ends.into_iter().flatten().map(|event| (event, operation)));
    }
    let mut columns = BTreeMap::new();
    let mut next = 0;
    for (event, operation) in events {
        let column = match columns.get(&operation.invoked) {
            Some(start) => next.max(start + 1 + label(operation).chars().count()),
            None => next,
        };
        columns.insert(event, column);
        next = column + 1;
    }
    let open = operations.iter().filter(|operation| operation.completed().is_none());
    let room =
        open.map(|operation| columns[&operation.invoked] + 2 + label(operation).chars().count());
    (columns.clone(), room.max().unwrap_or_default().max(next))
}

/// An operation in a few words: `read 1`.
#[must_use]
pub fn label(operation: &Operation) -> String {
    let shown = |value: &Option<Value>| {
        value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string)
    };
    let owner = |owner: &Option<Value>| {
        owner.as_ref().map_or_else(String::new, |owner| format!(" {owner}"))
    };
    let is_ok = matches!(operation.outcome, Outcome::Ok(_));
    let label = match &operation.call {
        Call::Read(seen) if is_ok => format!("read {}", shown(seen)),
        Call::Read(_) => "read".to_owned(),
        Call::Write(value) => format!("write {}", shown(value)),
        Call::Cas(old, new) => format!("cas {} {}", shown(old), shown(new)),
        Call::Refused { old, new, saw } => {
            format!("cas {} {} saw {}", shown(old), shown(new), shown(saw))
        }
        Call::Append(more) => format!("append {more}"),
        Call::Acquire(name) => format!("acquire{}", owner(name)),
        Call::Release(name) => format!("release{}", owner(name)),
        Call::Transaction(steps) => {
            let steps: Vec<String> = steps
                .iter()
                .map(|step| match step {
                    Step::Append(more) => format!("append {more}"),
                    Step::Read(seen) if is_ok => format!("read {}", shown(seen)),
                    Step::Read(_) => "read".to_owned(),
                })
                .collect();
            steps.join(" ")
        }
    };
    match operation.version.filter(|_| is_ok) {
        Some(version) => format!("{label} v{version}"),
        None => label,
    }
}
