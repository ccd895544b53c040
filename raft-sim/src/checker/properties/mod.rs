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
pub(super) mod symptom;
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
            justified_commit: properties::justified_commit::JustifiedCommit,
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
            justified_answer: properties::justified_answer::JustifiedAnswer,
            justified_read: properties::justified_read::JustifiedRead,
            limits: properties::limits::Limits,
            rules: properties::rules::Rules,
        }
    };
}
pub(super) use checkers;
pub use symptom::Symptom;
pub use violation::Violation;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::subject::Capability;

/// The class of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Something bad never happens.
    Safety,
    /// A rule of Figures 2 and 13 or of the dissertation is kept to the letter, step by step; judged only of
    /// implementations that [claim](Property::claims) it. A server that breaks one may still be safe.
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

/// Makes the properties from the table of their numbers, variants, classes, names, titles, sections and texts.
macro_rules! properties {
    ($($number:literal $property:ident $class:ident $name:literal, $title:literal, $section:literal:
        $says:literal, $sentence:literal;)+) => {
        /// A property that holds in every history of a correct Raft.
        ///
        /// The numbers are those of `docs/invariants.md`; as an integer, a property is its number less one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Property {
            $(
                #[doc = concat!($number, ": ", $says, ".")]
                $property = $number - 1,
            )+
        }

        /// The properties, by number.
        const TABLE: &[Facts] = &[$(Facts {
            property: Property::$property,
            class: Class::$class,
            name: $name,
            title: $title,
            section: $section,
            says: $says,
            sentence: $sentence,
        },)+];
    };
}

properties! {
    1 ElectionSafety Safety "election-safety", "Election Safety", "Figure 3, §5.2":
        "at most one leader in a term",
        "At most one leader in a term";
    2 OneVotePerTerm Safety "one-vote-per-term", "One Vote per Term", "Figure 2, §5.2":
        "a server votes for at most one candidate in a term, crashes or not",
        "A server votes for at most one candidate in a term";
    3 LeaderAppendOnly Safety "leader-append-only", "Leader Append-Only", "Figure 3, §5.3":
        "a leader never overwrites or deletes entries of its log",
        "A leader never overwrites or deletes entries of its log";
    4 LogMatching Safety "log-matching", "Log Matching", "Figure 3, §5.3":
        "two logs with an entry of the same index and term are the same up to it",
        "Two logs with an entry of the same index and term are the same up to it";
    5 LeaderCompleteness Safety "leader-completeness", "Leader Completeness", "Figure 3, §5.4":
        "the leaders of higher terms hold what was committed in a lower one",
        "Leaders of later terms hold what was committed before";
    6 StateMachineSafety Safety "state-machine-safety", "State Machine Safety", "Figure 3, §5.4.3":
        "no two servers commit or apply different entries at one index",
        "No two servers commit or apply different entries at one index";
    7 CommittedNeverTruncated Safety "committed-never-truncated", "Committed Never Truncated", "§5.3":
        "a server never truncates what it knows to be committed",
        "A server never truncates what it knows to be committed";
    8 CommitOwnTerm Safety "commit-own-term", "Commit Own Term", "Figure 2, §5.4.2":
        "a leader commits by counting replicas only of entries of its own term",
        "A leader commits by counting replicas only of entries of its own term";
    9 QuorumDurability Safety "quorum-durability", "Quorum Durability", "Figure 2, §5.3":
        "what a leader commits is on the disks of a majority",
        "What a leader commits is on the disks of a majority";
    10 Monotonicity Safety "monotonicity", "Monotonicity", "Figure 2, §5.1":
        "term, vote, commit index and last applied do not go back",
        "Term, vote, commit index and last applied do not go back";
    11 LogTerms Safety "log-terms", "Log Terms", "§5.1, §5.3":
        "terms do not decrease along a log nor exceed the server's own",
        "Terms do not decrease along a log nor exceed the server's own";
    12 FollowerMatchesLeader Safety "follower-matches-leader", "Follower Matches Leader", "§5.3":
        "a follower that reports success has the leader's log up to there",
        "A follower that reports success has the leader's log up to there";
    13 MatchIndex Safety "match-index", "Match Index", "Figure 2, §5.3":
        "what a leader takes to be on a follower's disk is there",
        "What a leader takes to be on a follower's disk is there";
    14 NoRivalEntry Safety "no-rival-entry", "No Rival Entry", "§5.2, §5.3":
        "a candidate with a majority of the votes has no rival's entry of its term anywhere",
        "A candidate with a majority of the votes has no rival's entry of its term anywhere";
    15 LegalRoles Safety "legal-roles", "Legal Roles", "Figure 4, §5.1":
        "roles change along the arrows of Figure 4 only",
        "Roles change along the arrows of Figure 4 only";
    16 Snapshots Safety "snapshots", "Snapshots", "§7":
        "a snapshot replaces committed and applied entries only, and holds their result",
        "A snapshot replaces committed and applied entries only, and holds their result";
    17 Configurations Safety "configurations", "Configurations", "§6, diss. §4.1":
        "configurations change one after another, and their quorums share a server",
        "Configurations change one after another, and their quorums share a server";
    18 PersistBeforeSend Safety "persist-before-send", "Persist before Send", "Figure 2, §5.6":
        "no message leaves before the state that it reports is durable",
        "No message leaves before the state that it reports is durable";
    19 ExactlyOnce Safety "exactly-once", "Exactly Once", "§8, diss. §6.3":
        "a command in a session is executed once, and only applied commands are acknowledged",
        "A command in a session is executed once, and only applied commands are acknowledged";
    20 Reads Safety "reads", "Reads", "§8, diss. §6.4":
        "a read is as recent as everything reported to clients before it",
        "A read is as recent as everything reported to clients before it";
    21 NoPanic Safety "no-panic", "No Panic", "§5.5":
        "a server does not panic or exit by itself",
        "A server does not panic or exit by itself";
    22 BoundedSteps Safety "bounded-steps", "Bounded Steps", "§5.6":
        "a run ends within a bounded number of steps",
        "A run ends within a bounded number of steps";
    23 ElectionTimer Rules "election-timer", "Election Timer", "Figure 2, §5.2":
        "a server that receives nothing from a leader and gives no vote stands exactly when its election timeout elapses",
        "A server without a leader stands when its election timeout elapses";
    24 Voting Rules "voting", "Voting", "Figure 2, §5.4.1":
        "a request for a vote or a pre-vote is answered as the log and the term of the receiver demand",
        "A request for a vote is answered as log and term demand";
    25 Appending Rules "appending", "Appending", "Figure 2, §5.3":
        "an AppendEntries is answered, obeyed or refused as the receiver's log and term demand",
        "An AppendEntries is answered as log and term demand";
    26 Installing Rules "installing", "Installing", "Figure 13, §7":
        "an InstallSnapshot is answered and obeyed as the receiver's state demands",
        "An InstallSnapshot is answered as the receiver's state demands";
    28 Limits Rules "limits", "Limits", "diss. §10.2":
        "no message and no leader exceeds the limits that are set",
        "No message and no leader exceeds the limits that are set";
    35 LeaderEmerges Liveness "leader-emerges", "Leader Emerges", "§5.2, §5.6":
        "a leader is elected once a quorum can talk",
        "A leader is elected once a quorum can talk";
    36 Progress Liveness "progress", "Progress", "§5.3, §5.4.3":
        "a command that a client then proposes is committed",
        "A client's command is committed once a quorum can talk";
    37 Convergence Liveness "convergence", "Convergence", "§5.3":
        "all members that can be reached come to hold and to apply the same log",
        "All members that can be reached come to hold and apply the same log";
    38 ChangeCompletes Liveness "change-completes", "Change Completes", "§6, diss. §4.1":
        "a configuration change ends, and another can be made",
        "A configuration change ends";
    39 TransferEnds Liveness "transfer-ends", "Transfer Ends", "diss. §3.10":
        "a leadership transfer ends",
        "A leadership transfer ends";
    40 EverybodyAnswered Liveness "everybody-answered", "Everybody Answered", "§8":
        "every request to a server that has not crashed since is answered",
        "Every request to a server that has not crashed since is answered";
    41 NetworkDrains Liveness "network-drains", "Network Drains", "§5.3":
        "with all clocks stopped, servers stop sending messages",
        "With all clocks stopped, servers stop sending messages";
    42 Linearizability Safety "linearizability", "Linearizability", "§8, diss. ch. 6":
        "the history of all client operations on one register is linearizable",
        "The history of all client operations is linearizable";
    43 CandidateLog Safety "candidate-log", "Candidate Log", "Figure 2, §5.4.1":
        "a candidate says truly where its log ends",
        "A candidate says truly where its log ends";
    44 JustifiedVote Safety "justified-vote", "Justified Vote", "Figure 2, §5.4.1":
        "votes and pre-votes go to candidates that asked for them and are up-to-date",
        "Votes and pre-votes go to candidates that asked for them and are up-to-date";
    45 JustifiedLeadership Safety "justified-leadership", "Justified Leadership", "Figure 2, §5.2":
        "a leader has received the votes of a quorum, and only leaders act as such",
        "A leader has received the votes of a quorum, and only leaders act as such";
    46 KnownLeader Safety "known-leader", "Known Leader", "Figure 2, §5.2":
        "a server that is said to lead has led",
        "A server that is said to lead has led";
    47 JustifiedAcknowledgement Safety "justified-acknowledgement", "Justified Acknowledgement", "Figure 2, §5.3":
        "a follower acknowledges what the leader's requests reach, and no more",
        "A follower acknowledges what the leader's requests reach, and no more";
    48 JustifiedCommit Safety "justified-commit", "Justified Commit", "Figure 2, §5.3":
        "a leader commits what a quorum has acknowledged to it in its term",
        "A leader commits what a quorum has acknowledged to it in its term";
    49 JustifiedAnswer Safety "justified-answer", "Justified Answer", "§8, diss. ch. 6":
        "a client is told of success only when what it asked for has happened",
        "A client is told of success only when what it asked for has happened";
    50 JustifiedRead Safety "justified-read", "Justified Read", "§8, diss. §6.4":
        "a read sees what was committed when it was requested, and its leader knows that",
        "A read sees what was committed when it was requested, and its leader knows that";
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

/// The properties that are judged of those implementations only that claim one of these capabilities.
const CLAIMED: [(Property, &[Capability]); 5] = [
    (Property::ElectionTimer, &[Capability::StrictTimer]),
    (Property::Voting, &[Capability::StrictVotes]),
    (Property::Appending, &[Capability::StrictAppending]),
    (Property::Installing, &[Capability::StrictSnapshots]),
    (Property::Limits, &[Capability::FlowControl, Capability::SnapshotParts]),
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

    /// True if a run can go on behind a violation when the property is [set aside](super::Checkers::setting_aside). It
    /// can't where a log has no meaning any more, where a server is gone, and where the run is over.
    #[must_use]
    pub fn can_go_on(self) -> bool {
        match self.class() {
            Class::Safety => !matches!(
                self,
                Property::LogMatching
                    | Property::LogTerms
                    | Property::NoPanic
                    | Property::BoundedSteps
            ),
            Class::Rules => true,
            Class::Liveness => false,
        }
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
        let row = CLAIMED.iter().find(|(property, _)| *property == self);
        row.map_or(&[], |(_, capabilities)| capabilities)
    }

    /// The class of the property.
    #[must_use]
    pub fn class(self) -> Class {
        self.facts().class
    }
}

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Property, D::Error> {
        let name = String::deserialize(deserializer)?;
        Property::named(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("no property is called `{name}`")))
    }
}
