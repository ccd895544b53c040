//! ShiViz: the events of servers with vector clocks, which <https://bestchai.bitbucket.io/shiviz/> draws.
//!
//! Two lines for each event, for the default parser `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`: the server with its clock,
//! and the event in the paper's words.

use std::collections::BTreeMap;

use crate::model::NodeId;
use crate::network::MessageId;
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Effects, Event};
use crate::time::{Micros, milliseconds};
use crate::timeline::Step;

/// The number of events of each server that are known at a place, S1 first.
type Clock = Vec<u64>;

/// A fold that keeps a run as text for ShiViz.
#[derive(Debug)]
pub struct Recorder {
    clocks: Vec<Clock>,
    /// What the sender knew of each message in flight.
    flights: BTreeMap<MessageId, Clock>,
    step: Step,
    /// What the sender of the message knew that the step under way has received.
    received: Option<Clock>,
    lines: Vec<String>,
}

impl Recorder {
    /// A recorder for servers S1 to Sn.
    #[must_use]
    pub fn new(servers: usize) -> Recorder {
        Recorder {
            clocks: vec![vec![0; servers]; servers],
            flights: BTreeMap::new(),
            step: Step::default(),
            received: None,
            lines: Vec::new(),
        }
    }

    /// The lines, two for each event.
    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }

    /// A server has an event: its clock takes in what it received, and counts it.
    fn event(&mut self, at: Micros, server: NodeId, text: &str) {
        let slot = server.0 as usize - 1;
        let clock = &mut self.clocks[slot];
        for (known, news) in clock.iter_mut().zip(self.received.take().into_iter().flatten()) {
            *known = news.max(*known);
        }
        clock[slot] += 1;
        let counts = (1..).map(NodeId).zip(&*clock).filter(|(_, count)| **count > 0);
        let counts: Vec<String> =
            counts.map(|(server, count)| format!("\"{server}\": {count}")).collect();
        self.lines.push(format!("{server} {{{}}}", counts.join(", ")));
        let time = if at > 0 { format!(" ({})", milliseconds(at)) } else { String::new() };
        self.lines.push(format!("{text}{time}"));
    }
}

/// True if another server can learn of a step, or it received something.
fn is_seen(event: &Event, effects: &Effects) -> bool {
    let sends = !effects.sends.is_empty() || !effects.held.is_empty();
    sends || matches!(event, Event::Receive(_))
}

impl Observer for Recorder {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Took { event, .. } => self.step.takes(event),
            Observation::Stepped { server, before, length, effects, .. } => {
                let Some((event, text)) = self.step.done(*server, before, *length, effects) else {
                    return Ok(());
                };
                match text {
                    Some(text) => self.event(at, *server, &text),
                    None if is_seen(&event, effects) => self.event(at, *server, "sends messages"),
                    None => {}
                }
            }
            Observation::InFlight { message, from, .. } => {
                self.flights.insert(*message, self.clocks[from.0 as usize - 1].clone());
            }
            Observation::Delivered { message, .. } => {
                self.received = self.flights.remove(message);
            }
            Observation::Lost { message: Some(message), .. } => {
                self.flights.remove(message);
            }
            Observation::Booted { server, again: true, view, .. } => {
                self.event(at, *server, &format!("restarts in term {}", view.term));
            }
            Observation::Crashed { server, .. } => self.event(at, *server, "crashes"),
            Observation::Wiped { server } => self.event(at, *server, "loses its disk"),
            Observation::Booted { again: false, .. }
            | Observation::Lost { message: None, .. }
            | Observation::Action { .. }
            | Observation::NotBooted { .. }
            | Observation::Asked { .. }
            | Observation::Step { .. }
            | Observation::Answered { .. }
            | Observation::Durable { .. }
            | Observation::Sent { .. }
            | Observation::Held { .. }
            | Observation::Lies { .. }
            | Observation::FaultBegan { .. }
            | Observation::FaultEnded { .. }
            | Observation::Statement { .. } => {}
        }
        Ok(())
    }
}
