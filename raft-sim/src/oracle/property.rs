//! The properties by name, and how a breach of one is told.

use std::fmt;

use crate::subject::Ended;
use crate::words::NodeId;

/// Something that must hold in every history of a correct Raft.
///
/// The numbers are those of `docs/invariants.md`.
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
    /// 21: a server does not come to an end by itself.
    NoPanic,
    /// 22: a run comes to its end within a bounded number of steps.
    BoundedSteps,
    /// 23: who hears from no leader and gives no vote stands when its election timeout elapses, no earlier and no later.
    ElectionTimer,
    /// 24: a request for a vote or a pre-vote is answered as the log and the term of the receiver demand.
    Voting,
    /// 25: an AppendEntries is answered, obeyed or refused as the receiver's log and term demand.
    Appending,
    /// 26: an InstallSnapshot is answered and obeyed as the receiver's state demands.
    Installing,
    /// 27: a leader speaks to every other server when it is elected and at each heartbeat, from nextIndex on.
    Leading,
    /// 28: no message and no leader exceeds the limits that are set.
    Limits,
    /// 29: what a majority holds is committed, and what is committed is applied, at once.
    Committing,
    /// 30: a leader that hands over does it in the order of the dissertation.
    HandingOver,
    /// 31: a leader that hears from no quorum steps down in time, and no other does.
    QuorumCheck,
    /// 32: sessions open, are used and expire in the order of the log.
    SessionRules,
    /// 33: a change of the configuration is taken, carried on and given up as it should be.
    ChangeRules,
    /// 34: clients and administrators are told what is so, and as soon as it is.
    Answering,
    /// 35: a leader is elected once a quorum can talk.
    LeaderEmerges,
    /// 36: what a client then proposes is committed.
    Progress,
    /// 37: all who can be reached come to hold and to apply the same log.
    Convergence,
    /// 38: a change of the configuration comes to an end, and another can be made.
    ChangeCompletes,
    /// 39: a transfer of leadership comes to an end.
    TransferEnds,
    /// 40: whoever asked a server that lives has been answered.
    EverybodyAnswered,
    /// 41: between heartbeats nothing is left to be said.
    NetworkDrains,
    /// 42: what clients see is what they would see of one register.
    Linearizability,
}

impl Property {
    /// All of them, by number.
    pub const ALL: [Property; 42] = [
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
        Property::NoPanic,
        Property::BoundedSteps,
        Property::ElectionTimer,
        Property::Voting,
        Property::Appending,
        Property::Installing,
        Property::Leading,
        Property::Limits,
        Property::Committing,
        Property::HandingOver,
        Property::QuorumCheck,
        Property::SessionRules,
        Property::ChangeRules,
        Property::Answering,
        Property::LeaderEmerges,
        Property::Progress,
        Property::Convergence,
        Property::ChangeCompletes,
        Property::TransferEnds,
        Property::EverybodyAnswered,
        Property::NetworkDrains,
        Property::Linearizability,
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

    /// What must hold, in short: `at most one leader in a term`. `docs/invariants.md` has it in full.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Property::ElectionSafety => "at most one leader in a term",
            Property::OneVotePerTerm => {
                "a server votes for at most one candidate in a term, crashes or not"
            }
            Property::LeaderAppendOnly => "a leader never overwrites or deletes entries of its log",
            Property::LogMatching => {
                "two logs with an entry of the same index and term are the same up to it"
            }
            Property::LeaderCompleteness => {
                "the leaders of higher terms hold what was committed in a lower one"
            }
            Property::StateMachineSafety => {
                "no two servers commit or apply different entries at one index"
            }
            Property::CommittedNeverTruncated => {
                "a server never truncates what it knows to be committed"
            }
            Property::CommitOwnTerm => {
                "a leader commits by counting replicas only of entries of its own term"
            }
            Property::QuorumDurability => "what a leader commits is on the disks of a majority",
            Property::Monotonicity => "term, vote, commit index and last applied do not go back",
            Property::LogTerms => "terms do not decrease along a log nor exceed the server's own",
            Property::FollowerMatchesLeader => {
                "a follower that reports success has the leader's log up to there"
            }
            Property::MatchIndex => "what a leader takes to be on a follower's disk is there",
            Property::NoRivalEntry => {
                "a candidate with a majority of the votes has no rival's entry of its term anywhere"
            }
            Property::LegalRoles => "roles change along the arrows of Figure 4 only",
            Property::Snapshots => {
                "a snapshot stands for what is committed and applied, and says what it comes to"
            }
            Property::Configurations => {
                "configurations change one after another, and their quorums share a server"
            }
            Property::PersistBeforeSend => "no message leaves before what it promises is durable",
            Property::ExactlyOnce => {
                "a command in a session is executed once, and a client is told of what is applied"
            }
            Property::Reads => "a read is as recent as all that clients were told of before",
            Property::NoPanic => "a server does not come to an end by itself",
            Property::BoundedSteps => "a run comes to its end within a bounded number of steps",
            Property::ElectionTimer => {
                "who hears from no leader and gives no vote stands when its election timeout elapses, no earlier and no later"
            }
            Property::Voting => {
                "a request for a vote or a pre-vote is answered as the log and the term of the receiver demand"
            }
            Property::Appending => {
                "an AppendEntries is answered, obeyed or refused as the receiver's log and term demand"
            }
            Property::Installing => {
                "an InstallSnapshot is answered and obeyed as the receiver's state demands"
            }
            Property::Leading => {
                "a leader speaks to every other server when it is elected and at each heartbeat, from nextIndex on"
            }
            Property::Limits => "no message and no leader exceeds the limits that are set",
            Property::Committing => {
                "what a majority holds is committed, and what is committed is applied, at once"
            }
            Property::HandingOver => {
                "a leader that hands over does it in the order of the dissertation"
            }
            Property::QuorumCheck => {
                "a leader that hears from no quorum steps down in time, and no other does"
            }
            Property::SessionRules => "sessions open, are used and expire in the order of the log",
            Property::ChangeRules => {
                "a change of the configuration is taken, carried on and given up as it should be"
            }
            Property::Answering => {
                "clients and administrators are told what is so, and as soon as it is"
            }
            Property::LeaderEmerges => "a leader is elected once a quorum can talk",
            Property::Progress => "what a client then proposes is committed",
            Property::Convergence => {
                "all who can be reached come to hold and to apply the same log"
            }
            Property::ChangeCompletes => {
                "a change of the configuration comes to an end, and another can be made"
            }
            Property::TransferEnds => "a transfer of leadership comes to an end",
            Property::EverybodyAnswered => "whoever asked a server that lives has been answered",
            Property::NetworkDrains => "between heartbeats nothing is left to be said",
            Property::Linearizability => "what clients see is what they would see of one register",
        }
    }

    /// Its row in `docs/invariants.md`.
    #[must_use]
    pub fn number(self) -> u8 {
        self.facts().0
    }

    /// What kind of property it is.
    #[must_use]
    pub fn class(self) -> Class {
        match self.number() {
            ..=22 | 42.. => Class::Safety,
            23..=34 => Class::Conduct,
            35..=41 => Class::Liveness,
        }
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
            Property::NoPanic => (21, "no-panic", "No Panic", "§5.5"),
            Property::BoundedSteps => (22, "bounded-steps", "Bounded Steps", "§5.6"),
            Property::ElectionTimer => (23, "election-timer", "Election Timer", "Figure 2, §5.2"),
            Property::Voting => (24, "voting", "Voting", "Figure 2, §5.4.1"),
            Property::Appending => (25, "appending", "Appending", "Figure 2, §5.3"),
            Property::Installing => (26, "installing", "Installing", "Figure 13, §7"),
            Property::Leading => (27, "leading", "Leading", "Figure 2, §5.3"),
            Property::Limits => (28, "limits", "Limits", "diss. §10.2"),
            Property::Committing => (29, "committing", "Committing", "Figure 2, §5.3"),
            Property::HandingOver => (30, "handing-over", "Handing Over", "diss. §3.10"),
            Property::QuorumCheck => (31, "quorum-check", "Quorum Check", "diss. §6.2"),
            Property::SessionRules => (32, "session-rules", "Session Rules", "diss. §6.3"),
            Property::ChangeRules => (33, "change-rules", "Change Rules", "§6, diss. ch. 4"),
            Property::Answering => (34, "answering", "Answering", "Figure 2, §8"),
            Property::LeaderEmerges => (35, "leader-emerges", "Leader Emerges", "§5.2, §5.6"),
            Property::Progress => (36, "progress", "Progress", "§5.3, §5.4.3"),
            Property::Convergence => (37, "convergence", "Convergence", "§5.3"),
            Property::ChangeCompletes => {
                (38, "change-completes", "Change Completes", "§6, diss. §4.1")
            }
            Property::TransferEnds => (39, "transfer-ends", "Transfer Ends", "diss. §3.10"),
            Property::EverybodyAnswered => (40, "everybody-answered", "Everybody Answered", "§8"),
            Property::NetworkDrains => (41, "network-drains", "Network Drains", "§5.3"),
            Property::Linearizability => {
                (42, "linearizability", "Linearizability", "§8, diss. ch. 6")
            }
        }
    }
}

/// What kind of property it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Something bad never happens.
    Safety,
    /// The rules of Figures 2 and 13 and of the dissertation are kept to the letter, step by step; judged only
    /// of implementations with [`Capability::Conduct`](crate::subject::Capability::Conduct). Who breaks one may
    /// still be safe.
    Conduct,
    /// Something good happens in time, once faults have ceased.
    Liveness,
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

/// The alarm of a check after which the books can go on: without it, all would be as if the property had held. Where
/// they can't, the check makes a [`Violation`] itself.
#[cold]
pub(super) fn violated(
    property: Property,
    server: NodeId,
    detail: String,
) -> Result<(), Violation> {
    Err(Violation::new(property, server, detail))
}

impl Violation {
    /// The alarm, off the path of steps that raise none.
    #[cold]
    pub(super) fn new(property: Property, server: NodeId, detail: String) -> Violation {
        Violation { property, server, detail }
    }

    /// A server panicked; `why` says with what, and where.
    #[cold]
    pub(super) fn panicked(server: NodeId, why: &str) -> Violation {
        Violation::new(Property::NoPanic, server, format!("{server} {why}"))
    }

    /// A server came to an end by itself.
    #[cold]
    pub(super) fn ended(server: NodeId, ended: &Ended) -> Violation {
        match ended {
            Ended::Panicked(why) => Violation::panicked(server, why),
            Ended::Crashed(why) => {
                Violation::new(Property::NoPanic, server, format!("{server} crashed: {why}"))
            }
            Ended::Stuck(how) => {
                Violation::new(Property::BoundedSteps, server, format!("{server} is stuck: {how}"))
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.property.title(), self.property.section(), self.detail)
    }
}

impl std::error::Error for Violation {}
