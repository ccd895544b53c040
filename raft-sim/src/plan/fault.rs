//! What goes wrong in a run.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// Something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins.
    pub at: Micros,
    /// When it ends: links heal, held messages leave, the server restarts.
    pub until: Micros,
    /// What it is.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Only servers that share a group can talk. A server in several groups is a bridge; one in none is
    /// alone.
    Partition(Vec<Vec<u32>>),
    /// Nothing gets from the first server to the second.
    OneWay(u32, u32),
    /// A server can't send, can't receive, or neither.
    Isolate(Target, Direction),
    /// What the first server sends to the second stays in flight until the fault ends.
    Hold(u32, u32),
    /// A server loses its power. Of its writes that were not durable, this many survive, oldest first.
    Crash(Target, u32),
    /// All servers lose their power at once.
    CrashAll,
}

/// Whom a fault hits; looked up when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// This server.
    Server(u32),
    /// The live leader of the highest term; nobody if there is none.
    Leader,
}

/// Which way an isolated server is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// What it sends is lost.
    Outgoing,
    /// What is sent to it is lost.
    Incoming,
    /// Both.
    Both,
}

/// A class of faults that a run may have; `--faults` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum FaultClass {
    /// messages are lost
    Loss,
    /// messages arrive twice
    Duplicate,
    /// halves, minorities and bridges
    Partition,
    /// links that work in one direction only
    OneWay,
    /// one server, often the leader, is cut off
    Isolate,
    /// messages of a link are held back and arrive late
    Hold,
    /// servers lose their power and restart
    Crash,
    /// writes take time to become durable
    SlowDisk,
    /// clocks run at different rates
    Clock,
}

impl FaultClass {
    /// All of them.
    pub const ALL: [FaultClass; 9] = [
        FaultClass::Loss,
        FaultClass::Duplicate,
        FaultClass::Partition,
        FaultClass::OneWay,
        FaultClass::Isolate,
        FaultClass::Hold,
        FaultClass::Crash,
        FaultClass::SlowDisk,
        FaultClass::Clock,
    ];
}
