//! Advice: for each cause one sentence on the code to look at.

use super::Weight;
use crate::campaign::Kind;
use crate::checker::Property;

/// The code to look at for a finding of this kind.
pub(super) fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Violation(property) => of_property(property),
        Kind::Former(_) => "the rule that the former version judged",
        Kind::NotRepeatable => {
            "clocks, random numbers, threads and the order of hash maps: only the seed and the inputs may decide a step"
        }
        Kind::NoBoot => "the start from a disk that the server itself has written",
    }
}

/// The code to look at where no property is violated.
pub(super) fn of_weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Progress => {
            "the timers and retries that should bring this about; the last steps show where it stops"
        }
        Weight::SetUp => {
            "the scenario: it expects a message or a step that this Raft makes at another time, which is no failure"
        }
        Weight::Files => "the scenario's text",
        Weight::Scenarios
        | Weight::Rules
        | Weight::Safety
        | Weight::Boot
        | Weight::Repeatability => {
            "the rule that the scenario is about, at the step before the line that fails"
        }
    }
}

fn of_property(property: Property) -> &'static str {
    match property {
        Property::ElectionSafety => {
            "the counting of votes: once for each server, and of its own term only"
        }
        Property::OneVotePerTerm => {
            "votedFor: it is written before the answer leaves, read back at boot, and cleared by a later term only"
        }
        Property::LeaderAppendOnly => {
            "the appending of a leader, and the path of AppendEntries while the server leads"
        }
        Property::LogMatching => {
            "AppendEntries 2 and 3: the test of prevLogIndex and prevLogTerm, and the entries that replace others"
        }
        Property::LeaderCompleteness => {
            "the test of the candidate's log before a vote, and the rule for commitIndex"
        }
        Property::StateMachineSafety => {
            "the order in which entries are applied, and commitIndex after a restart"
        }
        Property::CommittedNeverTruncated => {
            "AppendEntries 3: only an entry that conflicts goes, with all that follow it; one that is there already stays"
        }
        Property::CommitOwnTerm => "the rule for commitIndex: log[N].term == currentTerm",
        Property::QuorumDurability => {
            "the majority of matchIndex, and the moment at which the leader counts its own disk"
        }
        Property::Monotonicity => {
            "assignments of currentTerm, votedFor, commitIndex and lastApplied: none of them goes back"
        }
        Property::LogTerms => "the term that a new entry is given",
        Property::FollowerMatchesLeader => {
            "the index that a successful answer reports: prevLogIndex + the number of entries"
        }
        Property::MatchIndex => {
            "the answers that move matchIndex: those of this term, and up to what was sent"
        }
        Property::NoRivalEntry => {
            "the counting of votes, and entries appended before the election was won"
        }
        Property::LegalRoles => {
            "the changes of role: candidates win or step down, and only a later term unseats a leader"
        }
        Property::Snapshots => "the index and the term of the snapshot, and the log behind it",
        Property::Configurations => {
            "the change of the configuration: one at a time, in force as soon as it is in the log"
        }
        Property::PersistBeforeSend => {
            "the write of currentTerm, votedFor and log: it ends before the message that reports it leaves"
        }
        Property::ExactlyOnce => {
            "the sessions: serial numbers that were applied, and their recorded answers"
        }
        Property::Reads => {
            "the read index: taken after a heartbeat round, and not before an entry of this term is committed"
        }
        Property::NoPanic => "the place that the exception names",
        Property::BoundedSteps => "messages that answer each other without end",
        Property::ElectionTimer => "the election timer: what restarts it, and its range",
        Property::Voting => "RequestVote 1 and 2",
        Property::Appending => "AppendEntries 1 to 5",
        Property::Installing => "InstallSnapshot 1 to 8",
        Property::Limits => "the limits of a message and of what is under way",
        Property::LeaderEmerges => {
            "the election timeouts, and what a server does whose election failed"
        }
        Property::Progress => "the retry of AppendEntries after a refusal or a loss, and nextIndex",
        Property::Convergence => {
            "the entries and the commit index that a follower which was away still lacks"
        }
        Property::ChangeCompletes => {
            "the end of a change of the configuration when its leader changes"
        }
        Property::TransferEnds => "the end of a transfer whose target does not win",
        Property::EverybodyAnswered => "requests of clients that are left when a leader steps down",
        Property::NetworkDrains => "messages that answer each other without end",
        Property::Linearizability => "the moment at which a write or a read is answered",
        Property::CandidateLog => "lastLogIndex and lastLogTerm in RequestVote",
        Property::JustifiedVote => {
            "RequestVote 2: the comparison of the logs' last terms, then of their lengths"
        }
        Property::JustifiedLeadership => {
            "the counting of votes: granted ones of this term, of members, and its own once it is durable"
        }
        Property::KnownLeader => {
            "the leader's name in answers and views: only the sender of AppendEntries of this term leads"
        }
        Property::JustifiedAcknowledgement => {
            "the index that a successful answer reports: up to what this request reached, not the end of the log"
        }
        Property::JustifiedCommit => {
            "the answers that move matchIndex: successful ones of this term only"
        }
        Property::JustifiedAnswer => {
            "the moment at which clients are answered: when their own entry is applied"
        }
        Property::JustifiedRead => {
            "the read index, and the round of heartbeats that confirms the leader"
        }
    }
}
