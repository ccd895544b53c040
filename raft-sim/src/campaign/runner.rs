//! The runner of a campaign: batches of seeds on several threads, taken in in their order.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::plans::Plans;
use super::repeat::{repeat, repeats};
use super::{Caller, Campaign, Header, Kept, Kind, Options, SeedOutcome, Sink, Watch, scenarios};
use crate::checker::Property;
use crate::guide::{Draft, Guide, Reached, Seen};
use crate::observation::Observer;
use crate::panics::caught;
use crate::parallel;
use crate::plan::Plan;
use crate::run::run;
use crate::shrink::shrink;
use crate::subject::Implementation;

/// A campaign that can be run.
pub struct Runner<'a> {
    options: Options,
    implementation: &'a (dyn Implementation + Sync),
    caller: Caller,
    threads: NonZeroUsize,
    /// The folder of the plans of findings.
    folder: PathBuf,
    plans: Plans,
    campaign: Campaign,
}

/// A campaign that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its header.
    pub header: Header,
    /// The sums and findings of its seeds.
    pub campaign: Campaign,
    /// Its guide, if it was guided.
    pub guide: Option<Guide>,
    /// The reason why it ended.
    pub ending: Ending,
}

/// The reason why a campaign ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All seeds have been run.
    Done,
    /// A limit was reached.
    Enough,
    /// Its sink asked it to stop.
    Stopped,
    /// The program itself failed.
    Failed {
        /// The seed.
        seed: u64,
        /// The failure.
        why: String,
    },
}

impl<'a> Runner<'a> {
    /// A campaign of this implementation, from its first seed on, on as many threads as the machine runs at once.
    #[must_use]
    pub fn new(options: Options, implementation: &'a (dyn Implementation + Sync)) -> Runner<'a> {
        Runner {
            caller: Caller::default(),
            threads: parallel::available(),
            folder: PathBuf::new(),
            plans: Plans::of(&options, implementation),
            campaign: Campaign::from(options.part.from),
            options,
            implementation,
        }
    }

    /// Sets the beginning and the end of the commands that reports name.
    #[must_use]
    pub fn caller(self, caller: Caller) -> Runner<'a> {
        Runner { caller, ..self }
    }

    /// Sets the number of threads. Only the speed depends on it.
    #[must_use]
    pub fn threads(self, threads: NonZeroUsize) -> Runner<'a> {
        Runner { threads, ..self }
    }

    /// Names the file of the results. The runner writes nothing itself, but the commands that replay a guided finding
    /// name a plan file beside it.
    #[must_use]
    pub fn results(self, path: &Path) -> Runner<'a> {
        Runner { folder: scenarios(path), ..self }
    }

    /// Continues a campaign. A guided campaign can't be continued: results do not contain the state of its guide.
    #[must_use]
    pub fn resume(self, campaign: Campaign) -> Runner<'a> {
        Runner { campaign, ..self }
    }

    /// The header of its results.
    #[must_use]
    pub fn header(&self) -> Header {
        Header::new(self.caller.clone(), self.implementation.name(), &self.options)
    }

    /// Runs it until all seeds have been run, a limit is reached, or the sink asks it to stop.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn run(mut self, sink: &mut dyn Sink) -> io::Result<Ended> {
        let header = self.header();
        sink.started(&header, &self.campaign)?;
        let size = self.plans.batch(self.options.limits);
        let ending = loop {
            if self.has_enough() {
                break Ending::Enough;
            }
            let seeds = self.options.part.seeds(self.campaign.through);
            let seeds: Vec<u64> = seeds.take(size).collect();
            if seeds.is_empty() {
                break Ending::Done;
            }
            let tried = self.try_all(&seeds, sink.watch());
            if tried.is_empty() {
                break Ending::Stopped;
            }
            if let Some(failed) = self.take(tried, &header, sink)? {
                break failed;
            }
        };
        let guide = self.plans.into_guide();
        let ended = Ended { header, campaign: self.campaign, guide, ending };
        sink.ended(&ended)?;
        Ok(ended)
    }

    fn has_enough(&self) -> bool {
        let limits = self.options.limits;
        let distinct = self.campaign.findings.distinct().count() as u64;
        limits.findings.is_some_and(|most| distinct >= most)
            || limits.steps.is_some_and(|most| self.campaign.sums.steps >= most)
    }

    /// Runs these seeds until the sink requests a stop. Returns the first ones of them, without a gap.
    fn try_all(&self, seeds: &[u64], watch: &dyn Watch) -> Vec<Tried> {
        let tried = parallel::in_order(self.threads, seeds.len(), |at| {
            if watch.stop() {
                return None;
            }
            let seed = seeds[at];
            let tried = caught(|| self.try_one(seed));
            watch.seed_done();
            Some(tried.unwrap_or_else(|why| Tried {
                seed,
                outcome: Err(why),
                draft: None,
                reached: Vec::new(),
            }))
        });
        tried.into_iter().map_while(|tried| tried).collect()
    }

    /// Runs a seed, twice if need be, and records the states that its run reaches, if there is a guide.
    fn try_one(&self, seed: u64) -> Tried {
        let draft = self.plans.draft(seed);
        let plan = self.plans.plan(seed, draft.as_ref());
        let mut seen = None;
        let outcome = if self.options.each.twice || repeats(seed) {
            repeat(&plan, self.implementation)
        } else {
            seen = self.plans.seen(&plan);
            let ran = match &mut seen {
                None => run(&plan, self.implementation, true, ()),
                Some(seen) => run(&plan, self.implementation, true, seen as &mut dyn Observer),
            };
            match ran {
                Ok(outcome) => SeedOutcome::Ran(Box::new(outcome)),
                Err(why) => SeedOutcome::NoBoot(why),
            }
        };
        let reached = seen.map(Seen::reached).unwrap_or_default();
        Tried { seed, outcome: Ok(outcome), draft, reached }
    }

    /// Takes in the outcomes of seeds, up to the last finding that is wanted. Returns an ending if the campaign can't go
    /// on.
    fn take(
        &mut self,
        tried: Vec<Tried>,
        header: &Header,
        sink: &mut dyn Sink,
    ) -> io::Result<Option<Ending>> {
        let scenarios = self.shrink(&tried, header, sink)?;
        let (mut new, mut failed) = (Vec::new(), None);
        for (tried, scenario) in tried.into_iter().zip(scenarios) {
            let plan = tried.wrong().and_then(|_| tried.own().cloned().map(Box::new));
            let Tried { seed, outcome, draft, reached } = tried;
            match outcome {
                Ok(outcome) => {
                    let kept = Kept { scenario, plan };
                    new.extend(self.campaign.take(seed, &outcome, kept).cloned());
                }
                Err(why) => failed = Some(Ending::Failed { seed, why }),
            }
            self.plans.take(draft, &reached);
            if failed.is_some() || self.has_enough() {
                break;
            }
        }
        sink.batch(&self.campaign, self.plans.guide())?;
        new.iter().try_for_each(|finding| sink.finding(header, finding))?;
        Ok(failed)
    }

    /// Shrinks the findings that are to be shrunk; returns a scenario or nothing for each seed.
    fn shrink(
        &self,
        tried: &[Tried],
        header: &Header,
        sink: &mut dyn Sink,
    ) -> io::Result<Vec<Option<String>>> {
        let mut scenarios = vec![None; tried.len()];
        if !self.options.each.shrink {
            return Ok(scenarios);
        }
        let wrong = tried.iter().enumerate();
        let wrong = wrong.filter_map(|(at, tried)| tried.wrong().map(|kind| (at, kind)));
        let (places, kinds): (Vec<usize>, Vec<Kind>) = wrong.unzip();
        let wanted = std::iter::zip(&kinds, self.campaign.findings.wanted(&kinds));
        // Each try with a child that hangs would take as long as it is waited for.
        let hangs =
            |kind: Kind| header.tests_a_child() && kind == Kind::Violation(Property::BoundedSteps);
        let closely: Vec<usize> = std::iter::zip(places, wanted)
            .filter(|(_, (kind, wanted))| *wanted && kind.can_be_shrunk() && !hangs(**kind))
            .map(|(at, _)| at)
            .collect();
        let shrunk = parallel::in_order(self.threads, closely.len(), |at| {
            let Tried { seed, draft, .. } = &tried[closely[at]];
            let plan = self.plans.plan(*seed, draft.as_ref());
            caught(|| shrink(&plan, self.implementation)).and_then(|shrunk| shrunk)
        });
        for (at, shrunk) in closely.into_iter().zip(shrunk) {
            match shrunk {
                Ok(shrunk) => {
                    let command = self.replay(&tried[at], header);
                    scenarios[at] = shrunk.and_then(|shrunk| shrunk.found_by(&command));
                }
                Err(why) => sink.not_shrunk(tried[at].seed, &why)?,
            }
        }
        Ok(scenarios)
    }

    /// The command that runs a seed once more.
    fn replay(&self, tried: &Tried, header: &Header) -> String {
        match tried.own().and(tried.wrong()) {
            Some(kind) => header.replay_plan(&self.folder.join(kind.plan_file(tried.seed))),
            None => header.replay(tried.seed),
        }
    }
}

/// A seed that was run.
struct Tried {
    seed: u64,
    /// Its outcome, or the failure of the program itself.
    outcome: Result<SeedOutcome, String>,
    /// The guide's draft, if there is a guide.
    draft: Option<Draft>,
    /// The states that its run reached, for the guide.
    reached: Vec<Reached>,
}

impl Tried {
    /// The kind of finding, if anything is wrong.
    fn wrong(&self) -> Option<Kind> {
        Some(self.outcome.as_ref().ok()?.wrong()?.0)
    }

    /// The plan, if it is not that of the seed.
    fn own(&self) -> Option<&Plan> {
        self.draft.as_ref().filter(|draft| !draft.is_seed()).map(|draft| &draft.plan)
    }
}
