//! Compares a guided search with drawing each plan from its seed: plants bugs of the zoo and broken rules in a copy
//! of the core and hunts each of them both ways, from the same seeds on. `cargo run --release -p raft-tests --bin
//! guided -- ID…` prints a table; it writes nothing.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use raft_tests::workshop::{Edit, Workshop};
use raft_tests::{broken_rules, zoo};

/// Compares guided campaigns with those that draw each plan from its seed
#[derive(Debug, Parser)]
struct Args {
    /// The bugs, or the broken rules
    #[arg(value_name = "ID", required = true)]
    bugs: Vec<String>,
    /// The number of campaigns of each kind
    #[arg(long, value_name = "N", default_value_t = 5)]
    campaigns: u64,
    /// The largest number of steps of a campaign, in millions
    #[arg(long, value_name = "N", default_value_t = 10)]
    budget: u64,
    /// Judge by histories alone, as with an implementation whose inside is unknown
    #[arg(long)]
    outside: bool,
}

/// The number of seeds of a campaign, more than it can run within its budget.
const SEEDS: u64 = 10_000_000;
/// The time limit of a campaign: one that takes longer will not end.
const LIMIT: Duration = Duration::from_secs(1_800);

fn main() -> ExitCode {
    match compare(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(args: &Args) -> Result<(), String> {
    if let Some(unknown) = args.bugs.iter().find(|id| planted(id).is_none()) {
        return Err(format!("neither a bug of the zoo nor a broken rule is called {unknown}"));
    }
    let workshop = Workshop::open("guided")?;
    println!("million steps to the first finding; - where {} found nothing", args.budget);
    for id in &args.bugs {
        let files = planted(id).unwrap_or_default();
        let mut edits: Vec<Edit<'_>> =
            files.iter().map(|(file, [find, replace])| Edit { file, find, replace }).collect();
        if args.outside {
            edits.extend(zoo::OUTSIDE);
        }
        let rows = workshop.planted(&edits, |workshop| {
            let random = campaigns(args, workshop, &[])?;
            Ok([("random", random), ("guided", campaigns(args, workshop, &["--guided"])?)])
        })?;
        for (kind, steps) in rows {
            println!("{id:<44}{kind:<8}{}", columns(args, &steps));
        }
    }
    Ok(())
}

/// The files that a bug or a broken rule changes, each with the text to replace and the replacement; `None` if there
/// is none of this name.
fn planted(id: &str) -> Option<Vec<(String, [&'static str; 2])>> {
    if let Some(bug) = zoo::all().find(|bug| bug.id == id) {
        let edits = bug.edits.iter();
        return Some(edits.map(|edit| (edit.file.to_owned(), [edit.find, edit.replace])).collect());
    }
    let rule = broken_rules::all().find(|rule| rule.id == id)?;
    Some(vec![(format!("raft-core/src/{}", rule.file), [rule.find, rule.replace])])
}

/// The steps that each campaign took to its first finding; `None` if it found nothing within its budget.
fn campaigns(args: &Args, workshop: &Workshop, how: &[&str]) -> Result<Vec<Option<u64>>, String> {
    let budget = format!("{}000000", args.budget);
    let how = [&["--steps", &budget], how].concat();
    let campaign = |number: u64| {
        let hunt = workshop.hunt(number * 10 * SEEDS, SEEDS, &how, LIMIT)?;
        Ok(hunt.found.is_some().then_some(hunt.steps))
    };
    (0..args.campaigns).map(campaign).collect()
}

/// Renders each campaign in a column, and the mean, in which one without a finding counts as the whole budget.
fn columns(args: &Args, steps: &[Option<u64>]) -> String {
    let hundredths = |steps: u64| format!("{:>3}.{:02}", steps / 1_000_000, steps / 10_000 % 100);
    let columns: String =
        steps.iter().map(|steps| steps.map_or("     -".to_owned(), hundredths) + "  ").collect();
    let sum: u64 = steps.iter().map(|steps| steps.unwrap_or(args.budget * 1_000_000)).sum();
    let mean = hundredths(sum / (steps.len() as u64).max(1));
    format!("{columns} mean {mean}")
}
