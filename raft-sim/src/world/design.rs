//! The initial state of a world.

use crate::disk::SyncTime;
use crate::model::{Entry, HardState, NodeId};
use crate::network::Conditions;
use crate::subject::Settings;
use crate::time::Micros;

/// The design of a cluster.
#[derive(Clone, Debug)]
pub struct Design {
    /// The initial state of each server, S1 first.
    pub servers: Vec<Start>,
    /// The first configuration. Other servers boot without a configuration, and wait to be added (§6).
    pub members: Vec<NodeId>,
    /// The seed of all draws of the network and the disks.
    pub seed: u64,
    /// The network conditions.
    pub conditions: Conditions,
    /// The delays of the disks.
    pub sync: SyncTime,
    /// The longest time that a state machine takes to apply the entries handed to it, with [`Settings::apply_limit`];
    /// drawn evenly each time. Virtual microseconds; 0 is at once.
    pub apply_time: Micros,
    /// True if the state of a state machine survives a crash.
    pub durable_state_machine: bool,
}

/// The initial state of one server.
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
    /// The time of its first tick.
    pub first_tick: Micros,
}
