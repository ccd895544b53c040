//! Simulated steps per second through a child: `cargo bench --bench subjects`.
//!
//! The reference core runs as a child that speaks the subject protocol, and in this process. The difference is the
//! cost of a round trip and of the JSON on both sides. With two threads each has its own child. `RAFT_SIM_SUBJECT` is
//! the command of another subject.

use std::hint::black_box;
use std::process::ExitCode;

use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::process::Process;
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::Implementation;

const ROUNDS: usize = 7;
const SEEDS: u64 = 40;

fn main() -> ExitCode {
    let command = std::env::var("RAFT_SIM_SUBJECT")
        .unwrap_or_else(|_| format!("\"{}\" serve", env!("CARGO_BIN_EXE_raft-sim")));
    let child = match Process::start(&command) {
        Ok(child) => child,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let plan_options =
        PlanOptions { capabilities: Some(child.capabilities().to_vec()), ..PlanOptions::default() };
    let plans: Vec<Plan> = (0..SEEDS).map(|seed| Plan::draw(seed, &plan_options)).collect();
    println!(
        "thousand steps per second with checkers, medians of {ROUNDS} rounds of {SEEDS} seeds"
    );
    println!("{:<34} {:>10} {:>12}", "", "1 thread", "2 threads");
    row("raft-core, in this process", &plans, &Reference);
    row(&format!("{}, in a child", child.name()), &plans, &child);
    ExitCode::SUCCESS
}

fn row(name: &str, plans: &[Plan], implementation: &(dyn Implementation + Sync)) {
    let [one, two] = [1, 2].map(|threads| {
        let mut rates: Vec<f64> =
            (0..ROUNDS).map(|_| rate(plans, implementation, threads)).collect();
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    });
    println!("{name:<34} {one:>10.0} {two:>12.0}");
}

/// Thousand steps per second over these plans, with this number of threads.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures the wall clock; no run sees it"
)]
fn rate(plans: &[Plan], implementation: &(dyn Implementation + Sync), threads: usize) -> f64 {
    let start = std::time::Instant::now();
    let all = |thread| {
        let plans = plans.iter().skip(thread).step_by(threads);
        let outcomes =
            plans.map(|plan| run(plan, implementation, true, &mut ()).expect("it boots"));
        outcomes.map(|outcome| black_box(outcome).steps).sum::<u64>()
    };
    let steps: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || all(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run does not panic")).sum()
    });
    steps as f64 / start.elapsed().as_secs_f64() / 1e3
}
