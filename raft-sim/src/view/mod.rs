//! A run as one page for a browser: lanes of servers, their messages and states, and the causes of a violation.
//!
//! A [`Recorder`] observes a run, as any other fold does. [`page`] puts what it recorded into a file that needs nothing
//! else: no network, no server, no other file. The page itself is made from TypeScript in `raft-sim/page`, and is checked
//! in as it is built; nothing here draws.

mod clients;
mod fold;
mod numbers;
mod page;
mod tape;
#[cfg(test)]
mod tests;
mod traced;

use serde::Serialize;

use crate::checker::{Class, Violation};
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::run::ClientHistory;
use crate::scenario::syntax::Scenario;
use crate::time::Micros;

use fold::Fold;
use tape::Tape;

pub use clients::{Conflict, history};
pub use page::{WhatIf, data, page, page_with, playground};
pub use traced::traced;

/// The version of the data in a page.
const VERSION: u32 = 1;

/// Observes a run and records what a page shows.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Fold);

impl Observer for Recorder {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.0.observe(at, observation)
    }
}

impl Recorder {
    /// A recorder at the beginning of a run.
    #[must_use]
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// Adds the operations of the run's clients that can't be put in order, if there are any.
    pub fn explain(&self, clients: &ClientHistory, about: &mut About) {
        clients::explain(clients, |request| self.0.number_of(request), about);
    }

    /// The run as the page shows it.
    #[must_use]
    pub fn into_run(self, about: About) -> Run {
        let Fold { tape, seen, .. } = self.0;
        Run { version: VERSION, about, observations: seen, tape }
    }
}

/// The headings of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    /// Its name: `seed 7`, or the title of the scenario.
    pub title: String,
    /// The implementation.
    pub subject: String,
    /// The command that replays it; empty if there is none.
    pub replay: String,
    /// The number of servers.
    pub servers: usize,
    /// The names of the servers, if they have names of their own.
    pub names: Vec<String>,
    /// The first configuration.
    pub members: Vec<u32>,
    /// True if the order of events is known, but no time.
    pub timeless: bool,
    /// The verdict, if no property is violated: `all held`.
    pub verdict: String,
    /// The violation that ended it.
    pub violation: Option<Shown>,
    /// The record at which the violation shows, if it is not the last one.
    pub violated_at: Option<u64>,
    /// The names of lanes of clients, the first one on top. Requests without a lane are drawn below them.
    pub lanes: Vec<String>,
    /// For each request, in order, its lane; empty if no request has one.
    pub requests: Vec<u64>,
    /// The operations of clients that can't be put in order.
    pub conflict: Option<Conflict>,
    /// The faults of its plan, in order.
    pub faults: Vec<String>,
    /// The lines of its scenario.
    pub scenario: Vec<String>,
    /// Remarks on what the page can't show.
    pub notes: Vec<String>,
}

/// A violation as the page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The property's title; empty if an expectation of a scenario was not met.
    pub property: String,
    /// Its section in the paper.
    pub section: String,
    /// The sentence that names the servers.
    pub detail: String,
    /// The server whose act showed it; 0 for none.
    pub server: u32,
    /// True if something that had to happen did not.
    pub liveness: bool,
}

impl Shown {
    /// A violation that a checker or the driver found.
    #[must_use]
    pub fn of(violation: &Violation) -> Shown {
        let Violation { property, server, detail } = violation;
        Shown {
            property: property.title().to_owned(),
            section: property.section().to_owned(),
            detail: detail.clone(),
            server: server.0,
            liveness: property.class() == Class::Liveness,
        }
    }
}

impl About {
    /// The headings of a plan's run.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> About {
        About {
            servers: plan.clocks.len(),
            members: (1..=plan.members).collect(),
            faults: plan.faults.iter().map(|fault| fault.kind.to_string()).collect(),
            ..About::default()
        }
    }

    /// The headings of a scenario's replay.
    #[must_use]
    pub fn of_scenario(scenario: &Scenario, text: &str) -> About {
        let header = &scenario.header;
        let members = header.servers.iter().filter(|id| !header.outside.contains(id));
        About {
            title: header.title.clone(),
            servers: header.servers.len(),
            members: members.map(|NodeId(id)| *id).collect(),
            scenario: text.lines().map(|line| line.trim_end().to_owned()).collect(),
            timeless: true,
            ..About::default()
        }
    }
}

/// A run as the page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    version: u32,
    #[serde(flatten)]
    about: About,
    /// The number of observations of which it was made.
    observations: u64,
    tape: Tape,
}

impl Run {
    /// The number of observations of which it was made.
    #[must_use]
    pub fn observations(&self) -> u64 {
        self.observations
    }
}
