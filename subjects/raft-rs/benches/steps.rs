//! The cost of the subject interface: simulated steps per second of raft-rs on one core, behind the interface with
//! all checkers, and in a bare loop around raft-rs without the testbed. `cargo bench`.
//!
//! The workload is the same: five servers, ticks of 10 ms with a heartbeat each, one 16-byte command a millisecond to
//! the leader, delays of 0.5 to 10 ms, everything written to memory in the step it belongs to, logs of about 1,000
//! entries. A step is a delivery, a tick or a proposal. The two alternate, so that their ratio, the median of the
//! rounds' ratios, holds on a machine whose speed drifts.

mod bare;
#[path = "../../../raft-sim/benches/workload/mod.rs"]
mod workload;

use std::hint::black_box;
use std::time::Instant;

use raft_rs_subject::RaftRs;
use raft_sim::plan::{AdminKind, AdminOp, AdminTarget, Plan};
use raft_sim::run::run;

const ROUNDS: usize = 7;
const SERVERS: u32 = 5;
/// In virtual microseconds.
const DURATION: u64 = 60_000_000;
const SECOND: u64 = 1_000_000;

fn main() {
    let plan = workload();
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        rates[0].push(rate(|| bare::steps(u64::from(SERVERS), DURATION)));
        rates[1].push(rate(|| through_the_interface(&plan, false)));
        rates[2].push(rate(|| through_the_interface(&plan, true)));
    }
    let ratio = |of: usize| {
        median(rates[0].iter().zip(&rates[of]).map(|(bare, interface)| interface / bare))
    };
    println!("million steps per second on one core, medians of {ROUNDS} rounds");
    println!("{:<40} {:>6.3}", "a bare loop", median(rates[0].iter().copied()));
    for (name, of) in [
        ("through the interface, without checkers", 1),
        ("through the interface, with checkers", 2),
    ] {
        let rate = median(rates[of].iter().copied());
        println!("{name:<40} {rate:>6.3} {:>5.0}% of the bare loop", ratio(of) * 100.0);
    }
}

/// The workload as a plan. A log is compacted every second, when it has about 1,000 entries.
fn workload() -> Plan {
    let admin_ops = (1..DURATION / SECOND).map(|second| AdminOp {
        number: second as u32,
        at: second * SECOND,
        trigger: None,
        of: AdminTarget::Everybody,
        kind: AdminKind::Compaction,
    });
    Plan { admin_ops: admin_ops.collect(), ..workload::workload_w(SERVERS, DURATION) }
}

fn through_the_interface(plan: &Plan, checkers: bool) -> u64 {
    let outcome = run(plan, &RaftRs::Careful, checkers, &mut ()).expect("the plan boots");
    assert_eq!(outcome.violation, None, "raft-rs violated a property");
    outcome.steps
}

/// Million steps a second.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures the wall clock; no run sees it"
)]
fn rate(steps: impl FnOnce() -> u64) -> f64 {
    let start = Instant::now();
    let steps = black_box(steps());
    steps as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
