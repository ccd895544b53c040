//! Sets of kinds of messages.

use std::fmt::{self, Display};
use std::ops::BitOr;

use serde::{Deserialize, Serialize};

use crate::model::Body;

/// A set of kinds of messages: one bit for each kind of [`Body`], a request and its answer apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Kinds(u16);

impl Kinds {
    /// No kind at all.
    pub const NONE: Kinds = Kinds(0);
    /// RequestVote.
    pub const REQUEST_VOTE: Kinds = Kinds(1);
    /// Its answer, granted or not.
    pub const REQUEST_VOTE_REPLY: Kinds = Kinds(1 << 1);
    /// PreVote (diss. §9.6).
    pub const PRE_VOTE: Kinds = Kinds(1 << 2);
    /// Its answer, granted or not.
    pub const PRE_VOTE_REPLY: Kinds = Kinds(1 << 3);
    /// AppendEntries, heartbeats included.
    pub const APPEND_ENTRIES: Kinds = Kinds(1 << 4);
    /// Its answer, success or not.
    pub const APPEND_ENTRIES_REPLY: Kinds = Kinds(1 << 5);
    /// InstallSnapshot (§7).
    pub const INSTALL_SNAPSHOT: Kinds = Kinds(1 << 6);
    /// Its answer.
    pub const INSTALL_SNAPSHOT_REPLY: Kinds = Kinds(1 << 7);
    /// TimeoutNow (diss. §3.10).
    pub const TIMEOUT_NOW: Kinds = Kinds(1 << 8);
    /// The request of a follower to its leader, to answer a read (diss. §6.4).
    pub const READ_INDEX: Kinds = Kinds(1 << 9);
    /// Its answer.
    pub const READ_INDEX_REPLY: Kinds = Kinds(1 << 10);
    /// All kinds of messages of the paper. A message without a name there is of no kind.
    pub const ALL: Kinds = Kinds((1 << 11) - 1);

    /// The kind of one message.
    #[must_use]
    pub fn of(body: &Body) -> Kinds {
        match body {
            Body::RequestVote { .. } => Kinds::REQUEST_VOTE,
            Body::RequestVoteReply { .. } => Kinds::REQUEST_VOTE_REPLY,
            Body::PreVote { .. } => Kinds::PRE_VOTE,
            Body::PreVoteReply { .. } => Kinds::PRE_VOTE_REPLY,
            Body::AppendEntries { .. } => Kinds::APPEND_ENTRIES,
            Body::AppendEntriesReply { .. } => Kinds::APPEND_ENTRIES_REPLY,
            Body::InstallSnapshot { .. } => Kinds::INSTALL_SNAPSHOT,
            Body::InstallSnapshotReply { .. } => Kinds::INSTALL_SNAPSHOT_REPLY,
            Body::TimeoutNow => Kinds::TIMEOUT_NOW,
            Body::ReadIndex { .. } => Kinds::READ_INDEX,
            Body::ReadIndexReply { .. } => Kinds::READ_INDEX_REPLY,
            Body::Other { .. } => Kinds::NONE,
        }
    }

    /// A bit for each kind in it, below 2¹¹.
    #[must_use]
    pub(crate) fn bits(self) -> u64 {
        u64::from(self.0)
    }

    /// True if there is no kind in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Kinds::NONE
    }

    /// True if a message is of one of these kinds.
    #[must_use]
    pub fn contains(self, body: &Body) -> bool {
        self.0 & Kinds::of(body).0 != 0
    }
}

/// The name of each kind.
const NAMES: [(Kinds, &str); 11] = [
    (Kinds::REQUEST_VOTE, "RequestVote"),
    (Kinds::REQUEST_VOTE_REPLY, "RequestVote replies"),
    (Kinds::PRE_VOTE, "PreVote"),
    (Kinds::PRE_VOTE_REPLY, "PreVote replies"),
    (Kinds::APPEND_ENTRIES, "AppendEntries"),
    (Kinds::APPEND_ENTRIES_REPLY, "AppendEntries replies"),
    (Kinds::INSTALL_SNAPSHOT, "InstallSnapshot"),
    (Kinds::INSTALL_SNAPSHOT_REPLY, "InstallSnapshot replies"),
    (Kinds::TIMEOUT_NOW, "TimeoutNow"),
    (Kinds::READ_INDEX, "ReadIndex"),
    (Kinds::READ_INDEX_REPLY, "ReadIndex replies"),
];

impl Display for Kinds {
    /// `RequestVote, TimeoutNow`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = NAMES.iter().filter(|(kind, _)| *self | *kind == *self);
        for (place, (_, name)) in kinds.enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
    }
}

impl BitOr for Kinds {
    type Output = Kinds;

    /// The union of both.
    fn bitor(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }
}
