//! Each scenario is a test, and so is a short campaign: `cargo test figure_8` replays Figure 8.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_sim::harness::main(&raft_rust_example::Example)
}
