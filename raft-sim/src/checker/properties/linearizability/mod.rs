//! Linearizability (42): clients take the cluster for one register. Each command writes a value of its own into it,
//! and each read returns what it holds on the server that answers.
//!
//! The content of the register on a server is the last command that its own state machine has executed. Only the
//! history of the clients' operations is judged: neither the indexes in their answers nor what is committed.

mod register;
#[cfg(test)]
mod tests;

use super::Property;
use crate::checker::asked::{Asked, Waiting};
use crate::checker::properties::hooks::{Boot, Checker, Context, New};
use crate::checker::properties::violation::{Verdict, Violation};
use crate::checker::record::Record;
use crate::mix::{mix_bytes, mix_pair};
use crate::model::{Entry, NodeId, Once, Payload, SessionId, Snapshot, length};
use crate::subject::{Answer, Applied, Event, Outcome, Request, View};
use crate::time::Micros;

use register::{Breach, Proposed, Register, Value};

/// The begin or the end of an operation of a client; all of them are the history of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientEvent {
    /// The time, in virtual microseconds.
    pub at: Micros,
    /// The operation.
    pub operation: Operation,
    /// The request that begins it, or whose answer ends it: a command may be proposed more than once.
    pub request: Request,
    /// The kind of event.
    pub what: What,
}

/// An operation of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// The execution of a command. These operations are counted from 1. A command that is proposed again under its
    /// serial number, since it may have been executed, is the same operation; one that failed and is tried again is
    /// another.
    Write(u64),
    /// A read.
    Read(Request),
}

/// The begin or the end of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// The operation begins, that of a command perhaps under this session. The client may send the same request to
    /// other servers later.
    Asks(Option<SessionId>),
    /// The command is executed.
    Written,
    /// The read returned the command of this number as the last one that was executed; `None` if none was. A number
    /// that no other operation has stands for a command that no client has proposed.
    Read(Option<u64>),
    /// The operation was certainly not executed, and never will be.
    Failed,
    /// The operation may have been executed, or may be later. The client does not try again.
    Unknown,
}

/// Linearizability (§8, dissertation §6.3, §6.4): the history of client operations is that of one register on which
/// each operation takes effect at once, at some time between its begin and its end.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct Linearizability {
    register: Register,
    /// The index, for each server, of the last command that its state machine has executed; 0 if none.
    holds: Vec<u64>,
    /// For each index the value written there, and the content of a state machine after it: the index of its last
    /// command. Both as the first state machine had them that applied it; there is nothing at index 0.
    held: Vec<(Option<Value>, u64)>,
    /// The history of the clients' operations, if it is recorded.
    events: Option<Vec<ClientEvent>>,
}

/// The number of a command that no client has proposed.
const INVENTED: u64 = 1 << 62;

/// The value that a command writes. Commands are distinguished by how they begin and end: nothing follows from
/// those that can't be.
fn value(command: &[u8]) -> Value {
    let length = command.len() as u64;
    match (command.first_chunk(), command.last_chunk()) {
        (Some(first), Some(last)) => {
            mix_pair(length, u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        }
        (None, _) | (_, None) => mix_bytes(length, command),
    }
}

/// The value that a command writes under a session and a serial number.
fn value_once(once: &Once) -> Value {
    mix_pair(value(&once.command), once.session.0, once.serial)
}

/// The value that an entry writes, if it is executed.
fn written(entry: &Entry) -> Option<Value> {
    match &entry.payload {
        Payload::Command(command) => Some(value(command)),
        Payload::Once(once) => Some(value_once(once)),
        Payload::Noop | Payload::Membership(_) | Payload::Register => None,
    }
}

impl Linearizability {
    /// Starts to record the clients' operations, for [`reported`](Linearizability::reported).
    pub(in crate::checker) fn record(&mut self) {
        self.events.get_or_insert_default();
    }

    /// The events of the clients' operations since [`record`](Linearizability::record), in order.
    pub(in crate::checker) fn reported(&self) -> &[ClientEvent] {
        self.events.as_deref().unwrap_or_default()
    }

    /// The operation that a client's request begins, or is part of; only reads and commands count here.
    #[inline]
    fn ask(&mut self, at: Micros, event: &Event) -> Option<Waiting> {
        Some(match event {
            Event::Read(request) => {
                let since = self.register.read();
                self.note(at, Operation::Read(*request), *request, What::Asks(None));
                Waiting::Read(since)
            }
            Event::Propose(request, command) => {
                let number = self.register.write(value(command));
                self.note(at, Operation::Write(number), *request, What::Asks(None));
                Waiting::Write(number)
            }
            Event::ProposeOnce(request, once) => {
                let number = match self.register.write_once(value_once(once)) {
                    Proposed::Again(number) => number,
                    Proposed::Anew(number) => {
                        let session = What::Asks(Some(once.session));
                        self.note(at, Operation::Write(number), *request, session);
                        number
                    }
                };
                Waiting::Once(number)
            }
            Event::Tick
            | Event::Receive(_)
            | Event::Persisted(_)
            | Event::Register(_)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Compact(_)
            | Event::Apply => return None,
        })
    }

    #[inline]
    fn note(&mut self, at: Micros, operation: Operation, request: Request, what: What) {
        if let Some(events) = &mut self.events {
            events.push(ClientEvent { at, operation, request, what });
        }
    }

    /// A client receives an answer from a server whose state machine executed the command at index `holds` last.
    /// Returns the number of other ways in which a read could have been wrong; 0 if it is no read.
    fn receive(
        &mut self,
        at: Micros,
        request: Request,
        waiting: Waiting,
        answer: &Answer,
        holds: u64,
    ) -> Result<usize, Breach> {
        match waiting {
            Waiting::Read(since) => {
                let operation = Operation::Read(request);
                let (what, judged) = self.read_answered(since, answer, holds);
                self.note(at, operation, request, what);
                judged
            }
            Waiting::Write(number) | Waiting::Once(number) => {
                let (what, judged) = self.write_answered(waiting, number, answer);
                if let Some(what) = what {
                    self.note(at, Operation::Write(number), request, what);
                }
                judged.map(|()| 0)
            }
        }
    }

    fn read_answered(
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

    /// The event that an answer to a command is, if it is a new one.
    fn write_answered(
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
                // It might be executed twice if it were proposed again.
                Waiting::Write(_) => (Some(What::Unknown), Ok(())),
                Waiting::Once(_) | Waiting::Read(_) => (None, Ok(())),
            },
            Answer::Registered(..) | Answer::Read(_) | Answer::Done => (None, Ok(())),
        }
    }

    /// A server's state machine begins anew, with the entries up to `applied`. Its content is that of the first one
    /// there; that states are the same is judged elsewhere.
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
            held: vec![(None, 0)],
            events: None,
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
    fn asked(&mut self, _: &mut Context<'_>, now: Micros, event: &Event, asked: &mut Asked) {
        asked.operation = self.ask(now, event);
    }

    #[inline]
    fn answered(
        &mut self,
        at: &mut Context<'_>,
        now: Micros,
        request: Request,
        answer: &Answer,
        asked: &Asked,
    ) -> Verdict {
        let Some(waiting) = asked.operation else { return Ok(()) };
        let holds = self.holds[at.slot];
        match self.receive(now, request, waiting, answer, holds) {
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
            "{id} answered a read with command {number}, which had been reported to its client as not executed"
        ),
        Breach::Denied(number) => format!(
            "{id} reported to a client that its command {number} is not executed, after a read had returned it"
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
