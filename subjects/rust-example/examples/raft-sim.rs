//! The testbed's whole command line, with this Raft under test: `cargo run --example raft-sim -- fuzz --seeds 0..1000`.
//! An example, not a program of the crate, so that only the tests depend on the testbed.

use std::process::ExitCode;

use raft_rust_example::Example;

fn main() -> ExitCode {
    raft_sim::cli::main_with("cargo run --example raft-sim --", &Example, std::env::args_os())
}
