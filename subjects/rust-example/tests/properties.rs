//! The test of `docs/property-tests.md`, for this Raft.

use proptest::prelude::*;
use raft_rust_example::Example as MyRaft;
use raft_sim::plan::PlanOptions;
use raft_sim::strategies;
use raft_subject::Implementation;

/// Plans that ask of it what it can do, and nothing else.
fn options() -> PlanOptions {
    PlanOptions { capabilities: Some(MyRaft.capabilities().to_vec()), ..PlanOptions::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..strategies::config() })]

    #[test]
    fn no_plan_makes_it_violate_a_property(plan in strategies::plan_with(&options())) {
        strategies::check(&plan, &MyRaft)?;
    }
}
