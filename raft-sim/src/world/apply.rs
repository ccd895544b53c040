//! Actions carried out: for each, what it does.

use std::borrow::Cow;

use super::{Halt, Launch, World, slot};
use crate::action::Action;
use crate::model::NodeId;
use crate::network::{Loss, MessageId};
use crate::observation::{Observation, Observer};
use crate::subject::{Event, Token};

impl<L: Launch + ?Sized> World<'_, L> {
    #[inline]
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

    /// A message in flight reaches its server.
    #[inline]
    fn deliver(&mut self, id: MessageId, observer: &mut impl Observer) -> Result<bool, Halt> {
        let Some(message) = self.network.take(id) else { return Ok(false) };
        let lost = if self.network.is_cut(message.from, message.to) {
            Some(Loss::Cut)
        } else if !self.servers[slot(message.to)].is_up() {
            Some(Loss::Down)
        } else {
            None
        };
        let content = Cow::Borrowed(&message);
        if let Some(why) = lost {
            let observation = Observation::Lost { message: Some(id), content, why };
            observer.observe(self.now, &observation)?;
            return Ok(false);
        }
        observer.observe(self.now, &Observation::Delivered { message: id, content })?;
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
        let asked = Observation::Asked { server: id, event: Cow::Borrowed(&event) };
        observer.observe(self.now, &asked)?;
        self.servers[slot(id)].unanswered.extend(event.request());
        self.step(id, event, observer)
    }

    /// A server hears of a durable write, as a step of its own.
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
}
