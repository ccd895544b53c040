//! The bounds of an exploration, and how much of them a history has used.

use serde::{Deserialize, Serialize};

/// The bounds of an exploration: what its histories have at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The voters of the first configuration.
    pub servers: u32,
    /// Further servers, which boot without a configuration.
    pub joiners: u32,
    /// The highest term.
    pub terms: u64,
    /// Commands that are proposed.
    pub entries: u8,
    /// Crashes.
    pub crashes: u8,
    /// Messages that are delivered and stay in flight.
    pub duplicates: u8,
    /// Heartbeats of leaders.
    pub heartbeats: u8,
    /// Reads.
    pub reads: u8,
    /// Changes of the configuration.
    pub members: u8,
    /// Snapshots.
    pub snapshots: u8,
    /// Requests to hand leadership to another server.
    pub transfers: u8,
    /// Election timeouts; `None` if only terms bound them.
    pub timeouts: Option<u8>,
    /// True if a write is durable by an action of its own; else with its step.
    pub slow_disks: bool,
}

impl Bounds {
    /// The most of each bounded action: their numbers share a word.
    pub const MOST: u8 = 7;

    /// The number of servers, joiners included.
    #[must_use]
    pub fn everyone(&self) -> u32 {
        self.servers + self.joiners
    }

    /// The bounded actions, each with the word for it and the most of it.
    pub fn actions(&self) -> impl Iterator<Item = (&'static str, u8)> + '_ {
        Bounded::ALL.iter().map(|(what, name)| (*name, self.of(*what)))
    }

    /// The most of an action.
    #[must_use]
    pub(super) fn of(&self, what: Bounded) -> u8 {
        match what {
            Bounded::Entry => self.entries,
            Bounded::Duplicate => self.duplicates,
            Bounded::Crash => self.crashes,
            Bounded::Heartbeat => self.heartbeats,
            Bounded::Read => self.reads,
            Bounded::Change => self.members,
            Bounded::Snapshot => self.snapshots,
            Bounded::Transfer => self.transfers,
            Bounded::Timeout => self.timeouts.unwrap_or(0),
        }
    }
}

/// An action whose number in a history is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bounded {
    Entry,
    Duplicate,
    Crash,
    Heartbeat,
    Read,
    Change,
    Snapshot,
    Transfer,
    Timeout,
}

impl Bounded {
    /// All of them, each with its word in a line of text.
    pub(super) const ALL: [(Bounded, &'static str); 9] = [
        (Bounded::Entry, "entries"),
        (Bounded::Duplicate, "duplicates"),
        (Bounded::Crash, "crashes"),
        (Bounded::Heartbeat, "heartbeats"),
        (Bounded::Read, "reads"),
        (Bounded::Change, "members"),
        (Bounded::Snapshot, "snapshots"),
        (Bounded::Transfer, "transfers"),
        (Bounded::Timeout, "timeouts"),
    ];
}

/// How often each bounded action was taken, three bits for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used(pub(super) u32);

impl Used {
    /// How often an action was taken.
    pub(super) fn of(self, what: Bounded) -> u8 {
        (self.0 >> (3 * what as u32) & 7) as u8
    }

    /// The same with the action taken once more; `None` if the bounds have no more of it.
    pub(super) fn with(self, what: Bounded, bounds: &Bounds) -> Option<Used> {
        (self.of(what) < bounds.of(what)).then(|| Used(self.0 + (1 << (3 * what as u32))))
    }
}
