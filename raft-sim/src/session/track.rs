//! The actions of a run, recorded.

use std::borrow::Cow;

use serde::Serialize;

use crate::action::Action;
use crate::checker::Violation;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::run::{Script, run_scripted};
use crate::scenario::replay::{Alarm, Verdict, alarm, replay};
use crate::scenario::syntax::Scenario;
use crate::subject::Implementation;
use crate::time::Micros;

/// An action of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Its time, in virtual microseconds.
    pub at: Micros,
    /// The action.
    pub action: Action,
    /// True if it may have been due by itself: a tick, an arrival, the work of a disk or of a state machine.
    pub due: bool,
    /// True if it is one of one's own.
    pub injected: bool,
    /// The line of the scenario's statement.
    pub line: Option<u32>,
}

/// The actions of a run, and how it ended.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) marks: Vec<Mark>,
    /// What drivers observe between two actions: statements and faults, each with its time and the number of actions before it.
    pub(super) between: Vec<(usize, Micros, Observation<'static>)>,
    pub(super) violation: Option<Violation>,
    pub(super) verdict: String,
    pub(super) digest: Option<u64>,
}

/// Observes the actions.
#[derive(Default)]
struct Recorder<'s> {
    marks: Vec<Mark>,
    between: Vec<(usize, Micros, Observation<'static>)>,
    injected: &'s [(u64, Action)],
    line: Option<u32>,
}

impl Observer for Recorder<'_> {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        let between = match observation {
            Observation::Statement { line } => {
                self.line = Some(*line);
                Some(Observation::Statement { line: *line })
            }
            Observation::FaultBegan { fault, servers } => {
                let servers = Cow::Owned(servers.to_vec());
                Some(Observation::FaultBegan { fault: *fault, servers })
            }
            Observation::FaultEnded { fault } => Some(Observation::FaultEnded { fault: *fault }),
            Observation::Action { .. }
            | Observation::Booted { .. }
            | Observation::NotBooted { .. }
            | Observation::Asked { .. }
            | Observation::Step { .. }
            | Observation::Took { .. }
            | Observation::Stepped { .. }
            | Observation::Answered { .. }
            | Observation::Durable { .. }
            | Observation::Sent { .. }
            | Observation::InFlight { .. }
            | Observation::Held { .. }
            | Observation::Delivered { .. }
            | Observation::Lost { .. }
            | Observation::Crashed { .. }
            | Observation::Wiped { .. }
            | Observation::Lies { .. } => None,
        };
        self.between.extend(between.map(|seen| (self.marks.len(), at, seen)));
        if let Observation::Action { action } = observation {
            let number = self.marks.len() as u64;
            let injected = self.injected.contains(&(number, action.clone().into_owned()));
            let due = !injected && may_be_due(action);
            let (action, line) = (action.clone().into_owned(), self.line);
            self.marks.push(Mark { at, action, due, injected, line });
        }
        Ok(())
    }
}

/// True if an action is one that becomes due by itself while time flows.
pub(super) fn may_be_due(action: &Action) -> bool {
    matches!(
        action,
        Action::Tick { .. }
            | Action::Deliver { .. }
            | Action::Sync { .. }
            | Action::Notify { .. }
            | Action::Apply { .. }
    )
}

impl Track {
    /// The run of a plan, with actions of one's own.
    pub(super) fn of_plan(
        plan: &Plan,
        script: &Script,
        implementation: &dyn Implementation,
    ) -> Result<Track, String> {
        let mut recorder = Recorder { injected: &script.injected, ..Recorder::default() };
        let outcome = run_scripted(plan, implementation, script, &mut recorder)?;
        let violation = outcome.violation.map(|(_, violation)| violation);
        let verdict = violation.as_ref().map_or("all held".to_owned(), ToString::to_string);
        let Recorder { marks, between, .. } = recorder;
        Ok(Track { marks, between, violation, verdict, digest: Some(outcome.digest) })
    }

    /// The replay of a scenario.
    pub(super) fn of_scenario(
        scenario: &Scenario,
        implementation: &dyn Implementation,
    ) -> Result<Track, String> {
        let mut recorder = Recorder::default();
        let verdict = match replay(scenario, implementation, &mut recorder) {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Skipped(skip) => return Err(format!("the scenario is skipped: {skip}")),
            Verdict::Failed(failure) => {
                let message = failure.message.lines().next().unwrap_or_default();
                format!("line {}: {message}", failure.line)
            }
        };
        let violation = match alarm(scenario, implementation) {
            Some(Alarm::Violation(violation)) => Some(violation),
            Some(Alarm::Overdue) | None => None,
        };
        let Recorder { marks, between, .. } = recorder;
        Ok(Track { marks, between, violation, verdict, digest: None })
    }
}
