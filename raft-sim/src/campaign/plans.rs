//! Where the plans of a campaign come from: from their seeds alone, or from a guide.

use std::borrow::Cow;

use super::{Limits, Options, SeedOptions};
use crate::guide::{Draft, GENERATION, Guide, Reached, Seen};
use crate::plan::{Plan, PlanOptions};
use crate::subject::Implementation;

/// How many seeds are run before they are taken in: enough that no thread waits long.
const BATCH: usize = 512;
/// The same if the campaign ends at a finding: those behind it are run in vain.
const SMALL_BATCH: usize = 32;

/// The plans of a campaign.
#[derive(Debug)]
pub(super) struct Plans {
    plan_options: PlanOptions,
    guide: Option<Guide>,
}

impl Plans {
    /// Those of the seeds of a campaign of this implementation.
    pub(super) fn of(options: &Options, implementation: &dyn Implementation) -> Plans {
        let Options { part, each: SeedOptions { plan, guided, .. }, .. } = options;
        let mut plan_options = plan.clone();
        plan_options.capabilities.get_or_insert_with(|| implementation.capabilities().to_vec());
        let guide = guided.then(|| Guide::new(part.from, plan_options.clone()));
        Plans { plan_options, guide }
    }

    /// How many seeds are run before they are taken in. A guide has a number of its own, so that what it makes does
    /// not depend on when the campaign is to end.
    pub(super) fn batch(&self, limits: Limits) -> usize {
        match (&self.guide, limits.findings.or(limits.steps)) {
            (Some(_), _) => GENERATION,
            (None, Some(_)) => SMALL_BATCH,
            (None, None) => BATCH,
        }
    }

    /// What a guide makes of a seed, as far as what was taken in decides it, if there is a guide.
    pub(super) fn draft(&self, seed: u64) -> Option<Draft> {
        self.guide.as_ref().map(|guide| guide.plan(seed))
    }

    /// The plan of a seed of which a guide made this, if there is one.
    pub(super) fn plan<'d>(&self, seed: u64, draft: Option<&'d Draft>) -> Cow<'d, Plan> {
        match draft {
            Some(draft) => Cow::Borrowed(&draft.plan),
            None => Cow::Owned(Plan::draw(seed, &self.plan_options)),
        }
    }

    /// What is to listen to the run of a plan.
    pub(super) fn seen(&self, plan: &Plan) -> Option<Seen> {
        self.guide.as_ref().map(|_| Seen::of(plan))
    }

    /// Takes in what the next run reached.
    pub(super) fn take(&mut self, draft: Option<Draft>, reached: &[Reached]) {
        if let (Some(guide), Some(draft)) = (&mut self.guide, draft) {
            guide.take(draft, reached);
        }
    }

    /// The guide, if there is one.
    pub(super) fn guide(&self) -> Option<&Guide> {
        self.guide.as_ref()
    }

    /// The guide alone.
    pub(super) fn into_guide(self) -> Option<Guide> {
        self.guide
    }
}
