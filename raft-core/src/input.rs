//! Everything that can happen to a server.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::message::Message;
use crate::output::Receipt;
use crate::settings::Settings;
use crate::types::{Entry, HardState, LogIndex, NodeId, Request};

/// One input of [`Node::step`](crate::Node::step).
#[derive(Debug)]
pub enum Input {
    /// The server's clock ticked once. Time reaches the core in no other way.
    Tick,
    /// A message arrived.
    Receive(Message),
    /// A client hands this server a command for the replicated state machine.
    Propose {
        /// The host's name for the request; the answer comes back under it.
        request: Request,
        /// The command, never looked into.
        command: Arc<[u8]>,
    },
    /// A write is durable.
    Persisted(Receipt),
}

/// What a server boots from: who it is, and what its disk holds.
#[derive(Clone, Debug)]
pub struct Boot {
    /// This server.
    pub id: NodeId,
    /// All voting servers of the cluster, this one included.
    pub servers: Vec<NodeId>,
    /// Timing and limits.
    pub settings: Settings,
    /// Figure 2's persistent state; the default on first boot.
    pub hard_state: HardState,
    /// The persistent log, from index 1 on; empty on first boot.
    pub log: Vec<Entry>,
    /// How far the state machine has applied the log, if it is itself durable; `None` rebuilds it.
    pub applied: Option<LogIndex>,
}
