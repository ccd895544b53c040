//! The server: one core, its journal, its snapshots, its state machine and its clients.

mod disk;
mod requests;
mod snapshots;

use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::mem;

use raft_core::{
    Answer, Entry, Input, LogIndex, Message, Node, NodeId, Outcome, Output, Position, Role,
    Sessions, Settings, Snapshot, Term,
};

use crate::disk::{File, Files, Work};
use crate::event::{Event, Observation, Outgoing, Outputs, Stopped};
use crate::frame::{self, Frame};
use crate::journal::{Journal, JournalOptions};
use crate::machine::Machine;
use crate::options::Options;
use crate::recovery::{BootError, Note, recover};
use crate::snapshot::Handle;
use disk::{Disk, Purpose};
use requests::Requests;
use snapshots::Snapshots;

/// A server. It is driven by [events](Event), and answers with [outputs](Outputs).
#[derive(Debug)]
pub struct Host<M: Machine> {
    options: Options,
    node: Node,
    machine: M,
    sessions: Sessions,
    journal: Journal,
    disk: Disk,
    requests: Requests,
    snapshots: Snapshots<M::Frozen>,
    /// Snapshots that were found at the boot and are to be removed.
    leftovers: Vec<File>,
    /// Entries that were handed out and are not applied.
    queue: VecDeque<Entry>,
    /// The outcomes of the entries that were applied last.
    outcomes: Vec<(LogIndex, Outcome)>,
    /// Ticks since the boot.
    ticks: u64,
    /// The number of the core's last write.
    wrote: u64,
    /// The number of the last write that is durable.
    durable: u64,
    /// The term that this server leads.
    leads: Option<Term>,
    stopped: bool,
}

impl<M: Machine> Host<M> {
    /// Boots a server from its files; from none if it was never there before. The first outputs, of [`Host::flush`], mend what
    /// a power loss has left.
    ///
    /// # Errors
    /// [`BootError`], the first that is found. Nothing is repaired, and nothing is skipped.
    pub fn boot(
        options: Options,
        files: &mut impl Files,
        mut machine: M,
    ) -> Result<(Host<M>, Vec<Note>), BootError> {
        let Options { id, cluster, segment, .. } = options;
        let journal = JournalOptions { cluster, server: id, segment };
        machine.clear();
        let recovered = recover(journal, files, &mut |piece| machine.load(piece))?;
        let snapshot = recovered.snapshot;
        // The file was read, and is the one that the log names.
        let handle = snapshot.as_ref().and_then(|snapshot| Handle::from_bytes(&snapshot.data));
        let last = snapshot.as_ref().map(|snapshot| snapshot.last);
        let node = Node::boot(raft_core::Boot {
            id,
            cluster,
            servers: options.servers.clone(),
            settings: settings(&options.settings),
            hard_state: recovered.hard_state,
            snapshot,
            log: recovered.log,
            applied: None,
        });
        let leftovers = recovered.notes.iter().filter_map(|note| match note {
            Note::Leftover(file @ (File::Snapshot(_) | File::Partial(_))) => Some(*file),
            Note::Leftover(File::Segment(_)) | Note::Torn(..) => None,
        });
        let host = Host {
            leftovers: leftovers.collect(),
            node: node.map_err(BootError::Core)?,
            machine,
            sessions: recovered.sessions.unwrap_or_else(|| Sessions::new(options.sessions)),
            journal: recovered.journal,
            disk: Disk::default(),
            requests: Requests::new(options.life),
            snapshots: Snapshots::new(last.zip(handle)),
            queue: VecDeque::new(),
            outcomes: Vec::new(),
            ticks: 0,
            wrote: 0,
            durable: 0,
            leads: None,
            stopped: false,
            options,
        };
        Ok((host, recovered.notes))
    }

    /// Takes an event. What follows from it is added to `outputs`.
    pub fn handle(&mut self, event: Event, outputs: &mut Outputs) {
        match event {
            Event::Request { ticket, deadline, request } => {
                self.request(ticket, deadline, request, outputs);
            }
            Event::Tick | Event::Receive(_) | Event::Done { .. } | Event::Apply if self.stopped => {
            }
            Event::Tick => self.tick(outputs),
            Event::Receive(Frame::Raft(message)) => self.receive(message, outputs),
            Event::Receive(Frame::Fetch { from, to, snapshot, at }) => {
                if to == self.options.id {
                    self.serve(from, snapshot, at, outputs);
                }
            }
            Event::Receive(Frame::Part { from, to, snapshot, at, bytes }) => {
                if to == self.options.id {
                    self.part(from, snapshot, at, &bytes, outputs);
                }
            }
            Event::Done { operation, result } => self.done(operation, result, outputs),
            Event::Apply => {
                if let Some(last) = self.apply(outputs) {
                    self.step(Input::Applied(last), outputs);
                }
            }
        }
    }

    /// Ends a turn: called when the driver has handed in all events that are at hand, and before it carries out the outputs. Reads
    /// that came in the turn share one question to the cluster, and writes one operation of the disk.
    pub fn flush(&mut self, outputs: &mut Outputs) {
        if self.stopped {
            return;
        }
        for file in mem::take(&mut self.leftovers) {
            self.disk.bulk(Work::Remove { file }, Purpose::Nothing, outputs);
        }
        self.ask_for_reads(outputs);
        let grown = self.journal.grown();
        if self.options.snapshot_after.is_some_and(|limit| grown >= limit) {
            self.snapshot_by_itself(outputs);
        }
        for work in self.journal.operations() {
            self.disk.log(work, outputs);
        }
    }

    /// The core: role, term, leader, log, configuration, commit index.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The state machine. While it is loaded from a snapshot ([`Host::is_loading`]) it has a part of its state.
    #[must_use]
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// True while the state machine is loaded from a snapshot.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.snapshots.is_loading()
    }

    /// The number of requests that wait for an answer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.requests.len()
    }

    /// True if the disk is full: the server takes no writes.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.disk.is_full()
    }

    /// The number of the core's writes in this life for which operations were given out; each was observed as
    /// [`Observation::Wrote`].
    #[must_use]
    pub fn written(&self) -> u64 {
        self.journal.written()
    }

    /// The snapshots that are complete on the disk: the one in force, and those that are still read.
    pub fn snapshots(&self) -> impl Iterator<Item = (Position, Handle)> + '_ {
        self.snapshots.files()
    }

    fn tick(&mut self, outputs: &mut Outputs) {
        self.ticks += 1;
        self.step(Input::Tick, outputs);
        self.expire(outputs);
        self.clean(outputs);
    }

    fn receive(&mut self, message: Message, outputs: &mut Outputs) {
        if let Some(message) = self.without_its_file(message, outputs) {
            self.step(Input::Receive(message), outputs);
        }
    }

    /// Steps the core, and applies what it hands out, unless that waits for its event.
    fn step(&mut self, input: Input, outputs: &mut Outputs) {
        self.step_once(input, outputs);
        while self.options.settings.apply_limit.is_none()
            && let Some(last) = self.apply(outputs)
        {
            self.step_once(Input::Applied(last), outputs);
        }
        let term = self.node.hard_state().term;
        let leads = matches!(self.node.role(), Role::Leader(_)).then_some(term);
        if mem::replace(&mut self.leads, leads).is_some_and(|led| leads != Some(led)) {
            self.lost_leadership();
        }
    }

    fn step_once(&mut self, input: Input, outputs: &mut Outputs) {
        let Output { messages, write, restore, apply, answers, refused } = self.node.step(input);
        let cluster = self.options.cluster;
        outputs.frames.extend(messages.drain(..).map(|message| {
            let frame = Frame::Raft(message);
            outgoing(cluster, &frame)
        }));
        let restored = restore.is_some();
        if restored {
            // Nothing that was handed out before the snapshot is needed.
            self.queue.clear();
        }
        self.queue.extend(apply.iter().cloned());
        let answers: Vec<(raft_core::Request, Answer)> = mem::take(answers);
        let observe = self.options.observe;
        if let Some(refusal) = refused.filter(|_| observe) {
            outputs.observations.push(Observation::Refused(refusal));
        }
        if let Some(write) = write {
            self.wrote += 1;
            if observe {
                outputs.observations.push(Observation::Wrote {
                    number: self.wrote,
                    hard_state: write.hard_state(),
                    snapshot: write.snapshot().cloned(),
                    log: write.log().cloned(),
                });
            }
            self.journal.submit(write);
        }
        if let Some(snapshot) = restore {
            self.load(snapshot, outputs);
        }
        for (request, answer) in answers {
            self.answered(request, answer, outputs);
        }
    }

    /// Applies all entries that were handed out. Returns the index of the last.
    fn apply(&mut self, outputs: &mut Outputs) -> Option<LogIndex> {
        if self.is_loading() {
            return None;
        }
        let last = self.queue.back()?.index;
        self.outcomes.clear();
        for entry in self.queue.drain(..) {
            let machine = &mut self.machine;
            let outcome =
                self.sessions.apply(&entry, |command| machine.apply(entry.index, command));
            self.outcomes.push((entry.index, outcome.clone()));
            if self.options.observe {
                outputs.observations.push(Observation::Applied(entry, outcome));
            }
        }
        Some(last)
    }

    fn send(&self, frame: &Frame, outputs: &mut Outputs) {
        outputs.frames.push(outgoing(self.options.cluster, frame));
    }

    /// Stops for good. Only a boot finds out what the disk holds.
    fn stop(&mut self, stopped: Stopped, outputs: &mut Outputs) {
        self.stopped = true;
        self.answer_all_stopped(outputs);
        outputs.stopped = Some(stopped);
    }

    /// The snapshot in force.
    fn base(&self) -> Option<&Snapshot> {
        self.node.snapshot()
    }
}

fn outgoing(cluster: u64, frame: &Frame) -> Outgoing {
    let (to, class): (NodeId, _) = (frame.to(), frame.class());
    Outgoing { to, class, bytes: frame::encode(cluster, frame).into() }
}

/// The core's settings. The core is always told what is applied, and sends a handle as one part.
fn settings(settings: &Settings) -> Settings {
    let apply_limit = Some(settings.apply_limit.unwrap_or(u32::MAX));
    Settings { apply_limit, snapshot_chunk: Handle::SIZE as u32, ..*settings }
}

/// The reason for which an operation of the disk ends the server.
fn failed(work: &Work, reason: &str) -> Stopped {
    Stopped::Disk { operation: work.to_string(), reason: reason.to_string() }
}
