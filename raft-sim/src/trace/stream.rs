//! The events of one server of a trace, in their order.

use super::event::{Event, What};
use crate::model::Term;
use crate::subject::Role;

/// The events of one server, and how far they have been taken.
pub(super) struct Stream<'t> {
    pub(super) events: &'t [Event],
    pub(super) next: usize,
    /// Of each event the lowest term in which the server is from then on.
    ranks: Vec<Term>,
    /// A term that the server's can't exceed before its first event; none if it never tells.
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
        // As long as it has not told it may be in any.
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

    /// The lowest term in which the server still tells something; `None` if it tells nothing more.
    pub(super) fn rank(&self) -> Option<Term> {
        self.ranks.get(self.next).copied()
    }

    /// Whether the server may have done something in this term, or before, that has not been taken: also behind the end
    /// of what it told.
    pub(super) fn may_act_in(&self, term: Term) -> bool {
        self.rank().is_none_or(|rank| rank <= term)
    }
}
