//! The words of messages.

use super::{Help, Part, Words, words};
use crate::scenario::syntax::Kind;

words! {
    /// The words that begin a detail of a message.
    DetailWord in Detail {
        Term = "term": "term N",
            "the sender's term, also of a PreVote",
            "deliver S1 -> S2 RequestVote term 2";
        Granted = "granted": "granted",
            "a vote or a pre-vote that is granted",
            "deliver S2 -> S1 RequestVoteReply granted";
        Refused = "refused": "refused",
            "a vote or a pre-vote that is refused, or a reply to AppendEntries without success",
            "deliver S2 -> S1 AppendEntriesReply refused";
        Success = "success": "success",
            "a reply to AppendEntries with success",
            "deliver S2 -> S1 AppendEntriesReply success";
        Prev = "prev": "prev INDEX/TERM|none",
            "prevLogIndex and prevLogTerm of an AppendEntries",
            "deliver S1 -> S2 AppendEntries prev 3/2";
        Last = "last": "last INDEX/TERM|none",
            "lastLogIndex and lastLogTerm of a RequestVote or PreVote, lastIncludedIndex and lastIncludedTerm of an \
             InstallSnapshot",
            "deliver S1 -> S2 RequestVote last 3/2";
        Entries = "entries": "entries N",
            "how many entries an AppendEntries carries; in `forge` the entries, drawn or `as S1 2..3`: those of its log",
            "deliver S1 -> S2 AppendEntries entries 2";
        Commit = "commit": "commit N",
            "leaderCommit, 0 for none",
            "deliver S1 -> S2 AppendEntries commit 3";
        Match = "match": "match N",
            "the last index that an AppendEntriesReply acknowledges",
            "deliver S2 -> S1 AppendEntriesReply match 3";
        Transfer = "transfer": "transfer",
            "a RequestVote that follows a TimeoutNow",
            "deliver S1 -> S2 RequestVote transfer";
        Offset = "offset": "offset N",
            "where the bytes of an InstallSnapshot begin",
            "deliver S1 -> S2 InstallSnapshot offset 8";
        Received = "received": "received N",
            "how many bytes an InstallSnapshotReply acknowledges",
            "deliver S2 -> S1 InstallSnapshotReply received 8";
        Index = "index": "index N",
            "how far a ReadIndexReply says to have applied, 0 for none",
            "deliver S1 -> S2 ReadIndexReply index 3";
    }
}

impl Kind {
    /// Every kind of message.
    pub const ALL: [Kind; 13] = [
        Kind::RequestVote,
        Kind::RequestVoteReply,
        Kind::AppendEntries,
        Kind::Heartbeat,
        Kind::AppendEntriesReply,
        Kind::PreVote,
        Kind::PreVoteReply,
        Kind::TimeoutNow,
        Kind::InstallSnapshot,
        Kind::InstallSnapshotReply,
        Kind::ReadIndex,
        Kind::ReadIndexReply,
        Kind::Other,
    ];

    /// The kind's word, as in the figures.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::RequestVote => "RequestVote",
            Kind::RequestVoteReply => "RequestVoteReply",
            Kind::AppendEntries => "AppendEntries",
            Kind::Heartbeat => "Heartbeat",
            Kind::AppendEntriesReply => "AppendEntriesReply",
            Kind::PreVote => "PreVote",
            Kind::PreVoteReply => "PreVoteReply",
            Kind::TimeoutNow => "TimeoutNow",
            Kind::InstallSnapshot => "InstallSnapshot",
            Kind::InstallSnapshotReply => "InstallSnapshotReply",
            Kind::ReadIndex => "ReadIndex",
            Kind::ReadIndexReply => "ReadIndexReply",
            Kind::Other => "Other",
        }
    }

    /// The details of a message of this kind, in the order in which an error lists them.
    pub(in crate::scenario) fn details(self) -> &'static [DetailWord] {
        use DetailWord as D;
        match self {
            Kind::RequestVote => &[D::Term, D::Last, D::Transfer],
            Kind::PreVote => &[D::Term, D::Last],
            Kind::RequestVoteReply | Kind::PreVoteReply => &[D::Term, D::Granted, D::Refused],
            Kind::AppendEntries => &[D::Term, D::Prev, D::Entries, D::Commit],
            Kind::Heartbeat => &[D::Term, D::Prev, D::Commit],
            Kind::AppendEntriesReply => &[D::Term, D::Refused, D::Success, D::Match],
            Kind::TimeoutNow | Kind::ReadIndex | Kind::Other => &[D::Term],
            Kind::InstallSnapshot => &[D::Term, D::Last, D::Offset],
            Kind::InstallSnapshotReply => &[D::Term, D::Received],
            Kind::ReadIndexReply => &[D::Term, D::Index],
        }
    }
}

/// The kinds of messages, in the order of [`Kind::ALL`].
pub(super) const KINDS: &[Help] = &[
    of_kind(
        "RequestVote",
        "a candidate asks for a vote (Figure 2)",
        "deliver S1 -> S2 RequestVote",
    ),
    of_kind("RequestVoteReply", "the answer to it", "deliver S2 -> S1 RequestVoteReply"),
    of_kind(
        "AppendEntries",
        "a leader replicates entries, or none (Figure 2)",
        "deliver S1 -> S2 AppendEntries",
    ),
    of_kind("Heartbeat", "an AppendEntries without entries", "deliver S1 -> S2 Heartbeat"),
    of_kind(
        "AppendEntriesReply",
        "the answer to one of these",
        "deliver S2 -> S1 AppendEntriesReply",
    ),
    of_kind(
        "PreVote",
        "a server asks whether it would get a vote (diss. §9.6)",
        "deliver S1 -> S2 PreVote",
    ),
    of_kind("PreVoteReply", "the answer to it", "deliver S2 -> S1 PreVoteReply"),
    of_kind(
        "TimeoutNow",
        "a leader tells a server to stand for election at once (diss. §3.10)",
        "deliver S1 -> S2 TimeoutNow",
    ),
    of_kind(
        "InstallSnapshot",
        "a leader sends a snapshot, or a part of it (Figure 13)",
        "deliver S1 -> S2 InstallSnapshot",
    ),
    of_kind("InstallSnapshotReply", "the answer to it", "deliver S2 -> S1 InstallSnapshotReply"),
    of_kind(
        "ReadIndex",
        "a follower asks its leader how far it must have applied before it answers a read (diss. §6.4)",
        "deliver S2 -> S1 ReadIndex",
    ),
    of_kind("ReadIndexReply", "the answer to it", "deliver S1 -> S2 ReadIndexReply"),
    of_kind("Other", "a message that the paper has no name for", "deliver S1 -> S2 Other"),
];

const fn of_kind(name: &'static str, meaning: &'static str, example: &'static str) -> Help {
    Help { name, part: Part::Kind, form: name, meaning, example }
}
