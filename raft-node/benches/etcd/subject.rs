//! Three servers on loopback: those of `raft-node`, or of etcd.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::load::Load;
use crate::servers;

/// Hundredths of a second, in which the operating system counts the time of processes.
const TICK_MS: f64 = 10.0;

/// Servers that run.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) seconds: f64,
    children: Vec<Child>,
    apis: Vec<String>,
    /// The program that makes load, if it is one of its own.
    loader: Option<PathBuf>,
}

impl Subject {
    pub(crate) fn raft_node(directory: &Path, seconds: f64) -> Result<Subject, String> {
        let (config, apis) = servers::configured(directory, "");
        let start = |id| servers::spawn(&mut servers::server(&config, id)).expect("it starts");
        let children = (1..=3).map(start).collect();
        let mut client = servers::client(&apis);
        client.put("ready", b"").map_err(|error| error.to_string())?;
        Ok(Subject { name: "raft-node", seconds, children, apis, loader: None })
    }

    pub(crate) fn etcd(directory: &Path, seconds: f64) -> Result<Subject, String> {
        let loader = directory.join("load");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/etcd/load.go");
        let built = Command::new("go")
            .env("GO111MODULE", "off")
            .env("GOPATH", "/usr/share/gocode")
            .args(["build", "-o"])
            .args([&loader, &source])
            .output();
        let built = built.map_err(|error| format!("without etcd: go: {error}"))?;
        if !built.status.success() {
            return Err(format!("without etcd: {}", String::from_utf8_lossy(&built.stderr)));
        }
        let ports = servers::free_ports(6);
        let url = |port: SocketAddr| format!("http://{port}");
        let cluster: Vec<String> =
            (0..3).map(|nth| format!("s{nth}={}", url(ports[nth]))).collect();
        let mut children = Vec::new();
        for nth in 0..3 {
            let (peer, api) = (url(ports[nth]), url(ports[nth + 3]));
            let child = servers::spawn(
                Command::new("etcd")
                    .args(["--name", &format!("s{nth}"), "--data-dir"])
                    .arg(directory.join(format!("etcd-{nth}")))
                    .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
                    .args(["--listen-client-urls", &api, "--advertise-client-urls", &api])
                    .args([
                        "--initial-cluster",
                        &cluster.join(","),
                        "--quota-backend-bytes",
                        "8000000000",
                    ]),
            );
            children.push(child.map_err(|error| format!("without etcd: {error}"))?);
        }
        let apis = ports[3..].iter().map(SocketAddr::to_string).collect();
        std::thread::sleep(Duration::from_secs(5));
        Ok(Subject { name: "etcd", seconds, children, apis, loader: Some(loader) })
    }

    /// The server that leads, which clients of `raft-node` would find.
    fn leader(&self) -> String {
        let client = servers::client(&self.apis);
        let leads =
            |api: &&String| client.status_of(api).is_ok_and(|status| status.role == "leader");
        self.apis.iter().find(leads).expect("a leader").clone()
    }

    /// Milliseconds of the processors that the servers have taken.
    fn cpu(&self) -> f64 {
        let of = |child: &Child| {
            let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it runs");
            let (_, rest) = stat.rsplit_once(')').expect("a name");
            let fields: Vec<&str> = rest.split_whitespace().collect();
            let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
            (ticks(11) + ticks(12)) * TICK_MS
        };
        self.children.iter().map(of).sum()
    }

    pub(crate) fn load(&mut self, kind: &str, clients: usize, seconds: f64) -> Load {
        let before = self.cpu();
        let (count, p50, p99, failed) = match &self.loader {
            None => {
                let end = Instant::now() + Duration::from_secs_f64(seconds);
                let value = "v".repeat(256);
                let request = |nth| {
                    let key = format!("k{:07}", nth % 100_000);
                    let request = || match kind {
                        "put" => servers::put(&key, &value),
                        _ => format!("GET /v1/keys/{key} HTTP/1.1\r\nhost: x\r\n\r\n"),
                    };
                    (Instant::now() < end).then(request)
                };
                let (times, failed) = servers::load(&self.leader(), clients, request);
                let at = |part: f64| times[(part * (times.len() - 1) as f64) as usize];
                (times.len() as f64, at(0.5), at(0.99), failed)
            }
            Some(loader) => {
                let output = Command::new(loader)
                    .arg(self.apis.join(","))
                    .args([kind, &clients.to_string(), &seconds.to_string()])
                    .output()
                    .expect("it runs");
                let load: serde_json::Value =
                    serde_json::from_slice(&output.stdout).expect("a line");
                let number = |name: &str| load[name].as_f64().expect("a number");
                (number("count"), number("p50"), number("p99"), number("failed") as u64)
            }
        };
        let cpu = (self.cpu() - before) / count;
        Load { rate: count / seconds, p50, p99, cpu, failed }
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
