//! The program `raft-node`.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_node::cli::run()
}
