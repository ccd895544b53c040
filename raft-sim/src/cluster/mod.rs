//! The cluster: servers behind the door, their clocks and disks, the network between them, and the
//! oracles that hear of every step.
//!
//! One step is one thing that happens to one server: a delivery, a tick, a proposal. What follows from it
//! at once (a write on a disk that takes no time, the messages that waited for it) belongs to the step.
//! The cluster never decides what happens next: a plan or a scenario does.

mod design;
mod digest;
mod listener;
mod power;

use crate::disk::{Disk, SyncTime};
use crate::mix::{below, mix, mix_pair};
use crate::network::{Arrival, Network};
use crate::oracle::{Oracles, Violation};
use crate::subject::{
    Answer, Effects, Event, Implementation, Request, Role, Settings, Token, View,
};
use crate::time::{Micros, Queue};
use crate::words::{Command, Message, NodeId};

pub use design::{Design, Server, Start};
use digest::{mix_message, mix_view, mix_write};
pub use listener::{Heard, Listener};
pub use power::BootFailure;

/// A server's clock tick at its nominal rate, in virtual microseconds.
pub const TICK: Micros = 10_000;

/// What is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Arrival { slot: u32, number: u64 },
    Tick { server: u32, life: u32 },
    Synced { server: u32, life: u32, token: Token },
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
    oracles: Option<Oracles>,
    queue: Queue<Due>,
    now: Micros,
    steps: u64,
    digest: u64,
    effects: Effects,
    settings: Settings,
    seed: u64,
    sync: SyncTime,
    durable_state_machine: bool,
    /// Whether messages and syncs take their time by themselves.
    flowing: bool,
    /// What clients were told since somebody last took it.
    pub answers: Vec<(NodeId, Request, Answer)>,
}

impl<'a> Cluster<'a> {
    /// Builds the cluster and boots all of its servers at time 0. Nothing flows yet.
    ///
    /// # Errors
    /// The server that did not boot, and why.
    pub fn new(
        implementation: &'a dyn Implementation,
        design: Design,
        listener: Option<&'a mut dyn Listener>,
    ) -> Result<Cluster<'a>, (NodeId, BootFailure)> {
        let ids: Vec<NodeId> = (1..=design.servers.len() as u32).map(NodeId).collect();
        let mut cluster = Cluster {
            implementation,
            listener,
            network: Network::new(ids.len(), design.weather, mix(design.seed, 0x6e65_7477)),
            oracles: design.oracles.then(|| Oracles::new(&ids)),
            queue: Queue::new(),
            now: 0,
            steps: 0,
            digest: mix(0, design.seed),
            effects: Effects::default(),
            settings: design.settings,
            seed: design.seed,
            sync: design.sync,
            durable_state_machine: design.durable_state_machine,
            flowing: false,
            answers: Vec::new(),
            servers: Vec::new(),
        };
        for start in design.servers {
            cluster.servers.push(Server {
                subject: None,
                view: View::default(),
                disk: Disk::new(start.hard_state, start.log),
                waiting: Vec::new(),
                kept: None,
                life: 0,
                tick: start.tick,
                next_tick: start.first_tick,
                ticking: false,
                stalled: false,
                syncs: 0,
                busy_until: 0,
            });
        }
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

    /// The servers' timing and limits.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Virtual time, in microseconds since the start.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// How many deliveries, ticks and proposals there were.
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
    pub fn oracles(&self) -> Option<&Oracles> {
        self.oracles.as_ref()
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
                if state.life == life {
                    state.next_tick = time + state.tick;
                    self.queue.push(state.next_tick, due);
                    self.tick(NodeId(server + 1))?;
                }
            }
            Due::Synced { server, life, token } => {
                if self.servers[server as usize].life == life {
                    self.sync(NodeId(server + 1), token)?;
                }
            }
            Due::Agenda(item) => return Ok(Some(Happened::Agenda(item))),
        }
        Ok(Some(Happened::Step))
    }

    /// One tick of a server's clock. Nothing happens to a server that is down.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    #[inline]
    pub fn tick(&mut self, id: NodeId) -> Result<(), Violation> {
        self.step(id, Event::Tick)
    }

    /// A message reaches its server, whatever the network thinks. It is lost if the server is down.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    #[inline]
    pub fn receive(&mut self, message: Message) -> Result<(), Violation> {
        self.step(message.to, Event::Receive(message))
    }

    /// A client hands a server a command. False if the server is down: nobody will answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn propose(
        &mut self,
        id: NodeId,
        request: Request,
        command: Command,
    ) -> Result<bool, Violation> {
        let up = self.server(id).is_up();
        self.step(id, Event::Propose(request, command))?;
        Ok(up)
    }

    #[inline(always)]
    fn step(&mut self, id: NodeId, event: Event) -> Result<(), Violation> {
        if !self.servers[slot(id)].is_up() {
            return Ok(());
        }
        self.steps += 1;
        let word = match &event {
            Event::Tick => 1,
            Event::Receive(message) => 2 | (u64::from(message.from.0) << 8),
            Event::Propose(request, _) => 3 | (request.0 << 8),
            Event::Persisted(token) => 4 | (token.0 << 8),
        };
        self.digest = mix_pair(self.digest, self.now, (u64::from(id.0) << 56) ^ word);
        self.take(id, event)?;
        let server = &self.servers[slot(id)];
        if server.disk.is_dirty() && !server.stalled && self.sync.max == 0 {
            self.sync(id, Token(u64::MAX))?;
        }
        Ok(())
    }

    /// Everything up to and including this write becomes durable, and the server hears of it.
    pub(super) fn sync(&mut self, id: NodeId, through: Token) -> Result<(), Violation> {
        loop {
            let mut durable = None;
            while let Some(write) = self.servers[slot(id)].disk.sync_next(through) {
                durable = Some(write.token);
                if let Some(oracles) = &mut self.oracles {
                    oracles.persisted(id, &write);
                }
                if let Some(listener) = &mut self.listener {
                    listener.hear(self.now, &Heard::Durable(id, &write));
                }
            }
            let Some(token) = durable else { return Ok(()) };
            // What waited for a write leaves before the server is told and does more.
            self.send_waiting(id, token)?;
            self.take(id, Event::Persisted(token))?;
        }
    }

    fn send_waiting(&mut self, id: NodeId, durable: Token) -> Result<(), Violation> {
        if self.servers[slot(id)].waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.servers[slot(id)].waiting);
        for held in waiting {
            if held.after <= durable {
                self.send(held.message)?;
            } else {
                self.servers[slot(id)].waiting.push(held);
            }
        }
        Ok(())
    }

    /// The server takes an event, and what it wants done is done.
    fn take(&mut self, id: NodeId, event: Event) -> Result<(), Violation> {
        let server = &mut self.servers[slot(id)];
        let Some(subject) = &mut server.subject else { return Ok(()) };
        let before = server.view;
        let effects = &mut self.effects;
        effects.clear();
        effects.view = before;
        match &mut self.listener {
            None => subject.step(event, effects),
            Some(listener) => {
                subject.step(event.clone(), effects);
                let length = server.disk.written_length();
                let heard =
                    Heard::Step { server: id, event: &event, effects, before: &before, length };
                listener.hear(self.now, &heard);
            }
        }
        if effects.view != before {
            server.view = effects.view;
            self.digest = mix_view(self.digest, &effects.view);
        }
        for write in &effects.writes {
            self.digest = mix_write(self.digest, write);
        }
        if let Some(oracles) = &mut self.oracles {
            oracles.stepped(id, effects)?;
        }
        self.carry_out(id)
    }

    /// Hands on what the server's last step left in `effects`: first to the disk, then to the network.
    fn carry_out(&mut self, id: NodeId) -> Result<(), Violation> {
        if !self.effects.writes.is_empty() {
            self.submit(id);
        }
        if !self.effects.answers.is_empty() {
            let answers = self.effects.answers.drain(..);
            self.answers.extend(answers.map(|(request, answer)| (id, request, answer)));
        }
        let mut sends = std::mem::take(&mut self.effects.sends);
        for message in sends.drain(..) {
            self.send(message)?;
        }
        self.effects.sends = sends;
        if !self.effects.held.is_empty() {
            self.hold(id)?;
        }
        Ok(())
    }

    /// Keeps the messages that wait for a write until it is durable.
    fn hold(&mut self, id: NodeId) -> Result<(), Violation> {
        for held in std::mem::take(&mut self.effects.held) {
            let server = &mut self.servers[slot(id)];
            if server.disk.holds(held.after) {
                server.waiting.push(held);
            } else {
                self.send(held.message)?;
            }
        }
        Ok(())
    }

    fn submit(&mut self, id: NodeId) {
        let server = &mut self.servers[slot(id)];
        for write in self.effects.writes.drain(..) {
            if self.sync.max > 0 && self.flowing && !server.stalled {
                server.syncs += 1;
                let bits = mix(mix(self.seed, 0x6469_736b ^ u64::from(id.0)), server.syncs);
                let time = self.sync.min + below(bits, self.sync.max - self.sync.min + 1);
                server.busy_until = server.busy_until.max(self.now + time);
                let (life, token) = (server.life, write.token);
                let due = Due::Synced { server: id.0 - 1, life, token };
                self.queue.push(server.busy_until, due);
            }
            server.disk.submit(write);
        }
    }

    fn send(&mut self, message: Message) -> Result<(), Violation> {
        self.digest = mix_message(self.digest, &message);
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Sent(&message));
        }
        if let Some(oracles) = &mut self.oracles {
            oracles.sent(&message)?;
        }
        if self.flowing {
            let Cluster { network, queue, now, .. } = self;
            network.send(message, |arrival| schedule(queue, *now, arrival));
        } else {
            self.network.park(message);
        }
        Ok(())
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
