//! The same seed gives the same history: twice, on every machine, in debug and in release builds.

use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;

/// Seeds and the digests of their runs. A change here is a change of every history: its commit message gives the
/// reason.
const DIGESTS: [(u64, u64); 8] = [
    (0, 0x366d_becf_aeae_4cec),
    (1, 0xff76_5ab7_f6a0_d01e),
    (2, 0x0e35_d6a9_9a6d_4e54),
    (3, 0x9312_c9c6_5898_d834),
    (7, 0x2343_ba23_6963_5060),
    (42, 0x84b4_6d09_0471_6cfc),
    (4711, 0xe152_e37c_c136_486d),
    (u64::MAX, 0xf14e_8ee4_8f6c_4206),
];

fn digest(seed: u64, checkers: bool) -> u64 {
    let plan = Plan::draw(seed, &PlanOptions::default());
    run(&plan, &Reference, checkers, &mut ()).expect("a drawn plan boots").digest
}

#[test]
fn digests_are_those_recorded() {
    let found: Vec<(u64, String)> =
        DIGESTS.iter().map(|&(seed, _)| (seed, format!("{:016x}", digest(seed, true)))).collect();
    let expected: Vec<(u64, String)> =
        DIGESTS.iter().map(|&(seed, digest)| (seed, format!("{digest:016x}"))).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_seed_runs_the_same_twice_with_and_without_checkers() {
    for seed in 100..120 {
        let first = digest(seed, true);
        assert_eq!(first, digest(seed, true), "seed {seed}");
        assert_eq!(first, digest(seed, false), "seed {seed} without checkers");
    }
}

#[test]
fn different_seeds_run_differently() {
    let mut digests: Vec<u64> = (0..200).map(|seed| digest(seed, false)).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 200);
}
