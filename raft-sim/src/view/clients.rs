//! Lanes of clients: a history by itself, and the operations of a run that can't be put in order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::tape::{Kind, Tape};
use super::{About, Run, Shown, VERSION};
use crate::history::{
    self, Event, Explanation, History, Limits, Operation, Outcome, Verdict, label,
};
use crate::run::ClientHistory;
use crate::subject::Request;

/// Most clients that have a lane each.
const MOST_LANES: usize = 30;

/// Operations that can't be put in order.
#[derive(Clone, Debug, Serialize)]
pub struct Conflict {
    /// The reason, as a sentence without a full stop.
    reason: String,
    /// The operations, in the order of their invocations.
    operations: Vec<Bar>,
}

/// An operation on the lane of its client.
#[derive(Clone, Debug, Serialize)]
struct Bar {
    /// The lane, from 0 on.
    lane: usize,
    text: String,
    /// The number of the request that begins it.
    begins: u64,
    /// The number of the request whose answer ends it; 0 if it may happen at any later time.
    ends: u64,
}

/// The clients of operations.
fn clients_of(operations: &[Operation]) -> BTreeSet<u64> {
    operations.iter().map(|operation| operation.process).collect()
}

fn name(client: u64) -> String {
    format!("client {client}")
}

/// An operation in words, with its register.
fn words(operation: &Operation) -> String {
    let register = operation.key.as_ref().map_or_else(String::new, |key| format!("{key}: "));
    format!("{register}{}", label(operation))
}

/// Adds to the headings of a run the operations of its clients that can't be put in order. `number` is the number of a
/// request on the tape.
pub(super) fn explain(clients: &ClientHistory, number: impl Fn(Request) -> u64, about: &mut About) {
    let verdict = history::check(&clients.history, &Limits::default());
    let Verdict::Illegal(explanation) = verdict else { return };
    let Explanation { operations, reason, .. } = *explanation;
    let lanes = clients_of(&operations);
    let of_event = |event: usize| number(clients.requests[event]);
    let bar = |operation: &Operation| Bar {
        lane: lanes.iter().take_while(|client| **client < operation.process).count(),
        text: words(operation),
        begins: of_event(operation.invoked),
        ends: operation.completed().map_or(0, of_event),
    };
    about.conflict = Some(Conflict { reason, operations: operations.iter().map(bar).collect() });
    about.lanes = lanes.into_iter().map(name).collect();
}

/// A history as a page shows it: each event is a record.
#[must_use]
pub fn history(history: &History, verdict: &Verdict, title: String, replay: String) -> Run {
    let operations = history.operations();
    // The events that begin operations, in order: operations have their numbers by them.
    let number = |operation: &Operation| {
        operations.partition_point(|other| other.invoked < operation.invoked) as u64 + 1
    };
    let explanation = match verdict {
        Verdict::Illegal(explanation) => Some(&**explanation),
        Verdict::Linearizable | Verdict::GaveUp(_) => None,
    };
    let first = explanation.map_or(BTreeSet::new(), |it| clients_of(&it.operations));
    let (of, names) = lanes(history, &operations, &first);
    let lane = |operation: &Operation| of[number(operation) as usize - 1];
    let conflict = explanation.map(|explanation| {
        let bar = |operation: &Operation| Bar {
            lane: lane(operation),
            text: words(operation),
            begins: number(operation),
            ends: operation.completed().map_or(0, |_| number(operation)),
        };
        let operations = explanation.operations.iter().map(bar).collect();
        Conflict { reason: explanation.reason.clone(), operations }
    });
    let about = About {
        title,
        subject: format!(
            "{} operations of {} clients",
            operations.len(),
            clients_of(&operations).len()
        ),
        replay,
        timeless: true,
        verdict: match verdict {
            Verdict::Linearizable => "linearizable".to_owned(),
            Verdict::GaveUp(_) => "no verdict: the search gave up".to_owned(),
            Verdict::Illegal(_) => String::new(),
        },
        violation: explanation.map(not_linearizable),
        violated_at: explanation.map(|explanation| explanation.events as u64 - 1),
        requests: of.iter().map(|lane| *lane as u64).collect(),
        lanes: names,
        conflict,
        ..About::default()
    };
    let tape = taped(history.events(), &operations);
    Run { version: VERSION, about, observations: history.events().len() as u64, tape }
}

fn not_linearizable(explanation: &Explanation) -> Shown {
    let register = explanation.key.as_ref().map_or_else(String::new, |key| format!("key {key}: "));
    Shown {
        property: "Not linearizable".to_owned(),
        section: String::new(),
        detail: format!("{register}{}", explanation.reason),
        server: 0,
        liveness: false,
    }
}

/// The events as records: requests without a server, and their answers.
fn taped(events: &[Event], operations: &[Operation]) -> Tape {
    let mut tape = Tape::default();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    let mut invoked = 0;
    for event in events {
        let client = name(event.process);
        let place = match event.kind {
            history::Kind::Invoke => {
                open.insert(event.process, invoked);
                invoked += 1;
                invoked - 1
            }
            history::Kind::Ok | history::Kind::Fail | history::Kind::Info => open[&event.process],
        };
        let operation = &operations[place];
        let done = words(operation);
        let (kind, outcome, text) = match event.kind {
            history::Kind::Invoke => {
                let call = event.call.clone();
                let asked = Operation { call, outcome: Outcome::Unknown, ..operation.clone() };
                (Kind::Asked, 0, format!("{client}: asks for {}", words(&asked)))
            }
            history::Kind::Ok => (Kind::Answered, 1, format!("{client}: {done}")),
            history::Kind::Fail => (Kind::Answered, 3, format!("{client}: {done} failed")),
            history::Kind::Info => {
                (Kind::Answered, 4, format!("{client}: {done} may have happened"))
            }
        };
        tape.begin(0, kind);
        let text = tape.text(&text);
        tape.put([0, place as u64 + 1, outcome, text]);
    }
    tape
}

/// The lanes of a history: for each operation its lane, and the names of the lanes.
///
/// Each client of `first` has a lane, above all others. So has each other client if there are few of them. If not, their
/// operations lie where there is room, as in the picture of a run.
fn lanes(
    history: &History,
    operations: &[Operation],
    first: &BTreeSet<u64>,
) -> (Vec<usize>, Vec<String>) {
    let all = clients_of(operations);
    let others = if all.len() <= MOST_LANES { all } else { BTreeSet::new() };
    let with_lane = first.iter().chain(others.difference(first)).zip(0..);
    let own: BTreeMap<u64, usize> = with_lane.map(|(client, lane)| (*client, lane)).collect();
    let mut names: Vec<(usize, u64)> = own.iter().map(|(client, lane)| (*lane, *client)).collect();
    names.sort_unstable();
    let mut names: Vec<String> = names.into_iter().map(|(_, client)| name(client)).collect();
    let ends = ends(history);
    // The last event of each shared lane.
    let mut until: Vec<usize> = Vec::new();
    let lane = |operation: &Operation| {
        if let Some(lane) = own.get(&operation.process) {
            return *lane;
        }
        let end = ends.get(&operation.invoked).copied().unwrap_or(usize::MAX);
        let free = until.iter().position(|until| *until < operation.invoked);
        let lane = free.unwrap_or(until.len());
        until.resize(until.len().max(lane + 1), 0);
        until[lane] = end;
        own.len() + lane
    };
    let of = operations.iter().map(lane).collect();
    names.resize(own.len() + until.len(), String::new());
    if let Some(shared) = names.get_mut(own.len()) {
        *shared = "clients".to_owned();
    }
    (of, names)
}

/// The event that ends an operation, by the event that begins it.
fn ends(history: &History) -> BTreeMap<usize, usize> {
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    let mut ends = BTreeMap::new();
    for (at, event) in history.events().iter().enumerate() {
        match event.kind {
            history::Kind::Invoke => _ = open.insert(event.process, at),
            history::Kind::Ok | history::Kind::Fail | history::Kind::Info => {
                ends.extend(open.remove(&event.process).map(|begin| (begin, at)));
            }
        }
    }
    ends
}
