//! One step of a server: it takes an event, and what it wants done is done.

use std::panic::{self, AssertUnwindSafe};

use super::digest::{mix_answer, mix_event, mix_message, mix_view, mix_write};
use super::{Cluster, Heard, schedule, slot};
use crate::checker::Violation;
use crate::subject::{Effects, Event, Subject, View};
use crate::words::{Message, NodeId};

/// Hands a server an event. If it panics, that is the finding.
fn step(
    subject: &mut dyn Subject,
    id: NodeId,
    event: Event,
    effects: &mut Effects,
) -> Result<(), Violation> {
    let stepped = panic::catch_unwind(AssertUnwindSafe(|| subject.step(event, effects)));
    stepped.map_err(|panic| Violation::panicked(id, panic.as_ref()))?;
    effects.ended.take().map_or(Ok(()), |ended| Err(Violation::ended(id, ended)))
}

impl Cluster<'_> {
    #[inline(always)]
    pub(super) fn step(&mut self, id: NodeId, event: Event) -> Result<(), Violation> {
        let server = &mut self.servers[slot(id)];
        if !server.is_up() {
            return Ok(());
        }
        if let Some(missed) = &mut server.missed {
            missed.push(event);
            return Ok(());
        }
        self.steps += 1;
        self.digest = mix_event(self.digest, self.now, id, &event);
        self.take(id, event)?;
        self.settle_at_once(id)?;
        self.lag(id)
    }

    /// The server takes an event, and what it wants done is done. One that waits for its disk and dies at its write does
    /// nothing of all that: what it would have done comes after the write.
    pub(super) fn take(&mut self, id: NodeId, event: Event) -> Result<(), Violation> {
        if let Event::Persisted(token) = event {
            self.send_waiting(id, token)?;
        }
        let server = &mut self.servers[slot(id)];
        let Some(subject) = &mut server.subject else { return Ok(()) };
        let before = server.view;
        if let Some(oracles) = &mut self.oracles {
            oracles.takes(id, &event);
        }
        let effects = &mut self.effects;
        effects.clear();
        effects.view = before;
        effects.now = self.now;
        effects.instant = !server.stalled && self.sync.max == 0 && self.sync.notice == 0;
        let doomed = self.waits_for_disk && (server.broken || server.armed.is_some());
        let mut dies = false;
        let mut cut_short = |effects: &mut Effects| {
            dies = doomed && !effects.writes.is_empty();
            if dies {
                effects.clear();
                effects.view = before;
            }
        };
        match &mut self.listener {
            None => {
                step(subject.as_mut(), id, event, effects)?;
                cut_short(effects);
            }
            Some(listener) => {
                let stepped = step(subject.as_mut(), id, event.clone(), effects);
                cut_short(effects);
                let length = server.disk.written_length();
                let heard =
                    Heard::Step { server: id, event: &event, effects, before: &before, length };
                listener.hear(self.now, &heard);
                stepped?;
            }
        }
        self.make_sense(id)?;
        let Cluster { effects, servers, .. } = self;
        let server = &mut servers[slot(id)];
        if effects.view != before {
            server.view = effects.view;
            self.digest = mix_view(self.digest, &effects.view);
            self.features.moved(id, &before, effects);
        }
        if effects.view != before || !effects.writes.is_empty() {
            self.watch.stepped(id, &before, effects, || server.disk.written_length());
        }
        for write in &effects.writes {
            self.digest = mix_write(self.digest, write);
        }
        if let Some(oracles) = &mut self.oracles {
            oracles.stepped(id, effects)?;
        }
        self.carry_out(id, &before)?;
        if dies {
            self.die_of_write(id);
        }
        Ok(())
    }

    /// Hands on what the server's last step left in `effects`: first to the disk, then to clients, then to
    /// the network. A server that dies of its write does so then.
    fn carry_out(&mut self, id: NodeId, before: &View) -> Result<(), Violation> {
        let wrote = !self.effects.writes.is_empty();
        if wrote {
            self.submit(id, before);
        }
        if !self.effects.answers.is_empty() {
            self.answer(id)?;
        }
        if !self.effects.sends.is_empty() {
            let mut sends = std::mem::take(&mut self.effects.sends);
            for message in sends.drain(..) {
                self.send(message)?;
            }
            self.effects.sends = sends;
        }
        if !self.effects.held.is_empty() {
            self.hold(id)?;
        }
        if wrote {
            self.die_of_write(id);
        }
        Ok(())
    }

    fn answer(&mut self, id: NodeId) -> Result<(), Violation> {
        for (request, answer) in self.effects.answers.drain(..) {
            self.digest = mix_answer(self.digest, request, &answer);
            self.features.answered(id, &self.servers[slot(id)], request, &answer);
            if let Some(oracles) = &mut self.oracles {
                oracles.answered(self.now, id, request, &answer)?;
            }
            self.answers.push((id, request, answer));
        }
        Ok(())
    }

    /// Keeps the messages that wait for a write until the server hears that it is durable.
    fn hold(&mut self, id: NodeId) -> Result<(), Violation> {
        for held in std::mem::take(&mut self.effects.held) {
            let server = &mut self.servers[slot(id)];
            if server.disk.holds(held.after) || server.unheard.contains(&held.after) {
                server.waiting.push(held);
            } else {
                self.send(held.message)?;
            }
        }
        Ok(())
    }

    pub(super) fn send(&mut self, message: Message) -> Result<(), Violation> {
        self.digest = mix_message(self.digest, &message);
        self.features.sent(&message);
        self.watch.sent(&message);
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Sent(&message));
        }
        if let Some(oracles) = &mut self.oracles {
            oracles.sent(&message)?;
        }
        if self.flowing {
            let Cluster { network, queue, now, .. } = self;
            network.send(message, |arrival| schedule(queue, *now, arrival));
        } else {
            self.network.park(message);
        }
        Ok(())
    }
}
