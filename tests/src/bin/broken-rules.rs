//! Breaks each rule in copies of the reference core and records what notices: `cargo run -p raft-tests --bin
//! broken-rules` makes `tests/data/broken-rules.jsonl` and, from it, `docs/broken-rules.md`. With names of broken
//! rules as arguments, only those are broken, and the other lines stay as they are.

use std::process::ExitCode;
use std::sync::Mutex;

use raft_tests::broken_rules::page::render;
use raft_tests::broken_rules::row::Row;
use raft_tests::broken_rules::{BrokenRule, DATA, PAGE, all, rows, workshop};
use raft_tests::evidence::save;
use raft_tests::{each, matrix, suite};

fn main() -> ExitCode {
    raft_tests::program("broken rule", |name| all().any(|rule| rule.id == name), run)
}

fn run(named: &[String]) -> Result<(), String> {
    let suite = suite()?;
    let rules: Vec<&BrokenRule> =
        all().filter(|rule| named.is_empty() || named.iter().any(|name| name == rule.id)).collect();
    // Earlier results of rules that still exist.
    let mut known: Vec<Row> = rows()?;
    known.retain(|row| all().any(|rule| rule.id == row.id));
    let known = Mutex::new(known);
    let workshop = workshop("broken-rules", &rules, &suite)?;
    each(&rules, |rule| {
        let row = rule.broken_in(&workshop, &suite)?;
        eprintln!(
            "{}: {} scenarios, {:?}, {:?}",
            row.id,
            row.scenarios.len(),
            row.campaigns,
            row.shrunk
        );
        let mut known = known.lock().map_err(|_| "another thread failed".to_owned())?;
        known.retain(|other| other.id != row.id);
        known.push(row);
        write(&mut known)
    })
}

/// Writes the results, in the order of the tables, and the pages.
fn write(rows: &mut [Row]) -> Result<(), String> {
    rows.sort_by_key(|row| all().position(|rule| rule.id == row.id));
    save(rows, DATA, PAGE, render(rows))?;
    matrix::write()
}
