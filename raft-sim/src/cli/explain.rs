//! `raft-sim explain`: one scenario, statement by statement, with what happened.

use std::io::Write;
use std::path::PathBuf;

use super::Error;
use super::output::{ASIDE, BAD, GOOD, HEADING, load_or_report, timeline};
use super::subject::{SubjectArgs, Target};
use super::values::{self, Properties};
use crate::report::{End, failure_end};
use crate::scenario::replay::{Verdict, replay};
use crate::timeline::{Line, Recorder, texts};

/// Replay one scenario and print below each statement what happened
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file; if it is not on the disk, the scenario of this path that comes with the program
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Properties that are not judged, beside those that the scenario sets aside: the replay goes on behind their
    /// violations
    #[arg(long, value_name = "PROPERTY,…", value_parser = values::properties)]
    set_aside: Option<Properties>,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

pub(super) fn explain(
    args: &Args,
    target: &Target<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    let Some((source, mut scenario)) = load_or_report(&args.file, err)? else {
        return Ok(End::Unusable);
    };
    scenario.header.set_aside.extend(args.set_aside.iter().flat_map(|Properties(all)| all));
    let mut recorder = Recorder::all();
    let verdict = replay(&scenario, target.implementation(), &mut recorder);
    let begun = recorder.statements().to_vec();
    let lines = recorder.into_lines();
    for (number, text) in (1..).zip(source.text().lines()) {
        let text = text.trim_end();
        if begun.contains(&number) {
            writeln!(out, "{HEADING}{number:>4}  {text}{HEADING:#}")?;
        } else {
            writeln!(out, "{ASIDE}{number:>4}  {text}{ASIDE:#}")?;
        }
        let of_line = lines.iter().filter(|line| line.statement == Some(number));
        let of_line: Vec<Line> = of_line.cloned().collect();
        timeline(out, &texts(&of_line), "            ")?;
        if let Verdict::Failed(failure) = &verdict
            && failure.line == number
        {
            for text in failure.message.lines() {
                writeln!(out, "            {BAD}{text}{BAD:#}")?;
            }
        }
    }
    writeln!(out)?;
    let not_begun = scenario.steps.iter().find(|step| !begun.contains(&step.line));
    match &verdict {
        Verdict::Passed => {
            writeln!(out, "{GOOD}passed{GOOD:#}")?;
            Ok(End::Held)
        }
        Verdict::Skipped(skip) => {
            writeln!(out, "skipped: {skip}")?;
            Ok(End::Held)
        }
        Verdict::Failed(failure) => {
            if let Some(step) = not_begun {
                writeln!(out, "Line {} and what follows was not reached.", step.line)?;
            }
            let message = failure.message.lines().next().unwrap_or_default();
            writeln!(out, "{BAD}FAILED{BAD:#} line {}: {message}", failure.line)?;
            Ok(failure_end(failure.kind))
        }
    }
}
