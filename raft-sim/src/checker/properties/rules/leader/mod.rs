//! The rules for leaders and for the state machines behind all servers.
//!
//! For each server a [`Book`] is kept of what can be known of it from outside: what it was asked and owes an
//! answer, which of its writes it knows to be durable, and as long as it leads what Figure 2 says that a leader
//! has (`lead`). The event that it takes and the rules say what must become of that; the messages, the answers and the
//! view after the step are compared with it.

mod answers;
mod change;
mod lead;
mod questions;
mod replies;
mod rounds;
mod sends;
mod sessions;
#[cfg(test)]
mod tests;
mod took;
mod transfer;

use std::collections::VecDeque;

use crate::checker::properties::Property;
use crate::checker::properties::hooks::{Context, Exercised};
use crate::checker::properties::violation::{Verdict, Violation};
use crate::checker::server::Server;
use crate::model::{Membership, NodeId, Position, Term, length};
use crate::subject::{Effects, Event, Request, Role, Settings, Token, View};

use answers::Obligation;
use lead::Lead;
use questions::Questions;
use sessions::Table;
use took::Took;

/// What is expected of each server, S1 first, and what the sessions come to.
#[derive(Debug)]
pub(super) struct Leader {
    books: Vec<Book>,
    sessions: Table,
}

/// What is known of one server from outside, and what it takes now.
#[derive(Debug, Default)]
struct Book {
    /// Only a step that was announced is judged; a leadership that begins in another is followed if it begins as
    /// it should.
    took: Option<Took>,
    /// Who tells it, as the leader of a later term, that there is one.
    spoke: Option<NodeId>,
    /// Its view, how many entries its log and how many configurations that has, before the step.
    before: View,
    length: u64,
    configured: usize,
    /// Up to where its state machine was handed the log; `None` before its first step.
    handed: Option<u64>,
    /// Writes that it has not been told of, oldest first, and those behind them that it has been told of.
    unnotified: VecDeque<(Token, bool)>,
    /// Clients that wait for the entry at a place.
    waiting: Vec<(Position, Request)>,
    /// Reads that wait until an index is applied.
    reads: Vec<(u64, Request)>,
    questions: Questions,
    /// The term in which it stands because a leader told it to.
    called: Option<Term>,
    lead: Option<Box<Lead>>,
}

/// One step of a server, and the messages and answers that are due at its end.
struct Step<'a> {
    server: &'a Server,
    settings: &'a Settings,
    effects: &'a Effects,
    exercised: &'a mut Exercised,
    before: View,
    length: u64,
    configured: usize,
    obligation: Vec<(Request, Obligation)>,
}

impl Step<'_> {
    fn count(&mut self, property: Property) {
        self.exercised.count(property);
    }

    #[cold]
    fn breach(&self, property: Property, what: &str) -> Violation {
        let id = self.server.id;
        Violation::new(property, id, format!("{id} {what}"))
    }

    fn after(&self) -> &View {
        &self.effects.view
    }

    /// How many entries the log has after the step.
    fn last(&self) -> u64 {
        self.server.log.len()
    }

    /// The configuration in force before the step, and its index.
    fn old_configuration(&self) -> (u64, &Membership) {
        let (index, membership) = self.server.log.configurations.nth(self.configured);
        (index, membership)
    }

    /// The configuration in force after the step, and its index.
    fn configuration(&self) -> (u64, &Membership) {
        let (index, membership) = self.server.log.configurations.latest();
        (index, membership)
    }

    /// Whether the last of so many entries is one of the current term.
    fn in_term(&self, commit: u64) -> bool {
        commit > 0 && self.server.log.at(commit).is_some_and(|link| link.term == self.before.term)
    }

    fn oblige(&mut self, request: Request, obligation: Obligation) {
        self.obligation.push((request, obligation));
    }
}

impl Leader {
    pub(super) fn new(settings: &[Settings]) -> Leader {
        let books = settings.iter().map(|_| Book::default()).collect();
        Leader { books, sessions: Table::new(settings) }
    }

    pub(super) fn takes(&mut self, at: &Context<'_>, event: &Event) {
        let server = at.server();
        let book = &mut self.books[at.slot];
        book.took = Some(Took::of(server.id, server.view.term, event));
        book.spoke = took::leader_of_later_term(server.view.term, event);
        book.before = server.view;
        book.length = server.log.len();
        book.configured = server.log.configurations.len();
    }

    pub(super) fn stepped(
        &mut self,
        at: &mut Context<'_>,
        settings: &Settings,
        effects: &Effects,
    ) -> Verdict {
        let book = &mut self.books[at.slot];
        let mut step = Step {
            server: at.server(),
            settings,
            effects,
            exercised: at.exercised,
            before: book.before,
            length: book.length,
            configured: book.configured,
            obligation: Vec::new(),
        };
        if !effects.applied.is_empty() {
            self.sessions.check(&mut step)?;
        }
        book.check(&mut step)
    }

    /// A server lost its power: what is only in its memory is gone.
    pub(super) fn crashed(&mut self, at: &Context<'_>) {
        self.books[at.slot] = Book::default();
    }
}

impl Book {
    fn check(&mut self, step: &mut Step) -> Result<(), Violation> {
        let Some(mut took) = self.took.take() else {
            self.hear_of_writes(&Took::Other, step.effects);
            if step.after().role == Role::Leader && self.lead.is_none() {
                self.lead = Lead::elected(step).ok().map(Box::new);
            }
            return Ok(());
        };
        if step.effects.refused.is_some() {
            took = took.refused(step.length);
        }
        let observed = self.hear_of_writes(&took, step.effects);
        self.check_applied(step, &took)?;
        self.check_term(step)?;
        self.check_called(step, &took)?;
        if let Some(lead) = &mut self.lead {
            if step.after().term == lead.term() {
                let news = lead.step(step, &took, observed)?;
                self.reads.extend(news.reads);
                self.waiting.extend(news.waiting);
            }
            if step.after().role != Role::Leader || step.after().term != lead.term() {
                lead.resign(step);
                self.lead = None;
            }
        } else if step.after().role == Role::Leader && step.before.role != Role::Leader {
            self.lead = Some(Box::new(Lead::elected(step)?));
        }
        self.questions.step(step, &took, &mut self.reads, self.unnotified.is_empty())?;
        took.oblige_at_once(step);
        self.check_answers(step)
    }

    /// Which of its writes the server knows to be durable; gives the last one, if that is news.
    fn hear_of_writes(&mut self, took: &Took, effects: &Effects) -> Option<Token> {
        for write in &effects.writes {
            self.unnotified.push_back((write.token, false));
        }
        let Took::Persisted(token) = *took else { return None };
        if let Some(write) = self.unnotified.iter_mut().find(|(other, _)| *other == token) {
            write.1 = true;
        }
        let mut observed = None;
        while let Some((token, _)) = self.unnotified.pop_front_if(|(_, reported)| *reported) {
            observed = Some(token);
        }
        observed
    }

    /// If commitIndex > lastApplied: increment lastApplied, apply log\[lastApplied\] to the state machine
    /// (Figure 2). It is handed what is committed at once, no more than it may lag behind, and applies all of it
    /// when its turn comes.
    fn check_applied(&mut self, step: &mut Step, took: &Took) -> Result<(), Violation> {
        let after = *step.after();
        let applied = length(after.applied);
        let Some(limit) = step.settings.apply_limit else {
            if after.applied == after.commit {
                return Ok(());
            }
            let what = "does not apply what is committed, though its state machine does not lag";
            return Err(step.breach(Property::Committing, what));
        };
        let handed = self.handed.unwrap_or(length(step.before.applied));
        if matches!(took, Took::Apply) {
            step.count(Property::Committing);
            if applied != handed {
                let what = format!("applied up to {applied} of the {handed} entries handed to it");
                return Err(step.breach(Property::Committing, &what));
            }
        }
        let restored = step.effects.restored.as_ref().map_or(0, |data| data.last.index.get());
        let most = length(after.commit).min(applied + u64::from(limit));
        self.handed = Some(handed.max(restored).max(most));
        Ok(())
    }
}
