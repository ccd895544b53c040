//! What a cluster is made of: its design, and each server with what it stands on.

use std::collections::{BTreeSet, VecDeque};

use crate::disk::{Disk, SyncTime};
use crate::network::Weather;
use crate::subject::{Event, Held, Request, Settings, Subject, Token, View};
use crate::time::Micros;
use crate::words::{Entry, HardState, LogIndex, NodeId};

use super::power::Survives;

/// What a cluster is made of.
#[derive(Clone, Debug)]
pub struct Design {
    /// One for each server, S1 first.
    pub servers: Vec<Start>,
    /// The first configuration. Other servers boot knowing nobody, and wait to be added (§6).
    pub members: Vec<NodeId>,
    /// Seed of what the network and the disks draw.
    pub seed: u64,
    /// The network's weather.
    pub weather: Weather,
    /// How long the disks take.
    pub sync: SyncTime,
    /// How long state machines take at most to apply what they were handed, with
    /// [`Settings::apply_limit`]: drawn evenly each time. Virtual microseconds; 0 is at once.
    pub apply_time: Micros,
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
    /// Its timing and limits.
    pub settings: Settings,
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
    pub(super) settings: Settings,
    /// What its next boot has instead.
    pub(super) next_settings: Option<Settings>,
    /// Messages that wait for a write.
    pub(super) waiting: Vec<Held>,
    /// The latest write of this life.
    pub(super) written: Token,
    /// Writes that are durable, of which it has not heard; in order.
    pub(super) unheard: VecDeque<Token>,
    /// Requests it has taken in this life and not answered.
    pub(super) unanswered: BTreeSet<Request>,
    /// How many entries its log had at most in this life.
    pub(super) longest: u64,
    /// How far its state machine will be after a crash, if it is durable.
    pub(super) kept: Option<LogIndex>,
    /// Counts its boots; what was scheduled for an earlier life is void.
    pub(super) life: u32,
    pub(super) tick: Micros,
    pub(super) next_tick: Micros,
    /// Whether its next tick is scheduled.
    pub(super) ticking: bool,
    /// Its clock stands still.
    pub(super) frozen: bool,
    /// While it is not scheduled: what has reached it since, in order.
    pub(super) missed: Option<Vec<Event>>,
    /// It dies at its next write, and of what is not durable then so much survives.
    pub(super) armed: Option<Survives>,
    /// Its disk takes no writes: it dies at each.
    pub(super) broken: bool,
    /// Its disk makes nothing durable by itself.
    pub(super) stalled: bool,
    /// How many syncs it has drawn a time for.
    pub(super) syncs: u64,
    /// When the last sync under way ends: the disk works in order.
    pub(super) busy_until: Micros,
    /// Its state machine is at work: it applies what it was handed at a time that is scheduled.
    pub(super) applying: bool,
    /// Its state machine takes nothing.
    pub(super) paused: bool,
    /// How many times to apply it has drawn.
    pub(super) applications: u64,
}

impl Server {
    /// A server that has not booted.
    pub(super) fn new(start: Start) -> Server {
        Server {
            subject: None,
            view: View::default(),
            disk: Disk::new(start.hard_state, start.log),
            settings: start.settings,
            next_settings: None,
            waiting: Vec::new(),
            written: Token(0),
            unheard: VecDeque::new(),
            unanswered: BTreeSet::new(),
            longest: 0,
            kept: None,
            life: 0,
            tick: start.tick,
            next_tick: start.first_tick,
            ticking: false,
            frozen: false,
            missed: None,
            armed: None,
            broken: false,
            stalled: false,
            syncs: 0,
            busy_until: 0,
            applying: false,
            paused: false,
            applications: 0,
        }
    }

    /// Whether it runs, scheduled or not.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.subject.is_some()
    }

    /// Its state, as of its last step; that before the crash if it is down.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// How many writes are durable of which it has not heard.
    #[must_use]
    pub fn unheard(&self) -> usize {
        self.unheard.len()
    }

    /// How many entries its log had at most since it booted.
    #[must_use]
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// Its disk.
    #[must_use]
    pub fn disk(&self) -> &Disk {
        &self.disk
    }
}
