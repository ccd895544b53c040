//! Instructions that fixed runs take, compared with the numbers kept in `instructions.txt`: `cargo bench --bench
//! instructions`. Fails if one takes over 5 % more. Unlike a time, this does not depend on how busy the machine is.
//!
//! `-- --keep` keeps the numbers of now. Needs `valgrind`, under which it runs itself.

mod workload;

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::{drive, run_on};

use workload::workload_w;

/// The numbers that are kept: a line for each run, its name and its instructions.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

/// The rise above the kept number at which it fails, in percent.
const MOST_RISE: f64 = 5.0;

/// The fixed runs, by name.
const RUNS: [(&str, fn()); 6] = [
    ("w", || {
        black_box(drive(&workload_w(5, 4_000_000), &Reference, &mut ()).expect("it boots"));
    }),
    ("w-unjudged", || run(&workload_w(5, 4_000_000), false)),
    ("w-judged", || run(&workload_w(5, 4_000_000), true)),
    ("swarm-unjudged", || swarm(false)),
    ("swarm-judged", || swarm(true)),
    ("set-up", || {
        for seed in 0..200 {
            let drawn = Plan::draw(seed, &PlanOptions::default());
            let empty = Plan { duration: 0, healing: None, ..drawn };
            black_box(drive(&empty, &Reference, &mut ()).expect("it boots"));
        }
    }),
];

/// Seeds as a campaign draws and runs them.
fn swarm(judged: bool) {
    (0..10).for_each(|seed| run(&Plan::draw(seed, &PlanOptions::default()), judged));
}

fn run(plan: &Plan, judged: bool) {
    let outcome = run_on(plan, &Reference, judged, ()).expect("it boots");
    assert_eq!(outcome.violation, None, "the reference core violated a property");
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let keeps = arguments.iter().any(|argument| argument == "--keep");
    if let Some(name) = arguments.iter().find_map(|argument| argument.strip_prefix("--run=")) {
        let run = RUNS.iter().find(|(other, _)| *other == name);
        run.expect("one of the fixed runs").1();
        return ExitCode::SUCCESS;
    }
    let measured = RUNS.map(|(name, _)| (name, instructions(name)));
    if keeps {
        let lines = measured.map(|(name, count)| format!("{name} {count}\n"));
        std::fs::write(KEPT, lines.concat()).expect("the file of kept numbers can be written");
        return ExitCode::SUCCESS;
    }
    let kept = std::fs::read_to_string(KEPT).expect("the kept numbers");
    println!("{:<14} {:>14} {:>14} {:>8}", "instructions", "kept", "now", "rise");
    let mut ok = true;
    for (name, count) in measured {
        let line = kept.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let Some(before) = line.and_then(|number| number.parse::<u64>().ok()) else {
            println!("{name:<14} has no number in {KEPT}; keep one with `-- --keep`");
            ok = false;
            continue;
        };
        let rise = (count as f64 / before as f64 - 1.0) * 100.0;
        ok &= rise <= MOST_RISE;
        println!("{name:<14} {before:>14} {count:>14} {rise:>+7.1}%");
    }
    if ok {
        return ExitCode::SUCCESS;
    }
    println!(
        "a run takes over {MOST_RISE} % more instructions; if that is meant, keep the new numbers with `-- --keep`"
    );
    ExitCode::FAILURE
}

/// The number of instructions that this program takes for a run.
fn instructions(name: &str) -> u64 {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(Path::new(&program))
        .arg(format!("--run={name}"))
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the run `{name}` failed: {said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.expect("valgrind says how many instructions it collected");
    count.trim().parse().expect("a number of instructions")
}
