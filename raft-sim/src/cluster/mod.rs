//! The cluster: servers behind the door, their clocks and disks, the network between them, and the
//! oracles that hear of every step.
//!
//! One step is one thing that happens to one server: a delivery, a tick, a request, a late notice of its disk,
//! or its state machine getting on with its work. What follows from it at once (a write on a disk that takes
//! no time, the messages that waited for it) belongs to the step.
//! The cluster never decides what happens next: a plan or a scenario does.

mod apply;
mod clocks;
mod contract;
mod design;
mod digest;
mod disks;
mod fair;
mod features;
mod listener;
mod moments;
mod power;
mod requests;
mod step;

use crate::checker::{Checkers, Violation};
use crate::disk::SyncTime;
use crate::mix::mix;
use crate::network::{Arrival, Network};
use crate::subject::{Answer, Capability, Effects, Implementation, Request, Role, Settings, Token};
use crate::time::{Micros, Queue};
use crate::words::{NodeId, length};

use features::Features;
use moments::Watch;

pub use design::{Design, Server, Start};
pub(crate) use digest::step_digests;
pub use features::Feature;
pub use listener::{Heard, Listener};
pub use moments::{Came, Moment};
pub use power::{BootFailure, Survives};

/// A server's clock tick at its nominal rate, in virtual microseconds.
pub const TICK: Micros = 10_000;

/// What is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Arrival { slot: u32, number: u64 },
    Tick { server: u32, life: u32 },
    Synced { server: u32, life: u32, token: Token },
    Notice { server: u32, life: u32, token: Token },
    Apply { server: u32, life: u32 },
    Agenda(u64),
}

/// What the next event was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A server took a step, or nothing came of the event.
    Step,
    /// An item of the agenda is due; what it means is its owner's business.
    Agenda(u64),
}

/// A cluster under test.
pub struct Cluster<'a> {
    implementation: &'a dyn Implementation,
    listener: Option<&'a mut dyn Listener>,
    servers: Vec<Server>,
    /// The network between them.
    pub network: Network,
    oracles: Option<Checkers>,
    features: Features,
    watch: Watch,
    queue: Queue<Due>,
    now: Micros,
    steps: u64,
    digest: u64,
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
    /// What clients were told since somebody last took it.
    pub answers: Vec<(NodeId, Request, Answer)>,
    /// Who died by itself, at a write, since somebody last took it.
    pub died: Vec<NodeId>,
    /// The implementation for this cluster alone, if it has one. It ends after the servers.
    own: Option<Box<dyn Implementation + 'a>>,
}

impl<'a> Cluster<'a> {
    /// Builds the cluster and boots all of its servers at time 0. Nothing flows yet.
    ///
    /// # Errors
    /// The server that did not boot, and why; S1 if there can be no cluster at all.
    pub fn new(
        implementation: &'a dyn Implementation,
        design: Design,
        listener: Option<&'a mut dyn Listener>,
    ) -> Result<Cluster<'a>, (NodeId, BootFailure)> {
        let ids: Vec<NodeId> = (1..=design.servers.len() as u32).map(NodeId).collect();
        let own = implementation.enter(design.seed);
        let own = own.map_err(|why| (NodeId(1), BootFailure::Refused(why)))?;
        let conduct = implementation.capabilities().contains(&Capability::Conduct);
        let waits_for_disk = !implementation.capabilities().contains(&Capability::SlowDisk);
        let at_append = implementation.capabilities().contains(&Capability::AtAppend);
        let oracles = design.oracles.then(|| {
            let settings = design.servers.iter().map(|server| server.settings).collect();
            let oracles = Checkers::with_members(&ids, &design.members);
            let oracles = if at_append { oracles } else { oracles.at_apply() };
            let oracles = if waits_for_disk { oracles.waiting_for_disks() } else { oracles };
            if conduct { oracles.with_rules(settings) } else { oracles }
        });
        let mut cluster = Cluster {
            implementation,
            listener,
            network: Network::new(ids.len(), design.weather, mix(design.seed, 0x6e65_7477)),
            oracles,
            features: Features::new(ids.len()),
            watch: Watch::default(),
            queue: Queue::new(),
            now: 0,
            steps: 0,
            digest: mix(0, design.seed),
            effects: Effects::default(),
            members: design.members,
            seed: design.seed,
            sync: design.sync,
            apply_time: design.apply_time,
            durable_state_machine: design.durable_state_machine,
            at_append,
            waits_for_disk,
            notices_in_order: !implementation.capabilities().contains(&Capability::DiskNotices),
            flowing: false,
            stopped: false,
            answers: Vec::new(),
            died: Vec::new(),
            own,
            servers: design.servers.into_iter().map(Server::new).collect(),
        };
        for &id in &ids {
            cluster.boot(id).map_err(|failure| (id, failure))?;
        }
        Ok(cluster)
    }

    /// All servers' names, in order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
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

    /// Virtual time, in microseconds since the start.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// How many steps there were.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// A digest of every step so far: equal for equal histories.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The oracles, if they listen.
    #[must_use]
    pub fn oracles(&self) -> Option<&Checkers> {
        self.oracles.as_ref()
    }

    /// From now on the oracles, if they listen, keep what clients do and hear.
    pub fn record(&mut self) {
        if let Some(oracles) = &mut self.oracles {
            oracles.record();
        }
    }

    /// Tells the listener that a scenario's statement begins.
    pub fn announce(&mut self, line: u32) {
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Statement(line));
        }
    }

    /// From now on clocks tick, messages travel and disks sync by themselves, as [`Cluster::next`] takes
    /// events out of the queue; what is in flight and not held sets out now.
    pub fn flow(&mut self) {
        if self.flowing {
            return;
        }
        self.flowing = true;
        let Cluster { network, queue, now, servers, .. } = self;
        network.schedule_parked(|arrival| schedule(queue, *now, arrival));
        for (index, server) in servers.iter_mut().enumerate() {
            if server.is_up() && !server.ticking {
                server.ticking = true;
                server.next_tick = server.next_tick.max(*now);
                let due = Due::Tick { server: index as u32, life: server.life };
                queue.push(server.next_tick, due);
            }
        }
    }

    /// Messages that are sent from now on stay in flight until somebody delivers them or lets time flow.
    /// What is scheduled stays so.
    pub fn still(&mut self) {
        self.flowing = false;
    }

    /// Puts an item on the agenda, to come up at this time.
    pub fn schedule(&mut self, time: Micros, item: u64) {
        self.queue.push(time, Due::Agenda(item));
    }

    /// Lets messages that were held until now set out.
    pub fn release_held(&mut self) {
        if self.flowing {
            let Cluster { network, queue, now, .. } = self;
            network.schedule_parked(|arrival| schedule(queue, *now, arrival));
        }
    }

    /// Takes the next event that is due up to and including `until`; `None` if there is none, and then it
    /// is `until`.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    #[inline]
    pub fn next(&mut self, until: Micros) -> Result<Option<Happened>, Violation> {
        let Some((time, due)) = self.queue.pop(until) else {
            self.now = until;
            return Ok(None);
        };
        self.now = time;
        match due {
            Due::Arrival { slot, number } => {
                if let Some(message) = self.network.arrive(slot, number) {
                    self.receive(message)?;
                }
            }
            Due::Tick { server, life } => {
                let state = &mut self.servers[server as usize];
                if state.life == life && !self.stopped {
                    state.next_tick = time + state.tick;
                    self.queue.push(state.next_tick, due);
                    if !state.frozen {
                        self.tick(NodeId(server + 1))?;
                    }
                }
            }
            Due::Synced { server, life, token } => {
                if self.servers[server as usize].life == life {
                    self.sync(NodeId(server + 1), token)?;
                }
            }
            Due::Notice { server, life, token } => {
                if self.servers[server as usize].life == life {
                    self.hear_late(NodeId(server + 1), token)?;
                }
            }
            Due::Apply { server, life } => {
                if self.servers[server as usize].life == life {
                    self.apply(NodeId(server + 1))?;
                }
            }
            Due::Agenda(item) => return Ok(Some(Happened::Agenda(item))),
        }
        Ok(Some(Happened::Step))
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

fn schedule(queue: &mut Queue<Due>, now: Micros, Arrival { slot, number, delay }: Arrival) {
    queue.push(now + delay, Due::Arrival { slot, number });
}
