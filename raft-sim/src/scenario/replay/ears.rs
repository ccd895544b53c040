//! What a replay hears itself: what each server applies, asks and reports.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::start::command_in;
use crate::cluster::{Heard, Listener};
use crate::scenario::syntax::Scenario;
use crate::subject::{Applied, Effects, Outcome};
use crate::time::Micros;
use crate::words::{Body, Entry, LogIndex, NodeId};

/// What was heard of all servers.
#[derive(Debug)]
pub(super) struct Record {
    /// Every entry that some state machine applied, and what that came to: what a snapshot stands for.
    applied: BTreeMap<LogIndex, Applied>,
    /// What each server was heard to do, S1 first.
    servers: Vec<Known>,
}

/// What one server was heard to do.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The commands that its state machine has executed.
    executed: Vec<String>,
    /// How often it asked whether it would be elected.
    pre_votes: u64,
    /// Whether it told of a message that no correct server sends.
    reported: bool,
}

/// What was heard, shared with the replay.
pub(super) type SharedRecord = Rc<RefCell<Record>>;

impl Record {
    /// Nothing, of so many servers.
    fn of(servers: usize) -> Record {
        Record { applied: BTreeMap::new(), servers: vec![Known::default(); servers] }
    }

    fn known(&self, server: NodeId) -> &Known {
        &self.servers[server.0 as usize - 1]
    }

    /// The commands that a server's state machine has executed, in order.
    pub(super) fn executed(&self, server: NodeId) -> &[String] {
        &self.known(server).executed
    }

    /// How often a server asked for pre-votes.
    pub(super) fn pre_votes(&self, server: NodeId) -> u64 {
        self.known(server).pre_votes
    }

    /// Whether a server told of a message that no correct server sends.
    pub(super) fn reported(&self, server: NodeId) -> bool {
        self.known(server).reported
    }

    /// The entries up to here, as far as a state machine has applied them.
    pub(super) fn entries(&self, through: Option<LogIndex>) -> impl Iterator<Item = &Entry> {
        self.up_to(through).map(|applied| &applied.entry)
    }

    /// The commands executed up to here.
    pub(super) fn executed_up_to(&self, through: Option<LogIndex>) -> impl Iterator<Item = String> {
        self.up_to(through).filter_map(executed)
    }

    fn up_to(&self, through: Option<LogIndex>) -> impl Iterator<Item = &Applied> {
        let applied = through.map(|through| self.applied.range(..=through));
        applied.into_iter().flatten().map(|(_, applied)| applied)
    }

    /// A server's state machine has the state after this entry, without having executed what led to it.
    fn restored(&mut self, server: NodeId, through: Option<LogIndex>) {
        let executed = self.executed_up_to(through).collect();
        self.servers[server.0 as usize - 1].executed = executed;
    }

    fn stepped(&mut self, server: NodeId, effects: &Effects) {
        if let Some(snapshot) = &effects.restored {
            self.restored(server, Some(snapshot.last.index));
        }
        for applied in &effects.applied {
            self.applied.entry(applied.entry.index).or_insert_with(|| applied.clone());
        }
        let known = &mut self.servers[server.0 as usize - 1];
        known.executed.extend(effects.applied.iter().filter_map(executed));
        known.reported |= effects.refused.is_some();
        let messages = effects.sends.iter().chain(effects.held.iter().map(|held| &held.message));
        let asks = messages.filter(|message| matches!(message.body, Body::PreVote { .. }));
        known.pre_votes += asks.count() as u64;
    }
}

/// The name of the command, if applying the entry executed one.
fn executed(applied: &Applied) -> Option<String> {
    if applied.outcome != Outcome::Executed {
        return None;
    }
    command_in(&applied.entry).map(|command| String::from_utf8_lossy(command).into_owned())
}

/// Hears what servers do, and passes everything on.
pub(super) struct Ears<'a> {
    pub(super) record: SharedRecord,
    pub(super) listener: Option<&'a mut dyn Listener>,
}

impl<'a> Ears<'a> {
    /// Has heard nothing yet.
    pub(super) fn of(scenario: &Scenario, listener: Option<&'a mut dyn Listener>) -> Ears<'a> {
        let record = Record::of(scenario.header.servers.len());
        Ears { record: Rc::new(RefCell::new(record)), listener }
    }
}

impl Listener for Ears<'_> {
    fn hear(&mut self, now: Micros, heard: &Heard<'_>) {
        match heard {
            Heard::Step { server, effects, .. } => {
                self.record.borrow_mut().stepped(*server, effects);
            }
            // From its snapshot, or as far as its state machine is durable.
            Heard::Booted(server, view, _) => {
                self.record.borrow_mut().restored(*server, view.applied);
            }
            Heard::Sent(_)
            | Heard::Durable(..)
            | Heard::Crashed(..)
            | Heard::Wiped(_)
            | Heard::Lies(..)
            | Heard::Statement(_) => {}
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(now, heard);
        }
    }
}
