//! One step of a server: it takes an event, its effects are carried out, and its state machine goes on.

use std::borrow::Cow;
use std::panic::{self, AssertUnwindSafe};

use super::contract::make_sense;
use super::flow::{Due, schedule};
use super::{Halt, Launch, World, slot};
use crate::mix::{below, mix};
use crate::model::{LogIndex, Message, NodeId};
use crate::network::{Fate, Loss, Network};
use crate::observation::{Observation, Observer, Stop};
use crate::panics;
use crate::subject::{Effects, Ended, Event, Subject};
use crate::time::{Micros, Queue};

/// Hands a server an event. A panic becomes the end of the server.
#[inline]
fn hand(subject: &mut impl Subject, event: Event, effects: &mut Effects) {
    let stepped = panic::catch_unwind(AssertUnwindSafe(|| subject.step(event, effects)));
    if let Err(panic) = stepped {
        effects.ended = Some(Ended::Panicked(panics::describe(panic.as_ref())));
    }
}

/// A message leaves its sender. Its arrival is put into the queue; without one it stays in flight.
#[inline(always)]
pub(super) fn send(
    network: &mut Network,
    queue: Option<&mut Queue<Due>>,
    now: Micros,
    message: Message,
    observer: &mut impl Observer,
) -> Result<(), Stop> {
    observer.observe_made(now, || Observation::Sent { message: Cow::Borrowed(&message) })?;
    let Some(queue) = queue else { return park(network, now, message, false, observer) };
    let fate = match network.fate(&message) {
        Ok(fate) => fate,
        Err(why) => return lose(now, &message, why, observer),
    };
    if fate.repeated {
        let copy = network.fate_of_copy(&message, &fate);
        depart(network, queue, now, message.clone(), &copy, observer)?;
    }
    depart(network, queue, now, message, &fate, observer)
}

/// A message that is not lost is in flight.
#[inline(always)]
fn depart(
    network: &mut Network,
    queue: &mut Queue<Due>,
    now: Micros,
    message: Message,
    fate: &Fate,
    observer: &mut impl Observer,
) -> Result<(), Stop> {
    let (from, to, Fate { held, copy, delay, .. }) = (message.from, message.to, *fate);
    let message = network.launch(message, fate);
    let arrives = delay.map(|delay| schedule(queue, now, message, delay));
    observer.observe_made(now, || Observation::InFlight { message, from, to, copy, held, arrives })
}

/// A message is lost as it is sent.
#[cold]
fn lose(
    now: Micros,
    message: &Message,
    why: Loss,
    observer: &mut impl Observer,
) -> Result<(), Stop> {
    observer.observe_made(now, || Observation::Lost {
        message: None,
        content: Cow::Borrowed(message),
        why,
    })
}

/// A message, or a copy of one, is in flight, to be delivered by hand or when time flows.
fn park(
    network: &mut Network,
    now: Micros,
    message: Message,
    copy: bool,
    observer: &mut impl Observer,
) -> Result<(), Stop> {
    let fate = match network.parked(&message, copy) {
        Ok(fate) => fate,
        Err(why) => return lose(now, &message, why, observer),
    };
    let (from, to, held) = (message.from, message.to, fate.held);
    let message = network.launch(message, &fate);
    observer.observe_made(now, || Observation::InFlight {
        message,
        from,
        to,
        copy,
        held,
        arrives: None,
    })
}

impl<L: Launch + ?Sized> World<'_, L> {
    /// An event reaches a server. False if it is down. If it is paused it takes the event when it resumes.
    #[inline(always)]
    pub(super) fn step(
        &mut self,
        id: NodeId,
        event: Event,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let server = &mut self.servers[slot(id)];
        if !server.is_up() {
            return Ok(false);
        }
        if let Some(missed) = &mut server.missed {
            missed.push(event);
            return Ok(true);
        }
        let step = || Observation::Step { server: id, event: Cow::Borrowed(&event) };
        observer.observe_made(self.now, step)?;
        self.take(id, event, observer)?;
        self.settle_at_once(id, observer)?;
        self.lag(id, observer)?;
        Ok(true)
    }

    /// The server takes an event, and its effects are carried out. If it waits for its disk and dies at the write, no
    /// effect is: they would come after the write.
    pub(super) fn take(
        &mut self,
        id: NodeId,
        event: Event,
        observer: &mut impl Observer,
    ) -> Result<(), Halt> {
        if let Event::Persisted(token) = event {
            self.send_waiting(id, token, observer)?;
        }
        let servers = self.servers.len();
        let server = &mut self.servers[slot(id)];
        let Some(subject) = &mut self.subjects[slot(id)] else { return Ok(()) };
        let took = || Observation::Took { server: id, event: Cow::Borrowed(&event) };
        observer.observe_made(self.now, took)?;
        let length = server.length;
        let effects = &mut self.effects;
        // All else was taken out when the last step was carried out.
        if !effects.applied.is_empty() {
            effects.applied.clear();
        }
        effects.restored = None;
        effects.matched = None;
        effects.refused = None;
        effects.swallowed = None;
        effects.passed.clear();
        effects.view = server.view;
        effects.now = self.now;
        effects.instant = !server.stalled && self.sync.max == 0 && self.sync.notice == 0;
        hand(subject, event, effects);
        let doomed = self.waits_for_disk && (server.broken || server.armed.is_some());
        let dies = doomed && effects.ended.is_none() && !effects.writes.is_empty();
        if dies {
            effects.clear();
            effects.view = server.view;
        }
        if effects.ended.is_none()
            && let Err(why) = make_sense(id, effects, servers, server)
        {
            effects.ended = Some(Ended::Crashed(why));
        }
        let changed = effects.view != server.view;
        observer.observe_made(self.now, || Observation::Stepped {
            server: id,
            before: Cow::Borrowed(&server.view),
            length,
            effects: Cow::Borrowed(effects),
            changed,
        })?;
        let effects = &self.effects;
        if effects.ended.is_some() {
            self.crash(id, Default::default(), false, observer)?;
            self.effects.clear();
            return Ok(());
        }
        let applied = server.view.applied;
        if changed {
            server.view = effects.view;
        }
        self.carry_out(id, applied, observer)?;
        if dies {
            self.die_of_write(id, observer)?;
        }
        Ok(())
    }

    /// Carries out the `effects` of the server's last step, before which it had applied the log up to `applied`:
    /// writes first, then answers, then messages. A server that is to die at its write does so at the end.
    #[inline(always)]
    fn carry_out(
        &mut self,
        id: NodeId,
        applied: Option<LogIndex>,
        observer: &mut impl Observer,
    ) -> Result<(), Stop> {
        let wrote = !self.effects.writes.is_empty();
        if wrote {
            self.submit(id, applied);
        }
        if !self.effects.answers.is_empty() {
            for (request, answer) in self.effects.answers.drain(..) {
                let answered = || Observation::Answered { server: id, request, answer };
                observer.observe_made(self.now, answered)?;
            }
        }
        if !self.effects.sends.is_empty() {
            let World { effects, network, queue, now, flowing, .. } = self;
            for message in effects.sends.drain(..) {
                send(network, flowing.then_some(&mut *queue), *now, message, observer)?;
            }
        }
        if !self.effects.held.is_empty() {
            self.hold_back(id, observer)?;
        }
        if wrote {
            self.die_of_write(id, observer)?;
        }
        Ok(())
    }

    /// Keeps the messages that wait for a write until the server is notified that it is durable.
    fn hold_back(&mut self, id: NodeId, observer: &mut impl Observer) -> Result<(), Stop> {
        let World { effects, servers, network, queue, now, flowing, .. } = self;
        let server = &mut servers[slot(id)];
        for held in effects.held.drain(..) {
            if server.disk.holds(held.after) || server.unnotified.contains(&held.after) {
                server.waiting.push(held);
            } else {
                send(network, flowing.then_some(&mut *queue), *now, held.message, observer)?;
            }
        }
        Ok(())
    }

    /// A message, or a copy of one, is in flight, to be delivered by hand or when time flows.
    pub(super) fn park(
        &mut self,
        message: Message,
        copy: bool,
        observer: &mut impl Observer,
    ) -> Result<(), Stop> {
        park(&mut self.network, self.now, message, copy, observer)
    }

    /// A server's state machine applies nothing from now on. Or it resumes, and catches up.
    pub(super) fn pause_apply(
        &mut self,
        id: NodeId,
        paused: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        self.servers[slot(id)].apply_paused = paused;
        self.lag(id, observer)?;
        Ok(true)
    }

    /// Schedules the application of the entries that a server's state machine was handed. It is done now if that
    /// takes no time, or time does not flow.
    #[inline(always)]
    pub(super) fn lag(&mut self, id: NodeId, observer: &mut impl Observer) -> Result<(), Halt> {
        let server = &self.servers[slot(id)];
        if server.settings.apply_limit.is_none() || server.view.commit <= server.view.applied {
            return Ok(());
        }
        self.let_apply(id, observer)
    }

    fn let_apply(&mut self, id: NodeId, observer: &mut impl Observer) -> Result<(), Halt> {
        loop {
            let server = &mut self.servers[slot(id)];
            let before = server.view.applied;
            let busy = server.apply_paused || server.applying || server.missed.is_some();
            if busy || !server.is_up() || server.view.commit <= before {
                return Ok(());
            }
            if self.flowing && self.apply_time > 0 {
                server.applying = true;
                server.applications += 1;
                let bits = mix(mix(self.seed, 0x6170_706c ^ u64::from(id.0)), server.applications);
                let time = self.now + below(bits, self.apply_time + 1);
                self.queue.push(time, Due::Apply { server: id.0 - 1, life: server.life });
                return Ok(());
            }
            self.take(id, Event::Apply, observer)?;
            self.settle_at_once(id, observer)?;
            if self.server(id).view.applied <= before {
                return Ok(());
            }
        }
    }
}
