//! The rules of receivers (23 to 26): what Figures 2 and 13 ask of a server that takes a message or a tick, where they
//! leave one right answer. A server that breaks one may still be safe and live, so that no history of the cluster need
//! ever show it; each is judged only of implementations that claim it.
//!
//! The outcome of an event is worked out *before* the step, from the server's state and the event: the view afterwards,
//! the change of the log, and the reply ([`Answer`]). It is compared with what the server did. A reply that must wait
//! for a write is pending, and leaves in the step in which the server is notified that this write and all before it are
//! durable. Where a rule leaves a choice, or what a server remembers can't be seen, nothing is judged.
//!
//! What a server is known to remember is in [`Watch`]. Messages that no correct server sends are not judged.

mod answer;
mod appending;
mod check;
mod elections;
mod installing;
mod message;
#[cfg(test)]
mod tests;
mod timer;
mod watch;

use std::hash::Hash;

use super::Property;
use super::hooks::{self, Boot, Checker, Context};
use super::violation::{Verdict, Violation};
use crate::checker::record::Record;
use crate::checker::server::Server;
use crate::mix::MixHasher;
use crate::model::Message;
use crate::subject::{Capability, Effects, Token, View};

use answer::Answer;
use timer::Draws;
use watch::Watch;

/// The rules of receivers, as far as they are claimed.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct Rules {
    judged: Claimed,
    /// The state of each server, S1 first; no server is watched if no property is judged.
    watched: Vec<Watch>,
    draws: Draws,
    due: Due,
    /// The effects that the last message was due to have. They stay where they are made: they are large.
    answer: Option<Answer>,
    /// True if a refused AppendEntries tells where the logs part.
    hints: bool,
}

/// The properties that are claimed, and so judged: true at their numbers.
#[derive(Clone, Debug, Hash)]
struct Claimed([bool; Property::LAST]);

impl Claimed {
    #[inline]
    fn has(&self, property: Property) -> bool {
        self.0[property as usize]
    }
}

/// The requirement on a step.
#[derive(Clone, Copy, Debug, Default, Hash)]
enum Due {
    /// Nothing is judged but what no step may do.
    #[default]
    Nothing,
    /// The server received a message that no correct server sends: its effects are not known.
    Unclear,
    /// A tick passes.
    Tick,
    /// The server received a message, with the effects in [`Rules::answer`].
    Answer,
    /// The server is notified of a durable write.
    Durable,
}

/// A step of a server, and what it is judged by.
struct Step<'a> {
    server: &'a Server,
    /// Its state before.
    before: &'a View,
    effects: &'a Effects,
    judged: &'a Claimed,
    /// True if a refused AppendEntries tells where the logs part.
    hints: bool,
}

/// The property that was exercised, if one was; or the one that does not hold, and what the server did.
type Judged = Result<Option<Property>, Breach>;

/// A property that does not hold, and what the server did.
type Breach = (Property, String);

impl Checker for Rules {
    fn new(record: &Record) -> Rules {
        let claims = |property: &Property| {
            let counts = *property == Property::Voting && record.any_quorum;
            property.claims().iter().any(|capability| record.claims.contains(capability)) && !counts
        };
        let rules =
            [Property::ElectionTimer, Property::Voting, Property::Appending, Property::Installing];
        let mut judged = Claimed([false; Property::LAST]);
        rules.into_iter().filter(claims).for_each(|property| judged.0[property as usize] = true);
        let watched = if judged.0.contains(&true) { record.servers.len() } else { 0 };
        let watched = (0..watched).map(|_| Watch::default()).collect();
        Rules {
            judged,
            watched,
            draws: Draws::default(),
            due: Due::Nothing,
            answer: None,
            hints: record.claims.contains(&Capability::FastBackup),
        }
    }

    /// Between two steps only what servers are known to remember counts.
    fn feed(&self, record: &Record, hasher: &mut MixHasher) {
        for (server, watch) in std::iter::zip(&record.servers, &self.watched) {
            watch.feed(server, hasher);
        }
        self.draws.hash(hasher);
    }

    /// Forgets what the server knew only in memory.
    fn booted(&mut self, at: &mut Context<'_>, _: &Boot<'_>) -> Verdict {
        if let Some(watch) = self.watched.get_mut(at.slot) {
            let timer = watch.timer.booted(&at.server.settings, at.server.durable);
            *watch = Watch { timer, incoming: Some(None), ..Watch::default() };
        }
        Ok(())
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        let Some(watch) = self.watched.get_mut(at.slot) else { return };
        self.due = watch.receives(at.server, message, &mut self.answer);
    }

    #[inline]
    fn ticks(&mut self, _: &mut Context<'_>) {
        if !self.watched.is_empty() {
            self.due = Due::Tick;
        }
    }

    #[inline]
    fn notified(&mut self, at: &mut Context<'_>, token: Token) {
        let Some(watch) = self.watched.get_mut(at.slot) else { return };
        watch.notified(token);
        self.due = Due::Durable;
    }

    #[inline]
    fn stepped(&mut self, at: &mut Context<'_>, step: &hooks::Step<'_>) -> Verdict {
        let due = std::mem::take(&mut self.due);
        // The event asks for no reaction, and nothing changed.
        if let (Due::Nothing, None) = (due, &step.before) {
            return Ok(());
        }
        let Rules { judged, watched, draws, answer, hints, due: _ } = self;
        let effects = step.effects;
        let Some(watch) = watched.get_mut(at.slot) else { return Ok(()) };
        let (server, record) = (at.server, at.record);
        let before = step.before.unwrap_or(&effects.view);
        let step = Step { server, before, effects, judged, hints: *hints };
        if !record.waits {
            for write in &effects.writes {
                watch.unsynced.push_back((write.token, false));
            }
        }
        let outcome = match due {
            Due::Answer => {
                answer.as_ref().map_or(Ok(None), |answer| watch.check_answer(&step, answer))
            }
            Due::Nothing => watch.check_unasked(&step),
            Due::Tick => watch.check_tick(draws, &step),
            Due::Durable => watch.check_durable(&step),
            Due::Unclear => {
                watch.lose_track();
                Ok(None)
            }
        };
        match outcome {
            Ok(Some(property)) if judged.has(property) => at.count(property),
            Ok(_) => {}
            Err((property, detail)) if judged.has(property) => {
                // If the property is set aside, the run goes on; what the server remembers is not known any more.
                watch.lose_track();
                let id = server.id;
                return Err(Violation::new(property, id, format!("{id} {detail}")));
            }
            // What it does otherwise is its own affair, but what it remembers is not known any more.
            Err(_) => watch.lose_track(),
        }
        Ok(())
    }
}
