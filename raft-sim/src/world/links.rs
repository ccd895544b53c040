//! Links change, and conditions turn fair.

use std::borrow::Cow;

use super::{Halt, Launch, World, slot};
use crate::action::{Change, LinkChange};
use crate::disk::SyncTime;
use crate::network::{Conditions, Loss, MessageId};
use crate::observation::{Observation, Observer};
use crate::time::TICK;

impl<L: Launch + ?Sized> World<'_, L> {
    /// Links change. What no hold keeps back any more sets out.
    pub(super) fn change_links(
        &mut self,
        changes: &[LinkChange],
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        for &LinkChange { from, to, change } in changes {
            let network = &mut self.network;
            match change {
                Change::Cut => network.cut(from, to, true),
                Change::Mend => network.cut(from, to, false),
                Change::Heal => network.heal(from, to),
                Change::Hold(kinds) => {
                    network.hold(from, to, kinds, true);
                }
                Change::Release(kinds) => {
                    for message in network.hold(from, to, kinds, false) {
                        observer.observe(self.now, &Observation::Held { message, held: false })?;
                    }
                }
                Change::Slow(extra) => network.slow(from, to, extra, true),
                Change::Unslow(extra) => network.slow(from, to, extra, false),
            }
        }
        self.set_out();
        Ok(true)
    }

    /// Every link is whole from now on, and the network has these conditions: what was in flight or held sets out anew. Disks
    /// and state machines take no time, writes no longer fail, clocks run at their nominal rate, and every server is
    /// scheduled.
    pub(super) fn recover(
        &mut self,
        conditions: Conditions,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        self.sync = SyncTime { min: 0, max: 0, notice: 0 };
        self.apply_time = 0;
        for message in self.network.calm(conditions) {
            observer.observe(self.now, &Observation::Held { message, held: false })?;
        }
        self.set_out();
        for id in self.ids() {
            let server = &mut self.servers[slot(id)];
            server.tick = TICK;
            server.frozen = false;
            server.armed = None;
            server.broken = false;
            self.pause(id, false, observer)?;
            self.stall(id, false, observer)?;
            self.pause_apply(id, false, observer)?;
        }
        Ok(true)
    }

    /// A message in flight is lost.
    pub(super) fn lose(
        &mut self,
        id: MessageId,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let Some(message) = self.network.take(id) else { return Ok(false) };
        let content = Cow::Borrowed(&message);
        let lost = Observation::Lost { message: Some(id), content, why: Loss::Dropped };
        observer.observe(self.now, &lost)?;
        Ok(true)
    }

    /// A copy of a message in flight is in flight as well.
    pub(super) fn duplicate(
        &mut self,
        id: MessageId,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let Some(message) = self.network.flight(id).map(|flight| flight.message.clone()) else {
            return Ok(false);
        };
        self.park(message, true, observer)?;
        Ok(true)
    }

    /// A message in flight is held back, or set free.
    pub(super) fn set_held(
        &mut self,
        message: MessageId,
        held: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if !self.network.set_held(message, held) {
            return Ok(false);
        }
        observer.observe(self.now, &Observation::Held { message, held })?;
        Ok(true)
    }
}
