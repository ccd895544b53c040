//! `raft-sim explore`: every history within bounds.

mod bounds;
mod report;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;

use super::Error;
use super::clock::now;
use super::files::{Overwrite, new_folder, write};
use super::subject::{SubjectArgs, Target};
use super::values;
use crate::explore::{
    DepthFirst, End as Ended, Options, Reach, Reductions, Spill, explore as search,
};
use crate::report::End;
use crate::report::thousands;

use bounds::BoundArgs;
use report::Report;

/// The states after which a search without a limit asks if it is to go on.
const SAMPLE: u64 = 1_000_000;
/// The most bytes of states of one depth that wait in memory, with a folder for files.
const WAITING: u64 = 256 << 20;
/// The MiB of the cache of a search depth first.
const CACHE: u64 = 256;
/// The time between two lines about the progress.
const PAUSE: Duration = Duration::from_secs(5);

/// Explore every history of a small cluster within bounds
///
/// Each state of the cluster is reached by the real code, and each transition is judged by all checkers. The search is
/// breadth first: the first history that violates a property is a shortest one, and is printed as a scenario.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim explore --terms 1 --entries 1 --crashes 1\n  raft-sim explore --terms 2 --yes --time 1h --out found.raft"
)]
pub(super) struct Args {
    #[command(flatten)]
    bounds: BoundArgs,
    /// A configuration that an administrator may ask for, as in a scenario: --to 'S1 S2 learners S3'; may be repeated
    /// [default: the one in force with one voter more or less]
    #[arg(long, value_name = "SERVERS", requires = "members", conflicts_with = "symmetry")]
    to: Vec<String>,
    /// Settings of all servers, in the words of a scenario's `settings` line
    #[arg(long, value_name = "SETTINGS", default_value = "", hide_default_value = true)]
    settings: String,
    /// Tell states apart by what the checkers remember, too
    #[arg(long)]
    histories: bool,
    /// Find states from which no command can be committed any more, too
    #[arg(long)]
    live: bool,
    /// Take states that differ by the names of servers alone for one
    #[arg(long, conflicts_with = "histories")]
    symmetry: bool,
    /// Skip what follows a crash of a server that is just as the crash leaves it
    #[arg(long)]
    skip_idle_crashes: bool,
    /// Take one order of actions that commute
    #[arg(long, conflicts_with_all = ["histories", "symmetry"])]
    sleep_sets: bool,
    /// Search depth first: all histories of up to N actions, then of up to 2 N, and so on
    #[arg(
        long,
        value_name = "N",
        conflicts_with_all = ["sleep_sets", "dump", "save", "resume", "spill", "jobs"]
    )]
    depth_first: Option<NonZeroU32>,
    /// Go on however many states there are
    #[arg(long)]
    yes: bool,
    /// The most time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    time: Option<Duration>,
    /// The most memory for states, in MiB; depth first, the size of their cache [default there: 256]
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// A folder for files of states that wait, beyond 256 MiB of them
    #[arg(long, value_name = "FOLDER")]
    spill: Option<PathBuf>,
    /// A file for the search, if a limit or an interruption ends it
    #[arg(long, value_name = "FILE", conflicts_with = "dump")]
    save: Option<PathBuf>,
    /// Go on with a search that was saved with the same options; it is saved again in the same file, or in that of --save
    #[arg(long, value_name = "FILE", conflicts_with = "dump")]
    resume: Option<PathBuf>,
    /// The most distinct states
    #[arg(long, value_name = "N")]
    states: Option<u64>,
    /// Threads
    #[arg(long, short = 'j', value_name = "J", default_value = "1")]
    jobs: NonZeroUsize,
    /// A file for all states, as lines of text
    #[arg(long, value_name = "FILE")]
    dump: Option<PathBuf>,
    /// A file for the scenario [default: the standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
    /// The format of the result on the standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// lines for readers
    Text,
    /// one JSON object
    Json,
}

/// The reason for which a search was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    Asked,
    Time(Duration),
    Memory(u64),
    States(u64),
    Sample,
}

/// Watches a search: says how far it is, and when it is to end.
struct Watch<'a> {
    args: &'a Args,
    asked_to_stop: &'a AtomicBool,
    began: Instant,
    last_line: Instant,
    stopped: Option<Stopped>,
    err: &'a mut dyn Write,
}

impl Watch<'_> {
    /// True if the search is to end.
    fn watch(&mut self, reach: &Reach) -> bool {
        let Watch { args, asked_to_stop, began, .. } = self;
        let limits = [args.memory, args.states, args.time.map(|time| time.as_secs())];
        let unlimited = !args.yes && limits == [None; 3];
        let states = args.states.filter(|most| reach.distinct >= *most);
        let memory = args.memory.filter(|most| reach.bytes > most << 20);
        let time = args.time.filter(|time| began.elapsed() >= *time);
        let stopped = if asked_to_stop.load(Ordering::Relaxed) {
            Some(Stopped::Asked)
        } else if let Some(time) = time {
            Some(Stopped::Time(time))
        } else if let Some(most) = memory {
            Some(Stopped::Memory(most))
        } else if let Some(most) = states {
            Some(Stopped::States(most))
        } else {
            (unlimited && reach.distinct >= SAMPLE).then_some(Stopped::Sample)
        };
        self.stopped = self.stopped.or(stopped);
        if now() - self.last_line >= PAUSE {
            self.last_line = now();
            // Who can't see the progress can still have the result.
            let _ = self.line(reach);
        }
        self.stopped.is_some()
    }

    fn line(&mut self, reach: &Reach) -> std::io::Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = (reach.generated as f64 / seconds) as u64;
        let left = self.args.time.map(|time| time.saturating_sub(self.began.elapsed()));
        let left = left.map(|left| format!(", {} s left", left.as_secs())).unwrap_or_default();
        if self.args.depth_first.is_some() {
            return writeln!(
                self.err,
                "held in all histories of up to {} actions; {} transitions/s{left}",
                reach.depth,
                thousands(rate),
            );
        }
        writeln!(
            self.err,
            "depth {}, {} states, {} of this depth to take, {} of the next; {} transitions/s, {} MiB{left}",
            reach.depth,
            thousands(reach.distinct),
            thousands(reach.left),
            thousands(reach.next),
            thousands(rate),
            thousands(reach.bytes >> 20),
        )
    }
}

pub(super) fn explore(
    args: &Args,
    target: &Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let save = args.save.clone().or_else(|| args.resume.clone());
    let saved = args.save.clone().filter(|_| args.save != args.resume);
    let outputs = [("--out", &args.out), ("--dump", &args.dump), ("--save", &saved)];
    args.overwrite.check(&outputs)?;
    let began = now();
    let bounds = args.bounds.bounds().map_err(Error::Message)?;
    let Args { histories, live, jobs: threads, symmetry, skip_idle_crashes, sleep_sets, .. } =
        *args;
    let reductions = Reductions { symmetry, skip_idle_crashes, sleep_sets };
    let (to, settings) = (args.to.clone(), args.settings.clone());
    let dump = args.dump.is_some();
    if let Some(folder) = &args.spill {
        new_folder(folder, "states that wait")?;
    }
    let spill = args.spill.clone().map(|folder| Spill { folder, memory: WAITING });
    let resume = args.resume.clone();
    let cache = args.memory.unwrap_or(CACHE).saturating_mul(1 << 20);
    let depth_first = args.depth_first.map(|step| DepthFirst { step, cache });
    let options = Options {
        bounds,
        to,
        settings,
        histories,
        live,
        reductions,
        spill,
        depth_first,
        threads,
        dump,
        save,
        resume,
    };
    let mut watch = Watch { args, asked_to_stop, began, last_line: began, stopped: None, err };
    let replaying = target.replaying();
    let implementation = match &replaying {
        Some(replaying) => replaying,
        None => target.implementation(),
    };
    let explored = search(implementation, &options, &mut |reach| watch.watch(reach));
    let (explored, stopped) = (explored.map_err(Error::Message)?, watch.stopped);
    if let Some(path) = &args.dump {
        write(path, |file| explored.states.iter().try_for_each(|state| writeln!(file, "{state}")))?;
    }
    if let (Some(path), Ended::Found(found)) = (&args.out, &explored.end) {
        write(path, |file| file.write_all(found.scenario.as_bytes()))?;
    }
    let report = Report { explored: &explored, options: &options, stopped };
    match args.format {
        Format::Text => report.text(out, args.out.as_deref())?,
        Format::Json => report.json(out)?,
    }
    if let Some(why) = &explored.unsaved {
        return Err(Error::Message(format!("the search is not saved: {why}")));
    }
    if let Ended::Failed(why) = &explored.end {
        return Err(Error::Message(format!("the states that wait can't be kept in files: {why}")));
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = (explored.reach.generated as f64 / seconds) as u64;
    writeln!(err, "{seconds:.1} s, {} transitions/s", thousands(rate))?;
    Ok(match (&explored.end, stopped) {
        (Ended::Exhausted, _) => End::Held,
        (Ended::Found(_), _) => End::Violated,
        (Ended::Stopped, Some(Stopped::Asked)) => End::Interrupted,
        (Ended::Stopped | Ended::Failed(_), _) => End::Undecided,
    })
}
