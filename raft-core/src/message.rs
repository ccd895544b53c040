//! The messages between servers: the two RPCs of Figure 2, each as a request and a reply.
//!
//! A reply is a message of its own, since the network may lose, repeat and reorder either.

use crate::types::{Entries, LARGEST, LogIndex, NodeId, Position, Term, length};

/// A message from one server to another (Figure 2). The network may lose, repeat, delay and reorder it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The server that sent it.
    pub from: NodeId,
    /// The server it is for.
    pub to: NodeId,
    /// The sender's current term (§5.1: terms are exchanged whenever servers communicate).
    pub term: Term,
    /// What it says.
    pub body: Body,
}

impl Message {
    /// Whether its term, or an index that a receiver would count on from, is beyond [`LARGEST`].
    pub(crate) fn is_out_of_reach(&self) -> bool {
        let index = match &self.body {
            Body::RequestVote { last } => last.map(|last| last.index),
            Body::RequestVoteReply { .. } => None,
            Body::AppendEntries { prev, .. } => prev.map(|prev| prev.index),
            Body::AppendEntriesReply(AppendReply::Success { matched }) => *matched,
            Body::AppendEntriesReply(AppendReply::Refused { prev, conflict }) => {
                (*prev).max(conflict.map(|conflict| conflict.first))
            }
        };
        self.term.0 > LARGEST || length(index) > LARGEST
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A candidate asks for a vote in the message's term (§5.2, §5.4.1).
    RequestVote {
        /// The candidate's last entry (`lastLogIndex`, `lastLogTerm`); `None` if its log is empty.
        last: Option<Position>,
    },
    /// The answer to [`Body::RequestVote`].
    RequestVoteReply {
        /// Whether the candidate received the vote (`voteGranted`).
        granted: bool,
    },
    /// A leader replicates entries; without entries, a heartbeat (§5.2, §5.3).
    AppendEntries {
        /// The entry before the new ones (`prevLogIndex`, `prevLogTerm`); `None` before the first.
        prev: Option<Position>,
        /// Entries to store, from the one after `prev` on.
        entries: Entries,
        /// The leader's commit index (`leaderCommit`).
        commit: Option<LogIndex>,
    },
    /// The answer to [`Body::AppendEntries`].
    AppendEntriesReply(AppendReply),
}

/// How an AppendEntries was received. Figure 2 answers true or false; the details are what lets the
/// leader keep `matchIndex` with several requests in flight, and back up fast (end of §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        /// Where the logs part; `None` if the request was of an older term.
        conflict: Option<Conflict>,
    },
}

/// Where a follower's log parts from a leader's (end of §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The term of the follower's entry at `prevLogIndex`; `None` if its log ends before that.
    pub term: Option<Term>,
    /// The first index the follower stores for that term; the one after its last entry if it has none.
    pub first: LogIndex,
}
