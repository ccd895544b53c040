//! The trace of a running cluster as a run: the same records, of what its servers reported. There are no messages in it,
//! and no time that servers share; events stand in the order in which they were judged.

use std::collections::VecDeque;

use super::numbers::fields;
use super::tape::{Kind, Tape, position, server};
use super::{About, Run, Shown, VERSION};
use crate::model::{Entry, HardState, NodeId, Position, length};
use crate::subject::{LogWrite, Role, Token, View, Write};
use crate::trace::{Event, Judgement, Start, Trace, What};

/// The state of a server, as far as it reported it.
#[derive(Clone, Debug, Default)]
struct Server {
    /// True if it has a record.
    seen: bool,
    view: View,
    log: Vec<Entry>,
    /// The index before the first entry of `log`.
    base: u64,
    /// The number of events since its start.
    events: u64,
    /// Writes that are not durable: the number of the event, and of the write.
    pending: VecDeque<(u64, u64)>,
}

struct Fold {
    tape: Tape,
    servers: Vec<Server>,
    writes: u64,
    /// True if servers report what is durable; if not, all is at once.
    durable: bool,
}

/// The run that a trace tells of, in the order in which it was judged.
#[must_use]
pub fn traced(trace: &Trace, judgement: &Judgement, title: String, replay: String) -> Run {
    let count = trace.servers().map(|(id, _)| id.0 as usize).max().unwrap_or(0);
    let durable =
        judgement.order.iter().any(|at| matches!(trace.event(*at).what, What::Durable(_)));
    let servers = vec![Server::default(); count];
    let mut fold = Fold { tape: Tape::default(), servers, writes: 0, durable };
    for at in &judgement.order {
        fold.take(trace.event(*at));
    }
    let names = (1..=count as u32).map(|id| trace.name(NodeId(id)).to_owned());
    let about = About {
        title,
        subject: "a running cluster".to_owned(),
        replay,
        servers: count,
        names: names.collect(),
        members: (1..=count as u32).collect(),
        timeless: true,
        verdict: "all held that could be checked".to_owned(),
        violation: judgement.violation.as_ref().map(|(violation, _)| Shown::of(violation)),
        notes: judgement.unchecked.clone(),
        ..About::default()
    };
    Run { version: VERSION, about, observations: trace.len() as u64, tape: fold.tape }
}

impl Fold {
    fn server(&mut self, id: NodeId) -> &mut Server {
        &mut self.servers[id.0 as usize - 1]
    }

    fn take(&mut self, event: &Event) {
        let id = event.server;
        if let What::Start(start) = &event.what {
            return self.start(id, start);
        }
        if !self.server(id).seen {
            self.booted(id, &View::default(), None, "is first heard of");
        }
        self.server(id).events += 1;
        let known = self.server(id);
        let mut view = known.view;
        let mut write = None;
        match &event.what {
            What::Start(_) => {}
            What::Role(role, term) => {
                if view.term != *term {
                    view.voted_for = None;
                    view.leader = None;
                }
                (view.role, view.term) = (*role, *term);
                match role {
                    Role::Candidate => view.voted_for = Some(id),
                    Role::Leader => view.leader = Some(id),
                    Role::Follower => {}
                }
            }
            What::Vote(term, candidate) => {
                (view.term, view.voted_for) = (*term, Some(*candidate));
            }
            What::Append(from, entries) => {
                let stays = length(from.before()).saturating_sub(known.base) as usize;
                known.log.truncate(stays);
                known.log.extend_from_slice(entries);
                let log = LogWrite { from: *from, entries: entries.as_slice().into() };
                write = Some(Write { log: Some(log), ..Write::new(Token(0)) });
            }
            What::Commit(to) => view.commit = Some(*to),
            What::Apply(index, ..) => view.applied = Some(*index),
            What::Snapshot(last) | What::Install(last) => {
                known.forget(*last);
                view.snapshot = Some(last.index);
            }
            What::Durable(events) => return self.durable(id, *events),
        }
        if (view.term, view.voted_for) != (known.view.term, known.view.voted_for) {
            let state = HardState { term: view.term, voted_for: view.voted_for };
            let write = write.get_or_insert(Write::new(Token(0)));
            write.hard_state = Some(state);
        }
        self.stepped(id, view, write, event);
    }

    fn start(&mut self, id: NodeId, start: &Start) {
        if self.server(id).seen {
            let lost = self.server(id).pending.len() as u64;
            self.tape.begin(0, Kind::Crashed);
            let text = self.tape.text("is gone, and starts again");
            self.tape.put([id.0.into(), lost, text]);
        }
        let found = &start.found;
        let known = self.server(id);
        let last = length(found.last.map(|last| last.index));
        if known.base + (known.log.len() as u64) < last {
            // The content was not reported.
            (known.base, known.log) = (last, Vec::new());
        }
        known.log.truncate(last.saturating_sub(known.base) as usize);
        let view =
            View { term: found.term, voted_for: found.voted_for.flatten(), ..View::default() };
        let base = found.last.filter(|_| known.base == last && known.log.is_empty());
        self.booted(id, &view, base, &What::Start(start.clone()).to_string());
        self.server(id).events = 1;
    }

    fn booted(&mut self, id: NodeId, view: &View, base: Option<Position>, text: &str) {
        let known = self.server(id);
        let log = known.log.clone();
        (known.seen, known.view) = (true, *view);
        known.pending.clear();
        self.tape.begin(0, Kind::Booted);
        let text = self.tape.text(text);
        self.tape.put([id.0.into(), text]);
        self.tape.put(fields(view));
        self.tape.put([view.term.0, server(view.voted_for)]);
        self.tape.put(position(base));
        self.tape.put([0]);
        self.tape.put_entries(&log);
    }

    fn stepped(&mut self, id: NodeId, view: View, write: Option<Write>, event: &Event) {
        self.tape.begin(0, Kind::Stepped);
        let (before, after) = (fields(&self.server(id).view), fields(&view));
        let changed: Vec<usize> = (0..8).filter(|&at| before[at] != after[at]).collect();
        // A server that reports something: no cause is known.
        self.tape.put([id.0.into(), 5, 0, changed.iter().map(|at| 1 << at).sum()]);
        self.tape.put(changed.iter().map(|at| after[*at]));
        self.tape.put([u64::from(write.is_some())]);
        if let Some(write) = &write {
            self.tape.put_write(write);
        }
        self.tape.put([0, 0]);
        self.tape.put_texts(&[event.what.to_string()]);
        self.server(id).view = view;
        if write.is_some() {
            self.writes += 1;
            let number = self.writes;
            if self.durable {
                let known = self.server(id);
                known.pending.push_back((known.events, number));
            } else {
                self.is_durable(id, number);
            }
        }
    }

    fn durable(&mut self, id: NodeId, events: u64) {
        while let Some((_, number)) =
            self.server(id).pending.pop_front_if(|(event, _)| *event <= events)
        {
            self.is_durable(id, number);
        }
    }

    fn is_durable(&mut self, id: NodeId, write: u64) {
        self.tape.begin(0, Kind::Durable);
        self.tape.put([id.0.into(), write, 0, 0]);
    }
}

impl Server {
    /// A snapshot stands for the log up to here.
    fn forget(&mut self, last: Position) {
        let gone = last.index.get().saturating_sub(self.base) as usize;
        self.log.drain(..gone.min(self.log.len()));
        self.base = self.base.max(last.index.get());
    }
}
