//! The testbed's whole command line, with this Raft under test: `cargo run -- fuzz --seeds 0..1000`.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_sim::cli::main_with("cargo run --", &raft_rust_example::Example, std::env::args_os())
}
