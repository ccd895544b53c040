//! The oracles: they watch a run and tell when a safety property of the paper does not hold.
//!
//! They are fed by observations alone: what a server wrote, sent, applied, and its state in Figure 2's
//! words. They never see an implementation, never look into one, and never influence a run. So they
//! judge any Raft, and they judge every step: what a step costs them depends on what it changed, and
//! one that changed nothing costs a comparison.
//!
//! Logs are kept as chains of hashes, one per entry, each standing for the whole log up to it. That
//! makes "identical up to this index" one comparison (`chain`); a snapshot takes nothing away from them.
//! The properties are grouped by what they are about: `election`, `log`, `commit`, `durability`,
//! `configuration`, `snapshot`, `client`, `history`; `docs/invariants.md` lists them all, with the legal states that
//! look wrong at first sight.
//!
//! The first violation is the finding. What the oracles say about the same run afterwards is not
//! meaningful.

mod chain;
mod client;
mod commit;
mod conduct;
mod configuration;
mod durability;
mod election;
mod given;
mod history;
mod linear;
mod log;
mod observe;
mod property;
mod setup;
mod snapshot;
mod state;
#[cfg(test)]
mod tests_applied;
#[cfg(test)]
mod tests_client;
#[cfg(test)]
mod tests_commit;
#[cfg(test)]
mod tests_configuration;
#[cfg(test)]
mod tests_durability;
#[cfg(test)]
mod tests_election;
#[cfg(test)]
mod tests_history;
#[cfg(test)]
mod tests_legal;
#[cfg(test)]
mod tests_linear;
#[cfg(test)]
mod tests_log;
#[cfg(test)]
mod tests_moves;
#[cfg(test)]
mod tests_snapshot;
mod traced;

use std::collections::BTreeMap;

use crate::subject::{Effects, Event, Request, Role, Settings, View, Write};
use crate::words::{
    AppendReply, Body, Entry, HardState, LogIndex, Message, NodeId, Payload, SessionId, Snapshot,
    Term, length,
};

use chain::{Ledger, Table};
use client::Asked;
use conduct::Conduct;
use configuration::InForce;
pub(crate) use configuration::has_quorum;
use history::Clients;
pub use history::{Operation, Told, What};
pub use observe::NoPanic;
pub use property::{Class, Property, Violation};
use state::{Author, Server};
pub use traced::{Came, Found, Quorum};

/// All safety oracles over one run of a cluster. Its servers are known from the start, also those that become
/// part of its configuration later.
///
/// In each step the simulator reports in this order: [`asked`](Oracles::asked) if a client asks for something,
/// [`stepped`](Oracles::stepped), [`answered`](Oracles::answered) for each answer, then
/// [`persisted`](Oracles::persisted) for each write that is durable at once, then
/// [`sent`](Oracles::sent) for each message that leaves. Writes that become durable later and messages
/// that waited for them are reported when it happens.
#[derive(Debug)]
pub struct Oracles {
    servers: Vec<Server>,
    /// Every entry ever written.
    table: Table,
    /// Every entry ever committed.
    ledger: Ledger,
    /// The leader of each term.
    leaders: BTreeMap<Term, NodeId>,
    /// Who made the entries of each term.
    authors: BTreeMap<Term, Author>,
    /// The state that state machines showed after so many entries; 0 where none did.
    states: Vec<u64>,
    /// A hash of the data of the snapshots up to each index.
    snapshots: BTreeMap<u64, u64>,
    /// Entries that were applied, in a trace that has no logs.
    unlogged: BTreeMap<u64, (Option<Term>, Option<Payload>)>,
    /// At which index each command of a session was executed.
    executed: BTreeMap<(SessionId, u64), u64>,
    /// Reads that servers owe an answer: no more than they themselves remember.
    reads: BTreeMap<Request, Asked>,
    /// The highest index that any client was told of.
    told: u64,
    clients: Clients,
    /// When a configuration is in force.
    in_force: InForce,
    /// Whether servers wait at each write, so that what they have written is durable for themselves.
    waits: bool,
    /// What conduct is judged by, if it is.
    conduct: Option<Conduct>,
    /// The first property that was seen violated.
    violation: Option<Violation>,
    /// How often each property was put to the test, in the order of `Property::ALL`.
    exercised: [u64; Property::ALL.len()],
}

impl Oracles {
    /// A server is about to boot with other settings than before.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn configured(&mut self, server: NodeId, settings: Settings) {
        let slot = self.slot(server);
        if let Some(conduct) = &mut self.conduct {
            conduct.configured(slot, settings);
        }
    }

    /// A server is about to take an event; [`stepped`](Oracles::stepped) follows.
    ///
    /// # Panics
    /// If the server is unknown.
    #[inline]
    pub fn takes(&mut self, server: NodeId, event: &Event) {
        if self.conduct.is_some() {
            let slot = self.slot(server);
            self.expect_conduct(slot, event);
        }
    }

    /// A server booted from `durable`, its `snapshot` and the `log` behind that, and shows `view`; its state
    /// machine has kept what it applied up to `kept`. The first boot sets what the run begins with; later
    /// ones, each after [`crashed`](Oracles::crashed) or [`wiped`](Oracles::wiped), are compared with what
    /// was durable.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the server is unknown, or if it restarts from something else than what was reported durable.
    pub fn booted(
        &mut self,
        server: NodeId,
        durable: HardState,
        snapshot: Option<&Snapshot>,
        log: &[Entry],
        kept: Option<LogIndex>,
        view: &View,
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        let base = snapshot.map(|snapshot| snapshot.last.index);
        if self.servers[slot].known {
            let known = &self.servers[slot];
            let last = length(base) + log.len() as u64;
            assert_eq!(known.durable, durable, "{server} restarts from what was durable");
            assert_eq!(known.durable_snapshot, length(base), "{server} restarts from its snapshot");
            assert_eq!(known.durable_log.len(), last, "{server} restarts from its log");
            assert_eq!(known.log.len(), last, "{server} restarts after a crash");
        } else {
            self.given(slot, durable, snapshot, log)?;
        }
        self.check_restart(slot, view)?;
        self.check_kept(slot, kept, base, view)?;
        // Every start is one as follower in the term that was durable.
        self.servers[slot].view = View { role: Role::Follower, commit: None, ..*view };
        self.check_roles(slot, view)?;
        self.check_commit(slot, view, self.in_force(slot, view))?;
        self.check_booted_snapshot(slot, base, view)?;
        self.check_in_force(slot, view)?;
        self.check_state(slot, view)?;
        let server = &mut self.servers[slot];
        server.view = *view;
        server.applied = length(view.applied);
        self.resume(slot);
        self.boot_conduct(slot, durable);
        Ok(())
    }

    /// A server did one step. Its view before is the one of its last step.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the server is unknown.
    #[inline]
    pub fn stepped(&mut self, server: NodeId, effects: &Effects) -> Result<(), Violation> {
        let slot = self.slot(server);
        let unmoved = self.servers[slot].view == effects.view;
        let idle = effects.writes.is_empty() && effects.applied.is_empty();
        if !unmoved || !idle || effects.restored.is_some() {
            self.check_step(slot, effects, &effects.view)?;
        }
        if let Some((follower, matched)) = effects.matched {
            self.check_matched(slot, follower, matched)?;
        }
        if self.conduct.is_some() { self.check_conduct(slot, effects) } else { Ok(()) }
    }

    fn check_step(
        &mut self,
        slot: usize,
        effects: &Effects,
        after: &View,
    ) -> Result<(), Violation> {
        self.check_forward(slot, after)?;
        self.check_roles(slot, after)?;
        if after.role == Role::Leader && self.servers[slot].view.role != Role::Leader {
            self.check_new_leader(slot, after.term)?;
            self.check_complete(slot, after.term)?;
        }
        let configured = self.in_force(slot, &self.servers[slot].view);
        for write in &effects.writes {
            if let Some(hard_state) = write.hard_state {
                self.check_written(slot, hard_state)?;
            }
            if let Some(snapshot) = &write.snapshot {
                self.check_snapshot_write(slot, write, snapshot, after)?;
            }
            if let Some(log) = &write.log {
                self.check_log_write(slot, log, after)?;
            }
        }
        self.check_commit(slot, after, configured)?;
        for snapshot in effects.writes.iter().filter_map(|write| write.snapshot.as_ref()) {
            self.check_snapshot(slot, snapshot)?;
            // Who began without a configuration has one now.
            self.servers[slot].log.adopt(&self.ledger, snapshot.last.index.get());
        }
        self.check_applied(slot, effects, after)?;
        self.check_in_force(slot, after)?;
        let before = &self.servers[slot].view;
        if before != after {
            let went_on = before.applied != after.applied || before.state != after.state;
            self.check_order(slot, after)?;
            if went_on {
                self.check_state(slot, after)?;
            }
            self.servers[slot].view = *after;
        }
        Ok(())
    }

    /// Whether what a server does in a step it does as a leader: one that steps down with this step, as it
    /// does when it commits a configuration without itself (§6), has led until then.
    #[inline]
    fn leads(&self, slot: usize, after: &View) -> bool {
        let before = &self.servers[slot].view;
        after.role == Role::Leader || (before.role == Role::Leader && before.term == after.term)
    }

    /// A write is durable now. Those of one server come in the order in which it made them.
    ///
    /// # Panics
    /// If the server is unknown.
    #[inline]
    pub fn persisted(&mut self, server: NodeId, write: &Write) {
        let slot = self.slot(server);
        let server = &mut self.servers[slot];
        if let Some(hard_state) = write.hard_state {
            server.durable = hard_state;
        }
        if let Some(snapshot) = &write.snapshot {
            let last = snapshot.last.index.get();
            server.durable_snapshot = last;
            server.durable_log.adopt(&self.ledger, last);
        }
        if let Some(log) = &write.log {
            server.log_persisted(log, &self.table);
        }
    }

    /// A message leaves the server that sent it, maybe many steps after the one that made it.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the sender is unknown.
    #[inline]
    pub fn sent(&mut self, message: &Message) -> Result<(), Violation> {
        let slot = self.slot(message.from);
        match message.body {
            Body::RequestVote { .. } => self.check_vote(slot, message.term, message.from)?,
            Body::RequestVoteReply { granted: true } => {
                self.check_vote(slot, message.term, message.to)?;
            }
            Body::AppendEntries { .. } => {
                self.check_sender(slot, message.term, "sent an AppendEntries of")?;
            }
            Body::InstallSnapshot { .. } => {
                self.check_sender(slot, message.term, "sent an InstallSnapshot of")?;
            }
            Body::TimeoutNow => self.check_sender(slot, message.term, "sent a TimeoutNow of")?,
            Body::AppendEntriesReply {
                reply: AppendReply::Success { matched: Some(matched) },
                ..
            } => {
                self.check_acknowledged(slot, message, matched)?;
            }
            Body::RequestVoteReply { granted: false }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. }
            | Body::AppendEntriesReply {
                reply: AppendReply::Success { matched: None } | AppendReply::Refused { .. },
                ..
            } => {}
        }
        self.check_promise(slot, message)
    }

    /// From now on, or no longer, what is [`persisted`](Oracles::persisted) is what the server's disk says, and is
    /// gone when its power is. The votes that it sent stay on record: those who got them count on them.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn lied_to(&mut self, server: NodeId, lies: bool) {
        let slot = self.slot(server);
        self.servers[slot].lied_to(lies);
    }

    /// A server lost its power: what was not durable is gone.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn crashed(&mut self, server: NodeId) {
        let slot = self.slot(server);
        self.servers[slot].power_off();
        self.forget_reads(slot);
        self.forget_leader(slot);
    }

    /// A server lost its power and its disk. The votes that it sent stay on record: those who got
    /// them count on them.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn wiped(&mut self, server: NodeId) {
        let slot = self.slot(server);
        self.servers[slot].wipe();
        self.servers[slot].power_off();
        self.forget_reads(slot);
        self.forget_leader(slot);
    }

    /// How often the property was really put to the test: how often something was compared that could
    /// have differed. `docs/invariants.md` says for each property what counts.
    #[must_use]
    pub fn exercised(&self, property: Property) -> u64 {
        self.exercised[property as usize]
    }

    /// How many entries leaders have committed, given ones included.
    #[must_use]
    pub fn committed_len(&self) -> u64 {
        self.ledger.len()
    }

    /// A goal of liveness was owed in this run, and was met.
    pub fn met(&mut self, goal: Property) {
        self.count(goal);
    }

    #[inline]
    fn count(&mut self, property: Property) {
        self.exercised[property as usize] += 1;
    }

    /// The place of a server, if it is one of the cluster.
    #[inline]
    fn find(&self, server: NodeId) -> Option<usize> {
        let slot = server.0.wrapping_sub(1) as usize;
        (slot < self.servers.len()).then_some(slot)
    }

    #[inline]
    fn slot(&self, server: NodeId) -> usize {
        self.find(server).expect("observations are about servers of the cluster")
    }
}
