//! The order in which the events of a trace are judged.
//!
//! Terms are Raft's own clock (§5.1): what a server does in a term never depends on what another does in a later one.
//! So events are taken by their terms, the lowest first, and those of one server always in its own order. Some events
//! need others before them (a leader's commit: the entries on a quorum; a follower's commit: its leader's), and wait
//! for these. When only waiting events are left, one is taken as it is. A check whose premise is missing then reports
//! a violation only if that premise can't come any more.

use super::Trace;
use super::facts::{Facts, unchecked};
use super::feed::{Feed, Ready};
use super::related::{At, Places};
use super::stream::Stream;
use crate::checker::{Property, Violation};
use crate::model::{NodeId, Term};

/// The result of judging a trace.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The first property that does not hold, and the events that show it, the last of them last.
    pub violation: Option<(Violation, Vec<At>)>,
    /// The number of times that each property was checked, at its number less one.
    pub exercised: Vec<u64>,
    /// Sentences that say what could not be checked, and why.
    pub unchecked: Vec<String>,
    /// The events in the order in which they were judged, up to the violation.
    pub order: Vec<At>,
}

/// Judges a trace. A correct cluster is never accused, in whatever order the events of different servers happened.
#[must_use]
pub fn judge(trace: &Trace) -> Judgement {
    let facts = Facts::of(trace);
    let mut streams: Vec<Stream> = trace.events.iter().map(|events| Stream::new(events)).collect();
    let mut feed = Feed::new(trace, &facts, &streams);
    let mut places = Places::new(trace);
    let mut order = Vec::new();
    let violation = loop {
        let Some(slot) = next(&feed, &streams) else { break None };
        let at = At { server: NodeId(slot as u32 + 1), nth: streams[slot].next };
        let event = &trace.events[slot][at.nth];
        order.push(at);
        if let Err(violation) = feed.take(event, &streams) {
            let related = places.of(&violation, at, event);
            break Some((violation, related));
        }
        places.note(at, event);
        streams[slot].next += 1;
    };
    let mut exercised = vec![0; Property::LAST];
    for property in Property::ALL {
        exercised[property as usize] = feed.exercised(property);
    }
    Judgement { violation, exercised, unchecked: unchecked(trace, &facts, &feed.gaps), order }
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
