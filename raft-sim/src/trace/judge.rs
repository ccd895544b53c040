//! The order in which the events of a trace are judged.
//!
//! Terms are Raft's own clock (§5.1): what a server does in a term never depends on what another does in a later one.
//! So events are taken by their terms, the lowest first, and those of one server always in its own order. Some events
//! need others before them (a leader's commit: the entries on a quorum; a follower's commit: its leader's), and wait
//! for these. When only waiting events are left, one is taken as it is. A check whose premise is missing then reports
//! a violation only if that premise can't come any more.

use super::Trace;
use super::event::{Event, What};
use super::facts::{Facts, unchecked};
use super::feed::{Feed, Ready};
use super::related::{At, Places};
use crate::checker::{Property, Violation};
use crate::model::{NodeId, Term};
use crate::subject::Role;

/// The result of judging a trace.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The first property that does not hold, and the events that show it, the last of them last.
    pub violation: Option<(Violation, Vec<At>)>,
    /// The number of times that each property was checked, in the order of [`Property::ALL`].
    pub exercised: Vec<u64>,
    /// Sentences that say what could not be checked, and why.
    pub unchecked: Vec<String>,
}

/// Judges a trace. A correct cluster is never accused, in whatever order the events of different servers happened.
#[must_use]
pub fn judge(trace: &Trace) -> Judgement {
    let facts = Facts::of(trace);
    let mut streams: Vec<Stream> = trace.events.iter().map(|events| Stream::new(events)).collect();
    let mut feed = Feed::new(trace, &facts, &streams);
    let mut places = Places::new(trace);
    let violation = loop {
        let Some(slot) = next(&feed, &streams) else { break None };
        let at = At { server: NodeId(slot as u32 + 1), nth: streams[slot].next };
        let event = &trace.events[slot][at.nth];
        if let Err(violation) = feed.take(event, &streams) {
            let related = places.of(&violation, at, event);
            break Some((violation, related));
        }
        places.note(at, event);
        streams[slot].next += 1;
    };
    let exercised = Property::ALL.map(|property| feed.exercised(property)).to_vec();
    Judgement { violation, exercised, unchecked: unchecked(trace, &facts, &feed) }
}

/// The server whose event is next; `None` at the end.
fn next(feed: &Feed<'_>, streams: &[Stream<'_>]) -> Option<usize> {
    let mut heads: Vec<(Term, usize)> =
        streams.iter().enumerate().filter_map(|(slot, it)| Some((it.rank()?, slot))).collect();
    heads.sort_unstable();
    let mut waits = Vec::new();
    for (rank, slot) in heads {
        match streams[slot].head().map(|event| feed.ready(event, streams)) {
            Some(Ready::Now) | None => return Some(slot),
            Some(Ready::Waits(urgency)) => waits.push((urgency, rank, slot)),
        }
    }
    waits.into_iter().min().map(|(_, _, slot)| slot)
}

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
    fn new(events: &'t [Event]) -> Stream<'t> {
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

    /// True if the server may have done something in this term or before that has not been taken. Past the end of its
    /// events it may have.
    pub(super) fn may_act_in(&self, term: Term) -> bool {
        self.rank().is_none_or(|rank| rank <= term)
    }
}
