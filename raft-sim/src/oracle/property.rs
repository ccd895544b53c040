//! The properties by name, and how a breach of one is told.

use std::fmt;

use crate::words::NodeId;

/// A safety property: something that must hold in every history of a correct Raft.
///
/// The numbers are those of `docs/invariants.md`. Liveness is not judged here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// 1: at most one leader in a term.
    ElectionSafety,
    /// 2: a server votes for at most one candidate in a term, crashes or not.
    OneVotePerTerm,
    /// 3: a leader never overwrites or deletes entries of its log.
    LeaderAppendOnly,
    /// 4: two logs with an entry of the same index and term are the same up to it.
    LogMatching,
    /// 5: the leaders of higher terms hold what was committed in a lower one.
    LeaderCompleteness,
    /// 6: no two servers commit or apply different entries at one index.
    StateMachineSafety,
    /// 7: a server never truncates what it knows to be committed.
    CommittedNeverTruncated,
    /// 8: a leader commits by counting replicas only of entries of its own term.
    CommitOwnTerm,
    /// 9: what a leader commits is on the disks of a majority.
    QuorumDurability,
    /// 10: term, vote, commit index and last applied do not go back.
    Monotonicity,
    /// 11: terms do not decrease along a log nor exceed the server's own.
    LogTerms,
    /// 12: a follower that reports success has the leader's log up to there.
    FollowerMatchesLeader,
    /// 13: what a leader takes to be on a follower's disk is there.
    MatchIndex,
    /// 14: a candidate with a majority of the votes has no rival's entry of its term anywhere.
    NoRivalEntry,
    /// 15: roles change along the arrows of Figure 4 only.
    LegalRoles,
    /// 16: a snapshot stands for what is committed and applied, and says what it comes to.
    Snapshots,
    /// 17: configurations change one after another, and their quorums share a server.
    Configurations,
    /// 18: no message leaves before what it promises is durable.
    PersistBeforeSend,
    /// 19: a command in a session is executed once, and a client is told of what is applied.
    ExactlyOnce,
    /// 20: a read is as recent as all that clients were told of before.
    Reads,
}

impl Property {
    /// All of them, by number.
    pub const ALL: [Property; 20] = [
        Property::ElectionSafety,
        Property::OneVotePerTerm,
        Property::LeaderAppendOnly,
        Property::LogMatching,
        Property::LeaderCompleteness,
        Property::StateMachineSafety,
        Property::CommittedNeverTruncated,
        Property::CommitOwnTerm,
        Property::QuorumDurability,
        Property::Monotonicity,
        Property::LogTerms,
        Property::FollowerMatchesLeader,
        Property::MatchIndex,
        Property::NoRivalEntry,
        Property::LegalRoles,
        Property::Snapshots,
        Property::Configurations,
        Property::PersistBeforeSend,
        Property::ExactlyOnce,
        Property::Reads,
    ];

    /// How scenarios and options write it: `election-safety`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().1
    }

    /// How reports write it: `Election Safety`.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.facts().2
    }

    /// Where the paper states it: `Figure 3, §5.2`.
    #[must_use]
    pub fn section(self) -> &'static str {
        self.facts().3
    }

    /// Its row in `docs/invariants.md`.
    #[must_use]
    pub fn number(self) -> u8 {
        self.facts().0
    }

    /// Number, name, title and section.
    fn facts(self) -> (u8, &'static str, &'static str, &'static str) {
        match self {
            Property::ElectionSafety => (1, "election-safety", "Election Safety", "Figure 3, §5.2"),
            Property::OneVotePerTerm => {
                (2, "one-vote-per-term", "One Vote per Term", "Figure 2, §5.2")
            }
            Property::LeaderAppendOnly => {
                (3, "leader-append-only", "Leader Append-Only", "Figure 3, §5.3")
            }
            Property::LogMatching => (4, "log-matching", "Log Matching", "Figure 3, §5.3"),
            Property::LeaderCompleteness => {
                (5, "leader-completeness", "Leader Completeness", "Figure 3, §5.4")
            }
            Property::StateMachineSafety => {
                (6, "state-machine-safety", "State Machine Safety", "Figure 3, §5.4.3")
            }
            Property::CommittedNeverTruncated => {
                (7, "committed-never-truncated", "Committed Never Truncated", "§5.3")
            }
            Property::CommitOwnTerm => {
                (8, "commit-own-term", "Commit Own Term", "Figure 2, §5.4.2")
            }
            Property::QuorumDurability => {
                (9, "quorum-durability", "Quorum Durability", "Figure 2, §5.3")
            }
            Property::Monotonicity => (10, "monotonicity", "Monotonicity", "Figure 2, §5.1"),
            Property::LogTerms => (11, "log-terms", "Log Terms", "§5.1, §5.3"),
            Property::FollowerMatchesLeader => {
                (12, "follower-matches-leader", "Follower Matches Leader", "§5.3")
            }
            Property::MatchIndex => (13, "match-index", "Match Index", "Figure 2, §5.3"),
            Property::NoRivalEntry => (14, "no-rival-entry", "No Rival Entry", "§5.2, §5.3"),
            Property::LegalRoles => (15, "legal-roles", "Legal Roles", "Figure 4, §5.1"),
            Property::Snapshots => (16, "snapshots", "Snapshots", "§7"),
            Property::Configurations => (17, "configurations", "Configurations", "§6, diss. §4.1"),
            Property::PersistBeforeSend => {
                (18, "persist-before-send", "Persist before Send", "Figure 2, §5.6")
            }
            Property::ExactlyOnce => (19, "exactly-once", "Exactly Once", "§8, diss. §6.3"),
            Property::Reads => (20, "reads", "Reads", "§8, diss. §6.4"),
        }
    }
}

/// A property that does not hold, and how that was seen. Displayed with the paper's section:
/// `Election Safety (Figure 3, §5.2): S3 became leader of term 4, which S1 already leads`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What does not hold.
    pub property: Property,
    /// The server whose act showed it.
    pub server: NodeId,
    /// What was seen, as a sentence that names the servers.
    pub detail: String,
}

impl Violation {
    /// The alarm, off the path of steps that raise none.
    #[cold]
    pub(super) fn new(property: Property, server: NodeId, detail: String) -> Violation {
        Violation { property, server, detail }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.property.title(), self.property.section(), self.detail)
    }
}

impl std::error::Error for Violation {}
