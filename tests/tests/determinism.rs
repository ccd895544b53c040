//! The same seed gives the same history: twice, on every machine, in debug and in release builds.

use raft_sim::plan::{Plan, Wishes};
use raft_sim::reference::Reference;
use raft_sim::run::run;

/// Seeds and the digests of their runs. A change here is a change of every history: the commit that makes
/// it says why.
const DIGESTS: [(u64, u64); 8] = [
    (0, 0x05b1_a407_6eab_d131),
    (1, 0xdcca_1037_cf7b_c9e7),
    (2, 0xbbd5_be2f_9fc3_bd99),
    (3, 0x23eb_556c_2bf2_74dd),
    (7, 0x9367_077d_764d_8a63),
    (42, 0xf528_4685_0e25_9c61),
    (4711, 0xb559_bf61_1c53_b96c),
    (u64::MAX, 0x1959_0a8b_2a2e_34ed),
];

fn digest(seed: u64, oracles: bool) -> u64 {
    let plan = Plan::draw(seed, &Wishes::default());
    run(&plan, &Reference, oracles, None).expect("a drawn plan boots").digest
}

#[test]
fn digests_are_those_written_down() {
    let found: Vec<(u64, String)> =
        DIGESTS.iter().map(|&(seed, _)| (seed, format!("{:016x}", digest(seed, true)))).collect();
    let expected: Vec<(u64, String)> =
        DIGESTS.iter().map(|&(seed, digest)| (seed, format!("{digest:016x}"))).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_seed_runs_the_same_twice_and_whether_or_not_oracles_listen() {
    for seed in 100..120 {
        let first = digest(seed, true);
        assert_eq!(first, digest(seed, true), "seed {seed}");
        assert_eq!(first, digest(seed, false), "seed {seed} without oracles");
    }
}

#[test]
fn different_seeds_run_differently() {
    let mut digests: Vec<u64> = (0..200).map(|seed| digest(seed, false)).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 200);
}
