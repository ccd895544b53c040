//! The messages between servers: the RPCs of Figure 2 and Figure 13, each as a request and a reply, and
//! what the dissertation adds.
//!
//! A reply is a message of its own, since the network may lose, repeat and reorder either.

use alloc::sync::Arc;

use crate::types::{Chunk, Entries, LARGEST, LogIndex, NodeId, Position, Request, Term, length};

/// A message from one server to another (Figure 2). The network may lose, repeat, delay and reorder it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// The server that sent it.
    pub from: NodeId,
    /// The server it is for.
    pub to: NodeId,
    /// The sender's current term (§5.1: terms are exchanged whenever servers communicate).
    pub term: Term,
    /// The content.
    pub body: Body,
}

impl Message {
    /// Returns whether its term, or an index that a receiver would count on from, is beyond [`LARGEST`].
    pub(crate) fn is_out_of_reach(&self) -> bool {
        let index = match &self.body {
            Body::RequestVote { last, .. } | Body::PreVote { last } => last.map(|last| last.index),
            Body::AppendEntries { prev, .. } => prev.map(|prev| prev.index),
            Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } => *matched,
            Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, .. } => {
                (*prev).max(conflict.map(|conflict| conflict.first))
            }
            Body::InstallSnapshot { chunk, .. } => Some(chunk.last.index),
            Body::InstallSnapshotReply { last, .. } => Some(last.index),
            Body::ReadIndexReply { index, .. } => Some(*index),
            Body::RequestVoteReply { .. }
            | Body::PreVoteReply { .. }
            | Body::TimeoutNow
            | Body::ReadIndex { .. } => None,
        };
        self.term.0 > LARGEST || length(index) > LARGEST
    }
}

/// Content of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Body {
    /// Request of a candidate for a vote in the message's term (§5.2, §5.4.1).
    RequestVote {
        /// The candidate's last entry (`lastLogIndex`, `lastLogTerm`); `None` if its log is empty.
        last: Option<Position>,
        /// True if the leader made it stand ([`Body::TimeoutNow`]): the vote is not to be disregarded for
        /// that leader's sake (diss. §4.2.3).
        transfer: bool,
    },
    /// Reply to [`Body::RequestVote`].
    RequestVoteReply {
        /// True if the candidate received the vote (`voteGranted`).
        granted: bool,
    },
    /// Question of a server that might stand: whether it would receive a vote in the term after the
    /// message's (PreVote, diss. §9.6). It has not entered that term.
    PreVote {
        /// The server's last entry; `None` if its log is empty.
        last: Option<Position>,
    },
    /// Reply to [`Body::PreVote`]. It binds the sender to nothing.
    PreVoteReply {
        /// True if it would receive the vote.
        granted: bool,
    },
    /// Entries that a leader replicates; without entries, a heartbeat (§5.2, §5.3).
    AppendEntries {
        /// The entry before the new ones (`prevLogIndex`, `prevLogTerm`); `None` before the first.
        prev: Option<Position>,
        /// Entries to store, from the one after `prev` on.
        entries: Entries,
        /// The leader's commit index (`leaderCommit`).
        commit: Option<LogIndex>,
        /// The leader's latest round of heartbeats (diss. §6.4), counted from 0 in its term. The reply
        /// repeats it, and so tells when, at the earliest, the follower still took it for its leader.
        round: u64,
    },
    /// Reply to [`Body::AppendEntries`].
    AppendEntriesReply {
        /// The result.
        reply: AppendReply,
        /// The round of the request.
        round: u64,
    },
    /// Part of a snapshot, for a follower whose next entry the leader has discarded (§7, Figure 13).
    InstallSnapshot {
        /// The part.
        chunk: Arc<Chunk>,
        /// The leader's latest round, as in [`Body::AppendEntries`].
        round: u64,
    },
    /// Reply to a part of a snapshot that is not complete yet. Once it is complete and durable, or not
    /// needed, the reply is that of an AppendEntries that matches up to `last`.
    InstallSnapshotReply {
        /// The last entry of the snapshot in question.
        last: Position,
        /// The bytes of its data that the follower has, from the beginning on.
        received: u64,
        /// The round of the request.
        round: u64,
    },
    /// Order of a leader to a follower that has all of its log: stand for election at once (diss. §3.10).
    TimeoutNow,
    /// Question of a follower: from which index on its state machine is recent enough for a read (diss.
    /// §6.4).
    ReadIndex {
        /// The follower's name for the question.
        request: Request,
    },
    /// Reply to [`Body::ReadIndex`], from a leader that made sure it still led after the question came.
    ReadIndexReply {
        /// The question.
        request: Request,
        /// The follower may answer once it has applied this entry.
        index: LogIndex,
    },
}

/// Result of an AppendEntries. Figure 2 has true or false; with the details the leader can keep
/// `matchIndex` with several requests in flight, and back up fast (end of §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AppendReply {
    /// The follower's log, on its disk, matches the leader's up to `matched`.
    Success {
        /// Index of the last entry that the request verified or brought.
        matched: Option<LogIndex>,
    },
    /// The request was of an older term, or the follower's log has no entry matching `prev`.
    Refused {
        /// The `prevLogIndex` of the request that is refused.
        prev: Option<LogIndex>,
        /// The place where the logs part; `None` if the request was of an older term.
        conflict: Option<Conflict>,
    },
}

/// Place where a follower's log parts from a leader's (end of §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Conflict {
    /// The term of the follower's entry at `prevLogIndex`; `None` if its log ends before that.
    pub term: Option<Term>,
    /// The first index the follower stores for that term; the one after its last entry if it has none.
    pub first: LogIndex,
}
