//! Linearizability (42): clients take the cluster for one register. Each command writes a value of its own into it,
//! and each read returns what it holds on the server that answers.
//!
//! What it holds there is the last command that that server's own state machine has executed. What clients make of it
//! is all that is judged: neither the indexes in their answers nor what is committed.

mod register;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::Property;
use crate::checker::properties::hooks::{Boot, Checker, Context, New};
use crate::checker::properties::violation::{Verdict, Violation};
use crate::checker::record::Record;
use crate::mix::{mix_bytes, mix_pair};
use crate::model::{Entry, NodeId, Once, Payload, SessionId, Snapshot, length};
use crate::subject::{Answer, Applied, Event, Outcome, Request, View};
use crate::time::Micros;

use register::{Asked, Breach, Register, Value};

/// Something that a client did or heard; all of a run's are its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientEvent {
    /// When, in virtual microseconds.
    pub at: Micros,
    /// Of which operation.
    pub operation: Operation,
    /// What.
    pub what: What,
}

/// What a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// That a command is executed. These operations are counted from 1. One that is handed in again under its serial
    /// number, since it may have been executed, is the same; one that failed and is tried again is another.
    Write(u64),
    /// To read.
    Read(Request),
}

/// What a client did or heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It asks, for a command perhaps under this session. It may go on to ask other servers for the same.
    Asks(Option<SessionId>),
    /// Its command is executed.
    Written,
    /// Its read has found the command of this number as the last one that was executed; `None` if none was. A number
    /// that no other operation has stands for one that nobody has handed in.
    Read(Option<u64>),
    /// What it asked for was certainly not done, and never will be.
    Failed,
    /// What it asked for may have been done, or may be later. It does not ask again.
    Unknown,
}

/// Linearizability (§8, dissertation §6.3, §6.4): what clients see is what they would see of one register to which
/// each operation happens at once, at some time between its begin and its end.
#[derive(Debug)]
pub(in crate::checker) struct Linearizability {
    register: Register,
    /// Of each server the index of the last command that its state machine has executed; 0 if none.
    holds: Vec<u64>,
    /// Who waits for an answer to which request, but for the latest: most answers are given at once.
    waiting: BTreeMap<Request, Waiting>,
    latest: Option<(Request, Waiting)>,
    /// Of each index what is written there, and what a state machine held then: the index of its last command. As the
    /// first one to apply it had it; at index 0 there is nothing.
    held: Vec<(Option<Value>, u64)>,
    /// What clients did and heard, if anybody wants to know.
    reported: Option<Vec<ClientEvent>>,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    /// A read since this time.
    Read(u64),
    /// The command of this number, without a session.
    Write(u64),
    /// The same under one.
    Once(u64),
}

/// The number of a command that no client has handed in.
const INVENTED: u64 = 1 << 62;

/// What a command writes. Commands are told apart by how they begin and end: from those that can't be, nothing follows.
fn value(command: &[u8]) -> Value {
    let length = command.len() as u64;
    match (command.first_chunk(), command.last_chunk()) {
        (Some(first), Some(last)) => {
            mix_pair(length, u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        }
        (None, _) | (_, None) => mix_bytes(length, command),
    }
}

/// The same under a session and a serial number.
fn value_once(once: &Once) -> Value {
    mix_pair(value(&once.command), once.session.0, once.serial)
}

/// What an entry writes, if it is executed.
fn written(entry: &Entry) -> Option<Value> {
    match &entry.payload {
        Payload::Command(command) => Some(value(command)),
        Payload::Once(once) => Some(value_once(once)),
        Payload::Noop | Payload::Membership(_) | Payload::Register => None,
    }
}

impl Linearizability {
    /// From now on what clients do and hear is kept, to be [told](Linearizability::told).
    pub(in crate::checker) fn record(&mut self) {
        self.reported.get_or_insert_default();
    }

    /// What clients did and heard since [`record`](Linearizability::record), in order.
    pub(in crate::checker) fn reported(&self) -> &[ClientEvent] {
        self.reported.as_deref().unwrap_or_default()
    }

    /// A client asks for something; other than reads and commands, nothing comes of it here.
    #[inline]
    fn ask(&mut self, at: Micros, event: &Event) {
        let (request, waiting, anew) = match event {
            Event::Read(request) => {
                let since = self.register.read();
                (*request, Waiting::Read(since), Some((Operation::Read(*request), None)))
            }
            Event::Propose(request, command) => {
                let number = self.register.write(value(command));
                (*request, Waiting::Write(number), Some((Operation::Write(number), None)))
            }
            Event::ProposeOnce(request, once) => match self.register.write_once(value_once(once)) {
                Asked::Again(number) => (*request, Waiting::Once(number), None),
                Asked::Anew(number) => {
                    let operation = Operation::Write(number);
                    let anew = Some((operation, Some(once.session)));
                    (*request, Waiting::Once(number), anew)
                }
            },
            Event::Tick
            | Event::Receive(_)
            | Event::Persisted(_)
            | Event::Register(_)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Compact(_)
            | Event::Apply => return,
        };
        if let Some((operation, session)) = anew {
            self.note(at, operation, What::Asks(session));
        }
        if let Some((earlier, waiting)) = self.latest.replace((request, waiting)) {
            self.waiting.insert(earlier, waiting);
        }
    }

    #[inline]
    fn note(&mut self, at: Micros, operation: Operation, what: What) {
        if let Some(reported) = &mut self.reported {
            reported.push(ClientEvent { at, operation, what });
        }
    }

    /// A client is told what became of its request, by a server whose state machine executed this last. In how many
    /// other ways a read might have come out wrong; 0 if it is none.
    fn hear(
        &mut self,
        at: Micros,
        request: Request,
        answer: &Answer,
        holds: u64,
    ) -> Result<usize, Breach> {
        let latest = self.latest.take_if(|(latest, _)| *latest == request);
        let waiting = match latest {
            Some((_, waiting)) => waiting,
            None => match self.waiting.remove(&request) {
                Some(waiting) => waiting,
                None => return Ok(0),
            },
        };
        match waiting {
            Waiting::Read(since) => {
                let operation = Operation::Read(request);
                let (what, observed) = self.hear_read(since, answer, holds);
                self.note(at, operation, what);
                observed
            }
            Waiting::Write(number) | Waiting::Once(number) => {
                let (what, observed) = self.hear_write(waiting, number, answer);
                if let Some(what) = what {
                    self.note(at, Operation::Write(number), what);
                }
                observed.map(|()| 0)
            }
        }
    }

    fn hear_read(
        &mut self,
        since: u64,
        answer: &Answer,
        holds: u64,
    ) -> (What, Result<usize, Breach>) {
        match answer {
            Answer::Read(_) => {
                let (value, _) = self.held[holds as usize];
                let saw = self.register.saw(since, value);
                let number = match saw {
                    Ok((number, _)) => number,
                    Err(
                        Breach::Failed(read)
                        | Breach::Denied(read)
                        | Breach::Overwritten { read, .. },
                    ) => read,
                    Err(Breach::Invented) => INVENTED,
                };
                let read = Some(number).filter(|number| *number > 0);
                (What::Read(read), saw.map(|(_, others)| others))
            }
            // It changes nothing: if there is no answer, there was no read.
            Answer::Committed(_)
            | Answer::Registered(..)
            | Answer::NoSession(_)
            | Answer::Done
            | Answer::Superseded
            | Answer::Unknown
            | Answer::NotLeader(_)
            | Answer::Busy
            | Answer::Rejected => (What::Failed, Ok(0)),
        }
    }

    /// What a client hears of its command, if it is news.
    fn hear_write(
        &mut self,
        waiting: Waiting,
        number: u64,
        answer: &Answer,
    ) -> (Option<What>, Result<(), Breach>) {
        match answer {
            Answer::Committed(_) => (self.register.done(number).then_some(What::Written), Ok(())),
            Answer::Superseded
            | Answer::NoSession(_)
            | Answer::NotLeader(_)
            | Answer::Busy
            | Answer::Rejected => match self.register.failed(number) {
                Ok(false) => (None, Ok(())),
                failed => (Some(What::Failed), failed.map(|_| ())),
            },
            Answer::Unknown => match waiting {
                // It might be executed twice if it were handed in again.
                Waiting::Write(_) => (Some(What::Unknown), Ok(())),
                Waiting::Once(_) | Waiting::Read(_) => (None, Ok(())),
            },
            Answer::Registered(..) | Answer::Read(_) | Answer::Done => (None, Ok(())),
        }
    }

    /// A server's state machine begins anew, with so many entries applied. It holds what the first one held there; that
    /// states are the same is judged elsewhere.
    fn resume(&mut self, slot: usize, applied: u64) {
        let held = self.held.get(applied as usize);
        self.holds[slot] = held.map_or(0, |(_, holds)| *holds);
    }
}

impl Checker for Linearizability {
    fn new(record: &Record) -> Linearizability {
        Linearizability {
            register: Register::new(),
            holds: vec![0; record.servers.len()],
            waiting: BTreeMap::new(),
            latest: None,
            held: vec![(None, 0)],
            reported: None,
        }
    }

    /// The command of an entry with which a run begins may have been executed.
    #[inline]
    fn given(&mut self, _: &mut Context<'_>, new: &New<'_>) -> Verdict {
        if let Some(value) = written(new.entry) {
            self.register.given(value);
        }
        Ok(())
    }

    #[inline]
    fn booted(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        self.resume(at.slot, length(boot.view.applied));
        Ok(())
    }

    #[inline]
    fn restores(&mut self, at: &mut Context<'_>, snapshot: &Snapshot) -> Verdict {
        self.resume(at.slot, snapshot.last.index.get());
        Ok(())
    }

    /// The entry is the same as all others at its index.
    #[inline]
    fn applies(&mut self, at: &mut Context<'_>, applied: &Applied, _: &View) -> Verdict {
        let index = applied.entry.index.get();
        if applied.outcome == Outcome::Executed {
            self.holds[at.slot] = index;
        }
        if self.held.len() as u64 <= index {
            self.held.resize(index as usize, (None, 0));
            self.held.push((written(&applied.entry), self.holds[at.slot]));
        }
        Ok(())
    }

    #[inline]
    fn asked(&mut self, _: &mut Context<'_>, now: Micros, event: &Event) {
        self.ask(now, event);
    }

    #[inline]
    fn answered(
        &mut self,
        at: &mut Context<'_>,
        now: Micros,
        request: Request,
        answer: &Answer,
    ) -> Verdict {
        let holds = self.holds[at.slot];
        match self.hear(now, request, answer, holds) {
            Ok(0) => Ok(()),
            Ok(_) => {
                at.count(Property::Linearizability);
                Ok(())
            }
            Err(breach) => Err(broken(at.id(), breach)),
        }
    }
}

#[cold]
fn broken(id: NodeId, breach: Breach) -> Violation {
    let detail = match breach {
        Breach::Invented => format!("{id} answered a read with what no client has written"),
        Breach::Failed(number) => format!(
            "{id} answered a read with command {number}, of which its client had been told that it is not \
             executed"
        ),
        Breach::Denied(number) => format!(
            "{id} told a client that its command {number} is not executed, when a read had found it"
        ),
        Breach::Overwritten { read: 0, by } => {
            format!("{id} answered a read as if nothing had been executed, after command {by} was")
        }
        Breach::Overwritten { read, by } => format!(
            "{id} answered a read with command {read}, which command {by} had overwritten before the read was \
             asked for"
        ),
    };
    Violation::new(Property::Linearizability, id, detail)
}
