//! A hosted server: the driver of its host, between the world and the bytes of its disk.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use raft_host::{
    Decoder, Event as Input, Failure, Frame, Frozen, Host, JournalOptions, Lane, Limits, Machine,
    Observation, Operation, Options, Outputs, Reply, Request as Asked, Ticket, Work,
};

use super::device::Device;
use super::files::{Files, apply};
use crate::mix::{below, mix, mix_bytes};
use crate::model::{Body, Carried, LogIndex, Message, Own, Term, length};
use crate::reference::translate::{matched, received, sent, settings, view};
use crate::subject::{
    Answer, Applied, Boot, CLUSTER, Effects, Ended, Event, LogWrite, Outcome, Request, Subject,
    Token, View, Write,
};

/// Bytes of a segment: few, so that there are many.
const SEGMENT: u32 = 4_096;

/// Bytes of a snapshot in a frame: few, so that it takes several.
const PART: u32 = 64;

/// The state machine: a digest of all executed commands, in order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digest(u64);

impl Machine for Digest {
    type Frozen = Digested;

    fn apply(&mut self, _: LogIndex, command: &[u8]) -> Vec<u8> {
        self.0 = mix_bytes(self.0, command);
        Vec::new()
    }

    fn query(&self, _: &[u8]) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }

    fn freeze(&self) -> Digested {
        Digested(self.0.to_le_bytes().iter().copied().collect())
    }

    fn clear(&mut self) {
        self.0 = 0;
    }

    fn load(&mut self, piece: &[u8]) -> Result<(), String> {
        // Each piece is a byte, from the lowest on.
        let &[byte] = piece else { return Err("a piece is not a byte".into()) };
        self.0 = self.0 >> 8 | u64::from(byte) << 56;
        Ok(())
    }
}

/// The bytes of a digest that are not written yet.
#[derive(Clone, Debug)]
pub(super) struct Digested(VecDeque<u8>);

impl Frozen for Digested {
    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.pop_front().map(|byte| vec![byte])
    }
}

/// A frame that is no message of the core.
#[derive(Clone, Debug)]
struct Sent(Frame);

impl Carried for Sent {
    fn digest(&self) -> u64 {
        mix_bytes(0, &raft_host::frame::encode(CLUSTER, &self.0))
    }
}

/// A server.
pub(super) struct Server {
    host: Host<Digest>,
    outputs: Outputs,
    device: Rc<RefCell<Device>>,
    /// Operations that are not done, those of the log and the others.
    log: VecDeque<Operation>,
    bulk: VecDeque<Operation>,
    /// The last write that the world's disk has made durable.
    durable: u64,
    /// Writes of the world before the first of the host.
    before: u64,
    /// A write with which the world's disk becomes what the host has found, if they differ.
    found: Option<Write>,
    life: u64,
    /// The term of the last message of the core: it was durable before.
    term: Term,
    /// True if the disk is full now and then; the ticks until there is space again.
    fills: bool,
    full: u32,
}

fn options(boot: &Boot) -> Options {
    Options {
        life: boot.life,
        settings: settings(&boot.settings),
        sessions: boot.settings.sessions,
        segment: SEGMENT,
        snapshot_after: None,
        patience: None,
        limits: Limits { part: PART, ..Limits::default() },
        observe: true,
        ..Options::new(boot.id, CLUSTER, boot.servers.clone())
    }
}

/// The files of a server that begins with a term, a vote and a log.
pub(super) fn founded(boot: &Boot) -> Files {
    let journal = JournalOptions { cluster: CLUSTER, server: boot.id, segment: SEGMENT };
    let mut files = Files::new();
    for work in raft_host::founded(journal, boot.hard_state, &boot.log) {
        apply(&mut files, &work);
    }
    files
}

impl Server {
    /// Boots a server from these files, which are those of its device from then on.
    pub(super) fn boot(
        boot: &Boot,
        device: Rc<RefCell<Device>>,
        mut files: Files,
        fills: bool,
    ) -> Result<(Server, View), String> {
        let options = options(boot);
        let booted = Host::boot(options, &mut files, Digest::default());
        let (host, _) = booted.map_err(|error| error.to_string())?;
        device.borrow_mut().boot(boot.life, files);
        let mut server = Server {
            host,
            outputs: Outputs::default(),
            device,
            log: VecDeque::new(),
            bulk: VecDeque::new(),
            durable: 0,
            before: 0,
            found: None,
            life: boot.life,
            term: boot.hard_state.term,
            fills,
            full: 0,
        };
        server.found = server.difference(boot);
        server.before = u64::from(server.found.is_some());
        let mut effects = Effects::default();
        server.turn(&mut effects);
        let view = server.view();
        Ok((server, view))
    }

    /// A write that makes of what the world's disk has what the host has found; `None` if that is the same.
    fn difference(&self, boot: &Boot) -> Option<Write> {
        let node = self.host.node();
        let base = node.log().base().map(|base| base.index);
        let log = node.log().entries(base, node.log().last_index());
        let is_same = node.hard_state() == boot.hard_state
            && node.snapshot() == boot.snapshot.as_deref()
            && log == boot.log;
        if is_same {
            return None;
        }
        let all = super::entries(boot).min(length(node.log().last_index()));
        let same = (length(base)..all).find(|index| {
            let index = LogIndex::new(index + 1);
            let known = boot.log.iter().find(|entry| Some(entry.index) == index);
            known != log.iter().find(|entry| Some(entry.index) == index)
        });
        let from = LogIndex::after(LogIndex::new(same.unwrap_or(all)));
        let entries = node.log().entries(from.before().max(base), node.log().last_index());
        let snapshot = node.snapshot().filter(|found| Some(*found) != boot.snapshot.as_deref());
        Some(Write {
            hard_state: Some(node.hard_state()),
            snapshot: snapshot.cloned().map(Arc::new),
            log: Some(LogWrite { from, entries: entries.into() }),
            blob: Some(self.mark(0)),
            ..Write::new(Token(1))
        })
    }

    /// The name of a write, by which the next boot finds it.
    fn mark(&self, write: u64) -> Arc<[u8]> {
        Arc::from([self.life.to_le_bytes(), write.to_le_bytes()].concat())
    }

    fn view(&self) -> View {
        view(self.host.node(), mix(self.host.machine().0, 1) | 1)
    }

    /// The host's input for an event, if it has one.
    fn input(&mut self, event: Event) -> Option<Input> {
        let asked = |Request(number), request| {
            Some(Input::Request { ticket: Ticket(number), deadline: None, request })
        };
        match event {
            Event::Tick => {
                self.full = self.full.saturating_sub(1);
                Some(Input::Tick)
            }
            Event::Receive(Message { body: Body::Other { .. }, own, .. }) => {
                own.take::<Sent>().map(|Sent(frame)| Input::Receive(frame))
            }
            Event::Receive(message) => {
                received(message).map(|message| Input::Receive(Frame::Raft(message)))
            }
            Event::Propose(name, command) => asked(name, Asked::Command(command.to_vec())),
            Event::Register(name) => asked(name, Asked::Register),
            Event::ProposeOnce(name, once) => {
                let (session, serial, command) = (once.session, once.serial, once.command.to_vec());
                asked(name, Asked::Once { session, serial, command })
            }
            Event::Read(name) => asked(name, Asked::Read(Vec::new())),
            Event::ChangeMembership(name, voters, learners) => {
                asked(name, Asked::ChangeMembership { voters, learners })
            }
            Event::Transfer(name, to) => asked(name, Asked::TransferLeadership(to)),
            Event::Compact(name) => asked(name, Asked::Snapshot),
            Event::Apply => Some(Input::Apply),
            Event::Persisted(Token(token)) => {
                self.durable = self.durable.max(token);
                None
            }
        }
    }

    /// Lets the host end its turn, and its disk do what it can.
    fn turn(&mut self, effects: &mut Effects) {
        let mut full = Vec::new();
        loop {
            self.host.flush(&mut self.outputs);
            self.take_outputs(effects);
            let Some(operation) = self.next_operation(&full) else { return };
            let id = operation.id;
            if !self.has_space(&operation.work, effects.instant) {
                // It is kept for later, at the head of its lane.
                full.push(operation.lane);
                self.lane(operation.lane).push_front(operation);
                let failed = Input::Done { operation: id, result: Err(Failure::NoSpace) };
                self.host.handle(failed, &mut self.outputs);
                continue;
            }
            let written = self.host.written();
            let bytes = self.device.borrow_mut().carry_out(operation.work, written);
            self.host.handle(Input::Done { operation: id, result: Ok(bytes) }, &mut self.outputs);
        }
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Operation> {
        match lane {
            Lane::Log => &mut self.log,
            Lane::Bulk => &mut self.bulk,
        }
    }

    /// The next operation that can be carried out, but not in a lane that is full. Neither lane waits for the other, so either
    /// may come first.
    fn next_operation(&mut self, full: &[Lane]) -> Option<Operation> {
        let log = self.log.front().filter(|operation| !self.waits(&operation.work));
        let log = log.filter(|_| !full.contains(&Lane::Log));
        let bulk = self.bulk.front().filter(|_| !full.contains(&Lane::Bulk));
        let lane = match (log, bulk) {
            (Some(log), Some(bulk)) => match below(mix(mix(self.life, log.id), bulk.id), 2) {
                0 => Lane::Bulk,
                _ => Lane::Log,
            },
            (Some(_), None) => Lane::Log,
            (None, _) => Lane::Bulk,
        };
        self.lane(lane).pop_front_if(|operation| !full.contains(&operation.lane))
    }

    /// True if an operation of the log can't end yet: a sync takes until the world's disk has what it syncs.
    fn waits(&self, work: &Work) -> bool {
        let written = self.host.written();
        let is_sync = matches!(work, Work::Sync { .. } | Work::SyncDirectory);
        is_sync && written > 0 && self.durable < written.saturating_add(self.before)
    }

    /// True if there is space for what is to be written. A disk that takes no time (`instant`) has space, and so has one that a
    /// state machine is loaded from: the world takes it for loaded at once.
    fn has_space(&mut self, work: &Work, instant: bool) -> bool {
        let Work::Write { at, bytes, .. } = work else { return true };
        if self.host.is_loading() {
            return true;
        }
        if self.full == 0 {
            let key = mix(mix_bytes(self.life, bytes), *at);
            // Once only: it has space when it is tried again.
            if !self.fills || instant || self.host.is_full() || below(key, 50) > 0 {
                return true;
            }
            self.full = 1 + below(mix(key, 1), 4) as u32;
        }
        false
    }

    /// Hands on what the host wants done.
    fn take_outputs(&mut self, effects: &mut Effects) {
        let Outputs { frames, operations, replies, observations, stopped } =
            std::mem::take(&mut self.outputs);
        observations.into_iter().for_each(|observation| self.observed(observation, effects));
        for frame in frames {
            let mut decoder = Decoder::new(CLUSTER, usize::MAX);
            decoder.push(&frame.bytes);
            match decoder.next() {
                Ok(Some(frame)) => {
                    let message = self.message(frame);
                    effects.sends.push(message);
                }
                Ok(None) | Err(_) => {
                    effects.ended = Some(Ended::Crashed("it sent a frame that is none".into()));
                }
            }
        }
        for operation in operations {
            match operation.lane {
                Lane::Log => self.log.push_back(operation),
                Lane::Bulk => self.bulk.push_back(operation),
            }
        }
        let answers =
            replies.into_iter().map(|(Ticket(ticket), reply)| (Request(ticket), answer(reply)));
        effects.answers.extend(answers);
        if let Some(stopped) = stopped {
            effects.ended = Some(Ended::Crashed(stopped.to_string()));
        }
    }

    fn message(&mut self, frame: Frame) -> Message {
        let (from, to) = (frame.from(), frame.to());
        let what = match frame {
            Frame::Raft(message) => {
                self.term = message.term;
                return sent(message);
            }
            Frame::Fetch { .. } => "asks for a part of a snapshot's file",
            Frame::Part { .. } => "a part of a snapshot's file",
        };
        let own = Own::new(Sent(frame));
        let body = Body::Other { what: what.into() };
        Message { own, ..Message::new(from, to, self.term, body) }
    }

    fn observed(&mut self, observation: Observation, effects: &mut Effects) {
        match observation {
            Observation::Wrote { number, hard_state, snapshot, log } => {
                let log = log.map(|log| LogWrite { from: log.from, entries: log.entries });
                let (token, blob) = (Token(self.before + number), Some(self.mark(number)));
                effects.writes.push(Write { hard_state, snapshot, log, blob, ..Write::new(token) });
            }
            Observation::Restored(snapshot) => effects.restored = Some(snapshot),
            Observation::Applied(entry, outcome) => {
                let outcome = match outcome {
                    raft_core::Outcome::Nothing => Outcome::Nothing,
                    raft_core::Outcome::Executed(_) => Outcome::Executed,
                    raft_core::Outcome::Repeated(_) => Outcome::Repeated,
                    raft_core::Outcome::Registered(session) => Outcome::Registered(session),
                    raft_core::Outcome::Refused(_) => Outcome::NoSession,
                };
                effects.applied.push(Applied { entry, outcome });
            }
            Observation::Refused(refusal) => effects.refused = Some(refusal.to_string()),
            Observation::Durable(_) | Observation::SnapshotComplete(_) => {}
        }
    }
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        effects.writes.extend(self.found.take());
        let acknowledges = event.message().and_then(|message| {
            matches!(message.body, Body::AppendEntriesReply { .. }).then_some(message.from)
        });
        if let Some(input) = self.input(event) {
            self.host.handle(input, &mut self.outputs);
        }
        self.turn(effects);
        if let Some(follower) = acknowledges {
            effects.matched = matched(self.host.node(), follower);
        }
        effects.view = self.view();
    }
}

/// Its crash, which its disk outlives for a moment: the world may have made writes durable that the host would have given out next.
/// What it would have sent afterwards is lost.
impl Drop for Server {
    fn drop(&mut self) {
        (self.durable, self.full, self.fills) = (u64::MAX, 0, false);
        self.turn(&mut Effects::default());
    }
}

fn answer(reply: Reply) -> Answer {
    match reply {
        Reply::Applied(index, _) | Reply::Changed(index) => Answer::Committed(index),
        Reply::Registered(index, session) => Answer::Registered(index, session),
        Reply::NoSession(index) => Answer::NoSession(index),
        Reply::Read(index, _) => index.map_or(Answer::Rejected, Answer::Read),
        Reply::Done => Answer::Done,
        Reply::Superseded => Answer::Superseded,
        Reply::Unknown { .. } | Reply::Stopped => Answer::Unknown,
        Reply::NotLeader { leader } => Answer::NotLeader(leader),
        Reply::Busy(_) => Answer::Busy,
        Reply::Expired | Reply::Rejected(_) => Answer::Rejected,
    }
}
