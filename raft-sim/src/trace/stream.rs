//! The events of one server of a trace, in their order.

use super::event::{Event, What};
use crate::model::Term;
use crate::subject::Role;

/// The events of one server, and the number of them that have been taken.
pub(super) struct Stream<'t> {
    pub(super) events: &'t [Event],
    pub(super) next: usize,
    /// For each event, the lowest term that the server is in from then on.
    ranks: Vec<Term>,
    /// A term that the server's term can't exceed before its first event; `None` if it never reports one.
    pub(super) first: Option<Term>,
}

impl<'t> Stream<'t> {
    pub(super) fn new(events: &'t [Event]) -> Stream<'t> {
        // Before a server stands in a term it is in a lower one.
        let first = events.iter().find_map(|event| {
            let What::Role(Role::Candidate | Role::Leader, term) = event.what else {
                return event.what.term();
            };
            Some(Term(term.0.saturating_sub(1)))
        });
        // Before its first report it may be in any term.
        let mut term = Term(0);
        let mut ranks: Vec<Term> = Vec::with_capacity(events.len());
        for event in events {
            term = event.what.term().unwrap_or(term);
            ranks.push(term);
        }
        for at in (1..ranks.len()).rev() {
            ranks[at - 1] = ranks[at - 1].min(ranks[at]);
        }
        Stream { events, next: 0, ranks, first }
    }

    pub(super) fn head(&self) -> Option<&'t Event> {
        self.events.get(self.next)
    }

    /// The lowest term in which the server still reports something; `None` if it reports nothing more.
    pub(super) fn rank(&self) -> Option<Term> {
        self.ranks.get(self.next).copied()
    }

    /// The number of its events since its last start that it reports as durable before its next one.
    pub(super) fn durable(&self) -> u64 {
        let life = self.events[self.next.min(self.events.len())..].iter();
        let life = life.take_while(|event| !matches!(event.what, What::Start(_)));
        let durable = life.filter_map(|event| match event.what {
            What::Durable(count) => Some(count),
            What::Start(_)
            | What::Role(..)
            | What::Vote(..)
            | What::Append(..)
            | What::Commit(_)
            | What::Apply(..)
            | What::Snapshot(_)
            | What::Install(_) => None,
        });
        durable.max().unwrap_or(0)
    }

    /// True if the server may have done something in this term or before that has not been taken. Past the end of its
    /// events it may have.
    pub(super) fn may_act_in(&self, term: Term) -> bool {
        self.rank().is_none_or(|rank| rank <= term)
    }
}
