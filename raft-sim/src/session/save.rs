//! A branch as a scenario, and its replay.

use serde::Serialize;

use super::state::{Gist, Sent};
use super::{Base, Session, State, track};
use crate::action::Action;
use crate::observation::{Observation, Observer, Stop};
use crate::scenario::replay::{self, Verdict, replay};
use crate::scenario::syntax::Scenario;
use crate::shrink::Tracer;
use crate::time::Micros;
use crate::world::World;

/// A branch as a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Saved {
    /// The text of the file.
    pub scenario: String,
    /// True if its replay leads to the same state of all servers.
    pub same: bool,
    /// The verdict of its replay, in one line.
    pub verdict: String,
}

impl Session<'_> {
    /// A branch up to a step as a scenario, with the name of its run.
    ///
    /// # Errors
    /// There is no such step.
    pub fn save(&mut self, branch: usize, step: usize, name: &str) -> Result<Saved, String> {
        self.has(branch, step).ok_or_else(|| format!("branch {branch} has no step {step}"))?;
        let mut tracer = match &self.base {
            Base::Plan(plan) => Tracer::of_plan(plan),
            Base::Scenario(scenario) => Tracer::of_scenario(scenario),
        };
        self.observe_boot(&mut tracer);
        self.observe(branch, 0, step, &mut tracer);
        let violation = self.violation(branch).filter(|_| step == self.steps(branch)).cloned();
        let title = format!("{} up to its action {step}", name.replace(['\n', '#'], " "));
        let scenario = tracer.scenario(&title, violation.as_ref(), self.implementation);
        let (world, sent) = self.world(branch, step);
        let mut last = Last::default();
        let verdict = replay(&scenario, self.implementation, &mut last);
        let same = Gist::of(&State::of(step, &world, &sent)) == last.gist(&scenario, self);
        let verdict = match verdict {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Skipped(skip) => format!("skipped: {skip}"),
            Verdict::Failed(failure) => {
                let message = failure.message.lines().next().unwrap_or_default();
                format!("line {}: {message}", failure.line)
            }
        };
        Ok(Saved { scenario: scenario.to_string(), same, verdict })
    }
}

/// The actions of a replay, to be done again.
#[derive(Default)]
struct Last(Vec<(Micros, Action)>);

impl Observer for Last {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::Action { action } = observation {
            self.0.push((at, action.clone().into_owned()));
        }
        Ok(())
    }
}

impl Last {
    /// The state of the servers at the end of the replay.
    fn gist(self, scenario: &Scenario, session: &Session<'_>) -> Gist {
        let design = replay::design(&scenario.header, session.implementation.capabilities());
        let mut sent = Sent::new(session.servers());
        let Ok(mut world) = World::new(session.implementation, design, &mut ()) else {
            return Gist::default();
        };
        for (at, action) in self.0 {
            let due = track::may_be_due(&action);
            let _ = world.redo(at, action, due, &mut sent);
        }
        Gist::of(&State::of(0, &world, &sent))
    }
}
