//! What a cluster is made of: its design, and each server with what it stands on.

use crate::disk::{Disk, SyncTime};
use crate::network::Weather;
use crate::subject::{Held, Settings, Subject, View};
use crate::time::Micros;
use crate::words::{Entry, HardState, LogIndex};

/// What a cluster is made of.
#[derive(Clone, Debug)]
pub struct Design {
    /// One for each server, S1 first.
    pub servers: Vec<Start>,
    /// Timing and limits, the same for all.
    pub settings: Settings,
    /// Seed of what the network and the disks draw.
    pub seed: u64,
    /// The network's weather.
    pub weather: Weather,
    /// How long the disks take.
    pub sync: SyncTime,
    /// Whether what was applied survives a crash.
    pub durable_state_machine: bool,
    /// Whether the oracles listen.
    pub oracles: bool,
}

/// How one server starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// currentTerm and votedFor on its disk.
    pub hard_state: HardState,
    /// The log on its disk.
    pub log: Vec<Entry>,
    /// Time between two ticks of its clock, in virtual microseconds.
    pub tick: Micros,
    /// When its clock ticks first.
    pub first_tick: Micros,
}

/// One server and what it stands on.
pub struct Server {
    pub(super) subject: Option<Box<dyn Subject>>,
    pub(super) view: View,
    pub(super) disk: Disk,
    /// Messages that wait for a write.
    pub(super) waiting: Vec<Held>,
    /// How far its state machine will be after a crash, if it is durable.
    pub(super) kept: Option<LogIndex>,
    /// Counts its boots; what was scheduled for an earlier life is void.
    pub(super) life: u32,
    pub(super) tick: Micros,
    pub(super) next_tick: Micros,
    /// Whether its next tick is scheduled.
    pub(super) ticking: bool,
    /// Its disk makes nothing durable by itself.
    pub(super) stalled: bool,
    /// How many syncs it has drawn a time for.
    pub(super) syncs: u64,
    /// When the last sync under way ends: the disk works in order.
    pub(super) busy_until: Micros,
}

impl Server {
    /// Whether it runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.subject.is_some()
    }

    /// Its state, as of its last step; that before the crash if it is down.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Its disk.
    #[must_use]
    pub fn disk(&self) -> &Disk {
        &self.disk
    }
}
