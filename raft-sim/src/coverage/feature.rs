//! The features of Raft that campaigns count, and the situations that they count.

/// A feature of Raft that may take part in a run, or something that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// A configuration was committed that was reached in one entry.
    SingleChange,
    /// A configuration was committed that was reached by joint consensus.
    JointChange,
    /// A configuration was committed that has a new learner.
    LearnerAdded,
    /// A configuration was committed in which a learner votes.
    LearnerPromoted,
    /// A change was given up since a server did not catch up.
    CatchUpGivenUp,
    /// A leader stepped down since it is not in its configuration.
    LeaderRemoved,
    /// A server was elected after its leader had sent it TimeoutNow.
    Transferred,
    /// A transfer was given up.
    TransferGivenUp,
    /// A request was refused during a leadership transfer.
    HeldOff,
    /// A server took a snapshot of its own.
    SnapshotTaken,
    /// A snapshot from another server took the place of a state machine's state.
    SnapshotInstalled,
    /// The same, and it had come in several parts.
    SnapshotInParts,
    /// A leader answered a read after a round of heartbeats.
    LeaderRead,
    /// A follower answered a read.
    FollowerRead,
    /// A leader answered a read at once, from its lease.
    LeaseRead,
    /// A server stood for election after others had said that it could win.
    PreVoteWon,
    /// A server was refused a pre-vote.
    PreVoteDenied,
    /// A leader stepped down since no quorum answered it.
    QuorumMissed,
    /// A session was opened.
    SessionOpened,
    /// A command was recognized as one that had been executed.
    CommandRepeated,
    /// A command was not executed, since its session was gone.
    SessionExpired,
    /// A state machine fell behind what is committed.
    ApplyLag,
    /// A server was notified of a durable write after a delay.
    LateNotice,
    /// The same, and it had not yet been notified of an earlier write.
    EarlyNotice,
    /// A read was asked of a leader while another one led a later term.
    DeposedRead,
    /// A read was asked of a follower that knew less committed than another server.
    BehindRead,
    /// A read was asked of a server that had restarted and learned of no commit since.
    RestartedRead,
    /// A leader committed in a configuration with one voter.
    CommitOfOne,
    /// A leader committed in a configuration with two voters.
    CommitOfTwo,
    /// A leader committed in a configuration with four voters.
    CommitOfFour,
    /// A leader committed in a joint configuration of which one half has one voter.
    CommitOfHalf,
    /// A configuration with two voters was committed behind one with one.
    OneToTwo,
    /// A configuration with one voter was committed behind one with two.
    TwoToOne,
    /// A configuration with three voters was committed behind one with one.
    OneToThree,
    /// A configuration with one voter was committed behind one with three.
    ThreeToOne,
    /// A server became leader that had led an earlier term since it booted.
    LeadsAgain,
    /// A leader received a reply to a request of an earlier leadership of its own.
    OldReply,
    /// The same, to a part of a snapshot.
    OldSnapshotReply,
    /// A server asked another for a pre-vote that had committed entries which it lacked.
    PreVoteOfBehind,
    /// A server was asked for a pre-vote by one that does not vote in its configuration.
    PreVoteOfRemoved,
    /// A candidate was asked for a pre-vote.
    PreVoteAtCandidate,
    /// A leader received a refusal of a pre-vote.
    LateRefusal,
    /// A server received TimeoutNow of a term that was over.
    LateTimeoutNow,
}

impl Feature {
    /// All of them.
    pub const ALL: [Feature; 43] = [
        Feature::SingleChange,
        Feature::JointChange,
        Feature::LearnerAdded,
        Feature::LearnerPromoted,
        Feature::CatchUpGivenUp,
        Feature::LeaderRemoved,
        Feature::Transferred,
        Feature::TransferGivenUp,
        Feature::HeldOff,
        Feature::SnapshotTaken,
        Feature::SnapshotInstalled,
        Feature::SnapshotInParts,
        Feature::LeaderRead,
        Feature::FollowerRead,
        Feature::LeaseRead,
        Feature::PreVoteWon,
        Feature::PreVoteDenied,
        Feature::QuorumMissed,
        Feature::SessionOpened,
        Feature::CommandRepeated,
        Feature::SessionExpired,
        Feature::ApplyLag,
        Feature::LateNotice,
        Feature::EarlyNotice,
        Feature::DeposedRead,
        Feature::BehindRead,
        Feature::RestartedRead,
        Feature::CommitOfOne,
        Feature::CommitOfTwo,
        Feature::CommitOfFour,
        Feature::CommitOfHalf,
        Feature::OneToTwo,
        Feature::TwoToOne,
        Feature::OneToThree,
        Feature::ThreeToOne,
        Feature::LeadsAgain,
        Feature::OldReply,
        Feature::OldSnapshotReply,
        Feature::PreVoteOfBehind,
        Feature::PreVoteOfRemoved,
        Feature::PreVoteAtCandidate,
        Feature::LateRefusal,
        Feature::LateTimeoutNow,
    ];

    /// Its name in reports: `changes by joint consensus`.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.facts().0
    }

    /// The section that describes it: `§6`.
    #[must_use]
    pub fn section(self) -> &'static str {
        self.facts().1
    }

    fn facts(self) -> (&'static str, &'static str) {
        match self {
            Feature::SingleChange => ("changes in one entry", "diss. §4.1"),
            Feature::JointChange => ("changes by joint consensus", "§6"),
            Feature::LearnerAdded => ("learners added", "§6, diss. §4.2.1"),
            Feature::LearnerPromoted => ("learners promoted", "§6, diss. §4.2.1"),
            Feature::CatchUpGivenUp => ("late joiners given up", "diss. §4.2.1"),
            Feature::LeaderRemoved => ("leaders removed", "§6, diss. §4.2.2"),
            Feature::Transferred => ("leadership handed over", "diss. §3.10"),
            Feature::TransferGivenUp => ("handing over given up", "diss. §3.10"),
            Feature::HeldOff => ("requests held off meanwhile", "diss. §3.10"),
            Feature::SnapshotTaken => ("snapshots taken", "§7"),
            Feature::SnapshotInstalled => ("snapshots installed", "§7, Figure 13"),
            Feature::SnapshotInParts => ("of these, in several parts", "Figure 13"),
            Feature::LeaderRead => ("reads at a leader", "§8, diss. §6.4"),
            Feature::FollowerRead => ("reads at a follower", "diss. §6.4"),
            Feature::LeaseRead => ("reads from a lease", "diss. §6.4.1"),
            Feature::PreVoteWon => ("pre-votes won", "diss. §9.6"),
            Feature::PreVoteDenied => ("pre-votes denied", "diss. §9.6"),
            Feature::QuorumMissed => ("leaders without a quorum", "diss. §6.2"),
            Feature::SessionOpened => ("sessions opened", "diss. §6.3"),
            Feature::CommandRepeated => ("commands recognized", "§8, diss. §6.3"),
            Feature::SessionExpired => ("commands without session", "diss. §6.3"),
            Feature::ApplyLag => ("state machines behind", "§5.3"),
            Feature::LateNotice => ("late notices of a disk", "diss. §10.2.1"),
            Feature::EarlyNotice => ("notices out of order", "diss. §10.2.1"),
            Feature::DeposedRead => ("reads at a deposed leader", "diss. §6.4"),
            Feature::BehindRead => ("reads at a follower behind", "diss. §6.4"),
            Feature::RestartedRead => ("reads after a restart", "diss. §6.4"),
            Feature::CommitOfOne => ("commits by one server", "§5.3"),
            Feature::CommitOfTwo => ("commits by two", "§5.3"),
            Feature::CommitOfFour => ("commits by four", "§5.3"),
            Feature::CommitOfHalf => ("commits with a half of one", "§6"),
            Feature::OneToTwo => ("changes from 1 to 2 voters", "§6, diss. §4.1"),
            Feature::TwoToOne => ("changes from 2 to 1", "§6, diss. §4.1"),
            Feature::OneToThree => ("changes from 1 to 3", "§6"),
            Feature::ThreeToOne => ("changes from 3 to 1", "§6"),
            Feature::LeadsAgain => ("leaderships regained", "§5.2"),
            Feature::OldReply => ("replies to an earlier one", "§5.1, §5.3"),
            Feature::OldSnapshotReply => ("of these, to a snapshot", "§5.1, §7"),
            Feature::PreVoteOfBehind => ("pre-votes of those behind", "diss. §9.6"),
            Feature::PreVoteOfRemoved => ("pre-votes of the removed", "diss. §9.6"),
            Feature::PreVoteAtCandidate => ("pre-votes at candidates", "diss. §9.6"),
            Feature::LateRefusal => ("late pre-vote refusals", "diss. §9.6"),
            Feature::LateTimeoutNow => ("late calls to take over", "diss. §3.10"),
        }
    }
}
