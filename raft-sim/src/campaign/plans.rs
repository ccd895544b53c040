//! The plans of a campaign, drawn from their seeds or made by a guide.

use std::borrow::Cow;

use super::{Limits, Options, SeedOptions};
use crate::guide::{Draft, GENERATION, Guide, Reached, Seen};
use crate::plan::{Plan, PlanOptions};
use crate::subject::Implementation;

/// The number of seeds in a batch: enough that no thread waits long.
const BATCH: usize = 512;
/// The number of seeds in a batch if the campaign ends at a finding: the seeds after it are run in vain.
const SMALL_BATCH: usize = 32;

/// The plans of a campaign.
#[derive(Debug)]
pub(super) struct Plans {
    plan_options: PlanOptions,
    guide: Option<Guide>,
}

impl Plans {
    /// The plans of a campaign of this implementation.
    pub(super) fn of(options: &Options, implementation: &dyn Implementation) -> Plans {
        let Options { part, each: SeedOptions { plan, guided, .. }, .. } = options;
        let mut plan_options = plan.clone();
        plan_options.capabilities.get_or_insert_with(|| implementation.capabilities().to_vec());
        let guide = guided.then(|| Guide::new(part.from, plan_options.clone()));
        Plans { plan_options, guide }
    }

    /// The number of seeds in a batch. A guide has a number of its own, so that its plans do not depend on the limits
    /// of the campaign.
    pub(super) fn batch(&self, limits: Limits) -> usize {
        match (&self.guide, limits.findings.or(limits.steps)) {
            (Some(_), _) => GENERATION,
            (None, Some(_)) => SMALL_BATCH,
            (None, None) => BATCH,
        }
    }

    /// The guide's draft for a seed, if there is a guide. It follows from the runs that were taken in so far.
    pub(super) fn draft(&self, seed: u64) -> Option<Draft> {
        self.guide.as_ref().map(|guide| guide.plan(seed))
    }

    /// The plan of the draft; without one, the plan that the seed draws.
    pub(super) fn plan<'d>(&self, seed: u64, draft: Option<&'d Draft>) -> Cow<'d, Plan> {
        match draft {
            Some(draft) => Cow::Borrowed(&draft.plan),
            None => Cow::Owned(Plan::draw(seed, &self.plan_options)),
        }
    }

    /// The observer for the run of a plan, if there is a guide.
    pub(super) fn seen(&self, plan: &Plan) -> Option<Seen> {
        self.guide.as_ref().map(|_| Seen::of(plan))
    }

    /// Takes in the states that the next run reached.
    pub(super) fn take(&mut self, draft: Option<Draft>, reached: &[Reached]) {
        if let (Some(guide), Some(draft)) = (&mut self.guide, draft) {
            guide.take(draft, reached);
        }
    }

    /// The guide, if there is one.
    pub(super) fn guide(&self) -> Option<&Guide> {
        self.guide.as_ref()
    }

    /// Returns the guide, if there is one.
    pub(super) fn into_guide(self) -> Option<Guide> {
        self.guide
    }
}
