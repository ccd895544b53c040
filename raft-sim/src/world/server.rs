//! One server, and what it stands on.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};

use super::Start;
use crate::disk::{Disk, Survives};
use crate::model::LogIndex;
use crate::subject::{Event, Held, Request, Settings, Token, View};
use crate::time::Micros;

/// One server and what it stands on.
#[derive(Clone)]
pub struct Server {
    /// Whether it runs.
    pub(super) up: bool,
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
    pub(super) unnotified: VecDeque<Token>,
    /// Requests it has taken in this life and not answered.
    pub(super) unanswered: BTreeSet<Request>,
    /// How many entries its log has as it sees it, those included that its snapshot stands for.
    pub(super) length: u64,
    /// How many it had at most in this life.
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
    pub(super) apply_paused: bool,
    /// How many times to apply it has drawn.
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
            unanswered: BTreeSet::new(),
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

    /// Feeds the hasher with all of it that what happens later depends on, while time does not flow. Writes are named by
    /// their place among those of which it has not been notified; what only chance and clocks depend on is left out.
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
            match event {
                Event::Persisted(token) => place(*token).hash(hasher),
                event => event.hash(hasher),
            }
        }
        missed.is_some().hash(hasher);
    }

    /// Whether it runs, scheduled or not.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Its state, as of its last step; that before the crash if it is down.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The writes that are durable and of which it has not heard, oldest first.
    pub fn unnotified(&self) -> impl ExactSizeIterator<Item = Token> + '_ {
        self.unnotified.iter().copied()
    }

    /// Whether its state machine was handed something that it has not applied.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        let handed = self.settings.apply_limit.is_some() && self.is_up();
        handed && self.view.commit > self.view.applied
    }

    /// How many entries its log has as it sees it, those included that its snapshot stands for: the last index.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
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
