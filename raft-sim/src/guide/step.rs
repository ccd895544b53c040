//! The abstract state of a step: the event, its relation to the server's state, and what it changed.

use super::state::Server;
use crate::mix::mix;
use crate::model::{AppendReply, Body, Message, Position, Term, length};
use crate::network::Kinds;
use crate::subject::{Effects, Event, Role, View};

/// The number of the abstract state of a step. `server` is as before the step.
pub(super) fn abstract_of(server: &Server, event: &Event, effects: &Effects, before: &View) -> u64 {
    let after = &effects.view;
    let taken = match event {
        Event::Tick => 1,
        Event::Receive(message) => 16 | received(server, message, before) << 5,
        Event::Propose(..) => 2,
        Event::Persisted(_) => 3,
        Event::Register(_) => 4,
        Event::ProposeOnce(..) => 5,
        Event::Read(_) => 6,
        Event::ChangeMembership(..) => 7,
        Event::Transfer(..) => 8,
        Event::Compact(_) => 9,
        Event::Apply => 10,
    };
    let role = match before.role {
        Role::Follower => 0,
        Role::Candidate => 1,
        Role::Leader => 2,
    };
    let changes = [
        after.role != before.role,
        after.term != before.term,
        after.snapshot > before.snapshot,
        after.configuration != before.configuration,
        effects.refused.is_some(),
    ];
    let changes = changes.into_iter().fold(role, |bits, bit| bits << 1 | u64::from(bit));
    mix(taken, changes)
}

/// The relation of a message to the state of its receiver.
fn received(server: &Server, Message { from, term, body, .. }: &Message, before: &View) -> u64 {
    let age = order(term.0, before.term.0);
    let led = u64::from(before.leader == Some(*from));
    Kinds::of(body).bits() | age << 11 | led << 13 | said(server, body, before) << 14
}

/// 0 if lower, 1 if the same, 2 if higher.
fn order(one: u64, other: u64) -> u64 {
    match one.cmp(&other) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => 1,
        std::cmp::Ordering::Greater => 2,
    }
}

/// The relation of a body to the log of its receiver.
fn said(server: &Server, body: &Body, before: &View) -> u64 {
    let log = &server.log;
    let (last_term, last) = log.end();
    let ended = |position: &Option<Position>| {
        let (term, index) = position.map_or((0, 0), |at| (at.term.0, at.index.get()));
        order(term, last_term) | order(index, last) << 2
    };
    let commit = length(before.commit);
    match body {
        Body::RequestVote { last, transfer } => ended(last) | u64::from(*transfer) << 4,
        Body::PreVote { last } => ended(last),
        Body::RequestVoteReply { granted } | Body::PreVoteReply { granted } => u64::from(*granted),
        Body::AppendEntries { prev, entries, commit: theirs, .. } => {
            let at = prev.map_or(0, |prev| prev.index.get());
            let matches = match prev {
                Some(prev) => place(server, prev.index.get(), prev.term),
                None => 1,
            };
            let end = at + entries.len() as u64;
            let parted = entries
                .iter()
                .any(|entry| log.term(entry.index.get()).is_some_and(|term| term != entry.term.0));
            matches
                | (entries.len().min(2) as u64) << 3
                | order(end, last) << 5
                | u64::from(parted) << 7
                | order(length(*theirs), commit) << 8
                | order(at, commit) << 10
        }
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } => {
            let matched = length(*matched);
            1 | order(matched, last) << 2 | order(matched, commit) << 4
        }
        Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, .. } => {
            let conflict = conflict.map_or(0, |conflict| {
                let first = conflict.first.get();
                1 + order(first, log.base() + 1) + 3 * u64::from(conflict.term.is_some())
            });
            2 | order(length(*prev), last) << 2 | conflict << 4
        }
        Body::InstallSnapshot { chunk, .. } => {
            let whole = chunk.offset + chunk.data.len() as u64 >= chunk.size;
            place(server, chunk.last.index.get(), chunk.last.term)
                | order(chunk.last.index.get(), commit) << 3
                | u64::from(chunk.offset == 0) << 5
                | u64::from(whole) << 6
                | order(chunk.last.index.get(), log.base()) << 7
        }
        Body::InstallSnapshotReply { last: position, received, .. } => {
            order(position.index.get(), log.base()) | u64::from(*received > 0) << 2
        }
        Body::TimeoutNow | Body::ReadIndex { .. } | Body::Other { .. } => 0,
        Body::ReadIndexReply { index, .. } => order(index.get(), length(before.applied)),
    }
}

/// The relation of a position to a log: 0 after its end, 1 at an entry of this term, 2 at one of another term, 3 in the
/// snapshot.
fn place(server: &Server, index: u64, term: Term) -> u64 {
    if index < server.log.base() {
        return 3;
    }
    match server.log.term(index) {
        None => 0,
        Some(own) if own == term.0 => 1,
        Some(_) => 2,
    }
}
