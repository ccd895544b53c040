//! Ways between servers: packets of bytes, which may be lost, repeated, delayed and reordered, as Raft allows.
//!
//! A transport knows nothing of Raft. It never blocks its server: what can't be sent soon is dropped, and Raft sends it
//! again. [`tcp`] is the default, [`http`] goes through proxies, [`memory`] stays in one process, and [`gossip`] passes
//! packets on through other servers, so that a cluster goes on over links that are cut.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use raft_core::NodeId;
use tokio::sync::mpsc;

pub mod frame;
pub mod gossip;
pub mod http;
pub mod memory;
pub mod tcp;

/// Bytes from one server to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The server that sent it.
    pub from: NodeId,
    /// The server it is for.
    pub to: NodeId,
    /// The content, at most [`frame::LARGEST`] bytes.
    pub bytes: Arc<[u8]>,
}

impl Packet {
    /// Returns whether the packet is so large that others must not wait for it: it travels on a connection of its own.
    ///
    /// A short one keeps its place among heartbeats, even if it has entries: a heartbeat that overtakes them is refused, and
    /// they are sent again.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        self.bytes.len() > BULK
    }
}

/// Bytes beyond which a packet is bulk.
const BULK: usize = 32 << 10;

/// Where the packets that arrive go.
pub type Inbox = mpsc::Sender<Packet>;

/// Way from one server to the others. What arrives goes to the [`Inbox`] that it was made with.
pub trait Transport: Send + Sync + 'static {
    /// Sends a packet. Returns at once; the packet may be lost.
    fn send(&self, packet: Packet);
}

/// Addresses of the other servers, shared by a server and its transport. They change when servers are added.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<Mutex<BTreeMap<NodeId, String>>>);

impl Book {
    /// A book with these addresses.
    #[must_use]
    pub fn new(addresses: BTreeMap<NodeId, String>) -> Book {
        Book(Arc::new(Mutex::new(addresses)))
    }

    /// The address of a server, if it has one.
    #[must_use]
    pub fn get(&self, server: NodeId) -> Option<String> {
        self.locked().get(&server).cloned()
    }

    /// Notes the address of a server.
    pub fn set(&self, server: NodeId, address: String) {
        self.locked().insert(server, address);
    }

    /// The servers in the book, in order.
    #[must_use]
    pub fn servers(&self) -> Vec<NodeId> {
        self.locked().keys().copied().collect()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<NodeId, String>> {
        // A map is as good after a panic elsewhere as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
