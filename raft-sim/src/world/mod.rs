//! A world: servers, the network between them, their disks and clocks, in virtual time, and nothing else.
//!
//! [`World::apply`] carries out an [`Action`], and an [`Observer`] is called for everything that happens. A world
//! never decides what happens next: it lists the possible actions ([`World::enabled`]), and while time flows it
//! returns the action that is due ([`World::next`]). It checks, counts and prints nothing: observers do.
//!
//! One step is one thing that happens to one server: a delivery, a tick, a request, a late notice of its disk, or its
//! state machine getting on with its work. Its immediate consequences (a write on a disk that takes no time, the
//! messages that waited for it) belong to the step.

mod apply;
mod contract;
mod design;
mod disks;
mod flow;
mod launch;
mod part;
mod server;
mod step;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use crate::action::Action;
use crate::disk::{Survives, SyncTime};
use crate::mix::{MixHasher, mix};
use crate::model::{NodeId, length};
use crate::network::{Arrival, Network};
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Capability, Effects, Request, Role, Settings};
use crate::time::{Micros, Queue};

pub use design::{Design, Start};
pub use flow::Next;
pub use launch::Launch;
pub use part::Part;
pub use server::Server;

use flow::{Due, schedule};

/// The reason why an action was not completed. The world may then be inspected, but not used any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// An observer ended the run.
    Stopped,
    /// A server did not boot.
    NoBoot {
        /// The server.
        server: NodeId,
        /// The reason.
        why: String,
    },
}

impl From<Stop> for Halt {
    fn from(Stop: Stop) -> Halt {
        Halt::Stopped
    }
}

/// A cluster with its network, disks and clocks. A copy of it behaves exactly as the original would.
pub struct World<'a, L: Launch + ?Sized> {
    launch: &'a L,
    /// The servers themselves; `None` while one is down.
    subjects: Vec<Option<L::Server>>,
    /// Their disks, clocks and other surroundings.
    servers: Vec<Server>,
    network: Network,
    queue: Queue<Due>,
    now: Micros,
    /// The effects of the latest step, kept to reuse its memory.
    effects: Effects,
    members: Vec<NodeId>,
    seed: u64,
    sync: SyncTime,
    apply_time: Micros,
    durable_state_machine: bool,
    /// True if a configuration is in force as soon as it is in the log.
    at_append: bool,
    /// True if servers wait at each write until it is durable.
    waits_for_disk: bool,
    /// True if servers are notified of their durable writes in order.
    notices_in_order: bool,
    /// True while time flows: messages and syncs are scheduled.
    flowing: bool,
    /// True if all clocks are stopped for good.
    stopped: bool,
}

impl<'a, L: Launch + ?Sized> World<'a, L> {
    /// Builds the cluster and boots all of its servers at time 0. Time does not flow yet.
    ///
    /// # Errors
    /// A server did not boot, or the observer ended the run.
    pub fn new(
        launch: &'a L,
        design: Design,
        observer: &mut impl Observer,
    ) -> Result<World<'a, L>, Halt> {
        let can = |capability| launch.capabilities().contains(&capability);
        let servers = design.servers.len();
        let mut world = World {
            launch,
            network: Network::new(servers, design.conditions, mix(design.seed, 0x6e65_7477)),
            queue: Queue::new(),
            now: 0,
            effects: Effects::default(),
            members: design.members,
            seed: design.seed,
            sync: design.sync,
            apply_time: design.apply_time,
            durable_state_machine: design.durable_state_machine,
            at_append: can(Capability::AtAppend),
            waits_for_disk: !can(Capability::SlowDisk),
            notices_in_order: !can(Capability::DiskNotices),
            flowing: false,
            stopped: false,
            subjects: (0..servers).map(|_| None).collect(),
            servers: design.servers.into_iter().map(Server::new).collect(),
        };
        for id in world.ids() {
            world.boot(id, observer)?;
        }
        Ok(world)
    }

    /// Carries out an action. False if it makes no difference, for example since the server is down, or up already,
    /// or there is no such message.
    ///
    /// # Errors
    /// A server did not boot, or the observer ended the run.
    pub fn apply(&mut self, action: Action, observer: &mut impl Observer) -> Result<bool, Halt> {
        observer
            .observe_made(self.now, || Observation::Action { action: Cow::Borrowed(&action) })?;
        self.carry_out_action(action, observer)
    }

    /// All servers' names, in order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<L> {
        (1..=self.servers.len() as u32).map(NodeId)
    }

    /// A server.
    #[must_use]
    pub fn server(&self, id: NodeId) -> &Server {
        &self.servers[slot(id)]
    }

    /// A server's timing and limits.
    #[must_use]
    pub fn settings(&self, id: NodeId) -> Settings {
        self.server(id).settings
    }

    /// The network between the servers.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Virtual time, in microseconds since the start.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// The requests that a server has taken since it booted and not answered, in order.
    pub fn unanswered(&self, id: NodeId) -> impl ExactSizeIterator<Item = Request> + '_ {
        self.server(id).unanswered.names()
    }

    /// The index up to which a server uses the configurations in its log: the latest one up to there is in force.
    #[must_use]
    pub fn configured_up_to(&self, id: NodeId) -> u64 {
        if self.at_append { u64::MAX } else { length(self.server(id).view.applied) }
    }

    /// The live leader of the highest term, if there is one.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.ids()
            .filter(|&id| self.server(id).is_up() && self.server(id).view.role == Role::Leader)
            .max_by_key(|&id| self.server(id).view.term)
    }
}

impl<L: Launch + ?Sized> World<'_, L> {
    /// Sets an alarm of the driver: [`World::next`] returns its number at this time. Events at the same time are
    /// returned in the order in which they were scheduled.
    pub fn set_alarm(&mut self, time: Micros, number: u64) {
        self.queue.push(time, Due::Alarm(number));
    }

    /// Advances time to the next event up to and including `until`, and returns it. If there is none, advances to
    /// `until` and returns `None`.
    #[inline(always)]
    pub fn next(&mut self, until: Micros) -> Option<Next> {
        let Some((time, due)) = self.queue.pop(until) else {
            self.now = until;
            return None;
        };
        self.now = time;
        Some(Next::Action(match due {
            Due::Arrival(message) if self.network.arrives(message) => Action::Deliver { message },
            Due::Tick { server, life } if self.servers[server as usize].life == life => {
                if self.stopped {
                    return Some(Next::Void);
                }
                let state = &mut self.servers[server as usize];
                state.next_tick = time + state.tick;
                self.queue.push(state.next_tick, due);
                if state.frozen {
                    return Some(Next::Void);
                }
                Action::Tick { server: NodeId(server + 1) }
            }
            Due::Synced { server, life, token } if self.servers[server as usize].life == life => {
                Action::Sync { server: NodeId(server + 1), through: token }
            }
            Due::Notice { server, life, token } if self.servers[server as usize].life == life => {
                Action::Notify { server: NodeId(server + 1), write: token }
            }
            Due::Apply { server, life } if self.servers[server as usize].life == life => {
                let state = &mut self.servers[server as usize];
                state.applying = false;
                if state.apply_paused {
                    return Some(Next::Void);
                }
                Action::Apply { server: NodeId(server + 1) }
            }
            Due::Alarm(number) => return Some(Next::Alarm(number)),
            Due::Arrival(_)
            | Due::Tick { .. }
            | Due::Synced { .. }
            | Due::Notice { .. }
            | Due::Apply { .. } => return Some(Next::Void),
        }))
    }

    /// Starts time: clocks tick, messages travel and disks sync by themselves from now on, and messages that are in
    /// flight and not held set out now. Or stops it: messages sent from now on stay in flight; scheduled events stay
    /// scheduled.
    pub(super) fn set_flowing(&mut self, flows: bool) {
        if self.flowing == flows {
            return;
        }
        self.flowing = flows;
        if !flows {
            return;
        }
        self.set_out();
        let World { queue, now, servers, .. } = self;
        for (index, server) in servers.iter_mut().enumerate() {
            if server.is_up() && !server.ticking {
                server.ticking = true;
                server.next_tick = server.next_tick.max(*now);
                let due = Due::Tick { server: index as u32, life: server.life };
                queue.push(server.next_tick, due);
            }
        }
    }

    /// Messages in flight that are neither held nor scheduled set out, if time flows.
    pub(super) fn set_out(&mut self) {
        if self.flowing {
            let World { network, queue, now, .. } = self;
            network.set_out(|Arrival { message, delay }| {
                schedule(queue, *now, message, delay);
            });
        }
    }

    /// Schedules the next tick of a server's clock, if time flows.
    pub(super) fn start_clock(&mut self, id: NodeId) {
        let server = &mut self.servers[slot(id)];
        server.ticking = self.flowing;
        if self.flowing {
            server.next_tick = self.now + server.tick;
            let due = Due::Tick { server: id.0 - 1, life: server.life };
            self.queue.push(server.next_tick, due);
        }
    }
}

impl<L: Launch + ?Sized> World<'_, L> {
    /// All actions that are possible next without a client or an administrator and without a new fault of the network
    /// or of a clock, in a fixed order: for each message in flight its delivery and its duplication; for each server
    /// the actions of its clock, its disk and its state machine, and its crash or restart. A lost message needs no
    /// action: it is never delivered.
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

    /// A copy of this world that behaves exactly as the original would; `None` if a server can't be copied
    /// ([`Launch::fork`]).
    #[must_use]
    pub fn fork(&self) -> Option<Self> {
        let forks = self.subjects.iter().map(|subject| match subject {
            Some(subject) => L::fork(subject).map(Some),
            None => Some(None),
        });
        Some(self.with_subjects(forks.collect::<Option<_>>()?))
    }

    /// A number that is equal for worlds that behave alike from now on while time does not flow, and, within the
    /// limits of 64 bits, different for others. It does not depend on how a state was reached, on times, on the
    /// identities of messages and writes, or on numbers that only affect random draws. `None` if a server has none
    /// ([`Launch::fingerprint`]).
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

fn slot(id: NodeId) -> usize {
    id.0 as usize - 1
}
