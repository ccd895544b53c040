//! The observations that a replay itself needs: what each server applies, asks and reports.

use std::collections::BTreeMap;

use super::start::command_in;
use crate::model::{AppendReply, Body, Entry, LogIndex, Message, NodeId, Term, length};
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Applied, Effects, Event, Outcome, Role, View};
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
    /// As the leader that it is now, or was last: the progress of each other server.
    progress: BTreeMap<NodeId, Progress>,
    /// A success that it is being told: the sender, the term and the index.
    told: Option<(NodeId, Term, u64)>,
}

/// The progress of a follower as its leader's messages show it; 0 for none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// The first entry of the latest AppendEntries sent to it.
    pub(super) next: u64,
    /// The last entry that it has acknowledged.
    pub(super) matched: u64,
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

    /// The progress of a server as another one, which leads or has led, shows it.
    pub(super) fn progress(&self, leader: NodeId, follower: NodeId) -> Progress {
        self.known(leader).progress.get(&follower).copied().unwrap_or_default()
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

    fn took(&mut self, server: NodeId, event: &Event) {
        let told = if let Event::Receive(Message { from, term, body, .. }) = event
            && let Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } = body
        {
            Some((*from, *term, length(*matched)))
        } else {
            None
        };
        self.servers[server.0 as usize - 1].told = told;
    }

    fn stepped(&mut self, server: NodeId, before: &View, effects: &Effects) {
        if let Some(snapshot) = &effects.restored {
            self.restored(server, Some(snapshot.last.index));
        }
        for applied in &effects.applied {
            self.applied.entry(applied.entry.index).or_insert_with(|| applied.clone());
        }
        let known = &mut self.servers[server.0 as usize - 1];
        known.follow(before, effects);
        known.executed.extend(effects.applied.iter().filter_map(executed));
        known.reported |= effects.refused.is_some();
        let messages = effects.sends.iter().chain(effects.held.iter().map(|held| &held.message));
        let asks = messages.filter(|message| matches!(message.body, Body::PreVote { .. }));
        known.pre_votes += asks.count() as u64;
    }
}

impl Known {
    /// Takes in what a step of a leader shows of the progress of others.
    fn follow(&mut self, before: &View, effects: &Effects) {
        let leads = |view: &View| (view.role == Role::Leader).then_some(view.term);
        let term = leads(&effects.view);
        if term.is_some() && leads(before) != term {
            self.progress.clear();
        }
        if let Some((from, of_term, index)) = self.told.take()
            && leads(before) == Some(of_term)
        {
            let matched = &mut self.progress.entry(from).or_default().matched;
            *matched = (*matched).max(index);
        }
        let messages = effects.sends.iter().chain(effects.held.iter().map(|held| &held.message));
        for message in messages.filter(|message| term == Some(message.term)) {
            if let Body::AppendEntries { prev, .. } = &message.body {
                let next = length(prev.map(|prev| prev.index)) + 1;
                self.progress.entry(message.to).or_default().next = next;
            }
        }
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
            Observation::Took { server, event } => self.took(*server, event),
            Observation::Stepped { server, before, effects, .. } => {
                self.stepped(*server, before, effects);
            }
            // From its snapshot, or as far as its state machine is durable.
            Observation::Booted { server, view, .. } => self.restored(*server, view.applied),
            _ => {}
        }
        Ok(())
    }
}
