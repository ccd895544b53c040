//! The same seed gives the same history: twice, on every machine, in debug and in release builds.

use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;

/// Seeds and the digests of their runs. A change here is a change of every history: its commit message gives the
/// reason.
const DIGESTS: [(u64, u64); 8] = [
    (0, 0x1d82_8a82_ee0e_859c),
    (1, 0x1f64_f011_57b5_4fd9),
    (2, 0x97a8_5562_9bc0_7646),
    (3, 0xd496_c6f6_a127_69ce),
    (7, 0x0941_19d3_12fb_9294),
    (42, 0xc32d_fac9_7ebf_91ab),
    (4711, 0x234f_1a49_2e32_f9bd),
    (u64::MAX, 0xdce7_40b0_9ab6_cd8b),
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
