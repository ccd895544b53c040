//! A world: servers, the network between them, their disks and clocks, in virtual time, and nothing else.
//!
//! [`Action`]s are done to it ([`World::apply`]), and it tells its [`Observer`] what happens. It never decides what
//! happens next: it lists what can happen ([`World::enabled`]), and while time flows it says what is due
//! ([`World::next`]). It judges nothing, counts nothing and prints nothing; whatever does that observes.
//!
//! One step is one thing that happens to one server: a delivery, a tick, a request, a late notice of its disk, or its
//! state machine getting on with its work. What follows from it at once (a write on a disk that takes no time, the messages
//! that waited for it) belongs to the step.

mod apply;
mod clocks;
mod contract;
mod design;
mod disks;
mod enabled;
mod flow;
mod launch;
mod links;
mod power;
mod server;
mod state_machine;
mod step;

use crate::action::Action;
use crate::disk::SyncTime;
use crate::mix::mix;
use crate::model::{NodeId, length};
use crate::network::Network;
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Capability, Effects, Request, Role, Settings};
use crate::time::{Micros, Queue};

pub use design::{Design, Start};
pub use flow::Next;
pub use launch::Launch;
pub use server::Server;

use flow::Due;

/// Why an action did not come to its end. The world is not to be used any more, but for looking at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// An observer ended the run.
    Stopped,
    /// A server did not boot.
    NoBoot {
        /// The server.
        server: NodeId,
        /// Why.
        why: String,
    },
}

impl From<Stop> for Halt {
    fn from(Stop: Stop) -> Halt {
        Halt::Stopped
    }
}

/// A cluster in its surroundings. A copy of it goes on as it would have itself.
pub struct World<'a, L: Launch + ?Sized> {
    launch: &'a L,
    /// The servers themselves; `None` while one is down.
    subjects: Vec<Option<L::Server>>,
    /// What they stand on.
    servers: Vec<Server>,
    network: Network,
    queue: Queue<Due>,
    now: Micros,
    /// What the latest step left, kept for its memory.
    effects: Effects,
    members: Vec<NodeId>,
    seed: u64,
    sync: SyncTime,
    apply_time: Micros,
    durable_state_machine: bool,
    /// Whether a configuration is in force as soon as it is in the log.
    at_append: bool,
    /// Whether servers wait at each write until it is durable.
    waits_for_disk: bool,
    /// Whether servers hear of their durable writes in order.
    notices_in_order: bool,
    /// Whether messages and syncs take their time by themselves.
    flowing: bool,
    /// Whether no clock ticks any more.
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

    /// Does this to the world. False if it makes no difference: the server is down, or is not, or there is no such message.
    ///
    /// # Errors
    /// A server did not boot, or the observer ended the run.
    #[inline]
    pub fn apply(&mut self, action: Action, observer: &mut impl Observer) -> Result<bool, Halt> {
        observer.observe(
            self.now,
            &Observation::Action { action: std::borrow::Cow::Borrowed(&action) },
        )?;
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
        self.server(id).unanswered.iter().copied()
    }

    /// Up to which index of its log a server uses configurations; it uses the latest up to there.
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

fn slot(id: NodeId) -> usize {
    id.0 as usize - 1
}
