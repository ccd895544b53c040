//! The cost of the subject interface and of the testbed: simulated steps per second on one core, of raft-rs in a bare loop
//! without the testbed, of raft-rs behind the interface, and of the reference core in the testbed. `cargo bench`.
//!
//! The workload is the same: five servers, ticks of 10 ms with a heartbeat each, one 16-byte command a millisecond to
//! the leader, delays of 0.5 to 10 ms, everything written to memory in the step it belongs to, logs of about 1,000
//! entries. A step is a delivery, a tick or a proposal. All alternate, so that their ratios, medians of the
//! rounds' ratios, hold on a machine whose speed drifts.

mod bare;
#[path = "../../../raft-sim/benches/clock/mod.rs"]
mod clock;
mod ready;
#[path = "../../../raft-sim/benches/workload/mod.rs"]
mod workload;

use raft_rs_subject::RaftRs;
use raft_sim::plan::{AdminKind, AdminOp, AdminTarget, Plan};
use raft_sim::reference::Reference;
use raft_sim::run::{drive, run, run_on};

const ROUNDS: usize = 7;
const SERVERS: u32 = 5;
/// In virtual microseconds.
const DURATION: u64 = 60_000_000;
const SECOND: u64 = 1_000_000;

fn main() {
    let plan = workload();
    let steps = reference(&plan, true);
    let runs: [(&str, &dyn Fn() -> u64); 6] = [
        ("raft-rs in a bare loop", &|| bare::steps(u64::from(SERVERS), DURATION)),
        ("raft-rs behind the interface, no checkers", &|| through_the_interface(&plan, false)),
        ("raft-rs behind the interface, checkers", &|| through_the_interface(&plan, true)),
        ("raft-core in the testbed, no observers", &|| {
            drive(&plan, &Reference, &mut ()).expect("the plan boots");
            steps
        }),
        ("raft-core in the testbed, no checkers", &|| reference(&plan, false)),
        ("raft-core in the testbed, checkers", &|| reference(&plan, true)),
    ];
    let mut rates = runs.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for ((_, run), rates) in runs.iter().zip(&mut rates) {
            rates.push(rate(run));
        }
    }
    println!(
        "million steps per second on one core, medians of {ROUNDS} rounds, and times the bare loop's"
    );
    for ((name, _), of) in runs.iter().zip(&rates) {
        let ratio = median(rates[0].iter().zip(of).map(|(bare, rate)| rate / bare));
        println!("{name:<44} {:>6.3} {ratio:>6.2}", median(of.iter().copied()));
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

fn reference(plan: &Plan, checkers: bool) -> u64 {
    let outcome = run_on(plan, &Reference, checkers, ()).expect("the plan boots");
    assert_eq!(outcome.violation, None, "the reference core violated a property");
    outcome.steps
}

/// Million steps a second.
fn rate(steps: impl FnOnce() -> u64) -> f64 {
    let (steps, seconds) = clock::timed(steps);
    steps as f64 / seconds / 1e6
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
