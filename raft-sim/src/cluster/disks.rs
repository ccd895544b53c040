//! Disks: what was written becomes durable, messages that waited for it leave, and servers hear of it;
//! disks stall, catch up and forget.

use super::{Cluster, Due, Feature, Heard, Server, slot};
use crate::checker::Violation;
use crate::disk::Disk;
use crate::mix::{below, mix};
use crate::subject::{Event, Token, View, Write};
use crate::words::{NodeId, length};

impl Cluster<'_> {
    /// From now on a server's disk makes nothing durable by itself, or does again and catches up.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn stall(&mut self, id: NodeId, stalled: bool) -> Result<(), Violation> {
        self.servers[slot(id)].stalled = stalled;
        if stalled { Ok(()) } else { self.sync_all(id) }
    }

    /// All that a server has written so far becomes durable, and it hears of all that is.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn sync_all(&mut self, id: NodeId) -> Result<(), Violation> {
        loop {
            self.make_durable(id, Token(u64::MAX));
            if self.miss_notices(id, 0) {
                return Ok(());
            }
            match self.servers[slot(id)].unheard.front() {
                Some(&token) => self.hear(id, token)?,
                None => return self.lag(id),
            }
        }
    }

    /// All that a server has written so far becomes durable, but it hears of the newest write only; of the
    /// others with the next [`Cluster::sync_all`].
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn sync_newest(&mut self, id: NodeId) -> Result<(), Violation> {
        let heard = self.servers[slot(id)].unheard.len();
        match self.make_durable(id, Token(u64::MAX)) {
            Some(_) if self.miss_notices(id, heard) => Ok(()),
            Some(newest) => {
                self.hear(id, newest)?;
                self.lag(id)
            }
            None => Ok(()),
        }
    }

    /// A server's disk makes so many writes durable, oldest first. The server hears of them by [`Cluster::tell`] or
    /// the next [`Cluster::sync_all`], not by itself. How many there were.
    pub fn flush(&mut self, id: NodeId, count: usize) -> usize {
        for flushed in 0..count {
            match self.servers[slot(id)].disk.oldest() {
                Some(oldest) => self.make_durable(id, oldest),
                None => return flushed,
            };
        }
        count
    }

    /// A server hears of a durable write, as a step of its own: of those that it has not heard of, the one behind
    /// so many older ones. False if there is none.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn tell(&mut self, id: NodeId, older: usize) -> Result<bool, Violation> {
        match self.servers[slot(id)].unheard.get(older) {
            Some(&token) => self.hear_late(id, token).map(|()| true),
            None => Ok(false),
        }
    }

    /// Everything up to and including this write becomes durable, and the server hears of it in time.
    pub(super) fn sync(&mut self, id: NodeId, through: Token) -> Result<(), Violation> {
        if self.settle(id, through)? { self.lag(id) } else { Ok(()) }
    }

    /// What a server has written becomes durable at the end of a step, if its disk takes no time.
    pub(super) fn settle_at_once(&mut self, id: NodeId) -> Result<(), Violation> {
        let server = &self.servers[slot(id)];
        if server.disk.is_dirty() && !server.stalled && self.sync.max == 0 {
            self.settle(id, Token(u64::MAX))?;
        }
        Ok(())
    }

    /// Everything up to and including this write becomes durable. True if the server has heard of it, false if it will.
    fn settle(&mut self, id: NodeId, through: Token) -> Result<bool, Violation> {
        while self.servers[slot(id)].disk.is_dirty() {
            // Of the older ones it may hear later, if it can do with that.
            let unheard = self.servers[slot(id)].unheard.len();
            let heard = if self.notices_in_order { 0 } else { unheard };
            if self.make_durable(id, through).is_none() {
                break;
            }
            if self.flowing && self.sync.notice > 0 {
                self.schedule_notices(id, heard);
                return Ok(false);
            }
            if self.miss_notices(id, heard) {
                return Ok(false);
            }
            while let Some(token) = self.servers[slot(id)].unheard.remove(heard) {
                self.take(id, Event::Persisted(token))?;
            }
        }
        Ok(true)
    }

    /// Everything up to and including this write becomes durable. Gives the newest of the writes that were not
    /// durable before.
    fn make_durable(&mut self, id: NodeId, through: Token) -> Option<Token> {
        let mut newest = None;
        let mut server = &mut self.servers[slot(id)];
        while server.disk.is_dirty()
            && let Some(write) = server.disk.sync_next(through)
        {
            newest = Some(write.token);
            server.unheard.push_back(write.token);
            self.report_durable(id, &write);
            server = &mut self.servers[slot(id)];
        }
        newest
    }

    /// A write is durable, or the disk says so.
    pub(super) fn report_durable(&mut self, id: NodeId, write: &Write) {
        if let Some(oracles) = &mut self.oracles {
            oracles.persisted(id, write);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Durable(id, write));
        }
    }

    /// Whether a server is not scheduled; then it will hear of its durable writes from this one on when it is.
    fn miss_notices(&mut self, id: NodeId, first: usize) -> bool {
        let Server { missed, unheard, .. } = &mut self.servers[slot(id)];
        let Some(missed) = missed else { return false };
        missed.extend(unheard.range(first..).map(|&token| Event::Persisted(token)));
        true
    }

    /// The server will hear of its durable writes from this one on, each after a time of its own.
    fn schedule_notices(&mut self, id: NodeId, first: usize) {
        let server = &self.servers[slot(id)];
        let life = server.life;
        let seed = mix(mix(self.seed, 0x6e6f_7469 ^ u64::from(id.0)), u64::from(life));
        for &token in server.unheard.range(first..) {
            let delay = below(mix(seed, token.0), self.sync.notice + 1);
            let due = Due::Notice { server: id.0 - 1, life, token };
            self.queue.push(self.now + delay, due);
        }
    }

    /// The server hears of a durable write, if it has not yet.
    fn hear(&mut self, id: NodeId, token: Token) -> Result<(), Violation> {
        if self.forget(id, token) { self.take(id, Event::Persisted(token)) } else { Ok(()) }
    }

    /// As [`Cluster::hear`], as a step of its own.
    pub(super) fn hear_late(&mut self, id: NodeId, token: Token) -> Result<(), Violation> {
        if let Some(missed) = &mut self.servers[slot(id)].missed {
            missed.push(Event::Persisted(token));
            return Ok(());
        }
        let oldest = self.servers[slot(id)].unheard.front() == Some(&token);
        if !self.forget(id, token) {
            return Ok(());
        }
        self.features.count(Feature::LateNotice);
        if !oldest {
            self.features.count(Feature::EarlyNotice);
        }
        self.step(id, Event::Persisted(token))
    }

    /// Takes a write from those that the server has not heard of, if it is one.
    fn forget(&mut self, id: NodeId, token: Token) -> bool {
        let unheard = &mut self.servers[slot(id)].unheard;
        let place = unheard.iter().position(|&other| other == token);
        place.and_then(|place| unheard.remove(place)).is_some()
    }

    /// Messages leave that waited for a write of which the server is just told. It can't know any earlier that they
    /// may.
    pub(super) fn send_waiting(&mut self, id: NodeId, told: Token) -> Result<(), Violation> {
        if self.servers[slot(id)].waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.servers[slot(id)].waiting);
        for held in waiting {
            if held.after > told {
                self.servers[slot(id)].waiting.push(held);
            } else {
                self.send(held.message)?;
            }
        }
        Ok(())
    }

    /// Hands the writes of a server's step, before which its view was `before`, to its disk.
    pub(super) fn submit(&mut self, id: NodeId, before: &View) {
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
            if let Some(log) = &write.log {
                let length = length(log.from.before()) + log.entries.len() as u64;
                server.longest = server.longest.max(length);
            }
            let replaced = restored && write.snapshot.is_some();
            server.disk.submit(write, replaced.then(|| length(before.applied)));
        }
    }

    /// The disk of a server that is down forgets everything. Raft is not made for this.
    pub fn wipe(&mut self, id: NodeId) {
        let server = &mut self.servers[slot(id)];
        server.disk = Disk::default();
        server.kept = None;
        server.view = View::default();
        self.digest = mix(mix(self.digest, 7), u64::from(id.0));
        if let Some(oracles) = &mut self.oracles {
            oracles.wiped(id);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Wiped(id));
        }
    }

    /// From now on a server's disk lies: it says durable what it was given as ever, but the server's next crash
    /// takes all of it, and the lie ends. Or, without a crash, what it said is true after all. Raft is not made
    /// for this; the oracles believe the disk until the crash.
    pub fn lie(&mut self, id: NodeId, lies: bool) {
        let server = &mut self.servers[slot(id)];
        if server.disk.lies() == lies {
            return;
        }
        if self.durable_state_machine && server.is_up() {
            server.kept = server.view.applied.min(server.disk.durable_prefix());
        }
        server.disk.lie(lies);
        if let Some(oracles) = &mut self.oracles {
            oracles.lied_to(id, lies);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Lies(id, lies));
        }
    }
}
