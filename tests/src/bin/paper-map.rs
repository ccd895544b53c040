//! Prints the paper map: `cargo run -p raft-tests --bin paper-map > docs/paper-map.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match raft_tests::scenarios() {
        Ok(scenarios) => {
            print!("{}", raft_tests::paper_map::render(&scenarios));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
