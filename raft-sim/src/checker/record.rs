//! The record of a run so far: each server's state, its log and its disk, and what leaders committed. Nothing here
//! judges. State that one checker alone needs is in that checker.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::chain::{Ledger, Link, Seen, Table};
use super::quorum::is_alone;
use super::server::{Heard, Server};
use crate::model::{
    Body, Entry, HardState, LogIndex, Membership, Message, NodeId, Payload, Snapshot, Term, length,
};
use crate::subject::{Capability, Role, View, Write};

/// The point at which a configuration is in force on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum InForce {
    /// As soon as it is in the server's log (§6).
    Appended,
    /// Once the server has applied it.
    Applied,
    /// One or the other: the implementation does not say which.
    Unreported,
}

/// The record of a run so far.
#[derive(Clone, Debug, Hash)]
pub(super) struct Record {
    /// The servers, S1 first.
    pub(super) servers: Vec<Server>,
    /// Every entry ever written.
    table: Table,
    /// Every entry ever committed.
    pub(super) ledger: Ledger,
    /// The point at which a configuration is in force.
    pub(super) in_force: InForce,
    /// True if servers wait at each write: then what a server has written is durable from its own view.
    pub(super) waits: bool,
    /// The capabilities that the implementation claims.
    pub(super) claims: Vec<Capability>,
    /// True if a quorum need not be a majority, by design: then no majority is counted.
    pub(super) any_quorum: bool,
    /// True while a server takes an event that is known, so that its step can be compared with it.
    pub(super) announced: bool,
}

impl Record {
    /// The record of these servers, none of which has booted. `members` are the voters of the first configuration; the
    /// others boot without one.
    pub(super) fn new(servers: &[NodeId], members: &[NodeId]) -> Record {
        assert!((1..=64).contains(&servers.len()), "a cluster has 1 to 64 servers");
        assert!((1..).zip(servers).all(|(n, id)| id.0 == n), "servers are S1 to Sn in order");
        let mut voters = members.to_vec();
        voters.sort_unstable();
        let first = Arc::new(Membership { voters, ..Membership::default() });
        let none = Arc::new(Membership::default());
        let server = |&id| Server::new(id, if members.contains(&id) { &first } else { &none });
        Record {
            servers: servers.iter().map(server).collect(),
            table: Table::default(),
            ledger: Ledger::new(first.clone()),
            in_force: InForce::Appended,
            waits: false,
            claims: Vec::new(),
            any_quorum: false,
            announced: false,
        }
    }

    /// Marks the content of logs up to `base` as unknown.
    pub(super) fn begin_behind(&mut self, base: u64) {
        for server in &mut self.servers {
            server.log.begin_behind(base);
            server.durable_log.begin_behind(base);
        }
        self.table.begin_behind(base);
        self.ledger.begin_behind(base);
    }

    /// The place of a server, if it is one of the cluster.
    #[inline]
    pub(super) fn find(&self, server: NodeId) -> Option<usize> {
        let slot = server.0.wrapping_sub(1) as usize;
        (slot < self.servers.len()).then_some(slot)
    }

    /// The place of a server of the cluster.
    #[inline]
    pub(super) fn slot(&self, server: NodeId) -> usize {
        self.find(server).expect("observations are about servers of the cluster")
    }

    /// True if a server acts as a leader in a step. One that steps down with this step, as it does when it commits
    /// a configuration without itself (§6), has led until then.
    #[inline]
    pub(super) fn leads(&self, slot: usize, after: &View) -> bool {
        let before = &self.servers[slot].view;
        after.role == Role::Leader || (before.role == Role::Leader && before.term == after.term)
    }

    /// True if a server leads the same term before and after a step, or wins the election for which it stood: then its
    /// log is a leader's in all of the step.
    #[inline]
    pub(super) fn leads_throughout(&self, slot: usize, after: &View) -> bool {
        let before = &self.servers[slot].view;
        before.term == after.term
            && (before.role == Role::Leader
                || (before.role == Role::Candidate && after.role == Role::Leader))
    }

    /// The term as whose leader a server commits up to an index in a step; `None` if it learns of it as a follower. A
    /// server that takes several messages in a step may lead, commit and follow a later leader: then nobody else has
    /// committed the entry.
    #[inline]
    pub(super) fn commits_as_leader(&self, slot: usize, after: &View, to: u64) -> Option<Term> {
        if self.leads(slot, after) {
            return Some(after.term);
        }
        if to <= self.ledger.len() {
            return None;
        }
        let server = &self.servers[slot];
        let before = &server.view;
        if before.role == Role::Leader {
            return Some(before.term);
        }
        // The only voter stands and leads at once.
        let term = server.log.at(to)?.term;
        (before.term < term && term <= after.term && self.is_alone(slot, after)).then_some(term)
    }

    /// True if a server is a quorum by itself, of the configuration in force before a step or after it.
    #[inline]
    pub(super) fn is_alone(&self, slot: usize, after: &View) -> bool {
        let server = &self.servers[slot];
        [&server.view, after].into_iter().any(|view| {
            let configuration = server.log.configurations.nth(self.in_force(slot, view)).1;
            is_alone(configuration, server.id)
        })
    }

    /// The number of configurations of its log that a server has in force, or had, when it showed this view: it
    /// uses the last of them.
    #[inline]
    pub(super) fn in_force(&self, slot: usize, view: &View) -> usize {
        let configurations = &self.servers[slot].log.configurations;
        match self.in_force {
            InForce::Appended | InForce::Unreported => configurations.len(),
            InForce::Applied => configurations.count_up_to(length(view.applied)),
        }
    }

    /// The numbers of configurations whose quorums a server may go by. As long as the one in force is not committed, each of
    /// its quorums shares a server with those of the one before.
    #[inline]
    pub(super) fn may_count_by(&self, slot: usize) -> RangeInclusive<usize> {
        let Server { log, view, .. } = &self.servers[slot];
        let latest = self.in_force(slot, view);
        let is_committed = log.configurations.nth(latest).0 <= length(view.commit);
        let first = if is_committed { latest } else { latest.saturating_sub(1) };
        first..=log.configurations.len()
    }

    /// True if that number is certain.
    #[inline]
    pub(super) fn knows_in_force(&self, slot: usize, view: &View) -> bool {
        let configurations = &self.servers[slot].log.configurations;
        match self.in_force {
            InForce::Appended | InForce::Applied => true,
            InForce::Unreported => {
                configurations.count_up_to(length(view.applied)) == configurations.len()
            }
        }
    }

    /// True if a server's disk has an entry.
    #[inline]
    pub(super) fn is_durable(&self, server: NodeId, index: u64, link: Link) -> bool {
        let slot = self.find(server);
        slot.is_some_and(|slot| self.servers[slot].durable_log.at(index) == Some(link))
    }

    /// A server's clock is about to tick.
    #[inline]
    pub(super) fn ticks(&mut self, slot: usize) {
        if let Some(heard) = &mut self.servers[slot].heard {
            heard.ticks = heard.ticks.saturating_add(1);
        }
    }

    /// A server is about to take a message.
    #[inline]
    pub(super) fn receives(&mut self, slot: usize, message: &Message) {
        let Message { from, term, body, .. } = message;
        let server = &mut self.servers[slot];
        if let Body::AppendEntries { .. } | Body::InstallSnapshot { .. } = body
            && *term >= server.view.term
        {
            server.heard = Some(Heard { leader: *from, term: *term, ticks: 0 });
        }
    }

    /// True if a server leads, or has heard from the leader of its term within its shortest election timeout: with
    /// CheckQuorum it disregards requests for votes then (§6). What it promises to a lease holds over a restart.
    #[inline]
    pub(super) fn promises(&self, slot: usize) -> bool {
        let server = &self.servers[slot];
        let timeout = server.settings.election_timeout.0;
        let heard = server.heard.filter(|heard| heard.term == server.view.term);
        server.view.role == Role::Leader || heard.is_some_and(|heard| heard.ticks < timeout)
    }

    /// A server lost its power.
    pub(super) fn power_off(&mut self, slot: usize) {
        let server = &mut self.servers[slot];
        server.power_off();
        let leases = server.settings.lease_drift.is_some();
        // It has answered a leader only once its term was durable.
        server.heard = server.heard.filter(|heard| leases && server.durable.term >= heard.term);
    }

    /// An entry is seen at this index of a log, behind `previous`: its link, and what the table knew of it.
    #[inline(always)]
    pub(super) fn see(&mut self, index: u64, previous: Link, entry: &Entry) -> (Link, Seen) {
        let link = previous.then(entry);
        (link, self.table.record(index, link))
    }

    /// A server has this entry at this index of its log.
    #[inline(always)]
    pub(super) fn append(&mut self, slot: usize, index: u64, link: Link, payload: &Payload) {
        let log = &mut self.servers[slot].log;
        if let Payload::Membership(membership) = payload {
            log.configurations.push(index, membership);
        }
        log.set(index, link);
    }

    /// The leader of `term` commits its log up to `to`.
    pub(super) fn commit(&mut self, slot: usize, to: u64, term: Term) {
        self.ledger.commit(&self.servers[slot].log, to, term);
    }

    /// A server writes a snapshot, which takes the place of its whole log unless that has the snapshot's last entry.
    #[cold]
    pub(super) fn snapshot_written(&mut self, slot: usize, snapshot: &Snapshot) {
        let last = snapshot.last.index.get();
        let server = &mut self.servers[slot];
        server.snapshot = last;
        if server.log.at(last).is_none_or(|link| link.term != snapshot.last.term) {
            server.log.adopt(&self.ledger, last);
        }
    }

    /// A snapshot stands for the beginning of a server's log.
    #[cold]
    pub(super) fn adopt(&mut self, slot: usize, snapshot: &Snapshot) {
        self.servers[slot].log.adopt(&self.ledger, snapshot.last.index.get());
    }

    /// A write is durable.
    #[inline]
    pub(super) fn durable(&mut self, slot: usize, write: &Write) {
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
            server.log_durable(log, &self.table);
        }
    }

    /// A server that booted before boots from what was durable.
    pub(super) fn assert_durable(
        &self,
        slot: usize,
        durable: HardState,
        base: Option<LogIndex>,
        log: &[Entry],
    ) {
        let known = &self.servers[slot];
        let (server, last) = (known.id, length(base) + log.len() as u64);
        assert_eq!(known.durable, durable, "{server} restarts from what was durable");
        assert_eq!(known.durable_snapshot, length(base), "{server} restarts from its snapshot");
        assert_eq!(known.durable_log.len(), last, "{server} restarts from its log");
        assert_eq!(known.log.len(), last, "{server} restarts after a crash");
    }

    /// The hard state with which a server began the run is on its disk.
    pub(super) fn given(&mut self, slot: usize, durable: HardState) {
        let server = &mut self.servers[slot];
        server.known = true;
        server.durable = durable;
        server.durable_log.copy(&server.log);
        server.durable_snapshot = server.snapshot;
    }

    /// Every start is one as follower in the term that was durable, with nothing known to be committed and no state seen.
    pub(super) fn starts(&mut self, slot: usize, view: &View) {
        let server = &mut self.servers[slot];
        server.view = View { role: Role::Follower, commit: None, state: 0, ..*view };
        server.applied = length(view.applied);
    }
}
