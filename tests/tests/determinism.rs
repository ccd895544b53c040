//! The same seed gives the same history: twice, on every machine, in debug and in release builds.

use raft_sim::plan::{Plan, Wishes};
use raft_sim::reference::Reference;
use raft_sim::run::run;

/// Seeds and the digests of their runs. A change here is a change of every history: the commit that makes
/// it says why.
const DIGESTS: [(u64, u64); 8] = [
    (0, 0x28a1_cdf0_7e99_cf97),
    (1, 0xaad0_f4e3_7acf_b19c),
    (2, 0x8faa_59e7_60bd_98ee),
    (3, 0x2785_594e_1516_085b),
    (7, 0x0d22_b880_d081_f9bc),
    (42, 0xf528_4685_0e25_9c61),
    (4711, 0x7870_51d1_d694_7df2),
    (u64::MAX, 0x1285_787d_4476_0c3c),
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
