//! Oracles as a run begins: over which servers, and what is known of how these work.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chain::{Ledger, Table};
use super::conduct::Conduct;
use super::configuration::InForce;
use super::history::Clients;
use super::state::Server;
use super::{Oracles, Property};
use crate::subject::{Capability, Settings};
use crate::words::{Membership, NodeId};

impl Oracles {
    /// Oracles over a cluster of these servers, none of which has booted. All of them are voters of its
    /// first configuration.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn new(servers: &[NodeId]) -> Oracles {
        Oracles::with_members(servers, servers)
    }

    /// Oracles over these servers, of which `members` are the voters of the first configuration. The others
    /// boot without one.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn with_members(servers: &[NodeId], members: &[NodeId]) -> Oracles {
        assert!((1..=64).contains(&servers.len()), "a cluster has 1 to 64 servers");
        assert!((1..).zip(servers).all(|(n, id)| id.0 == n), "servers are S1 to Sn in order");
        let mut voters = members.to_vec();
        voters.sort_unstable();
        let first = Arc::new(Membership { voters, ..Membership::default() });
        let none = Arc::new(Membership::default());
        let server = |&id| {
            let configuration = if members.contains(&id) { &first } else { &none };
            Server::new(id, servers.len(), configuration)
        };
        Oracles {
            servers: servers.iter().map(server).collect(),
            table: Table::default(),
            ledger: Ledger::new(first.clone()),
            leaders: BTreeMap::new(),
            authors: BTreeMap::new(),
            states: Vec::new(),
            snapshots: BTreeMap::new(),
            unlogged: BTreeMap::new(),
            executed: BTreeMap::new(),
            reads: BTreeMap::new(),
            told: 0,
            clients: Clients::new(),
            in_force: InForce::Appended,
            waits: false,
            conduct: None,
            violation: None,
            exercised: [0; Property::ALL.len()],
        }
    }

    /// Oracles over these servers, of an implementation with these capabilities: it says when a configuration is in force,
    /// whether servers wait for their disks, and whether their conduct is judged, for which it needs to know their settings.
    #[must_use]
    pub fn of(
        capabilities: &[Capability],
        servers: &[NodeId],
        members: &[NodeId],
        settings: impl FnOnce() -> Vec<Settings>,
    ) -> Oracles {
        let can = |capability| capabilities.contains(&capability);
        let oracles = Oracles::with_members(servers, members);
        let oracles = if can(Capability::AtAppend) { oracles } else { oracles.at_apply() };
        let oracles = if can(Capability::SlowDisk) { oracles } else { oracles.waiting_for_disks() };
        if can(Capability::Conduct) { oracles.with_conduct(settings()) } else { oracles }
    }

    /// The same, and conduct is judged too; the servers have these settings.
    #[must_use]
    pub fn with_conduct(mut self, settings: Vec<Settings>) -> Oracles {
        self.conduct = Some(Conduct::new(settings));
        self
    }

    /// The same for servers that use the latest configuration that they have applied.
    #[must_use]
    pub fn at_apply(mut self) -> Oracles {
        self.in_force = InForce::Applied;
        self
    }

    /// The same for servers that wait at each write until it is durable: what one has written counts for itself as
    /// if it were. For others it counts when it is, so that no message may leave before.
    #[must_use]
    pub fn waiting_for_disks(mut self) -> Oracles {
        self.waits = true;
        self
    }
}
