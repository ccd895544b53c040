//! From a failing run to a few lines: a plan that violates a property becomes a scenario that does.
//!
//! First the plan is made smaller (`plan`): less time, fewer servers, fewer faults, tasks and requests. What is
//! left is turned into exact steps, as a scenario writes them, and these are made fewer. They are then told for a
//! reader, still as syntax, and printed in the end. Only what violates the same property is accepted. No step of it draws anything or asks how
//! long it took: the same plan shrinks to the same file.

mod case;
mod delta;
mod drawing;
mod legal;
mod names;
mod obligation;
mod plain;
mod plan;
mod servers;
mod steps;
mod strict;
mod tell;
mod trace;

use crate::checker::Property;
use crate::plan::Plan;
use crate::subject::Implementation;

/// What a failing plan was shrunk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The property that both violate.
    pub property: Property,
    /// The smaller plan.
    pub plan: Plan,
    /// What is left of its faults, tasks and requests, each counted as one.
    pub atoms: usize,
    /// The scenario's text, which fails on its own; `None` if exact steps do not show the violation. Its first
    /// line is a comment that names the seed, and nothing else of it does.
    pub scenario: Option<String>,
    /// The statements in it.
    pub steps: usize,
    /// How many runs and replays it took.
    pub replays: u64,
}

impl Shrunk {
    /// The scenario without the line that names the seed: two findings that have it in common are one.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.scenario.as_ref()?.split_once('\n').map(|(_, body)| body)
    }

    /// The scenario, with the command that led to it in the place of the seed.
    #[must_use]
    pub fn found_by(&self, command: &str) -> Option<String> {
        self.body()
            .map(|body| format!("# Found by `{command}` and shrunk; it fails on its own.\n{body}"))
    }
}

/// Shrinks a plan that violates a property; `None` if it violates none.
///
/// # Errors
/// Why a server did not boot.
pub fn shrink(plan: &Plan, implementation: &dyn Implementation) -> Result<Option<Shrunk>, String> {
    let Some(small) = plan::smallest(plan, implementation)? else { return Ok(None) };
    let mut shrunk = Shrunk {
        property: small.violation.property,
        atoms: plan::atoms(&small.plan),
        plan: small.plan,
        scenario: None,
        steps: 0,
        replays: small.runs,
    };
    let Some(minimal) = steps::minimal(&shrunk.plan, implementation)? else {
        return Ok(Some(shrunk));
    };
    shrunk.replays += minimal.replays;
    if let Some(mut reported) = tell::reported(&minimal, implementation) {
        shrunk.replays += reported.replays;
        shrunk.steps = reported.scenario.steps.len();
        let seed = plan.seed;
        if let Some(first) = reported.scenario.header_lines.first_mut() {
            let found =
                format!("# Found in the run of seed {seed} and shrunk; it fails on its own.");
            first.trivia.above.insert(0, found);
        }
        shrunk.scenario = Some(reported.scenario.to_string());
    }
    Ok(Some(shrunk))
}
