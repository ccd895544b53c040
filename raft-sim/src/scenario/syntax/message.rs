//! Messages in a scenario: found by link, kind and content, or spelled out.

use super::DrawnEntry;
use crate::model::{NodeId, Term};

/// One direction between two servers: `S1 -> S2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The sender.
    pub from: NodeId,
    /// The receiver, another server.
    pub to: NodeId,
}

impl Link {
    /// The links that one phrase names: from each of these servers to each of those, and back if it is
    /// `both_ways`.
    #[must_use]
    pub fn between(from: &[NodeId], to: &[NodeId], both_ways: bool) -> Vec<Link> {
        let pairs = from.iter().flat_map(|&from| to.iter().map(move |&to| Link { from, to }));
        let back = |link: Link| both_ways.then_some(Link { from: link.to, to: link.from });
        pairs.flat_map(|link| [Some(link), back(link)]).flatten().collect()
    }

    /// The servers at either end of the links of a phrase, and whether it is both ways: what [`Link::between`]
    /// makes these links of, if one phrase names them.
    #[must_use]
    pub fn ends(links: &[Link]) -> (Vec<NodeId>, Vec<NodeId>, bool) {
        let both_ways = links.chunks(2).all(
            |pair| matches!(pair, [one, other] if (one.from, one.to) == (other.to, other.from)),
        );
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for link in links.iter().step_by(if both_ways { 2 } else { 1 }) {
            if !from.contains(&link.from) {
                from.push(link.from);
            }
            if !to.contains(&link.to) {
                to.push(link.to);
            }
        }
        (from, to, both_ways)
    }
}

/// The kinds of message of Figures 2 and 13, and those that the dissertation adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `RequestVote`
    RequestVote,
    /// `RequestVoteReply`
    RequestVoteReply,
    /// `AppendEntries`, with or without entries
    AppendEntries,
    /// `Heartbeat`: an AppendEntries without entries
    Heartbeat,
    /// `AppendEntriesReply`
    AppendEntriesReply,
    /// `PreVote`: whether it would get a vote (diss. §9.6)
    PreVote,
    /// `PreVoteReply`
    PreVoteReply,
    /// `TimeoutNow`: stand for election at once (diss. §3.10)
    TimeoutNow,
    /// `InstallSnapshot` (§7)
    InstallSnapshot,
    /// `InstallSnapshotReply`
    InstallSnapshotReply,
    /// `ReadIndex`: a follower asks its leader how far it must have applied before it answers a read
    /// (diss. §6.4)
    ReadIndex,
    /// `ReadIndexReply`
    ReadIndexReply,
    /// `Other`: a message that the paper has no name for
    Other,
}

/// Messages by link, kind and content: `S1 -> S2 S3 AppendEntries term 2`. Left out means any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The links named: `S1 -> S2 S3` is two of them, as is `S2 S3 -> S1`. Never empty, and such as
    /// [`Link::between`] makes.
    pub links: Vec<Link>,
    /// The kind, if named.
    pub kind: Option<Kind>,
    /// The details that it must have.
    pub details: Vec<Detail>,
}

/// A selector and which of the messages it finds are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The messages in question.
    pub selector: Selector,
    /// The selection among them.
    pub which: Which,
}

/// The selection among the messages in flight that a selector finds, on each of its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Without a word: exactly one matches on each link; none or several is an error.
    Only,
    /// `#2`: the second oldest on each link.
    Ordinal(u32),
    /// `all`: one or more on each link, oldest first.
    All,
    /// `if any`: all on each link, oldest first, of which there need not be any.
    IfAny,
}

/// A detail of a message, in the words of Figures 2 and 13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// `term N`
    Term(Term),
    /// `granted`: a RequestVoteReply or PreVoteReply with voteGranted
    Granted,
    /// `refused`: one of these without it, or an AppendEntriesReply with success = false
    Refused,
    /// `success`: an AppendEntriesReply with success = true
    Success,
    /// `prev I/T` or `prev none`: prevLogIndex and prevLogTerm
    Prev(Option<Drawn>),
    /// `last I/T` or `last none`: lastLogIndex and lastLogTerm of a RequestVote or PreVote,
    /// lastIncludedIndex and lastIncludedTerm of an InstallSnapshot
    Last(Option<Drawn>),
    /// `entries N`: how many entries it carries
    Entries(u32),
    /// `commit N`: leaderCommit, 0 for none
    Commit(u64),
    /// `match N`: the last index an AppendEntriesReply acknowledges, 0 for none
    Match(u64),
    /// `transfer`: a RequestVote that follows a TimeoutNow, which no server ignores for the sake of a leader
    Transfer,
    /// `offset N`: where the bytes of an InstallSnapshot stand in the snapshot
    Offset(u64),
    /// `received N`: how many bytes of the snapshot an InstallSnapshotReply acknowledges
    Received(u64),
    /// `index N`: how far a ReadIndexReply says to have applied, 0 for none
    Index(u64),
}

/// `I/T`: an entry by index and term, inside a message only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Index, from 1.
    pub index: u64,
    /// Term.
    pub term: Term,
}

/// `forge S1 -> S2 …`: a message spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forged {
    /// The link on which it claims to be sent.
    pub link: Link,
    /// Its term.
    pub term: Term,
    /// The rest.
    pub body: ForgedBody,
}

/// The content of a forged message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgedBody {
    /// `RequestVote term N last I/T|none [transfer]`
    RequestVote {
        /// lastLogIndex and lastLogTerm
        last: Option<Drawn>,
        /// `transfer`
        transfer: bool,
    },
    /// `RequestVoteReply term N granted|refused`
    RequestVoteReply {
        /// `granted`
        granted: bool,
    },
    /// `AppendEntries term N prev I/T|none entries [1 2:x …|none|as S1 I..J] commit N`
    AppendEntries {
        /// prevLogIndex and prevLogTerm
        prev: Option<Drawn>,
        /// the entries
        entries: ForgedEntries,
        /// leaderCommit, 0 for none
        commit: u64,
    },
    /// `AppendEntriesReply term N success match N`, or `… term N refused`
    AppendEntriesReply {
        /// The acknowledged index (0 for none), or `None` if refused.
        matched: Option<u64>,
    },
    /// `PreVote term N last I/T|none`
    PreVote(Option<Drawn>),
    /// `PreVoteReply term N granted|refused`
    PreVoteReply {
        /// `granted`
        granted: bool,
    },
    /// `TimeoutNow term N`
    TimeoutNow,
}

/// The entries of a forged message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgedEntries {
    /// `1 2:x …` or `none`: commands, drawn as a log.
    Drawn(Vec<DrawnEntry>),
    /// `as S1 I..J`: those of a server's log from index I to J when the message is forged, with all that is in them.
    As(NodeId, u64, u64),
}
