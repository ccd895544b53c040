//! Servers of `raft-node` on loopback, each a process of its own, and clients that load them.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use raft_node::client::{Client, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// Ports that were free a moment ago.
pub(crate) fn free_ports(count: usize) -> Vec<SocketAddr> {
    let bound: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    bound.iter().map(|it| it.local_addr().expect("it is bound")).collect()
}

/// A process without a terminal.
pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// A client that is patient.
pub(crate) fn client(apis: &[String]) -> Client {
    let options = Options { patience: Duration::from_secs(120), ..Options::default() };
    Client::new(apis.to_vec(), options).expect("a client")
}

/// A server of a cluster of three, to be started.
pub(crate) fn server(config: &Path, id: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raft-node"));
    command.args(["start", "--id", &id.to_string(), "--config"]).arg(config);
    command
}

/// Writes the configuration of a cluster of three with its data in this directory, and these limits. Gives its path, and the
/// addresses of the API.
pub(crate) fn configured(directory: &Path, limits: &str) -> (PathBuf, Vec<String>) {
    let ports = free_ports(6);
    let mut text = format!("data = {:?}\n[servers]\n", directory.join("raft-node"));
    for id in 1..=3 {
        let (peer, api) = (ports[id - 1], ports[id + 2]);
        text += &format!("{id} = {{ peer = \"{peer}\", api = \"{api}\" }}\n");
    }
    let config = directory.join("node.toml");
    fs::write(&config, format!("{text}[limits]\n{limits}\n")).expect("a file");
    (config, ports[3..].iter().map(SocketAddr::to_string).collect())
}

/// A request that sets a key.
pub(crate) fn put(key: &str, value: &str) -> String {
    let length = value.len();
    format!("PUT /v1/keys/{key} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{value}")
}

/// Clients of the API at this address, each of which does one thing at a time, in one thread. They take the requests 0, 1, 2 and
/// so on until there is none. Gives the sorted times of all requests, in milliseconds, and the number that failed.
pub(crate) fn load(
    api: &str,
    clients: usize,
    mut request: impl FnMut(usize) -> Option<String>,
) -> (Vec<f64>, u64) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut next = 0;
    let mut request = || {
        next += 1;
        request(next - 1)
    };
    let (mut times, mut failed) = (Vec::new(), 0);
    runtime.block_on(async {
        let mut streams = JoinSet::new();
        for _ in 0..clients {
            let stream = TcpStream::connect(api).await.expect("it listens");
            stream.set_nodelay(true).expect("a socket");
            if let Some(request) = request() {
                streams.spawn(exchange(stream, request));
            }
        }
        while let Some(done) = streams.join_next().await {
            let (stream, time, status) = done.expect("no panic");
            times.push(time);
            // A key that is not there is an answer.
            failed += u64::from(![200, 404].contains(&status));
            if let Some(request) = request() {
                streams.spawn(exchange(stream, request));
            }
        }
    });
    times.sort_unstable_by(f64::total_cmp);
    (times, failed)
}

/// Sends a request and reads the answer. Gives the milliseconds that it took, and its status.
async fn exchange(mut stream: TcpStream, request: String) -> (TcpStream, f64, u16) {
    let begun = Instant::now();
    stream.write_all(request.as_bytes()).await.expect("it is there");
    let mut answer = Vec::with_capacity(1024);
    let status = loop {
        assert!(stream.read_buf(&mut answer).await.expect("it is there") > 0, "an answer");
        if let Some(status) = whole(&answer) {
            break status;
        }
    };
    (stream, begun.elapsed().as_secs_f64() * 1_000.0, status)
}

/// The status of an answer, if all of it is there.
fn whole(answer: &[u8]) -> Option<u16> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).expect("a head is text");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    let mut fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    (answer.len() >= end + 4 + length).then_some(status)
}
