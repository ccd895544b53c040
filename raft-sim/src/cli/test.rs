//! `raft-sim test`: replays scenario files and reports.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::output::{LAST_STEPS, tell};
use super::{Error, parallel, values};
use crate::reference::Reference;
use crate::report::{self, Case, End, Failed, Report, Result as CaseResult};
use crate::scenario::corpus::{LoadError, find, load};
use crate::scenario::replay::{Verdict, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::story::Recorder;

/// Replay scenario files and tell which of them fail, where and why
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, and folders to search for files that end in .raft
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// How the results are written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// How many threads, 1 to 256 [default: as many as the machine runs at once]
    #[arg(long, value_name = "J", value_parser = values::jobs)]
    jobs: Option<NonZeroUsize>,
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

pub(super) fn test(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    let files = find(&args.paths).map_err(|error| Error::Told(error.to_string()))?;
    let jobs = values::available(args.jobs);
    let cases = parallel::in_order(jobs, files.len(), |at| one(&files[at]));
    for error in cases.iter().filter_map(|(_, error)| error.as_ref()) {
        tell(error, err)?;
    }
    let report = Report { cases: cases.into_iter().map(|(case, _)| case).collect() };
    match args.format {
        Format::Human => report::human::write(&report, out)?,
        Format::Json => report::json::write(&report, out)?,
        Format::Junit => report::junit::write(&report, out)?,
    }
    Ok(report.end())
}

fn one(path: &Path) -> (Case, Option<LoadError>) {
    let file = path.display().to_string();
    match load(path) {
        Ok((source, scenario)) => {
            let case = Case {
                file,
                title: scenario.header.title.clone(),
                paper: scenario.header.paper.clone(),
                result: result(&source, &scenario),
            };
            (case, None)
        }
        Err(error) => {
            let case = Case {
                file,
                title: String::new(),
                paper: String::new(),
                result: CaseResult::Unusable { line: error.line(), message: error.to_string() },
            };
            (case, Some(error))
        }
    }
}

fn result(source: &Source, scenario: &Scenario) -> CaseResult {
    match replay(scenario, &Reference, None) {
        Verdict::Passed => CaseResult::Passed,
        Verdict::Skipped(lacking) => CaseResult::Skipped(lacking),
        Verdict::Failed(failure) => {
            // A replay is a function of the scenario: the second one ends where the first did.
            let mut last = Recorder::last(LAST_STEPS);
            let _ = replay(scenario, &Reference, Some(&mut last));
            let at = failure.line.saturating_sub(1) as usize;
            let text = source.text().lines().nth(at).unwrap_or_default();
            CaseResult::Failed(Failed {
                failure,
                text: text.trim_end().to_owned(),
                steps: last.into_lines(),
            })
        }
    }
}
