//! Plants each bug of the zoo in a copy of the reference core and explores it: `cargo run --release -p raft-tests --bin
//! explored-bugs` makes `tests/data/explored-bugs.jsonl` and the table in `docs/exploration.md`. With names of bugs as
//! arguments, only those are explored. With `added` as well, of these or of all those that were not found, within the bounds
//! that were added to the list since.

use std::process::ExitCode;
use std::sync::Mutex;

use raft_tests::evidence::save;
use raft_tests::explored_bugs::{DATA, PAGE, explored, page, rows};
use raft_tests::zoo::{Bug, all, workshop};
use raft_tests::{each, suite};

fn main() -> ExitCode {
    let is_known = |name: &str| name == ADDED || all().any(|bug| bug.id == name);
    raft_tests::program("bug of the zoo", is_known, run)
}

/// The argument for what was added.
const ADDED: &str = "added";

fn run(named: &[String]) -> Result<(), String> {
    let before = rows()?;
    let added = named.iter().any(|name| name == ADDED);
    let row = |bug: &Bug| before.iter().find(|row| row.id == bug.id);
    let is_open = |bug: &&Bug| row(bug).is_none_or(|row| row.found.is_none());
    let is_all = named.iter().all(|name| name == ADDED);
    let is_named = |bug: &&Bug| is_all || named.iter().any(|name| name == bug.id);
    let bugs: Vec<&Bug> = all().filter(|bug| is_named(bug) && (!added || is_open(bug))).collect();
    let workshop = workshop("explored-bugs", &bugs, &suite()?)?;
    let known = Mutex::new(before.clone());
    each(&bugs, |bug| {
        let tried = row(bug).filter(|_| added).map_or(0, |row| row.tried);
        let row = explored(bug, tried, &workshop)?;
        eprintln!("{}", serde_json::to_string(&row).map_err(|error| error.to_string())?);
        let mut known = known.lock().map_err(|_| "another thread failed".to_owned())?;
        known.retain(|other| other.id != row.id);
        known.push(row);
        known.sort_by_key(|row| all().position(|bug| bug.id == row.id));
        save(&known, DATA, PAGE, page(&known)?)
    })
}
