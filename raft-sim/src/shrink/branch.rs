//! A run, or the beginning of one, as a scenario of exact steps: nothing is left out.

use super::legal::sayable;
use super::trace::{Recorder, cluster};
use crate::checker::Violation;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::scenario::replay::{Move, in_words};
use crate::scenario::syntax::{Header, Scenario, Step, Trivia};
use crate::subject::Implementation;
use crate::time::Micros;

/// A fold that keeps a run as the exact steps of a scenario.
pub struct Tracer {
    header: Header,
    recorder: Recorder,
}

impl Tracer {
    /// A tracer for the run of a plan.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Tracer {
        Tracer { header: cluster(plan), recorder: Recorder::new(plan) }
    }

    /// A tracer for a run in the cluster of a scenario: the commands keep their labels.
    #[must_use]
    pub fn of_scenario(scenario: &Scenario) -> Tracer {
        let Scenario { header, .. } = scenario;
        let settings = header.settings.iter().map(|settings| settings.values());
        let header = Header { violates: None, ..header.clone() };
        Tracer { recorder: Recorder::labelled(settings.collect()), header }
    }

    /// The scenario, with this title, and a violation that is to come at its end. Its replay has the same steps on the
    /// implementation that was observed.
    #[must_use]
    pub fn scenario(
        self,
        title: &str,
        violation: Option<&Violation>,
        implementation: &dyn Implementation,
    ) -> Scenario {
        let mut header = self.header;
        header.title = title.to_owned();
        if header.paper.is_empty() {
            header.paper = "§5".to_owned();
        }
        header.violates = violation.map(|violation| violation.property.name().to_owned());
        let empty = Scenario::new(header.clone(), Vec::new());
        let moves: Vec<Move> =
            self.recorder.finish().into_iter().map(|traced| traced.step).collect();
        let statements = in_words(&empty, &sayable(&header, moves), implementation);
        let step = |(line, statement)| Step { line, statement, trivia: Trivia::default() };
        Scenario::new(header, (1..).zip(statements).map(step).collect())
    }
}

impl Observer for Tracer {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.recorder.observe(at, observation)
    }
}
