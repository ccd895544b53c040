//! A tape: records as whole numbers, with tables of the texts and entries that they name.
//!
//! A record is its kind, the virtual microseconds since the record before it, and its fields. `docs/view.md` has the
//! fields of each kind. The number 0 stands for the paper's 0, for no server and for no text: indices, terms, servers and
//! texts count from 1.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::model::{Entry, NodeId, Payload, Position, Snapshot, length};
use crate::subject::Write;
use crate::time::Micros;
use crate::timeline;

/// Kinds of records, by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Booted,
    Stepped,
    Durable,
    Sent,
    Delivered,
    Lost,
    Held,
    Crashed,
    Wiped,
    Lies,
    Fault,
    Statement,
    Asked,
    Answered,
    Condition,
    Link,
    Recovered,
    NotBooted,
}

/// The records of a run. Serialized as the object that the page reads.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Tape {
    /// The number of records.
    pub(super) count: u64,
    /// The texts, from 1 on.
    texts: Vec<Arc<str>>,
    /// The entries, from 1 on: index, term, kind of content, text.
    entries: Vec<u64>,
    records: Vec<u64>,
    /// For each record, the number of actions on the world since the record before. A session at a terminal or in a
    /// module counts its steps by them.
    actions: Vec<u64>,
    #[serde(skip)]
    acted: u64,
    #[serde(skip)]
    last: Micros,
    #[serde(skip)]
    known_texts: BTreeMap<Arc<str>, u64>,
    #[serde(skip)]
    known_entries: BTreeMap<(Position, u64, u64), u64>,
}

impl Tape {
    /// Begins a record, and returns its place, from 0 on.
    pub(super) fn begin(&mut self, at: Micros, kind: Kind) -> u64 {
        self.records.extend([kind as u64, at - self.last]);
        self.last = at;
        self.actions.push(std::mem::take(&mut self.acted));
        self.count += 1;
        self.count - 1
    }

    /// Counts an action on the world.
    pub(super) fn acts(&mut self) {
        self.acted += 1;
    }

    /// Adds fields to the latest record.
    pub(super) fn put(&mut self, fields: impl IntoIterator<Item = u64>) {
        self.records.extend(fields);
    }

    /// The number of a text; 0 for none.
    pub(super) fn text(&mut self, text: &str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        if let Some(known) = self.known_texts.get(text) {
            return *known;
        }
        let text: Arc<str> = Arc::from(text);
        self.texts.push(text.clone());
        let number = self.texts.len() as u64;
        self.known_texts.insert(text, number);
        number
    }

    /// Adds texts, behind their number.
    pub(super) fn put_texts(&mut self, texts: &[String]) {
        self.put([texts.len() as u64]);
        for text in texts {
            let text = self.text(text);
            self.put([text]);
        }
    }

    /// Adds entries, behind their number.
    pub(super) fn put_entries(&mut self, entries: &[Entry]) {
        self.put([entries.len() as u64]);
        for entry in entries {
            let entry = self.entry(entry);
            self.put([entry]);
        }
    }

    /// Adds a snapshot: index and term of its last entry, its configuration; zeros for none.
    pub(super) fn put_snapshot(&mut self, snapshot: Option<&Snapshot>) {
        let Some(Snapshot { last, membership, .. }) = snapshot else { return self.put([0, 0, 0]) };
        let configuration = self.text(&timeline::configuration(membership));
        self.put([last.index.get(), last.term.0, configuration]);
    }

    /// Adds a write: which parts it has, and each of them.
    pub(super) fn put_write(&mut self, write: &Write) {
        let Write { hard_state, snapshot, log, .. } = write;
        let parts = [hard_state.is_some(), snapshot.is_some(), log.is_some()];
        self.put([(0..).zip(parts).map(|(bit, has)| u64::from(has) << bit).sum()]);
        if let Some(state) = hard_state {
            self.put([state.term.0, server(state.voted_for)]);
        }
        if let Some(snapshot) = snapshot {
            self.put_snapshot(Some(snapshot));
        }
        if let Some(log) = log {
            self.put([log.from.get()]);
            self.put_entries(&log.entries);
        }
    }

    /// The number of an entry.
    fn entry(&mut self, entry: &Entry) -> u64 {
        let (kind, text) = match &entry.payload {
            Payload::Noop => (0, String::new()),
            Payload::Command(command) => (1, name(command)),
            Payload::Membership(membership) => (2, timeline::configuration(membership)),
            Payload::Register => (3, String::new()),
            Payload::Once(once) => {
                (4, format!("session {}, serial {}", once.session.0, once.serial))
            }
        };
        let text = self.text(&text);
        let key = (entry.position(), kind, text);
        if let Some(known) = self.known_entries.get(&key) {
            return *known;
        }
        self.entries.extend([entry.index.get(), entry.term.0, kind, text]);
        let number = self.entries.len() as u64 / 4;
        self.known_entries.insert(key, number);
        number
    }
}

/// The number of a server; 0 for none.
pub(super) fn server(server: Option<NodeId>) -> u64 {
    server.map_or(0, |server| u64::from(server.0))
}

/// Index and term of an entry; zeros for none.
pub(super) fn position(position: Option<Position>) -> [u64; 2] {
    [length(position.map(|it| it.index)), position.map_or(0, |it| it.term.0)]
}

/// The name of a command: the text of a readable one; of the commands of a campaign, its number.
fn name(command: &[u8]) -> String {
    if let Some(text) = timeline::readable(command) {
        return text.to_owned();
    }
    match command.first_chunk() {
        Some(number) => format!("command {}", u64::from_le_bytes(*number)),
        None => format!("command of {} bytes", command.len()),
    }
}
