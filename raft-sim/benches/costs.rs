//! The parts that the cost of a run has: `cargo bench --bench costs`.
//!
//! By the length of a run (with its peak memory, each in a process of its own), the number of servers, the size of
//! commands, each observer alone, seeds a second, the set-up of a seed, and threads. All of a table run in turn, so that
//! ratios, medians of the rounds' ratios to the first row, hold on a machine whose speed drifts.

mod clock;
mod workload;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::process::Command;

use raft_sim::campaign::{Options, Part, Runner, SeedOptions, Sink};
use raft_sim::checker::{Checkers, NoPanic};
use raft_sim::coverage::Coverage;
use raft_sim::digest::Digest;
use raft_sim::model::NodeId;
use raft_sim::observation::Observer;
use raft_sim::plan::{AdminKind, AdminOp, AdminTarget, Clients, Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::{drive, run_on};
use raft_sim::subject::Capability;
use raft_sim::{timeline, trace, view};

use workload::workload_w;

const ROUNDS: usize = 3;
/// In virtual microseconds.
const SECOND: u64 = 1_000_000;
/// Virtual microseconds in which workload W takes a thousand steps with five servers.
const THOUSAND_STEPS: u64 = 108_000;

/// Work that returns in how many parts it is to be counted.
type Work<'a> = Box<dyn Fn() -> u64 + 'a>;

/// A row of a table: its name, and its work.
type Row<'a> = (String, Work<'a>);

/// The time that work takes: of the processor, or as it passes.
type Timed = fn(&Work<'_>) -> (u64, f64);

/// A sink that ignores the results of a campaign.
struct Ignored;

impl Sink for Ignored {}

fn main() {
    let argument =
        std::env::args().find_map(|argument| Some(argument.strip_prefix("--run=")?.to_owned()));
    if let Some(run) = argument {
        return alone(&run);
    }
    let lengths = [10, 100, 1_000, 10_000];
    for judged in [false, true] {
        let row = |thousands: u64| -> Row<'_> {
            let plan = compacted(5, thousands);
            (format!("{thousands},000 steps"), Box::new(move || steps(&plan, judged)))
        };
        let with = if judged { "with" } else { "without" };
        table(
            &format!("ns a step, {with} checkers, logs compacted"),
            on_processor,
            lengths.map(row).into(),
        );
        println!("  peak memory:");
        for thousands in lengths {
            println!("  {:<36} {:>9}", format!("{thousands},000 steps"), peak(thousands, judged));
        }
    }
    let servers = [5, 3, 7, 9, 51].map(|servers| -> Row<'_> {
        let plan = compacted(servers, if servers > 9 { 200 } else { 1_000 });
        (format!("{servers} servers"), Box::new(move || steps(&plan, false)))
    });
    table("ns a step, without checkers, by servers", on_processor, servers.into());
    let sizes = [16, 256, 4_096].map(|size| -> Row<'_> {
        let plan = compacted(5, 200);
        let plan = Plan { clients: Clients { size, ..plan.clients }, ..plan };
        (format!("{size} bytes"), Box::new(move || steps(&plan, true)))
    });
    table("ns a step, with checkers, by size of commands", on_processor, sizes.into());
    let plans: Vec<Plan> = (0..50).map(|seed| Plan::draw(seed, &PlanOptions::default())).collect();
    table("ns a step of 50 seeds, by observer", on_processor, observers(&plans));
    table("µs a seed", on_processor, seeds(&plans));
    let threads = [1, 2].map(|threads| -> Row<'_> {
        let threads = NonZeroUsize::new(threads).expect("not 0");
        (format!("{threads} threads"), Box::new(move || campaign(threads)))
    });
    table("µs a seed of a campaign of 512, by threads", passing, threads.into());
}

/// Workload W in which all servers take a snapshot each virtual second.
fn compacted(servers: u32, thousands: u64) -> Plan {
    let duration = thousands * THOUSAND_STEPS;
    let admin_ops = (1..duration / SECOND).map(|second| AdminOp {
        number: second as u32,
        at: second * SECOND,
        trigger: None,
        of: AdminTarget::Everybody,
        kind: AdminKind::Compaction,
    });
    Plan { admin_ops: admin_ops.collect(), ..workload_w(servers, duration) }
}

/// Runs a plan, and counts its steps.
fn steps(plan: &Plan, judged: bool) -> u64 {
    let outcome = run_on(plan, &Reference, judged, ()).expect("it boots");
    assert_eq!(outcome.violation, None, "the reference core violated a property");
    outcome.steps
}

/// Each observer alone, and those of a campaign together.
fn observers(plans: &[Plan]) -> Vec<Row<'_>> {
    let count: u64 = plans.iter().map(|plan| steps(plan, false)).sum();
    let with = |name: &str, run: fn(&Plan)| -> Row<'_> {
        let all = move || {
            plans.iter().for_each(run);
            count
        };
        (name.to_owned(), Box::new(all))
    };
    vec![
        with("none", |plan| observed(plan, ())),
        with("end of servers", |plan| observed(plan, NoPanic::default())),
        with("digest", |plan| observed(plan, Digest::new(plan.seed))),
        with("coverage", |plan| {
            let servers: Vec<NodeId> = plan.servers().collect();
            observed(plan, Coverage::new(servers.len(), &servers[..plan.members as usize]));
        }),
        with("checkers that judge any Raft", |plan| {
            observed(plan, checkers(plan, Capability::ABLE))
        }),
        with("all checkers", |plan| observed(plan, checkers(plan, &Capability::ALL))),
        with("those of a campaign", |plan| {
            steps(plan, true);
        }),
        with("timeline", |plan| observed(plan, timeline::Recorder::all())),
        with("page", |plan| observed(plan, view::Recorder::new())),
        with("trace", |plan| observed(plan, trace::Recorder::of(plan))),
    ]
}

fn observed(plan: &Plan, mut observer: impl Observer) {
    black_box(drive(plan, &Reference, &mut observer).expect("it boots"));
}

fn checkers(plan: &Plan, capabilities: &[Capability]) -> Checkers {
    let servers: Vec<NodeId> = plan.servers().collect();
    let settings = servers.iter().map(|server| plan.settings_of(*server)).collect();
    Checkers::of(capabilities, &servers, &servers[..plan.members as usize], settings)
}

/// Seeds as a campaign runs them, and their parts.
fn seeds(plans: &[Plan]) -> Vec<Row<'_>> {
    let count = plans.len() as u64;
    let without_time = |plan: &Plan| Plan { duration: 0, healing: None, ..plan.clone() };
    let empty: Vec<Plan> = plans.iter().map(without_time).collect();
    // A default seed takes 6,300 steps in 2 virtual seconds and until all has healed.
    let short = |plan: &Plan| Plan { duration: 250_000, healing: None, ..plan.clone() };
    let short: Vec<Plan> = plans.iter().map(short).collect();
    let mean = short.iter().map(|plan| steps(plan, false)).sum::<u64>() / count;
    let row = |name: String, run: Box<dyn Fn()>| -> Row<'_> {
        (
            name,
            Box::new(move || {
                run();
                count
            }),
        )
    };
    let all: Vec<Plan> = plans.to_vec();
    vec![
        row(
            "drawn and run, with checkers".to_owned(),
            Box::new(move || {
                for plan in &all {
                    steps(&Plan::draw(plan.seed, &PlanOptions::default()), true);
                }
            }),
        ),
        row(
            format!("runs of {mean} steps, with checkers"),
            Box::new(move || {
                short.iter().for_each(|plan| {
                    steps(plan, true);
                });
            }),
        ),
        row(
            "drawn".to_owned(),
            Box::new(move || {
                (0..count).for_each(|seed| {
                    black_box(Plan::draw(seed, &PlanOptions::default()));
                });
            }),
        ),
        row(
            "booted, and ended at once".to_owned(),
            Box::new(move || {
                empty.iter().for_each(|plan| observed(plan, ()));
            }),
        ),
    ]
}

/// Runs a campaign, and counts its seeds.
fn campaign(threads: NonZeroUsize) -> u64 {
    let each = SeedOptions { shrink: false, ..SeedOptions::default() };
    let options = Options { part: Part::from(0..512), each, ..Options::default() };
    let runner = Runner::new(options, &Reference).threads(threads);
    let ended = runner.run(&mut Ignored).expect("nothing is written");
    ended.campaign.sums.seeds
}

/// Prints a table: the time of each row's work by the part, and its ratio to that of the first row.
fn table(title: &str, time: Timed, rows: Vec<Row<'_>>) {
    println!("{title}");
    let unit = if title.starts_with("ns") { 1e9 } else { 1e6 };
    let mut times = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in rows.iter().zip(&mut times) {
            let (parts, seconds) = time(work);
            times.push(seconds / parts as f64 * unit);
        }
    }
    for ((name, _), of) in rows.iter().zip(&times) {
        let ratio = median(times[0].iter().zip(of).map(|(first, time)| time / first));
        println!("  {name:<36} {:>9.1} {ratio:>7.2}", median(of.iter().copied()));
    }
}

fn on_processor(work: &Work<'_>) -> (u64, f64) {
    clock::timed(work)
}

fn passing(work: &Work<'_>) -> (u64, f64) {
    clock::passed(work)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The peak memory of a process that runs workload W once, as Linux counts it.
fn peak(thousands: u64, judged: bool) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    let run = format!("--run={thousands},{judged}");
    let output = Command::new(program).arg(run).output().expect("this program runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs workload W once, and prints the peak memory.
fn alone(run: &str) {
    let (thousands, judged) = run.split_once(',').expect("a length, and if it is judged");
    steps(&compacted(5, thousands.parse().expect("a number")), judged == "true");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", peak.unwrap_or("not known here").trim());
}
