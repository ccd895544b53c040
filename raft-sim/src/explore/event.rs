//! What can happen to one server in an exploration.

use super::bounds::{Bounded, Bounds, Used};
use crate::model::NodeId;

/// What happens to one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Its clock ticks until it stands for election.
    Timeout,
    /// A client hands it the command of this number.
    Propose(u8),
    /// It loses its power, and boots again.
    Crash,
    /// Its clock ticks once.
    Heartbeat,
    /// A client asks it for the read of this number.
    Read(u8),
    /// An administrator wants it to add or to remove a server, by the request of this number.
    Change(NodeId, u8),
    /// An administrator wants the configuration in this place of the list, by the request of this number.
    Reconfigure(u8, u8),
    /// An administrator wants another server to lead, by the request of this number.
    Transfer(NodeId, u8),
    /// An administrator wants a snapshot, by the request of this number.
    Compact(u8),
    /// Its oldest pending write is durable, and it is notified.
    Write,
    /// A message reaches it.
    Deliver(u32),
}

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    /// The server that it is about.
    pub(super) server: NodeId,
    /// What happens to it.
    pub(super) event: Event,
    /// True if the message that it takes stays in flight.
    pub(super) again: bool,
}

/// Codes of events that are no messages.
const MESSAGES: u32 = 1 << 12;

impl Event {
    /// Its number.
    pub(super) fn code(self) -> u32 {
        let code = |kind: u32, number: u8| kind << 4 | u32::from(number);
        match self {
            Event::Timeout => code(0, 0),
            Event::Crash => code(0, 1),
            Event::Heartbeat => code(0, 2),
            Event::Write => code(0, 3),
            Event::Propose(number) => code(1, number),
            Event::Read(number) => code(2, number),
            Event::Compact(number) => code(3, number),
            Event::Change(server, number) => code(4 + server.0, number),
            Event::Transfer(server, number) => code(64 + server.0, number),
            Event::Reconfigure(place, number) => code(128 + u32::from(place), number),
            Event::Deliver(message) => MESSAGES + message,
        }
    }

    /// The event of a number, if it is one.
    pub(super) fn of(code: u32) -> Option<Event> {
        if code >= MESSAGES {
            return Some(Event::Deliver(code - MESSAGES));
        }
        let (kind, number) = (code >> 4, (code & 15) as u8);
        match (kind, number) {
            (0, 0) => Some(Event::Timeout),
            (0, 1) => Some(Event::Crash),
            (0, 2) => Some(Event::Heartbeat),
            (0, 3) => Some(Event::Write),
            (1, _) => Some(Event::Propose(number)),
            (2, _) => Some(Event::Read(number)),
            (3, _) => Some(Event::Compact(number)),
            (5..64, _) => Some(Event::Change(NodeId(kind - 4), number)),
            (65..128, _) => Some(Event::Transfer(NodeId(kind - 64), number)),
            (128.., _) => Some(Event::Reconfigure((kind - 128) as u8, number)),
            (0 | 4 | 64, _) => None,
        }
    }

    /// The bound that it uses up.
    pub(super) fn bounded(self, bounds: &Bounds) -> Option<Bounded> {
        match self {
            Event::Write | Event::Deliver(_) => None,
            Event::Timeout => bounds.timeouts.map(|_| Bounded::Timeout),
            Event::Propose(_) => Some(Bounded::Entry),
            Event::Crash => Some(Bounded::Crash),
            Event::Heartbeat => Some(Bounded::Heartbeat),
            Event::Read(_) => Some(Bounded::Read),
            Event::Change(..) | Event::Reconfigure(..) => Some(Bounded::Change),
            Event::Transfer(..) => Some(Bounded::Transfer),
            Event::Compact(_) => Some(Bounded::Snapshot),
        }
    }

    /// True if it is a request whose number depends on those before it.
    pub(super) fn is_numbered(self) -> bool {
        match self {
            Event::Propose(_)
            | Event::Read(_)
            | Event::Change(..)
            | Event::Reconfigure(..)
            | Event::Transfer(..)
            | Event::Compact(_) => true,
            Event::Timeout | Event::Crash | Event::Heartbeat | Event::Write | Event::Deliver(_) => {
                false
            }
        }
    }

    /// Its request has the number behind those of its kind so far.
    pub(super) fn next(used: Used, what: Bounded) -> u8 {
        used.of(what) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_number_of_its_own() {
        let events = [
            Event::Timeout,
            Event::Propose(1),
            Event::Propose(15),
            Event::Crash,
            Event::Heartbeat,
            Event::Read(3),
            Event::Change(NodeId(1), 1),
            Event::Change(NodeId(9), 2),
            Event::Reconfigure(0, 1),
            Event::Reconfigure(127, 7),
            Event::Transfer(NodeId(1), 1),
            Event::Transfer(NodeId(9), 7),
            Event::Compact(1),
            Event::Write,
            Event::Deliver(0),
            Event::Deliver(70_000),
        ];
        assert!(events.iter().all(|event| Event::of(event.code()) == Some(*event)));
        let codes: std::collections::BTreeSet<u32> = events.map(Event::code).into();
        assert_eq!(codes.len(), events.len());
    }
}
