//! `raft-sim test`: replays scenario files and reports.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;

use super::output;
use super::subject::{SubjectArgs, Target};
use super::{Error, values};
use crate::parallel;
use crate::report::{self, Case, End, Report, Result as CaseResult};
use crate::scenario::corpus::{LoadError, find_or_packaged, load};
use crate::subject::Implementation;

/// Replay scenario files and report which of them fail, where and why
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, and folders to search for files that end in .raft; a path that is not on the disk is looked for
    /// among the scenarios that come with the program
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// The format of the results
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
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
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let files = files(&args.paths)?;
    let report =
        judged(&files, target, values::available(args.jobs), &AtomicBool::new(false), err)?;
    match args.format {
        Format::Human => report::human::write(&report, out)?,
        Format::Json => report::json::write(&report, out)?,
        Format::Junit => report::junit::write(&report, out)?,
    }
    Ok(report.end())
}

/// The scenario files at these paths.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    find_or_packaged(paths).map_err(|error| Error::Message(error.to_string()))
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
        goes_on.then(|| one(&files[at], target.implementation()))
    };
    let cases = parallel::in_order(jobs, files.len(), one, || Ok::<(), Error>(()))?;
    let cases: Vec<_> = cases.into_iter().map_while(|case| case).collect();
    for error in cases.iter().filter_map(|(_, error)| error.as_ref()) {
        output::report(error, err)?;
    }
    let cases = cases.into_iter().map(|(case, _)| case).collect();
    Ok(Report { caller: target.caller.clone(), cases })
}

fn one(path: &Path, implementation: &dyn Implementation) -> (Case, Option<LoadError>) {
    match load(path) {
        Ok((source, scenario)) => (Case::judge(&source, &scenario, implementation), None),
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
