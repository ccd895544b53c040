//! A space-time diagram as text: a column for each server, time downwards, messages as arrows between the columns.
//!
//! A [`Diagram`] observes a world and keeps rows; [`Look`] says how they are drawn. An arrow stands where its message arrives, is
//! lost or is held back. If another row stands between that and its departure, the message has a number, which its
//! sender's column shows where it leaves. The line of a server shows its role.

mod draw;
mod labels;

use std::collections::BTreeMap;

use crate::action::Action;
use crate::model::{Message, NodeId};
use crate::network::MessageId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::subject::{Event, Role, View};
use crate::time::Micros;

use labels::{notes, request};

pub use draw::{Look, NARROWEST};

/// A fold that keeps a run as a space-time diagram.
#[derive(Debug)]
pub struct Diagram {
    servers: usize,
    rows: Vec<Row>,
    /// The messages that have rows, by their number here.
    messages: Vec<Flight>,
    /// The messages in flight.
    flights: BTreeMap<MessageId, usize>,
    /// The content of the message that is about to be in flight or lost.
    leaving: Option<Message>,
    event: Option<Event>,
    /// The number of the row in which messages leave now.
    departure: usize,
    /// True if messages that tell their receiver nothing new are counted, and requests without effect left out.
    brief: bool,
    /// The arrival of the step under way.
    arrival: Option<usize>,
    /// The request that the step under way is about.
    request: Option<String>,
    /// The descriptions of the plan's faults.
    faults: Vec<String>,
}

/// A message with its way.
#[derive(Debug)]
struct Flight {
    content: Message,
    copy: bool,
    /// The row behind which it left.
    departs: usize,
    /// The row of its departure and that of its arrival are apart: its number is shown.
    late: bool,
}

/// A row of a diagram.
#[derive(Debug)]
struct Row {
    time: Micros,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A statement of a scenario begins.
    Statement(u32),
    /// Something happens to a server, with the role in which it leaves it.
    Server { server: NodeId, notes: Vec<String>, life: Option<Life>, departs: Vec<usize> },
    /// A message, by its number here, has this fate.
    Arrow { message: usize, fate: Fate },
    /// Messages arrived that told nothing new.
    Quiet(usize),
    /// Something that is about no server alone.
    Across(String),
}

/// The fate of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    Held,
}

/// The state that the line of a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Down,
    Up(Role),
}

impl Diagram {
    /// A diagram of everything that happens between servers S1 to Sn.
    #[must_use]
    pub fn new(servers: usize) -> Diagram {
        Diagram {
            servers,
            rows: Vec::new(),
            messages: Vec::new(),
            flights: BTreeMap::new(),
            leaving: None,
            event: None,
            departure: 0,
            brief: false,
            arrival: None,
            request: None,
            faults: Vec::new(),
        }
    }

    /// A diagram of the run of a plan, with its faults. Messages that tell their receiver nothing new, such as most heartbeats and
    /// their replies, are only counted.
    #[must_use]
    pub fn of(plan: &Plan) -> Diagram {
        let faults = plan.faults.iter().map(|fault| fault.kind.to_string()).collect();
        Diagram { brief: true, faults, ..Diagram::new(plan.servers().count()) }
    }

    fn push(&mut self, time: Micros, what: What) {
        self.rows.push(Row { time, what });
    }

    /// Adds a row about a server. Messages that leave now leave in it.
    fn note(&mut self, time: Micros, server: NodeId, notes: Vec<String>, life: Option<Life>) {
        if !notes.is_empty() {
            self.push(time, What::Server { server, notes, life, departs: Vec::new() });
        }
        self.departure = self.rows.len();
    }

    /// A message leaves its sender, with this content.
    fn launched(&mut self, copy: bool) -> Option<usize> {
        let content = self.leaving.clone()?;
        self.messages.push(Flight { content, copy, departs: self.departure, late: false });
        Some(self.messages.len() - 1)
    }

    /// A message has this fate now.
    fn ends(&mut self, time: Micros, message: usize, fate: Fate) {
        let rows = self.rows.len();
        let Flight { departs, .. } = self.messages[message];
        let apart = |row: &Row| match &row.what {
            What::Statement(_) => false,
            What::Server { .. } | What::Arrow { .. } | What::Quiet(_) | What::Across(_) => true,
        };
        self.messages[message].late = self.rows[departs.min(rows)..].iter().any(apart);
        self.push(time, What::Arrow { message, fate });
        self.arrival = (fate == Fate::Arrives).then_some(rows);
    }

    /// The step of an arrival is over: a message that told its receiver nothing new is only counted.
    fn fold(&mut self, event: &Event, before: &View, after: &View, effects: bool) {
        let Some(arrival) = self.arrival.take() else { return };
        let told = before != after || effects;
        if !self.brief || told || !labels::is_routine(event) || arrival + 1 != self.rows.len() {
            return;
        }
        let popped = self.rows.pop();
        if let Some(Row { what: What::Arrow { message, .. }, .. }) = popped {
            self.messages[message].late = false;
        }
        match self.rows.last_mut().map(|row| &mut row.what) {
            Some(What::Quiet(count)) => *count += 1,
            Some(
                What::Statement(_) | What::Server { .. } | What::Arrow { .. } | What::Across(_),
            )
            | None => {
                let time = self.rows.last().map_or(0, |row| row.time);
                self.push(time, What::Quiet(1));
            }
        }
    }

    fn stepped(&mut self, time: Micros, server: NodeId, observation: &Observation<'_>) {
        let Observation::Stepped { before, length, effects, .. } = observation else { return };
        let Some(event) = self.event.take() else { return };
        let (after, busy) = (&effects.view, !effects.writes.is_empty());
        self.fold(&event, before, after, busy);
        let mut told: Vec<String> = self.request.take().into_iter().collect();
        if self.brief && !told.is_empty() && !busy && **before == *after {
            return;
        }
        told.extend(notes(server, &event, before, effects, *length));
        let life = (before.role != after.role).then_some(Life::Up(after.role));
        self.note(time, server, told, life);
    }

    /// Takes in a change of a message's way.
    fn moved(&mut self, time: Micros, id: MessageId, fate: Fate) {
        let message = match fate {
            Fate::Held => self.flights.get(&id).copied(),
            Fate::Arrives | Fate::Lost => self.flights.remove(&id),
        };
        if let Some(message) = message {
            self.ends(time, message, fate);
        }
    }

    /// The rows in which messages with numbers leave: one for each place where the row of a server is missing.
    fn numbered(&mut self) -> Vec<Option<usize>> {
        let still: Vec<usize> = self.flights.values().copied().collect();
        for message in still {
            self.messages[message].late = true;
        }
        let mut count = 0;
        let numbers = self.messages.iter().map(|flight| {
            count += usize::from(flight.late);
            flight.late.then_some(count)
        });
        let numbers: Vec<Option<usize>> = numbers.collect();
        let mut missing: BTreeMap<(usize, NodeId), Vec<usize>> = BTreeMap::new();
        for (message, flight) in self.messages.iter().enumerate().filter(|(_, it)| it.late) {
            let (sender, departs) = (flight.content.from, flight.departs);
            let row = departs.checked_sub(1).and_then(|row| self.rows.get_mut(row));
            match row.map(|row| &mut row.what) {
                Some(What::Server { server, departs, .. }) if *server == sender => {
                    departs.push(message);
                }
                Some(
                    What::Server { .. }
                    | What::Statement(_)
                    | What::Arrow { .. }
                    | What::Quiet(_)
                    | What::Across(_),
                )
                | None => missing.entry((departs, sender)).or_default().push(message),
            }
        }
        // The last first, so that the places of the others stay.
        for ((place, server), departs) in missing.into_iter().rev() {
            let place = place.min(self.rows.len());
            let time = place.checked_sub(1).map_or(0, |before| self.rows[before].time);
            let what = What::Server { server, notes: Vec::new(), life: None, departs };
            self.rows.insert(place, Row { time, what });
        }
        numbers
    }

    /// An action begins: links that change are drawn across, and the content of copies is known.
    fn begins(&mut self, time: Micros, action: &Action) {
        let content = if let Action::Duplicate { message } = action {
            let original = self.flights.get(message).map(|message| &self.messages[*message]);
            original.map(|flight| flight.content.clone())
        } else if let Action::Forge { message } = action {
            Some(message.clone())
        } else {
            None
        };
        if content.is_some() {
            self.leaving = content;
            self.departure = self.rows.len();
        }
        if let Some(text) = labels::action(action) {
            self.push(time, What::Across(text));
        }
    }

    /// A fault of the plan begins or ends.
    fn fault(&mut self, time: Micros, fault: usize, what: &str) {
        let text = self.faults.get(fault).map_or("", |text| text.trim());
        self.push(time, What::Across(format!("fault {} {what}: {text}", fault + 1)));
    }
}

impl Observer for Diagram {
    fn observe(&mut self, now: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Action { action } => self.begins(now, action),
            Observation::Statement { line } => self.push(now, What::Statement(*line)),
            Observation::Asked { event, .. } => self.request = request(event),
            Observation::Took { event, .. } => self.event = Some(event.clone().into_owned()),
            Observation::Stepped { server, .. } => self.stepped(now, *server, observation),
            Observation::Sent { message } => self.leaving = Some(message.clone().into_owned()),
            Observation::InFlight { message, copy, held, .. } => {
                if let Some(flight) = self.launched(*copy) {
                    self.flights.insert(*message, flight);
                    if *held {
                        self.ends(now, flight, Fate::Held);
                    }
                }
            }
            Observation::Held { message, held: true } => self.moved(now, *message, Fate::Held),
            Observation::Delivered { message, .. } => self.moved(now, *message, Fate::Arrives),
            Observation::Lost { message: Some(message), .. } => {
                self.moved(now, *message, Fate::Lost);
            }
            Observation::Lost { message: None, .. } => {
                if let Some(flight) = self.launched(false) {
                    self.ends(now, flight, Fate::Lost);
                }
            }
            Observation::Booted { server, again, view, .. } => {
                let notes = again.then(|| format!("restarts, term {}", view.term));
                self.note(now, *server, notes.into_iter().collect(), Some(Life::Up(view.role)));
            }
            Observation::NotBooted { server, .. } => {
                self.note(now, *server, vec!["does not boot".to_owned()], Some(Life::Down));
            }
            Observation::Crashed { server, lost, torn, .. } => {
                let notes = labels::crash(*lost, torn.is_some());
                self.note(now, *server, notes, Some(Life::Down));
            }
            Observation::Wiped { server } => {
                self.note(now, *server, vec!["loses its disk".to_owned()], None);
            }
            Observation::Lies { server, lies } => {
                let note = if *lies { "its disk lies" } else { "its disk lies no longer" };
                self.note(now, *server, vec![note.to_owned()], None);
            }
            Observation::Held { held: false, .. }
            | Observation::Answered { .. }
            | Observation::Durable { .. }
            | Observation::Step { .. } => {}
            Observation::FaultBegan { fault, .. } => self.fault(now, *fault, "begins"),
            Observation::FaultEnded { fault } => self.fault(now, *fault, "ends"),
        }
        Ok(())
    }
}
