//! Large states: memory with a million keys, recovery of a million entries, the transfer of a large snapshot; and the time without a
//! leader when one is killed. docs/node.md has the command and the figures.

#[path = "../servers/mod.rs"]
mod servers;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use raft_node::types::Joiner;

/// Keys, each of 16 bytes, as its value is.
const KEYS: usize = 1_000_000;
/// Clients at a time.
const CLIENTS: usize = 128;
/// Bytes of a value of the snapshot.
const LARGE: usize = 256 << 10;
/// The length of the snapshot, in GiB, unless `RAFT_NODE_GIB` says something else.
const GIB: f64 = 1.0;
/// Leaders that are killed.
const KILLS: usize = 24;
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(5);

fn main() {
    // `cargo test --benches` builds and starts it: then there is nothing to measure.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let directory = env::var_os("RAFT_NODE_BENCH_DIR").map_or(env::temp_dir(), PathBuf::from);
    let directory = directory.join(format!("raft-node-large-{}", std::process::id()));
    let gib = env::var("RAFT_NODE_GIB").ok().and_then(|text| text.parse().ok()).unwrap_or(GIB);
    let named: Vec<String> = env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|it| it == name);
    if wanted("keys") {
        keys(&directory.join("keys"));
    }
    if wanted("recovery") {
        recovery(&directory.join("recovery"));
    }
    if wanted("snapshot") {
        snapshot(&directory.join("snapshot"), gib);
    }
    if wanted("failover") {
        failover(&directory.join("failover"));
    }
    let _ = fs::remove_dir_all(&directory);
}

/// Servers that run.
struct Servers {
    config: PathBuf,
    apis: Vec<String>,
    children: Vec<Child>,
}

impl Servers {
    fn start(directory: &Path, limits: &str) -> Servers {
        fs::create_dir_all(directory).expect("a directory");
        let (config, apis) = servers::configured(directory, limits);
        let mut all = Servers { config, apis, children: Vec::new() };
        for id in 1..=3 {
            all.run(id, &[]);
        }
        servers::client(&all.apis).put("ready", b"").expect("a leader");
        all
    }

    fn run(&mut self, id: usize, more: &[&str]) {
        let child = servers::spawn(servers::server(&self.config, id).args(more));
        self.children.push(child.expect("it starts"));
    }

    /// The place of the server that leads, from 0.
    fn leader(&self) -> usize {
        let client = servers::client(&self.apis);
        let leads =
            |api: &String| client.status_of(api).is_ok_and(|status| status.role == "leader");
        self.apis.iter().position(leads).expect("a leader")
    }

    /// Sets this number of keys.
    fn fill(&self, keys: usize, value: &str) {
        let begun = Instant::now();
        let request = |nth| (nth < keys).then(|| servers::put(&format!("k{nth:015}"), value));
        let (_, failed) = servers::load(&self.apis[self.leader()], CLIENTS, request);
        assert_eq!(failed, 0, "puts that failed");
        println!("{keys} puts of {} bytes in {:.1} s", value.len(), begun.elapsed().as_secs_f64());
    }

    /// Waits until all servers have applied the same.
    fn settle(&self) {
        let client = servers::client(&self.apis);
        loop {
            let of = |api: &String| client.status_of(api).ok().map(|status| status.applied);
            let applied: Vec<Option<u64>> = self.apis.iter().map(of).collect();
            if applied[0].is_some() && applied.iter().all(|it| *it == applied[0]) {
                return;
            }
            thread::sleep(LOOK);
        }
    }

    /// Mebibytes in memory of each server: now, and at most since it was last asked to forget.
    fn memory(&self) -> Vec<(u64, u64)> {
        let of = |child: &Child| {
            let text = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
                line.split_whitespace()
                    .next()
                    .and_then(|it| it.parse().ok())
                    .map_or(0, |it: u64| it)
                    >> 10
            };
            (field("VmRSS:"), field("VmHWM:"))
        };
        self.children.iter().map(of).collect()
    }

    /// Forgets how much memory each server had at most.
    fn forget(&self) {
        for child in &self.children {
            fs::write(format!("/proc/{}/clear_refs", child.id()), "5").expect("it runs");
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn keys(directory: &Path) {
    println!("\n{KEYS} keys of 16 bytes");
    let servers = Servers::start(directory, "");
    servers.fill(KEYS, &"v".repeat(16));
    servers.settle();
    println!("MiB in memory, now and at most: {:?}", servers.memory());
}

fn recovery(directory: &Path) {
    println!("\nrecovery of {KEYS} entries");
    let mut servers = Servers::start(directory, "snapshot_bytes = 100000000000");
    servers.fill(KEYS, &"v".repeat(16));
    servers.settle();
    let follower = (servers.leader() + 1) % 3;
    let _ = servers.children[follower].kill();
    let _ = servers.children[follower].wait();
    let client = servers::client(&servers.apis);
    let status = |of: usize| client.status_of(&servers.apis[of]).ok();
    let commit = status(servers.leader()).map(|status| status.commit).expect("a leader");
    let begun = Instant::now();
    let mut again = servers::spawn(&mut servers::server(&servers.config, follower + 1));
    while status(follower).is_none_or(|status| status.applied < commit) {
        thread::sleep(LOOK);
    }
    println!("all applied after {:.2} s", begun.elapsed().as_secs_f64());
    std::mem::swap(&mut servers.children[follower], again.as_mut().expect("it starts"));
}

fn snapshot(directory: &Path, gib: f64) {
    println!("\na snapshot of {gib} GiB");
    let mut servers = Servers::start(directory, "");
    let (mut client, value) = (servers::client(&servers.apis), "v".repeat(LARGE));
    for nth in 0..(gib * f64::from(1 << 30)) as usize / LARGE {
        client.put(&format!("k{nth:015}"), value.as_bytes()).expect("a leader");
    }
    servers.settle();
    let leader = servers.leader();
    // The answer may come too late for the client.
    let _ = client.snapshot();
    let before = loop {
        let status = client.status_of(&servers.apis[leader]).expect("a leader");
        if status.snapshot >= status.applied {
            break status;
        }
        thread::sleep(LOOK);
    };
    println!("MiB in memory, now and at most: {:?}", servers.memory());
    servers.forget();
    let ports = servers::free_ports(2);
    let [peer, api] = [ports[0], ports[1]].map(|it| it.to_string());
    servers.run(4, &["--join", "--peer", &peer, "--api", &api]);
    let joiner = Joiner { peer, api: api.clone(), learner: true };
    let begun = Instant::now();
    let followers: Vec<String> =
        (0..3).filter(|it| *it != leader).map(|it| servers.apis[it].clone()).collect();
    let added = thread::spawn(move || client.add(4, &joiner));
    let client = servers::client(&servers.apis);
    let (mut silence, mut puts) = (0, Vec::new());
    let mut writer = servers::client(&servers.apis);
    loop {
        for follower in &followers {
            let status = client.status_of(follower).expect("it runs");
            silence = silence.max(status.heard_ms.unwrap_or(0));
        }
        let put = Instant::now();
        writer.put("small", b"").expect("a leader");
        puts.push(put.elapsed().as_secs_f64() * 1_000.0);
        if client.status_of(&api).is_ok_and(|status| status.applied >= before.applied) {
            break;
        }
    }
    println!("on the new server after {:.2} s", begun.elapsed().as_secs_f64());
    let _ = added.join().expect("no panic");
    let after = client.status_of(&servers.apis[leader]).expect("it runs");
    println!("the term was {} and is {}", before.term, after.term);
    println!("a follower heard nothing for at most {silence} ms");
    puts.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| puts[(part * (puts.len() - 1) as f64) as usize];
    let times = (at(0.5), at(0.99), at(1.0));
    println!(
        "{} puts meanwhile, ms: {:.2}, p99 {:.2}, at most {:.2}",
        puts.len(),
        times.0,
        times.1,
        times.2
    );
    println!("MiB in memory, now and at most: {:?}, the last is the new server", servers.memory());
}

fn failover(directory: &Path) {
    println!("\n{KILLS} leaders are killed");
    let mut servers = Servers::start(directory, "");
    let mut client = servers::client(&servers.apis);
    let mut times: Vec<f64> = (0..KILLS)
        .map(|_| {
            let leader = servers.leader();
            let _ = servers.children[leader].kill();
            let begun = Instant::now();
            client.put("after", b"").expect("a leader");
            let time = begun.elapsed().as_secs_f64() * 1_000.0;
            let _ = servers.children[leader].wait();
            let again = servers::spawn(&mut servers::server(&servers.config, leader + 1));
            servers.children[leader] = again.expect("it starts");
            servers.settle();
            time
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    println!(
        "ms until the next put is answered: least {:.0}, median {:.0}, most {:.0}",
        times[0],
        times[KILLS / 2],
        times[KILLS - 1]
    );
}
