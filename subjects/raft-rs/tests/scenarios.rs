//! The testbed's scenarios that raft-rs has the capabilities for.

use std::path::PathBuf;

use raft_rs_subject::RaftRs;
use raft_sim::scenario::corpus;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::subject::Implementation;

/// The failed scenarios of an implementation, and the number of those that pass.
fn failures(implementation: &dyn Implementation) -> (Vec<String>, usize) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios"));
    let files = corpus::find(&[folder]).expect("the scenarios are there");
    let (mut failed, mut passed) = (Vec::new(), 0);
    for file in files {
        let (_, scenario) = corpus::load(&file).expect("it is a scenario");
        match replay(&scenario, implementation, &mut ()) {
            Verdict::Passed => passed += 1,
            Verdict::Skipped(_) => {}
            Verdict::Failed(_) => {
                let name = file.file_stem().expect("it has a name").to_string_lossy();
                failed.push(name.into_owned());
            }
        }
    }
    failed.sort();
    (failed, passed)
}

#[test]
fn a_careful_application_passes_all_that_it_can_do() {
    let (failed, passed) = failures(&RaftRs::Careful);
    assert!(failed.is_empty(), "{failed:?}");
    assert!(passed >= 300, "{passed} passed");
}

#[test]
fn without_precautions_leases_outlast_elections_and_a_removed_leader_stays() {
    let (failed, _) = failures(&RaftRs::Bare);
    let leases = failed.iter().filter(|name| name.contains("lease")).count();
    assert_eq!(leases, 9, "{failed:?}");
    let others: Vec<&String> = failed.iter().filter(|name| !name.contains("lease")).collect();
    assert_eq!(others, ["leader-that-removed-itself-makes-room"]);
}
