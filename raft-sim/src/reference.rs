//! The reference core behind the door. The one file of the simulator that names `raft_core`'s node.

use std::collections::VecDeque;

use raft_core::{Input, Node, Output};

use crate::subject::{
    Answer, Boot, Capability, Effects, Event, Implementation, LogWrite, Request, Role, Subject,
    Token, View, Write,
};

/// The reference core.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl Implementation for Reference {
    fn name(&self) -> &str {
        "raft-core"
    }

    fn capabilities(&self) -> &[Capability] {
        &[
            Capability::Forge,
            Capability::NoOp,
            Capability::TailLimit,
            Capability::DurableStateMachine,
            Capability::FastBackup,
            Capability::Reports,
        ]
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let settings = raft_core::Settings {
            seed: boot.settings.seed,
            election_timeout_min: boot.settings.election_timeout.0,
            election_timeout_max: boot.settings.election_timeout.1,
            heartbeat_interval: boot.settings.heartbeat,
            entries_per_message: boot.settings.entries_per_message,
            window: boot.settings.window,
            uncommitted_limit: boot.settings.uncommitted_limit,
        };
        let boot = raft_core::Boot {
            id: boot.id,
            servers: boot.servers,
            settings,
            hard_state: boot.hard_state,
            log: boot.log,
            applied: boot.applied,
        };
        let node = Node::boot(boot).map_err(|error| error.to_string())?;
        let view = view(&node);
        Ok((Box::new(Server { node, unsynced: VecDeque::new(), written: 0 }), view))
    }
}

struct Server {
    node: Node,
    /// Writes that the disk has not made durable, by the token it knows them under.
    unsynced: VecDeque<(Token, raft_core::Write)>,
    written: u64,
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        match event {
            Event::Tick => self.input(Input::Tick, effects),
            Event::Receive(message) => self.input(Input::Receive(message), effects),
            Event::Propose(Request(number), command) => {
                let request = raft_core::Request(number);
                self.input(Input::Propose { request, command }, effects);
            }
            Event::Persisted(token) => {
                while let Some((first, _)) = self.unsynced.front()
                    && *first <= token
                    && let Some((_, write)) = self.unsynced.pop_front()
                {
                    self.input(Input::Persisted(write.persisted()), effects);
                }
            }
        }
        effects.view = view(&self.node);
    }
}

impl Server {
    fn input(&mut self, input: Input, effects: &mut Effects) {
        let Output { messages, write, apply, answers, refused } = self.node.step(input);
        if effects.sends.is_empty() {
            std::mem::swap(&mut effects.sends, messages);
        } else {
            effects.sends.append(messages);
        }
        if !apply.is_empty() {
            effects.applied.extend_from_slice(apply);
        }
        if !answers.is_empty() {
            let answers =
                answers.drain(..).map(|(request, answer)| (Request(request.0), translate(answer)));
            effects.answers.extend(answers);
        }
        if let Some(refusal) = refused {
            effects.refused = Some(refusal.to_string());
        }
        if let Some(mut write) = write {
            self.written += 1;
            let token = Token(self.written);
            let log = write.take_log();
            let log = log.map(|log| LogWrite { from: log.from, entries: log.entries });
            effects.writes.push(Write { token, hard_state: write.hard_state(), log });
            self.unsynced.push_back((token, write));
        }
    }
}

fn translate(answer: raft_core::Answer) -> Answer {
    match answer {
        raft_core::Answer::Committed => Answer::Committed,
        raft_core::Answer::Superseded => Answer::Superseded,
        raft_core::Answer::NotLeader(leader) => Answer::NotLeader(leader),
        raft_core::Answer::Busy => Answer::Busy,
    }
}

fn view(node: &Node) -> View {
    let hard_state = node.hard_state();
    View {
        role: match node.role() {
            raft_core::Role::Follower(_) => Role::Follower,
            raft_core::Role::Candidate(_) => Role::Candidate,
            raft_core::Role::Leader(_) => Role::Leader,
        },
        term: hard_state.term,
        voted_for: hard_state.voted_for,
        commit: node.commit(),
        applied: node.applied(),
        leader: node.leader(),
    }
}
