//! Proposals per second of the two cores as libraries, raft-core and raft-rs, on one core of the machine and without the
//! testbed: `cargo bench --bench cores`.
//!
//! Three servers in one loop. The leader is handed a batch of commands, each a step of its own whose output is carried out
//! before the next one; then messages are delivered in order until none is left. Writes are durable at once, in memory, and
//! logs are cut to about 1,000 entries. The two alternate, so that their ratio, the median of the rounds' ratios, holds on a
//! machine whose speed drifts.

#[path = "../../../raft-sim/benches/clock/mod.rs"]
mod clock;
#[path = "cores/core.rs"]
mod core;
#[path = "cores/raft_rs.rs"]
mod raft_rs;
mod ready;

const ROUNDS: usize = 7;
const PROPOSALS: u64 = 200_000;
/// The number of servers.
const SERVERS: u64 = 3;
/// The least number of entries that a log keeps.
const KEPT: u64 = 1_000;

fn main() {
    println!("thousand proposals per second on one core, medians of {ROUNDS} rounds");
    println!("{:<28} {:>10} {:>10} {:>7}", "", "raft-rs", "raft-core", "ratio");
    for (size, batch) in [(16, 1), (16, 64), (256, 64), (4_096, 64)] {
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            rates[0].push(rate(|| raft_rs::propose(PROPOSALS, size, batch)));
            rates[1].push(rate(|| core::propose(PROPOSALS, size, batch)));
        }
        let ratio = median(rates[0].iter().zip(&rates[1]).map(|(theirs, ours)| ours / theirs));
        let [theirs, ours] = [&rates[0], &rates[1]].map(|rates| median(rates.iter().copied()));
        let name = format!("{size} bytes, {batch} at once");
        println!("{name:<28} {theirs:>10.0} {ours:>10.0} {ratio:>7.2}");
    }
}

/// Thousand proposals a second. Each server must have applied all of them.
fn rate(propose: impl FnOnce() -> Vec<u64>) -> f64 {
    let (applied, seconds) = clock::timed(propose);
    assert!(applied.len() as u64 == SERVERS && applied.iter().all(|count| *count == PROPOSALS));
    PROPOSALS as f64 / seconds / 1e3
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
