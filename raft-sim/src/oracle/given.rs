//! What a run begins with: logs, snapshots, terms and votes that are taken as history.

use super::chain::Link;
use super::state::Author;
use super::{Oracles, Violation};
use crate::words::{Entry, HardState, Payload, Snapshot};

impl Oracles {
    /// Takes the state with which a server enters the run as its history.
    pub(super) fn given(
        &mut self,
        slot: usize,
        durable: HardState,
        snapshot: Option<&Snapshot>,
        log: &[Entry],
    ) -> Result<(), Violation> {
        if let Some(snapshot) = snapshot {
            self.check_snapshot(slot, snapshot)?;
            let last = snapshot.last.index.get();
            self.servers[slot].snapshot = last;
            self.servers[slot].log.adopt(&self.ledger, last);
        }
        let base = self.servers[slot].log.len();
        let mut previous = self.servers[slot].log.at(base).unwrap_or(Link::START);
        for (index, entry) in (base + 1..).zip(log) {
            if entry.term != previous.term {
                self.authors.entry(entry.term).or_insert(Author::Given);
            }
            let link = self.check_entry(slot, index, previous, entry, durable.term)?;
            self.servers[slot].log.set(index, link);
            self.clients.given(entry);
            if let Payload::Membership(membership) = &entry.payload {
                self.servers[slot].log.configurations.push(index, membership);
            }
            previous = link;
        }
        let server = &mut self.servers[slot];
        server.known = true;
        server.durable = durable;
        server.written = durable;
        server.durable_log.copy(&server.log);
        server.durable_snapshot = server.snapshot;
        if let Some(candidate) = durable.voted_for {
            server.votes.insert(durable.term, candidate);
        }
        Ok(())
    }
}
