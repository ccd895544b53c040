//! Messages: translation of raft-rs's into the paper's terms, and of messages that no server sent into raft-rs's.
//!
//! Each message carries along the one that raft-rs sent, and is received as that one. The paper's terms describe its
//! meaning.

use std::sync::Arc;

use bytes::Bytes;
use raft::CAMPAIGN_TRANSFER;
use raft::eraftpb::{Entry as NativeEntry, Message as Native, MessageType};
use raft_sim::mix::mix_bytes;
use raft_sim::model::{
    AppendReply, Body, Carried, Chunk, Conflict, Entries, LogIndex, Membership, Message, NodeId,
    Own, Payload, Position, Snapshot, Term, length,
};

use crate::store::{self, Store};
use crate::{configuration, entry};

/// The facts about a server that translate its messages.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) id: NodeId,
    pub(crate) term: u64,
    pub(crate) store: &'a Store,
    /// True if it sends this because of a message of an older term.
    pub(crate) stale: bool,
}

/// A message as raft-rs sent it, carried along with the description.
#[derive(Clone)]
struct Sent(Native);

impl Carried for Sent {
    /// A digest of its encoding.
    fn digest(&self) -> u64 {
        mix_bytes(0, &configuration::bytes(&self.0))
    }
}

/// A message that raft-rs sends, described in the paper's terms, with itself carried along.
pub(crate) fn from_native(native: Native, place: Place<'_>) -> Message {
    let last = entry::position(native.index, native.log_term);
    let commit = LogIndex::new(native.commit);
    let round = 0;
    let mut term = native.term;
    let body = match native.get_msg_type() {
        MessageType::MsgAppend => {
            // The entries were taken from the log in this step.
            let entries = place.store.run(native.index + 1, native.entries.len());
            Body::AppendEntries { prev: last, entries, commit, round }
        }
        // It verifies no entry, and brings none.
        MessageType::MsgHeartbeat => {
            Body::AppendEntries { prev: None, entries: Entries::default(), commit, round }
        }
        MessageType::MsgHeartbeatResponse => {
            let reply = AppendReply::Success { matched: None };
            Body::AppendEntriesReply { reply, round }
        }
        MessageType::MsgAppendResponse => {
            Body::AppendEntriesReply { reply: append_reply(&native, place), round }
        }
        MessageType::MsgRequestVote => {
            Body::RequestVote { last, transfer: native.context == CAMPAIGN_TRANSFER }
        }
        MessageType::MsgRequestVoteResponse => Body::RequestVoteReply { granted: !native.reject },
        // raft-rs sends the term that is asked about, and a server that grants it answers with the same.
        MessageType::MsgRequestPreVote => {
            term = place.term;
            Body::PreVote { last }
        }
        MessageType::MsgRequestPreVoteResponse => {
            term = place.term;
            Body::PreVoteReply { granted: !native.reject }
        }
        MessageType::MsgSnapshot => match store::from_native(native.get_snapshot()) {
            Some(snapshot) => Body::InstallSnapshot { chunk: Arc::new(whole(snapshot)), round },
            None => other("a snapshot of nothing"),
        },
        MessageType::MsgTimeoutNow => Body::TimeoutNow,
        MessageType::MsgReadIndex => {
            term = place.term;
            Body::ReadIndex { request: question(&native) }
        }
        MessageType::MsgReadIndexResp => match commit.or(LogIndex::new(native.index)) {
            Some(index) => Body::ReadIndexReply { request: question(&native), index },
            None => other("MsgReadIndexResp without an index"),
        },
        MessageType::MsgHup
        | MessageType::MsgBeat
        | MessageType::MsgPropose
        | MessageType::MsgUnreachable
        | MessageType::MsgSnapStatus
        | MessageType::MsgCheckQuorum
        | MessageType::MsgTransferLeader => other("a message that raft-rs does not send here"),
    };
    let (from, to) = (place.id, configuration::name(native.to));
    Message { from, to, term: Term(term), body, own: Own::new(Sent(native)) }
}

fn other(what: &str) -> Body {
    Body::Other { what: Arc::from(what) }
}

fn append_reply(native: &Native, place: Place<'_>) -> AppendReply {
    if place.stale {
        return AppendReply::Refused { prev: None, conflict: None };
    }
    if !native.reject {
        return AppendReply::Success { matched: LogIndex::new(native.index) };
    }
    // raft-rs sends the last entry that may be the same, and its term.
    let first = LogIndex::after(LogIndex::new(native.reject_hint));
    let term = place.store.entry(native.index).map(|entry| entry.term);
    let conflict = Some(Conflict { term, first });
    AppendReply::Refused { prev: LogIndex::new(native.index), conflict }
}

fn whole(snapshot: Snapshot) -> Chunk {
    let Snapshot { last, membership, cluster, data } = snapshot;
    let size = data.len() as u64;
    Chunk { last, membership, cluster, offset: 0, size, data }
}

/// The context of a read in raft-rs: its number.
pub(crate) fn context(request: u64) -> Vec<u8> {
    request.to_le_bytes().to_vec()
}

/// The read with this context; 0 if it is not one of ours.
pub(crate) fn read(context: &[u8]) -> u64 {
    context.try_into().map_or(0, u64::from_le_bytes)
}

fn question(native: &Native) -> u64 {
    native.entries.first().map_or(0, |entry| read(&entry.data))
}

/// A message of raft-rs: the one that is carried along, or, for a message that no server sent, the one that the
/// description stands for. `None` if raft-rs has no such message.
pub(crate) fn native(message: Message, place: Place<'_>) -> Option<Native> {
    let Message { from, to, term, body, own } = message;
    if let Some(Sent(native)) = own.take() {
        return Some(native);
    }
    let mut native = described(&body, term.0, place)?;
    native.from = u64::from(from.0);
    native.to = u64::from(to.0);
    Some(native)
}

fn described(body: &Body, term: u64, place: Place<'_>) -> Option<Native> {
    let mut native = Native { term, ..Native::default() };
    let kind = match body {
        Body::RequestVote { last, transfer } => {
            at(&mut native, *last);
            if *transfer {
                native.context = Bytes::from_static(CAMPAIGN_TRANSFER);
            }
            MessageType::MsgRequestVote
        }
        Body::RequestVoteReply { granted } => {
            native.reject = !granted;
            MessageType::MsgRequestVoteResponse
        }
        Body::PreVote { last } => {
            at(&mut native, *last);
            native.term = term + 1;
            MessageType::MsgRequestPreVote
        }
        Body::PreVoteReply { granted } => {
            native.reject = !granted;
            if *granted {
                native.term = place.term + 1;
            }
            MessageType::MsgRequestPreVoteResponse
        }
        Body::AppendEntries { prev, entries, commit, round: _ } => {
            at(&mut native, *prev);
            native.commit = length(*commit);
            native.set_entries(natives(entries, place.store).into());
            MessageType::MsgAppend
        }
        Body::AppendEntriesReply { reply, round: _ } => {
            match reply {
                AppendReply::Success { matched } => native.index = length(*matched),
                AppendReply::Refused { prev, conflict } => {
                    native.index = length(*prev);
                    if let Some(conflict) = conflict {
                        native.reject = true;
                        native.reject_hint = length(conflict.first.before());
                    }
                }
            }
            MessageType::MsgAppendResponse
        }
        Body::InstallSnapshot { chunk, round: _ } => {
            native.set_snapshot(store::native(&complete(chunk)?));
            MessageType::MsgSnapshot
        }
        Body::TimeoutNow => MessageType::MsgTimeoutNow,
        Body::ReadIndex { request } => {
            native.term = 0;
            ask(&mut native, *request);
            MessageType::MsgReadIndex
        }
        Body::ReadIndexReply { request, index } => {
            ask(&mut native, *request);
            native.index = index.get();
            MessageType::MsgReadIndexResp
        }
        Body::InstallSnapshotReply { .. } | Body::Other { .. } => return None,
    };
    native.set_msg_type(kind);
    Some(native)
}

fn at(native: &mut Native, place: Option<Position>) {
    if let Some(Position { index, term }) = place {
        native.index = index.get();
        native.log_term = term.0;
    }
}

fn ask(native: &mut Native, request: u64) {
    let entry = NativeEntry { data: Bytes::from(context(request)), ..NativeEntry::default() };
    native.mut_entries().push(entry);
}

fn natives(entries: &Entries, store: &Store) -> Vec<NativeEntry> {
    let first = entries.first().map_or(0, |first| first.index.get());
    let mut before: Arc<Membership> = store.before(first).clone();
    let mut natives = Vec::with_capacity(entries.len());
    for entry in entries.iter() {
        natives.push(entry::native(entry, &before));
        if let Payload::Membership(membership) = &entry.payload {
            before = membership.clone();
        }
    }
    natives
}

/// The snapshot of a message, if the message has all of it: raft-rs knows no parts.
fn complete(chunk: &Chunk) -> Option<Snapshot> {
    let Chunk { last, membership, cluster, offset, size, data } = chunk;
    let all = *offset == 0 && data.len() as u64 == *size;
    let (membership, data) = (membership.clone(), data.clone());
    all.then_some(Snapshot { last: *last, membership, cluster: *cluster, data })
}
