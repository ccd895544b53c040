//! Ways between servers: what passes, what is refused, and clusters on each of them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use raft_core::NodeId;
use raft_host::Reply;
use raft_node::client::{Client, Options};
use raft_node::cluster::{Cluster, Plan};
use raft_node::config::{Config, Overrides};
use raft_node::machine::kv::{Command, Store, encode};
use raft_node::server::{Server, inbox};
use raft_node::transport::gossip::Gossip;
use raft_node::transport::memory::Memory;
use raft_node::transport::tcp::{Identity, Tcp};
use raft_node::transport::{Book, Packet, Transport};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

fn directory(name: &str) -> PathBuf {
    let directory =
        std::env::temp_dir().join(format!("raft-node-way-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    directory
}

fn packet(from: u32, to: u32, bytes: Vec<u8>) -> Packet {
    Packet { from: NodeId(from), to: NodeId(to), bytes: bytes.into() }
}

#[test]
fn a_cluster_works_on_each_way() {
    for transport in ["tcp", "http", "gossip"] {
        let directory = directory(transport);
        let runtime = Runtime::new().expect("a runtime");
        let lines = format!("transport = {transport:?}");
        let plan = Plan { lines, ..Plan::new(&directory) };
        let cluster = runtime.block_on(Cluster::start(&plan)).expect("a cluster");
        let options = Options { patience: Duration::from_secs(30), ..Options::default() };
        let mut client = Client::new(cluster.apis(), options).expect("a client");
        // More than what counts as bulk.
        let value = vec![b'v'; 200_000];
        client.put("k", &value).expect("written");
        assert_eq!(client.get("k").expect("an answer"), Some(value), "{transport}");
        runtime.block_on(cluster.stop());
        std::fs::remove_dir_all(directory).expect("it was there");
    }
}

/// Servers in memory, on a gossiping relay.
fn relayed(network: &Memory, data: &std::path::Path) -> Vec<Server> {
    let line = |id| format!("{id} = {{ peer = \"127.0.0.1:0\", api = \"127.0.0.1:0\" }}\n");
    let text = format!("[servers]\n{}", [1, 2, 3].map(line).concat());
    let start = |id: u32| {
        let overrides =
            Overrides { id: Some(id), data: Some(data.to_path_buf()), ..Overrides::default() };
        let config = Config::parse(&text, &overrides).expect("it makes sense");
        let others = (1..=3).filter(|other| *other != id);
        let book = Book::new(others.map(|other| (NodeId(other), String::new())).collect());
        let ((above, arrivals), (below, passed)) = (inbox(), inbox());
        let memory = network.join(NodeId(id), below);
        let relay = Gossip::start(NodeId(id), book.clone(), 1, memory, passed, above);
        Server::start(&config, Store::default(), relay, book, arrivals).expect("it starts")
    };
    (1..=3).map(start).collect()
}

/// The leader, and another server that it can't reach from now on.
async fn cut_off(network: &Memory, servers: &[Server]) -> (NodeId, NodeId) {
    let mut news = servers[0].handle().news();
    let known = news.wait_for(|news| news.leader.is_some()).await.expect("it runs").leader;
    let leader = known.expect("just seen");
    let other = NodeId(leader.0 % 3 + 1);
    network.cut(leader, other);
    network.cut(other, leader);
    (leader, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_goes_around_a_cut_link() {
    let (data, network) = (directory("around"), Memory::default());
    let servers = relayed(&network, &data);
    let (leader, other) = cut_off(&network, &servers).await;
    let command = encode(&Command::Put { key: "k", value: b"v" });
    let Reply::Applied(index, _) = servers[leader.0 as usize - 1].handle().command(&command).await
    else {
        panic!("the leader leads on");
    };
    let mut news = servers[other.0 as usize - 1].handle().news();
    let waited = news.wait_for(|news| news.applied >= Some(index));
    tokio::time::timeout(Duration::from_secs(30), waited)
        .await
        .expect("it hears of it")
        .expect("it runs");
    for server in servers {
        server.kill().await;
    }
    std::fs::remove_dir_all(data).expect("it was there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_link_in_memory_passes_nothing_until_it_is_healed() {
    let network = Memory::default();
    let (first, second) = (mpsc::channel(8), mpsc::channel(8));
    let (one, two) = (network.join(NodeId(1), first.0), network.join(NodeId(2), second.0));
    let (mut at_one, mut at_two) = (first.1, second.1);
    network.cut(NodeId(1), NodeId(2));
    one.send(packet(1, 2, vec![1]));
    two.send(packet(2, 1, vec![2]));
    assert_eq!(at_one.recv().await, Some(packet(2, 1, vec![2])));
    network.heal();
    one.send(packet(1, 2, vec![3]));
    assert_eq!(at_two.recv().await, Some(packet(1, 2, vec![3])));
}

/// Server 1 of cluster 7, which knows server 2.
async fn listening() -> (Arc<Tcp>, SocketAddr, mpsc::Receiver<Packet>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let book = Book::new(BTreeMap::from([(NodeId(2), "127.0.0.1:1".to_string())]));
    let (inbox, arrivals) = mpsc::channel(64);
    let identity = Identity { cluster: 7, id: NodeId(1), book };
    (Tcp::start(listener, identity, None, inbox), address, arrivals)
}

/// A greeting as it is on the wire.
fn greeting(version: u16, cluster: u64, from: u32, to: u32) -> Vec<u8> {
    let mut bytes = b"RAFTPEER".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(cluster.to_le_bytes());
    bytes.extend(from.to_le_bytes());
    bytes.extend(to.to_le_bytes());
    let sum = crc32fast::hash(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// Sends bytes; gives the first byte of the answer, and whether the connection ends then.
fn sends(address: SocketAddr, bytes: &[u8]) -> (Option<u8>, bool) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(bytes).expect("written");
    let mut reply = [0; 15];
    let status = stream.read_exact(&mut reply).ok().map(|()| reply[0]);
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a socket");
    let ends = match stream.read(&mut [0; 1]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    (status, ends)
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_nonsense_are_refused_and_others_are_not() {
    let (tcp, address, mut arrivals) = listening().await;
    let from_two = || greeting(1, 7, 2, 1);
    let mut wrong_sum = from_two();
    wrong_sum[12] ^= 1;
    let endless = [from_two(), u32::MAX.to_le_bytes().to_vec()].concat();
    let cases = [
        (greeting(9, 7, 2, 1), Some(1), "another version"),
        (greeting(1, 8, 2, 1), Some(2), "another cluster"),
        (greeting(1, 7, 2, 3), Some(3), "another server"),
        (greeting(1, 7, 5, 1), Some(4), "an unknown sender"),
        (wrong_sum, None, "a wrong sum"),
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n       ".to_vec(), None, "another protocol"),
        (endless, Some(0), "a frame that claims four gigabytes"),
    ];
    for (bytes, status, what) in cases {
        let found =
            tokio::task::spawn_blocking(move || sends(address, &bytes)).await.expect("no panic");
        assert_eq!(found, (status, true), "{what}");
    }
    let sound = [from_two(), 3_u32.to_le_bytes().to_vec(), b"abc".to_vec()].concat();
    let found =
        tokio::task::spawn_blocking(move || sends(address, &sound)).await.expect("no panic");
    assert_eq!(found, (Some(0), false));
    assert_eq!(arrivals.recv().await, Some(packet(2, 1, b"abc".to_vec())));
    drop(tcp);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_made_again_and_bulk_passes_beside_it() {
    let bind = async || TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (first, second) = (bind().await, bind().await);
    let address = |listener: &TcpListener| listener.local_addr().expect("it is bound").to_string();
    let (one_at, two_at) = (address(&first), address(&second));
    let identity = |id: u32, other: u32, at: &str| Identity {
        cluster: 7,
        id: NodeId(id),
        book: Book::new(BTreeMap::from([(NodeId(other), at.to_string())])),
    };
    let (inbox, _kept) = mpsc::channel(64);
    let one = Tcp::start(first, identity(1, 2, &two_at), None, inbox);
    let mut second = Some(second);
    for life in 0..2_u8 {
        let listener = match second.take() {
            Some(listener) => listener,
            None => loop {
                match TcpListener::bind(&two_at).await {
                    Ok(listener) => break listener,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            },
        };
        let (inbox, mut arrivals) = mpsc::channel(64);
        let two = Tcp::start(listener, identity(2, 1, &one_at), None, inbox);
        let wanted = [packet(1, 2, vec![life]), packet(1, 2, vec![life; 100_000])];
        for packet in wanted {
            // What is sent before there is a connection is dropped.
            let arrived = loop {
                one.send(packet.clone());
                let waited =
                    tokio::time::timeout(Duration::from_millis(100), arrivals.recv()).await;
                if let Ok(Some(arrived)) = waited
                    && arrived == packet
                {
                    break arrived;
                }
            };
            assert_eq!(arrived.is_bulk(), packet.bytes.len() > 50_000);
        }
        drop(two);
    }
}
