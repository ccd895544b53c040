//! Seeds that showed a mistake of the adapter: raft-rs seemed to do what it had not done.

use raft_rs_subject::RaftRs;
use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::run::run;
use raft_sim::subject::Implementation;

/// The plan that a campaign draws from this seed violates nothing.
#[track_caller]
fn holds(seed: u64) {
    let capabilities = Some(RaftRs::Careful.capabilities().to_vec());
    let plan = Plan::draw(seed, &PlanOptions { capabilities, ..PlanOptions::default() });
    let outcome = run(&plan, &RaftRs::Careful, true, &mut ()).expect("it boots");
    assert_eq!(outcome.violation, None, "seed {seed}");
}

#[test]
fn a_step_that_applies_entries_and_installs_a_snapshot() {
    [10453, 16423, 35887].into_iter().for_each(holds);
}

#[test]
fn entries_whose_neighbours_were_cut_off_the_log_since() {
    holds(85227);
}

#[test]
fn a_log_that_was_read_back_by_a_server_that_knew_no_configuration() {
    [55216, 74568, 84346].into_iter().for_each(holds);
}
