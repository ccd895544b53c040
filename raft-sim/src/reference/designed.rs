//! The reference core as an implementation of which some facts are so by design. A scenario in which it fails supposes
//! that they are not.

use std::hash::{Hash, Hasher};

use super::Reference;
use crate::mix::MixHasher;
use crate::model::{Body, Carried, Message, Own, Term};
use crate::subject::{Boot, Capability, Effects, Event, Held, Implementation, Role, Subject, View};

/// The reference core with these claims in place of its own: settings that they fix can't be changed, with
/// [`Capability::SendsWithHeartbeats`] entries wait for the next heartbeat, and with [`Capability::FetchesSnapshots`] a
/// snapshot is asked for.
#[derive(Debug)]
pub(crate) struct Designed<'c> {
    /// The claims.
    pub(crate) claims: &'c [Capability],
}

impl Implementation for Designed<'_> {
    fn name(&self) -> &str {
        Reference.name()
    }

    fn capabilities(&self) -> &[Capability] {
        self.claims
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let settings = boot.settings.by_design(self.claims);
        let (mut subject, view) = Reference.boot(Boot { settings, ..boot })?;
        if self.claims.contains(&Capability::FetchesSnapshots) {
            subject = Box::new(Fetching { subject });
        }
        if !self.claims.contains(&Capability::SendsWithHeartbeats) {
            return Ok((subject, view));
        }
        let heartbeat = settings.heartbeat;
        Ok((Box::new(Late { subject, heartbeat, ticks: 0, sends: vec![], held: vec![] }), view))
    }
}

/// A server that sends entries with its heartbeats alone.
struct Late {
    subject: Box<dyn Subject>,
    /// Ticks between two heartbeats.
    heartbeat: u32,
    /// Ticks since it leads.
    ticks: u32,
    /// Messages with entries that wait for the next heartbeat.
    sends: Vec<Message>,
    held: Vec<Held>,
}

impl Subject for Late {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let led = effects.view.role == Role::Leader;
        let ticks = matches!(event, Event::Tick);
        self.subject.step(event, effects);
        if effects.view.role != Role::Leader {
            self.sends.clear();
            self.held.clear();
            return;
        }
        self.ticks = if led { self.ticks + u32::from(ticks) } else { 0 };
        if ticks && self.ticks.is_multiple_of(self.heartbeat) {
            // What waits for a server is its heartbeat.
            effects.sends.retain(|message| !self.carries_round(message));
            effects.sends.splice(0..0, self.sends.drain(..));
            effects.held.splice(0..0, self.held.drain(..));
            return;
        }
        self.sends.extend(effects.sends.extract_if(.., |message| has_entries(message)));
        self.held.extend(effects.held.extract_if(.., |held| has_entries(&held.message)));
    }
}

impl Late {
    /// True if a message with entries to the same server waits: it takes the round of this heartbeat along.
    fn carries_round(&mut self, heartbeat: &Message) -> bool {
        let Body::AppendEntries { round: latest, entries, .. } = &heartbeat.body else {
            return false;
        };
        let mut waiting = self.sends.iter_mut().rev();
        let same = waiting.find(|message| message.to == heartbeat.to);
        let Some(Message { body: Body::AppendEntries { round, .. }, .. }) = same else {
            return false;
        };
        *round = *latest;
        entries.is_empty()
    }
}

fn has_entries(message: &Message) -> bool {
    matches!(&message.body, Body::AppendEntries { entries, .. } if !entries.is_empty())
}

/// A server that asks for each snapshot that it is sent and needs, and takes it when it is sent again as the answer.
struct Fetching {
    subject: Box<dyn Subject>,
}

/// A snapshot that was asked for.
#[derive(Clone)]
struct Asked(Message);

impl Carried for Asked {
    fn digest(&self) -> u64 {
        let mut hasher = MixHasher::default();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

impl Subject for Fetching {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let Event::Receive(message) = event else { return self.subject.step(event, effects) };
        let Message { from, to, term, body, own } = &message;
        match (own.get::<Asked>().cloned(), body) {
            // The leader sends it again, as the answer.
            (Some(Asked(asked)), Body::Other { .. }) if asked.from == *to => {
                let own = Own::new(Asked(asked.clone()));
                effects.sends.push(Message { own, ..asked });
            }
            (None, Body::InstallSnapshot { chunk, .. })
                if *term >= effects.view.term && Some(chunk.last.index) > effects.view.commit =>
            {
                let what = Body::Other { what: "asks for a snapshot".into() };
                let own = Own::new(Asked(message.clone()));
                effects.sends.push(Message { own, ..Message::new(*to, *from, Term(0), what) });
            }
            (_, _) => self.subject.step(Event::Receive(message.said()), effects),
        }
    }
}
