//! Views and messages as the numbers of a tape.

use super::tape::{position, server};
use crate::model::{AppendReply, Body, length};
use crate::subject::{Role, View};

/// A view as numbers, in the order of its fields; the digest of the state machine is left out.
pub(super) fn fields(view: &View) -> [u64; 8] {
    let role = match view.role {
        Role::Follower => 0,
        Role::Candidate => 1,
        Role::Leader => 2,
    };
    [
        role,
        view.term.0,
        server(view.voted_for),
        length(view.commit),
        length(view.applied),
        server(view.leader),
        length(view.snapshot),
        length(view.configuration),
    ]
}

/// The number of a kind of message.
pub(super) fn kind_of(body: &Body) -> u64 {
    match body {
        Body::RequestVote { .. } => 0,
        Body::RequestVoteReply { .. } => 1,
        Body::PreVote { .. } => 2,
        Body::PreVoteReply { .. } => 3,
        Body::AppendEntries { .. } => 4,
        Body::AppendEntriesReply { .. } => 5,
        Body::InstallSnapshot { .. } => 6,
        Body::InstallSnapshotReply { .. } => 7,
        Body::TimeoutNow => 8,
        Body::ReadIndex { .. } => 9,
        Body::ReadIndexReply { .. } => 10,
        Body::Other { .. } => 11,
    }
}

/// The numbers of a message that causes are found by.
pub(super) fn numbers(body: &Body) -> [u64; 4] {
    match body {
        Body::RequestVote { last, .. } | Body::PreVote { last } => {
            let [index, term] = position(*last);
            [index, term, 0, 0]
        }
        Body::RequestVoteReply { granted } | Body::PreVoteReply { granted } => {
            [u64::from(*granted), 0, 0, 0]
        }
        Body::AppendEntries { prev, entries, commit, .. } => {
            let [index, term] = position(*prev);
            [index, term, entries.len() as u64, length(*commit)]
        }
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } => {
            [1, length(*matched), 0, 0]
        }
        Body::AppendEntriesReply { reply: AppendReply::Refused { prev, .. }, .. } => {
            [0, length(*prev), 0, 0]
        }
        Body::InstallSnapshot { chunk, .. } => {
            let [index, term] = position(Some(chunk.last));
            [index, term, chunk.offset, chunk.size]
        }
        Body::InstallSnapshotReply { last, received, .. } => {
            let [index, term] = position(Some(*last));
            [index, term, *received, 0]
        }
        Body::ReadIndexReply { index, .. } => [index.get(), 0, 0, 0],
        Body::TimeoutNow | Body::ReadIndex { .. } | Body::Other { .. } => [0; 4],
    }
}
