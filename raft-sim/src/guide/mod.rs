//! Guided search: keeps plans that reach rare states, and changes them.
//!
//! A run is a function of its plan. So a plan that reaches a rare state reaches it again, and something else can happen
//! from then on. [`Seen`] observes a run and records the abstract states that it reaches (`state`, `step`). A [`Guide`]
//! keeps for each state the plan that reaches it in the fewest steps (`archive`), and makes new plans from those
//! (`mutate`).
//!
//! Plans come in generations. A plan follows from the states that all earlier generations reached, from the base and
//! from its own number; time and threads have no part in it. A guide runs nothing: its caller does.

mod archive;
mod log;
mod mutate;
mod seen;
mod state;
mod step;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::plan::{Plan, PlanOptions};
use crate::rng::PlanRng;

pub use seen::{Reached, Seen};

use archive::Archive;

/// The number of plans in a generation: those that follow from the same archive.
pub const GENERATION: usize = 64;
/// The percentage of plans that are drawn from seeds after the first generation: they take several times as many steps.
const FRESH: u32 = 5;
/// The percentage of the other plans that continue from a rare state; the rest are changed anywhere.
const CONTINUED: u32 = 65;
/// The stream of a base from which plans are made.
const STREAM: u64 = 0x6775_6964_6500_0000;

/// Makes plans from the states that others reached.
#[derive(Debug)]
pub struct Guide {
    base: u64,
    plan_options: PlanOptions,
    archive: Archive,
    /// The number of runs whose plans were drawn from seeds.
    seeds: u64,
}

/// A plan to run, and the state that it was made from.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The plan.
    pub plan: Plan,
    /// The place of the state that it starts from; `None` if it is drawn from a seed.
    from: Option<usize>,
}

impl Draft {
    /// True if the plan is drawn from a seed.
    #[must_use]
    pub fn is_seed(&self) -> bool {
        self.from.is_none()
    }
}

impl Guide {
    /// A guide that has seen nothing. Its first plan is that of the seed `base`; all are drawn with these plan options.
    #[must_use]
    pub fn new(base: u64, plan_options: PlanOptions) -> Guide {
        Guide { base, plan_options, archive: Archive::default(), seeds: 0 }
    }

    /// The plan with this number, counted from the base on. Ask for all plans of a generation before you call
    /// [`take`](Guide::take) for one of them.
    #[must_use]
    pub fn plan(&self, number: u64) -> Draft {
        let mut rng = PlanRng::stream(self.base, STREAM.wrapping_add(number));
        // The archive is empty before the first generation: all its plans are drawn from seeds.
        if self.archive.states() == 0 || rng.percent(FRESH) {
            return Draft { plan: Plan::draw(number, &self.plan_options), from: None };
        }
        let place = self.archive.choose(&mut rng);
        let (plan, at) = self.archive.start(place);
        let donor = Plan::draw(number, &self.plan_options);
        let plan = if rng.percent(CONTINUED) {
            mutate::continued(plan, at, &donor, &mut rng)
        } else {
            mutate::changed(plan, at, &donor, &mut rng)
        };
        Draft { plan, from: Some(place) }
    }

    /// Takes in the states that a run reached. Call it in the order of the numbers.
    pub fn take(&mut self, draft: Draft, reached: &[Reached]) {
        match draft.from {
            Some(place) => self.archive.tried(place),
            None => self.seeds += 1,
        }
        self.archive.take(&Arc::new(draft.plan), reached);
    }

    /// The number of abstract states that have been reached.
    #[must_use]
    pub fn states(&self) -> usize {
        self.archive.states()
    }

    /// The number of runs whose plans were drawn from seeds.
    #[must_use]
    pub fn seeds(&self) -> u64 {
        self.seeds
    }

    /// The number of plans that are kept, each because it reaches some state in the fewest steps.
    #[must_use]
    pub fn plans(&self) -> usize {
        self.archive.plans()
    }
}
