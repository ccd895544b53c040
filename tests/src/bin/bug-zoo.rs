//! Plants each bug of the zoo in a copy of the reference core and hunts it: `cargo run --release -p raft-tests` makes
//! `tests/data/bug-zoo.jsonl` and, from it, `docs/bug-zoo.md`. With names of bugs as arguments, only those are
//! hunted, and the other lines stay as they are.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use raft_tests::evidence::save;
use raft_tests::matrix;
use raft_tests::suite;
use raft_tests::workshop::Workshop;
use raft_tests::zoo::page::render;
use raft_tests::zoo::row::Row;
use raft_tests::zoo::{Bug, DATA, Difficulty, LONG, PAGE, all, rows};

/// Plants bugs that real Rafts had in a copy of the reference core, and hunts them
#[derive(Debug, Parser)]
struct Args {
    /// The bugs; without any, all of them
    #[arg(value_name = "ID")]
    bugs: Vec<String>,

    /// The time limit of a campaign, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    limit: u64,

    /// Write nothing, and fail if a bug gets past the scenarios or a campaign: all shallow ones, and of the others
    /// those whose place in the list is K modulo N. Those whose campaigns take longer than two minutes are left out
    #[arg(long, value_name = "K/N", value_parser = share)]
    check: Option<(u64, u64)>,
}

fn share(text: &str) -> Result<(u64, u64), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    numbers.filter(|(_, of)| *of > 0).ok_or("expected K/N, like 3/8".to_owned())
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(unknown) = args.bugs.iter().find(|name| all().all(|bug| bug.id != **name)) {
        eprintln!("error: no bug of the zoo is called {unknown}");
        return ExitCode::from(2);
    }
    let done = match args.check {
        Some(share) => check(&args, share),
        None => hunt(&args).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Makes a copy in which nothing is planted, and checks that all scenarios pass there.
fn workshop(suite: &[(String, String)]) -> Result<Workshop, String> {
    let workshop = Workshop::open("bug-zoo")?;
    workshop.check(suite)?;
    Ok(workshop)
}

fn named(args: &Args) -> impl Iterator<Item = &'static Bug> {
    all().filter(|bug| args.bugs.is_empty() || args.bugs.iter().any(|name| name == bug.id))
}

/// Hunts the bugs named by the arguments, and writes the results.
fn hunt(args: &Args) -> Result<(), String> {
    let suite = suite()?;
    let workshop = workshop(&suite)?;
    // Earlier results of bugs that still exist.
    let mut known: Vec<Row> = rows()?;
    known.retain(|row| all().any(|bug| bug.id == row.id));
    for bug in named(args) {
        let limit = Duration::from_secs(args.limit);
        let row = bug.hunted(&workshop, &suite, limit)?;
        eprintln!("{}", serde_json::to_string(&row).map_err(|error| error.to_string())?);
        known.retain(|other| other.id != row.id);
        known.push(row);
        write(&mut known)?;
    }
    Ok(())
}

/// Checks a share of the bugs; true if all of them are still caught.
fn check(args: &Args, (k, n): (u64, u64)) -> Result<bool, String> {
    let suite = suite()?;
    let workshop = workshop(&suite)?;
    let rows = rows()?;
    let mut all_caught = true;
    for (place, bug) in (0..).zip(named(args)) {
        let row = rows.iter().find(|row| row.id == bug.id);
        let millis = row.and_then(|row| row.all.range(|hunt| hunt.millis));
        let long = millis.is_none_or(|[_, median, _]| u128::from(median) > LONG.as_millis());
        let turn = place % n == k % n || bug.expected == Difficulty::Shallow;
        if long || !turn {
            continue;
        }
        let escaped = bug.escapes(&workshop, &suite, row, k * 1_000_000_000)?;
        println!("{}: {}", bug.id, escaped.as_deref().unwrap_or("caught"));
        all_caught &= escaped.is_none();
    }
    Ok(all_caught)
}

/// Writes the results, in the order of the tables, and the pages.
fn write(rows: &mut [Row]) -> Result<(), String> {
    rows.sort_by_key(|row| all().position(|bug| bug.id == row.id));
    save(rows, DATA, PAGE, render(rows))?;
    matrix::write()
}
