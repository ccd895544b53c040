//! The properties: one table with their names and texts, and the checkers that judge them.
//!
//! A new property needs two files: this one, with its variant, its row in the table and its place among the
//! [`checkers!`]; and that of its checker, below this folder. `rules` judges the properties of class rules, and
//! `run/healing` those of liveness: these have a row in the table only.

pub(super) mod candidate_log;
pub(super) mod commit_own_term;
pub(super) mod committed_never_truncated;
pub(super) mod configurations;
pub(super) mod election_safety;
pub(super) mod exactly_once;
pub(super) mod follower_matches_leader;
pub(super) mod hooks;
pub(super) mod justified_acknowledgement;
pub(super) mod justified_answer;
pub(super) mod justified_commit;
pub(super) mod justified_leadership;
pub(super) mod justified_read;
pub(super) mod justified_vote;
pub(super) mod known_leader;
pub(super) mod leader_append_only;
pub(super) mod leader_completeness;
pub(super) mod legal_roles;
pub(super) mod limits;
pub(super) mod linearizability;
pub(super) mod log_matching;
pub(super) mod match_index;
pub(super) mod monotonicity;
pub(super) mod no_rival_entry;
pub(super) mod one_vote_per_term;
pub(super) mod persist_before_send;
pub(super) mod quorum_durability;
pub(super) mod reads;
pub(super) mod rules;
pub(super) mod snapshots;
pub(super) mod state_machine_safety;
#[cfg(test)]
mod tests;
pub(super) mod violation;

/// Expands `$each!` over all checkers, as `field: Type`, in their order: the first of two alarms over one
/// observation is the finding. `$arguments` is a group of tokens that goes before them.
macro_rules! checkers {
    ($each:ident! $arguments:tt) => {
        $each! { $arguments
            monotonicity: properties::monotonicity::Monotonicity,
            legal_roles: properties::legal_roles::LegalRoles,
            election_safety: properties::election_safety::ElectionSafety,
            one_vote_per_term: properties::one_vote_per_term::OneVotePerTerm,
            no_rival_entry: properties::no_rival_entry::NoRivalEntry,
            leader_append_only: properties::leader_append_only::LeaderAppendOnly,
            log_matching: properties::log_matching::LogMatching,
            committed_never_truncated: properties::committed_never_truncated::CommittedNeverTruncated,
            follower_matches_leader: properties::follower_matches_leader::FollowerMatchesLeader,
            match_index: properties::match_index::MatchIndex,
            snapshots: properties::snapshots::Snapshots,
            commit_own_term: properties::commit_own_term::CommitOwnTerm,
            quorum_durability: properties::quorum_durability::QuorumDurability,
            state_machine_safety: properties::state_machine_safety::StateMachineSafety,
            leader_completeness: properties::leader_completeness::LeaderCompleteness,
            configurations: properties::configurations::Configurations,
            exactly_once: properties::exactly_once::ExactlyOnce,
            reads: properties::reads::Reads,
            linearizability: properties::linearizability::Linearizability,
            persist_before_send: properties::persist_before_send::PersistBeforeSend,
            candidate_log: properties::candidate_log::CandidateLog,
            justified_vote: properties::justified_vote::JustifiedVote,
            justified_leadership: properties::justified_leadership::JustifiedLeadership,
            known_leader: properties::known_leader::KnownLeader,
            justified_acknowledgement: properties::justified_acknowledgement::JustifiedAcknowledgement,
            justified_commit: properties::justified_commit::JustifiedCommit,
            justified_answer: properties::justified_answer::JustifiedAnswer,
            justified_read: properties::justified_read::JustifiedRead,
            limits: properties::limits::Limits,
            rules: properties::rules::Rules,
        }
    };
}
pub(super) use checkers;
pub use violation::Violation;

use crate::subject::Capability;

/// A property that holds in every history of a correct Raft.
///
/// The numbers are those of `docs/invariants.md`; as an integer, a property is its number less one.
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
    /// 16: a snapshot replaces committed and applied entries only, and holds their result.
    Snapshots,
    /// 17: configurations change one after another, and their quorums share a server.
    Configurations,
    /// 18: no message leaves before the state that it reports is durable.
    PersistBeforeSend,
    /// 19: a command in a session is executed once, and only applied commands are acknowledged.
    ExactlyOnce,
    /// 20: a read is as recent as everything reported to clients before it.
    Reads,
    /// 21: a server does not panic or exit by itself.
    NoPanic,
    /// 22: a run ends within a bounded number of steps.
    BoundedSteps,
    /// 23: a server that receives nothing from a leader and gives no vote stands exactly when its election timeout
    /// elapses.
    ElectionTimer,
    /// 24: a request for a vote or a pre-vote is answered as the log and the term of the receiver demand.
    Voting,
    /// 25: an AppendEntries is answered, obeyed or refused as the receiver's log and term demand.
    Appending,
    /// 26: an InstallSnapshot is answered and obeyed as the receiver's state demands.
    Installing,
    /// 28: no message and no leader exceeds the limits that are set.
    Limits = 27,
    /// 35: a leader is elected once a quorum can talk.
    LeaderEmerges = 34,
    /// 36: a command that a client then proposes is committed.
    Progress,
    /// 37: all members that can be reached come to hold and to apply the same log.
    Convergence,
    /// 38: a configuration change ends, and another can be made.
    ChangeCompletes,
    /// 39: a leadership transfer ends.
    TransferEnds,
    /// 40: every request to a server that has not crashed since is answered.
    EverybodyAnswered,
    /// 41: with all clocks stopped, servers stop sending messages.
    NetworkDrains,
    /// 42: the history of all client operations on one register is linearizable.
    Linearizability,
    /// 43: a candidate says truly where its log ends.
    CandidateLog,
    /// 44: votes and pre-votes go to candidates that asked for them and are up-to-date.
    JustifiedVote,
    /// 45: a leader has received the votes of a quorum, and only leaders act as such.
    JustifiedLeadership,
    /// 46: a server that is said to lead has led.
    KnownLeader,
    /// 47: a follower acknowledges what the leader's requests reach, and no more.
    JustifiedAcknowledgement,
    /// 48: a leader commits what a quorum has acknowledged to it in its term.
    JustifiedCommit,
    /// 49: a client is told of success only when what it asked for has happened.
    JustifiedAnswer,
    /// 50: a read sees what was committed when it was requested, and its leader knows that.
    JustifiedRead,
}

/// The class of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Something bad never happens.
    Safety,
    /// The rules of Figures 2 and 13 and of the dissertation are kept to the letter, step by step; judged only
    /// of implementations with [`Capability::Rules`](crate::subject::Capability::Rules). A server that breaks one may
    /// still be safe.
    Rules,
    /// Something good happens in time, once faults have ceased.
    Liveness,
}

/// A row of the table: a property, its names and its texts.
struct Facts {
    property: Property,
    class: Class,
    /// The name in scenarios and options.
    name: &'static str,
    /// The name in reports.
    title: &'static str,
    /// The place in the paper that states it.
    section: &'static str,
    /// The condition that must hold, in short.
    says: &'static str,
    /// The condition as the title of a scenario that violates it.
    sentence: &'static str,
}

/// The numbers and names of properties of former versions. The numbers are not used again; files of results may have
/// the names.
const FORMER: [(u8, &str); 7] = [
    (27, "leading"),
    (29, "committing"),
    (30, "handing-over"),
    (31, "quorum-check"),
    (32, "session-rules"),
    (33, "change-rules"),
    (34, "answering"),
];

/// The properties, by number from 1 on.
#[rustfmt::skip]
const TABLE: &[Facts] = &[
    Facts { property: Property::ElectionSafety, class: Class::Safety,
        name: "election-safety", title: "Election Safety", section: "Figure 3, §5.2",
        says: "at most one leader in a term",
        sentence: "At most one leader in a term" },
    Facts { property: Property::OneVotePerTerm, class: Class::Safety,
        name: "one-vote-per-term", title: "One Vote per Term", section: "Figure 2, §5.2",
        says: "a server votes for at most one candidate in a term, crashes or not",
        sentence: "A server votes for at most one candidate in a term" },
    Facts { property: Property::LeaderAppendOnly, class: Class::Safety,
        name: "leader-append-only", title: "Leader Append-Only", section: "Figure 3, §5.3",
        says: "a leader never overwrites or deletes entries of its log",
        sentence: "A leader never overwrites or deletes entries of its log" },
    Facts { property: Property::LogMatching, class: Class::Safety,
        name: "log-matching", title: "Log Matching", section: "Figure 3, §5.3",
        says: "two logs with an entry of the same index and term are the same up to it",
        sentence: "Two logs with an entry of the same index and term are the same up to it" },
    Facts { property: Property::LeaderCompleteness, class: Class::Safety,
        name: "leader-completeness", title: "Leader Completeness", section: "Figure 3, §5.4",
        says: "the leaders of higher terms hold what was committed in a lower one",
        sentence: "Leaders of later terms hold what was committed before" },
    Facts { property: Property::StateMachineSafety, class: Class::Safety,
        name: "state-machine-safety", title: "State Machine Safety", section: "Figure 3, §5.4.3",
        says: "no two servers commit or apply different entries at one index",
        sentence: "No two servers commit or apply different entries at one index" },
    Facts { property: Property::CommittedNeverTruncated, class: Class::Safety,
        name: "committed-never-truncated", title: "Committed Never Truncated", section: "§5.3",
        says: "a server never truncates what it knows to be committed",
        sentence: "A server never truncates what it knows to be committed" },
    Facts { property: Property::CommitOwnTerm, class: Class::Safety,
        name: "commit-own-term", title: "Commit Own Term", section: "Figure 2, §5.4.2",
        says: "a leader commits by counting replicas only of entries of its own term",
        sentence: "A leader commits by counting replicas only of entries of its own term" },
    Facts { property: Property::QuorumDurability, class: Class::Safety,
        name: "quorum-durability", title: "Quorum Durability", section: "Figure 2, §5.3",
        says: "what a leader commits is on the disks of a majority",
        sentence: "What a leader commits is on the disks of a majority" },
    Facts { property: Property::Monotonicity, class: Class::Safety,
        name: "monotonicity", title: "Monotonicity", section: "Figure 2, §5.1",
        says: "term, vote, commit index and last applied do not go back",
        sentence: "Term, vote, commit index and last applied do not go back" },
    Facts { property: Property::LogTerms, class: Class::Safety,
        name: "log-terms", title: "Log Terms", section: "§5.1, §5.3",
        says: "terms do not decrease along a log nor exceed the server's own",
        sentence: "Terms do not decrease along a log nor exceed the server's own" },
    Facts { property: Property::FollowerMatchesLeader, class: Class::Safety,
        name: "follower-matches-leader", title: "Follower Matches Leader", section: "§5.3",
        says: "a follower that reports success has the leader's log up to there",
        sentence: "A follower that reports success has the leader's log up to there" },
    Facts { property: Property::MatchIndex, class: Class::Safety,
        name: "match-index", title: "Match Index", section: "Figure 2, §5.3",
        says: "what a leader takes to be on a follower's disk is there",
        sentence: "What a leader takes to be on a follower's disk is there" },
    Facts { property: Property::NoRivalEntry, class: Class::Safety,
        name: "no-rival-entry", title: "No Rival Entry", section: "§5.2, §5.3",
        says: "a candidate with a majority of the votes has no rival's entry of its term anywhere",
        sentence: "A candidate with a majority of the votes has no rival's entry of its term anywhere" },
    Facts { property: Property::LegalRoles, class: Class::Safety,
        name: "legal-roles", title: "Legal Roles", section: "Figure 4, §5.1",
        says: "roles change along the arrows of Figure 4 only",
        sentence: "Roles change along the arrows of Figure 4 only" },
    Facts { property: Property::Snapshots, class: Class::Safety,
        name: "snapshots", title: "Snapshots", section: "§7",
        says: "a snapshot replaces committed and applied entries only, and holds their result",
        sentence: "A snapshot replaces committed and applied entries only, and holds their result" },
    Facts { property: Property::Configurations, class: Class::Safety,
        name: "configurations", title: "Configurations", section: "§6, diss. §4.1",
        says: "configurations change one after another, and their quorums share a server",
        sentence: "Configurations change one after another, and their quorums share a server" },
    Facts { property: Property::PersistBeforeSend, class: Class::Safety,
        name: "persist-before-send", title: "Persist before Send", section: "Figure 2, §5.6",
        says: "no message leaves before the state that it reports is durable",
        sentence: "No message leaves before the state that it reports is durable" },
    Facts { property: Property::ExactlyOnce, class: Class::Safety,
        name: "exactly-once", title: "Exactly Once", section: "§8, diss. §6.3",
        says: "a command in a session is executed once, and only applied commands are acknowledged",
        sentence: "A command in a session is executed once, and only applied commands are acknowledged" },
    Facts { property: Property::Reads, class: Class::Safety,
        name: "reads", title: "Reads", section: "§8, diss. §6.4",
        says: "a read is as recent as everything reported to clients before it",
        sentence: "A read is as recent as everything reported to clients before it" },
    Facts { property: Property::NoPanic, class: Class::Safety,
        name: "no-panic", title: "No Panic", section: "§5.5",
        says: "a server does not panic or exit by itself",
        sentence: "A server does not panic or exit by itself" },
    Facts { property: Property::BoundedSteps, class: Class::Safety,
        name: "bounded-steps", title: "Bounded Steps", section: "§5.6",
        says: "a run ends within a bounded number of steps",
        sentence: "A run ends within a bounded number of steps" },
    Facts { property: Property::ElectionTimer, class: Class::Rules,
        name: "election-timer", title: "Election Timer", section: "Figure 2, §5.2",
        says: "a server that receives nothing from a leader and gives no vote stands exactly when its election timeout elapses",
        sentence: "A server without a leader stands when its election timeout elapses" },
    Facts { property: Property::Voting, class: Class::Rules,
        name: "voting", title: "Voting", section: "Figure 2, §5.4.1",
        says: "a request for a vote or a pre-vote is answered as the log and the term of the receiver demand",
        sentence: "A request for a vote is answered as log and term demand" },
    Facts { property: Property::Appending, class: Class::Rules,
        name: "appending", title: "Appending", section: "Figure 2, §5.3",
        says: "an AppendEntries is answered, obeyed or refused as the receiver's log and term demand",
        sentence: "An AppendEntries is answered as log and term demand" },
    Facts { property: Property::Installing, class: Class::Rules,
        name: "installing", title: "Installing", section: "Figure 13, §7",
        says: "an InstallSnapshot is answered and obeyed as the receiver's state demands",
        sentence: "An InstallSnapshot is answered as the receiver's state demands" },
    Facts { property: Property::Limits, class: Class::Rules,
        name: "limits", title: "Limits", section: "diss. §10.2",
        says: "no message and no leader exceeds the limits that are set",
        sentence: "No message and no leader exceeds the limits that are set" },
    Facts { property: Property::LeaderEmerges, class: Class::Liveness,
        name: "leader-emerges", title: "Leader Emerges", section: "§5.2, §5.6",
        says: "a leader is elected once a quorum can talk",
        sentence: "A leader is elected once a quorum can talk" },
    Facts { property: Property::Progress, class: Class::Liveness,
        name: "progress", title: "Progress", section: "§5.3, §5.4.3",
        says: "a command that a client then proposes is committed",
        sentence: "A client's command is committed once a quorum can talk" },
    Facts { property: Property::Convergence, class: Class::Liveness,
        name: "convergence", title: "Convergence", section: "§5.3",
        says: "all members that can be reached come to hold and to apply the same log",
        sentence: "All members that can be reached come to hold and apply the same log" },
    Facts { property: Property::ChangeCompletes, class: Class::Liveness,
        name: "change-completes", title: "Change Completes", section: "§6, diss. §4.1",
        says: "a configuration change ends, and another can be made",
        sentence: "A configuration change ends" },
    Facts { property: Property::TransferEnds, class: Class::Liveness,
        name: "transfer-ends", title: "Transfer Ends", section: "diss. §3.10",
        says: "a leadership transfer ends",
        sentence: "A leadership transfer ends" },
    Facts { property: Property::EverybodyAnswered, class: Class::Liveness,
        name: "everybody-answered", title: "Everybody Answered", section: "§8",
        says: "every request to a server that has not crashed since is answered",
        sentence: "Every request to a server that has not crashed since is answered" },
    Facts { property: Property::NetworkDrains, class: Class::Liveness,
        name: "network-drains", title: "Network Drains", section: "§5.3",
        says: "with all clocks stopped, servers stop sending messages",
        sentence: "With all clocks stopped, servers stop sending messages" },
    Facts { property: Property::Linearizability, class: Class::Safety,
        name: "linearizability", title: "Linearizability", section: "§8, diss. ch. 6",
        says: "the history of all client operations on one register is linearizable",
        sentence: "The history of all client operations is linearizable" },
    Facts { property: Property::CandidateLog, class: Class::Safety,
        name: "candidate-log", title: "Candidate Log", section: "Figure 2, §5.4.1",
        says: "a candidate says truly where its log ends",
        sentence: "A candidate says truly where its log ends" },
    Facts { property: Property::JustifiedVote, class: Class::Safety,
        name: "justified-vote", title: "Justified Vote", section: "Figure 2, §5.4.1",
        says: "votes and pre-votes go to candidates that asked for them and are up-to-date",
        sentence: "Votes and pre-votes go to candidates that asked for them and are up-to-date" },
    Facts { property: Property::JustifiedLeadership, class: Class::Safety,
        name: "justified-leadership", title: "Justified Leadership", section: "Figure 2, §5.2",
        says: "a leader has received the votes of a quorum, and only leaders act as such",
        sentence: "A leader has received the votes of a quorum, and only leaders act as such" },
    Facts { property: Property::KnownLeader, class: Class::Safety,
        name: "known-leader", title: "Known Leader", section: "Figure 2, §5.2",
        says: "a server that is said to lead has led",
        sentence: "A server that is said to lead has led" },
    Facts { property: Property::JustifiedAcknowledgement, class: Class::Safety,
        name: "justified-acknowledgement", title: "Justified Acknowledgement", section: "Figure 2, §5.3",
        says: "a follower acknowledges what the leader's requests reach, and no more",
        sentence: "A follower acknowledges what the leader's requests reach, and no more" },
    Facts { property: Property::JustifiedCommit, class: Class::Safety,
        name: "justified-commit", title: "Justified Commit", section: "Figure 2, §5.3",
        says: "a leader commits what a quorum has acknowledged to it in its term",
        sentence: "A leader commits what a quorum has acknowledged to it in its term" },
    Facts { property: Property::JustifiedAnswer, class: Class::Safety,
        name: "justified-answer", title: "Justified Answer", section: "§8, diss. ch. 6",
        says: "a client is told of success only when what it asked for has happened",
        sentence: "A client is told of success only when what it asked for has happened" },
    Facts { property: Property::JustifiedRead, class: Class::Safety,
        name: "justified-read", title: "Justified Read", section: "§8, diss. §6.4",
        says: "a read sees what was committed when it was requested, and its leader knows that",
        sentence: "A read sees what was committed when it was requested, and its leader knows that" },
];

impl Property {
    /// All properties, by number.
    pub const ALL: [Property; TABLE.len()] = {
        let mut all = [TABLE[0].property; TABLE.len()];
        let (mut place, mut former, mut number) = (0, 0, 0);
        while place < all.len() {
            while former < FORMER.len() && FORMER[former].0 as usize == number + 1 {
                (former, number) = (former + 1, number + 1);
            }
            all[place] = TABLE[place].property;
            assert!(all[place] as usize == number, "rows are in the order of their numbers");
            (place, number) = (place + 1, number + 1);
        }
        all
    };

    /// The last number: the length of a list with a place for each number, used or not.
    pub const LAST: usize = TABLE.len() + FORMER.len();

    /// The name of a property of a former version, which is judged no longer.
    #[must_use]
    pub fn former(name: &str) -> Option<&'static str> {
        FORMER.into_iter().map(|(_, former)| former).find(|former| *former == name)
    }

    fn facts(self) -> &'static Facts {
        let former = FORMER.iter().filter(|(number, _)| *number < self.number()).count();
        &TABLE[self as usize - former]
    }

    /// The property with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Property> {
        TABLE.iter().find(|facts| facts.name == name).map(|facts| facts.property)
    }

    /// The number of its row in `docs/invariants.md`.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The name in scenarios and options: `election-safety`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The name in reports: `Election Safety`.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.facts().title
    }

    /// The place in the paper that states it: `Figure 3, §5.2`.
    #[must_use]
    pub fn section(self) -> &'static str {
        self.facts().section
    }

    /// The condition that must hold, in short: `at most one leader in a term`. `docs/invariants.md` has it in full.
    #[must_use]
    pub fn says(self) -> &'static str {
        self.facts().says
    }

    /// The condition as the title of a scenario that violates it: `At most one leader in a term`.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.facts().sentence
    }

    /// The capabilities of which an implementation claims one, if the property is judged of it; of any implementation
    /// if there are none.
    #[must_use]
    pub fn claims(self) -> &'static [Capability] {
        match (self, self.class()) {
            (Property::Limits, _) => &[Capability::FlowControl, Capability::SnapshotParts],
            (_, Class::Rules) => &[Capability::Rules],
            (_, Class::Safety | Class::Liveness) => &[],
        }
    }

    /// The class of the property.
    #[must_use]
    pub fn class(self) -> Class {
        self.facts().class
    }
}
