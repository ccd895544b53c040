//! Power: servers die, and boot again, from what their disks kept and with other settings.

use std::panic::{self, AssertUnwindSafe};

use serde::{Deserialize, Serialize};

use super::{Cluster, Due, Heard, slot};
use crate::checker::Violation;
use crate::mix::mix;
use crate::subject::{Boot, Settings, Token};
use crate::words::NodeId;

/// Why a server did not come up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootFailure {
    /// The implementation refuses this state or these settings.
    Refused(String),
    /// An oracle objects to the state it came up with.
    Violation(Violation),
}

/// What a power loss leaves of the writes that were not durable; by default nothing. It leaves none of them on
/// a disk that lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survives {
    /// So many, oldest first, had just made it.
    pub writes: usize,
    /// The next one is torn, if it appends more than so many entries: these are there, and all else of it (term
    /// and vote, snapshot, and what it cuts off the log).
    pub torn: Option<usize>,
}

impl Cluster<'_> {
    /// A server dies; what is scheduled for it, and what it missed while it was not scheduled, is void. False if
    /// it was down.
    pub fn crash(&mut self, id: NodeId, survives: Survives) -> bool {
        let server = &mut self.servers[slot(id)];
        if server.subject.take().is_none() {
            return false;
        }
        server.life += 1;
        server.written = Token(0);
        server.waiting.clear();
        server.unheard.clear();
        server.unanswered.clear();
        server.applying = false;
        server.missed = None;
        server.armed = None;
        let torn = self.salvage(id, survives);
        let server = &mut self.servers[slot(id)];
        if self.durable_state_machine && !server.disk.lies() {
            server.kept = server.view.applied.min(server.disk.durable_prefix());
        }
        let lost = server.disk.unsynced() + usize::from(torn.is_some());
        server.disk.lose_unsynced();
        self.digest = mix(mix(self.digest, 5), u64::from(id.0));
        if let Some(oracles) = &mut self.oracles {
            oracles.crashed(id);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Crashed(id, lost, torn));
        }
        true
    }

    /// What survives of a server's writes is durable. How many entries of a torn one, if there is one.
    fn salvage(&mut self, id: NodeId, Survives { writes, torn }: Survives) -> Option<usize> {
        if self.servers[slot(id)].disk.lies() {
            return None;
        }
        for _ in 0..writes {
            let write = self.servers[slot(id)].disk.sync_next(Token(u64::MAX))?;
            self.report_durable(id, &write);
            self.watch.saved.0 += 1;
        }
        let write = self.servers[slot(id)].disk.tear(torn?)?;
        self.report_durable(id, &write);
        self.watch.saved.1 += 1;
        torn
    }

    /// A server is to die at its next write: after the step that hands it to the disk, and whatever else that
    /// step wants done, before anything of it is durable. It is told in [`Cluster::died`]. Not if it dies of
    /// something else before.
    pub fn arm_crash(&mut self, id: NodeId, survives: Survives) {
        self.servers[slot(id)].armed = Some(survives);
    }

    /// A server is no longer to die at its next write.
    pub fn disarm(&mut self, id: NodeId) {
        self.servers[slot(id)].armed = None;
    }

    /// From now on a server's disk fails, or does no longer. It takes no write: the server dies at each, as it
    /// would of [`Cluster::arm_crash`], and all that is not durable is lost; again when it has restarted.
    pub fn fail_writes(&mut self, id: NodeId, fail: bool) {
        self.servers[slot(id)].broken = fail;
    }

    /// A server has handed writes to its disk; if it is to die of them it does.
    #[inline]
    pub(super) fn die_of_write(&mut self, id: NodeId) {
        let server = &self.servers[slot(id)];
        if server.broken {
            self.crash(id, Survives::default());
            self.died.push(id);
        } else if let Some(survives) = server.armed {
            self.crash(id, survives);
            self.died.push(id);
        }
    }

    /// The next boot of a server has these settings, and those after it.
    pub fn configure(&mut self, id: NodeId, settings: Settings) {
        self.servers[slot(id)].next_settings = Some(settings);
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
        let changed = server.next_settings.take().filter(|next| *next != server.settings);
        if let Some(settings) = changed {
            server.settings = settings;
            self.digest = mix(self.digest, 8);
            if let Some(oracles) = &mut self.oracles {
                oracles.configured(id, settings);
            }
        }
        let (hard_state, commit) = (server.disk.hard_state(), server.disk.commit());
        let log = server.disk.log().to_vec();
        let snapshot = server.disk.snapshot().cloned();
        let settings = server.settings;
        let boot = Boot {
            id,
            servers,
            now: self.now,
            settings,
            hard_state,
            commit,
            snapshot,
            applied: server.kept,
            log,
        };
        let implementation = self.own.as_deref().unwrap_or(self.implementation);
        let booted = panic::catch_unwind(AssertUnwindSafe(|| implementation.boot(boot)))
            .map_err(|panic| Violation::panicked(id, panic.as_ref()))?;
        let (subject, view) = booted.map_err(BootFailure::Refused)?;
        self.features.booted(
            id,
            &self.members,
            server.disk.snapshot().map(AsRef::as_ref),
            server.disk.log(),
        );
        self.watch.booted(id);
        server.subject = Some(subject);
        server.longest = server.disk.written_length();
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
            listener.hear(self.now, &Heard::Booted(id, &view, changed.as_ref()));
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

impl From<Violation> for BootFailure {
    fn from(violation: Violation) -> BootFailure {
        BootFailure::Violation(violation)
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
