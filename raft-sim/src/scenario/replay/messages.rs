//! Messages moved by hand: which ones a statement selects, and what happens to them.

use std::fmt::Write as _;

use super::start::command;
use super::{Failure, FailureKind, Replay, Stop};
use crate::action::Action;
use crate::model::{
    AppendReply, Body, Entries, Entry, LogIndex, Message, NodeId, Payload, Position, length,
};
use crate::network::{Flight, MessageId};
use crate::scenario::syntax::{
    Detail, Drawn, DrawnEntry, Forged, ForgedBody, ForgedEntries, Kind, Link, Selection, Selector,
    Which,
};
use crate::subject::View;

/// Most deliveries of one `settle`: a network that is not quiet by then never will be.
const SETTLE_LIMIT: u32 = 100_000;

impl Replay<'_> {
    /// Delivers the messages in flight, oldest first, until none is left that could be delivered.
    pub(super) fn settle(&mut self) -> Result<(), Stop> {
        self.deliver_all()?;
        let mut before = None;
        while self.sends_late() && before.as_ref() != Some(&self.states()) {
            before = Some(self.states());
            for server in self.world.ids() {
                self.send_late(server)?;
            }
            self.deliver_all()?;
        }
        Ok(())
    }

    /// What each server shows, and how long its log is.
    fn states(&self) -> Vec<(View, u64)> {
        let servers = self.world.ids().map(|id| self.world.server(id));
        servers.map(|server| (*server.view(), server.length())).collect()
    }

    /// Delivers what is in flight, and what follows from it, until nothing is.
    fn deliver_all(&mut self) -> Result<(), Stop> {
        for _ in 0..SETTLE_LIMIT {
            let free = self.world.network().flights().filter(|flight| !flight.held);
            let Some(message) = free.map(|flight| flight.id).min() else { return Ok(()) };
            self.step(Action::Deliver { message })?;
        }
        let message = format!("the network is not quiet after {SETTLE_LIMIT} deliveries");
        let (line, kind) = (self.line, FailureKind::Liveness);
        Err(Stop::Failed(Failure { line, kind, property: None, message }))
    }

    pub(super) fn deliver(&mut self, selection: &Selection) -> Result<(), Stop> {
        for link in &selection.selector.links {
            self.must_be_up(link.to)?;
            if self.world.network().is_cut(link.from, link.to) {
                let message =
                    format!("the link {} -> {} is cut; heal it first", link.from, link.to);
                return Err(self.statement(message));
            }
        }
        let mut selected = self.found(selection)?.into_iter();
        selected.try_for_each(|message| self.step(Action::Deliver { message }))
    }

    pub(super) fn drop_messages(&mut self, selection: &Selection) -> Result<(), Stop> {
        for message in self.found(selection)? {
            self.act(Action::Drop { message })?;
        }
        Ok(())
    }

    pub(super) fn duplicate(&mut self, selection: &Selection) -> Result<(), Stop> {
        for message in self.found(selection)? {
            self.act(Action::Duplicate { message })?;
        }
        Ok(())
    }

    /// The messages that a selection means, link by link. A leader that sends entries with its heartbeats alone gets to one
    /// if there are none.
    fn found(&mut self, selection: &Selection) -> Result<Vec<MessageId>, Stop> {
        if self.sends_late() && self.select(selection).is_err() {
            for link in &selection.selector.links {
                self.send_late(link.from)?;
            }
        }
        self.select(selection)
    }

    /// The messages that a selection means, link by link.
    fn select(&self, selection: &Selection) -> Result<Vec<MessageId>, Stop> {
        let flights = self.world.network().in_flight();
        let mut selected = Vec::new();
        for link in &selection.selector.links {
            let found: Vec<MessageId> = flights
                .iter()
                .filter(|flight| on(link, &flight.message))
                .filter(|flight| says(&selection.selector, &flight.message))
                .map(|flight| flight.id)
                .collect();
            let count = found.len();
            let chosen = match selection.which {
                Which::All if count > 0 => Ok(found),
                Which::IfAny => Ok(found),
                Which::Only if count == 1 => Ok(found),
                Which::Ordinal(ordinal) => {
                    found.get(ordinal as usize - 1).map(|&id| vec![id]).ok_or(format!(
                        "{count} such messages are in flight on {link}, none is #{ordinal}"
                    ))
                }
                Which::Only if count > 1 => Err(format!(
                    "{count} such messages are in flight on {link}; say which: #1 is the oldest, or all"
                )),
                Which::All | Which::Only => Err(format!("no such message is in flight on {link}")),
            };
            match chosen {
                Ok(numbers) => selected.extend(numbers),
                Err(why) => {
                    return Err(self.statement(format!("{why}\nin flight:\n{}", list(&flights))));
                }
            }
        }
        Ok(selected)
    }

    /// The message that a `forge` spells out.
    pub(super) fn forged(&self, forged: &Forged) -> Result<Message, Stop> {
        let body = match &forged.body {
            ForgedBody::RequestVote { last, transfer } => {
                Body::RequestVote { last: position(*last), transfer: *transfer }
            }
            ForgedBody::PreVote(last) => Body::PreVote { last: position(*last) },
            ForgedBody::PreVoteReply { granted } => Body::PreVoteReply { granted: *granted },
            ForgedBody::TimeoutNow => Body::TimeoutNow,
            ForgedBody::RequestVoteReply { granted } => {
                Body::RequestVoteReply { granted: *granted }
            }
            ForgedBody::AppendEntries { prev, entries, commit } => Body::AppendEntries {
                prev: position(*prev),
                entries: match entries {
                    ForgedEntries::Drawn(drawn) => {
                        forged_entries(prev.map_or(0, |prev| prev.index), drawn)
                    }
                    ForgedEntries::As(server, from, to) => self.entries_of(*server, *from, *to)?,
                },
                commit: LogIndex::new(*commit),
                round: 0,
            },
            ForgedBody::AppendEntriesReply { matched } => Body::AppendEntriesReply {
                reply: match matched {
                    Some(matched) => AppendReply::Success { matched: LogIndex::new(*matched) },
                    None => AppendReply::Refused { prev: None, conflict: None },
                },
                round: 0,
            },
        };
        Ok(Message::new(forged.link.from, forged.link.to, forged.term, body))
    }

    /// The entries of a server's log from one index to another.
    fn entries_of(&self, server: NodeId, from: u64, to: u64) -> Result<Entries, Stop> {
        let log = self.log(server);
        match log.get(from as usize - 1..to as usize) {
            Some(entries) => Ok(Entries::from(entries)),
            None => Err(self.statement(format!(
                "{server} has no entries {from}..{to}: its log has {} entries",
                log.len()
            ))),
        }
    }

    pub(super) fn is_in_flight(&self, selector: &Selector) -> bool {
        self.world.network().in_flight().iter().any(|flight| {
            selector.links.iter().any(|link| on(link, &flight.message))
                && says(selector, &flight.message)
        })
    }

    pub(super) fn hold(&mut self, selector: &Selector) {
        for &link in &selector.links {
            for kind in kinds(selector) {
                if !self.holds.contains(&(link, kind)) {
                    self.holds.push((link, kind));
                }
            }
        }
    }

    pub(super) fn release(&mut self, selector: &Selector) -> Result<(), Stop> {
        let kinds = kinds(selector);
        let before = self.holds.len();
        // `release` of a link ends what is held there of any kind.
        self.holds.retain(|(link, kind)| {
            !(selector.links.contains(link) && (selector.kind.is_none() || kinds.contains(kind)))
        });
        if self.holds.len() == before {
            return Err(self.statement("nothing is held there".to_string()));
        }
        self.set_held(|held, flight| held != flight.held)
    }

    /// Marks the messages sent since as held, if a hold covers them.
    pub(super) fn apply_holds(&mut self) -> Result<(), Stop> {
        if self.holds.is_empty() {
            return Ok(());
        }
        self.set_held(|held, flight| held && !flight.held)
    }

    /// Holds the messages that the holds in force cover, and releases the others, among those in flight that are to
    /// change.
    fn set_held(&mut self, changes: impl Fn(bool, &Flight) -> bool) -> Result<(), Stop> {
        let flights = self.world.network().in_flight().into_iter();
        let wanted = flights.map(|flight| (is_held(&self.holds, &flight.message), flight));
        let wanted = wanted.filter(|(held, flight)| changes(*held, flight));
        let actions: Vec<Action> =
            wanted.map(|(held, flight)| Action::SetHeld { message: flight.id, held }).collect();
        actions.into_iter().try_for_each(|action| self.act(action).map(|_| ()))
    }
}

fn is_held(holds: &[(Link, Kind)], message: &Message) -> bool {
    holds.iter().any(|(link, kind)| on(link, message) && is_kind(*kind, message))
}

/// The kinds that a `hold` or `release` covers.
fn kinds(selector: &Selector) -> Vec<Kind> {
    match selector.kind {
        Some(kind) => vec![kind],
        None => Kind::ALL.to_vec(),
    }
}

fn on(link: &Link, message: &Message) -> bool {
    message.from == link.from && message.to == link.to
}

pub(super) fn is_kind(kind: Kind, message: &Message) -> bool {
    match (kind, &message.body) {
        (Kind::RequestVote, Body::RequestVote { .. })
        | (Kind::RequestVoteReply, Body::RequestVoteReply { .. })
        | (Kind::AppendEntries, Body::AppendEntries { .. })
        | (Kind::AppendEntriesReply, Body::AppendEntriesReply { .. })
        | (Kind::PreVote, Body::PreVote { .. })
        | (Kind::PreVoteReply, Body::PreVoteReply { .. })
        | (Kind::TimeoutNow, Body::TimeoutNow)
        | (Kind::InstallSnapshot, Body::InstallSnapshot { .. })
        | (Kind::InstallSnapshotReply, Body::InstallSnapshotReply { .. })
        | (Kind::ReadIndex, Body::ReadIndex { .. })
        | (Kind::ReadIndexReply, Body::ReadIndexReply { .. })
        | (Kind::Other, Body::Other { .. }) => true,
        (Kind::Heartbeat, Body::AppendEntries { entries, .. }) => entries.is_empty(),
        (
            Kind::RequestVote
            | Kind::RequestVoteReply
            | Kind::AppendEntries
            | Kind::Heartbeat
            | Kind::AppendEntriesReply
            | Kind::PreVote
            | Kind::PreVoteReply
            | Kind::TimeoutNow
            | Kind::InstallSnapshot
            | Kind::InstallSnapshotReply
            | Kind::ReadIndex
            | Kind::ReadIndexReply
            | Kind::Other,
            _,
        ) => false,
    }
}

/// True if a message has the kind and the details that a selector requires.
pub(super) fn says(selector: &Selector, message: &Message) -> bool {
    selector.kind.is_none_or(|kind| is_kind(kind, message))
        && selector.details.iter().all(|detail| says_detail(*detail, message))
}

fn says_detail(detail: Detail, message: &Message) -> bool {
    match (detail, &message.body) {
        (Detail::Term(term), _) => message.term == term,
        (Detail::Granted, Body::RequestVoteReply { granted } | Body::PreVoteReply { granted }) => {
            *granted
        }
        (Detail::Refused, Body::RequestVoteReply { granted } | Body::PreVoteReply { granted }) => {
            !granted
        }
        (Detail::Refused, Body::AppendEntriesReply { reply, .. }) => {
            matches!(reply, AppendReply::Refused { .. })
        }
        (Detail::Success, Body::AppendEntriesReply { reply, .. }) => {
            matches!(reply, AppendReply::Success { .. })
        }
        (Detail::Prev(drawn), Body::AppendEntries { prev, .. }) => *prev == position(drawn),
        (Detail::Last(drawn), Body::RequestVote { last, .. } | Body::PreVote { last }) => {
            *last == position(drawn)
        }
        (Detail::Last(drawn), Body::InstallSnapshot { chunk, .. }) => {
            Some(chunk.last) == position(drawn)
        }
        (Detail::Entries(count), Body::AppendEntries { entries, .. }) => {
            entries.len() == count as usize
        }
        (Detail::Commit(index), Body::AppendEntries { commit, .. }) => length(*commit) == index,
        (
            Detail::Match(index),
            Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. },
        ) => length(*matched) == index,
        (Detail::Transfer, Body::RequestVote { transfer, .. }) => *transfer,
        (Detail::Offset(offset), Body::InstallSnapshot { chunk, .. }) => chunk.offset == offset,
        (Detail::Received(bytes), Body::InstallSnapshotReply { received, .. }) => {
            *received == bytes
        }
        (Detail::Index(number), Body::ReadIndexReply { index, .. }) => index.get() == number,
        (
            Detail::Granted
            | Detail::Refused
            | Detail::Success
            | Detail::Prev(_)
            | Detail::Last(_)
            | Detail::Entries(_)
            | Detail::Commit(_)
            | Detail::Match(_)
            | Detail::Transfer
            | Detail::Offset(_)
            | Detail::Received(_)
            | Detail::Index(_),
            _,
        ) => false,
    }
}

fn position(drawn: Option<Drawn>) -> Option<Position> {
    let drawn = drawn?;
    Some(Position { index: LogIndex::new(drawn.index)?, term: drawn.term })
}

fn forged_entries(prev: u64, drawn: &[DrawnEntry]) -> Entries {
    let entry = |(index, drawn): (u64, &DrawnEntry)| {
        let name = drawn.label.as_ref().map(|label| label.0.clone());
        let name = name.unwrap_or_else(|| format!("{index}/{}", drawn.term));
        let index = LogIndex::new(index)?;
        Some(Entry { index, term: drawn.term, payload: Payload::Command(command(&name)) })
    };
    (prev + 1..).zip(drawn).filter_map(entry).collect()
}

/// The messages in flight, a line each.
pub(super) fn list(flights: &[&Flight]) -> String {
    if flights.is_empty() {
        return "  nothing\n".to_string();
    }
    let mut lines = String::new();
    for flight in flights {
        let held = if flight.held { "  (held)" } else { "" };
        let _ = writeln!(lines, "  {}{held}", crate::timeline::message(&flight.message));
    }
    lines
}
