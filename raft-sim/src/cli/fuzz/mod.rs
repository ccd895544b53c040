//! `raft-sim fuzz`: many seeds, their findings, and how often each property was put to the test.

mod pages;
mod regressions;
mod shard;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::files::new_folder;
use super::output::heading;
use super::progress::{Clock, Limits as WallClock, Progress};
use super::subject::{SubjectArgs, Target};
use super::values::{self, PlanArgs};
use super::{Error, results};
use crate::campaign::{
    Campaign, Ended, Ending, Finding, Header, Limits, Options, Part, Results, Runner, SeedOptions,
    Sink,
};
use crate::guide::Guide;
use crate::report::{End, human};

use regressions::Regressions;

/// Run many seeds and report which of them violate a property
///
/// Each finding is printed at once, with the command that replays it; seeds that violate the same property in the same way are
/// one finding. Unless --no-shrink is given, three seeds of each finding are shrunk to a scenario of a few lines that shows the
/// same, and the shortest is printed at the end. The other seeds are counted.
///
/// The standard output is the same for any number of threads, and for a campaign that was stopped and resumed; the
/// speed goes to the standard error. One in 64 seeds is run twice, to detect nondeterminism.
///
/// Ctrl-C, SIGTERM and SIGHUP end a campaign as if the seeds so far had been all, and shrinking with the best scenario so far;
/// the exit code is then 130, unless something was found. A second Ctrl-C, a second later or more, ends it at once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim fuzz --seeds 0..1000\n  raft-sim fuzz --time 8h --out night.jsonl --regressions seeds.txt\n  \
                        raft-sim fuzz --time 8h --out night.jsonl --resume\n  \
                        raft-sim fuzz --seeds 0..1000 --servers 3 --faults crash,loss --subject './my-raft'"
)]
pub(super) struct Args {
    /// The seeds from A up to, but not including, B; without B, until --time is up [default with --time: 0..]
    #[arg(long, value_name = "A..B|A..", value_parser = values::seeds, required_unless_present = "time")]
    #[arg(allow_hyphen_values = true)]
    seeds: Option<Part>,
    /// The duration, in milliseconds, seconds, minutes or hours: 500ms, 60s, 5m, 2h
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    time: Option<Duration>,
    /// The number of threads, 1 to 256 [default: as many as the machine runs at once]
    #[arg(long, value_name = "J", value_parser = values::jobs)]
    jobs: Option<NonZeroUsize>,
    /// One of N machines that share the seeds: seed s belongs to shard s mod N, I is from 0 to N − 1
    /// [default: from Kubernetes, JOB_COMPLETION_INDEX of JOB_COMPLETIONS, which the job's manifest has to set; or
    /// from Slurm, SLURM_ARRAY_TASK_ID from _MIN to _MAX; otherwise all seeds]
    #[arg(long, value_name = "I/N", value_parser = values::shard)]
    shard: Option<(u64, u64)>,
    /// A file for the results, as lines of JSON, written after every batch of seeds; scenarios go into a folder
    /// beside it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Continue the file of --out, which the same command has begun, or one whose seeds ended earlier
    #[arg(long, requires = "out")]
    resume: bool,
    /// Keep plans that reach rare states, and change these instead of drawing each plan from its seed; a finding is
    /// then a plan in a file beside that of --out
    #[arg(long, requires = "out", conflicts_with_all = ["resume", "check_determinism"])]
    guided: bool,
    /// A new folder for pages that show the findings, as `raft-sim view` draws them
    #[arg(long, value_name = "FOLDER")]
    view: Option<PathBuf>,
    /// Stop at the N-th finding
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    findings: Option<u64>,
    /// Stop at the seed with which N steps have been taken
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Do not shrink findings
    #[arg(long)]
    no_shrink: bool,
    /// The most time to shrink one seed; the best scenario by then is kept
    #[arg(long, value_name = "TIME", value_parser = values::time, default_value = "60s", conflicts_with = "no_shrink")]
    shrink_time: Duration,
    /// Run every seed twice, and report the first step that differs
    #[arg(long)]
    check_determinism: bool,
    /// A file of seeds that failed, one a line: they are run first, and the first seed of each finding is added to it;
    /// the file need not be there
    #[arg(long, value_name = "FILE", conflicts_with = "guided")]
    regressions: Option<PathBuf>,
    #[command(flatten)]
    stats: results::Stats,
    #[command(flatten)]
    plan_options: PlanArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

pub(super) fn fuzz(
    args: &Args,
    target: &Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let options = options(args, part(args, err)?);
    args.view.as_deref().map_or(Ok(()), |folder| new_folder(folder, "pages"))?;
    let jobs = values::available(args.jobs);
    let known = args.regressions.as_deref().map(Regressions::read).transpose()?;
    let mut runner =
        Runner::new(options, target.implementation()).caller(target.caller.clone()).threads(jobs);
    let mut file = None;
    if let Some(path) = &args.out {
        let (results, campaign) = open(path, args, &runner.header(), err)?;
        file = Some(results);
        runner = runner.results(path);
        if let Some(campaign) = campaign {
            runner = runner.resume(campaign);
        }
    }
    let header = runner.header();
    let limits = WallClock { time: args.time, shrink: args.shrink_time };
    let clock = Clock::new(limits, asked_to_stop);
    runner = runner.watch(&clock);
    let again = match &known {
        Some(known) => known.run(args, target, &clock, out)?,
        None => End::Held,
    };
    let progress = Progress::new(&clock, err);
    let path = args.out.as_deref();
    let mut printer = Printer { out, path, file, unwritten: None, clock: &clock, progress };
    let Ended { campaign, guide, ending, .. } = runner.run(&mut printer)?;
    let Printer { out, unwritten, mut progress, .. } = printer;
    guide.map_or(Ok(()), |guide| guided(&guide, out))?;
    if let Some(folder) = &args.view {
        pages::draw(&campaign, &header, target, folder, out)?;
    }
    results::sums(out, &campaign, args.stats)?;
    out.flush()?;
    if let Some(known) = &known {
        known.add(&campaign)?;
    }
    progress.took(&campaign, jobs)?;
    let interrupted = match (unwritten, ending) {
        (Some(why), _) => return Err(Error::Message(why)),
        (None, Ending::Failed { seed, why }) => {
            return Err(Error::Message(format!("seed {seed}: {why}")));
        }
        (None, Ending::Stopped) => asked_to_stop.load(Ordering::Relaxed),
        (None, Ending::Done | Ending::Enough) => false,
    };
    if interrupted {
        writeln!(err, "interrupted before seed {}", campaign.through)?;
    }
    let end = End::of([results::end(&campaign), again]);
    let held = end == End::Held || campaign.sums.seeds == 0;
    Ok(if interrupted && held { End::Interrupted } else { end })
}

fn options(args: &Args, part: Part) -> Options {
    Options {
        part,
        each: SeedOptions {
            plan: args.plan_options.said().clone(),
            twice: args.check_determinism,
            shrink: !args.no_shrink,
            guided: args.guided,
        },
        limits: Limits { findings: args.findings, steps: args.steps },
    }
}

/// Opens the file of results; with --resume, also returns the campaign that it has.
fn open(
    path: &Path,
    args: &Args,
    header: &Header,
    err: &mut dyn Write,
) -> Result<(Results, Option<Campaign>), Error> {
    if !args.resume {
        return Ok((Results::create(path, header).map_err(Error::Message)?, None));
    }
    let (file, loaded) = Results::resume(path, header).map_err(Error::Message)?;
    if let Some(cut) = &loaded.cut {
        writeln!(err, "{cut}")?;
    }
    writeln!(err, "{}: continues at seed {}", path.display(), loaded.campaign.through)?;
    Ok((file, Some(loaded.campaign)))
}

/// Prints the numbers of a guide.
fn guided(guide: &Guide, out: &mut dyn Write) -> io::Result<()> {
    heading(out, "Guided search")?;
    writeln!(out, "  {:<28}{:>12}", "abstract states reached", guide.states())?;
    writeln!(out, "  {:<28}{:>12}", "plans kept", guide.plans())?;
    writeln!(out, "  {:<28}{:>12}", "runs of seeds as drawn", guide.seeds())
}

/// Sink of a campaign that prints each finding at once and all scenarios at the end, and writes results into a file if there
/// is one.
struct Printer<'a> {
    out: &'a mut dyn Write,
    path: Option<&'a Path>,
    file: Option<Results>,
    /// The reason why the file can't be written any more.
    unwritten: Option<String>,
    clock: &'a Clock<'a>,
    progress: Progress<'a>,
}

impl Printer<'_> {
    /// Writes into the file, if there is one. Where that fails the campaign ends, after it has printed what it has.
    fn save(&mut self, campaign: &Campaign) {
        if let Some(Err(why)) = self.file.as_mut().map(|file| file.save(campaign)) {
            self.unwritten = Some(why);
            self.clock.give_up();
        }
    }
}

impl Sink for Printer<'_> {
    fn started(&mut self, header: &Header, campaign: &Campaign) -> io::Result<()> {
        writeln!(self.out, "seeds {}", header.seeds())?;
        for (first, _) in campaign.findings.symptoms() {
            human::finding(header, first, self.path, self.out)?;
        }
        self.progress.started(header, campaign)
    }

    fn waiting(&mut self, campaign: &Campaign) -> io::Result<()> {
        self.progress.waiting(campaign)
    }

    fn batch(&mut self, campaign: &Campaign, guide: Option<&Guide>) -> io::Result<()> {
        self.save(campaign);
        self.out.flush()?;
        self.progress.batch(campaign, guide)
    }

    fn finding(&mut self, header: &Header, finding: &Finding) -> io::Result<()> {
        let Printer { out, progress, path, .. } = self;
        progress.aside(|| {
            human::finding(header, finding, *path, *out)?;
            out.flush()
        })
    }

    fn shrunk(&mut self, header: &Header, campaign: &Campaign, shown: &Finding) -> io::Result<()> {
        self.save(campaign);
        let Finding { seed, note, .. } = shown;
        match (shown.statements(), note) {
            (Some(count), _) => {
                self.progress.note(&format!("seed {seed}: shrunk to {count} lines"))?
            }
            (None, Some(why)) => self.progress.note(&format!("seed {seed}: {why}"))?,
            (None, None) => {}
        }
        self.progress.shrunk(header, campaign, shown)
    }

    fn ended(&mut self, ended: &Ended) -> io::Result<()> {
        self.progress.ended(ended)?;
        // A scenario that is in no file is printed.
        let file = self.path.filter(|_| self.unwritten.is_none());
        results::scenarios(self.out, &ended.campaign, file)
    }
}

/// The seeds that this process runs.
fn part(args: &Args, err: &mut dyn Write) -> Result<Part, Error> {
    let Part { from, to, .. } = args.seeds.unwrap_or_default();
    if to.is_none() && args.time.is_none() {
        return Err(Error::Message(format!(
            "--seeds {from}.. has no end: give one with {from}..B, or add --time"
        )));
    }
    let (shard, of) = match args.shard {
        Some(shard) => shard,
        None => {
            match shard::of_environment(&|name| std::env::var(name).ok()).map_err(Error::Message)? {
                Some(shard::Found { shard, variable }) => {
                    writeln!(err, "shard {}/{}, from {variable}", shard.0, shard.1)?;
                    shard
                }
                None => (0, 1),
            }
        }
    };
    if args.guided && of > 1 {
        return Err(Error::Message(
            "a guided campaign has no shards: give each machine seeds of its own, and --shard 0/1"
                .to_owned(),
        ));
    }
    let part = Part { from, to, shard, of };
    if part.seeds(from).next().is_none() {
        return Err(Error::Message(format!("seeds {part}: there are none")));
    }
    Ok(part)
}
