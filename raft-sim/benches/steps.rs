//! Simulated steps per second.
#![allow(clippy::disallowed_methods)]
use raft_sim::disk::SyncTime;
use raft_sim::network::*;
use raft_sim::plan::*;
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::Settings;
fn w(duration: u64) -> Plan {
    Plan {
        seed: 1,
        duration,
        settings: Settings::default(),
        clocks: (0..5)
            .map(|i| Clock {
                tick: 10_000,
                first: 1 + i * 1000,
            })
            .collect(),
        weather: Weather {
            delay: Delay::Uniform(500, 10_000),
            loss_ppm: 0,
            duplicate_ppm: 0,
        },
        sync: SyncTime { min: 0, max: 0 },
        durable_state_machine: false,
        clients: Clients {
            interval: 1000,
            size: 16,
            wander: 0,
        },
        faults: vec![],
    }
}
fn main() {
    for oracles in [false, true] {
        for d in [100_000_000u64, 100_000_000, 1_000_000_000] {
            let plan = w(d);
            let t = std::time::Instant::now();
            let o = run(&plan, &Reference, oracles, None).unwrap();
            let e = t.elapsed().as_secs_f64();
            println!(
                "oracles {oracles} steps {} {:.2} M/s digest {:x} {:?} {:?}",
                o.steps,
                o.steps as f64 / e / 1e6,
                o.digest,
                o.tally,
                o.violation
            );
        }
    }
    let t = std::time::Instant::now();
    let mut steps = 0;
    let mut c = 0;
    let mut bad = 0;
    for seed in 0..500 {
        let p = Plan::draw(seed, &Wishes::default());
        let o = run(&p, &Reference, true, None).unwrap();
        steps += o.steps;
        c += o.tally.committed;
        if let Some(v) = o.violation {
            bad += 1;
            if bad < 10 {
                println!("seed {seed}: {} {}", v.0, v.1);
            }
        }
    }
    let e = t.elapsed().as_secs_f64();
    println!(
        "default: steps {} {:.2} M/s committed {c} bad {bad}",
        steps,
        steps as f64 / e / 1e6
    );
}
