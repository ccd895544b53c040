//! The lines of the protocol as plain data: the fields that `docs/subject-protocol.md` describes, without their
//! meaning.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use super::timing::Timing;

/// The version of the protocol.
pub const PROTOCOL: u64 = 1;

/// The largest number of bytes in a line.
pub const LONGEST: usize = 16 << 20;

/// The first name of the simulator's own requests. Names of clients' requests are smaller than [`NEAR`].
const FAR: u64 = 1 << 62;

/// The number that stands for [`FAR`] in a line. Numbers in lines are below 2⁵³: a language that has only floating point
/// represents these exactly.
const NEAR: u64 = 1 << 52;

/// The number that stands for the name of a request in a line: below 2⁵³. [`named`] is the inverse.
#[must_use]
pub fn name(request: u64) -> u64 {
    request.checked_sub(FAR).map_or(request, |number| NEAR | number)
}

/// The name of the request for which this number stands in a line. [`name`] is the inverse.
#[must_use]
pub fn named(request: u64) -> u64 {
    match request.checked_sub(NEAR) {
        Some(number) if number < NEAR => FAR | number,
        Some(_) | None => request,
    }
}

/// A text, borrowed from its line if possible.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// An object whose fields are all optional; `null` counts as missing.
macro_rules! object {
    (
        $(#[$about:meta])*
        $name:ident $(<$line:lifetime>)? { $($(#[$how:meta])* $field:ident: $type:ty,)* }
    ) => {
        $(#[$about])*
        #[derive(Debug, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name $(<$line>)? {
            $(
                $(#[$how])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }
    };
}

object! {
    /// A request of the testbed.
    Request<'a> {
        /// The kind of request: `do`.
        #[serde(rename = "do")]
        verb: Verb,
        /// Of a `hello`: the version.
        protocol: u64,
        /// The server that the request is for.
        server: u32,
        /// Virtual time, in microseconds since the cluster began.
        now: u64,
        /// True if the disk takes no time now.
        instant: bool,
        /// The message that is received.
        #[serde(borrow)]
        message: Message<'a>,
        /// The request that the received message answers.
        #[serde(borrow)]
        call: Message<'a>,
        /// The name of a client's request.
        request: u64,
        /// The command.
        #[serde(borrow)]
        command: Text<'a>,
        /// The session of a command.
        session: u64,
        /// The serial number of a command in its session.
        serial: u64,
        /// The write that is durable.
        token: u64,
        /// The voters of a new configuration.
        voters: Vec<u32>,
        /// The learners of a new configuration.
        learners: Vec<u32>,
        /// The server that is to lead.
        to: u32,
        /// Of a `reset`: the seed of the subject's randomness.
        seed: u64,
        /// Of a `boot`: the voters of the first configuration.
        peers: Vec<u32>,
        /// Of a `boot`: the voters of the first configuration, also for a server that is added later.
        members: Vec<u32>,
        /// Of a `boot`: its number, from 1.
        life: u64,
        /// Of a `boot`: timing and limits.
        settings: Timing,
        /// Of a `boot`: currentTerm.
        current_term: u64,
        /// Of a `boot`: votedFor.
        voted_for: Option<u32>,
        /// Of a `boot`: the commitIndex on its disk.
        commit_index: u64,
        /// Of a `boot`: the data of its own on its disk.
        #[serde(borrow)]
        blob: Option<Text<'a>>,
        /// Of a `boot`: the snapshot.
        #[serde(borrow)]
        snapshot: Option<Snapshot<'a>>,
        /// Of a `boot`: the log behind the snapshot.
        #[serde(borrow)]
        log: Vec<Entry<'a>>,
        /// Of a `boot`: the index up to which the state machine has applied the log.
        applied: u64,
    }
}

object! {
    /// An answer of the subject.
    Answer<'a> {
        /// The result of the step.
        status: Status,
        /// The reason, if it failed.
        #[serde(borrow)]
        reason: Text<'a>,
        /// The state after the step, if it changed.
        view: View,
        /// The states that it went through in the step, the last one being its state after it; in place of `view`.
        views: Vec<View>,
        /// Writes, in order.
        #[serde(borrow)]
        writes: Vec<Write<'a>>,
        /// Messages, in order.
        #[serde(borrow)]
        messages: Vec<Message<'a>>,
        /// True if the latest snapshot took the place of the state machine's state.
        restored: bool,
        /// Entries that were applied, in order.
        #[serde(borrow)]
        applied: Vec<Entry<'a>>,
        /// Answers to clients.
        answers: Vec<Reply>,
        /// An acknowledgement that a leader took.
        matched: Matched,
        /// The reason why a message was refused.
        #[serde(borrow)]
        refused: Text<'a>,
        /// The exception that it caught itself.
        #[serde(borrow)]
        swallowed: Text<'a>,
        /// Answers to `persisted` of the writes of this step.
        #[serde(borrow)]
        then: Vec<Answer<'a>>,
    }
}

object! {
    /// The answer to `hello`.
    Hello<'a> {
        /// The version that it speaks.
        protocol: u64,
        /// The name in reports.
        #[serde(borrow)]
        name: Text<'a>,
        /// The capabilities beyond §5.
        #[serde(borrow)]
        capabilities: Vec<Text<'a>>,
        /// The result.
        status: Status,
        /// The reason, if it failed.
        #[serde(borrow)]
        reason: Text<'a>,
    }
}

object! {
    /// A message as it is sent and as it is received.
    Message<'a> {
        /// The kind of message: `type`.
        #[serde(rename = "type")]
        kind: Kind,
        /// The server that sent it.
        from: u32,
        /// The server it is for.
        to: u32,
        /// The sender's currentTerm.
        term: u64,
        /// The name under which it is received.
        id: u64,
        /// The name of the message that it answers.
        re: u64,
        /// The write that it waits for.
        after: u64,
        /// lastLogIndex
        last_log_index: u64,
        /// lastLogTerm
        last_log_term: u64,
        /// True if its leader asked the candidate to stand.
        transfer: bool,
        /// voteGranted
        vote_granted: bool,
        /// prevLogIndex
        prev_log_index: u64,
        /// prevLogTerm
        prev_log_term: u64,
        /// entries\[\]
        #[serde(borrow)]
        entries: Vec<Entry<'a>>,
        /// leaderCommit
        leader_commit: u64,
        /// The round of heartbeats (diss. §6.4).
        round: u64,
        /// success
        success: bool,
        /// matchIndex
        match_index: u64,
        /// The first index of the term at which the logs part.
        conflict_index: u64,
        /// That term; 0 if the log is too short.
        conflict_term: u64,
        /// lastIncludedIndex
        last_included_index: u64,
        /// lastIncludedTerm
        last_included_term: u64,
        /// The snapshot's voters.
        voters: Vec<u32>,
        /// C_old, of a snapshot taken in joint consensus.
        old: Vec<u32>,
        /// The snapshot's learners.
        learners: Vec<u32>,
        /// offset, in bytes.
        offset: u64,
        /// Bytes of the whole snapshot.
        size: u64,
        /// data
        #[serde(borrow)]
        data: Text<'a>,
        /// Bytes of the snapshot that the follower has.
        received: u64,
        /// The name of a read.
        request: u64,
        /// The index that a read waits for.
        index: u64,
        /// The description of a message without a name in the paper.
        #[serde(borrow)]
        what: Text<'a>,
        /// The data that the implementation carries along.
        #[serde(borrow)]
        own: &'a RawValue,
    }
}

object! {
    /// An entry of a log; with its index and outcome, one that was applied.
    Entry<'a> {
        /// Its index, of one that was applied.
        index: u64,
        /// Its term.
        term: u64,
        /// The kind of entry: `type`.
        #[serde(rename = "type")]
        kind: EntryKind,
        /// Its command.
        #[serde(borrow)]
        command: Text<'a>,
        /// The session of its command.
        session: u64,
        /// The serial number of its command.
        serial: u64,
        /// Voters of its configuration.
        voters: Vec<u32>,
        /// C_old, in joint consensus.
        old: Vec<u32>,
        /// Learners of its configuration.
        learners: Vec<u32>,
        /// The result of applying it.
        outcome: Outcome,
    }
}

object! {
    /// A write to stable storage.
    Write<'a> {
        /// Its name.
        token: u64,
        /// The new currentTerm.
        current_term: u64,
        /// The new votedFor.
        voted_for: Option<u32>,
        /// The new commitIndex.
        commit_index: u64,
        /// The new data of its own.
        #[serde(borrow)]
        blob: Text<'a>,
        /// The first index that is removed, before anything is written to the log.
        truncate: u64,
        /// The first index that is replaced.
        from: u64,
        /// The new entries.
        #[serde(borrow)]
        entries: Vec<Entry<'a>>,
        /// The new snapshot.
        #[serde(borrow)]
        snapshot: Snapshot<'a>,
    }
}

object! {
    /// A snapshot.
    Snapshot<'a> {
        /// lastIncludedIndex
        last_included_index: u64,
        /// lastIncludedTerm
        last_included_term: u64,
        /// The voters.
        voters: Vec<u32>,
        /// C_old, in joint consensus.
        old: Vec<u32>,
        /// The learners.
        learners: Vec<u32>,
        /// The state machine's state.
        #[serde(borrow)]
        data: Text<'a>,
    }
}

object! {
    /// An answer to a client.
    Reply {
        /// The request that it answers.
        request: u64,
        /// The outcome.
        is: Is,
        /// An index, where the answer has one.
        index: u64,
        /// The session that was opened.
        session: u64,
        /// The server to ask instead.
        leader: u32,
    }
}

object! {
    /// A server's state.
    View {
        /// The role (Figure 4).
        role: Role,
        /// currentTerm
        current_term: u64,
        /// votedFor
        voted_for: Option<u32>,
        /// commitIndex
        commit_index: u64,
        /// lastApplied
        last_applied: u64,
        /// The leader of this term, if it knows one.
        leader: Option<u32>,
        /// The last index that its snapshot stands for.
        snapshot: u64,
        /// The entry of the configuration in force.
        configuration: u64,
        /// A digest of the state machine's state.
        state: u64,
    }
}

object! {
    /// An acknowledgement that a leader took.
    Matched {
        /// The follower.
        server: u32,
        /// Its matchIndex now.
        match_index: u64,
    }
}

/// An enum of the texts that a field may have.
macro_rules! texts {
    ($(#[$about:meta])* $name:ident, $case:literal: $($word:ident),*) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each means the same as in the interface")]
        #[serde(rename_all = $case)]
        pub enum $name {
            $($word,)*
        }
    };
}

texts! {
    /// The kind of a request.
    Verb, "kebab-case": Hello, Reset, Boot, Tick, Receive, Propose, Persisted, Read, Register, Change, Transfer,
    Compact, Apply
}

texts! {
    /// The result of a step.
    Status, "kebab-case": Ok, Crashed, Unsupported, Refused
}

texts! {
    /// The kind of a message.
    Kind, "PascalCase": RequestVote, RequestVoteReply, PreVote, PreVoteReply, AppendEntries, AppendEntriesReply,
    InstallSnapshot, InstallSnapshotReply, TimeoutNow, ReadIndex, ReadIndexReply, Other
}

texts! {
    /// The kind of an entry.
    EntryKind, "kebab-case": Command, NoOp, Configuration, Register
}

texts! {
    /// The result of applying an entry.
    Outcome, "kebab-case": Nothing, Executed, Repeated, NoSession, Registered
}

texts! {
    /// The outcome of a client's request.
    Is, "kebab-case": Committed, Registered, NoSession, Read, Done, Superseded, Unknown, NotLeader, Busy, Rejected
}

texts! {
    /// A role of Figure 4.
    Role, "kebab-case": Follower, Candidate, Leader
}
