//! Power: servers die, and boot again, from what their disks kept and with other settings.

use std::borrow::Cow;
use std::panic::{self, AssertUnwindSafe};

use super::{Halt, Launch, World, slot};
use crate::disk::Survives;
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop, Stored};
use crate::panics;
use crate::subject::{Boot, Token};

impl<L: Launch + ?Sized> World<'_, L> {
    /// A server dies; what is scheduled for it, and what it missed while it was not scheduled, is void. False if
    /// it was down.
    pub(super) fn crash(
        &mut self,
        id: NodeId,
        survives: Survives,
        at_write: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Stop> {
        let server = &mut self.servers[slot(id)];
        if self.subjects[slot(id)].take().is_none() {
            return Ok(false);
        }
        server.up = false;
        server.life += 1;
        server.written = Token(0);
        server.waiting.clear();
        server.unnotified.clear();
        server.unanswered.clear();
        server.applying = false;
        server.missed = None;
        server.armed = None;
        let (survived, torn) = self.salvage(id, survives, observer)?;
        let server = &mut self.servers[slot(id)];
        if self.durable_state_machine && !server.disk.lies() {
            server.kept = server.view.applied.min(server.disk.durable_prefix());
        }
        let lost = server.disk.unsynced() + usize::from(torn.is_some());
        server.disk.lose_unsynced();
        server.length = server.disk.written_length();
        let crashed = Observation::Crashed { server: id, survived, torn, lost, at_write };
        observer.observe(self.now, &crashed)?;
        Ok(true)
    }

    /// What survives of a server's writes is durable. How many are whole, and how many entries there are of a torn one, if
    /// there is one.
    fn salvage(
        &mut self,
        id: NodeId,
        Survives { writes, torn }: Survives,
        observer: &mut impl Observer,
    ) -> Result<(usize, Option<usize>), Stop> {
        if self.servers[slot(id)].disk.lies() {
            return Ok((0, None));
        }
        for survived in 0..writes {
            let Some(write) = self.servers[slot(id)].disk.sync_next(Token(u64::MAX)) else {
                return Ok((survived, None));
            };
            self.report_durable(id, &write, observer)?;
        }
        let tear = |torn| self.servers[slot(id)].disk.tear(torn);
        let Some(write) = torn.and_then(tear) else { return Ok((writes, None)) };
        self.report_durable(id, &write, observer)?;
        Ok((writes, torn))
    }

    /// A server has handed writes to its disk; if it is to die of them it does.
    #[inline]
    pub(super) fn die_of_write(
        &mut self,
        id: NodeId,
        observer: &mut impl Observer,
    ) -> Result<(), Stop> {
        let server = &self.servers[slot(id)];
        let survives = if server.broken { Some(Survives::default()) } else { server.armed };
        if let Some(survives) = survives {
            self.crash(id, survives, true, observer)?;
        }
        Ok(())
    }

    /// Boots a server that is down from what is durable. Nothing happens to one that is up.
    pub(super) fn restart(
        &mut self,
        id: NodeId,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if self.server(id).is_up() {
            return Ok(false);
        }
        self.boot(id, observer)?;
        Ok(true)
    }

    pub(super) fn boot(&mut self, id: NodeId, observer: &mut impl Observer) -> Result<(), Halt> {
        let servers = if self.members.contains(&id) { self.members.clone() } else { Vec::new() };
        let server = &mut self.servers[slot(id)];
        let changed = server.next_settings.take().filter(|next| *next != server.settings);
        server.settings = changed.unwrap_or(server.settings);
        let boot = Boot {
            id,
            servers,
            now: self.now,
            settings: server.settings,
            hard_state: server.disk.hard_state(),
            commit: server.disk.commit(),
            snapshot: server.disk.snapshot().cloned(),
            applied: server.kept,
            log: server.disk.log().to_vec(),
        };
        let launch = self.launch;
        let booted = panic::catch_unwind(AssertUnwindSafe(|| launch.launch(boot)));
        let (panicked, booted) = match booted {
            Ok(booted) => (false, booted),
            Err(panic) => (true, Err(panics::describe(panic.as_ref()))),
        };
        let (subject, view) = match booted {
            Ok(booted) => booted,
            Err(why) => {
                let why = Cow::Borrowed(&*why);
                let failed = Observation::NotBooted { server: id, panicked, why: why.clone() };
                observer.observe(self.now, &failed)?;
                return Err(Halt::NoBoot { server: id, why: why.into_owned() });
            }
        };
        self.subjects[slot(id)] = Some(subject);
        server.up = true;
        server.length = server.disk.written_length();
        server.longest = server.length;
        server.view = view;
        server.life += 1;
        server.busy_until = self.now;
        self.start_clock(id);
        let server = &self.servers[slot(id)];
        let booted = Observation::Booted {
            server: id,
            again: server.life > 1,
            disk: Stored {
                hard_state: server.disk.hard_state(),
                snapshot: server.disk.snapshot().map(|snapshot| Cow::Borrowed(&**snapshot)),
                log: Cow::Borrowed(server.disk.log()),
            },
            kept: server.kept,
            settings: Cow::Borrowed(&server.settings),
            changed: changed.is_some(),
            view,
        };
        observer.observe(self.now, &booted)?;
        Ok(())
    }
}
