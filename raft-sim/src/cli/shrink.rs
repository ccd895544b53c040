//! `raft-sim shrink`: a seed that violates a property becomes a scenario of a few lines.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::Error;
use super::clock::now;
use super::files::{Overwrite, write};
use super::output::heading;
use super::progress::Deadline;
use super::subject::{SubjectArgs, Target};
use super::values::{self, PlanArgs};
use super::which::Which;
use crate::campaign::Kind;
use crate::report::End;
use crate::shrink::{Shrunk, shrink_within};

/// Shrink a run that violates a property to a scenario of a few lines that violates it in the same way
///
/// If no such scenario is found, the reason and the smaller plan are printed, as `raft-sim run` prints plans. Ctrl-C ends it with
/// the best so far.
///
/// The exit code is that of the run: 1 or 3 if it violates a property, 0 if there is nothing to shrink.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  raft-sim shrink --seed 17 --out found.raft --subject './my-raft' && raft-sim explain found.raft --subject './my-raft'"
)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// A file for the scenario [default: the standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
    /// The most time; the best scenario by then is printed
    #[arg(long, value_name = "TIME", value_parser = values::time, default_value = "60s")]
    time: Duration,
    /// The format of the result on the standard output
    #[arg(long, value_enum, default_value_t = Format::Scenario)]
    format: Format,
    #[command(flatten)]
    plan_options: PlanArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// the scenario alone
    Scenario,
    /// one JSON object, with the scenario in it
    Json,
}

#[derive(Serialize)]
struct Document {
    seed: u64,
    property: &'static str,
    atoms: usize,
    steps: usize,
    replays: u64,
    is_cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    scenario: Option<String>,
}

pub(super) fn shrink(
    args: &Args,
    target: &Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    args.overwrite.check(&[("--out", &args.out)])?;
    let began = now();
    let implementation = target.implementation();
    let (plan, name) = (args.which.plan(&args.plan_options, target)?, args.which.name());
    let patience = Deadline::new(args.time, asked_to_stop);
    let shrunk = shrink_within(&plan, implementation, &patience).map_err(Error::Message)?;
    let Some(shrunk) = shrunk else {
        writeln!(err, "{name} violates nothing: there is nothing to shrink")?;
        return Ok(End::Held);
    };
    let Shrunk { property, atoms, steps, replays, .. } = &shrunk;
    let scenario = shrunk.found_by(&args.which.replay(&args.plan_options, &target.caller));
    if let (Some(path), Some(scenario)) = (&args.out, &scenario) {
        write(path, |file| file.write_all(scenario.as_bytes()))?;
    }
    match (args.format, &args.out, &scenario) {
        (Format::Scenario, None, Some(scenario)) => out.write_all(scenario.as_bytes())?,
        (Format::Scenario, Some(path), Some(_)) => writeln!(out, "{}", path.display())?,
        (Format::Scenario, _, None) => {
            let why = shrunk.why.iter().map(ToString::to_string).next().unwrap_or_default();
            writeln!(err, "{name}: no scenario: {why}")?;
            writeln!(out, "{name}")?;
            heading(out, "What is left of its plan")?;
            let plan_options = args.plan_options.plan_options(implementation.capabilities());
            args.which.print(out, &shrunk.plan, &plan_options)?;
        }
        (Format::Json, ..) => {
            let (seed, property) = (plan.seed, property.name());
            let (atoms, steps, replays) = (*atoms, *steps, *replays);
            let why = shrunk.why.as_ref().map(ToString::to_string);
            let is_cut = shrunk.is_cut;
            let document =
                Document { seed, property, atoms, steps, replays, is_cut, why, scenario };
            serde_json::to_writer(&mut *out, &document).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    }
    if shrunk.is_cut {
        writeln!(err, "{name}: ended before it was done: there may be a shorter scenario")?;
    }
    let took = began.elapsed();
    writeln!(
        err,
        "{}: {atoms} faults, admin operations and requests; {steps} steps; {replays} replays; {}.{:03} s",
        property.title(),
        took.as_secs(),
        took.subsec_millis()
    )?;
    Ok(if Kind::Violation(*property).is_liveness() { End::Stuck } else { End::Violated })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faulty::Choosy;

    #[test]
    fn without_exact_steps_the_smaller_plan_is_printed() {
        let args = Args {
            which: Which::seed(0),
            out: None,
            overwrite: Overwrite::default(),
            time: Duration::from_secs(60),
            format: Format::Scenario,
            plan_options: PlanArgs::default(),
            subject: SubjectArgs::default(),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let never = AtomicBool::new(false);
        let end =
            shrink(&args, &Target::of(&Choosy), &never, &mut out, &mut err).expect("it boots");
        assert_eq!(end, End::Violated);
        let [out, err] = [out, err].map(|bytes| String::from_utf8(bytes).expect("it is text"));
        let [out, err] = [out, err].map(|text| anstream::adapter::strip_str(&text).to_string());
        assert!(err.starts_with("seed 0: no scenario: as exact steps, "), "{err}");
        let (_, plan) = out.split_once("\nWhat is left of its plan\n").expect(&out);
        assert!(plan.contains("  faults           none that come and go\n"), "{out}");
        assert!(plan.contains("  clients          a command of 64 bytes every "), "{out}");
    }
}
