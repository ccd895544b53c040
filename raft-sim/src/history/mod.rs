//! Histories of the operations that clients of a register performed, and the check that they are linearizable
//! (Herlihy and Wing 1990). A register may also be a text or a list that grows, a lock, or have versions.
//!
//! A [`History`] has the invocations of clients and the replies that they got, in the order of time. It comes from a
//! run of the simulator or from a file of another tool. Nothing here knows of Raft, servers or logs: only what a
//! client can see counts.
//!
//! [`read()`] reads a file of either form, [`check`] judges, and an [`Explanation`] says what is impossible. The
//! check never guesses: if its memory does not suffice it says so.

mod call;
mod conflict;
mod edn;
mod explain;
pub(crate) mod fields;
mod form;
mod json;
mod model;
mod needed;
mod node;
mod operation;
pub(crate) mod read;
mod reason;
mod search;
mod seen;
#[cfg(test)]
mod tests;
mod timeline;
mod value;
mod zones;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use explain::Explanation;
pub use form::read;
pub use json::write;
pub use operation::{Operation, Outcome};
pub use read::ReadError;
pub use timeline::{label, timeline};
pub use value::Value;

use explain::judge;
use model::Register;
use operation::by_key;
use search::Found;

/// The name of a register. A number or a word in a file is known here by its text.
pub type Key = Arc<str>;

/// An event at a client: it invokes an operation, or an operation completes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The client. It has one operation under way at a time; after [`Kind::Info`] it does nothing any more.
    pub process: u64,
    /// The kind: an invocation, or the outcome.
    pub kind: Kind,
    /// The register; `None` where there is only one, without a name.
    pub key: Option<Key>,
    /// The operation. A completion repeats its invocation; a read that completed ok has the value that it saw.
    pub call: Call,
    /// The version of the register: of a read that it saw, of any other operation that it made. A register has
    /// version 0 while it was never written, and each change adds one.
    pub version: Option<u32>,
    /// The time of the event, in the unit of its recorder (Jepsen: nanoseconds). For drawings only: the order of
    /// events is the order of time.
    pub time: Option<u64>,
}

/// The kind of an event, with Jepsen's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The client invokes an operation.
    Invoke,
    /// The operation was done, between the invocation and now.
    Ok,
    /// The operation was certainly not done, and never will be.
    Fail,
    /// Unknown: the operation may have been done, may be done at any later time, or never.
    Info,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Invoke, Kind::Ok, Kind::Fail, Kind::Info];

    /// Its name in files.
    fn name(self) -> &'static str {
        match self {
            Kind::Invoke => "invoke",
            Kind::Ok => "ok",
            Kind::Fail => "fail",
            Kind::Info => "info",
        }
    }

    fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An operation on a register. At first a register holds nothing, `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Reads. In an event of [`Kind::Ok`] it has the value seen, `None` for a register that holds nothing. In any
    /// other event `None` has no meaning.
    Read(Option<Value>),
    /// Writes this value.
    Write(Option<Value>),
    /// Compares and sets: writes the second value if the register holds the first. One that finds another value fails.
    Cas(Option<Value>, Option<Value>),
    /// The completion of a compare-and-set that failed, as the system said, because it saw another value: it counts
    /// as a read of that.
    Refused {
        /// The value that it was to find.
        old: Option<Value>,
        /// The value that it was to write.
        new: Option<Value>,
        /// The value that it saw.
        saw: Option<Value>,
    },
    /// Adds a text to the text that the register holds, or the elements of a list to the list. A register that holds
    /// nothing is the empty text and the empty list.
    Append(Value),
    /// Takes the lock, which must be free: the register holds nothing. The value names the owner, if owners matter.
    Acquire(Option<Value>),
    /// Gives the lock back, which must be taken, by this owner if there is a name.
    Release(Option<Value>),
    /// Does several steps at one instant.
    Transaction(Arc<[Step]>),
}

/// A step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Adds the elements of a list to the list that the register holds.
    Append(Value),
    /// Reads, as [`Call::Read`] does.
    Read(Option<Value>),
}

/// Events in the order of time, each consistent with those before it.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Vec<Event>,
    /// The last invocation of each process, as an index of `events`, and the state of that process.
    last: BTreeMap<u64, (usize, Client)>,
}

/// The state of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    /// It may invoke.
    Idle,
    /// It has invoked and waits.
    Waiting,
    /// Its last operation may still happen.
    Gone,
}

impl History {
    /// Adds the next event.
    ///
    /// # Errors
    ///
    /// A sentence, if the event contradicts those before it: a completion without an invocation, a completion that
    /// does not match its invocation, an invocation by a process that still has an operation open. The history is
    /// unchanged then.
    pub fn push(&mut self, event: Event) -> Result<(), String> {
        let process = event.process;
        let before = self.last.get(&process).copied();
        let next = match event.kind {
            Kind::Invoke => {
                self.may_invoke(process, before)?;
                (self.events.len(), Client::Waiting)
            }
            Kind::Ok | Kind::Fail | Kind::Info => {
                let Some((invoked, Client::Waiting)) = before else {
                    return Err(format!("process {process} has not invoked anything it waits for"));
                };
                self.matches(invoked, &event)?;
                let unknown = event.kind == Kind::Info;
                (invoked, if unknown { Client::Gone } else { Client::Idle })
            }
        };
        self.last.insert(process, next);
        self.events.push(event);
        Ok(())
    }

    /// The events in the order of time.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The operations in the order of their invocations, each with its outcome.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        let mut all: Vec<Operation> = by_key(&self.events).into_values().flatten().collect();
        all.sort_by_key(|operation| operation.invoked);
        all
    }

    /// The number of operations that were invoked, and of registers.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let of_keys = by_key(&self.events);
        (of_keys.values().map(Vec::len).sum(), of_keys.len())
    }

    fn may_invoke(&self, process: u64, before: Option<(usize, Client)>) -> Result<(), String> {
        match before {
            None | Some((_, Client::Idle)) => Ok(()),
            Some((_, Client::Waiting)) => {
                Err(format!("process {process} invokes before its last operation completed"))
            }
            Some((_, Client::Gone)) => Err(format!(
                "process {process} invokes again after `info`: what it invoked then may still happen, so what \
                 follows needs another process number"
            )),
        }
    }

    /// The operation that a process waits for: the event that invoked it.
    pub(crate) fn open(&self, process: u64) -> Option<&Event> {
        match self.last.get(&process) {
            Some(&(invoked, Client::Waiting)) => Some(&self.events[invoked]),
            Some((_, Client::Idle | Client::Gone)) | None => None,
        }
    }

    fn matches(&self, invoked: usize, event: &Event) -> Result<(), String> {
        let invocation = &self.events[invoked];
        if completes(&invocation.call, event) && invocation.key == event.key {
            return Ok(());
        }
        Err(format!("process {} completes what it did not invoke", event.process))
    }
}

/// True if an event can be the completion of a call.
fn completes(asked: &Call, event: &Event) -> bool {
    match (asked, &event.call) {
        (Call::Read(_), Call::Read(_)) => true,
        (Call::Cas(old, new), Call::Refused { old: its_old, new: its_new, .. }) => {
            event.kind == Kind::Fail && (old, new) == (its_old, its_new)
        }
        (Call::Transaction(asked), Call::Transaction(done)) => {
            let alike = |(asked, done): (&Step, &Step)| match (asked, done) {
                (Step::Read(_), Step::Read(_)) => true,
                (Step::Append(_) | Step::Read(_), _) => asked == done,
            };
            asked.len() == done.len() && asked.iter().zip(done.iter()).all(alike)
        }
        (
            Call::Read(_)
            | Call::Write(_)
            | Call::Cas(..)
            | Call::Refused { .. }
            | Call::Append(_)
            | Call::Acquire(_)
            | Call::Release(_)
            | Call::Transaction(_),
            done,
        ) => asked == done,
    }
}

/// The resources that a check may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The memory of a search for the configurations that it has visited, in bytes. There is one search at a time.
    pub memory: usize,
}

impl Default for Limits {
    /// 256 MiB: room for 2 million configurations of ten clients whose operations all completed.
    fn default() -> Limits {
        Limits { memory: 256 << 20 }
    }
}

/// The verdict on a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Linearizable: the operations of each register have an order.
    Linearizable,
    /// Not linearizable: the operations of some register have no order.
    Illegal(Box<Explanation>),
    /// Unknown: the memory did not suffice, and nothing illegal was found elsewhere.
    GaveUp(GaveUp),
}

/// The progress of a search whose memory did not suffice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// The register; the first, if there are several.
    pub key: Option<Key>,
    /// The number of events, from the first, that have a known order: a history that ended there would be legal.
    pub events: usize,
    /// The number of different configurations that the search visited.
    pub configurations: usize,
}

/// Judges a history: each register by itself, which is sufficient (Herlihy and Wing 1990, locality).
#[must_use]
pub fn check(history: &History, limits: &Limits) -> Verdict {
    let mut illegal = Vec::new();
    let mut gave_up = None;
    for (key, operations) in by_key(&history.events) {
        match judge(&Register::new(operations), limits) {
            Found::Order => {}
            Found::None { at, .. } => illegal.push((at, key)),
            Found::Unknown { at, configurations } => {
                gave_up.get_or_insert(GaveUp { key, events: at, configurations });
            }
        }
    }
    match (explain::first_of(history, illegal, limits), gave_up) {
        (Some(explanation), _) => Verdict::Illegal(Box::new(explanation)),
        (None, Some(gave_up)) => Verdict::GaveUp(gave_up),
        (None, None) => Verdict::Linearizable,
    }
}
