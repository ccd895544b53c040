//! Guided search: plans that reach states which few others reach are kept, and changed.
//!
//! A run is a function of its plan. So whoever knows that a run is in a rare state at some time can be there again,
//! and do something else from then on. [`Seen`] listens to a run and notes which abstract states it reaches
//! (`state`, `step`); a [`Guide`] keeps for each of them the plan that gets there in the fewest steps
//! (`archive`), and makes new plans of those (`mutate`).
//!
//! The plans come in generations. Those of a generation follow from what all generations before it reached, and
//! from the base and their own number; neither time nor threads have a part in it. It runs nothing: that is for
//! whoever asks for plans.

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

/// So many plans follow from the same archive.
pub const GENERATION: usize = 64;
/// So many in a hundred are those of seeds, once there are others: they take several times as many steps.
const FRESH: u32 = 5;
/// So many in a hundred of the others go on from a rare state; the rest are changed anywhere.
const CONTINUED: u32 = 65;
/// The stream of a base from which plans are made.
const STREAM: u64 = 0x6775_6964_6500_0000;

/// Makes plans from what others reached.
#[derive(Debug)]
pub struct Guide {
    base: u64,
    plan_options: PlanOptions,
    archive: Archive,
    /// How many runs were those of seeds.
    seeds: u64,
}

/// A plan to run, and what it was made of.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The plan.
    pub plan: Plan,
    /// The state that it starts out from, if it is not just that of a seed.
    from: Option<usize>,
}

impl Draft {
    /// Whether it is the plan of a seed.
    #[must_use]
    pub fn is_seed(&self) -> bool {
        self.from.is_none()
    }
}

impl Guide {
    /// One that has seen nothing. Its first plan is that of the seed `base`; all are drawn under these wishes.
    #[must_use]
    pub fn new(base: u64, plan_options: PlanOptions) -> Guide {
        Guide { base, plan_options, archive: Archive::default(), seeds: 0 }
    }

    /// The plan with this number, from the base on: as far as is known now. Ask for all of a generation before
    /// you tell what came of any.
    #[must_use]
    pub fn plan(&self, number: u64) -> Draft {
        let mut rng = PlanRng::stream(self.base, STREAM.wrapping_add(number));
        // Nothing is known before the first generation, so that all of it is.
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

    /// Takes in what a run reached. To be told in order of the numbers.
    pub fn take(&mut self, draft: Draft, reached: &[Reached]) {
        match draft.from {
            Some(place) => self.archive.tried(place),
            None => self.seeds += 1,
        }
        self.archive.take(&Arc::new(draft.plan), reached);
    }

    /// How many abstract states have been reached.
    #[must_use]
    pub fn states(&self) -> usize {
        self.archive.states()
    }

    /// How many runs were those of seeds, as drawn.
    #[must_use]
    pub fn seeds(&self) -> u64 {
        self.seeds
    }

    /// How many plans are kept since one of these is reached with them in the fewest steps.
    #[must_use]
    pub fn plans(&self) -> usize {
        self.archive.plans()
    }
}
