//! The program `raft-sim`; all of it is in [`raft_sim::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_sim::cli::main(std::env::args_os())
}
