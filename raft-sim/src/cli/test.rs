//! `raft-sim test`: replays scenario files and reports.

mod bound;
mod watch;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;

use super::clock::now;
use super::files::is_stdin;
use super::output;
use super::output::load;
use super::subject::{SubjectArgs, Target};
use super::{Error, values};
use crate::parallel::{self, News};
use crate::report::{self, Case, End, Report, Result as CaseResult};
use crate::scenario::corpus::{LoadError, find_or_packaged};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::subject::Implementation;

use bound::{Bound, Bounds};

/// The time after which a scenario that is still replayed is named.
const SLOW: Duration = Duration::from_secs(5);

/// Replay scenario files and report which of them fail, where and why
///
/// Failures are printed as they come, in the order of the files; --all prints the others, too. Ctrl-C ends the replay and
/// reports the scenarios so far; the exit code is then 130, unless something failed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim test\n  raft-sim test scenarios/5.2-election --all\n  \
                        raft-sim test --name figure-8\n  raft-sim test my-folder --watch\n  \
                        raft-sim test --subject './my-raft' --fail-fast"
)]
pub(super) struct Args {
    /// Scenario files, and folders to search for files that end in .raft; a path that is not on the disk is looked for
    /// among the scenarios that come with the program; `-` is the standard input
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Only scenarios whose path or title contains this text
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Name the scenarios that pass or are skipped, too
    #[arg(long)]
    all: bool,
    /// Stop at the first failure
    #[arg(long)]
    fail_fast: bool,
    /// Replay whenever a file has changed, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// The format of the results; JSON and JUnit have the time that each scenario took
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The most steps of one scenario
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    steps: u64,
    /// The most time for one scenario
    #[arg(long, value_name = "TIME", value_parser = values::time, default_value = "60s")]
    time: Duration,
    /// The number of threads, 1 to 256 [default: as many as the machine runs at once]
    #[arg(long, value_name = "J", value_parser = values::jobs)]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// lines for a reader
    Human,
    /// one JSON object
    Json,
    /// JUnit's XML, which build servers read
    Junit,
}

pub(super) fn test(
    args: &Args,
    target: &Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    if args.watch {
        return watch::watch(args, target, asked_to_stop, out, err);
    }
    once(args, target, asked_to_stop, out, err)
}

/// Replays all files once.
fn once(
    args: &Args,
    target: &Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let files = named(files(&args.paths)?, args.name.as_deref())?;
    let mut printer = Printer {
        names: report::width(files.iter().filter_map(|file| file.to_str())),
        report: Report { caller: target.caller.clone(), cases: Vec::new() },
        times: Vec::new(),
        slow: Vec::new(),
        args,
        out,
        err,
    };
    let running = Mutex::new(BTreeMap::new());
    let failed = AtomicBool::new(false);
    let bounds = Bounds { steps: args.steps, time: args.time };
    let work = |at: usize| {
        if asked_to_stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed) {
            return None;
        }
        let began = now();
        running.lock().unwrap_or_else(PoisonError::into_inner).insert(at, began);
        let case = bounded(&files[at], target.implementation(), &bounds, asked_to_stop);
        running.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
        case.map(|(case, error)| (case, error, began.elapsed()))
    };
    let jobs = values::available(args.jobs);
    let take = |news: News<Option<Judged>>| match news {
        News::Waiting => {
            let running = running.lock().unwrap_or_else(PoisonError::into_inner).clone();
            printer.waiting(&files, &running).map_err(Error::Output)
        }
        News::Next(None) => Ok(()),
        // With --fail-fast the scenarios behind the first failure do not count.
        News::Next(Some(_)) if failed.load(Ordering::Relaxed) => Ok(()),
        News::Next(Some(judged)) => {
            printer.case(judged)?;
            let ends = printer.report.cases.last().is_some_and(|case| !case.holds());
            failed.store(args.fail_fast && ends, Ordering::Relaxed);
            Ok(())
        }
    };
    parallel::deliver(jobs, files.len(), work, take)?;
    let left = files.len() - printer.report.cases.len();
    let end = printer.end()?;
    if left == 0 {
        return Ok(end);
    }
    let why = if failed.load(Ordering::Relaxed) { "stopped at a failure" } else { "interrupted" };
    writeln!(printer.err, "{why}: {left} of {} scenarios were not replayed", files.len())?;
    Ok(if end == End::Held { End::Interrupted } else { end })
}

/// A scenario's result, the error of its file, and the time that it took.
type Judged = (Case, Option<LoadError>, Duration);

/// Prints results as they come.
struct Printer<'a> {
    args: &'a Args,
    /// The width of the names of files.
    names: usize,
    report: Report,
    times: Vec<Duration>,
    /// The files that were named as slow.
    slow: Vec<usize>,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl Printer<'_> {
    fn case(&mut self, (case, error, time): Judged) -> Result<(), Error> {
        if let Some(error) = error {
            output::report(&error, self.err)?;
        }
        if self.args.format == Format::Human && (self.args.all || !case.holds()) {
            report::human::line(&case, self.names, self.out)?;
            self.out.flush()?;
        }
        self.report.cases.push(case);
        self.times.push(time);
        Ok(())
    }

    /// Names files that take long, each once.
    fn waiting(&mut self, files: &[PathBuf], running: &BTreeMap<usize, Instant>) -> io::Result<()> {
        for (&at, &began) in running {
            if now() - began >= SLOW && !self.slow.contains(&at) {
                self.slow.push(at);
                let seconds = (now() - began).as_secs();
                writeln!(self.err, "{}: still replayed after {seconds} s", files[at].display())?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<End, Error> {
        let Printer { report, times, out, .. } = self;
        match self.args.format {
            Format::Human => report::human::failures(report, *out)?,
            Format::Json => report::json::write(report, times, *out)?,
            Format::Junit => report::junit::write(report, times, *out)?,
        }
        Ok(report.end())
    }
}

/// The scenario files at these paths.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let (stdin, on_disk): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.iter().cloned().partition(|path| is_stdin(path));
    let found = find_or_packaged(&on_disk).map_err(|error| Error::Message(error.to_string()))?;
    Ok(stdin.into_iter().take(1).chain(found).collect())
}

/// The files whose path or title contains a text.
fn named(files: Vec<PathBuf>, name: Option<&str>) -> Result<Vec<PathBuf>, Error> {
    let Some(name) = name else { return Ok(files) };
    let has = |path: &PathBuf| {
        let title = || load(path).map(|(_, scenario)| scenario.header.title).unwrap_or_default();
        is_stdin(path) || path.to_string_lossy().contains(name) || title().contains(name)
    };
    let files: Vec<PathBuf> = files.into_iter().filter(has).collect();
    if files.is_empty() {
        let message =
            format!("no scenario has `{name}` in its path or title (`raft-sim list` has all)");
        return Err(Error::Message(message));
    }
    Ok(files)
}

/// Replays these files until a stop is requested; the report has the first ones of them, without a gap. Writes the reason why a
/// file can't be used to `err`.
pub(super) fn judged(
    files: &[PathBuf],
    target: &Target<'_>,
    jobs: NonZeroUsize,
    asked_to_stop: &AtomicBool,
    err: &mut dyn Write,
) -> Result<Report, Error> {
    let one = |at: usize| {
        let goes_on = !asked_to_stop.load(Ordering::Relaxed);
        goes_on.then(|| {
            one(&files[at], |source, scenario| {
                Case::judge(source, scenario, target.implementation())
            })
        })
    };
    let cases = parallel::in_order(jobs, files.len(), one, || Ok::<(), Error>(()))?;
    let cases: Vec<_> = cases.into_iter().map_while(|case| case).collect();
    for error in cases.iter().filter_map(|(_, error)| error.as_ref()) {
        output::report(error, err)?;
    }
    let cases = cases.into_iter().map(|(case, _)| case).collect();
    Ok(Report { caller: target.caller.clone(), cases })
}

/// Replays a file within bounds; `None` if a stop was requested meanwhile.
fn bounded(
    path: &Path,
    implementation: &dyn Implementation,
    bounds: &Bounds,
    asked_to_stop: &AtomicBool,
) -> Option<(Case, Option<LoadError>)> {
    let mut stopped = false;
    let judged = one(path, |source, scenario| {
        let mut bound = Bound::new(bounds, asked_to_stop);
        let case = Case::judge_watched(source, scenario, implementation, &mut bound);
        stopped = bound.is_stopped();
        bound.exceeded(source, case)
    });
    (!stopped).then_some(judged)
}

fn one(path: &Path, judge: impl FnOnce(&Source, &Scenario) -> Case) -> (Case, Option<LoadError>) {
    match load(path) {
        Ok((source, scenario)) => (judge(&source, &scenario), None),
        Err(error) => {
            let case = Case {
                file: path.display().to_string(),
                title: String::new(),
                paper: String::new(),
                is_mixed: false,
                result: CaseResult::Unusable { line: error.line(), message: error.to_string() },
            };
            (case, Some(error))
        }
    }
}
