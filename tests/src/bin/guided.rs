//! Compares a guided search with drawing each plan from its seed: plants bugs of the zoo and broken rules in a copy
//! of the core and hunts each of them both ways, from the same seeds on. `cargo run --release -p raft-tests --bin
//! guided -- ID…` prints a table; it writes nothing.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use raft_tests::broken_rules::{self, BrokenRule};
use raft_tests::workshop::{Bound, Program, Switch, Variant, Workshop};
use raft_tests::zoo::{self, Judge};

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
    let mut variants =
        args.bugs.iter().filter_map(|id| planted(id)).collect::<Result<Vec<_>, _>>()?;
    let judge = if args.outside { Judge::Histories } else { Judge::Rules };
    variants.push(Variant::new("judge", Switch::Judged, &judge.edits(), &[])?);
    let workshop = Workshop::open("guided", variants)?;
    println!("million steps to the first finding; - where {} found nothing", args.budget);
    for id in &args.bugs {
        let program = workshop.program(&[id, "judge"]);
        for (kind, how) in [("random", &[][..]), ("guided", &["--guided"])] {
            let steps = campaigns(args, &program, how)?;
            println!("{id:<44}{kind:<8}{}", columns(args, &steps));
        }
    }
    Ok(())
}

/// The variant of the program in which this bug of the zoo, or this broken rule, is planted; `None` if there is none of
/// this name.
fn planted(id: &str) -> Option<Result<Variant, String>> {
    if let Some(bug) = zoo::all().find(|bug| bug.id == id) {
        return Some(bug.variant());
    }
    broken_rules::all().find(|rule| rule.id == id).map(BrokenRule::variant)
}

/// The steps that each campaign took to its first finding; `None` if it found nothing within its budget.
fn campaigns(args: &Args, program: &Program, how: &[&str]) -> Result<Vec<Option<u64>>, String> {
    let bound = Bound { seeds: SEEDS, steps: args.budget * 1_000_000, patience: LIMIT };
    let campaign = |number: u64| {
        let hunt = program.hunt(number * 10 * SEEDS, bound, how)?;
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
