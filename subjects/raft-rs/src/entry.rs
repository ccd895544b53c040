//! Entries: translation between the testbed's and raft-rs's.
//!
//! raft-rs's entries have data and a context, both left to the application; one without either is the one that
//! a new leader appends. A command is the data. The context says what else the data may be.

use std::sync::Arc;

use bytes::Bytes;
use raft::eraftpb::{Entry as Native, EntryType};
use raft_sim::model::{
    Command, Entry, LogIndex, Membership, Once, Payload, Position, SessionId, Term,
};

use crate::configuration;

/// The context of a command without bytes.
const EMPTY: &[u8] = b"e";
/// The context of an entry that opens a session.
const REGISTER: &[u8] = b"r";
/// The length of the context of a session's command: the session, and the serial number.
const ONCE: usize = 16;

/// The data and the context under which a payload is proposed. Those of a configuration come from
/// [`crate::configuration`].
pub(crate) fn proposal(payload: &Payload) -> (Vec<u8>, Vec<u8>) {
    match payload {
        Payload::Noop | Payload::Membership(_) => (Vec::new(), Vec::new()),
        Payload::Command(command) if command.is_empty() => (Vec::new(), EMPTY.to_vec()),
        Payload::Command(command) => (command.to_vec(), Vec::new()),
        Payload::Register => (Vec::new(), REGISTER.to_vec()),
        Payload::Once(once) => {
            let mut context = once.session.0.to_le_bytes().to_vec();
            context.extend_from_slice(&once.serial.to_le_bytes());
            (once.command.to_vec(), context)
        }
    }
}

/// An entry of raft-rs. `before` is the configuration of the log before it.
pub(crate) fn native(entry: &Entry, before: &Membership) -> Native {
    let (index, term) = (entry.index.get(), entry.term.0);
    let mut native = Native { index, term, ..Native::default() };
    let (data, context) = match &entry.payload {
        Payload::Membership(membership) => {
            native.set_entry_type(EntryType::EntryConfChangeV2);
            configuration::proposal(before, membership)
        }
        Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => {
            proposal(&entry.payload)
        }
    };
    native.data = Bytes::from(data);
    native.context = Bytes::from(context);
    native
}

/// An entry of the testbed. `before` is the configuration of the log before it.
pub(crate) fn from_native(native: &Native, before: &Membership) -> Entry {
    let payload = match native.get_entry_type() {
        EntryType::EntryConfChange | EntryType::EntryConfChangeV2 => {
            Payload::Membership(Arc::new(configuration::of_entry(native, before)))
        }
        EntryType::EntryNormal => match &native.context[..] {
            [] if native.data.is_empty() => Payload::Noop,
            REGISTER => Payload::Register,
            context => match context.split_at_checked(8).filter(|_| context.len() == ONCE) {
                Some((session, serial)) => Payload::Once(Arc::new(Once {
                    session: SessionId(number(session)),
                    serial: number(serial),
                    command: Command::from(&native.data[..]),
                })),
                None => Payload::Command(Command::from(&native.data[..])),
            },
        },
    };
    Entry { index: index(native.index), term: Term(native.term), payload }
}

/// An index, which is never 0 for an entry.
pub(crate) fn index(number: u64) -> LogIndex {
    LogIndex::new(number).unwrap_or(LogIndex::FIRST)
}

/// A place in the log; raft-rs calls the one before the first entry 0.
pub(crate) fn position(index: u64, term: u64) -> Option<Position> {
    LogIndex::new(index).map(|index| Position { index, term: Term(term) })
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
