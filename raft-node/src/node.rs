//! A whole node: a server with its transport and its API, made from a configuration.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Config, Kind};
use crate::machine::kv::Store;
use crate::server::{Handle, Server, StartError, book, inbox};
use crate::tls::Tls;
use crate::transport::gossip::Gossip;
use crate::transport::http::Http;
use crate::transport::tcp::{Identity, Tcp};
use crate::transport::{Book, Transport};
use crate::{api, serve};

/// Time that requests under way have when a node stops.
const GRACE: Duration = Duration::from_secs(2);

/// A node that runs: the key-value store, its API, and the way to the other servers.
#[derive(Debug)]
pub struct Node {
    server: Server,
    /// Told when the API is to end.
    end: watch::Sender<bool>,
    api: JoinHandle<()>,
}

/// Sockets of a node, bound before it starts: an address that is in use is found early.
#[derive(Debug)]
pub struct Sockets {
    /// For other servers.
    pub peer: TcpListener,
    /// For clients.
    pub api: TcpListener,
}

impl Sockets {
    /// Binds the addresses of a configuration.
    ///
    /// # Errors
    /// If one can't be listened at, with the address.
    pub async fn bind(config: &Config) -> Result<Sockets, StartError> {
        let bind = async |name: &str, address: &str| {
            let bound = TcpListener::bind(address).await;
            bound.map_err(|error| StartError(format!("can't listen at {name} {address}: {error}")))
        };
        let own = config.own();
        Ok(Sockets { peer: bind("peer", &own.peer).await?, api: bind("api", &own.api).await? })
    }
}

impl Node {
    /// Starts a node. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`], if its data, its addresses or its certificates can't be used.
    pub async fn start(config: &Config) -> Result<Node, StartError> {
        Node::start_at(config, Sockets::bind(config).await?)
    }

    /// Starts a node at sockets that are bound.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub fn start_at(config: &Config, sockets: Sockets) -> Result<Node, StartError> {
        let wrong = |error: &dyn std::fmt::Display| StartError(error.to_string());
        let peer =
            config.tls.peer.as_ref().map(Tls::new).transpose().map_err(|error| wrong(&error))?;
        let secure =
            config.tls.api.as_ref().map(Tls::new).transpose().map_err(|error| wrong(&error))?;
        let book = book(config);
        let (inbox, arrivals) = inbox();
        let transport = transport(config, book.clone(), sockets.peer, peer, inbox);
        let server = Server::start(config, Store::default(), transport, book, arrivals)?;
        let router: Router = api::router(config, server.handle());
        let (end, ended) = watch::channel(false);
        let api = tokio::spawn(serve::serve(sockets.api, secure, router, ended));
        Ok(Node { server, end, api })
    }

    /// A way to the server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.server.handle()
    }

    /// Stops: hands leadership over, answers what is under way, and ends when all is on the disk.
    pub async fn stop(self) {
        let Node { server, end, mut api } = self;
        server.stop().await;
        // The API may have ended by itself.
        let _ = end.send(true);
        if tokio::time::timeout(GRACE, &mut api).await.is_err() {
            api.abort();
        }
    }

    /// Ends the node at once, as if its process were killed.
    pub async fn kill(self) {
        let Node { server, end, api } = self;
        api.abort();
        server.kill().await;
        drop(end);
    }

    /// Waits until the server stops by itself, for a reason that it has logged.
    pub async fn ended(&mut self) {
        self.server.ended().await;
    }
}

fn transport(
    config: &Config,
    book: Book,
    listener: TcpListener,
    tls: Option<Tls>,
    inbox: crate::transport::Inbox,
) -> Arc<dyn Transport> {
    let identity = Identity { cluster: config.cluster, id: config.id, book: book.clone() };
    match config.transport {
        Kind::Tcp => Tcp::start(listener, identity, tls, inbox),
        Kind::Http => Http::start(listener, identity, inbox),
        Kind::Gossip => {
            let (below, arrivals) = crate::server::inbox();
            let tcp = Tcp::start(listener, identity, tls, below);
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let first = u64::try_from(since.as_nanos()).unwrap_or_default();
            Gossip::start(config.id, book, first, tcp, arrivals, inbox)
        }
    }
}
