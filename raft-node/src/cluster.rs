//! A cluster in one process, on loopback: for the demonstration, for tests and for programs that try something out.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use raft_core::NodeId;
use tokio::net::TcpListener;

use crate::config::{Addresses, Config, Overrides};
use crate::node::{Node, Sockets};
use crate::server::StartError;

/// Tries to listen at an address again.
const REBIND: u32 = 100;

/// Servers of one process.
#[derive(Debug)]
pub struct Cluster {
    configs: BTreeMap<NodeId, Config>,
    nodes: BTreeMap<NodeId, Node>,
}

/// Sizes of a cluster, and where it is.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The number of servers.
    pub servers: u32,
    /// Port of the first server's API, which the others follow; free ones without it.
    pub port: Option<u16>,
    /// The directory of all data.
    pub data: PathBuf,
    /// Lines of the configuration file, without `[servers]`.
    pub lines: String,
}

impl Plan {
    /// Three servers at free ports, as they are without a configuration.
    #[must_use]
    pub fn new(data: &Path) -> Plan {
        Plan { servers: 3, port: None, data: data.to_path_buf(), lines: String::new() }
    }
}

impl Cluster {
    /// Starts the servers. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] of the first server that does not start.
    pub async fn start(plan: &Plan) -> Result<Cluster, StartError> {
        let (mut sockets, mut addresses) = (Vec::new(), BTreeMap::new());
        for nth in 0..plan.servers {
            let bind = async |port: u16| {
                let bound = TcpListener::bind(("127.0.0.1", port)).await;
                bound.map_err(|error| {
                    StartError(format!("can't listen at 127.0.0.1:{port}: {error}"))
                })
            };
            let port = plan.port.map_or(0, |first| first.saturating_add(nth as u16));
            let bound = Sockets { peer: bind(0).await?, api: bind(port).await? };
            let own = addresses_of(&bound).map_err(|error| StartError(error.to_string()))?;
            addresses.insert(NodeId(nth + 1), own);
            sockets.push(bound);
        }
        let mut text = format!("{}\n[servers]\n", plan.lines);
        for (id, Addresses { peer, api }) in &addresses {
            text += &format!("{} = {{ peer = \"{peer}\", api = \"{api}\" }}\n", id.0);
        }
        let (mut configs, mut nodes) = (BTreeMap::new(), BTreeMap::new());
        for (id, sockets) in addresses.keys().zip(sockets) {
            let data = Some(plan.data.clone());
            let overrides = Overrides { id: Some(id.0), data, ..Overrides::default() };
            let config =
                Config::parse(&text, &overrides).map_err(|error| StartError(error.to_string()))?;
            nodes.insert(*id, Node::start_at(&config, sockets)?);
            configs.insert(*id, config);
        }
        Ok(Cluster { configs, nodes })
    }

    /// The addresses of all servers.
    #[must_use]
    pub fn addresses(&self) -> BTreeMap<NodeId, Addresses> {
        self.configs.iter().map(|(id, config)| (*id, config.own().clone())).collect()
    }

    /// The addresses of all APIs, for a client.
    #[must_use]
    pub fn apis(&self) -> Vec<String> {
        self.configs.values().map(|config| config.own().api.clone()).collect()
    }

    /// Waits until all servers that run know a leader, and returns it.
    pub async fn leader(&self) -> Option<NodeId> {
        let mut leader = None;
        for node in self.nodes.values() {
            let mut news = node.handle().news();
            leader = news.wait_for(|news| news.leader.is_some()).await.ok()?.leader;
        }
        leader
    }

    /// A server that runs.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(&id)
    }

    /// Ends a server at once, as if its process were killed.
    pub async fn kill(&mut self, id: NodeId) {
        if let Some(node) = self.nodes.remove(&id) {
            node.kill().await;
        }
    }

    /// Starts a server that was killed.
    ///
    /// # Errors
    /// [`StartError`], if it does not start, or is none of the cluster.
    pub async fn restart(&mut self, id: NodeId) -> Result<(), StartError> {
        let config = self.configs.get(&id);
        let config = config.ok_or_else(|| StartError(format!("{id} is not in this cluster")))?;
        // Its former sockets are closed soon after its end, not at once.
        let mut tries = 0;
        let sockets = loop {
            match Sockets::bind(config).await {
                Ok(sockets) => break sockets,
                Err(error) if tries == REBIND => return Err(error),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        self.nodes.insert(id, Node::start_at(config, sockets)?);
        Ok(())
    }

    /// Starts another server, which waits to be added to the cluster.
    ///
    /// # Errors
    /// [`StartError`], if it does not start.
    pub async fn join(&mut self, id: NodeId) -> Result<Addresses, StartError> {
        let wrong = |error: io::Error| StartError(error.to_string());
        let bind = async || TcpListener::bind("127.0.0.1:0").await;
        let sockets =
            Sockets { peer: bind().await.map_err(wrong)?, api: bind().await.map_err(wrong)? };
        let own = addresses_of(&sockets).map_err(wrong)?;
        let Some(mut config) = self.configs.values().next().cloned() else {
            return Err(StartError("the cluster has no server".to_string()));
        };
        config.data = config.data.with_file_name(id.0.to_string());
        (config.id, config.join) = (id, true);
        config.servers.insert(id, own.clone());
        self.nodes.insert(id, Node::start_at(&config, sockets)?);
        self.configs.insert(id, config);
        Ok(own)
    }

    /// Stops all servers.
    pub async fn stop(self) {
        for node in self.nodes.into_values() {
            node.stop().await;
        }
    }
}

fn addresses_of(sockets: &Sockets) -> io::Result<Addresses> {
    let peer = sockets.peer.local_addr()?.to_string();
    Ok(Addresses { peer, api: sockets.api.local_addr()?.to_string() })
}
