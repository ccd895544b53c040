//! Plants each bug of the zoo in a copy of the reference core and hunts it: `cargo run --release -p raft-tests` makes
//! `tests/data/bug-zoo.jsonl` and, from it, `docs/bug-zoo.md`. With names of bugs as arguments, only those are
//! hunted, and the other lines stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use raft_tests::evidence::save;
use raft_tests::zoo::page::render;
use raft_tests::zoo::row::Row;
use raft_tests::zoo::{Bug, DATA, PAGE, all, rows, workshop};
use raft_tests::{broken_rules, each, matrix, suite};

/// Plants bugs that real Rafts had in a copy of the reference core, and hunts them
#[derive(Debug, Parser)]
struct Args {
    /// The bugs; without any, all of them
    #[arg(value_name = "ID")]
    bugs: Vec<String>,

    /// Write nothing, and fail if a bug gets past the scenarios or past the first campaign, where these caught it
    #[arg(long)]
    check: bool,

    /// Hunt nothing, and make the pages again from the data: the zoo's, that of the broken rules, and the matrix
    #[arg(long, conflicts_with_all = ["bugs", "check"])]
    pages: bool,

    /// Hunt nothing, and draw the first run in which each bug was found, as `raft-sim view` does, into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["check", "pages"])]
    view: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(unknown) = args.bugs.iter().find(|name| all().all(|bug| bug.id != **name)) {
        eprintln!("error: no bug of the zoo is called {unknown}");
        return ExitCode::from(2);
    }
    let done = if args.check {
        check(&args)
    } else if args.pages {
        pages().map(|()| true)
    } else {
        hunt(&args).map(|()| true)
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

fn named(args: &Args) -> impl Iterator<Item = &'static Bug> {
    all().filter(|bug| args.bugs.is_empty() || args.bugs.iter().any(|name| name == bug.id))
}

/// Hunts the bugs named by the arguments, and writes the results; or draws them.
fn hunt(args: &Args) -> Result<(), String> {
    if let Some(folder) = &args.view {
        return draw(args, folder);
    }
    let suite = suite()?;
    let bugs: Vec<&Bug> = named(args).collect();
    let workshop = workshop("bug-zoo", &bugs, &suite)?;
    // Earlier results of bugs that still exist.
    let mut known: Vec<Row> = rows()?;
    known.retain(|row| all().any(|bug| bug.id == row.id));
    let known = Mutex::new(known);
    each(&bugs, |bug| {
        let row = bug.hunted(&workshop, &suite)?;
        eprintln!("{}", serde_json::to_string(&row).map_err(|error| error.to_string())?);
        let mut known = known.lock().map_err(|_| "another thread failed".to_owned())?;
        known.retain(|other| other.id != row.id);
        known.push(row);
        write(&mut known)
    })
}

/// Checks the bugs named by the arguments; true if all of them are still caught.
fn check(args: &Args) -> Result<bool, String> {
    let suite = suite()?;
    let rows = rows()?;
    let bugs: Vec<&Bug> = named(args).collect();
    let workshop = workshop("bug-zoo", &bugs, &suite)?;
    let all_caught = AtomicBool::new(true);
    each(&bugs, |bug| {
        let row = rows.iter().find(|row| row.id == bug.id);
        let row = row.ok_or_else(|| format!("{}: it was never hunted", bug.id))?;
        let escaped = bug.escapes(&workshop, &suite, row)?;
        println!("{}: {}", bug.id, escaped.as_deref().unwrap_or("caught"));
        all_caught.fetch_and(escaped.is_none(), Ordering::Relaxed);
        Ok(())
    })?;
    Ok(all_caught.into_inner())
}

/// Draws the first run in which each bug named by the arguments was found.
fn draw(args: &Args, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let rows = rows()?;
    let bugs: Vec<&Bug> = named(args).collect();
    let workshop = workshop("bug-zoo", &bugs, &suite()?)?;
    each(&bugs, |bug| {
        let row = rows.iter().find(|row| row.id == bug.id);
        let found = row.and_then(Row::first_found);
        let Some((judge, seed)) = found else {
            println!("{}: no run shows it", bug.id);
            return Ok(());
        };
        let page = folder.join(format!("{}.html", bug.id));
        let seed = seed.to_string();
        let path = page.to_string_lossy().into_owned();
        let view = ["view", "--seed", &seed, "--force", "--out", &path];
        let ended = bug.planted(&workshop, judge).run(&view, Duration::from_secs(60))?;
        match ended.code {
            Some(1 | 3) => println!("{}: {}", bug.id, page.display()),
            Some(0) => println!("{}: seed {seed} does not show it any more; hunt it again", bug.id),
            code => println!("{}: {view:?} ends with {code:?}", bug.id),
        }
        Ok(())
    })
}

/// Makes all pages again.
fn pages() -> Result<(), String> {
    let rules = broken_rules::rows()?;
    save(&rules, broken_rules::DATA, broken_rules::PAGE, broken_rules::page::render(&rules))?;
    write(&mut rows()?)
}

/// Writes the results, in the order of the tables, and the pages.
fn write(rows: &mut [Row]) -> Result<(), String> {
    rows.sort_by_key(|row| all().position(|bug| bug.id == row.id));
    save(rows, DATA, PAGE, render(rows))?;
    matrix::write()
}
