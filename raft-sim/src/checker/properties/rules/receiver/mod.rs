//! The rules for servers that receive: election timers, votes and pre-votes, AppendEntries, InstallSnapshot.
//!
//! Before a step, the checker computes the outcome of the event by Figures 2 and 13: the term, the vote, the role,
//! the leader and the commit index afterwards, the change of the log, and the one reply ([`Answer`]). A reply that
//! must wait for a write is pending. It must leave in the very step in which the server is notified that this write
//! and all before it are durable. Where a rule leaves a choice, or what a server remembers can't be seen, nothing
//! is judged: `None` stands for what is not known.
//!
//! What a server is known to remember is in [`Watch`]. Messages that no correct server sends are not judged.

mod appending;
mod elections;
mod installing;
mod message;
mod standing;
#[cfg(test)]
mod tests;
mod timer;
mod voting;
mod watch;

use crate::checker::properties::Property;
use crate::checker::properties::hooks::Context;
use crate::checker::properties::violation::{Verdict, Violation};
use crate::checker::server::Server;
use crate::model::{Body, length};
use crate::subject::{Effects, Event, Role, Settings, Token};

use message::Due;
use standing::{Answer, Contact, Incoming, Reply, Standing, bit};
use timer::Draws;
use watch::{Asking, Judged, Watch};

/// The expectations for each server, S1 first.
#[derive(Debug)]
pub(super) struct Receiver {
    watched: Vec<Watch>,
    draws: Draws,
    /// The expected outcome of the current step.
    due: Due,
}

impl Receiver {
    pub(super) fn new(servers: usize) -> Receiver {
        let watched = (0..servers).map(|_| Watch::default()).collect();
        Receiver { watched, draws: Draws::default(), due: Due::Nothing }
    }

    /// A server boots from the term and the vote on its disk.
    pub(super) fn boots(&mut self, at: &Context<'_>, settings: &Settings) {
        let watch = &mut self.watched[at.slot];
        let timer = watch.timer.booted(settings, at.server().durable);
        *watch = Watch { timer, ..Watch::default() };
    }

    /// Computes what the rules require of a server that is about to take an event.
    #[inline]
    pub(super) fn takes(&mut self, at: &Context<'_>, settings: &Settings, event: &Event) {
        let (server, watch) = (at.server(), &mut self.watched[at.slot]);
        watch.before = Standing::of(&server.view);
        self.due = match event {
            Event::Tick => Due::Tick,
            Event::Receive(message) => watch.receives(server, settings, message),
            Event::Persisted(token) => {
                watch.notified(*token);
                Due::Durable
            }
            Event::Propose(..)
            | Event::Register(_)
            | Event::ProposeOnce(..)
            | Event::Read(_)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Compact(_)
            | Event::Apply => Due::Nothing,
        };
    }

    /// Compares what the server did with what the rules require.
    #[inline]
    pub(super) fn stepped(
        &mut self,
        at: &mut Context<'_>,
        settings: &Settings,
        effects: &Effects,
    ) -> Verdict {
        let Receiver { watched, draws, due } = self;
        let (server, watch) = (at.server(), &mut watched[at.slot]);
        for write in &effects.writes {
            watch.unsynced.push_back((write.token, false));
        }
        watch.moved(effects);
        let judged = match due {
            Due::Nothing => watch.unjudged(server, effects),
            Due::Unclear => {
                watch.timer.unclear();
                watch.incoming = Incoming::Unclear;
                return Ok(());
            }
            Due::Tick => watch.check_tick(draws, server, settings, effects),
            Due::Answer(answer) => watch.check_answer(server, settings, answer, effects),
            Due::Durable => watch.check_durable(server, effects),
        };
        match judged {
            Ok(None) => Ok(()),
            Ok(Some(property)) => {
                at.count(property);
                Ok(())
            }
            Err((property, detail)) => {
                Err(Violation::new(property, server.id, format!("{} {detail}", server.id)))
            }
        }
    }
}

impl Watch {
    /// Compares the effects of a message with those that the rules require.
    #[inline]
    fn check_answer(
        &mut self,
        server: &Server,
        settings: &Settings,
        answer: &Answer,
        effects: &Effects,
    ) -> Judged {
        let property = answer.property;
        let unclear = matches!(answer.reply, Reply::Unclear);
        if !answer.standing.is_that_of(&effects.view, unclear) {
            let was = Standing::of(&effects.view);
            let due = &answer.standing;
            return Err((property, format!("took {answer}, and is {was} instead of {due}")));
        }
        if !unclear && !answer.log.is_that_of(effects) {
            let due = &answer.log;
            return Err((property, format!("took {answer}, after which {due}, and did otherwise")));
        }
        match answer.contact {
            Contact::Nothing => {}
            Contact::Candidate => {
                self.timer.restart(effects.view.term);
                self.asking = Asking::No;
            }
            Contact::Leader => {
                self.timer.restart(effects.view.term);
                self.timer.believe(settings.election_timeout.0);
                self.asking = Asking::No;
                self.incoming = answer.incoming.unwrap_or(self.incoming);
            }
        }
        self.votes |= answer.vote;
        if let (Asking::Yes(supporters), true) = (&mut self.asking, answer.supporter != 0) {
            *supporters |= answer.supporter;
        }
        if answer.stands {
            self.stands(server, answer.transfer, effects)?;
        }
        match &answer.reply {
            Reply::One(body) => {
                if !self.oblige(server.id, answer.from, body, effects) {
                    return Err((property, format!("took {answer}, and does not answer {body:?}")));
                }
            }
            Reply::Silence if !effects.sends.is_empty() || !effects.writes.is_empty() => {
                return Err((property, format!("was to disregard {answer}, and did not")));
            }
            Reply::Silence | Reply::None => {}
            Reply::Unclear => self.learn_incoming(effects),
        }
        Ok(Some(property))
    }

    /// Judges a step of which nothing is certain. But a server that stands must act as a candidate, and a server
    /// that does not lead learns what is committed from a leader only, by AppendEntries or InstallSnapshot.
    #[inline]
    fn unjudged(&mut self, server: &Server, effects: &Effects) -> Judged {
        let (before, after) = (&self.before, &effects.view);
        let leads = before.role == Role::Leader || after.role == Role::Leader;
        if after.commit != before.commit && !leads {
            let (now, then) = (length(after.commit), length(before.commit));
            let detail = format!(
                "commits up to {now} instead of {then}, and no message of a leader says so"
            );
            return Err((Property::Appending, detail));
        }
        if after.role == Role::Candidate && after.term != self.before.term {
            self.stands(server, false, effects)?;
        }
        Ok(None)
    }

    /// A server is notified of a durable write: the messages that waited for it leave, and its own vote counts.
    fn check_durable(&mut self, server: &Server, effects: &Effects) -> Judged {
        let first = self.unsynced.front().map_or(Token(u64::MAX), |(token, _)| *token);
        let mut left = vec![false; if self.pending.is_empty() { 0 } else { effects.sends.len() }];
        let mut judged = None;
        while let Some((_, message)) = self.pending.pop_front_if(|(after, _)| *after < first) {
            // A message of an older term: its receiver would have to ignore it.
            if message.term < effects.view.term {
                continue;
            }
            if message.to == server.id {
                self.votes |= bit(server.id);
                judged = Some(Property::Voting);
                continue;
            }
            let property = standing::property_of(&message.body);
            let places = effects.sends.iter().zip(&mut left);
            match places.into_iter().find(|(sent, left)| !**left && **sent == message) {
                Some((_, left)) => *left = true,
                None => {
                    let (body, to) = (&message.body, message.to);
                    let detail = format!(
                        "is notified that its writes are durable, and does not send {body:?} to {to}"
                    );
                    return Err((property, detail));
                }
            }
            judged = Some(property);
        }
        if self.before.role == Role::Candidate {
            let elected = voting::is_quorum(server, self.votes);
            if elected != (effects.view.role == Role::Leader) {
                let votes = standing::Servers(self.votes);
                let how = if elected { "does not lead" } else { "leads" };
                return Err((Property::Voting, format!("has the votes of {votes}, and {how}")));
            }
        }
        Ok(judged)
    }

    /// A server reports how much it has of a snapshot.
    fn learn_incoming(&mut self, effects: &Effects) {
        for message in &effects.sends {
            if let Body::InstallSnapshotReply { last, received, .. } = message.body {
                self.incoming = Incoming::Known(Some((last, received)));
            }
        }
    }
}
