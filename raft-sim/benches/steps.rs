//! Simulated steps per second on one core: `cargo bench`.
//!
//! A step is a delivery, a tick or a proposal. Each plan is run without and with checkers in turn, so that their
//! cost, the median of the rounds' ratios, holds on a machine whose speed drifts. The rates are medians; the last
//! column is the fastest round, which a busy machine disturbs least.

mod clock;
mod workload;

use raft_sim::disk::SyncTime;
use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::Settings;

use workload::workload_w;

const ROUNDS: usize = 7;

fn main() {
    println!("million steps per second on one core, medians of {ROUNDS} rounds");
    println!(
        "{:<34} {:>10} {:>12} {:>6} {:>9}",
        "", "no checkers", "with checkers", "cost", "fastest"
    );
    let hundred = |plan: fn(u64, u32) -> Plan, servers| -> Vec<Plan> {
        (0..100).map(|seed| plan(seed, servers)).collect()
    };
    row("default mix, all admin ops, 5 servers", &hundred(default_mix, 5));
    for servers in [3, 5, 7] {
        row(&format!("default mix, {servers} servers"), &hundred(plain_mix, servers));
    }
    for servers in [3, 5, 7] {
        row(&format!("workload W, {servers} servers"), &[workload_w(servers, 300_000_000)]);
    }
    let mut careful = workload_w(5, 300_000_000);
    careful.settings = Settings { pre_vote: true, check_quorum: true, ..careful.settings };
    row("W, PreVote, CheckQuorum, 5 servers", &[careful]);
    // Five servers take about 9.3 steps a virtual millisecond in workload W.
    row("workload W, 5 servers, 10^4 steps", &vec![workload_w(5, 1_100_000); 100]);
    row("workload W, 5 servers, 10^7 steps", &[workload_w(5, 1_080_000_000)]);
}

/// A plan as `raft-sim run` draws it without options, except for the number of servers.
fn default_mix(seed: u64, servers: u32) -> Plan {
    Plan::draw(seed, &PlanOptions { servers: Some(servers), ..PlanOptions::default() })
}

/// The same network conditions and faults over §5 alone: commands and elections, and nothing else of Raft.
fn plain_mix(seed: u64, servers: u32) -> Plan {
    let admin_ops = Some(Vec::new());
    let plan = Plan::draw(
        seed,
        &PlanOptions { servers: Some(servers), admin_ops, ..PlanOptions::default() },
    );
    let Settings {
        election_timeout,
        heartbeat,
        entries_per_message,
        window,
        uncommitted_limit,
        ..
    } = plan.settings;
    let settings = Settings {
        seed,
        election_timeout,
        heartbeat,
        entries_per_message,
        window,
        uncommitted_limit,
        ..Settings::default()
    };
    let sync = SyncTime { notice: 0, ..plan.sync };
    Plan { settings, sync, exceptions: Vec::new(), ..plan }
}

fn row(name: &str, plans: &[Plan]) {
    let rounds = if name.contains("10^7") { 3 } else { ROUNDS };
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (checkers, rates) in [false, true].into_iter().zip(&mut rates) {
            rates.push(rate(plans, checkers));
        }
    }
    let [without, with] = &rates;
    let cost = median(without.iter().zip(with).map(|(without, with)| 1.0 - with / without));
    let fastest = with.iter().copied().fold(0.0, f64::max);
    let [without, with] = [without, with].map(|rates| median(rates.iter().copied()));
    println!("{name:<34} {without:>10.2} {with:>12.2} {:>5.0}% {fastest:>9.2}", cost * 100.0);
}

/// Million steps per second over these plans.
fn rate(plans: &[Plan], checkers: bool) -> f64 {
    let steps = |plan: &Plan| {
        let outcome = run(plan, &Reference, checkers, &mut ()).expect("a drawn plan boots");
        assert_eq!(outcome.violation, None, "the reference core violated a property");
        outcome.steps
    };
    let (steps, seconds) = clock::timed(|| plans.iter().map(steps).sum::<u64>());
    steps as f64 / seconds / 1e6
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
