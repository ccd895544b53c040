//! Where the plans of a campaign come from: from their seeds alone, or from a guide.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Args, BATCH, SMALL_BATCH};
use crate::campaign::Part;
use crate::cli::output::heading;
use crate::guide::{Draft, GENERATION, Guide, Reached, Seen};
use crate::plan::{Plan, Wishes};
use crate::subject::Implementation;

/// The plans of a campaign.
#[derive(Debug)]
pub(super) struct Plans {
    wishes: Wishes,
    guide: Option<Guide>,
}

impl Plans {
    /// Those of the seeds of a part.
    pub(super) fn of(args: &Args, implementation: &dyn Implementation, part: Part) -> Plans {
        let wishes = args.wishes.wishes(implementation.capabilities());
        let guide = args.guided.then(|| Guide::new(part.from, wishes.clone()));
        Plans { wishes, guide }
    }

    /// So many seeds are run before they are taken in. A guide has a number of its own, so that what it makes does
    /// not depend on when the campaign is to end.
    pub(super) fn batch(&self, args: &Args) -> usize {
        match (&self.guide, args.findings.or(args.steps)) {
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
            None => Cow::Owned(Plan::draw(seed, &self.wishes)),
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

    /// How many abstract states have been reached, if there is a guide.
    pub(super) fn states(&self) -> Option<usize> {
        self.guide.as_ref().map(Guide::states)
    }

    /// Prints how far a guide has come.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(guide) = &self.guide else { return Ok(()) };
        heading(out, "What guided it")?;
        writeln!(out, "  {:<28}{:>12}", "abstract states reached", guide.states())?;
        writeln!(out, "  {:<28}{:>12}", "plans kept", guide.plans())?;
        writeln!(out, "  {:<28}{:>12}", "runs of seeds as drawn", guide.seeds())
    }
}
