//! A timeline: a run in the paper's terms, one line for each step of a server.
//!
//! A [`Recorder`] observes a world and keeps all lines, the milestones, or the last few. An entry is written as
//! index/term, followed by a colon and its command if that is readable: `5/3:x`. A recorder checks nothing and never
//! influences a run.

pub mod diagram;
mod messages;
mod phrases;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use crate::model::{Entry, Message, NodeId, length};
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Effects, Event, Role, View};
use crate::time::{Micros, milliseconds};

pub(crate) use messages::{body, configuration, readable};
pub(crate) use phrases::{WIPED, answer, consequences, crash, durable, event, lie, restart};

/// One line of a timeline. Displayed with its time: `12.345 ms  S2  crashes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its time, in virtual microseconds.
    pub time: Micros,
    /// The line number of the scenario's statement during which it happened; `None` outside of scenarios.
    pub statement: Option<u32>,
    /// The server, and what happened.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12}  {}", milliseconds(self.time), self.text)
    }
}

/// One message: `S1 → S2  RequestVote term 3, last 2/1`.
#[must_use]
pub fn message(message: &Message) -> String {
    format!("{} → {}  {}", message.from, message.to, messages::body(message))
}

/// The step of a server that is under way, for observers that describe it when it is over.
#[derive(Clone, Debug, Default)]
pub struct Step(Option<Event>);

impl Step {
    /// The server takes this event.
    pub fn takes(&mut self, event: &Event) {
        self.0 = Some(event.clone());
    }

    /// The step is over: its event, and what happened in the paper's words, if anything can be seen. `length` is the number of
    /// entries in the log before. `None` if no event was taken.
    pub fn done(
        &mut self,
        server: NodeId,
        before: &View,
        length: u64,
        effects: &Effects,
    ) -> Option<(Event, Option<String>)> {
        let event = self.0.take()?;
        let text = sentence(server, &event, before, length, effects);
        let text = text.map(|text| match event.message() {
            Some(message) => format!("from {}: {text}", message.from),
            None => text,
        });
        Some((event, text))
    }
}

/// One entry as index/term, and its content if that can be read: `5/3:x`.
#[must_use]
pub fn entry(entry: &Entry) -> String {
    messages::entry(entry)
}

/// The lines as text, with their times if time passed at all.
#[must_use]
pub fn texts(lines: &[Line]) -> Vec<String> {
    let clock = lines.iter().any(|line| line.time > 0);
    let text = |line: &Line| match clock {
        true => line.to_string(),
        false => line.text.clone(),
    };
    lines.iter().map(text).collect()
}

/// The beginning and the end of a timeline limited to `most` lines, and the number of lines left out between them.
#[must_use]
pub fn ends<T>(lines: &[T], most: usize) -> (&[T], usize, &[T]) {
    let left_out = lines.len().saturating_sub(most);
    if left_out == 0 {
        return (lines, 0, &[]);
    }
    let (head, rest) = lines.split_at(most / 2);
    (head, left_out, rest.split_at(left_out).1)
}

/// The lines that a recorder keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    All,
    Milestones,
    /// The last lines, up to this number, without messages that are sent: only their arrival matters.
    Last(usize),
}

/// Observes a world and keeps lines.
#[derive(Debug)]
pub struct Recorder {
    keep: Keep,
    lines: VecDeque<Line>,
    /// The event that a server is taking.
    event: Option<Event>,
    statements: Vec<u32>,
    /// The messages sent during this statement that have not arrived, each with its line.
    sent: Vec<(Message, usize)>,
    /// Lines about messages that arrived during the same statement.
    arrived: BTreeSet<usize>,
    /// The time and server of the last write: writes that become durable in the same step need no line.
    writer: Option<(Micros, NodeId)>,
    /// The highest commit index of any server.
    commit: u64,
    /// The last line about the commit index, and the number of lines before it.
    last_commit: Option<(usize, Line)>,
}

impl Recorder {
    /// Keeps everything. A message that arrives during the statement in which it was sent has one line, when it
    /// arrives; the others have a second one, when they are sent.
    #[must_use]
    pub fn all() -> Recorder {
        Recorder::new(Keep::All)
    }

    /// Keeps elections, leaders, step-downs, leaders' configurations, installed snapshots, crashes and
    /// restarts, the first commit and the last one.
    #[must_use]
    pub fn milestones() -> Recorder {
        Recorder::new(Keep::Milestones)
    }

    /// Keeps the last `count` lines. These include messages that arrive, but not messages that are sent.
    #[must_use]
    pub fn last(count: usize) -> Recorder {
        Recorder::new(Keep::Last(count))
    }

    fn new(keep: Keep) -> Recorder {
        Recorder {
            keep,
            lines: VecDeque::new(),
            event: None,
            statements: Vec::new(),
            sent: Vec::new(),
            arrived: BTreeSet::new(),
            writer: None,
            commit: 0,
            last_commit: None,
        }
    }

    /// The line numbers of the scenario's statements that were begun, in order.
    #[must_use]
    pub fn statements(&self) -> &[u32] {
        &self.statements
    }

    /// The lines that were kept, in order.
    #[must_use]
    pub fn into_lines(self) -> Vec<Line> {
        let lines = (0..).zip(self.lines);
        let kept = lines.filter(|(place, _)| !self.arrived.contains(place));
        let mut lines: Vec<Line> = kept.map(|(_, line)| line).collect();
        if let Some((place, line)) = self.last_commit {
            lines.insert(place, line);
        }
        lines
    }

    fn line(&self, time: Micros, text: String) -> Line {
        Line { time, statement: self.statements.last().copied(), text }
    }

    fn push(&mut self, time: Micros, text: String) {
        let line = self.line(time, text);
        self.lines.push_back(line);
        if let Keep::Last(count) = self.keep
            && self.lines.len() > count
        {
            self.lines.pop_front();
        }
    }

    /// An observation as a line; `None` if it needs none.
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn text_of(&mut self, now: Micros, observation: &Observation<'_>) -> Option<String> {
        match observation {
            Observation::Took { event, .. } => {
                self.event = Some(event.clone().into_owned());
                None
            }
            Observation::Stepped { server, before, length, effects, .. } => {
                let event = &self.event.take()?;
                if !effects.writes.is_empty() {
                    self.writer = Some((now, *server));
                }
                if let Event::Receive(message) = event
                    && let Some(at) = self.sent.iter().position(|(sent, _)| sent.says_same(message))
                {
                    let (_, place) = self.sent.remove(at);
                    self.arrived.insert(place);
                }
                step(*server, event, sentence(*server, event, before, *length, effects))
            }
            Observation::Sent { message: sent } => {
                if self.keep != Keep::All {
                    return None;
                }
                self.sent.push((sent.clone().into_owned(), self.lines.len()));
                Some(message(sent))
            }
            Observation::Durable { server, write } => {
                let at_once = self.writer == Some((now, *server));
                (!at_once).then(|| format!("{server}  {}", phrases::durable(write)))
            }
            Observation::Booted { server, again: true, settings, changed, view, .. } => {
                let settings = changed.then_some(&**settings);
                Some(format!("{server}  {}", phrases::restart(view, settings)))
            }
            Observation::Crashed { server, lost, torn, .. } => {
                Some(format!("{server}  {}", phrases::crash(*lost, *torn)))
            }
            Observation::Wiped { server } => Some(format!("{server}  {}", phrases::WIPED)),
            Observation::Lies { server, lies } => {
                Some(format!("{server}  {}", phrases::lie(*lies)))
            }
            _ => None,
        }
    }

    /// Keeps an observation that is a milestone.
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn keep_milestone(&mut self, now: Micros, observation: &Observation<'_>) {
        match observation {
            Observation::Stepped { server, effects, before, .. } => {
                let after = &effects.view;
                if before.role != after.role || after.role == Role::Candidate {
                    let change = phrases::role(*server, before, after);
                    if let Some(change) = change {
                        self.push(now, format!("{server}  {change}"));
                    }
                }
                for text in phrases::milestones(effects) {
                    self.push(now, format!("{server}  {text}"));
                }
                let committed = length(after.commit);
                if committed > self.commit {
                    self.keep_commit(now, *server, committed);
                }
            }
            Observation::Booted { .. }
            | Observation::Crashed { .. }
            | Observation::Wiped { .. }
            | Observation::Lies { .. } => {
                if let Some(text) = self.text_of(now, observation) {
                    self.push(now, text);
                }
            }
            _ => {}
        }
    }

    /// Some server's commit index is higher than any was before.
    fn keep_commit(&mut self, now: Micros, server: NodeId, committed: u64) {
        let text = format!("{server}  commit index {} → {committed}", self.commit);
        if self.commit == 0 {
            self.push(now, text);
        } else {
            self.last_commit = Some((self.lines.len(), self.line(now, text)));
        }
        self.commit = committed;
    }
}

impl Observer for Recorder {
    fn observe(&mut self, now: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::Statement { line } = observation {
            self.statements.push(*line);
            // Writes that become durable from here on are due to this statement.
            self.writer = None;
            self.sent.clear();
        }
        match self.keep {
            Keep::Milestones => self.keep_milestone(now, observation),
            Keep::All | Keep::Last(_) => {
                if let Some(text) = self.text_of(now, observation) {
                    self.push(now, text);
                }
            }
        }
        Ok(())
    }
}

/// One step as a line: the server, the sender if it is a message, and what happened.
fn step(server: NodeId, event: &Event, text: Option<String>) -> Option<String> {
    let who = match event.message() {
        Some(message) => format!("{server} ← {}", message.from),
        None => server.to_string(),
    };
    text.map(|text| format!("{who}  {text}"))
}

/// The event of a step and its effects; `None` if nothing can be seen of them.
fn sentence(
    server: NodeId,
    event: &Event,
    before: &View,
    length: u64,
    effects: &Effects,
) -> Option<String> {
    let effects_text = phrases::consequences(server, event, before, effects, length).join(", ");
    match (phrases::event(event, before, effects), effects_text.is_empty()) {
        (Some(taken), true) => Some(taken),
        (Some(taken), false) => Some(format!("{taken}: {effects_text}")),
        (None, true) => None,
        (None, false) => Some(effects_text),
    }
}
