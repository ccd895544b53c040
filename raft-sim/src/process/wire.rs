//! The lines of the protocol as plain data: what `docs/subject-protocol.md` describes, field by field, and nothing of
//! what it means.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::subject::{Changes, Settings};

/// The version of the protocol.
pub(super) const PROTOCOL: u64 = 1;

/// A text, borrowed from its line where that can be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// An object of which each field may be left out; `null` is as good.
macro_rules! object {
    (
        $(#[$about:meta])*
        $name:ident $(<$line:lifetime>)? { $($(#[$how:meta])* $field:ident: $type:ty,)* }
    ) => {
        $(#[$about])*
        #[derive(Debug, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub(super) struct $name $(<$line>)? {
            $(
                $(#[$how])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(super) $field: Option<$type>,
            )*
        }
    };
}

object! {
    /// What the testbed asks.
    Request<'a> {
        #[serde(rename = "do")]
        verb: Verb,
        protocol: u64,
        server: u32,
        now: u64,
        instant: bool,
        #[serde(borrow)]
        message: Message<'a>,
        #[serde(borrow)]
        call: Message<'a>,
        request: u64,
        #[serde(borrow)]
        command: Text<'a>,
        session: u64,
        serial: u64,
        token: u64,
        voters: Vec<u32>,
        learners: Vec<u32>,
        to: u32,
        seed: u64,
        peers: Vec<u32>,
        settings: Timing,
        current_term: u64,
        voted_for: Option<u32>,
        commit_index: u64,
        #[serde(borrow)]
        snapshot: Option<Snapshot<'a>>,
        #[serde(borrow)]
        log: Vec<Entry<'a>>,
        applied: u64,
    }
}

object! {
    /// What the subject answers.
    Answer<'a> {
        status: Status,
        #[serde(borrow)]
        reason: Text<'a>,
        view: View,
        #[serde(borrow)]
        writes: Vec<Write<'a>>,
        #[serde(borrow)]
        messages: Vec<Message<'a>>,
        restored: bool,
        #[serde(borrow)]
        applied: Vec<Entry<'a>>,
        answers: Vec<Told>,
        matched: Matched,
        #[serde(borrow)]
        refused: Text<'a>,
        #[serde(borrow)]
        then: Vec<Answer<'a>>,
    }
}

object! {
    /// What it answers to `hello`.
    Hello<'a> {
        protocol: u64,
        #[serde(borrow)]
        name: Text<'a>,
        #[serde(borrow)]
        capabilities: Vec<Text<'a>>,
        status: Status,
        #[serde(borrow)]
        reason: Text<'a>,
    }
}

object! {
    /// A message, as it is sent and as it is received.
    Message<'a> {
        #[serde(rename = "type")]
        kind: Kind,
        from: u32,
        to: u32,
        term: u64,
        id: u64,
        re: u64,
        after: u64,
        last_log_index: u64,
        last_log_term: u64,
        transfer: bool,
        vote_granted: bool,
        prev_log_index: u64,
        prev_log_term: u64,
        #[serde(borrow)]
        entries: Vec<Entry<'a>>,
        leader_commit: u64,
        round: u64,
        success: bool,
        match_index: u64,
        conflict_index: u64,
        conflict_term: u64,
        last_included_index: u64,
        last_included_term: u64,
        voters: Vec<u32>,
        old: Vec<u32>,
        learners: Vec<u32>,
        offset: u64,
        size: u64,
        #[serde(borrow)]
        data: Text<'a>,
        received: u64,
        request: u64,
        index: u64,
        #[serde(borrow)]
        what: Text<'a>,
        #[serde(borrow)]
        own: &'a RawValue,
    }
}

object! {
    /// An entry of a log; with its index and outcome, one that was applied.
    Entry<'a> {
        index: u64,
        term: u64,
        #[serde(rename = "type")]
        kind: EntryKind,
        #[serde(borrow)]
        command: Text<'a>,
        session: u64,
        serial: u64,
        voters: Vec<u32>,
        old: Vec<u32>,
        learners: Vec<u32>,
        outcome: Outcome,
    }
}

object! {
    /// A write to stable storage.
    Write<'a> {
        token: u64,
        current_term: u64,
        voted_for: Option<u32>,
        commit_index: u64,
        from: u64,
        #[serde(borrow)]
        entries: Vec<Entry<'a>>,
        #[serde(borrow)]
        snapshot: Snapshot<'a>,
    }
}

object! {
    /// A snapshot.
    Snapshot<'a> {
        last_included_index: u64,
        last_included_term: u64,
        voters: Vec<u32>,
        old: Vec<u32>,
        learners: Vec<u32>,
        #[serde(borrow)]
        data: Text<'a>,
    }
}

object! {
    /// What a client is told.
    Told {
        request: u64,
        is: Is,
        index: u64,
        session: u64,
        leader: u32,
    }
}

object! {
    /// A server's state.
    View {
        role: Role,
        current_term: u64,
        voted_for: Option<u32>,
        commit_index: u64,
        last_applied: u64,
        leader: Option<u32>,
        snapshot: u64,
        configuration: u64,
        state: u64,
    }
}

object! {
    /// An acknowledgement that a leader took.
    Matched {
        server: u32,
        match_index: u64,
    }
}

/// The words that a field has.
macro_rules! words {
    ($(#[$about:meta])* $name:ident, $case:literal: $($word:ident),*) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = $case)]
        pub(super) enum $name {
            $($word,)*
        }
    };
}

words! {
    /// What is asked.
    Verb, "kebab-case": Hello, Reset, Boot, Tick, Receive, Propose, Persisted, Read, Register, Change, Transfer,
    Compact, Apply
}

words! {
    /// How a step went.
    Status, "kebab-case": Ok, Crashed, Unsupported, Refused
}

words! {
    /// What a message is.
    Kind, "PascalCase": RequestVote, RequestVoteReply, PreVote, PreVoteReply, AppendEntries, AppendEntriesReply,
    InstallSnapshot, InstallSnapshotReply, TimeoutNow, ReadIndex, ReadIndexReply, Other
}

words! {
    /// What an entry is.
    EntryKind, "kebab-case": Command, NoOp, Configuration, Register
}

words! {
    /// What a state machine made of an entry.
    Outcome, "kebab-case": Nothing, Executed, Repeated, NoSession, Registered
}

words! {
    /// What a client is told.
    Is, "kebab-case": Committed, Registered, NoSession, Read, Done, Superseded, Unknown, NotLeader, Busy, Rejected
}

words! {
    /// A role of Figure 4.
    Role, "kebab-case": Follower, Candidate, Leader
}

/// [`Settings`], in the names of the protocol.
#[derive(Debug, Serialize, Deserialize)]
#[serde(remote = "Settings", rename_all = "camelCase")]
struct SettingsFields {
    seed: u64,
    election_timeout: (u32, u32),
    heartbeat: u32,
    entries_per_message: u32,
    window: u32,
    uncommitted_limit: u32,
    bytes_per_message: u32,
    pre_vote: bool,
    check_quorum: bool,
    lease_drift: Option<u32>,
    changes: Changes,
    catch_up_rounds: u32,
    snapshot_chunk: u32,
    apply_limit: Option<u32>,
    sessions: u32,
}

/// Timing and limits.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Timing(#[serde(with = "SettingsFields")] pub(super) Settings);
