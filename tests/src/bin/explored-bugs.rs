//! Plants each bug of the zoo in a copy of the reference core and explores it: `cargo run --release -p raft-tests --bin
//! explored-bugs` makes `tests/data/explored-bugs.jsonl` and the table in `docs/exploration.md`. With names of bugs as
//! arguments, only those are explored.

use std::process::ExitCode;
use std::sync::Mutex;

use raft_tests::evidence::save;
use raft_tests::explored_bugs::{DATA, PAGE, explored, page, rows};
use raft_tests::zoo::{Bug, all, workshop};
use raft_tests::{each, suite};

fn main() -> ExitCode {
    raft_tests::program("bug of the zoo", |name| all().any(|bug| bug.id == name), run)
}

fn run(named: &[String]) -> Result<(), String> {
    let is_named = |bug: &&Bug| named.is_empty() || named.iter().any(|name| name == bug.id);
    let bugs: Vec<&Bug> = all().filter(is_named).collect();
    let workshop = workshop("explored-bugs", &bugs, &suite()?)?;
    let known = Mutex::new(rows()?);
    each(&bugs, |bug| {
        let row = explored(bug, &workshop)?;
        eprintln!("{}", serde_json::to_string(&row).map_err(|error| error.to_string())?);
        let mut known = known.lock().map_err(|_| "another thread failed".to_owned())?;
        known.retain(|other| other.id != row.id);
        known.push(row);
        known.sort_by_key(|row| all().position(|bug| bug.id == row.id));
        save(&known, DATA, PAGE, page(&known)?)
    })
}
