//! The same seed gives the same history: twice, on every machine, in debug and in release builds.

use raft_sim::plan::{Plan, Wishes};
use raft_sim::reference::Reference;
use raft_sim::run::run;

/// Seeds and the digests of their runs. A change here is a change of every history: the commit that makes
/// it says why.
const DIGESTS: [(u64, u64); 8] = [
    (0, 0xdb8c_3818_7c73_dce5),
    (1, 0xb059_81da_af11_d1fc),
    (2, 0x92a1_f71f_dc04_4961),
    (3, 0x7d6c_38e1_6932_dbba),
    (7, 0x598f_fae3_7bfc_ab9c),
    (42, 0x8f57_3aca_60fe_666d),
    (4711, 0x996f_ad59_86b9_d907),
    (u64::MAX, 0xe0c4_e887_0e5a_1ddb),
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
