//! The trace of a run of the simulator: an observer that writes the events that the servers would report.
//!
//! It sees the observations that the checkers see, and writes fewer: no messages, nothing about clients. It reports
//! durable writes as `durable` events, so that a crash may lose the rest.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Value, json};

use crate::mix::mix_bytes;
use crate::model::{Entry, NodeId, Payload, Position, length};
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::subject::{Effects, Role, Token, View, Write};
use crate::time::Micros;

/// An observer that writes a run as a trace.
pub struct Recorder {
    voters: Vec<NodeId>,
    servers: Vec<Server>,
    lines: Vec<(NodeId, String)>,
}

/// Knowledge of a server.
#[derive(Clone, Debug, Default)]
struct Server {
    /// The terms of the entries of its log, first as its disk has it, then as the server sees it.
    durable: Vec<u64>,
    log: Vec<u64>,
    hard_state: (u64, Option<NodeId>),
    /// The number of events that it reported since it started.
    count: u64,
    /// Its writes that are not durable, each with its last event and its number of entries.
    writes: VecDeque<(Token, u64, usize)>,
}

#[derive(Serialize)]
struct Line {
    server: u32,
    event: &'static str,
    time: Micros,
    #[serde(flatten)]
    fields: Value,
}

impl Recorder {
    /// A recorder for the run of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Recorder {
        let servers = vec![Server::default(); plan.servers().count()];
        let voters = plan.servers().take(plan.members as usize).collect();
        Recorder { voters, servers, lines: Vec::new() }
    }

    /// The lines in the order in which they were written, each with its server.
    #[must_use]
    pub fn into_lines(self) -> Vec<(NodeId, String)> {
        self.lines
    }

    fn tell(&mut self, server: NodeId, time: Micros, event: &'static str, fields: Value) {
        let line = Line { server: server.0, event, time, fields };
        let text = serde_json::to_string(&line).expect("numbers and texts can be written");
        self.lines.push((server, text));
        self.server(server).count += 1;
    }

    fn server(&mut self, id: NodeId) -> &mut Server {
        &mut self.servers[id.0 as usize - 1]
    }

    fn started(&mut self, id: NodeId, time: Micros, view: &View) {
        let server = self.server(id);
        server.log.clone_from(&server.durable);
        server.writes.clear();
        server.count = 0;
        let (last, (term, voted_for)) = (server.log.last().copied(), server.hard_state);
        let fields = json!({
            "currentTerm": term,
            "votedFor": voted_for.map(|id| id.0),
            "lastLogIndex": server.log.len(),
            "lastLogTerm": last.unwrap_or(0),
            "lastApplied": length(view.applied),
            "voters": self.voters.iter().map(|id| id.0).collect::<Vec<u32>>(),
        });
        self.tell(id, time, "start", fields);
        // From here on durable writes are reported.
        self.tell(id, time, "durable", json!({ "events": 1 }));
    }

    fn stepped(&mut self, id: NodeId, time: Micros, before: &View, effects: &Effects) {
        let after = &effects.view;
        let role = |recorder: &mut Self| recorder.role(id, time, before, after);
        // A server that steps down because of what it commits has led until then.
        let led = before.role == Role::Leader && before.term == after.term;
        if !led {
            role(self);
        }
        // A leader may append because of what it commits.
        let early = length(after.commit) <= self.server(id).log.len() as u64;
        if led && early {
            self.commit(id, time, before, after);
        }
        for write in &effects.writes {
            self.write(id, time, write, effects.restored.is_some());
        }
        if !(led && early) {
            self.commit(id, time, before, after);
        }
        for applied in &effects.applied {
            let mut fields = carried(&applied.entry);
            fields["index"] = json!(applied.entry.index.get());
            self.tell(id, time, "apply", fields);
        }
        if led {
            role(self);
        }
    }

    fn role(&mut self, id: NodeId, time: Micros, before: &View, after: &View) {
        let term = json!({ "term": after.term.0 });
        if (before.role, before.term) != (after.role, after.term) {
            let event = match after.role {
                Role::Follower => "follower",
                Role::Candidate => "candidate",
                Role::Leader => "leader",
            };
            if after.role == Role::Leader
                && (before.role, before.term) != (Role::Candidate, after.term)
            {
                self.tell(id, time, "candidate", term.clone());
            }
            self.tell(id, time, event, term);
        }
        let voted = (before.term, before.voted_for) != (after.term, after.voted_for);
        if let Some(candidate) = after.voted_for.filter(|candidate| voted && *candidate != id) {
            let fields = json!({ "term": after.term.0, "candidate": candidate.0 });
            self.tell(id, time, "vote", fields);
        }
    }

    fn commit(&mut self, id: NodeId, time: Micros, before: &View, after: &View) {
        if before.commit < after.commit {
            self.tell(id, time, "commit", json!({ "commitIndex": length(after.commit) }));
        }
    }

    fn write(&mut self, id: NodeId, time: Micros, write: &Write, restored: bool) {
        if let Some(snapshot) = &write.snapshot {
            let Position { index, term } = snapshot.last;
            let fields = json!({ "lastIncludedIndex": index.get(), "lastIncludedTerm": term.0 });
            self.tell(id, time, if restored { "install" } else { "snapshot" }, fields);
        }
        if let Some(log) = &write.log {
            let entries: Vec<Value> = log.entries.iter().map(carried).collect();
            let fields = json!({ "from": log.from.get(), "entries": entries });
            self.tell(id, time, "append", fields);
        }
        let server = self.server(id);
        apply(&mut server.log, write);
        server.writes.push_back((write.token, server.count, entries(write)));
    }

    fn durable(&mut self, id: NodeId, time: Micros, write: &Write) {
        let server = self.server(id);
        apply(&mut server.durable, write);
        if let Some(hard_state) = write.hard_state {
            server.hard_state = (hard_state.term.0, hard_state.voted_for);
        }
        // A torn write is not durable as it was reported.
        if let Some((token, events, count)) = server.writes.pop_front()
            && (token, count) == (write.token, entries(write))
        {
            self.tell(id, time, "durable", json!({ "events": events }));
        }
    }
}

fn entries(write: &Write) -> usize {
    write.log.as_ref().map_or(0, |log| log.entries.len())
}

/// Puts a write into a log of which only the terms are known.
fn apply(log: &mut Vec<u64>, write: &Write) {
    if let Some(snapshot) = &write.snapshot {
        let (last, term) = (snapshot.last.index.get() as usize, snapshot.last.term.0);
        if log.get(last - 1) != Some(&term) {
            log.resize(last, 0);
            log[last - 1] = term;
        }
    }
    if let Some(write) = &write.log {
        log.truncate(write.from.get() as usize - 1);
        log.extend(write.entries.iter().map(|entry| entry.term.0));
    }
}

/// An entry as traces have it.
fn carried(entry: &Entry) -> Value {
    let term = entry.term.0;
    let numbers = |servers: &[NodeId]| servers.iter().map(|id| id.0).collect::<Vec<u32>>();
    match &entry.payload {
        Payload::Noop => json!({ "term": term }),
        Payload::Command(command) => {
            json!({ "term": term, "digest": format!("{:016x}", mix_bytes(0, command)) })
        }
        Payload::Membership(membership) => json!({
            "term": term,
            "voters": numbers(&membership.voters),
            "outgoing": numbers(&membership.outgoing),
            "learners": numbers(&membership.learners),
        }),
        Payload::Register => json!({ "term": term, "digest": "register" }),
        Payload::Once(once) => {
            let digest = mix_bytes(0, &once.command);
            let (session, serial) = (once.session.0, once.serial);
            json!({ "term": term, "digest": format!("{session}.{serial}.{digest:016x}") })
        }
    }
}

impl Observer for Recorder {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn observe(&mut self, now: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Stepped { server, before, effects, .. } => {
                self.stepped(*server, now, before, effects);
            }
            Observation::Durable { server, write } => self.durable(*server, now, write),
            Observation::Booted { server, view, .. } => self.started(*server, now, view),
            Observation::Wiped { server } => {
                let server = self.server(*server);
                server.durable.clear();
                server.hard_state = (0, None);
            }
            _ => {}
        }
        Ok(())
    }
}
