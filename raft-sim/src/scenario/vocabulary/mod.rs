//! The words of the language. Each stands here once, for the parser and the printer.

use super::syntax::{Capability, Changes, Kind, Unit};

/// Words of which one may stand at a place.
pub(crate) trait Words: Copy + 'static {
    /// All of them, in the order in which an error lists them.
    const ALL: &'static [Self];

    /// The word as it is written.
    fn word(self) -> &'static str;

    /// The one that is written so.
    fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.word() == word)
    }
}

/// Declares words as an enum, each with its spelling.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant,)+ }

        impl Words for $name {
            const ALL: &'static [$name] = &[$($name::$variant,)+];

            fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// The words that begin a header line.
    HeaderWord {
        Scenario = "scenario",
        Paper = "paper",
        Servers = "servers",
        Outside = "outside",
        Requires = "requires",
        Violates = "violates",
        SetAside = "set-aside",
        Settings = "settings",
        Network = "network",
        StateMachine = "state-machine",
        Given = "given",
    }
}

words! {
    /// The words that begin a statement.
    Command {
        Timeout = "timeout",
        Elect = "elect",
        Heartbeat = "heartbeat",
        Tick = "tick",
        Settle = "settle",
        Run = "run",
        Deliver = "deliver",
        Drop = "drop",
        Duplicate = "duplicate",
        Hold = "hold",
        Release = "release",
        Forge = "forge",
        Crash = "crash",
        Restart = "restart",
        Settings = "settings",
        Stall = "stall",
        Sync = "sync",
        Flush = "flush",
        Tell = "tell",
        Unstall = "unstall",
        Lie = "lie",
        Wipe = "wipe",
        Partition = "partition",
        Isolate = "isolate",
        Cut = "cut",
        Heal = "heal",
        Propose = "propose",
        Retry = "retry",
        Register = "register",
        Read = "read",
        Change = "change",
        Transfer = "transfer",
        Compact = "compact",
        PauseApply = "pause-apply",
        Apply = "apply",
        ResumeApply = "resume-apply",
        Expect = "expect",
        Never = "never",
        Reach = "reach",
        Within = "within",
    }
}

words! {
    /// The words that begin a fact about a server, and the parts of its given state.
    FactWord {
        Leader = "leader",
        Follower = "follower",
        Candidate = "candidate",
        Up = "up",
        Down = "down",
        Term = "term",
        Vote = "vote",
        Log = "log",
        Holds = "holds",
        Lacks = "lacks",
        Commit = "commit",
        Committed = "committed",
        Reported = "reported",
        Applied = "applied",
        Members = "members",
        Learners = "learners",
        Joint = "joint",
        Snapshot = "snapshot",
    }
}

words! {
    /// The words that begin a detail of a message.
    DetailWord {
        Term = "term",
        Granted = "granted",
        Refused = "refused",
        Success = "success",
        Prev = "prev",
        Last = "last",
        Entries = "entries",
        Commit = "commit",
        Match = "match",
        Transfer = "transfer",
        Offset = "offset",
        Received = "received",
        Index = "index",
    }
}

words! {
    /// The words of a condition on a label.
    LabelWord {
        On = "on",
        Committed = "committed",
        Acknowledged = "acknowledged",
        Refused = "refused",
        Failed = "failed",
        Pending = "pending",
        Unknown = "unknown",
        Expired = "expired",
        Sees = "sees",
        Misses = "misses",
    }
}

words! {
    /// The words of a `network` line.
    NetworkWord {
        Delay = "delay",
        Loss = "loss",
        Duplicate = "duplicate",
        Seed = "seed",
    }
}

words! {
    /// The remaining words of header lines, statements and conditions.
    Particle {
        A = "a",
        All = "all",
        As = "as",
        At = "at",
        Durable = "durable",
        Least = "least",
        Majority = "majority",
        Message = "message",
        Most = "most",
        Ms = "ms",
        Newest = "newest",
        No = "no",
        None = "none",
        Not = "not",
        Quiet = "quiet",
        Session = "session",
        To = "to",
        Torn = "torn",
        Us = "us",
    }
}

words! {
    /// The words that are no letters.
    Sign {
        OneWay = "->",
        BothWays = "--",
        Group = "|",
        More = "...",
    }
}

impl Unit {
    /// Every unit of a duration.
    pub(super) const ALL: [Unit; 4] =
        [Unit::ElectionTimeouts, Unit::Heartbeats, Unit::Ticks, Unit::Milliseconds];

    /// The unit's word behind 1, and behind any other number.
    pub(super) fn words(self) -> [&'static str; 2] {
        match self {
            Unit::ElectionTimeouts => ["election-timeout", "election-timeouts"],
            Unit::Heartbeats => ["heartbeat", "heartbeats"],
            Unit::Ticks => ["tick", "ticks"],
            Unit::Milliseconds => [Particle::Ms.word(); 2],
        }
    }
}

impl Kind {
    /// Every kind of message.
    pub const ALL: [Kind; 13] = [
        Kind::RequestVote,
        Kind::RequestVoteReply,
        Kind::AppendEntries,
        Kind::Heartbeat,
        Kind::AppendEntriesReply,
        Kind::PreVote,
        Kind::PreVoteReply,
        Kind::TimeoutNow,
        Kind::InstallSnapshot,
        Kind::InstallSnapshotReply,
        Kind::ReadIndex,
        Kind::ReadIndexReply,
        Kind::Other,
    ];

    /// The kind's word, as in the figures.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::RequestVote => "RequestVote",
            Kind::RequestVoteReply => "RequestVoteReply",
            Kind::AppendEntries => "AppendEntries",
            Kind::Heartbeat => "Heartbeat",
            Kind::AppendEntriesReply => "AppendEntriesReply",
            Kind::PreVote => "PreVote",
            Kind::PreVoteReply => "PreVoteReply",
            Kind::TimeoutNow => "TimeoutNow",
            Kind::InstallSnapshot => "InstallSnapshot",
            Kind::InstallSnapshotReply => "InstallSnapshotReply",
            Kind::ReadIndex => "ReadIndex",
            Kind::ReadIndexReply => "ReadIndexReply",
            Kind::Other => "Other",
        }
    }

    /// The details of a message of this kind, in the order in which an error lists them.
    pub(super) fn details(self) -> &'static [DetailWord] {
        use DetailWord as D;
        match self {
            Kind::RequestVote => &[D::Term, D::Last, D::Transfer],
            Kind::PreVote => &[D::Term, D::Last],
            Kind::RequestVoteReply | Kind::PreVoteReply => &[D::Term, D::Granted, D::Refused],
            Kind::AppendEntries => &[D::Term, D::Prev, D::Entries, D::Commit],
            Kind::Heartbeat => &[D::Term, D::Prev, D::Commit],
            Kind::AppendEntriesReply => &[D::Term, D::Refused, D::Success, D::Match],
            Kind::TimeoutNow | Kind::ReadIndex | Kind::Other => &[D::Term],
            Kind::InstallSnapshot => &[D::Term, D::Last, D::Offset],
            Kind::InstallSnapshotReply => &[D::Term, D::Received],
            Kind::ReadIndexReply => &[D::Term, D::Index],
        }
    }
}

impl Words for Kind {
    const ALL: &'static [Kind] = &Kind::ALL;

    fn word(self) -> &'static str {
        Kind::word(self)
    }
}

impl Words for Capability {
    const ALL: &'static [Capability] = &Capability::ALL;

    fn word(self) -> &'static str {
        Capability::word(self)
    }

    fn named(word: &str) -> Option<Capability> {
        Capability::named(word)
    }
}

impl Words for Changes {
    const ALL: &'static [Changes] = &[Changes::Single, Changes::Joint, Changes::Shortest];

    fn word(self) -> &'static str {
        match self {
            Changes::Single => "single",
            Changes::Joint => "joint",
            Changes::Shortest => "shortest",
        }
    }
}

/// Every word of the language but capabilities, kinds and the names of settings.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    fn of<W: Words>() -> impl Iterator<Item = &'static str> {
        W::ALL.iter().map(|word| word.word())
    }
    of::<HeaderWord>()
        .chain(of::<Command>())
        .chain(of::<FactWord>())
        .chain(of::<DetailWord>())
        .chain(of::<LabelWord>())
        .chain(of::<Particle>())
        .chain(Unit::ALL.into_iter().flat_map(Unit::words))
}

/// True if a word belongs to the language, so that no label may take it.
pub(super) fn is_reserved(word: &str) -> bool {
    all().any(|known| known == word)
}
