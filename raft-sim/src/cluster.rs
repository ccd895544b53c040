//! The cluster: servers behind the door, their clocks and disks, the network between them, and the
//! oracles that hear of every step.
//!
//! One step is one thing that happens to one server: a delivery, a tick, a proposal. What follows from it
//! at once (a write on a disk that takes no time, the messages that waited for it) belongs to the step.
//! The cluster never decides what happens next: a plan or a scenario does.

use std::sync::Arc;

use crate::disk::{Disk, SyncTime};
use crate::mix::{below, mix, mix_bytes};
use crate::network::{Arrival, Network, Weather};
use crate::oracle::{Oracles, Violation};
use crate::subject::{
    Answer, Boot, Effects, Event, Implementation, Request, Settings, Subject, Token, View, Write,
};
use crate::time::{Micros, Queue};
use crate::words::{
    AppendReply, Body, Entry, HardState, LogIndex, Message, NodeId, Payload, length,
};

/// A server's clock tick at its nominal rate, in virtual microseconds.
pub const TICK: Micros = 10_000;

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
    subject: Option<Box<dyn Subject>>,
    view: View,
    disk: Disk,
    /// Messages that wait for a write.
    waiting: Vec<(Token, Message)>,
    /// How far its state machine will be after a crash, if it is durable.
    kept: Option<LogIndex>,
    /// Counts its boots; what was scheduled for an earlier life is void.
    life: u32,
    tick: Micros,
    next_tick: Micros,
    /// Whether its next tick is scheduled.
    ticking: bool,
    /// Its disk makes nothing durable by itself.
    stalled: bool,
    /// How many syncs it has drawn a time for.
    syncs: u64,
    /// When the last sync under way ends: the disk works in order.
    busy_until: Micros,
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

/// One step, for whoever listens.
#[derive(Debug)]
pub enum Heard<'a> {
    /// A server took an event and this came of it. `before` is its state before.
    Step {
        /// The server.
        server: NodeId,
        /// What it took.
        event: &'a Event,
        /// What it did.
        effects: &'a Effects,
        /// Its state before.
        before: &'a View,
    },
    /// A message leaves (and may be lost).
    Sent(&'a Message),
    /// A write is durable.
    Durable(NodeId, &'a Write),
    /// A server booted; with what it found on its disk, if it was not the first time.
    Booted(NodeId, &'a View),
    /// A server died, losing so many writes that were not durable.
    Crashed(NodeId, usize),
    /// A scenario's statement on this line begins.
    Statement(u32),
}

/// Listens to every step; for stories and pictures, never for verdicts.
pub trait Listener {
    /// Something happened at this time.
    fn hear(&mut self, now: Micros, heard: &Heard<'_>);
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
    /// What a server refuses to boot from, with its name.
    pub fn new(
        implementation: &'a dyn Implementation,
        design: Design,
        listener: Option<&'a mut dyn Listener>,
    ) -> Result<Cluster<'a>, String> {
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
            match cluster.boot(id) {
                Ok(()) => {}
                Err(BootFailure::Refused(why)) => return Err(format!("{id} does not boot: {why}")),
                Err(BootFailure::Violation(violation)) => return Err(violation.to_string()),
            }
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
        command: Arc<[u8]>,
    ) -> Result<bool, Violation> {
        let up = self.server(id).is_up();
        self.step(id, Event::Propose(request, command))?;
        Ok(up)
    }

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
        self.digest = mix(mix(self.digest, self.now), (u64::from(id.0) << 56) ^ word);
        self.take(id, event)?;
        let server = &self.servers[slot(id)];
        if server.disk.is_dirty() && !server.stalled && self.sync.max == 0 {
            self.sync(id, Token(u64::MAX))?;
        }
        Ok(())
    }

    /// Everything up to and including this write becomes durable, and the server hears of it.
    fn sync(&mut self, id: NodeId, through: Token) -> Result<(), Violation> {
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
        for (token, message) in waiting {
            if token <= durable {
                self.send(message)?;
            } else {
                self.servers[slot(id)].waiting.push((token, message));
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
                let heard = Heard::Step { server: id, event: &event, effects, before: &before };
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
        if self.effects.sends.is_empty() {
            return Ok(());
        }
        let mut sends = std::mem::take(&mut self.effects.sends);
        for send in sends.drain(..) {
            let server = &mut self.servers[slot(id)];
            match send.after {
                Some(token) if server.disk.holds(token) => {
                    server.waiting.push((token, send.message));
                }
                Some(_) | None => self.send(send.message)?,
            }
        }
        self.effects.sends = sends;
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

    /// A server dies. Of what its disk has not made durable, the first `survives` writes had just made it.
    /// False if it was down.
    pub fn crash(&mut self, id: NodeId, survives: usize) -> bool {
        let server = &mut self.servers[slot(id)];
        if server.subject.take().is_none() {
            return false;
        }
        server.life += 1;
        server.waiting.clear();
        for _ in 0..survives {
            if let Some(write) = server.disk.sync_next(Token(u64::MAX))
                && let Some(oracles) = &mut self.oracles
            {
                oracles.persisted(id, &write);
            }
        }
        if self.durable_state_machine {
            server.kept = server.view.applied.min(server.disk.durable_prefix());
        }
        let lost = server.disk.unsynced();
        server.disk.lose_unsynced();
        self.digest = mix(mix(self.digest, 5), u64::from(id.0));
        if let Some(oracles) = &mut self.oracles {
            oracles.crashed(id);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Crashed(id, lost));
        }
        true
    }

    /// Boots a server that is down from what is durable. Nothing happens to one that is up.
    ///
    /// # Errors
    /// Why the server does not boot, or a property that an oracle saw violated.
    pub fn restart(&mut self, id: NodeId) -> Result<(), BootFailure> {
        if self.server(id).is_up() {
            return Ok(());
        }
        self.digest = mix(mix(self.digest, 6), u64::from(id.0));
        self.boot(id)
    }

    fn boot(&mut self, id: NodeId) -> Result<(), BootFailure> {
        let servers: Vec<NodeId> = self.ids().collect();
        let server = &mut self.servers[slot(id)];
        let hard_state = server.disk.hard_state();
        let log = server.disk.log().to_vec();
        let boot =
            Boot { id, servers, settings: self.settings, hard_state, applied: server.kept, log };
        let (subject, view) = self.implementation.boot(boot).map_err(BootFailure::Refused)?;
        server.subject = Some(subject);
        server.view = view;
        server.life += 1;
        server.busy_until = self.now;
        server.ticking = self.flowing;
        if self.flowing {
            server.next_tick = self.now + server.tick;
            let due = Due::Tick { server: id.0 - 1, life: server.life };
            self.queue.push(server.next_tick, due);
        }
        if let Some(listener) = &mut self.listener {
            listener.hear(self.now, &Heard::Booted(id, &view));
        }
        match &mut self.oracles {
            Some(oracles) => oracles
                .booted(id, hard_state, server.disk.log(), &view)
                .map_err(BootFailure::Violation),
            None => Ok(()),
        }
    }

    /// From now on a server's disk makes nothing durable by itself, or does again and catches up.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn stall(&mut self, id: NodeId, stalled: bool) -> Result<(), Violation> {
        self.servers[slot(id)].stalled = stalled;
        if stalled { Ok(()) } else { self.sync_all(id) }
    }

    /// All that a server has written so far becomes durable.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn sync_all(&mut self, id: NodeId) -> Result<(), Violation> {
        match self.servers[slot(id)].disk.last_unsynced() {
            Some(token) => self.sync(id, token),
            None => Ok(()),
        }
    }

    /// The disk of a server that is down forgets everything. Raft is not made for this.
    pub fn wipe(&mut self, id: NodeId) {
        let server = &mut self.servers[slot(id)];
        server.disk = Disk::default();
        server.kept = None;
        server.view = View::default();
        self.digest = mix(mix(self.digest, 7), u64::from(id.0));
        if let Some(oracles) = &mut self.oracles {
            oracles.wiped(id);
        }
    }

    /// The live leader of the highest term, if there is one.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.ids()
            .filter(|&id| {
                self.server(id).is_up() && self.server(id).view.role == crate::subject::Role::Leader
            })
            .max_by_key(|&id| self.server(id).view.term)
    }
}

/// Why a server did not come up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootFailure {
    /// The implementation refuses this state or these settings.
    Refused(String),
    /// An oracle objects to the state it came up with.
    Violation(Violation),
}

fn slot(id: NodeId) -> usize {
    id.0 as usize - 1
}

fn schedule(queue: &mut Queue<Due>, now: Micros, Arrival { slot, number, delay }: Arrival) {
    queue.push(now + delay, Due::Arrival { slot, number });
}

fn mix_view(digest: u64, view: &View) -> u64 {
    let vote = view.voted_for.map_or(0, |vote| u64::from(vote.0) + 1);
    let digest = mix(digest, view.term.0 ^ (vote << 40) ^ ((view.role as u64) << 60));
    mix(digest, length(view.commit) ^ (length(view.applied) << 32))
}

fn mix_write(digest: u64, write: &Write) -> u64 {
    let mut digest = mix(digest, write.token.0);
    if let Some(state) = write.hard_state {
        digest = mix(digest, state.term.0);
    }
    if let Some(log) = &write.log {
        digest = mix(digest, log.from.get());
        for entry in log.entries.iter() {
            digest = mix(digest, entry.term.0);
            if let Payload::Command(command) = &entry.payload {
                digest = mix_bytes(digest, command);
            }
        }
    }
    digest
}

fn mix_message(digest: u64, message: &Message) -> u64 {
    let number = |index: Option<LogIndex>| length(index);
    let said = match &message.body {
        Body::RequestVote { last } => 1 ^ (number(last.map(|last| last.index)) << 8),
        Body::RequestVoteReply { granted } => 2 ^ (u64::from(*granted) << 8),
        Body::AppendEntries { prev, entries, commit } => {
            let prev = number(prev.map(|prev| prev.index));
            3 ^ (prev << 4) ^ ((entries.len() as u64) << 32) ^ (number(*commit) << 40)
        }
        Body::AppendEntriesReply(AppendReply::Success { matched }) => 4 ^ (number(*matched) << 8),
        Body::AppendEntriesReply(AppendReply::Refused { prev, conflict }) => {
            let first = conflict.map_or(0, |conflict| conflict.first.get());
            5 ^ (number(*prev) << 8) ^ (first << 36)
        }
    };
    let link = u64::from(message.from.0) << 32 | u64::from(message.to.0);
    mix(mix(digest, said), message.term.0 ^ (link << 16))
}
