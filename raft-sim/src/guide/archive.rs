//! The abstract states that were reached, with counts and the plans that reach them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::seen::{BITS, Reached};
use crate::plan::Plan;
use crate::rng::PlanRng;
use crate::time::Micros;

/// The number of states from which the one that was reached least is chosen.
const ENTRANTS: usize = 12;
/// The percentage of choices that take a state of a step: there are far fewer of those.
const OF_STEPS: u32 = 85;

/// The abstract states that were reached.
#[derive(Debug)]
pub(super) struct Archive {
    /// The place of each state in `states`, plus 1; 0 if it was not reached.
    places: Vec<u32>,
    states: Vec<State>,
    /// The places of the states of steps, and of those of clusters.
    of_steps: Vec<usize>,
    of_clusters: Vec<usize>,
}

/// A state that was reached.
#[derive(Debug)]
struct State {
    /// The plan that reaches it in the fewest known steps.
    plan: Arc<Plan>,
    /// The time at which the plan reaches it.
    at: Micros,
    steps: u64,
    /// The number of runs that have reached it.
    runs: u64,
    /// The number of plans that have been made from it.
    tried: u64,
}

impl Default for Archive {
    fn default() -> Archive {
        Archive {
            places: vec![0; 1 << BITS],
            states: Vec::new(),
            of_steps: Vec::new(),
            of_clusters: Vec::new(),
        }
    }
}

impl Archive {
    /// Takes in the states that the run of a plan reached.
    pub(super) fn take(&mut self, plan: &Arc<Plan>, reached: &[Reached]) {
        for Reached { state, of_step, at, steps } in reached {
            let place = &mut self.places[*state as usize];
            if *place == 0 {
                let kind = if *of_step { &mut self.of_steps } else { &mut self.of_clusters };
                kind.push(self.states.len());
                let plan = plan.clone();
                self.states.push(State { plan, at: *at, steps: *steps, runs: 1, tried: 0 });
                *place = self.states.len() as u32;
                continue;
            }
            let known = &mut self.states[*place as usize - 1];
            known.runs += 1;
            // A plan that is hardly better is not worth a copy.
            if *steps * 4 < known.steps * 3 {
                (known.plan, known.at, known.steps) = (plan.clone(), *at, *steps);
            }
        }
    }

    /// Chooses a state to start from: one that few runs have reached and few plans were made from. The archive must not
    /// be empty.
    pub(super) fn choose(&self, rng: &mut PlanRng) -> usize {
        let steps = rng.percent(OF_STEPS) || self.of_clusters.is_empty();
        let all =
            if steps && !self.of_steps.is_empty() { &self.of_steps } else { &self.of_clusters };
        let entrants = (0..ENTRANTS).map(|_| rng.pick(all));
        let worth = |place: &usize| {
            let State { runs, tried, steps, .. } = &self.states[*place];
            (runs + 4 * tried, *steps)
        };
        entrants.min_by_key(worth).unwrap_or_default()
    }

    /// Counts a plan that was made from the state at this place.
    pub(super) fn tried(&mut self, place: usize) {
        self.states[place].tried += 1;
    }

    /// The plan that reaches the state at this place, and the time at which it does.
    pub(super) fn start(&self, place: usize) -> (&Plan, Micros) {
        let State { plan, at, .. } = &self.states[place];
        (plan, *at)
    }

    pub(super) fn states(&self) -> usize {
        self.states.len()
    }

    pub(super) fn plans(&self) -> usize {
        let plans: BTreeSet<*const Plan> =
            self.states.iter().map(|state| Arc::as_ptr(&state.plan)).collect();
        plans.len()
    }
}
