//! What can happen next, and copies of a world.

use std::hash::{Hash, Hasher};

use super::{Launch, World};
use crate::action::Action;
use crate::disk::Survives;
use crate::mix::MixHasher;
use crate::model::NodeId;
use crate::subject::Effects;

impl<L: Launch + ?Sized> World<'_, L> {
    /// All that can happen next without a client or an administrator and without a new fault of the network or of a clock, in a
    /// fixed order: for each message in flight its delivery and its copy, for each server what its clock, its disk and its
    /// state machine can do, its crash or its restart. A lost message needs no action: it is never delivered.
    #[must_use]
    pub fn enabled(&self) -> Vec<Action> {
        let mut enabled = Vec::new();
        for flight in self.network.in_flight() {
            let (from, to) = (flight.message.from, flight.message.to);
            if !flight.held && !self.network.is_cut(from, to) && self.server(to).is_up() {
                enabled.push(Action::Deliver { message: flight.id });
                enabled.push(Action::Duplicate { message: flight.id });
            }
        }
        self.ids().for_each(|server| self.enabled_on(server, &mut enabled));
        enabled
    }

    fn enabled_on(&self, server: NodeId, enabled: &mut Vec<Action>) {
        let state = self.server(server);
        if !state.is_up() {
            enabled.push(Action::Restart { server });
            return;
        }
        if state.missed.is_some() {
            enabled.push(Action::Pause { server, paused: false });
        } else {
            if !state.frozen && !self.stopped {
                enabled.push(Action::Tick { server });
            }
            enabled.extend(state.unnotified().map(|write| Action::Notify { server, write }));
            if state.is_behind() && !state.apply_paused {
                enabled.push(Action::Apply { server });
            }
        }
        if state.disk.is_dirty() {
            enabled.push(Action::Flush { server, writes: 1 });
        }
        enabled.push(Action::Crash { server, survives: Survives::default() });
    }

    /// A copy of this world that goes on as it would have itself; `None` if a server can't be copied
    /// ([`Launch::fork`]).
    #[must_use]
    pub fn fork(&self) -> Option<Self> {
        let forks = self.subjects.iter().map(|subject| match subject {
            Some(subject) => L::fork(subject).map(Some),
            None => Some(None),
        });
        Some(self.with_subjects(forks.collect::<Option<_>>()?))
    }

    /// A number that is equal for worlds that behave alike from here on while time does not flow, and, as far as 64 bits go,
    /// different for others. How a state was reached is left out, and so are times, the names of messages and writes, and
    /// what only chance depends on. `None` if a server has none ([`Launch::fingerprint`]).
    #[must_use]
    pub fn fingerprint(&self) -> Option<u64> {
        let mut hasher = MixHasher::default();
        for (subject, server) in std::iter::zip(&self.subjects, &self.servers) {
            if let Some(subject) = subject {
                L::fingerprint(subject)?.hash(&mut hasher);
            }
            server.fingerprint(&mut hasher);
        }
        self.network.fingerprint(&mut hasher);
        self.stopped.hash(&mut hasher);
        Some(hasher.finish())
    }

    fn with_subjects(&self, subjects: Vec<Option<L::Server>>) -> Self {
        World {
            launch: self.launch,
            subjects,
            servers: self.servers.clone(),
            network: self.network.clone(),
            queue: self.queue.clone(),
            now: self.now,
            effects: Effects::default(),
            members: self.members.clone(),
            seed: self.seed,
            sync: self.sync,
            apply_time: self.apply_time,
            durable_state_machine: self.durable_state_machine,
            at_append: self.at_append,
            waits_for_disk: self.waits_for_disk,
            notices_in_order: self.notices_in_order,
            flowing: self.flowing,
            stopped: self.stopped,
        }
    }
}

impl<L: Launch<Server: Clone> + ?Sized> Clone for World<'_, L> {
    fn clone(&self) -> Self {
        self.with_subjects(self.subjects.clone())
    }
}
