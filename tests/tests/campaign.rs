//! A short campaign: the reference core violates nothing under the plans of the first seeds, and these put every
//! property to the test.

use raft_sim::campaign::{Came, Campaign, Kept};
use raft_sim::checker::Property;
use raft_sim::plan::{Plan, Wishes};
use raft_sim::reference::Reference;
use raft_sim::run::run;

/// Enough for every property, and few enough for every run of the tests.
const SEEDS: u64 = 300;

#[test]
fn the_first_seeds_hold() {
    let mut campaign = Campaign::default();
    for seed in 0..SEEDS {
        let plan = Plan::draw(seed, &Wishes::default());
        let came = match run(&plan, &Reference, true, None) {
            Ok(outcome) => Came::Ran(Box::new(outcome)),
            Err(failure) => Came::NoBoot(failure.to_string()),
        };
        if let Some((kind, detail)) = came.wrong() {
            panic!("seed {seed}: {}: {detail}", kind.name());
        }
        campaign.take(seed, &came, Kept::default());
    }
    let counts = Property::ALL.iter().zip(&campaign.sums.exercised);
    let idle: Vec<&Property> = counts.filter(|(_, share)| share.1 == 0).map(|of| of.0).collect();
    assert!(idle.is_empty(), "never put to the test: {idle:?}");
}
