//! Disks and power: writes become durable, messages that waited for them leave, and servers are notified; disks
//! stall, catch up and lose their content; servers die, and boot again from their disks.

use std::borrow::Cow;
use std::panic::{self, AssertUnwindSafe};

use super::flow::Due;
use super::step::send;
use super::{Halt, Launch, Server, World, slot};
use crate::disk::{Disk, Survives, Torn, length_after};
use crate::mix::{below, mix};
use crate::model::{LogIndex, NodeId, length};
use crate::observation::{Observation, Observer, Stop, Stored};
use crate::panics;
use crate::subject::{Boot, Event, Token, View, Write};

impl<L: Launch + ?Sized> World<'_, L> {
    /// A server's disk stalls: it makes nothing durable by itself from now on. Or it resumes, and catches up.
    pub(super) fn stall(
        &mut self,
        id: NodeId,
        stalled: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        self.servers[slot(id)].stalled = stalled;
        if stalled { Ok(true) } else { self.sync_all(id, observer) }
    }

    /// All writes of a server so far become durable, and it is notified of each.
    pub(super) fn sync_all(
        &mut self,
        id: NodeId,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        loop {
            self.make_durable(id, Token(u64::MAX), observer)?;
            if self.miss_notices(id, 0) {
                return Ok(true);
            }
            match self.servers[slot(id)].unnotified.front() {
                Some(&token) => self.deliver_notice(id, token, observer)?,
                None => break,
            }
        }
        self.lag(id, observer)?;
        Ok(true)
    }

    /// All writes of a server so far become durable, but it is notified of the newest one only; of the others, with
    /// the next [`World::sync_all`].
    pub(super) fn sync_newest(
        &mut self,
        id: NodeId,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let first = self.servers[slot(id)].unnotified.len();
        match self.make_durable(id, Token(u64::MAX), observer)? {
            Some(_) if self.miss_notices(id, first) => Ok(true),
            Some(newest) => {
                self.deliver_notice(id, newest, observer)?;
                self.lag(id, observer)?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// A server's disk makes its oldest writes durable. The server is notified by [`World::notify`] or the next
    /// [`World::sync_all`], not by itself.
    pub(super) fn flush(
        &mut self,
        id: NodeId,
        count: usize,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        for flushed in 0..count {
            match self.servers[slot(id)].disk.oldest() {
                Some(oldest) => self.make_durable(id, oldest, observer)?,
                None => return Ok(flushed > 0),
            };
        }
        Ok(true)
    }

    /// Everything up to and including this write becomes durable, and the server is notified after the disk's delay.
    pub(super) fn sync(
        &mut self,
        id: NodeId,
        through: Token,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if self.settle(id, through, observer)? {
            self.lag(id, observer)?;
        }
        Ok(true)
    }

    /// Makes a server's writes durable at the end of a step if its disk takes no time.
    #[inline(always)]
    pub(super) fn settle_at_once(
        &mut self,
        id: NodeId,
        observer: &mut impl Observer,
    ) -> Result<(), Halt> {
        let server = &self.servers[slot(id)];
        if server.disk.is_dirty() && !server.stalled && self.sync.max == 0 {
            self.settle(id, Token(u64::MAX), observer)?;
        }
        Ok(())
    }

    /// Everything up to and including this write becomes durable. True if the server was notified, false if it will
    /// be later.
    fn settle(
        &mut self,
        id: NodeId,
        through: Token,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        while self.servers[slot(id)].disk.is_dirty() {
            // Of older writes it may be notified later, if its implementation supports that.
            let unnotified = self.servers[slot(id)].unnotified.len();
            let first = if self.notices_in_order { 0 } else { unnotified };
            if self.make_durable(id, through, observer)?.is_none() {
                break;
            }
            if self.flowing && self.sync.notice > 0 {
                self.schedule_notices(id, first);
                return Ok(false);
            }
            if self.miss_notices(id, first) {
                return Ok(false);
            }
            while first < self.servers[slot(id)].unnotified.len()
                && let Some(token) = self.servers[slot(id)].unnotified.remove(first)
            {
                self.take(id, Event::Persisted(token), observer)?;
            }
        }
        Ok(true)
    }

    /// Everything up to and including this write becomes durable. Returns the newest of the writes that were not
    /// durable before.
    fn make_durable(
        &mut self,
        id: NodeId,
        through: Token,
        observer: &mut impl Observer,
    ) -> Result<Option<Token>, Stop> {
        let mut newest = None;
        let mut server = &mut self.servers[slot(id)];
        while server.disk.is_dirty()
            && let Some(write) = server.disk.sync_next(through)
        {
            newest = Some(write.token);
            server.unnotified.push_back(write.token);
            self.report_durable(id, &write, observer)?;
            server = &mut self.servers[slot(id)];
        }
        Ok(newest)
    }

    /// A write is durable, or the disk reports so.
    #[inline]
    pub(super) fn report_durable(
        &mut self,
        id: NodeId,
        write: &Write,
        observer: &mut impl Observer,
    ) -> Result<(), Stop> {
        let durable = || Observation::Durable { server: id, write: Cow::Borrowed(write) };
        observer.observe_made(self.now, durable)
    }

    /// True if a server is paused. It is then notified of its durable writes, from this one on, when it resumes.
    fn miss_notices(&mut self, id: NodeId, first: usize) -> bool {
        let Server { missed, unnotified, .. } = &mut self.servers[slot(id)];
        let Some(missed) = missed else { return false };
        missed.extend(unnotified.range(first..).map(|&token| Event::Persisted(token)));
        true
    }

    /// Schedules the notices of a server's durable writes, from this one on, each with its own delay.
    fn schedule_notices(&mut self, id: NodeId, first: usize) {
        let server = &self.servers[slot(id)];
        let life = server.life;
        let seed = mix(mix(self.seed, 0x6e6f_7469 ^ u64::from(id.0)), u64::from(life));
        for &token in server.unnotified.range(first..) {
            let delay = below(mix(seed, token.0), self.sync.notice + 1);
            let due = Due::Notice { server: id.0 - 1, life, token };
            self.queue.push(self.now + delay, due);
        }
    }

    /// The server is notified of a durable write, unless it was before.
    fn deliver_notice(
        &mut self,
        id: NodeId,
        token: Token,
        observer: &mut impl Observer,
    ) -> Result<(), Halt> {
        if self.forget(id, token) {
            self.take(id, Event::Persisted(token), observer)?;
        }
        Ok(())
    }

    /// As [`World::deliver_notice`], in a separate step.
    pub(super) fn notify_now(
        &mut self,
        id: NodeId,
        token: Token,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if !self.forget(id, token) {
            return Ok(false);
        }
        self.step(id, Event::Persisted(token), observer)
    }

    /// Removes a write from those that await a notice. False if it was not among them.
    fn forget(&mut self, id: NodeId, token: Token) -> bool {
        let unnotified = &mut self.servers[slot(id)].unnotified;
        let place = unnotified.iter().position(|&other| other == token);
        place.and_then(|place| unnotified.remove(place)).is_some()
    }

    /// Sends the messages that waited for a write of which the server is being notified: it can't know any earlier
    /// that they may leave.
    pub(super) fn send_waiting(
        &mut self,
        id: NodeId,
        durable: Token,
        observer: &mut impl Observer,
    ) -> Result<(), Halt> {
        let World { servers, network, queue, now, flowing, .. } = self;
        let waiting = &mut servers[slot(id)].waiting;
        for held in waiting.extract_if(.., |held| held.after <= durable) {
            send(network, flowing.then_some(&mut *queue), *now, held.message, observer)?;
        }
        Ok(())
    }

    /// Hands the writes of a server's step, before which it had applied the log up to `applied`, to its disk.
    pub(super) fn submit(&mut self, id: NodeId, applied: Option<LogIndex>) {
        let server = &mut self.servers[slot(id)];
        let restored = self.effects.restored.is_some();
        for write in self.effects.writes.drain(..) {
            if self.sync.max > 0 && self.flowing && !server.stalled {
                server.syncs += 1;
                let bits = mix(mix(self.seed, 0x6469_736b ^ u64::from(id.0)), server.syncs);
                let time = self.sync.min + below(bits, self.sync.max - self.sync.min + 1);
                server.busy_until = server.busy_until.max(self.now + time);
                let (life, token) = (server.life, write.token);
                let due = Due::Synced { server: id.0 - 1, life, token };
                self.queue.push(server.busy_until, due);
            }
            server.length = length_after(server.length, &write);
            if write.log.is_some() {
                server.longest = server.longest.max(server.length);
            }
            let replaced = restored && write.snapshot.is_some();
            server.disk.submit(write, replaced.then(|| length(applied)));
        }
    }

    /// The disk of a server that is down loses everything.
    pub(super) fn wipe(&mut self, id: NodeId, observer: &mut impl Observer) -> Result<bool, Halt> {
        let server = &mut self.servers[slot(id)];
        if server.is_up() {
            return Ok(false);
        }
        server.disk = Disk::default();
        server.kept = None;
        server.view = View::default();
        observer.observe_made(self.now, || Observation::Wiped { server: id })?;
        Ok(true)
    }

    /// A server's disk lies from now on: it reports writes as durable as before, but the server's next crash loses
    /// all of them, and the lie ends. Or the lie ends without a crash, and the reported writes are durable.
    pub(super) fn lie(
        &mut self,
        id: NodeId,
        lies: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let server = &mut self.servers[slot(id)];
        if server.disk.lies() == lies {
            return Ok(false);
        }
        if self.durable_state_machine && server.is_up() {
            server.kept = server.view.applied.min(server.disk.durable_prefix());
        }
        server.disk.lie(lies);
        observer.observe_made(self.now, || Observation::Lies { server: id, lies })?;
        Ok(true)
    }

    /// A server dies; events that are scheduled for it, and those that it missed while it was paused, are void. False
    /// if it was down.
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
        let crashed = || Observation::Crashed { server: id, survived, torn, lost, at_write };
        observer.observe_made(self.now, crashed)?;
        Ok(true)
    }

    /// Makes the surviving writes of a server durable. Returns the number of whole ones, and the place at which the next
    /// one was torn, if it was.
    fn salvage(
        &mut self,
        id: NodeId,
        Survives { writes, torn }: Survives,
        observer: &mut impl Observer,
    ) -> Result<(usize, Option<Torn>), Stop> {
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

    /// Crashes a server that has handed writes to its disk, if it is to die at a write.
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
            members: self.members.clone(),
            // Each boot and each crash begins a life in the world.
            life: u64::from(server.life / 2 + 1),
            now: self.now,
            settings: server.settings,
            hard_state: server.disk.hard_state(),
            commit: server.disk.commit(),
            blob: server.disk.blob().cloned(),
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
                observer.observe_made(self.now, || Observation::NotBooted {
                    server: id,
                    panicked,
                    why: Cow::Borrowed(&*why),
                })?;
                return Err(Halt::NoBoot { server: id, why });
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
        let booted = || Observation::Booted {
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
        observer.observe_made(self.now, booted)?;
        Ok(())
    }
}
