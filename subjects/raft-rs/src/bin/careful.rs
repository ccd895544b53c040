//! `raft-sim` with raft-rs in the core's place, in an application that avoids raft-rs's known defects.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_sim::cli::main_with("raft-rs-sim", &raft_rs_subject::RaftRs::Careful, std::env::args_os())
}
