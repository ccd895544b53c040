//! Messages between servers, described in the paper's terms, with data that an implementation carries along.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use raft_core::{AppendReply, Chunk, Entries, LogIndex, NodeId, Position, Term};
use serde::{Deserialize, Serialize};

/// A message from one server to another (Figure 2). The network may lose, repeat, delay and reorder it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// The server that sent it.
    pub from: NodeId,
    /// The server it is for.
    pub to: NodeId,
    /// The sender's current term (§5.1: terms are exchanged whenever servers communicate).
    pub term: Term,
    /// The content.
    pub body: Body,
    /// The data that the implementation sent with it. A message that no server sent has none.
    #[serde(skip)]
    pub own: Own,
}

impl Message {
    /// A message that the paper's terms describe completely.
    #[must_use]
    pub fn new(from: NodeId, to: NodeId, term: Term, body: Body) -> Message {
        Message { from, to, term, body, own: Own::default() }
    }

    /// The message in the paper's terms alone, without the data that the implementation carries along.
    #[must_use]
    pub fn said(&self) -> Message {
        Message::new(self.from, self.to, self.term, self.body.clone())
    }

    /// True if another message is the same in the paper's terms, whatever either carries along.
    #[must_use]
    pub fn says_same(&self, other: &Message) -> bool {
        let header = |message: &Message| (message.from, message.to, message.term);
        header(self) == header(other) && self.body == other.body
    }
}

/// Data that an implementation carries along with a message. Only the implementation looks into it.
pub trait Carried: Any + Send + Sync {
    /// A digest of it, which the implementation chooses: equal for two that the receiver can't tell apart, and, as
    /// far as 64 bits go, different for others.
    fn digest(&self) -> u64;
}

/// The data that an implementation carries along with a message, beside the paper's terms. Two are equal if both are
/// empty, or if their digests are equal. It is not serialized: a message that is read has none.
#[derive(Clone, Default)]
pub struct Own(Option<Arc<dyn Carried>>);

impl Own {
    /// Data to carry along.
    #[must_use]
    pub fn new(what: impl Carried) -> Own {
        Own(Some(Arc::new(what)))
    }

    /// True if nothing is carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The digest of the data; `None` if there is none.
    #[must_use]
    pub fn digest(&self) -> Option<u64> {
        self.0.as_ref().map(|carried| carried.digest())
    }

    /// The data, if it is of this type.
    #[must_use]
    pub fn get<T: Carried>(&self) -> Option<&T> {
        let carried: &dyn Any = self.0.as_deref()?;
        carried.downcast_ref()
    }

    /// The data, taken out. It is copied only if another message carries it, too.
    #[must_use]
    pub fn take<T: Carried + Clone>(self) -> Option<T> {
        let carried: Arc<dyn Any + Send + Sync> = self.0?;
        carried.downcast().ok().map(Arc::unwrap_or_clone)
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Own) -> bool {
        self.digest() == other.digest()
    }
}

impl Eq for Own {}

impl Hash for Own {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest().hash(state);
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "its own" } else { "nothing" })
    }
}

/// The content of a message, in the paper's terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Body {
    /// A candidate asks for a vote in the message's term (§5.2, §5.4.1).
    RequestVote {
        /// The candidate's last entry (`lastLogIndex`, `lastLogTerm`); `None` if its log is empty.
        last: Option<Position>,
        /// True if its leader asked it to stand ([`Body::TimeoutNow`]): the vote is not to be disregarded for that
        /// leader's sake (diss. §4.2.3).
        transfer: bool,
    },
    /// The answer to [`Body::RequestVote`].
    RequestVoteReply {
        /// True if the candidate received the vote (`voteGranted`).
        granted: bool,
    },
    /// A server asks whether it would receive a vote if it stood in the term after the message's (PreVote,
    /// diss. §9.6). It has not entered that term.
    PreVote {
        /// Its last entry; `None` if its log is empty.
        last: Option<Position>,
    },
    /// The answer to [`Body::PreVote`]. It guarantees nothing.
    PreVoteReply {
        /// True if it would.
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
        /// The leader's latest round of heartbeats (diss. §6.4), counted from 0 in its term. The answer
        /// repeats it, and so shows when, at the earliest, the follower still took it for its leader.
        round: u64,
    },
    /// The answer to [`Body::AppendEntries`].
    AppendEntriesReply {
        /// The result.
        reply: AppendReply,
        /// The round of the request.
        round: u64,
    },
    /// A leader sends a follower, whose next entry it has discarded, a part of its snapshot (§7, Figure 13).
    InstallSnapshot {
        /// The part.
        chunk: Arc<Chunk>,
        /// As in [`Body::AppendEntries`].
        round: u64,
    },
    /// The answer to a part of a snapshot that is not complete yet. Once it is complete and durable, or not
    /// needed, the answer is that of an AppendEntries that matches up to `last`.
    InstallSnapshotReply {
        /// The last entry of the snapshot in question.
        last: Position,
        /// The part of its data that the follower has, in bytes from the beginning.
        received: u64,
        /// The round of the request.
        round: u64,
    },
    /// A leader asks a follower that has all of its log to stand for election at once (diss. §3.10).
    TimeoutNow,
    /// A follower asks from which index on its state machine is recent enough for a read (diss. §6.4).
    ReadIndex {
        /// The follower's name for the question.
        request: u64,
    },
    /// The answer to [`Body::ReadIndex`], from a leader that made sure that it still led after the question came.
    ReadIndexReply {
        /// The question.
        request: u64,
        /// The follower may answer once it has applied this entry.
        index: LogIndex,
    },
    /// A message that the paper has no name for. It guarantees nothing, and no checker judges it.
    Other {
        /// A description of a few words.
        what: Arc<str>,
    },
}

impl Body {
    /// The paper's name for this kind of message, behind its article: `an AppendEntries`.
    #[must_use]
    pub fn with_article(&self) -> String {
        let name = self.name();
        let article = if name.starts_with(['A', 'I', 'O']) { "an" } else { "a" };
        format!("{article} {name}")
    }

    /// The paper's name for this kind of message.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Body::RequestVote { .. } => "RequestVote",
            Body::RequestVoteReply { .. } => "RequestVoteReply",
            Body::PreVote { .. } => "PreVote",
            Body::PreVoteReply { .. } => "PreVoteReply",
            Body::AppendEntries { .. } => "AppendEntries",
            Body::AppendEntriesReply { .. } => "AppendEntriesReply",
            Body::InstallSnapshot { .. } => "InstallSnapshot",
            Body::InstallSnapshotReply { .. } => "InstallSnapshotReply",
            Body::TimeoutNow => "TimeoutNow",
            Body::ReadIndex { .. } => "ReadIndex",
            Body::ReadIndexReply { .. } => "ReadIndexReply",
            Body::Other { .. } => "Other",
        }
    }
}
