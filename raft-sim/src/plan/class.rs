//! Classes of faults: what a run may have, and what `--faults` names.

use super::named::named;

named! {
    /// A class of faults that a run may have.
    pub enum FaultClass {
        /// messages are lost
        Loss = "loss",
        /// messages arrive twice
        Duplicate = "duplicate",
        /// halves, minorities, bridges and rings
        Partition = "partition",
        /// links that work in one direction only
        OneWay = "one-way",
        /// one server, often the leader, is cut off
        Isolate = "isolate",
        /// one server is cut off again and again
        Flap = "flap",
        /// messages of a link are held back and arrive late
        Hold = "hold",
        /// messages of some kinds are held back and arrive late
        HoldKinds = "filtered-hold" | "vault",
        /// links become slow
        SlowLink = "slow-link",
        /// servers lose their power and restart
        Crash = "crash",
        /// the same in the middle of a write
        CrashAtWrite = "crash-at-write",
        /// disks are full for a while
        FullDisk = "full-disk",
        /// writes take time to become durable
        SlowDisk = "slow-disk",
        /// servers are stopped for a while, or their state machines
        Pause = "pause",
        /// servers restart with other settings
        RestartWith = "restart-with-settings" | "renew",
        /// clocks run at different rates, stand still and jump
        Clock = "clock",
        /// disks forget everything: Raft is not made for this
        Wipe = "wipe",
        /// disks lie about what is durable: Raft is not made for this
        Lie = "lie",
        /// clocks differ by more than leases allow: Raft is not made for this
        Skew = "skew",
    }
}

impl FaultClass {
    /// Whether Raft is made for it. What it is not made for happens only where it is asked for by name.
    #[must_use]
    pub fn is_fair(self) -> bool {
        !matches!(self, FaultClass::Wipe | FaultClass::Lie | FaultClass::Skew)
    }
}
