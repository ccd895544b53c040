//! What an implementation may be able to do beyond §5 of the paper.

use std::fmt;

/// Something an implementation may or may not be able to do. In a scenario's `requires` line it has the
/// name quoted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `forge`: takes a message that no server sent, described in Figure 2's words.
    Forge,
    /// `no-op`: a new leader appends an entry of its own term at once (§8).
    NoOp,
    /// `steady-timer`: its election timer goes on when it learns of a higher term: only a leader's request or a vote that it
    /// gives restarts it (Figure 2).
    SteadyTimer,
    /// `patient-candidates`: a candidate that a majority has refused stands until its election timeout elapses (Figure 4).
    PatientCandidates,
    /// `old-term-replies`: answers a request of an older term, with its own (Figure 2).
    OldTermReplies,
    /// `checked-heartbeats`: its heartbeats are AppendEntries with the consistency check (Figure 2), and not messages of
    /// their own that say no more than that there is a leader.
    CheckedHeartbeats,
    /// `old-prev`: takes what is new in a request whose prevLogIndex is below its own commitIndex (Figure 2), and does
    /// not wait until it is sent from there on.
    OldPrev,
    /// `lazy-commit`: followers learn of a new commitIndex by the next AppendEntries that the leader sends anyway (Figure 2),
    /// and by nothing else.
    LazyCommit,
    /// `volatile-commit`: its commitIndex is on no disk: after a restart it is 0, or what the snapshot or the state machine
    /// tells (Figure 2).
    VolatileCommit,
    /// `tail-limit`: refuses proposals over a limit of uncommitted entries.
    TailLimit,
    /// `flow-control`: keeps several requests to a follower under way, within limits of entries (`window`) and bytes
    /// (diss. §10.2).
    FlowControl,
    /// `durable-state-machine`: can be restarted with commands already applied.
    DurableStateMachine,
    /// `fast-backup`: a refused AppendEntries tells where the logs part (end of §5.3).
    FastBackup,
    /// `reports`: tells of a message that no correct server sends.
    Reports,
    /// `pre-vote`: asks whether it could win before it stands for election (diss. §9.6).
    PreVote,
    /// `loyal-pre-vote`: gives no pre-vote as long as it hears from a leader, also without `check-quorum` (diss. §9.6).
    LoyalPreVote,
    /// `check-quorum`: a leader that hears from no majority steps down (diss. §6.2), and servers that hear
    /// from a leader disregard requests for their vote (§6).
    CheckQuorum,
    /// `transfer`: a leader hands over to a server that it is told (diss. §3.10).
    Transfer,
    /// `membership`: changes its configuration by one server at a time (diss. §4.1).
    Membership,
    /// `joint`: changes its configuration through joint consensus (§6).
    Joint,
    /// `at-append`: uses the latest configuration in its log, committed or not (§6). Without it a server uses the
    /// latest that its state machine has applied.
    AtAppend,
    /// `catch-up`: a server that is to become a voter catches up first, and the change is given up if it does not (§6, diss.
    /// §4.2.1).
    CatchUp,
    /// `learners`: has servers that receive entries and do not vote (diss. §4.2.1).
    Learners,
    /// `snapshots`: discards its log up to a snapshot, and sends the snapshot instead (§7).
    Snapshots,
    /// `snapshot-parts`: sends a snapshot in parts of a size that is set (Figure 13).
    SnapshotParts,
    /// `reads`: a leader answers reads without the log (§8).
    Reads,
    /// `waiting-reads`: keeps a read that comes before its term's first commit until then (diss. §6.4), and does not turn it
    /// away.
    WaitingReads,
    /// `follower-reads`: a follower answers them too, with its leader's help (diss. §6.4).
    FollowerReads,
    /// `lease-reads`: a leader answers them under a lease, without asking anybody (diss. §6.4.1).
    LeaseReads,
    /// `sessions`: applies a command that reaches it twice only once (§8).
    Sessions,
    /// `apply-queue`: its state machine may lag behind the commit index.
    ApplyQueue,
    /// `disk-notices`: can be told of durable writes out of order.
    DiskNotices,
    /// `parallel-disk`: a leader sends entries before its own disk has them (diss. §10.2.1).
    ParallelDisk,
    /// `apply-ahead`: applies what is committed before its own disk has it, and answers (diss. §10.2.1).
    ApplyAhead,
    /// `slow-disk`: goes on while its writes are under way, and hears when they are durable. Without it a server
    /// waits at each write, and its disk takes no time.
    SlowDisk,
    /// `rules`: keeps the rules of Figures 2 and 13 to the letter in every step, also where another way would
    /// be as safe, so that each step can be judged by itself.
    Rules,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Capability; 36] = [
        Capability::Forge,
        Capability::NoOp,
        Capability::SteadyTimer,
        Capability::PatientCandidates,
        Capability::OldTermReplies,
        Capability::CheckedHeartbeats,
        Capability::OldPrev,
        Capability::LazyCommit,
        Capability::VolatileCommit,
        Capability::TailLimit,
        Capability::FlowControl,
        Capability::DurableStateMachine,
        Capability::FastBackup,
        Capability::Reports,
        Capability::PreVote,
        Capability::LoyalPreVote,
        Capability::CheckQuorum,
        Capability::Transfer,
        Capability::Membership,
        Capability::Joint,
        Capability::AtAppend,
        Capability::CatchUp,
        Capability::Learners,
        Capability::Snapshots,
        Capability::SnapshotParts,
        Capability::Reads,
        Capability::WaitingReads,
        Capability::FollowerReads,
        Capability::LeaseReads,
        Capability::Sessions,
        Capability::ApplyQueue,
        Capability::DiskNotices,
        Capability::ParallelDisk,
        Capability::ApplyAhead,
        Capability::SlowDisk,
        Capability::Rules,
    ];

    /// What Figures 2 and 4 say and another Raft may do otherwise: a subject that keeps to them has all of these. In the
    /// protocol of child processes they have the name `figure-2` together.
    pub const FIGURE_2: [Capability; 7] = [
        Capability::SteadyTimer,
        Capability::PatientCandidates,
        Capability::OldTermReplies,
        Capability::CheckedHeartbeats,
        Capability::OldPrev,
        Capability::LazyCommit,
        Capability::VolatileCommit,
    ];

    /// The capability's word in a `requires` line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Capability::Forge => "forge",
            Capability::NoOp => "no-op",
            Capability::SteadyTimer => "steady-timer",
            Capability::PatientCandidates => "patient-candidates",
            Capability::OldTermReplies => "old-term-replies",
            Capability::CheckedHeartbeats => "checked-heartbeats",
            Capability::OldPrev => "old-prev",
            Capability::LazyCommit => "lazy-commit",
            Capability::VolatileCommit => "volatile-commit",
            Capability::TailLimit => "tail-limit",
            Capability::FlowControl => "flow-control",
            Capability::DurableStateMachine => "durable-state-machine",
            Capability::FastBackup => "fast-backup",
            Capability::Reports => "reports",
            Capability::PreVote => "pre-vote",
            Capability::LoyalPreVote => "loyal-pre-vote",
            Capability::CheckQuorum => "check-quorum",
            Capability::Transfer => "transfer",
            Capability::Membership => "membership",
            Capability::Joint => "joint",
            Capability::AtAppend => "at-append",
            Capability::CatchUp => "catch-up",
            Capability::Learners => "learners",
            Capability::Snapshots => "snapshots",
            Capability::SnapshotParts => "snapshot-parts",
            Capability::Reads => "reads",
            Capability::WaitingReads => "waiting-reads",
            Capability::FollowerReads => "follower-reads",
            Capability::LeaseReads => "lease-reads",
            Capability::Sessions => "sessions",
            Capability::ApplyQueue => "apply-queue",
            Capability::DiskNotices => "disk-notices",
            Capability::ParallelDisk => "parallel-disk",
            Capability::ApplyAhead => "apply-ahead",
            Capability::SlowDisk => "slow-disk",
            Capability::Rules => "conduct",
        }
    }

    /// The capability with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Capability> {
        Capability::ALL.into_iter().find(|capability| capability.word() == word)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
