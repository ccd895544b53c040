//! Classes of faults: what a run may have, and what `--faults` names.

/// A class of faults that a run may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum FaultClass {
    /// messages are lost
    Loss,
    /// messages arrive twice
    Duplicate,
    /// halves, minorities, bridges and rings
    Partition,
    /// links that work in one direction only
    OneWay,
    /// one server, often the leader, is cut off
    Isolate,
    /// one server is cut off again and again
    Flap,
    /// messages of a link are held back and arrive late
    Hold,
    /// messages of some kinds are held back and arrive late
    Vault,
    /// links become slow
    SlowLink,
    /// servers lose their power and restart
    Crash,
    /// the same in the middle of a write
    CrashAtWrite,
    /// disks are full for a while
    FullDisk,
    /// writes take time to become durable
    SlowDisk,
    /// servers are stopped for a while, or their state machines
    Pause,
    /// servers restart with other settings
    Renew,
    /// clocks run at different rates, stand still and jump
    Clock,
    /// disks forget everything: Raft is not made for this
    Wipe,
    /// disks lie about what is durable: Raft is not made for this
    Lie,
    /// clocks differ by more than leases allow: Raft is not made for this
    Skew,
}

impl FaultClass {
    /// All of them.
    pub const ALL: [FaultClass; 19] = [
        FaultClass::Loss,
        FaultClass::Duplicate,
        FaultClass::Partition,
        FaultClass::OneWay,
        FaultClass::Isolate,
        FaultClass::Flap,
        FaultClass::Hold,
        FaultClass::Vault,
        FaultClass::SlowLink,
        FaultClass::Crash,
        FaultClass::CrashAtWrite,
        FaultClass::FullDisk,
        FaultClass::SlowDisk,
        FaultClass::Pause,
        FaultClass::Renew,
        FaultClass::Clock,
        FaultClass::Wipe,
        FaultClass::Lie,
        FaultClass::Skew,
    ];

    /// Whether Raft is made for it. What it is not made for happens only where it is asked for by name.
    #[must_use]
    pub fn is_fair(self) -> bool {
        !matches!(self, FaultClass::Wipe | FaultClass::Lie | FaultClass::Skew)
    }
}
