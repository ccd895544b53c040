//! A state machine of one's own, here the locks of `raft_node::machine::lock`, on servers that are connected in memory. Each
//! command is a future.

use std::path::Path;

use raft_core::NodeId;
use raft_host::Reply;
use raft_node::config::{Config, ConfigError, Overrides};
use raft_node::machine::kv::encode;
use raft_node::machine::lock::{Command, Locks, Outcome};
use raft_node::server::{Server, book, inbox};
use raft_node::transport::memory::Memory;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = std::env::temp_dir().join(format!("raft-node-locks-{}", std::process::id()));
    let network = Memory::default();
    let mut servers = Vec::new();
    for id in 1..=3 {
        let config = configuration(id, &data)?;
        let (inbox, arrivals) = inbox();
        let transport = network.join(NodeId(id), inbox);
        servers.push(Server::start(&config, Locks::default(), transport, book(&config), arrivals)?);
    }
    let mut news = servers[0].handle().news();
    let leader = news.wait_for(|news| news.leader.is_some()).await?.leader.ok_or("no leader")?;
    let handle = servers[leader.0 as usize - 1].handle();
    for owner in ["ann", "ben"] {
        let command = Command::Acquire { lock: "door".into(), owner: owner.into() };
        let reply = handle.command(&encode(&command)).await;
        let Reply::Applied(_, Some(outcome)) = reply else {
            return Err(format!("{reply:?}").into());
        };
        let Outcome { done, holder } = postcard::from_bytes(&outcome)?;
        println!("{owner}: {}, held by {holder:?}", if done { "taken" } else { "refused" });
    }
    for server in servers {
        server.stop().await;
    }
    std::fs::remove_dir_all(data)?;
    Ok(())
}

/// Servers that are connected in memory listen at no address.
fn configuration(id: u32, data: &Path) -> Result<Config, ConfigError> {
    let overrides = Overrides { id: Some(id), data: Some(data.to_path_buf()), ..<_>::default() };
    let server = |id| format!("{id} = {{ peer = \"127.0.0.1:0\", api = \"127.0.0.1:0\" }}\n");
    let servers: String = [1, 2, 3].map(server).concat();
    Config::parse(&format!("[servers]\n{servers}"), &overrides)
}
