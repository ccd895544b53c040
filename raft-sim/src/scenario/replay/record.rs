//! The observations that a replay itself needs: what each server applies, asks and reports.

use std::collections::BTreeMap;

use super::start::command_in;
use crate::model::{Body, Entry, LogIndex, NodeId};
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Applied, Effects, Outcome};
use crate::time::Micros;

/// The observations of all servers.
#[derive(Debug)]
pub(super) struct Record {
    /// Every entry that some state machine applied, and its outcome: the content of snapshots.
    applied: BTreeMap<LogIndex, Applied>,
    /// The observations of each server, S1 first.
    servers: Vec<Known>,
}

/// The observations of one server.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The commands that its state machine has executed.
    executed: Vec<String>,
    /// The number of times that it asked for pre-votes.
    pre_votes: u64,
    /// True if it reported a message that no correct server sends.
    reported: bool,
}

impl Record {
    /// A record without observations.
    pub(super) fn of(servers: usize) -> Record {
        Record { applied: BTreeMap::new(), servers: vec![Known::default(); servers] }
    }

    fn known(&self, server: NodeId) -> &Known {
        &self.servers[server.0 as usize - 1]
    }

    /// The commands that a server's state machine has executed, in order.
    pub(super) fn executed(&self, server: NodeId) -> &[String] {
        &self.known(server).executed
    }

    /// The number of times that a server asked for pre-votes.
    pub(super) fn pre_votes(&self, server: NodeId) -> u64 {
        self.known(server).pre_votes
    }

    /// True if a server reported a message that no correct server sends.
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

    /// A server's state machine has the state after this entry, without having executed the entries before.
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

impl Observer for Record {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Stepped { server, effects, .. } => self.stepped(*server, effects),
            // From its snapshot, or as far as its state machine is durable.
            Observation::Booted { server, view, .. } => self.restored(*server, view.applied),
            _ => {}
        }
        Ok(())
    }
}
