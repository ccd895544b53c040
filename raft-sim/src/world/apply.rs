//! Carries out actions.

use std::borrow::Cow;

use super::flow::Next;
use super::{Halt, Launch, World, slot};
use crate::action::{Action, Change, LinkChange};
use crate::disk::SyncTime;
use crate::mix::mix;
use crate::model::NodeId;
use crate::network::{Conditions, Flight, Loss, MessageId};
use crate::observation::{Observation, Observer};
use crate::subject::{Event, Token};
use crate::time::{Micros, TICK};

impl<L: Launch + ?Sized> World<'_, L> {
    #[inline(always)]
    pub(super) fn carry_out_action(
        &mut self,
        action: Action,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        match action {
            Action::Deliver { message } => self.deliver(message, observer),
            Action::Tick { server } => self.step(server, Event::Tick, observer),
            Action::Request { server, event } => self.ask(server, event, observer),
            Action::Apply { server } => self.step(server, Event::Apply, observer),
            Action::Sync { server, through } => self.sync(server, through, observer),
            Action::Notify { server, write } => self.notify(server, write, observer),
            Action::Drop { message } => self.lose(message, observer),
            Action::Duplicate { message } => self.duplicate(message, observer),
            Action::SetHeld { message, held } => self.set_held(message, held, observer),
            Action::Forge { message } => {
                self.park(message, false, observer)?;
                Ok(true)
            }
            Action::Flush { server, writes } => self.flush(server, writes, observer),
            Action::SyncAll { server } => self.sync_all(server, observer),
            Action::SyncNewest { server } => self.sync_newest(server, observer),
            Action::Stall { server, stalled } => self.stall(server, stalled, observer),
            Action::FailWrites { server, fail } => {
                self.servers[slot(server)].broken = fail;
                Ok(true)
            }
            Action::Lie { server, lies } => self.lie(server, lies, observer),
            Action::Wipe { server } => self.wipe(server, observer),
            Action::Crash { server, survives } => {
                Ok(self.crash(server, survives, false, observer)?)
            }
            Action::CrashAtWrite { server, survives } => {
                self.servers[slot(server)].armed = survives;
                Ok(true)
            }
            Action::Configure { server, settings } => {
                self.servers[slot(server)].next_settings = Some(*settings);
                Ok(true)
            }
            Action::Restart { server } => self.restart(server, observer),
            Action::Pause { server, paused } => self.pause(server, paused, observer),
            Action::PauseApply { server, paused } => self.pause_apply(server, paused, observer),
            Action::SetTick { server, tick } => {
                self.servers[slot(server)].tick = tick;
                Ok(true)
            }
            Action::Jump { server, ticks } => {
                for _ in 0..ticks {
                    self.step(server, Event::Tick, observer)?;
                }
                Ok(true)
            }
            Action::Freeze { server, frozen } => {
                self.servers[slot(server)].frozen = frozen;
                Ok(true)
            }
            Action::Links { changes } => self.change_links(&changes, observer),
            Action::Recover { conditions } => self.recover(conditions, observer),
            Action::Flow { flows } => {
                self.set_flowing(flows);
                Ok(true)
            }
            Action::StopClocks => {
                self.stopped = true;
                Ok(true)
            }
        }
    }

    /// Carries out an action of a run that was recorded, at its time. `due` is true if it may have been scheduled: then the
    /// events up to it count as past, as in that run.
    ///
    /// # Errors
    /// As [`World::apply`].
    pub fn redo(
        &mut self,
        at: Micros,
        action: Action,
        due: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if due && self.flowing {
            while let Some(next) = self.next(at) {
                if next == Next::Action(action.clone()) {
                    break;
                }
            }
        }
        self.now = at;
        self.apply(action, observer)
    }

    /// Draws the fates of messages that are sent from now on, and the times of disks and state machines, from another
    /// seed.
    pub fn draw_anew(&mut self, seed: u64) {
        self.seed = seed;
        self.network.draw_anew(mix(seed, 0x6e65_7477));
    }

    /// A message in flight reaches its server.
    #[inline(always)]
    fn deliver(&mut self, id: MessageId, observer: &mut impl Observer) -> Result<bool, Halt> {
        let Some(Flight { message, .. }) = self.network.take(id) else { return Ok(false) };
        let lost = if self.network.is_cut(message.from, message.to) {
            Some(Loss::Cut)
        } else if !self.servers[slot(message.to)].is_up() {
            Some(Loss::Down)
        } else {
            None
        };
        if let Some(why) = lost {
            observer.observe_made(self.now, || Observation::Lost {
                message: Some(id),
                content: Cow::Borrowed(&message),
                why,
            })?;
            return Ok(false);
        }
        observer.observe_made(self.now, || Observation::Delivered {
            message: id,
            content: Cow::Borrowed(&message),
        })?;
        self.step(message.to, Event::Receive(message), observer)
    }

    /// A client or an administrator hands a server a request.
    fn ask(
        &mut self,
        id: NodeId,
        event: Event,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if !self.server(id).is_up() {
            return Ok(false);
        }
        let asked = || Observation::Asked { server: id, event: Cow::Borrowed(&event) };
        observer.observe_made(self.now, asked)?;
        if let Some(request) = event.request() {
            self.servers[slot(id)].unanswered.insert(request, ());
        }
        self.step(id, event, observer)
    }

    /// A server is notified of a durable write, in a separate step.
    fn notify(
        &mut self,
        id: NodeId,
        token: Token,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if let Some(missed) = &mut self.servers[slot(id)].missed {
            missed.push(Event::Persisted(token));
            return Ok(true);
        }
        self.notify_now(id, token, observer)
    }

    /// Links change. Messages that no hold covers any more set out.
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
                        observer.observe_made(self.now, || Observation::Held {
                            message,
                            held: false,
                        })?;
                    }
                }
                Change::Slow(extra) => network.slow(from, to, extra, true),
                Change::Unslow(extra) => network.slow(from, to, extra, false),
            }
        }
        self.set_out();
        Ok(true)
    }

    /// Every link is whole from now on, and the network has these conditions: messages that were in flight or held
    /// are sent anew. Disks and state machines take no time, writes no longer fail, clocks run at their nominal rate,
    /// and every server is scheduled.
    pub(super) fn recover(
        &mut self,
        conditions: Conditions,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        self.sync = SyncTime { min: 0, max: 0, notice: 0 };
        self.apply_time = 0;
        for message in self.network.calm(conditions) {
            observer.observe_made(self.now, || Observation::Held { message, held: false })?;
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
        let Some(Flight { message, .. }) = self.network.take(id) else { return Ok(false) };
        observer.observe_made(self.now, || Observation::Lost {
            message: Some(id),
            content: Cow::Borrowed(&message),
            why: Loss::Dropped,
        })?;
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

    /// A message in flight is held back, or released.
    pub(super) fn set_held(
        &mut self,
        message: MessageId,
        held: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        if !self.network.set_held(message, held) {
            return Ok(false);
        }
        observer.observe_made(self.now, || Observation::Held { message, held })?;
        if !held {
            self.set_out();
        }
        Ok(true)
    }

    /// A server is paused, as by its scheduler: nothing reaches it, and nothing leaves it. Its disk goes on. Or it
    /// resumes: its clock catches up first, with all ticks that it missed; then everything else that arrived
    /// meanwhile reaches it, in order. Nothing of that is lost, even if its link is cut by then. For a server that is
    /// down nothing changes.
    pub(super) fn pause(
        &mut self,
        id: NodeId,
        paused: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let server = &mut self.servers[slot(id)];
        match (paused, server.missed.take()) {
            (true, missed) => {
                server.missed = missed.or_else(|| server.is_up().then(Vec::new));
                Ok(true)
            }
            (false, Some(missed)) => self.catch_up(id, missed, observer),
            (false, None) => Ok(false),
        }
    }

    /// A server takes the events that it missed while it was paused.
    fn catch_up(
        &mut self,
        id: NodeId,
        missed: Vec<Event>,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let (ticks, others): (Vec<Event>, Vec<Event>) =
            missed.into_iter().partition(|event| matches!(event, Event::Tick));
        for event in ticks.into_iter().chain(others) {
            match event {
                Event::Persisted(token) => {
                    self.notify_now(id, token, observer)?;
                }
                event @ (Event::Tick
                | Event::Receive(_)
                | Event::Propose(..)
                | Event::Register(_)
                | Event::ProposeOnce(..)
                | Event::Read(_)
                | Event::ChangeMembership(..)
                | Event::Transfer(..)
                | Event::Compact(_)
                | Event::Apply) => {
                    self.step(id, event, observer)?;
                }
            }
        }
        self.lag(id, observer)?;
        Ok(true)
    }
}
