//! The loop that owns a host: hands it what happens, and carries out what it wants.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use raft_core::{NodeId, Role};
use raft_host::{Decoder, Event, Host, Machine, Observation, Outputs, Reply, Stopped, Ticket};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::{Input, News, Status};
use crate::config::{Addresses, Config};
use crate::disk::{Directory, Disk, Report};
use crate::machine::replicated::Replicated;
use crate::trace::Recorder;
use crate::transport::{Book, Packet, Transport, frame};

/// Events of one kind that are taken in one turn, at most: then what follows from them is carried out.
const TURN: usize = 512;

/// A host, and all that it is connected to.
pub(super) struct Driver<M: Machine> {
    id: NodeId,
    cluster: u64,
    host: Host<Replicated<M>>,
    outputs: Outputs,
    transport: Arc<dyn Transport>,
    book: Book,
    /// The number of addresses in the log that the book has.
    known: BTreeMap<NodeId, Addresses>,
    disk: Disk,
    reports: mpsc::UnboundedReceiver<Report>,
    recorder: Option<Recorder>,
    waiting: BTreeMap<Ticket, oneshot::Sender<Reply>>,
    tickets: u64,
    news: watch::Sender<News>,
    clock: Clock,
    heard: Option<Instant>,
    settings: raft_core::Settings,
    /// Locked until the driver is dropped.
    _directory: Directory,
}

/// The clock of a server, in ticks.
struct Clock {
    tick: Duration,
    began: Instant,
    counted: u64,
    /// Ticks that are made up for after a pause, at most.
    most: u64,
}

impl Clock {
    /// The ticks that are due.
    fn due(&mut self) -> u64 {
        let passed = self.began.elapsed().as_nanos() / self.tick.as_nanos().max(1);
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let due = passed.saturating_sub(self.counted);
        self.counted = passed;
        due.min(self.most)
    }
}

impl<M: Machine> Driver<M> {
    pub(super) fn new(
        config: &Config,
        host: Host<Replicated<M>>,
        transport: Arc<dyn Transport>,
        book: Book,
        recorder: Option<Recorder>,
        news: watch::Sender<News>,
        directory: Directory,
    ) -> io::Result<Driver<M>> {
        let (reporter, reports) = mpsc::unbounded_channel();
        let disk = Disk::start(directory.path(), move |report| {
            // The driver may have ended.
            let _ = reporter.send(report);
        })?;
        let settings = config.settings();
        // A lease must see all of the time that has passed. Without one a process that was paused, or had no processor, need
        // not believe that all others were silent meanwhile.
        let most = match settings.lease_drift {
            Some(_) => u64::from(settings.election_timeout_max) * 2,
            None => u64::from(settings.heartbeat_interval).max(2),
        };
        let clock = Clock { tick: config.timing.tick(), began: Instant::now(), counted: 0, most };
        Ok(Driver {
            id: config.id,
            cluster: config.cluster,
            host,
            outputs: Outputs::default(),
            transport,
            book,
            known: BTreeMap::new(),
            disk,
            reports,
            recorder,
            waiting: BTreeMap::new(),
            tickets: 0,
            news,
            clock,
            heard: None,
            settings,
            _directory: directory,
        })
    }

    /// Runs until it is told to stop, or the host stops by itself.
    pub(super) async fn run(
        mut self,
        mut inputs: mpsc::Receiver<Input>,
        mut arrivals: mpsc::Receiver<Packet>,
    ) {
        let mut ticks = interval(self.clock.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut packets, mut asked) = (Vec::new(), Vec::new());
        // What a power loss has left is mended first.
        let mut ends = self.end_turn();
        while !ends {
            tokio::select! {
                biased;
                _ = ticks.tick() => {}
                Some(report) = self.reports.recv() => self.done(report),
                _ = arrivals.recv_many(&mut packets, TURN) => {}
                taken = inputs.recv_many(&mut asked, TURN) => ends = taken == 0,
            }
            // Time that has passed counts before anything that is asked now.
            for _ in 0..self.clock.due() {
                self.event(Event::Tick);
            }
            while let Ok(report) = self.reports.try_recv() {
                self.done(report);
            }
            while packets.len() < TURN
                && let Ok(packet) = arrivals.try_recv()
            {
                packets.push(packet);
            }
            while asked.len() < TURN
                && let Ok(input) = inputs.try_recv()
            {
                asked.push(input);
            }
            packets.drain(..).for_each(|packet| self.receive(&packet));
            for input in asked.drain(..) {
                ends |= self.take(input);
            }
            ends |= self.end_turn();
        }
    }

    fn done(&mut self, (operation, result): Report) {
        self.event(Event::Done { operation, result });
    }

    fn event(&mut self, event: Event) {
        self.host.handle(event, &mut self.outputs);
        self.record();
    }

    /// Takes a packet: bytes that are no frame, or are not from the server that they came from, are dropped.
    fn receive(&mut self, packet: &Packet) {
        let mut decoder = Decoder::new(self.cluster, frame::LARGEST);
        decoder.push(&packet.bytes);
        match decoder.next() {
            Ok(Some(frame)) if frame.from() == packet.from && frame.to() == self.id => {
                if self.host.node().leader() == Some(packet.from) {
                    self.heard = Some(Instant::now());
                }
                self.event(Event::Receive(frame));
            }
            Ok(_) => {
                tracing::warn!(from = %packet.from, "dropped a frame that is not what it claims")
            }
            Err(error) => tracing::warn!(from = %packet.from, %error, "dropped"),
        }
    }

    /// Takes what a handle wants. True if the server is to stop.
    fn take(&mut self, input: Input) -> bool {
        match input {
            Input::Request { request, deadline, answer } => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                #[cfg(feature = "bugs")]
                let request = crate::bugs::read_locally(request);
                self.waiting.insert(ticket, answer);
                self.event(Event::Request { ticket, deadline: Some(deadline), request });
            }
            // The other end may have given up on any of these.
            Input::Status(answer) => drop(answer.send(self.status())),
            Input::Log { from, limit, answer } => {
                let log = self.host.node().log();
                let length = |index: Option<raft_core::LogIndex>| raft_core::length(index);
                let base = length(log.base().map(|base| base.index));
                let last = length(log.last_index());
                let after = match from {
                    Some(from) => (from.get() - 1).max(base),
                    None => last.saturating_sub(limit as u64).max(base),
                };
                let end = last.min(after.saturating_add(limit as u64));
                let index = raft_core::LogIndex::new;
                let _ = answer.send(log.entries(index(after), index(end)).to_vec());
            }
            Input::Stop => return true,
        }
        false
    }

    /// Ends a turn: carries out what the host wants. True if the host has stopped by itself.
    fn end_turn(&mut self) -> bool {
        self.host.flush(&mut self.outputs);
        self.record();
        self.flush_trace();
        for operation in self.outputs.operations.drain(..) {
            self.disk.submit(operation);
        }
        for frame in self.outputs.frames.drain(..) {
            self.transport.send(Packet { from: self.id, to: frame.to, bytes: frame.bytes });
        }
        for (ticket, reply) in self.outputs.replies.drain(..) {
            if let Some(answer) = self.waiting.remove(&ticket) {
                // A client that has gone needs none.
                let _ = answer.send(reply);
            }
        }
        self.learn_addresses();
        self.tell();
        self.outputs.stopped.take().is_some_and(|stopped| {
            match &stopped {
                Stopped::Disk { .. } | Stopped::Snapshot(_) | Stopped::Machine(_) => {
                    tracing::error!("the server stops: {stopped}");
                }
            }
            true
        })
    }

    /// Puts addresses that the log has into the book of the transport.
    fn learn_addresses(&mut self) {
        let addresses = self.host.machine().addresses();
        if *addresses == self.known {
            return;
        }
        self.known.clone_from(addresses);
        for (server, addresses) in self.known.iter().filter(|(server, _)| **server != self.id) {
            self.book.set(*server, addresses.peer.clone());
        }
    }

    fn tell(&mut self) {
        let node = self.host.node();
        let news = News {
            term: node.hard_state().term.0,
            leader: node.leader(),
            applied: node.applied(),
            leads: matches!(node.role(), Role::Leader(_)),
        };
        let before = *self.news.borrow();
        if (before.term, before.leader) != (news.term, news.leader) {
            let leader = news.leader.map(|leader| leader.to_string()).unwrap_or_default();
            tracing::info!(term = news.term, %leader, "leadership");
            self.heard = None;
        }
        if before != news {
            self.news.send_replace(news);
        }
    }

    fn status(&self) -> Status {
        let node = self.host.node();
        let ticks = self.settings.election_timeout(self.id, node.hard_state().term);
        let election = self.clock.tick * ticks;
        let follows = node.leader().is_some_and(|leader| leader != self.id);
        let heard = self.heard.filter(|_| follows).map(|heard| heard.elapsed());
        Status {
            cluster: self.cluster,
            addresses: self.host.machine().addresses().clone(),
            heard_ms: heard.map(|heard| heard.as_millis() as u64),
            election_ms: election.as_millis() as u64,
            waiting: self.host.waiting(),
            full: self.host.is_full(),
            loading: self.host.is_loading(),
            ..Status::of(node)
        }
    }

    fn record(&mut self) {
        let observations = std::mem::take(&mut self.outputs.observations);
        for observation in &observations {
            if let Observation::Refused(refusal) = observation {
                tracing::warn!(%refusal, "refused a frame");
            }
        }
        let node = self.host.node();
        let told = self.recorder.as_mut().map(|recorder| recorder.turn(node, &observations));
        self.check_trace(told);
    }

    fn flush_trace(&mut self) {
        let told = self.recorder.as_mut().map(Recorder::flush);
        self.check_trace(told);
    }

    fn check_trace(&mut self, told: Option<io::Result<()>>) {
        if let Some(Err(error)) = told {
            tracing::error!(%error, "the trace ends here");
            self.recorder = None;
        }
    }
}
