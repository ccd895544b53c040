//! `raft-sim run`: one seed in full.

use std::io::{self, Write};
use std::path::PathBuf;

use super::Error;
use super::diagram::DiagramArgs;
use super::files::{Overwrite, write};
use super::output::{BAD, GOOD, LAST_STEPS, heading, timeline};
use super::subject::{SubjectArgs, Target};
use super::values::PlanArgs;
use super::which::Which;
use crate::checker::{Class, Property};
use crate::coverage::Feature;
use crate::history;
use crate::plan::FaultSort;
use crate::report::End;
use crate::run::{Liveness, Outcome, Tally, recorded};
use crate::time::milliseconds;
use crate::timeline::diagram::Diagram;
use crate::timeline::{Recorder, texts};
use crate::trace;

/// Run the cluster of one seed or plan and print the verdict, the plan and the timeline
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim run --seed 42\n  raft-sim run --seed 42 --servers 3 --faults crash,loss --stats\n  \
                        raft-sim run --seed 42 --history h.jsonl && raft-sim check h.jsonl\n  \
                        raft-sim run --seed 42 --diagram --width 120 | less"
)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Print what happened and what was checked in numbers, too
    #[arg(long)]
    stats: bool,
    /// A file for the history of the clients, as JSON lines: `raft-sim check` judges it
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// A file for the trace of the servers, as JSON lines: `raft-sim check-trace` judges it
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    #[command(flatten)]
    diagram: DiagramArgs,
    #[command(flatten)]
    overwrite: Overwrite,
    #[command(flatten)]
    plan_options: PlanArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

pub(super) fn run(args: &Args, target: &Target<'_>, out: &mut dyn Write) -> Result<End, Error> {
    args.overwrite.check(&[("--history", &args.history), ("--trace", &args.trace)])?;
    let implementation = target.implementation();
    let plan = args.which.plan(&args.plan_options, target)?;
    let (mut recorder, mut last) = (Recorder::milestones(), Recorder::last(LAST_STEPS));
    let mut traced = args.trace.as_ref().map(|_| trace::Recorder::of(&plan));
    let mut diagram = args.diagram.diagram.then(|| Diagram::of(&plan));
    let mut observer = ((&mut recorder, &mut last), (traced.as_mut(), diagram.as_mut()));
    let recorded = recorded(&plan, implementation, &mut observer);
    if let (Some(path), Some(traced)) = (&args.trace, traced) {
        let lines = traced.into_lines();
        write(path, |file| lines.iter().try_for_each(|(_, line)| writeln!(file, "{line}")))?;
    }
    let (outcome, clients) = recorded.map_err(Error::Message)?;
    if let Some(path) = &args.history {
        write(path, |file| history::write(&clients.history, file))?;
    }
    verdict(args, target, &outcome, out)?;
    if let Some(diagram) = diagram {
        writeln!(out)?;
        for line in diagram.lines(args.diagram.look(), 1, &|_| String::new()) {
            writeln!(out, "{line}")?;
        }
        if args.stats {
            stats(&outcome, out)?;
        }
        return Ok(end(&outcome));
    }
    heading(out, "What was planned")?;
    args.which.print(out, &plan, &args.plan_options.plan_options(implementation.capabilities()))?;
    heading(out, "What happened")?;
    timeline(out, &texts(&recorder.into_lines()), "  ")?;
    if args.stats {
        stats(&outcome, out)?;
    }
    if outcome.violation.is_some() {
        heading(out, "The last steps")?;
        timeline(out, &texts(&last.into_lines()), "  ")?;
    }
    Ok(end(&outcome))
}

/// The end of the command with this outcome.
fn end(outcome: &Outcome) -> End {
    let Some((_, violation)) = &outcome.violation else { return End::Held };
    match violation.property.class() {
        Class::Safety | Class::Rules => End::Violated,
        Class::Liveness => End::Stuck,
    }
}

/// Writes the verdict, and the command that replays a violation.
fn verdict(
    args: &Args,
    target: &Target<'_>,
    outcome: &Outcome,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Outcome { steps, digest, liveness, violation, .. } = outcome;
    let name = args.which.name();
    match violation {
        None => writeln!(out, "{name}: {GOOD}all held{GOOD:#}")?,
        Some((time, violation)) => {
            let time = milliseconds(*time);
            writeln!(out, "{name}: {BAD}violated{BAD:#} after {time}: {violation}")?;
            let replay = args.which.replay(&args.plan_options, &target.caller);
            writeln!(out, "to replay it: {replay}")?;
        }
    }
    writeln!(out, "{steps} steps, digest {digest:016x}\n{}", progress(liveness))
}

/// Writes what happened and what was checked in numbers.
fn stats(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    heading(out, "In numbers")?;
    tally(out, &outcome.tally)?;
    features(out, &outcome.features)?;
    heading(out, "Faults injected, and how often")?;
    faults(out, &outcome.faults)?;
    heading(out, "What was checked, and how often")?;
    for property in Property::ALL {
        let count = match outcome.exercised[property as usize] {
            0 => "not exercised".to_owned(),
            count => count.to_string(),
        };
        let (title, section) = (property.title(), property.section());
        writeln!(out, "  {title:<28}{section:<20}{count:>13}")?;
    }
    Ok(())
}

/// The verdict on progress, in one line.
fn progress(liveness: &Liveness) -> String {
    match liveness {
        Liveness::Unasked => "progress: not required".to_owned(),
        Liveness::Met { timeout, took } => {
            let tenths = took.iter().map(|(_, time)| time).sum::<u64>() * 10 / timeout;
            let (whole, tenth) = (tenths / 10, tenths % 10);
            format!("progress: every obligation met, within {whole}.{tenth} election timeouts")
        }
        Liveness::NoObligation(why) => format!("progress: no obligation, {why}"),
        Liveness::Violated => "progress: missing".to_owned(),
    }
}

/// Writes the numbers of a run, or the sums of many runs.
pub(super) fn tally(out: &mut dyn Write, tally: &Tally) -> std::io::Result<()> {
    for (what, number) in [
        ("commands proposed", tally.proposed),
        ("answered as committed", tally.committed),
        ("answered as superseded", tally.superseded),
        ("faults that hit", tally.faults),
        ("crashes", tally.crashes),
        ("highest commit index", tally.commit),
        ("highest term", tally.term),
    ] {
        writeln!(out, "  {what:<28}{number:>12}")?;
    }
    Ok(())
}

/// Writes the features that took part in a run; the others are left out.
fn features(out: &mut dyn Write, counts: &[u64]) -> std::io::Result<()> {
    for (feature, count) in Feature::ALL.iter().zip(counts).filter(|(_, count)| **count > 0) {
        writeln!(out, "  {:<28}{count:>12}", feature.title())?;
    }
    Ok(())
}

/// Writes the faults that hit a server or a link; the others are left out.
fn faults(out: &mut dyn Write, counts: &[u64]) -> std::io::Result<()> {
    for (sort, count) in FaultSort::all().zip(counts).filter(|(_, count)| **count > 0) {
        writeln!(out, "  {:<28}{count:>12}", sort.title())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faulty::Forgetful;
    use crate::reference::Reference;
    use crate::subject::Implementation;

    fn printed(implementation: &(dyn Implementation + Sync)) -> (End, String) {
        let args = Args {
            which: Which::seed(7),
            stats: true,
            overwrite: Overwrite::default(),
            history: None,
            trace: None,
            diagram: DiagramArgs::default(),
            plan_options: PlanArgs::default(),
            subject: SubjectArgs::default(),
        };
        let mut out = Vec::new();
        let end = run(&args, &Target::of(implementation), &mut out)
            .expect("it boots, and memory takes it");
        let text = String::from_utf8(out).expect("it is text");
        (end, anstream::adapter::strip_str(&text).to_string())
    }

    #[test]
    fn a_violation_is_printed_with_its_section_its_last_steps_and_its_replay() {
        let (end, text) = printed(&Forgetful);
        assert_eq!(end, End::Violated);
        let violation = text.strip_prefix("seed 7: violated after ").expect(&text);
        assert!(violation.contains("Monotonicity (Figure 2, §5.1): "), "{violation}");
        assert!(violation.contains("\nto replay it: raft-sim run --seed 7\n"), "{violation}");
        let (_, steps) = violation.split_once("The last steps\n").expect(violation);
        assert!((1..=20).contains(&steps.lines().count()), "{steps}");
        let last = steps.lines().last().unwrap_or_default();
        assert!(last.contains("becomes leader of term"), "{steps}");
    }

    #[test]
    fn a_run_in_which_all_held_says_so() {
        let (end, text) = printed(&Reference);
        assert_eq!(end, End::Held);
        assert!(text.starts_with("seed 7: all held\n"), "{text}");
        assert!(!text.contains("The last steps"), "{text}");
        for part in ["election-timeout ", "becomes leader of term 1", "Election Safety "] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
