//! A short campaign: the reference core violates nothing under the plans of the first seeds, and these exercise every
//! property.

use raft_sim::campaign::{Limits, Options, Runner};
use raft_sim::checker::Property;
use raft_sim::reference::Reference;

/// The number of seeds: enough to exercise every property, and few enough for every run of the tests.
const SEEDS: u64 = 300;

#[test]
fn the_first_seeds_violate_nothing() {
    let limits = Limits { findings: Some(1), ..Limits::default() };
    let options = Options { part: (0..SEEDS).into(), limits, ..Options::default() };
    let ended = Runner::new(options, &Reference).run(&mut ()).expect("nothing is written");
    if let Some(finding) = ended.campaign.findings.distinct().next() {
        panic!("{}: {}", ended.header.show(finding.kind, finding.seed), finding.detail);
    }
    let exercised = &ended.campaign.sums.exercised;
    let idle = |property: &Property| exercised[*property as usize].1 == 0;
    let idle: Vec<Property> = Property::ALL.into_iter().filter(idle).collect();
    assert!(idle.is_empty(), "never put to the test: {idle:?}");
}
