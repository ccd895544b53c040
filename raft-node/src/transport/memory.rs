//! Packets within one process: for tests, and for clusters that live in one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use raft_core::NodeId;

use super::{Inbox, Packet, Transport};

/// A network in memory. Clones are the same network.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Links>>);

#[derive(Debug, Default)]
struct Links {
    inboxes: BTreeMap<NodeId, Inbox>,
    /// Pairs between which nothing passes, in this direction.
    cut: Vec<(NodeId, NodeId)>,
}

impl Memory {
    /// Connects a server: what others send it goes to this inbox. In place of an earlier one.
    pub fn join(&self, server: NodeId, inbox: Inbox) -> Arc<Memory> {
        self.locked(|links| links.inboxes.insert(server, inbox));
        Arc::new(self.clone())
    }

    /// Cuts the link from one server to another, in this direction alone.
    pub fn cut(&self, from: NodeId, to: NodeId) {
        self.locked(|links| links.cut.push((from, to)));
    }

    /// Makes all links whole.
    pub fn heal(&self) {
        self.locked(|links| links.cut.clear());
    }

    fn locked<T>(&self, change: impl FnOnce(&mut Links) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for Memory {
    fn send(&self, packet: Packet) {
        self.locked(|links| {
            if links.cut.contains(&(packet.from, packet.to)) {
                return;
            }
            if let Some(inbox) = links.inboxes.get(&packet.to) {
                // An inbox that is full loses the packet: Raft sends it again.
                let _ = inbox.try_send(packet);
            }
        });
    }
}
