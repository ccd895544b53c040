//! The abstract states that a run reaches, and the time at which it first reaches each.

use super::state::{self, Server, WAYS};
use super::step;
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::subject::Event;
use crate::time::Micros;

/// The number of bits that distinguish abstract states; few of them collide.
pub(super) const BITS: u32 = 18;

/// A state that a run reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Its number, below 2^[`BITS`].
    pub(super) state: u32,
    /// True if it is a state of a step; otherwise it is a state of the cluster.
    pub(super) of_step: bool,
    /// The time at which it was first reached, in virtual microseconds.
    pub(super) at: Micros,
    /// The number of steps before it was first reached.
    pub(super) steps: u64,
}

/// Observes a run and records the abstract states that it reaches.
#[derive(Debug)]
pub struct Seen {
    servers: Vec<Server>,
    /// A bit for each state.
    known: Vec<u64>,
    reached: Vec<Reached>,
    /// The event that a server is taking.
    event: Option<Event>,
    steps: u64,
    /// The last state of the cluster, and the last step of each server.
    cluster: [u64; WAYS],
    last: Vec<u64>,
}

impl Seen {
    /// An observer for a run of this plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Seen {
        Seen {
            servers: vec![Server::default(); plan.clocks.len()],
            known: vec![0; 1 << (BITS - 6)],
            reached: Vec::new(),
            event: None,
            steps: 0,
            cluster: [0; WAYS],
            last: vec![0; plan.clocks.len()],
        }
    }

    /// The states that the run reached, in order of time.
    #[must_use]
    pub fn reached(self) -> Vec<Reached> {
        self.reached
    }

    fn server(&mut self, id: NodeId) -> &mut Server {
        &mut self.servers[id.0 as usize - 1]
    }

    fn note(&mut self, number: u64, of_step: bool, at: Micros) {
        let state = (number >> (64 - BITS)) as u32;
        let (word, bit) = (&mut self.known[state as usize / 64], 1 << (state % 64));
        if *word & bit == 0 {
            *word |= bit;
            self.reached.push(Reached { state, of_step, at, steps: self.steps });
        }
    }

    /// Notes the state of the cluster, which may have changed.
    fn look(&mut self, at: Micros) {
        let cluster = state::abstract_of(&self.servers);
        let before = std::mem::replace(&mut self.cluster, cluster);
        for (number, before) in cluster.into_iter().zip(before) {
            if number != before {
                self.note(number, false, at);
            }
        }
    }
}

impl Observer for Seen {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others do not change a state")]
    fn observe(&mut self, now: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Took { event, .. } => self.event = Some(event.clone().into_owned()),
            Observation::Stepped { server: id, effects, before, changed, .. } => {
                let Some(event) = self.event.take() else { return Ok(()) };
                self.steps += 1;
                let number = step::abstract_of(self.server(*id), &event, effects, before);
                let last = &mut self.last[id.0 as usize - 1];
                if std::mem::replace(last, number) != number {
                    self.note(number, true, now);
                }
                if *changed || !effects.writes.is_empty() {
                    let server = self.server(*id);
                    server.view = effects.view;
                    for write in &effects.writes {
                        server.log.write(*id, write);
                        server.pending += 1;
                        server.pending_vote |= write.hard_state.is_some();
                    }
                    self.look(now);
                }
            }
            Observation::Durable { server: id, write } => {
                let server = self.server(*id);
                server.durable.write(*id, write);
                server.pending = server.pending.saturating_sub(1);
                server.pending_vote &= server.pending > 0;
            }
            Observation::Booted { server: id, view, .. } => {
                let server = self.server(*id);
                (server.view, server.up) = (*view, true);
                self.look(now);
            }
            Observation::Crashed { server: id, lost, .. } => {
                let server = self.server(*id);
                server.up = false;
                server.lost |= *lost > 0;
                server.log = server.durable.clone();
                (server.pending, server.pending_vote) = (0, false);
                self.look(now);
            }
            Observation::Wiped { server: id } => *self.server(*id) = Server::default(),
            _ => {}
        }
        Ok(())
    }
}
