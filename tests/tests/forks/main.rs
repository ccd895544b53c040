//! A server can be forked: a clone goes its own way, receipts are those of the server that issued the write, and the
//! fingerprint of a server has all that later steps depend on, and nothing else.

mod alike;
mod cluster;
mod fingerprints;
mod receipts;
mod server;
mod simulated;

use cluster::{Cluster, Numbers};

#[test]
fn a_clone_behaves_as_the_original() {
    for seed in 0..300 {
        let mut numbers = Numbers(seed);
        let mut cluster = Cluster::new(&mut numbers);
        let acts = 50 + numbers.below(200);
        cluster.run(acts, numbers.clone());
        let mut fork = cluster.clone();
        let original = cluster.run(100, Numbers(seed + 1_000));
        assert_eq!(original, fork.run(100, Numbers(seed + 1_000)), "seed {seed}");
    }
}
