//! Shortens a scenario that fails: what it does not need in order to fail in the same way goes.

use super::delta::minimize;
use super::patience::{Patience, TEXT};
use crate::checker::Symptom;
use crate::scenario::parse::parse;
use crate::scenario::replay::{Alarm, alarm};
use crate::scenario::source::Source;
use crate::scenario::syntax::{Scenario, Statement, Step, Trivia};
use crate::subject::Implementation;

/// The text of the shortest scenario found that violates a property with this symptom, when this one does so at `line`.
/// It may need capabilities without naming them.
#[must_use]
pub fn shorten(
    scenario: &Scenario,
    line: u32,
    symptom: &Symptom,
    implementation: &dyn Implementation,
    patience: &dyn Patience,
) -> Option<String> {
    let until = until(scenario, line);
    let mut best = None;
    let mut fails = |steps: &[Step]| {
        if patience.used() >= TEXT {
            return false;
        }
        let text = text(&until, steps.to_vec());
        // What is left must be a scenario of its own: a label needs the statement that declares it.
        let Ok(read) = parse(&Source::new("", &text)) else { return false };
        let seen = alarm(&read, implementation);
        let is_same =
            matches!(&seen, Some(Alarm::Violation(violation)) if symptom.is_of(violation));
        if is_same {
            best = Some(text);
        }
        is_same
    };
    if fails(&until.steps) {
        minimize(until.steps.clone(), fails);
    }
    best
}

/// The text of a scenario up to the line that fails, without earlier expectations: these change nothing.
#[must_use]
pub fn cut(scenario: &Scenario, line: u32) -> String {
    let until = until(scenario, line);
    let watches = |statement: &Statement| {
        matches!(statement, Statement::Expect(_) | Statement::Never(_) | Statement::Reach(_))
    };
    let is_needed = |step: &&Step| step.line == line || !watches(&step.statement);
    let steps: Vec<Step> = until.steps.iter().filter(is_needed).cloned().collect();
    text(&until, steps)
}

/// The text of a scenario with these steps, below an empty line.
fn text(scenario: &Scenario, mut steps: Vec<Step>) -> String {
    if let Some(first) = steps.first_mut() {
        first.trivia.above.push(String::new());
    }
    Scenario::new(scenario.header.clone(), steps).to_string()
}

/// The scenario up to a line, without comments, and without what makes a negative control of it.
fn until(scenario: &Scenario, line: u32) -> Scenario {
    let mut header = scenario.header.clone();
    (header.violates, header.requires) = (None, Vec::new());
    // A condition that is watched from its line on fails later.
    let is_watched = |step: &Step| {
        step.line == line && matches!(step.statement, Statement::Never(_) | Statement::Reach(_))
    };
    let last = if scenario.steps.iter().any(is_watched) { u32::MAX } else { line };
    let steps = scenario.steps.iter().filter(|step| step.line <= last);
    let bare = |step: &Step| Step { trivia: Trivia::default(), ..step.clone() };
    Scenario::new(header, steps.map(bare).collect())
}
