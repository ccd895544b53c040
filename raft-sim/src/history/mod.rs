//! What the clients of a register saw, judged from outside: a history of operations, and whether it is
//! linearizable (Herlihy and Wing 1990).
//!
//! A [`History`] is what clients invoked and what they were told, in the order of time. It comes from a run of the
//! simulator or from a file of another tool. Nothing here knows of Raft, servers or logs: only what a client can
//! see counts.
//!
//! [`read()`] takes a file of either form, [`check`] judges, an [`Explanation`] says what can't be. It never guesses: where
//! its memory does not suffice it says so.

mod edn;
mod explain;
pub(crate) mod fields;
mod form;
mod json;
mod operation;
pub(crate) mod read;
mod reason;
mod search;
mod seen;
#[cfg(test)]
mod tests;
mod timeline;
mod zones;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use explain::Explanation;
pub use form::read;
pub use json::write;
pub use operation::{Operation, Outcome};
pub use read::ReadError;
pub use timeline::timeline;

use explain::judge;
use operation::by_key;
use search::Found;

/// The name of a register. What a file gives as a number or a word is known here by its text.
pub type Key = Arc<str>;

/// One event at one client: it invokes an operation, or it is told what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The client. It does one thing at a time; after [`Kind::Info`] it does nothing any more.
    pub process: u64,
    /// Whether it invokes, or what it is told.
    pub kind: Kind,
    /// The register; `None` where there is only one, without a name.
    pub key: Option<Key>,
    /// What is asked for. A completion repeats its invocation; a read that completed ok says what it saw.
    pub call: Call,
    /// When it happened, in the unit of whoever recorded it (Jepsen: nanoseconds). For drawings only: the order of
    /// events is the order of time.
    pub time: Option<u64>,
}

/// What an event is; Jepsen's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The client asks.
    Invoke,
    /// It was done, between the invocation and now.
    Ok,
    /// It was certainly not done, and never will be.
    Fail,
    /// Nobody knows: it may have been done, or may be done at any later time, or never.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Reads. In an event of [`Kind::Ok`] what was seen, `None` being a register that was never written; in any
    /// other event `None` has no meaning.
    Read(Option<i64>),
    /// Writes this value.
    Write(i64),
    /// Writes the second value if the first is there. One that found another value has failed.
    Cas(i64, i64),
}

/// Events in the order of time, each of which makes sense after those before it.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Vec<Event>,
    /// Of each process its last invocation, as an index of `events`, and whether that was left unknown.
    last: BTreeMap<u64, (usize, Client)>,
}

/// What a process is doing.
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
    /// In a sentence, if the event makes no sense after those before it: a completion without an invocation, one
    /// that does not match it, an invocation by a process that still has an operation open. The history is as it
    /// was.
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

    /// How many operations were invoked, and on how many registers.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let of_keys = by_key(&self.events);
        (of_keys.values().map(Vec::len).sum(), of_keys.len())
    }

    fn may_invoke(&self, process: u64, before: Option<(usize, Client)>) -> Result<(), String> {
        match before {
            None | Some((_, Client::Idle)) => Ok(()),
            Some((_, Client::Waiting)) => {
                Err(format!("process {process} invokes before it was told of its last operation"))
            }
            Some((_, Client::Gone)) => Err(format!(
                "process {process} invokes again after `info`: what it invoked then may still happen, so what \
                 follows needs another process number"
            )),
        }
    }

    fn matches(&self, invoked: usize, event: &Event) -> Result<(), String> {
        let invocation = &self.events[invoked];
        let same_call = match (invocation.call, event.call) {
            (Call::Read(_), Call::Read(_)) => true,
            (asked @ (Call::Write(_) | Call::Cas(..)), reported) => asked == reported,
            (Call::Read(_), Call::Write(_) | Call::Cas(..)) => false,
        };
        if same_call && invocation.key == event.key {
            return Ok(());
        }
        Err(format!("process {} completes what it did not invoke", event.process))
    }
}

/// What a check may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes in which a search remembers where it has been. There is one search at a time.
    pub memory: usize,
}

impl Default for Limits {
    /// 256 MiB: room for 4 million configurations of ten clients whose operations all completed.
    fn default() -> Limits {
        Limits { memory: 256 << 20 }
    }
}

/// Whether a history is linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order of the operations of each register.
    Linearizable,
    /// For some register there is none.
    Illegal(Box<Explanation>),
    /// Nobody knows: the memory did not suffice, and nothing illegal was found elsewhere.
    GaveUp(GaveUp),
}

/// How far a search came whose memory did not suffice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// The register; of several, the first.
    pub key: Option<Key>,
    /// The events of the history, from the first, of which an order is known: as if the history ended there, it is
    /// legal.
    pub events: usize,
    /// How many different configurations the search was in.
    pub configurations: usize,
}

/// Judges a history: each register by itself, which is enough (Herlihy and Wing 1990, locality).
#[must_use]
pub fn check(history: &History, limits: &Limits) -> Verdict {
    let mut illegal = Vec::new();
    let mut gave_up = None;
    for (key, operations) in by_key(&history.events) {
        match judge(&operations, limits) {
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
