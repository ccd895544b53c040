//! Servers in processes of their own, with a proxy on each link.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use raft_node::client::{Client, Options};
use rustix::process::{Pid, Signal, kill_process};

use crate::namespace;
use crate::proxy::{Link, Mode};

/// Processes of one cluster.
pub(crate) struct Servers {
    pub(crate) directory: PathBuf,
    pub(crate) links: Vec<Link>,
    apis: Vec<String>,
    children: Vec<Option<Child>>,
    environment: Vec<(&'static str, String)>,
}

/// Ports that are free now, below those that the system gives to connections: a server that is killed finds its own again.
fn free_ports(count: usize) -> Vec<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id();
    let next = || 10_000 + (begin.wrapping_mul(97) + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
    let free = std::iter::repeat_with(|| TcpListener::bind(("127.0.0.1", next() as u16)));
    let bound: Vec<TcpListener> = free.flatten().take(count).collect();
    bound.iter().map(|it| it.local_addr().expect("it is bound")).collect()
}

impl Servers {
    /// Starts `count` servers below `directory`, with this environment.
    pub(crate) fn start(
        directory: &Path,
        count: u32,
        seed: u64,
        environment: Vec<(&'static str, String)>,
    ) -> Servers {
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory).expect("a directory");
        let (peers, apis) = (free_ports(count as usize), free_ports(count as usize));
        let mut links = Vec::new();
        for from in 1..=count {
            let mut text = String::from(
                "[limits]\nsnapshot_bytes = 200000\nsegment_bytes = 65536\n[servers]\n",
            );
            for to in 1..=count {
                let (peer, api) = (peers[to as usize - 1], apis[to as usize - 1]);
                let peer = if from == to {
                    peer
                } else {
                    let link = Link::start(from, to, peer, seed ^ u64::from(from * 100 + to));
                    let address = link.address;
                    links.push(link);
                    address
                };
                text += &format!("{to} = {{ peer = \"{peer}\", api = \"{api}\" }}\n");
            }
            fs::write(directory.join(format!("node-{from}.toml")), text).expect("a file");
        }
        let apis = apis.iter().map(SocketAddr::to_string).collect();
        let children = (0..count).map(|_| None).collect();
        let directory = directory.to_path_buf();
        let mut servers = Servers { directory, links, apis, children, environment };
        if namespace::is_there() {
            namespace::prepare(&servers.data(), count);
        }
        (1..=count).for_each(|id| servers.run(id));
        servers
    }

    pub(crate) fn count(&self) -> u32 {
        self.children.len() as u32
    }

    pub(crate) fn apis(&self) -> Vec<String> {
        self.apis.clone()
    }

    pub(crate) fn client(&self, patience: Duration) -> Client {
        Client::new(self.apis(), Options { patience, ..Options::default() }).expect("a client")
    }

    /// The folder of all data; each server has one in it.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Starts a server, unless it runs.
    pub(crate) fn run(&mut self, id: u32) {
        self.run_with(id, Vec::new());
    }

    /// The same with more in its environment.
    pub(crate) fn run_with(&mut self, id: u32, more: Vec<(&str, String)>) {
        if self.children[id as usize - 1].is_some() {
            return;
        }
        let file = |name: String| self.directory.join(name);
        let log =
            fs::OpenOptions::new().create(true).append(true).open(file(format!("log-{id}.txt")));
        let child = Command::new(env!("CARGO_BIN_EXE_raft-node"))
            .arg("start")
            .arg("--config")
            .arg(file(format!("node-{id}.toml")))
            .arg("--data")
            .arg(self.data())
            .arg("--trace")
            .arg(file(format!("trace-{id}.jsonl")))
            .args(["--id", &id.to_string()])
            .envs(self.environment.iter().cloned())
            .envs(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("a file"))
            .spawn()
            .expect("the server starts");
        self.children[id as usize - 1] = Some(child);
    }

    pub(crate) fn signal(&self, id: u32, signal: Signal) {
        if let Some(child) = &self.children[id as usize - 1] {
            let pid = Pid::from_child(child);
            // It may have ended by itself, which the end of the test notices.
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills a server (SIGKILL).
    pub(crate) fn kill(&mut self, id: u32) {
        if let Some(mut child) = self.children[id as usize - 1].take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends a server in order (SIGTERM), and waits for it.
    pub(crate) fn stop(&mut self, id: u32) {
        self.signal(id, Signal::TERM);
        if let Some(mut child) = self.children[id as usize - 1].take() {
            let end = Instant::now() + Duration::from_secs(20);
            while Instant::now() < end {
                if child.try_wait().expect("it is a child").is_some() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
            panic!("S{id} does not end after SIGTERM");
        }
    }

    pub(crate) fn heal(&self) {
        self.links.iter().for_each(|link| link.set(Mode::Whole));
    }

    /// The server that leads, if one of them says so.
    pub(crate) fn leader(&self) -> Option<u32> {
        let client = self.client(Duration::from_millis(300));
        (1..=self.count()).find(|id| {
            let status = client.status_of(&self.apis[*id as usize - 1]);
            status.is_ok_and(|status| status.role == "leader")
        })
    }

    /// The servers that ended by themselves.
    pub(crate) fn ended(&mut self) -> Vec<u32> {
        let ended = |child: &mut Option<Child>| {
            child.as_mut().is_some_and(|child| child.try_wait().is_ok_and(|it| it.is_some()))
        };
        let mut all: Vec<u32> = Vec::new();
        for (nth, child) in self.children.iter_mut().enumerate() {
            if ended(child) {
                all.push(nth as u32 + 1);
            }
        }
        all
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for id in 1..=self.count() {
            self.kill(id);
        }
        if namespace::is_there() {
            namespace::clear(&self.data(), self.count());
        }
    }
}
