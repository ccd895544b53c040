//! `raft-sim fuzz`: many seeds, what they found, and whether they put the properties to the test.

mod plans;
mod progress;
mod shard;
#[cfg(test)]
mod tests;

use std::io::{Write, sink};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::internal::caught;
use super::results;
use super::subject::{SubjectArgs, Target};
use super::values::{self, Seeds, WishArgs};
use super::{Error, parallel};
use crate::campaign::{
    Came, Campaign, Header, Kept, Kind, Part, Results, repeat, repeats, scenarios,
};
use crate::checker::Property;
use crate::cluster::Listener;
use crate::guide::{Draft, Reached, Seen};
use crate::plan::Plan;
use crate::report::End;
use crate::run::run as play;
use crate::shrink::shrink;
use crate::subject::Implementation;

use plans::Plans;
use progress::Progress;

/// So many seeds are run before they are taken in: enough that no thread waits long.
const BATCH: usize = 512;
/// The same if the campaign ends at a finding: those behind it are run in vain.
const SMALL_BATCH: usize = 32;

/// Run many seeds and tell which of them violate a property
///
/// Each finding is printed once, with the command that replays it and, unless --no-shrink is given, a scenario of
/// a few lines that shows the same. Three seeds of each property are looked at that closely; the others are counted.
///
/// The standard output is the same for any number of threads, and for a campaign that was stopped and resumed; how
/// fast it goes is told on the standard error. One in 64 seeds is run twice, to see whether it repeats itself.
///
/// Ctrl-C ends a campaign as if these had been all seeds; the exit code is 130 then, unless something was found. At
/// a second Ctrl-C it ends at once.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The seeds: from A on, up to and without B; without B, on until --time is up [default with --time: 0..]
    #[arg(long, value_name = "A..B|A..", value_parser = values::seeds, required_unless_present = "time")]
    seeds: Option<Seeds>,
    /// How long it goes on, in milliseconds, seconds, minutes or hours: 500ms, 60s, 5m, 2h
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    time: Option<Duration>,
    /// How many threads, 1 to 256 [default: as many as the machine runs at once]
    #[arg(long, value_name = "J", value_parser = values::jobs)]
    jobs: Option<NonZeroUsize>,
    /// One of N machines that share the seeds: seed s belongs to shard s mod N, I is from 0 to N − 1
    /// [default: what Kubernetes says, JOB_COMPLETION_INDEX of JOB_COMPLETIONS, which the job's manifest has to set;
    /// or Slurm, SLURM_ARRAY_TASK_ID from _MIN to _MAX; otherwise all seeds]
    #[arg(long, value_name = "I/N", value_parser = values::shard)]
    shard: Option<(u64, u64)>,
    /// A file for the results, as lines of JSON, written after every batch of seeds; scenarios go into a folder
    /// beside it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Go on with the file of --out, which the same command has begun
    #[arg(long, requires = "out")]
    resume: bool,
    /// Keep the plans that reach states which few others reach, and change these rather than draw each from its
    /// seed; a finding is then a plan in a file beside that of --out
    #[arg(long, requires = "out", conflicts_with_all = ["resume", "check_determinism"])]
    guided: bool,
    /// Stop at the N-th finding
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    findings: Option<u64>,
    /// Stop at the seed with which N steps have been taken
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Leave the findings as they are
    #[arg(long)]
    no_shrink: bool,
    /// Run every seed twice, and tell the first step that differs
    #[arg(long)]
    check_determinism: bool,
    #[command(flatten)]
    wishes: WishArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

/// Asks for a clean end at Ctrl-C, or when a cluster's scheduler sends SIGTERM. The second one ends the program.
pub(super) fn on_signals() -> std::sync::Arc<AtomicBool> {
    let asked = std::sync::Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let code = i32::from(End::Interrupted.code());
        let (at_once, flag) = (asked.clone(), asked.clone());
        // In this order: the first one finds that nobody has asked before. Where signals can't be had the program
        // ends at them, as programs do.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, code, at_once)
            .and_then(|_| signal_hook::flag::register(signal, flag));
    }
    asked
}

pub(super) fn fuzz(
    args: &Args,
    target: &Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let Hunted { hunt, failed, interrupted } = hunt(args, target, asked_to_stop, out, err)?;
    let Hunt { campaign, progress, plans, jobs, .. } = hunt;
    plans.print(out)?;
    results::sums(out, &campaign)?;
    out.flush()?;
    progress.took(&campaign, jobs, err)?;
    if let Some(failed) = failed {
        return Err(Error::Told(failed));
    }
    if interrupted {
        writeln!(err, "interrupted before seed {}", campaign.through)?;
    }
    let end = results::end(&campaign);
    Ok(if interrupted && end == End::Held { End::Interrupted } else { end })
}

/// Runs these seeds for a report, all of them or up to so many findings, shrinks what is found, and prints nothing but how
/// it gets on.
pub(super) fn campaign(
    seeds: Seeds,
    findings: Option<u64>,
    jobs: NonZeroUsize,
    target: &Target<'_>,
    err: &mut dyn Write,
) -> Result<(Header, Campaign), Error> {
    let args = Args {
        seeds: Some(seeds),
        time: None,
        jobs: Some(jobs),
        shard: Some((0, 1)),
        out: None,
        resume: false,
        guided: false,
        findings,
        steps: None,
        no_shrink: false,
        check_determinism: false,
        wishes: WishArgs::default(),
        subject: SubjectArgs::default(),
    };
    let never = AtomicBool::new(false);
    let Hunted { hunt, failed, .. } = hunt(&args, target, &never, &mut sink(), err)?;
    match failed {
        Some(failed) => Err(Error::Told(failed)),
        None => Ok((hunt.header, hunt.campaign)),
    }
}

/// A campaign that is over.
struct Hunted<'a> {
    hunt: Hunt<'a>,
    /// Why it could not go on, if it could not.
    failed: Option<String>,
    interrupted: bool,
}

/// Runs a campaign, and prints what is found as it comes.
fn hunt<'a>(
    args: &'a Args,
    target: &'a Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Hunted<'a>, Error> {
    let implementation = target.implementation();
    let part = part(args, err)?;
    let header = header(args, target, part);
    let (file, campaign) = open(args, &header, err)?;
    writeln!(out, "seeds {}", header.seeds())?;
    for finding in campaign.findings.distinct() {
        results::finding(out, &header, finding, args.out.as_deref())?;
    }
    let progress = Progress::new(part, &campaign, args.time);
    let plans = Plans::of(args, implementation, part);
    let jobs = values::available(args.jobs);
    let size = plans.batch(args);
    let mut hunt = Hunt { args, plans, implementation, jobs, header, file, campaign, progress };
    let (mut failed, mut interrupted) = (None, false);
    while failed.is_none() && !hunt.has_enough() {
        let seeds: Vec<u64> = part.seeds(hunt.campaign.through).take(size).collect();
        let tried = hunt.run(&seeds, asked_to_stop);
        if tried.is_empty() {
            interrupted = !seeds.is_empty() && asked_to_stop.load(Ordering::Relaxed);
            break;
        }
        failed = hunt.take(tried, out, err)?;
    }
    hunt.progress.end();
    Ok(Hunted { hunt, failed, interrupted })
}

/// Which seeds this process is to run.
fn part(args: &Args, err: &mut dyn Write) -> Result<Part, Error> {
    let Seeds { from, to } = args.seeds.unwrap_or(Seeds { from: 0, to: None });
    if to.is_none() && args.time.is_none() {
        return Err(Error::Told(format!(
            "--seeds {from}.. has no end: say where by {from}..B, or add --time"
        )));
    }
    let (shard, of) = match args.shard {
        Some(shard) => shard,
        None => {
            match shard::of_environment(&|name| std::env::var(name).ok()).map_err(Error::Told)? {
                Some(shard::Found { shard, variable }) => {
                    writeln!(err, "shard {}/{}, from {variable}", shard.0, shard.1)?;
                    shard
                }
                None => (0, 1),
            }
        }
    };
    if args.guided && of > 1 {
        return Err(Error::Told(
            "a guided campaign has no shards: give each machine seeds of its own, and --shard 0/1"
                .to_owned(),
        ));
    }
    let part = Part { from, to, shard, of };
    if part.seeds(from).next().is_none() {
        return Err(Error::Told(format!("seeds {part}: there are none")));
    }
    Ok(part)
}

fn header(args: &Args, target: &Target<'_>, part: Part) -> Header {
    let wishes = args.wishes.options().trim_start().to_owned();
    let shrunk = if args.no_shrink { "not shrunk" } else { "shrunk" };
    let repeated = if args.check_determinism { "run twice" } else { "run" };
    let guided = if args.guided { ", guided" } else { "" };
    let each = format!("{repeated}, {shrunk}{guided}");
    Header::new(target.caller.clone(), target.implementation().name(), wishes, each, part)
}

/// The file of results, if one is wanted, and what it already has.
fn open(
    args: &Args,
    header: &Header,
    err: &mut dyn Write,
) -> Result<(Option<Results>, Campaign), Error> {
    let new = Campaign::from(header.parts[0].from);
    let Some(path) = &args.out else { return Ok((None, new)) };
    if !args.resume {
        return Ok((Some(Results::create(path, header).map_err(Error::Told)?), new));
    }
    let (file, loaded) = Results::resume(path, header).map_err(Error::Told)?;
    if let Some(cut) = &loaded.cut {
        writeln!(err, "{cut}")?;
    }
    writeln!(err, "{}: goes on at seed {}", path.display(), loaded.campaign.through)?;
    Ok((Some(file), loaded.campaign))
}

/// What a seed came to.
struct Tried {
    seed: u64,
    /// Or how the program itself broke at it.
    came: Result<Came, String>,
    /// What the guide made of it, if there is one.
    draft: Option<Draft>,
    /// For the guide.
    reached: Vec<Reached>,
}

impl Tried {
    /// What is wrong, if anything is.
    fn wrong(&self) -> Option<Kind> {
        Some(self.came.as_ref().ok()?.wrong()?.0)
    }

    /// The plan, if it is not that of the seed.
    fn own(&self) -> Option<&Plan> {
        self.draft.as_ref().filter(|draft| !draft.is_seed()).map(|draft| &draft.plan)
    }
}

/// A campaign under way.
struct Hunt<'a> {
    args: &'a Args,
    plans: Plans,
    implementation: &'a (dyn Implementation + Sync),
    jobs: NonZeroUsize,
    header: Header,
    file: Option<Results>,
    campaign: Campaign,
    progress: Progress,
}

impl Hunt<'_> {
    fn has_enough(&self) -> bool {
        let distinct = self.campaign.findings.distinct().count() as u64;
        self.args.findings.is_some_and(|most| distinct >= most)
            || self.args.steps.is_some_and(|most| self.campaign.sums.steps >= most)
    }

    /// Runs these seeds until the time is up or somebody wants it to stop: the first ones of them, without a gap.
    fn run(&self, seeds: &[u64], asked_to_stop: &AtomicBool) -> Vec<Tried> {
        let tried = parallel::in_order(self.jobs, seeds.len(), |at| {
            if asked_to_stop.load(Ordering::Relaxed) || self.progress.time_is_up() {
                return None;
            }
            let seed = seeds[at];
            let tried = caught(|| self.one(seed));
            self.progress.seed_done();
            Some(tried.unwrap_or_else(|why| Tried {
                seed,
                came: Err(why),
                draft: None,
                reached: Vec::new(),
            }))
        });
        tried.into_iter().map_while(|tried| tried).collect()
    }

    /// What the plan of a seed comes to, and what its run reaches, if anybody asks.
    fn one(&self, seed: u64) -> Tried {
        let draft = self.plans.draft(seed);
        let plan = self.plans.plan(seed, draft.as_ref());
        let mut seen = None;
        let came = if self.args.check_determinism || repeats(seed) {
            repeat(&plan, self.implementation)
        } else {
            seen = self.plans.seen(&plan);
            let listener = seen.as_mut().map(|seen| seen as &mut dyn Listener);
            match play(&plan, self.implementation, true, listener) {
                Ok(outcome) => Came::Ran(Box::new(outcome)),
                Err(why) => Came::NoBoot(why),
            }
        };
        let reached = seen.map(Seen::reached).unwrap_or_default();
        Tried { seed, came: Ok(came), draft, reached }
    }

    /// Takes in what seeds came to, up to the last finding that is wanted; writes it and prints it. If the campaign
    /// can't go on, says why.
    fn take(
        &mut self,
        tried: Vec<Tried>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<Option<String>, Error> {
        let scenarios = self.shrink(&tried, err)?;
        let (mut new, mut broke) = (Vec::new(), None);
        for (tried, scenario) in tried.into_iter().zip(scenarios) {
            let plan = tried.wrong().and_then(|_| tried.own().cloned().map(Box::new));
            let Tried { seed, came, draft, reached } = tried;
            match came {
                Ok(came) => {
                    let kept = Kept { scenario, plan };
                    new.extend(self.campaign.take(seed, &came, kept).cloned());
                }
                Err(why) => broke = Some(format!("seed {seed}: {why}")),
            }
            self.plans.take(draft, &reached);
            if broke.is_some() || self.has_enough() {
                break;
            }
        }
        let unwritten = self.file.as_mut().and_then(|file| file.save(&self.campaign).err());
        // A scenario that is in no file is to be seen.
        let file = self.args.out.as_deref().filter(|_| unwritten.is_none());
        self.progress.aside(|| {
            new.iter()
                .try_for_each(|finding| results::finding(out, &self.header, finding, file))?;
            out.flush()
        })?;
        self.progress.tell(&self.campaign, self.plans.states(), err)?;
        Ok(unwritten.or(broke))
    }

    /// The command that runs a seed once more.
    fn replay(&self, tried: &Tried) -> String {
        let own = tried.own().and(tried.wrong()).zip(self.args.out.as_deref());
        match own {
            Some((kind, file)) => {
                self.header.replay_plan(&scenarios(file).join(kind.plan_file(tried.seed)))
            }
            None => self.header.replay(tried.seed),
        }
    }

    /// The scenario of each seed that is to be looked at closely.
    fn shrink(&self, tried: &[Tried], err: &mut dyn Write) -> Result<Vec<Option<String>>, Error> {
        let mut scenarios = vec![None; tried.len()];
        if self.args.no_shrink {
            return Ok(scenarios);
        }
        let wrong = tried.iter().enumerate();
        let wrong = wrong.filter_map(|(at, tried)| tried.wrong().map(|kind| (at, kind)));
        let (places, kinds): (Vec<usize>, Vec<Kind>) = wrong.unzip();
        let wanted = std::iter::zip(&kinds, self.campaign.findings.wanted(&kinds));
        // Each try with a child that hangs would take as long as it is waited for.
        let hangs = |kind: Kind| {
            self.header.tests_a_child() && kind == Kind::Violation(Property::BoundedSteps)
        };
        let closely: Vec<usize> = std::iter::zip(places, wanted)
            .filter(|(_, (kind, wanted))| *wanted && kind.can_be_shrunk() && !hangs(**kind))
            .map(|(at, _)| at)
            .collect();
        let shrunk = parallel::in_order(self.jobs, closely.len(), |at| {
            let Tried { seed, draft, .. } = &tried[closely[at]];
            let plan = self.plans.plan(*seed, draft.as_ref());
            caught(|| shrink(&plan, self.implementation)).and_then(|shrunk| shrunk)
        });
        for (at, shrunk) in closely.into_iter().zip(shrunk) {
            match shrunk {
                Ok(shrunk) => {
                    let command = self.replay(&tried[at]);
                    scenarios[at] = shrunk.and_then(|shrunk| shrunk.found_by(&command));
                }
                Err(why) => writeln!(err, "seed {} can't be shrunk: {why}", tried[at].seed)?,
            }
        }
        Ok(scenarios)
    }
}
