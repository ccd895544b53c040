//! The reference core behind the subject interface. The only place in the simulator that names `raft_core`'s node.

pub(crate) mod designed;
pub mod machine;
pub(crate) mod translate;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use machine::Machine;
use raft_core::{Input, Node, Output};
use translate::{answer, matched, received, sent, settings, view};

use crate::mix::MixHasher;
use crate::model::{Body, Entry, LogIndex, Message};
use crate::subject::{
    Answer, Applied, Boot, CLUSTER, Capability, Effects, Event, Implementation, LogWrite, Outcome,
    Request, Subject, Token, View, Write,
};
use crate::world::Launch;

/// The reference core.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl Implementation for Reference {
    fn name(&self) -> &str {
        "raft-core"
    }

    fn capabilities(&self) -> &[Capability] {
        &Capability::ALL
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let (server, view) = Server::boot(boot)?;
        Ok((Box::new(server), view))
    }
}

impl Launch for Reference {
    type Server = Server;

    fn capabilities(&self) -> &[Capability] {
        &Capability::ALL
    }

    fn launch(&self, boot: Boot) -> Result<(Server, View), String> {
        Server::boot(boot)
    }

    fn fork(server: &Server) -> Option<Server> {
        Some(server.clone())
    }

    fn fingerprint(server: &Server) -> Option<u64> {
        Subject::fingerprint(server)
    }
}

/// A server of the reference core with its host: the state machine, and the writes that wait for the disk. A clone
/// is a fork: each of the two has a disk of its own from then on.
#[derive(Clone, Debug)]
pub struct Server {
    node: Node,
    machine: Machine,
    /// True if the state machine may lag behind the log.
    lags: bool,
    /// Entries that the state machine was handed and has not applied.
    queue: VecDeque<Entry>,
    /// Writes that are not durable, and the tokens under which the disk knows them.
    unsynced: VecDeque<(Token, raft_core::Write)>,
    /// The number of the last token.
    written: u64,
}

impl Server {
    /// Boots a server, and returns it with its view.
    ///
    /// # Errors
    /// The reason why the durable state or the settings are invalid.
    pub fn boot(boot: Boot) -> Result<(Server, View), String> {
        // The host rebuilds its state machine: from the snapshot, and as far as it was durable from the log.
        let mut machine = match &boot.snapshot {
            Some(snapshot) => Machine::load(snapshot)?,
            None => Machine::new(boot.settings.sessions),
        };
        for entry in boot.log.iter().take_while(|entry| Some(entry.index) <= boot.applied) {
            machine.apply(entry);
        }
        let lags = boot.settings.apply_limit.is_some();
        let boot = raft_core::Boot {
            id: boot.id,
            cluster: CLUSTER,
            servers: boot.servers,
            settings: settings(&boot.settings),
            hard_state: boot.hard_state,
            snapshot: boot.snapshot,
            log: boot.log,
            applied: boot.applied,
        };
        let node = Node::boot(boot).map_err(|error| error.to_string())?;
        let view = view(&node, machine.digest());
        let server = Server {
            node,
            machine,
            lags,
            queue: VecDeque::new(),
            unsynced: VecDeque::new(),
            written: 0,
        };
        Ok((server, view))
    }

    /// Feeds the hasher with the state that later effects depend on. Two servers that feed it alike have the same
    /// effects, except the tokens of their writes: only the order of tokens counts.
    pub fn feed(&self, hasher: &mut impl Hasher) {
        let Server {
            node,
            machine,
            // One of the node's settings.
            lags: _,
            queue,
            unsynced,
            // The name of the last token.
            written: _,
        } = self;
        node.fingerprint(hasher);
        // The contents of the writes are on their way to the disk. Here only their number and order matter.
        (machine, queue, unsynced.len()).hash(hasher);
    }
}

impl Subject for Server {
    fn fork(&self) -> Option<Box<dyn Subject>> {
        Some(Box::new(self.clone()))
    }

    fn fingerprint(&self) -> Option<u64> {
        let mut hasher = MixHasher::default();
        self.feed(&mut hasher);
        Some(hasher.finish())
    }

    fn describe(&self) -> Option<String> {
        Some(self.node.to_string())
    }

    fn step(&mut self, event: Event, effects: &mut Effects) {
        if let Event::Receive(message) = event {
            self.receive(message, effects);
        } else if let Some(input) = self.input_of(event, effects) {
            self.input(input, effects);
        }
        effects.view = view(&self.node, self.machine.digest());
    }
}

impl Server {
    fn receive(&mut self, message: Message, effects: &mut Effects) {
        let acknowledges = matches!(message.body, Body::AppendEntriesReply { .. });
        let from = message.from;
        // Messages that it does not know are dropped: no core sends them.
        if let Some(message) = received(message) {
            self.input(Input::Receive(message), effects);
        }
        if acknowledges {
            effects.matched = matched(&self.node, from);
        }
    }

    /// The core's input for an event that is no message, if it has one.
    #[inline(always)]
    fn input_of(&mut self, event: Event, effects: &mut Effects) -> Option<Input> {
        let request = |Request(number)| raft_core::Request(number);
        Some(match event {
            Event::Tick => Input::Tick,
            Event::Receive(_) => return None,
            Event::Propose(name, command) => Input::Propose { request: request(name), command },
            Event::Register(name) => Input::Register { request: request(name) },
            Event::ProposeOnce(name, once) => Input::ProposeOnce { request: request(name), once },
            Event::Read(name) => Input::Read { request: request(name) },
            Event::ChangeMembership(name, voters, learners) => {
                Input::ChangeMembership { request: request(name), voters, learners }
            }
            Event::Transfer(name, to) => Input::TransferLeadership { request: request(name), to },
            Event::Compact(name) => match self.node.applied() {
                Some(through) => {
                    let data = self.machine.save();
                    Input::Compact { request: request(name), through, data }
                }
                None => {
                    effects.answers.push((name, Answer::Rejected));
                    return None;
                }
            },
            Event::Apply => Input::Applied(self.apply_queued(effects)?),
            Event::Persisted(token) => {
                let oldest = self.unsynced.pop_front_if(|(other, _)| *other == token);
                let durable = oldest.or_else(|| {
                    let place = self.unsynced.iter().position(|(other, _)| *other == token)?;
                    self.unsynced.remove(place)
                });
                let (_, write) = durable?;
                Input::Persisted(write.persisted())
            }
        })
    }

    fn input(&mut self, input: Input, effects: &mut Effects) {
        let Output { messages, write, restore, apply, answers, refused } = self.node.step(input);
        if !messages.is_empty() {
            effects.sends.extend(messages.drain(..).map(sent));
        }
        if let Some(snapshot) = restore {
            // Nothing that was handed out before it is needed; and the simulated clusters' snapshots are all
            // saved by such a machine.
            self.queue.clear();
            if let Ok(machine) = Machine::load(&snapshot) {
                self.machine = machine;
            }
            effects.restored = Some(snapshot);
        }
        if apply.is_empty() {
            // As after most steps.
        } else if self.lags {
            self.queue.extend(apply.iter().cloned());
        } else {
            effects.applied.extend(apply.iter().map(|entry| self.machine.apply(entry)));
        }
        if !answers.is_empty() {
            let answers = answers.drain(..);
            let applied = &effects.applied;
            let given =
                answers.map(|(request, given)| (Request(request.0), outcome(given, applied)));
            effects.answers.extend(given);
        }
        if let Some(refusal) = refused {
            effects.refused = Some(refusal.to_string());
        }
        if let Some(mut write) = write {
            self.written += 1;
            let token = Token(self.written);
            let log = write.take_log();
            let log = log.map(|log| LogWrite { from: log.from, entries: log.entries });
            let (hard_state, snapshot) = (write.hard_state(), write.snapshot().cloned());
            effects.writes.push(Write { hard_state, snapshot, log, ..Write::new(token) });
            self.unsynced.push_back((token, write));
        }
        if effects.restored.is_some() && self.lags {
            let restored = self.node.snapshot().map(|snapshot| snapshot.last.index);
            if let Some(index) = restored.filter(|index| Some(*index) > self.node.applied()) {
                self.applied(index, effects);
            }
        }
    }

    /// Reports to the core what a state machine that may lag has in a snapshot.
    #[cold]
    fn applied(&mut self, index: LogIndex, effects: &mut Effects) {
        self.input(Input::Applied(index), effects);
    }

    /// Lets the state machine apply all entries that it was handed, and reports them. Returns the index of the last.
    fn apply_queued(&mut self, effects: &mut Effects) -> Option<LogIndex> {
        let last = self.queue.back().map(|entry| entry.index)?;
        effects.applied.extend(self.queue.drain(..).map(|entry| self.machine.apply(&entry)));
        Some(last)
    }
}

/// An answer of the core, with the outcome of the entry that it speaks of if the state machine has applied that now.
fn outcome(given: raft_core::Answer, applied: &[Applied]) -> Answer {
    let given = answer(given);
    let Answer::Committed(index) = given else { return given };
    let applied = applied.iter().find(|applied| applied.entry.index == index);
    match applied.map(|applied| applied.outcome) {
        Some(Outcome::Registered(session)) => Answer::Registered(index, session),
        Some(Outcome::NoSession) => Answer::NoSession(index),
        Some(Outcome::Nothing | Outcome::Executed | Outcome::Repeated) | None => given,
    }
}
