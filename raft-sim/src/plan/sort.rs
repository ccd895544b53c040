//! Sorts of what goes wrong, and of when and to whom: what a campaign counts, so that nobody believes to have
//! tested what never came about.

use super::{FaultKind, Target, Trigger};

/// Something about a fault that a campaign counts: what goes wrong, whom it hits, or when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultSort {
    /// A run in whose weather messages are lost.
    Loss,
    /// A run in whose weather messages arrive twice.
    Duplicate,
    /// A run in which writes take time.
    SlowDisks,
    /// A run in which servers hear late of durable writes.
    LateNotices,
    /// A run in which clocks have different rates.
    UnevenClocks,
    /// Servers fall apart into groups without a common server.
    Partition,
    /// Servers fall apart into groups that share servers.
    Bridge,
    /// A link works in one direction only.
    OneWay,
    /// A server is cut off, or half of it.
    Isolate,
    /// A server is cut off again and again.
    Flap,
    /// What is sent over a link is held back.
    Hold,
    /// Messages of some kinds are held back.
    HoldKinds,
    /// A link becomes slow.
    Slow,
    /// A server loses its power, and all that is not durable.
    Crash,
    /// A server loses its power, and writes that were not durable survive whole.
    CrashSaved,
    /// A server loses its power, and a part of a write survives.
    CrashTorn,
    /// All servers lose their power.
    CrashAll,
    /// A server loses its power before a write is durable.
    CrashAtWrite,
    /// A server dies of a full disk.
    FullDisk,
    /// A disk makes nothing durable for a while.
    Stall,
    /// A server does not get to run for a while.
    Pause,
    /// A state machine applies nothing for a while.
    StallApply,
    /// A server restarts with other settings.
    RestartWith,
    /// The rate of a clock changes for a while.
    Rate,
    /// A clock jumps.
    Jump,
    /// A clock stands still for a while.
    Freeze,
    /// A disk forgets everything.
    Wipe,
    /// A disk says durable what is not.
    Lie,
    /// A fault hits a server by name.
    OfServer,
    /// A fault hits the leader.
    OfLeader,
    /// A fault hits some server that does not lead.
    OfFollower,
    /// A fault hits a candidate.
    OfCandidate,
    /// A fault hits the server that sent a vote last.
    OfVoter,
    /// A fault hits a server that believes to lead an older term.
    OfDeposed,
    /// A fault hits the server that knows least to be committed.
    OfBehind,
    /// A fault hits the server of its moment.
    OfActor,
    /// A fault hits the peer of its moment.
    OfPeer,
    /// A fault begins at [`Trigger::Stands`].
    AtStands,
    /// A fault begins at [`Trigger::Votes`].
    AtVotes,
    /// A fault begins at [`Trigger::Leads`].
    AtLeads,
    /// A fault begins at [`Trigger::StepsDown`].
    AtStepsDown,
    /// A fault begins at [`Trigger::Replicates`].
    AtReplicates,
    /// A fault begins at [`Trigger::Acknowledges`].
    AtAcknowledges,
    /// A fault begins at [`Trigger::Truncates`].
    AtTruncates,
    /// A fault begins at [`Trigger::Commits`].
    AtCommits,
    /// A fault begins at [`Trigger::Reconfigures`].
    AtReconfigures,
    /// A fault begins at [`Trigger::CommitsConfiguration`].
    AtCommitsConfiguration,
    /// A fault begins at [`Trigger::Compacts`].
    AtCompacts,
    /// A fault begins at [`Trigger::SendsSnapshot`].
    AtSendsSnapshot,
    /// A fault begins at [`Trigger::Installs`].
    AtInstalls,
    /// A fault begins at [`Trigger::HandsOver`].
    AtHandsOver,
    /// A fault begins at [`Trigger::Boots`].
    AtBoots,
    /// A task is asked for at a moment.
    AdminAtTrigger,
}

impl FaultSort {
    /// All of them: weather, kinds, targets, moments.
    pub const ALL: [FaultSort; 53] = [
        FaultSort::Loss,
        FaultSort::Duplicate,
        FaultSort::SlowDisks,
        FaultSort::LateNotices,
        FaultSort::UnevenClocks,
        FaultSort::Partition,
        FaultSort::Bridge,
        FaultSort::OneWay,
        FaultSort::Isolate,
        FaultSort::Flap,
        FaultSort::Hold,
        FaultSort::HoldKinds,
        FaultSort::Slow,
        FaultSort::Crash,
        FaultSort::CrashSaved,
        FaultSort::CrashTorn,
        FaultSort::CrashAll,
        FaultSort::CrashAtWrite,
        FaultSort::FullDisk,
        FaultSort::Stall,
        FaultSort::Pause,
        FaultSort::StallApply,
        FaultSort::RestartWith,
        FaultSort::Rate,
        FaultSort::Jump,
        FaultSort::Freeze,
        FaultSort::Wipe,
        FaultSort::Lie,
        FaultSort::OfServer,
        FaultSort::OfLeader,
        FaultSort::OfFollower,
        FaultSort::OfCandidate,
        FaultSort::OfVoter,
        FaultSort::OfDeposed,
        FaultSort::OfBehind,
        FaultSort::OfActor,
        FaultSort::OfPeer,
        FaultSort::AtStands,
        FaultSort::AtVotes,
        FaultSort::AtLeads,
        FaultSort::AtStepsDown,
        FaultSort::AtReplicates,
        FaultSort::AtAcknowledges,
        FaultSort::AtTruncates,
        FaultSort::AtCommits,
        FaultSort::AtReconfigures,
        FaultSort::AtCommitsConfiguration,
        FaultSort::AtCompacts,
        FaultSort::AtSendsSnapshot,
        FaultSort::AtInstalls,
        FaultSort::AtHandsOver,
        FaultSort::AtBoots,
        FaultSort::AdminAtTrigger,
    ];

    /// How reports write it: `crashes in a write`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            FaultSort::Loss => "messages lost",
            FaultSort::Duplicate => "messages twice",
            FaultSort::SlowDisks => "slow disks",
            FaultSort::LateNotices => "late notices",
            FaultSort::UnevenClocks => "uneven clocks",
            FaultSort::Partition => "halves and minorities",
            FaultSort::Bridge => "bridges, rings, chains",
            FaultSort::OneWay => "one-way cuts",
            FaultSort::Isolate => "isolations",
            FaultSort::Flap => "flapping links",
            FaultSort::Hold => "held links",
            FaultSort::HoldKinds => "held kinds of messages",
            FaultSort::Slow => "slow links",
            FaultSort::Crash => "crashes",
            FaultSort::CrashSaved => "of these, writes survive",
            FaultSort::CrashTorn => "of these, a torn write",
            FaultSort::CrashAll => "crashes of all",
            FaultSort::CrashAtWrite => "crashes in a write",
            FaultSort::FullDisk => "full disks",
            FaultSort::Stall => "stalled disks",
            FaultSort::Pause => "servers stopped",
            FaultSort::StallApply => "state machines stopped",
            FaultSort::RestartWith => "changed settings",
            FaultSort::Rate => "changed clock rates",
            FaultSort::Jump => "clock jumps",
            FaultSort::Freeze => "clocks that stand still",
            FaultSort::Wipe => "wiped disks",
            FaultSort::Lie => "lying disks",
            FaultSort::OfServer => "of a certain server",
            FaultSort::OfLeader => "of the leader",
            FaultSort::OfFollower => "of a follower",
            FaultSort::OfCandidate => "of a candidate",
            FaultSort::OfVoter => "of who voted last",
            FaultSort::OfDeposed => "of a deposed leader",
            FaultSort::OfBehind => "of who is behind",
            FaultSort::OfActor => "of who does it",
            FaultSort::OfPeer => "of whom it is sent to",
            FaultSort::AtStands => "when one stands",
            FaultSort::AtVotes => "when one votes",
            FaultSort::AtLeads => "when one becomes leader",
            FaultSort::AtStepsDown => "when one leads no more",
            FaultSort::AtReplicates => "when entries are sent",
            FaultSort::AtAcknowledges => "when they are acknowledged",
            FaultSort::AtTruncates => "when entries are cut off",
            FaultSort::AtCommits => "when a leader commits",
            FaultSort::AtReconfigures => "when a change is logged",
            FaultSort::AtCommitsConfiguration => "when a change is committed",
            FaultSort::AtCompacts => "when a snapshot is taken",
            FaultSort::AtSendsSnapshot => "when a snapshot is sent",
            FaultSort::AtInstalls => "when one is installed",
            FaultSort::AtHandsOver => "when leadership moves",
            FaultSort::AtBoots => "when one restarts",
            FaultSort::AdminAtTrigger => "tasks at a moment",
        }
    }

    /// Whether a campaign that asks for nothing by name comes to it.
    #[must_use]
    pub fn is_fair(self) -> bool {
        !matches!(self, FaultSort::Wipe | FaultSort::Lie)
    }

    /// What goes wrong.
    #[must_use]
    pub fn of_kind(kind: &FaultKind) -> FaultSort {
        match kind {
            FaultKind::Partition(groups) => {
                let all: usize = groups.iter().map(Vec::len).sum();
                let mut servers: Vec<u32> = groups.iter().flatten().copied().collect();
                servers.sort_unstable();
                servers.dedup();
                if servers.len() < all { FaultSort::Bridge } else { FaultSort::Partition }
            }
            FaultKind::OneWay(..) => FaultSort::OneWay,
            FaultKind::Isolate(..) => FaultSort::Isolate,
            FaultKind::Flap(..) => FaultSort::Flap,
            FaultKind::Hold(..) => FaultSort::Hold,
            FaultKind::HoldKinds(..) => FaultSort::HoldKinds,
            FaultKind::Slow(..) => FaultSort::Slow,
            FaultKind::Crash(..) => FaultSort::Crash,
            FaultKind::CrashAll => FaultSort::CrashAll,
            FaultKind::CrashAtWrite(..) => FaultSort::CrashAtWrite,
            FaultKind::FullDisk(_) => FaultSort::FullDisk,
            FaultKind::Stall(_) => FaultSort::Stall,
            FaultKind::Pause(_) => FaultSort::Pause,
            FaultKind::StallApply(_) => FaultSort::StallApply,
            FaultKind::RestartWith(..) => FaultSort::RestartWith,
            FaultKind::Rate(..) => FaultSort::Rate,
            FaultKind::Jump(..) => FaultSort::Jump,
            FaultKind::Freeze(_) => FaultSort::Freeze,
            FaultKind::Wipe(_) => FaultSort::Wipe,
            FaultKind::Lie(_) => FaultSort::Lie,
        }
    }

    /// Whom it hits.
    #[must_use]
    pub fn of_target(target: Target) -> FaultSort {
        match target {
            Target::Server(_) => FaultSort::OfServer,
            Target::Leader => FaultSort::OfLeader,
            Target::Follower(_) => FaultSort::OfFollower,
            Target::Candidate => FaultSort::OfCandidate,
            Target::Voter => FaultSort::OfVoter,
            Target::Deposed => FaultSort::OfDeposed,
            Target::Behind => FaultSort::OfBehind,
            Target::Actor => FaultSort::OfActor,
            Target::Peer => FaultSort::OfPeer,
        }
    }

    /// When it begins.
    #[must_use]
    pub fn of_trigger(trigger: Trigger) -> FaultSort {
        match trigger {
            Trigger::Stands => FaultSort::AtStands,
            Trigger::Votes => FaultSort::AtVotes,
            Trigger::Leads => FaultSort::AtLeads,
            Trigger::StepsDown => FaultSort::AtStepsDown,
            Trigger::Replicates => FaultSort::AtReplicates,
            Trigger::Acknowledges => FaultSort::AtAcknowledges,
            Trigger::Truncates => FaultSort::AtTruncates,
            Trigger::Commits => FaultSort::AtCommits,
            Trigger::Reconfigures => FaultSort::AtReconfigures,
            Trigger::CommitsConfiguration => FaultSort::AtCommitsConfiguration,
            Trigger::Compacts => FaultSort::AtCompacts,
            Trigger::SendsSnapshot => FaultSort::AtSendsSnapshot,
            Trigger::Installs => FaultSort::AtInstalls,
            Trigger::HandsOver => FaultSort::AtHandsOver,
            Trigger::Boots => FaultSort::AtBoots,
        }
    }
}
