//! What a world begins with.

use crate::disk::SyncTime;
use crate::model::{Entry, HardState, NodeId};
use crate::network::Conditions;
use crate::subject::Settings;
use crate::time::Micros;

/// What a cluster is made of.
#[derive(Clone, Debug)]
pub struct Design {
    /// One for each server, S1 first.
    pub servers: Vec<Start>,
    /// The first configuration. Other servers boot knowing nobody, and wait to be added (§6).
    pub members: Vec<NodeId>,
    /// Seed of what the network and the disks draw.
    pub seed: u64,
    /// What the network does to every message.
    pub conditions: Conditions,
    /// How long the disks take.
    pub sync: SyncTime,
    /// How long state machines take at most to apply what they were handed, with
    /// [`Settings::apply_limit`]: drawn evenly each time. Virtual microseconds; 0 is at once.
    pub apply_time: Micros,
    /// Whether what was applied survives a crash.
    pub durable_state_machine: bool,
}

/// How one server starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// currentTerm and votedFor on its disk.
    pub hard_state: HardState,
    /// The log on its disk.
    pub log: Vec<Entry>,
    /// Its timing and limits.
    pub settings: Settings,
    /// Time between two ticks of its clock, in virtual microseconds.
    pub tick: Micros,
    /// When its clock ticks first.
    pub first_tick: Micros,
}
