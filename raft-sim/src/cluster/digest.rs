//! What goes into the digest of a run: what every server did, said and wrote.

use crate::mix::{mix, mix_bytes, mix_pair};
use crate::subject::{View, Write};
use crate::words::{AppendReply, Body, LogIndex, Message, Payload, length};

pub(super) fn mix_view(digest: u64, view: &View) -> u64 {
    let vote = view.voted_for.map_or(0, |vote| u64::from(vote.0) + 1);
    let state = view.term.0 ^ (vote << 40) ^ ((view.role as u64) << 60);
    mix_pair(digest, state, length(view.commit) ^ (length(view.applied) << 32))
}

pub(super) fn mix_write(digest: u64, write: &Write) -> u64 {
    let mut digest = mix(digest, write.token.0);
    if let Some(state) = write.hard_state {
        digest = mix(digest, state.term.0);
    }
    if let Some(log) = &write.log {
        digest = mix(digest, log.from.get());
        for entry in log.entries.iter() {
            digest = mix(digest, entry.term.0);
            if let Payload::Command(command) = &entry.payload {
                digest = mix_bytes(digest, command);
            }
        }
    }
    digest
}

pub(super) fn mix_message(digest: u64, message: &Message) -> u64 {
    let number = |index: Option<LogIndex>| length(index);
    let said = match &message.body {
        Body::RequestVote { last } => 1 ^ (number(last.map(|last| last.index)) << 8),
        Body::RequestVoteReply { granted } => 2 ^ (u64::from(*granted) << 8),
        Body::AppendEntries { prev, entries, commit } => {
            let prev = number(prev.map(|prev| prev.index));
            3 ^ (prev << 4) ^ ((entries.len() as u64) << 32) ^ (number(*commit) << 40)
        }
        Body::AppendEntriesReply(AppendReply::Success { matched }) => 4 ^ (number(*matched) << 8),
        Body::AppendEntriesReply(AppendReply::Refused { prev, conflict }) => {
            let first = conflict.map_or(0, |conflict| conflict.first.get());
            5 ^ (number(*prev) << 8) ^ (first << 36)
        }
    };
    let link = u64::from(message.from.0) << 32 | u64::from(message.to.0);
    mix_pair(digest, said, message.term.0 ^ (link << 16))
}
