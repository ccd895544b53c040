//! Plants bugs in copies of the host, hunts and shrinks each: `cargo run --release -p raft-tests --bin host-bugs` makes
//! `tests/data/host-bugs.jsonl` and the table in `docs/host.md`. With names of bugs as arguments, only those are hunted.

use std::process::ExitCode;

use raft_tests::evidence::save;
use raft_tests::host_bugs::{ALL, DATA, PAGE, Row, page, rows, workshop};

fn main() -> ExitCode {
    raft_tests::program("bug of the host", |name| ALL.iter().any(|bug| bug.id == name), run)
}

fn run(named: &[String]) -> Result<(), String> {
    let mut known: Vec<Row> = rows()?;
    let workshop = workshop()?;
    for bug in ALL.iter().filter(|bug| named.is_empty() || named.iter().any(|name| name == bug.id))
    {
        let row = bug.hunt(&workshop)?;
        eprintln!("{}: {:?}, {:?}", row.id, row.hunts, row.shrunk);
        known.retain(|other| other.id != row.id);
        known.push(row);
        known.sort_by_key(|row| ALL.iter().position(|bug| bug.id == row.id));
        save(&known, DATA, PAGE, page(&known)?)?;
    }
    Ok(())
}
