//! The runner of a campaign: batches of seeds on several threads, taken in in their order.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::plans::Plans;
use super::repeat::{observed, repeat, repeats};
use super::{
    Caller, Campaign, Finding, Header, Kind, Options, SeedOutcome, Sink, Watch, scenarios,
};
use crate::checker::Property;
use crate::guide::{Draft, Guide, Reached, Seen};
use crate::panics::caught;
use crate::parallel::{self, News};
use crate::plan::Plan;
use crate::run::{Interrupt, run};
use crate::shrink::{NoScenario, shrink_within};
use crate::subject::Implementation;

/// A campaign that can be run.
pub struct Runner<'a> {
    options: Options,
    implementation: &'a (dyn Implementation + Sync),
    watch: &'a dyn Watch,
    caller: Caller,
    threads: NonZeroUsize,
    /// The folder of the plans of findings.
    folder: PathBuf,
    /// The number of lines at which a scenario is short enough.
    short: Option<usize>,
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
    /// Its watch asked it to stop.
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
            watch: &(),
            caller: Caller::default(),
            threads: parallel::available(),
            folder: PathBuf::new(),
            short: None,
            plans: Plans::of(&options, implementation),
            campaign: Campaign::from(options.part.from),
            options,
            implementation,
        }
    }

    /// Sets what may stop it.
    #[must_use]
    pub fn watch(self, watch: &'a dyn Watch) -> Runner<'a> {
        Runner { watch, ..self }
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

    /// Shrinks a further finding of a symptom only as long as its shortest scenario has more than this number of lines.
    #[must_use]
    pub fn short(self, lines: usize) -> Runner<'a> {
        Runner { short: Some(lines), ..self }
    }

    /// The header of its results.
    #[must_use]
    pub fn header(&self) -> Header {
        Header::new(self.caller.clone(), self.implementation.name(), &self.options)
    }

    /// Runs it until all seeds have been run, a limit is reached, or its watch asks it to stop.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn run(mut self, sink: &mut dyn Sink) -> io::Result<Ended> {
        let header = self.header();
        sink.started(&header, &self.campaign)?;
        self.shrink(&header, sink)?;
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
            let tried = self.try_all(&seeds, sink)?;
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
        let distinct = self.campaign.findings.count() as u64;
        limits.findings.is_some_and(|most| distinct >= most)
            || limits.steps.is_some_and(|most| self.campaign.sums.steps >= most)
    }

    /// Runs these seeds until the watch asks to stop. Returns the first ones of them, without a gap.
    fn try_all(&self, seeds: &[u64], sink: &mut dyn Sink) -> io::Result<Vec<Tried>> {
        let work = |at: usize| {
            if self.watch.stop() {
                return None;
            }
            let seed = seeds[at];
            let failed = |why| Tried { seed, outcome: Err(why), draft: None, reached: Vec::new() };
            let tried = caught(|| self.try_one(seed)).unwrap_or_else(|why| Some(failed(why)))?;
            self.watch.seed_done();
            Some(tried)
        };
        let waiting = || sink.waiting(&self.campaign);
        let tried = parallel::in_order(self.threads, seeds.len(), work, waiting)?;
        Ok(tried.into_iter().map_while(|tried| tried).collect())
    }

    /// Runs a seed, twice if need be, and records the states that its run reaches, if there is a guide. `None` if the watch
    /// ended the run.
    fn try_one(&self, seed: u64) -> Option<Tried> {
        let draft = self.plans.draft(seed);
        let plan = self.plans.plan(seed, draft.as_ref());
        let stop = || self.watch.stop();
        let mut seen = None;
        let outcome = if self.options.each.twice || repeats(seed) {
            repeat(&plan, self.implementation, &stop)?
        } else {
            seen = self.plans.seen(&plan);
            let ran = match &mut seen {
                None => {
                    let mut interrupt = Interrupt::new(&stop);
                    let ran = run(&plan, self.implementation, true, &mut interrupt);
                    (!interrupt.fired()).then_some(ran)?
                }
                Some(seen) => observed(&plan, self.implementation, true, seen, &stop)?,
            };
            match ran {
                Ok(outcome) => SeedOutcome::Ran(Box::new(outcome)),
                Err(why) => SeedOutcome::NoBoot(why),
            }
        };
        let reached = seen.map(Seen::reached).unwrap_or_default();
        Some(Tried { seed, outcome: Ok(outcome), draft, reached })
    }

    /// Takes in the outcomes of seeds, up to the last finding that is wanted, and shrinks the findings. Returns an ending if
    /// the campaign can't go on.
    fn take(
        &mut self,
        tried: Vec<Tried>,
        header: &Header,
        sink: &mut dyn Sink,
    ) -> io::Result<Option<Ending>> {
        let (mut new, mut failed) = (Vec::new(), None);
        let shrinks = self.options.each.shrink;
        for tried in tried {
            let plan = tried.wrong().and_then(|_| tried.own().cloned().map(Box::new));
            let Tried { seed, outcome, draft, reached } = tried;
            match outcome {
                Ok(outcome) => {
                    let pending = |kind: Kind| shrinks && kind.can_be_shrunk();
                    new.extend(self.campaign.take(seed, &outcome, plan, pending).cloned());
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
        self.shrink(header, sink)?;
        Ok(failed)
    }

    /// Shrinks the findings that are pending, those of one symptom after the other. Where a limit of lines is set, one
    /// of each symptom at a time, until its scenario is short enough.
    fn shrink(&mut self, header: &Header, sink: &mut dyn Sink) -> io::Result<()> {
        let Some(short) = self.short else {
            return self.shrink_all(self.campaign.findings.pending(), header, sink);
        };
        loop {
            self.campaign.findings.settle(short);
            let places = self.campaign.findings.first_pending();
            if places.is_empty() || self.watch.stop() {
                return Ok(());
            }
            self.shrink_all(places.clone(), header, sink)?;
            // Some are to be shrunk at another time.
            if places.iter().any(|place| self.campaign.findings.at(*place).pending) {
                return Ok(());
            }
        }
    }

    fn shrink_all(
        &mut self,
        places: Vec<usize>,
        header: &Header,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        let Runner { campaign, watch, plans, folder, implementation, .. } = self;
        let pending: Vec<Finding> =
            places.iter().map(|place| campaign.findings.at(*place).clone()).collect();
        let work = |at: usize| {
            let mut finding = pending[at].clone();
            let plan = finding.plan.as_deref().cloned();
            let plan = plan.unwrap_or_else(|| plans.plan(finding.seed, None).into_owned());
            let patience = watch.patience();
            // A smaller plan is not kept, so there is nothing to search for.
            let shrunk = if finding.kind == ENDLESS {
                Err(format!("no scenario: {}", NoScenario::Endless))
            } else {
                caught(|| shrink_within(&plan, *implementation, &*patience))
                    .and_then(|shrunk| shrunk)
            };
            finding.pending = patience.is_interrupted();
            match shrunk {
                Ok(Some(shrunk)) => finding.keep(shrunk, &replay(&pending[at], folder, header)),
                Ok(None) => finding.note = Some(NO_LONGER.to_owned()),
                Err(why) => finding.note = Some(why),
            }
            finding
        };
        let mut done = 0;
        parallel::deliver(self.threads, pending.len(), work, |news| {
            let News::Next(finding) = news else { return sink.waiting(campaign) };
            let place = places[done];
            done += 1;
            campaign.findings.replace(place, finding);
            // The others of its symptom come next.
            if places.get(done).is_some_and(|next| campaign.findings.alike(place, *next)) {
                return Ok(());
            }
            sink.shrunk(header, campaign, campaign.findings.shown(place))
        })
    }
}

/// The kind of finding that no scenario can show.
const ENDLESS: Kind = Kind::Violation(Property::BoundedSteps);
/// The reason why a finding was not shrunk.
const NO_LONGER: &str = "its run violates nothing when it is repeated";

/// The command that runs the plan of a finding once more.
fn replay(finding: &Finding, folder: &Path, header: &Header) -> String {
    match &finding.plan {
        Some(_) => header.replay_plan(&folder.join(finding.plan_file())),
        None => header.replay(finding.seed),
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
