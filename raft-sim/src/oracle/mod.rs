//! The oracles: they watch a run and tell when a safety property of the paper does not hold.
//!
//! They are fed by observations alone: what a server wrote, sent, applied, and its state in Figure 2's
//! words. They never see an implementation, never look into one, and never influence a run. So they
//! judge any Raft, and they judge every step: what a step costs them depends on what it changed, and
//! one that changed nothing costs a comparison.
//!
//! Logs are kept as chains of hashes, one per entry, each standing for the whole log up to it. That
//! makes "identical up to this index" one comparison (`state`). The properties are grouped by what
//! they are about: `election`, `log`, `commit`, `durability`; `docs/invariants.md` lists them all,
//! with the legal states that look wrong at first sight.
//!
//! The first violation is the finding. What the oracles say about the same run afterwards is not
//! meaningful.

mod commit;
mod durability;
mod election;
mod log;
mod property;
mod state;
#[cfg(test)]
mod tests_commit;
#[cfg(test)]
mod tests_durability;
#[cfg(test)]
mod tests_election;
#[cfg(test)]
mod tests_history;
#[cfg(test)]
mod tests_legal;
#[cfg(test)]
mod tests_log;

use std::collections::BTreeMap;

use crate::subject::{Effects, Role, View, Write};
use crate::words::{AppendReply, Body, Entry, HardState, LogIndex, Message, NodeId, Term};

pub use property::{Property, Violation};
use state::{Author, Ledger, Link, Server, Table};

/// All safety oracles over one run of a cluster of fixed size.
///
/// In each step the simulator reports in this order: [`stepped`](Oracles::stepped), then
/// [`persisted`](Oracles::persisted) for each write that is durable at once, then
/// [`sent`](Oracles::sent) for each message that leaves. Writes that become durable later and messages
/// that waited for them are reported when it happens.
#[derive(Debug)]
pub struct Oracles {
    servers: Vec<Server>,
    /// How many servers are a majority.
    majority: u32,
    /// Every entry ever written.
    table: Table,
    /// Every entry ever committed.
    ledger: Ledger,
    /// The leader of each term.
    leaders: BTreeMap<Term, NodeId>,
    /// Who made the entries of each term.
    authors: BTreeMap<Term, Author>,
    /// How often each property was put to the test, in the order of `Property::ALL`.
    exercised: [u64; Property::ALL.len()],
}

impl Oracles {
    /// Oracles over a cluster of these servers, none of which has booted.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn new(servers: &[NodeId]) -> Oracles {
        assert!((1..=64).contains(&servers.len()), "a cluster has 1 to 64 servers");
        assert!((1..).zip(servers).all(|(n, id)| id.0 == n), "servers are S1 to Sn in order");
        Oracles {
            servers: servers.iter().map(|&id| Server::new(id)).collect(),
            majority: servers.len() as u32 / 2 + 1,
            table: Table::default(),
            ledger: Ledger::default(),
            leaders: BTreeMap::new(),
            authors: BTreeMap::new(),
            exercised: [0; Property::ALL.len()],
        }
    }

    /// A server booted from `durable` and `log` and shows `view`; its state machine has kept what it
    /// applied up to `kept`. The first boot sets what the run
    /// begins with; later ones, each after [`crashed`](Oracles::crashed) or
    /// [`wiped`](Oracles::wiped), are compared with what was durable.
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
        log: &[Entry],
        kept: Option<LogIndex>,
        view: &View,
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        if self.servers[slot].known {
            let known = &self.servers[slot];
            assert_eq!(known.durable, durable, "{server} restarts from what was durable");
            assert_eq!(known.durable_log.len(), log.len() as u64, "{server} restarts from its log");
            assert_eq!(known.log.len(), log.len() as u64, "{server} restarts after a crash");
        } else {
            self.given(slot, durable, log)?;
        }
        self.check_restart(slot, view)?;
        self.check_kept(slot, kept, view)?;
        // Every start is one as follower in the term that was durable.
        self.servers[slot].view = View { role: Role::Follower, commit: None, ..*view };
        self.check_roles(slot, view)?;
        self.check_commit(slot, view)?;
        let server = &mut self.servers[slot];
        server.view = *view;
        server.applied = view.applied.map_or(0, |index| index.get());
        Ok(())
    }

    /// Takes the state with which a server enters the run as its history.
    fn given(&mut self, slot: usize, durable: HardState, log: &[Entry]) -> Result<(), Violation> {
        let mut previous = Link::START;
        for (index, entry) in (1..).zip(log) {
            if entry.term != previous.term {
                self.authors.entry(entry.term).or_insert(Author::Given);
            }
            let link = self.check_entry(slot, index, previous, entry, durable.term)?;
            self.servers[slot].log.set(index, link);
            previous = link;
        }
        let server = &mut self.servers[slot];
        server.known = true;
        server.durable = durable;
        server.written = durable;
        server.durable_log.copy(&server.log);
        if let Some(candidate) = durable.voted_for {
            server.votes.insert(durable.term, candidate);
        }
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
        if unmoved && effects.writes.is_empty() && effects.applied.is_empty() {
            return Ok(());
        }
        self.check_step(slot, effects, &effects.view)
    }

    fn check_step(
        &mut self,
        slot: usize,
        effects: &Effects,
        after: &View,
    ) -> Result<(), Violation> {
        self.check_forward(slot, after)?;
        self.check_roles(slot, after)?;
        let before = self.servers[slot].view;
        if after.role == Role::Leader && before.role != Role::Leader {
            self.check_new_leader(slot, after.term)?;
            self.check_complete(slot, after.term)?;
        }
        for write in &effects.writes {
            if let Some(hard_state) = write.hard_state {
                self.check_written(slot, hard_state)?;
            }
            if let Some(log) = &write.log {
                self.check_log_write(slot, log, after)?;
            }
        }
        self.check_commit(slot, after)?;
        self.check_applied(slot, &effects.applied, after)?;
        self.servers[slot].view = *after;
        Ok(())
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
            Body::AppendEntries { .. } => self.check_append_sender(slot, message.term)?,
            Body::AppendEntriesReply(AppendReply::Success { matched: Some(matched) }) => {
                self.check_acknowledged(slot, message, matched)?;
            }
            Body::RequestVoteReply { granted: false }
            | Body::AppendEntriesReply(
                AppendReply::Success { matched: None } | AppendReply::Refused { .. },
            ) => {}
        }
        self.check_promise(slot, message)
    }

    /// A server lost its power: what was not durable is gone.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn crashed(&mut self, server: NodeId) {
        let slot = self.slot(server);
        self.servers[slot].power_off();
    }

    /// A server lost its power and its disk. The votes that it sent stay on record: those who got
    /// them count on them.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn wiped(&mut self, server: NodeId) {
        let slot = self.slot(server);
        let server = &mut self.servers[slot];
        server.durable = HardState::default();
        server.durable_log.truncate(0);
        server.power_off();
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
