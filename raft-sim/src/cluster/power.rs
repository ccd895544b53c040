//! Power: servers die, and boot again.

use super::{Cluster, Due, Heard, slot};
use crate::mix::mix;
use crate::oracle::Violation;
use crate::subject::{Boot, Token};
use crate::words::NodeId;

/// Why a server did not come up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootFailure {
    /// The implementation refuses this state or these settings.
    Refused(String),
    /// An oracle objects to the state it came up with.
    Violation(Violation),
}

impl Cluster<'_> {
    /// A server dies. Of what its disk has not made durable, the first `survives` writes had just made it.
    /// False if it was down.
    pub fn crash(&mut self, id: NodeId, survives: usize) -> bool {
        let server = &mut self.servers[slot(id)];
        if server.subject.take().is_none() {
            return false;
        }
        server.life += 1;
        server.waiting.clear();
        server.unheard.clear();
        server.applying = false;
        for _ in 0..survives {
            if let Some(write) = server.disk.sync_next(Token(u64::MAX))
                && let Some(oracles) = &mut self.oracles
            {
                oracles.persisted(id, &write);
            }
        }
        if self.durable_state_machine {
            server.kept = server.view.applied.min(server.disk.durable_prefix());
        }
        let lost = server.disk.unsynced();
        server.disk.lose_unsynced();
        self.digest = mix(mix(self.digest, 5), u64::from(id.0));
        if let Some(oracles) = &mut self.oracles {
            oracles.crashed(id);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Crashed(id, lost));
        }
        true
    }

    /// Boots a server that is down from what is durable. Nothing happens to one that is up.
    ///
    /// # Errors
    /// Why the server does not boot, or a property that an oracle saw violated.
    pub fn restart(&mut self, id: NodeId) -> Result<(), BootFailure> {
        if self.server(id).is_up() {
            return Ok(());
        }
        self.digest = mix(mix(self.digest, 6), u64::from(id.0));
        self.boot(id)
    }

    pub(super) fn boot(&mut self, id: NodeId) -> Result<(), BootFailure> {
        let servers = if self.members.contains(&id) { self.members.clone() } else { Vec::new() };
        let server = &mut self.servers[slot(id)];
        let hard_state = server.disk.hard_state();
        let log = server.disk.log().to_vec();
        let snapshot = server.disk.snapshot().cloned();
        let settings = server.settings;
        let boot = Boot { id, servers, settings, hard_state, snapshot, applied: server.kept, log };
        let (subject, view) = self.implementation.boot(boot).map_err(BootFailure::Refused)?;
        self.features.booted(
            id,
            &self.members,
            server.disk.snapshot().map(AsRef::as_ref),
            server.disk.log(),
        );
        server.subject = Some(subject);
        server.view = view;
        server.life += 1;
        server.busy_until = self.now;
        server.ticking = self.flowing;
        if self.flowing {
            server.next_tick = self.now + server.tick;
            let due = Due::Tick { server: id.0 - 1, life: server.life };
            self.queue.push(server.next_tick, due);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Booted(id, &view));
        }
        match &mut self.oracles {
            Some(oracles) => oracles
                .booted(
                    id,
                    hard_state,
                    server.disk.snapshot().map(AsRef::as_ref),
                    server.disk.log(),
                    server.kept,
                    &view,
                )
                .map_err(BootFailure::Violation),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for BootFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BootFailure::Refused(why) => f.write_str(why),
            BootFailure::Violation(violation) => violation.fmt(f),
        }
    }
}
