//! Claims of an implementation: its capabilities beyond §5 of the paper, and what else is so by design. One table of each,
//! from which names, lists and the documentation are made.

use std::fmt;

/// Makes the capabilities from two tables of variants, words, sections and meanings.
macro_rules! capabilities {
    (
        able { $($variant:ident $word:literal $section:literal: $what:literal,)+ }
        design { $($fact:ident $name:literal $place:literal: $means:literal,)+ }
    ) => {
        /// Something that an implementation claims: a capability that it may or may not have, or a fact about it that
        /// is so by design. In a scenario's `requires` line and in the protocol it has the name quoted here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Capability {
            $(
                #[doc = concat!("`", $word, "`: ", $what, ".")]
                $variant,
            )+
            $(
                #[doc = concat!("`", $name, "`: ", $means, ".")]
                $fact,
            )+
        }

        impl Capability {
            /// Every capability. Facts of [`DESIGN`](Capability::DESIGN) are none.
            pub const ALL: [Capability; [$($word),+].len()] = [$(Capability::$variant),+];

            /// Facts that are so by design. Each takes something away: a plan never draws what an implementation that
            /// claims it can't do, and scenarios that need that are skipped.
            pub const DESIGN: [Capability; [$($name),+].len()] = [$(Capability::$fact),+];

            /// The capability's word in a `requires` line.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Capability::$variant => $word,)+
                    $(Capability::$fact => $name,)+
                }
            }

            /// The requirement of a scenario that an implementation does not meet that lacks this capability, or of which
            /// this fact is so by design.
            #[must_use]
            pub fn unmet(self) -> &'static str {
                match self {
                    $(Capability::$variant => $word,)+
                    $(Capability::$fact => concat!("not ", $name),)+
                }
            }

            /// The behaviour of an implementation that has it.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self {
                    $(Capability::$variant => $what,)+
                    $(Capability::$fact => $means,)+
                }
            }

            /// The section of the paper; empty if there is none.
            #[must_use]
            pub fn section(self) -> &'static str {
                match self {
                    $(Capability::$variant => $section,)+
                    $(Capability::$fact => $place,)+
                }
            }
        }
    };
}

// A new capability goes before the rules, which are the last four: `Capability::ABLE` is all before them.
capabilities! {
    able {
        Forge "forge" "":
            "takes a message that no server sent, described in Figure 2's words",
        NoOp "no-op" "§8":
            "a new leader appends an entry of its own term at once",
        SteadyTimer "steady-timer" "Figure 2":
            "its election timer goes on when it learns of a higher term: only a leader's request or a vote that it gives \
             restarts it",
        PatientCandidates "patient-candidates" "Figure 4":
            "a candidate that a majority has refused stands until its election timeout elapses",
        OldTermReplies "old-term-replies" "Figure 2":
            "answers a request of an older term, with its own",
        CheckedHeartbeats "checked-heartbeats" "Figure 2":
            "its heartbeats are AppendEntries with the consistency check, and not messages of their own that say no more \
             than that there is a leader",
        OldPrev "old-prev" "Figure 2":
            "takes what is new in a request whose prevLogIndex is below its own commitIndex, and does not wait until it is \
             sent from there on",
        LazyCommit "lazy-commit" "Figure 2":
            "followers learn of a new commitIndex by the next AppendEntries that the leader sends anyway, and by nothing \
             else",
        VolatileCommit "volatile-commit" "Figure 2":
            "its commitIndex is on no disk: after a restart it is 0, or what the snapshot or the state machine tells",
        TailLimit "tail-limit" "":
            "refuses proposals over a limit of uncommitted entries",
        FlowControl "flow-control" "diss. §10.2":
            "keeps several requests to a follower under way, within limits of entries (`window`) and bytes",
        DurableStateMachine "durable-state-machine" "":
            "can be restarted with commands already applied",
        FastBackup "fast-backup" "end of §5.3":
            "a refused AppendEntries tells where the logs part",
        Reports "reports" "":
            "tells of a message that no correct server sends",
        PreVote "pre-vote" "diss. §9.6":
            "asks whether it could win before it stands for election",
        LoyalPreVote "loyal-pre-vote" "diss. §9.6":
            "gives no pre-vote as long as it hears from a leader, also without `check-quorum`",
        CheckQuorum "check-quorum" "§6, diss. §6.2":
            "a leader that hears from no majority steps down, and servers that hear from a leader disregard requests for \
             their vote",
        Transfer "transfer" "diss. §3.10":
            "a leader hands over to a server that it is told",
        Membership "membership" "diss. §4.1":
            "changes its configuration by one server at a time",
        Joint "joint" "§6":
            "changes its configuration through joint consensus",
        AtAppend "at-append" "§6":
            "uses the latest configuration in its log, committed or not; without it, the latest that its state machine has \
             applied",
        CatchUp "catch-up" "§6, diss. §4.2.1":
            "a server that is to become a voter catches up first, and the change is given up if it does not",
        Learners "learners" "diss. §4.2.1":
            "has servers that receive entries and do not vote",
        Snapshots "snapshots" "§7":
            "discards its log up to a snapshot, and sends the snapshot instead",
        SnapshotParts "snapshot-parts" "Figure 13":
            "sends a snapshot in parts of a size that is set",
        Reads "reads" "§8":
            "a leader answers reads without the log",
        WaitingReads "waiting-reads" "diss. §6.4":
            "keeps a read that comes before its term's first commit until then, and does not turn it away",
        FollowerReads "follower-reads" "diss. §6.4":
            "a follower answers them too, with its leader's help",
        LeaseReads "lease-reads" "diss. §6.4.1":
            "a leader answers them under a lease, without asking anybody",
        Sessions "sessions" "§8":
            "applies a command that reaches it twice only once",
        ApplyQueue "apply-queue" "":
            "its state machine may lag behind the commit index",
        DiskNotices "disk-notices" "":
            "can be told of durable writes out of order",
        ParallelDisk "parallel-disk" "diss. §10.2.1":
            "a leader sends entries before its own disk has them",
        ApplyAhead "apply-ahead" "diss. §10.2.1":
            "applies what is committed before its own disk has it, and answers",
        SlowDisk "slow-disk" "":
            "goes on while its writes are under way, and hears when they are durable; without it a server waits at each \
             write, and its disk takes no time",
        StrictTimer "strict-timer" "Figure 2, §5.2":
            "stands, or asks for pre-votes, exactly between its shortest and its longest election timeout after a leader's \
             message or a vote that it gave, by the ticks that it was told of",
        StrictVotes "strict-votes" "Figure 2, §5.4.1":
            "answers each request for a vote or a pre-vote in the step that takes it, or in which its write is durable, as \
             its term, its vote and its last entry demand, and leads with the vote of a quorum in the same way",
        StrictAppending "strict-appending" "Figure 2, §5.3":
            "obeys and answers each AppendEntries in the step that takes it, or in which its write is durable: refused, or \
             exactly what is missing is written",
        StrictSnapshots "strict-snapshots" "Figure 13":
            "obeys and answers each part of a snapshot in the step that takes it, or in which its write is durable",
    }
    design {
        AlwaysPreVote "always-pre-vote" "diss. §9.6":
            "asks for pre-votes before every election: `pre-vote` can't be switched off",
        AlwaysCheckQuorum "always-check-quorum" "§6, diss. §6.2":
            "`check-quorum` can't be switched off",
        FlexibleQuorums "flexible-quorums" "":
            "elects leaders and commits entries by quorums that overlap and need not be majorities",
        RefusesEmptyChange "refuses-empty-change" "§6":
            "refuses a change to the configuration that it has already",
        SendsWithHeartbeats "sends-with-heartbeats" "§5.3":
            "a leader sends entries with its heartbeats alone, and not when it gets them or learns what a follower has",
        OneEntry "one-entry" "§5.3":
            "sends one entry in a message at most",
        FixedTimeouts "fixed-timeouts" "§5.2":
            "keeps one election timeout, given or drawn at boot, and draws none for each election",
        NoClients "no-clients" "":
            "takes no commands of clients yet",
        NoForgedReplies "no-forged-replies" "":
            "of the messages that no server sent it takes requests alone: it knows a reply by its request only",
        WholeWrites "whole-writes" "":
            "keeps a write as a whole or not at all, by sums over its records: a power loss tears none",
        FetchesSnapshots "fetches-snapshots" "Figure 13":
            "a follower asks for a snapshot that it is sent, by messages of its own, and installs it when all of it is there",
    }
}

impl Capability {
    /// Everything but the rules.
    pub const ABLE: &'static [Capability] = {
        let count = Capability::ALL.len() - Capability::RULES.len();
        Capability::ALL.split_at(count).0
    };

    /// The rules with one right answer: a subject that claims one is judged by it step by step. They have the name
    /// `rules` together.
    pub const RULES: [Capability; 4] = [
        Capability::StrictTimer,
        Capability::StrictVotes,
        Capability::StrictAppending,
        Capability::StrictSnapshots,
    ];

    /// What Figures 2 and 4 say and another Raft may do otherwise: a subject that keeps to them has all of these. They
    /// have the name `figure-2` together.
    pub const FIGURE_2: [Capability; 7] = [
        Capability::SteadyTimer,
        Capability::PatientCandidates,
        Capability::OldTermReplies,
        Capability::CheckedHeartbeats,
        Capability::OldPrev,
        Capability::LazyCommit,
        Capability::VolatileCommit,
    ];

    /// The capability, or the fact by design, with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Capability> {
        let mut all = Capability::ALL.into_iter().chain(Capability::DESIGN);
        all.find(|capability| capability.word() == word)
    }

    /// The capabilities of which an implementation that claims this one must claim at least one; none if it can be claimed
    /// alone.
    #[must_use]
    pub fn rests_on(self) -> &'static [Capability] {
        match self {
            Capability::LoyalPreVote | Capability::AlwaysPreVote => &[Capability::PreVote],
            Capability::AlwaysCheckQuorum | Capability::LeaseReads => &[Capability::CheckQuorum],
            Capability::CatchUp | Capability::Learners | Capability::RefusesEmptyChange => {
                &[Capability::Membership, Capability::Joint]
            }
            Capability::SnapshotParts => &[Capability::Snapshots],
            Capability::WaitingReads | Capability::FollowerReads => &[Capability::Reads],
            Capability::DiskNotices | Capability::ParallelDisk | Capability::ApplyAhead => {
                &[Capability::SlowDisk]
            }
            Capability::NoForgedReplies => &[Capability::Forge],
            Capability::Forge
            | Capability::NoOp
            | Capability::SteadyTimer
            | Capability::PatientCandidates
            | Capability::OldTermReplies
            | Capability::CheckedHeartbeats
            | Capability::OldPrev
            | Capability::LazyCommit
            | Capability::VolatileCommit
            | Capability::TailLimit
            | Capability::FlowControl
            | Capability::DurableStateMachine
            | Capability::FastBackup
            | Capability::Reports
            | Capability::PreVote
            | Capability::CheckQuorum
            | Capability::Transfer
            | Capability::Membership
            | Capability::Joint
            | Capability::AtAppend
            | Capability::Snapshots
            | Capability::Reads
            | Capability::Sessions
            | Capability::ApplyQueue
            | Capability::SlowDisk
            | Capability::StrictTimer
            | Capability::StrictVotes
            | Capability::StrictAppending
            | Capability::StrictSnapshots
            | Capability::FlexibleQuorums
            | Capability::SendsWithHeartbeats
            | Capability::OneEntry
            | Capability::FixedTimeouts
            | Capability::NoClients
            | Capability::WholeWrites => &[],
            Capability::FetchesSnapshots => &[Capability::Snapshots],
        }
    }

    /// True if it is a fact of [`DESIGN`](Capability::DESIGN).
    #[must_use]
    pub fn is_design(self) -> bool {
        Capability::DESIGN.contains(&self)
    }

    /// The capabilities that a word stands for: the one with this word, or the group of this name. `conduct` is the former
    /// name of `rules`.
    #[must_use]
    pub fn all_named(word: &str) -> Option<Vec<Capability>> {
        match word {
            "figure-2" => Some(Capability::FIGURE_2.to_vec()),
            "rules" | "conduct" => Some(Capability::RULES.to_vec()),
            word => Capability::named(word).map(|capability| vec![capability]),
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Capability;

    #[test]
    fn capabilities_are_known_by_their_words_and_by_the_names_of_groups() {
        for capability in Capability::ALL.into_iter().chain(Capability::DESIGN) {
            assert_eq!(Capability::named(capability.word()), Some(capability));
            assert_eq!(Capability::all_named(capability.word()), Some(vec![capability]));
        }
        assert_eq!(Capability::all_named("rules"), Some(Capability::RULES.to_vec()));
        assert_eq!(Capability::all_named("conduct"), Some(Capability::RULES.to_vec()));
        assert_eq!(Capability::all_named("conducts"), None);
        assert_eq!(Capability::StrictVotes.to_string(), "strict-votes");
    }

    #[test]
    fn the_rules_are_the_last_capabilities() {
        assert_eq!([Capability::ABLE, &Capability::RULES].concat(), Capability::ALL);
    }
}
