//! `raft-sim` with raft-rs in the core's place, in an application without precautions.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_sim::cli::main_with("raft-rs-bare", &raft_rs_subject::RaftRs::Bare, std::env::args_os())
}
