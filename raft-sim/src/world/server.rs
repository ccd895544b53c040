//! One server, with its disk, clock and state machine.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use super::Start;
use crate::disk::{Disk, Survives};
use crate::model::LogIndex;
use crate::requests::Open;
use crate::subject::{Event, Held, Settings, Token, View};
use crate::time::Micros;

/// One server with its disk, clock and state machine.
#[derive(Clone)]
pub struct Server {
    /// True if it runs.
    pub(super) up: bool,
    pub(super) view: View,
    pub(super) disk: Disk,
    pub(super) settings: Settings,
    /// Other settings for its next boot.
    pub(super) next_settings: Option<Settings>,
    /// Messages that wait for a write.
    pub(super) waiting: Vec<Held>,
    /// The latest write of this life.
    pub(super) written: Token,
    /// Durable writes of which it has not been notified, in order.
    pub(super) unnotified: VecDeque<Token>,
    /// Requests it has taken in this life and not answered.
    pub(super) unanswered: Open<()>,
    /// The number of entries in its log as it sees it, including those covered by its snapshot.
    pub(super) length: u64,
    /// The largest number of entries in this life.
    pub(super) longest: u64,
    /// The last entry that its state machine keeps over a crash, if it is durable.
    pub(super) kept: Option<LogIndex>,
    /// The number of its boots and crashes; events scheduled for an earlier life are void.
    pub(super) life: u32,
    pub(super) tick: Micros,
    pub(super) next_tick: Micros,
    /// True if its next tick is scheduled.
    pub(super) ticking: bool,
    /// True if its clock is stopped.
    pub(super) frozen: bool,
    /// While it is paused: the events that it missed since, in order.
    pub(super) missed: Option<Vec<Event>>,
    /// If set, it dies at its next write, and this much of the pending writes survives.
    pub(super) armed: Option<Survives>,
    /// True if its disk fails: it dies at each write.
    pub(super) broken: bool,
    /// True if its disk makes nothing durable by itself.
    pub(super) stalled: bool,
    /// The number of syncs for which a time was drawn.
    pub(super) syncs: u64,
    /// The end of the last sync under way: the disk works in order.
    pub(super) busy_until: Micros,
    /// True if its state machine is at work: the time at which it applies its entries is scheduled.
    pub(super) applying: bool,
    /// True if its state machine is paused.
    pub(super) apply_paused: bool,
    /// The number of times for applying that were drawn.
    pub(super) applications: u64,
}

impl Server {
    /// A server that has not booted.
    pub(super) fn new(start: Start) -> Server {
        Server {
            up: false,
            view: View::default(),
            disk: Disk::new(start.hard_state, start.log),
            settings: start.settings,
            next_settings: None,
            waiting: Vec::new(),
            written: Token(0),
            unnotified: VecDeque::new(),
            unanswered: Open::default(),
            length: 0,
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
            apply_paused: false,
            applications: 0,
        }
    }

    /// Feeds the hasher with all of its state that affects later behaviour while time does not flow. Writes are
    /// identified by their place among those of which it has not been notified. State that only affects random draws
    /// and clocks is left out.
    pub(super) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let Server {
            up,
            view,
            disk,
            settings,
            next_settings,
            waiting,
            written: _,
            unnotified,
            unanswered,
            length: _,
            longest: _,
            kept,
            life: _,
            tick: _,
            next_tick: _,
            ticking: _,
            frozen,
            missed,
            armed,
            broken,
            stalled,
            syncs: _,
            busy_until: _,
            applying: _,
            apply_paused,
            applications: _,
        } = self;
        let place = |token: Token| {
            let known = unnotified.iter().filter(|other| **other <= token).count();
            known + disk.unsynced_through(token)
        };
        (up, view, settings, next_settings, kept, unnotified.len()).hash(hasher);
        disk.fingerprint(hasher);
        for Held { after, message } in waiting {
            (place(*after), message).hash(hasher);
        }
        unanswered.hash(hasher);
        (frozen, armed, broken, stalled, apply_paused).hash(hasher);
        for event in missed.iter().flatten() {
            if let Event::Persisted(token) = event {
                place(*token).hash(hasher);
            } else {
                event.hash(hasher);
            }
        }
        missed.is_some().hash(hasher);
    }

    /// True if it runs, paused or not.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// True if it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.missed.is_some()
    }

    /// Its state after its last step; if it is down, its state before the crash.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The latest write of this life.
    #[must_use]
    pub fn written(&self) -> Token {
        self.written
    }

    /// The durable writes of which it has not been notified, oldest first.
    pub fn unnotified(&self) -> impl ExactSizeIterator<Item = Token> + '_ {
        self.unnotified.iter().copied()
    }

    /// True if its state machine was handed entries that it has not applied.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        let handed = self.settings.apply_limit.is_some() && self.is_up();
        handed && self.view.commit > self.view.applied
    }

    /// The number of entries in its log as it sees it, including those covered by its snapshot: the last index.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The largest number of entries that its log had since it booted.
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
