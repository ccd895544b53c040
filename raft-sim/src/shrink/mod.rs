//! Shrinking: turns a plan that violates a property into a short scenario that violates it.
//!
//! First the plan is made smaller (`plan`): less time, fewer servers, fewer faults, admin operations and requests.
//! Then its run is turned into exact steps, as in a scenario, and these are reduced. Finally they are made readable,
//! still as syntax, and printed. Only candidates with the same [symptom](crate::checker::Symptom) are accepted. Nothing
//! depends on random numbers or on the clock: the same plan shrinks to the same file, unless [`Patience`] ends the search.

mod branch;
mod case;
mod class;
mod delta;
mod drawing;
mod legal;
mod names;
mod obligation;
mod patience;
mod plain;
mod plan;
mod readable;
mod reason;
mod servers;
mod shorten;
mod simpler;
mod steps;
mod strict;
mod trace;
mod trips;

use crate::checker::Property;
use crate::plan::Plan;
use crate::subject::Implementation;

pub use branch::Tracer;
pub use patience::Patience;
pub use reason::NoScenario;
pub use shorten::{cut, shorten};

/// The result of shrinking a failing plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The property that both violate.
    pub property: Property,
    /// The smaller plan.
    pub plan: Plan,
    /// The number of its faults, admin operations and requests.
    pub atoms: usize,
    /// The scenario's text, which fails on its own; `None` if exact steps do not show the violation. Only its first
    /// line, a comment, names the seed.
    pub scenario: Option<String>,
    /// The reason why there is no scenario.
    pub why: Option<NoScenario>,
    /// True if [`Patience`] ended the search: there may be a smaller plan and a shorter scenario.
    pub is_cut: bool,
    /// The number of its statements.
    pub steps: usize,
    /// The number of runs and replays it took.
    pub replays: u64,
}

impl Shrunk {
    /// The scenario without the line that names the seed: two findings with the same body are one.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.scenario.as_ref()?.split_once('\n').map(|(_, body)| body)
    }

    /// The scenario with the command that found it in place of the seed.
    #[must_use]
    pub fn found_by(&self, command: &str) -> Option<String> {
        self.body()
            .map(|body| format!("# Found by `{command}` and shrunk; it fails on its own.\n{body}"))
    }
}

/// Shrinks a plan that violates a property; `None` if it violates none.
///
/// # Errors
/// The reason why a server did not boot.
pub fn shrink(plan: &Plan, implementation: &dyn Implementation) -> Result<Option<Shrunk>, String> {
    shrink_within(plan, implementation, &())
}

/// As [`shrink`], until its patience is used up.
///
/// # Errors
/// The reason why a server did not boot, or that there was no time for a single run.
pub fn shrink_within(
    plan: &Plan,
    implementation: &dyn Implementation,
    patience: &dyn Patience,
) -> Result<Option<Shrunk>, String> {
    let Some(small) = plan::smallest(plan, implementation, patience)? else { return Ok(None) };
    let mut shrunk = Shrunk {
        property: small.violation.property,
        atoms: plan::atoms(&small.plan),
        plan: small.plan,
        scenario: None,
        why: None,
        is_cut: small.is_cut,
        steps: 0,
        replays: small.runs,
    };
    if shrunk.property == Property::BoundedSteps {
        shrunk.why = Some(NoScenario::Endless);
        return Ok(Some(shrunk));
    }
    let minimal = match steps::minimal(&shrunk.plan, &small.violation, implementation, patience)? {
        Ok(minimal) => minimal,
        Err(why) => return Ok(Some(Shrunk { why: Some(why), ..shrunk })),
    };
    shrunk.replays += minimal.replays;
    shrunk.is_cut |= minimal.is_cut;
    let mut readable = match readable::readable(&minimal, implementation) {
        Ok(readable) => readable,
        Err(why) => return Ok(Some(Shrunk { why: Some(why), ..shrunk })),
    };
    shrunk.replays += readable.replays;
    shrunk.steps = readable.scenario.steps.len();
    let seed = plan.seed;
    if let Some(first) = readable.scenario.header_lines.first_mut() {
        let found = format!("# Found in the run of seed {seed} and shrunk; it fails on its own.");
        first.trivia.above.insert(0, found);
    }
    shrunk.scenario = Some(readable.scenario.to_string());
    Ok(Some(shrunk))
}
