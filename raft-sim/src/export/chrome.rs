//! The trace event format of Chromium, which <https://ui.perfetto.dev> and `chrome://tracing` open.
//!
//! A track for each server has its roles and terms as slices, its steps as slices of one microsecond, and flows for
//! messages from step to step. Faults and statements have tracks of their own. Steps at one virtual microsecond are moved
//! apart by one microsecond each, so that their order shows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{About, End};
use crate::model::{NodeId, length};
use crate::network::MessageId;
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Role, View};
use crate::time::Micros;
use crate::timeline::{self, Step};

/// The version of what this module writes.
pub const VERSION: u32 = 1;

/// The tracks beside those of the servers, by number.
const FAULTS: u32 = 0;
const STATEMENTS: u32 = 1_000;

/// A fold that keeps a run as trace events.
#[derive(Debug)]
pub struct Recorder {
    about: About,
    events: Vec<Value>,
    /// The time of the latest event.
    now: Micros,
    /// The slice of each server that has not ended.
    open: Vec<Option<String>>,
    /// The commit index of each server.
    commits: Vec<u64>,
    step: Step,
    /// The content of the message that leaves.
    leaving: String,
    flights: BTreeMap<MessageId, String>,
    /// The message that the step under way receives.
    received: Option<(MessageId, String)>,
    statement: bool,
}

impl Recorder {
    /// A recorder for a run with these headings.
    #[must_use]
    pub fn new(about: About) -> Recorder {
        let servers = about.servers as usize;
        let mut recorder = Recorder {
            about,
            events: Vec::new(),
            now: 0,
            open: vec![None; servers],
            commits: vec![0; servers],
            step: Step::default(),
            leaving: String::new(),
            flights: BTreeMap::new(),
            received: None,
            statement: false,
        };
        recorder.named(FAULTS, "faults");
        for server in (1..=servers as u32).map(NodeId) {
            recorder.named(server.0, &server.to_string());
        }
        recorder.named(STATEMENTS, "statements");
        recorder
    }

    /// The trace as one JSON object.
    #[must_use]
    pub fn finish(mut self, end: &End) -> Value {
        for server in (1..=self.open.len() as u32).map(NodeId) {
            self.role(server, None);
        }
        if self.statement {
            self.slice("E", STATEMENTS, "");
        }
        if end.property.is_some() {
            self.put(json!({ "ph": "i", "s": "g", "name": end.verdict }));
        }
        let About { name, subject, .. } = &self.about;
        json!({
            "displayTimeUnit": "ms",
            "otherData": {
                "format": "raft-sim chrome trace", "version": VERSION,
                "name": name, "subject": subject, "verdict": end.verdict,
            },
            "traceEvents": self.events,
        })
    }

    fn named(&mut self, track: u32, name: &str) {
        let (name, order) = (json!({ "name": name }), json!({ "sort_index": track }));
        for (what, args) in [("thread_name", name), ("thread_sort_index", order)] {
            self.events
                .push(json!({ "ph": "M", "pid": 1, "tid": track, "name": what, "args": args }));
        }
    }

    /// Adds an event at the present time.
    fn put(&mut self, mut event: Value) {
        event["pid"] = json!(1);
        event["ts"] = json!(self.now);
        self.events.push(event);
    }

    fn slice(&mut self, phase: &str, track: u32, name: &str) {
        self.put(json!({ "ph": phase, "tid": track, "name": name }));
    }

    /// The time of an event that stands behind all before.
    fn advance(&mut self, at: Micros) {
        self.now = at.max(self.now + 1);
    }

    /// Ends the slice of a server's role, and begins another one.
    fn role(&mut self, server: NodeId, role: Option<String>) {
        let slot = server.0 as usize - 1;
        if let Some(name) = self.open[slot].take() {
            self.slice("E", server.0, &name);
        }
        if let Some(name) = &role {
            self.slice("B", server.0, name);
        }
        self.open[slot] = role;
    }

    /// A server does something that takes a microsecond.
    fn act(&mut self, at: Micros, server: NodeId, text: &str) {
        self.advance(at);
        self.put(json!({ "ph": "X", "dur": 1, "tid": server.0, "name": text, "cat": "step" }));
    }

    fn stepped(&mut self, server: NodeId, before: &View, after: &View) {
        if (before.role, before.term) != (after.role, after.term) {
            self.role(server, Some(title(after)));
        }
        let (slot, commit) = (server.0 as usize - 1, length(after.commit));
        if std::mem::replace(&mut self.commits[slot], commit) != commit {
            let name = format!("commit index of {server}");
            self.put(json!({ "ph": "C", "name": name, "args": { "index": commit } }));
        }
    }

    fn flow(&mut self, phase: &str, server: NodeId, message: MessageId, name: &str) {
        let mut event = json!({
            "ph": phase, "cat": "message", "id": message.number, "tid": server.0, "name": name,
        });
        if phase == "f" {
            event["bp"] = json!("e");
        }
        self.put(event);
    }

    fn fault(&mut self, at: Micros, phase: &str, fault: usize) {
        self.advance(at);
        let name =
            self.about.faults.get(fault).cloned().unwrap_or_else(|| format!("fault {fault}"));
        let event =
            json!({ "ph": phase, "cat": "fault", "id": fault, "tid": FAULTS, "name": name });
        self.put(event);
    }
}

/// The name of the slice of a role.
fn title(view: &View) -> String {
    let role = match view.role {
        Role::Follower => "follower",
        Role::Candidate => "candidate",
        Role::Leader => "leader",
    };
    format!("{role}, term {}", view.term)
}

impl Observer for Recorder {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Booted { server, again, view, .. } => {
                self.advance(at);
                self.role(*server, Some(title(view)));
                if *again {
                    self.act(at, *server, "restarts");
                }
            }
            Observation::Took { event, .. } => self.step.takes(event),
            Observation::Stepped { server, before, length, effects, .. } => {
                self.advance(at);
                self.stepped(*server, before, &effects.view);
                let done = self.step.done(*server, before, *length, effects);
                if let Some((_, text)) = done {
                    let sends = !effects.sends.is_empty() || !effects.held.is_empty();
                    let received = self.received.take();
                    if text.is_some() || sends || received.is_some() {
                        self.act(at, *server, text.as_deref().unwrap_or("a step"));
                    }
                    if let Some((message, name)) = received {
                        self.flow("f", *server, message, &name);
                    }
                }
            }
            Observation::Sent { message } => self.leaving = timeline::message(message),
            Observation::InFlight { message, from, copy, .. } => {
                let copied = if *copy { " (copy)" } else { "" };
                let name = format!("{}{copied}", self.leaving);
                self.flow("s", *from, *message, &name);
                self.flights.insert(*message, name);
            }
            Observation::Delivered { message, content } => {
                let name = self.flights.remove(message);
                let name = name.unwrap_or_else(|| timeline::message(content));
                self.received = Some((*message, name));
            }
            Observation::Lost { message, content, .. } => {
                self.advance(at);
                let name = format!("lost: {}", timeline::message(content));
                if let Some(message) = message {
                    self.flights.remove(message);
                }
                self.put(json!({ "ph": "i", "s": "t", "tid": content.to.0, "name": name }));
            }
            Observation::Crashed { server, .. } => {
                self.act(at, *server, "crashes");
                self.advance(at);
                self.role(*server, Some("down".to_owned()));
            }
            Observation::Wiped { server } => self.act(at, *server, "loses its disk"),
            Observation::FaultBegan { fault, .. } => self.fault(at, "b", *fault),
            Observation::FaultEnded { fault } => self.fault(at, "e", *fault),
            Observation::Statement { line } => {
                self.advance(at);
                if std::mem::replace(&mut self.statement, true) {
                    self.slice("E", STATEMENTS, "");
                }
                self.slice("B", STATEMENTS, &format!("line {line}"));
            }
            Observation::Action { .. }
            | Observation::NotBooted { .. }
            | Observation::Asked { .. }
            | Observation::Step { .. }
            | Observation::Answered { .. }
            | Observation::Durable { .. }
            | Observation::Held { .. }
            | Observation::Lies { .. } => {}
        }
        Ok(())
    }
}
