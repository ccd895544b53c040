//! Puts and linearizable reads a second beside etcd's: three servers on loopback each, one after the other, on the same disk, whose
//! rate of syncs is printed with them. docs/node.md has the command and its table.

mod load;
#[path = "../servers/mod.rs"]
mod servers;
mod subject;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use load::Load;
use subject::Subject;

/// Seconds of each cell, unless `RAFT_NODE_SECONDS` says something else.
const SECONDS: f64 = 5.0;
/// Clients at a time.
const CLIENTS: [usize; 3] = [1, 16, 256];

/// What was done, by how many clients, and what came of it.
type Cell = (&'static str, usize, Load);

fn main() {
    // `cargo test --benches` builds and starts it: then there is nothing to measure.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let seconds =
        env::var("RAFT_NODE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let directory = env::var_os("RAFT_NODE_BENCH_DIR").map_or(env::temp_dir(), PathBuf::from);
    let directory = directory.join(format!("raft-node-bench-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    print_syncs("before", &directory);
    let mut rows = Vec::new();
    for make in [Subject::raft_node, Subject::etcd] {
        match make(&directory, seconds) {
            Ok(mut subject) => rows.push((subject.name, measure(&mut subject))),
            Err(reason) => println!("{reason}"),
        }
    }
    print_syncs("after", &directory);
    print(&rows);
    let _ = fs::remove_dir_all(&directory);
}

fn print_syncs(when: &str, directory: &Path) {
    let (appended, within) = load::syncs(directory);
    println!(
        "syncs of 4 KiB a second {when}: {appended:.0} appended, {within:.0} into space that is there"
    );
}

fn measure(subject: &mut Subject) -> Vec<Cell> {
    let mut loads = Vec::new();
    for kind in ["put", "get"] {
        for clients in CLIENTS {
            // The first second warms up.
            subject.load(kind, clients, 1.0);
            loads.push((kind, clients, subject.load(kind, clients, subject.seconds)));
        }
    }
    loads
}

fn print(rows: &[(&'static str, Vec<Cell>)]) {
    println!(
        "\n| | clients | | a second | p50 ms | p99 ms | CPU-ms each, three servers | failed |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let cells = rows.iter().map(|(_, loads)| loads.len()).max().unwrap_or(0);
    for cell in 0..cells {
        for (name, loads) in rows {
            let (kind, clients, load) = &loads[cell];
            let Load { rate, p50, p99, cpu, failed } = load;
            println!(
                "| {kind} | {clients} | {name} | {rate:.0} | {p50:.2} | {p99:.2} | {cpu:.3} | {failed} |"
            );
        }
    }
}
