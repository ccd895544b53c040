//! Everything that can happen to a server.

use alloc::vec::Vec;

use crate::message::Message;
use crate::output::Receipt;
use crate::settings::Settings;
use crate::types::{Command, Entry, HardState, LogIndex, NodeId, Request};

/// One input of [`Node::step`](crate::Node::step).
#[derive(Debug)]
pub enum Input {
    /// The server's clock ticked once. Time reaches the core in no other way, and how long a tick is, the
    /// host decides (§5.6). Election timeouts and heartbeats are counted in ticks.
    Tick,
    /// A message arrived: perhaps late, twice or out of order. A host that can't read one drops it.
    Receive(Message),
    /// A client hands this server a command for the replicated state machine (§5.3). Only a leader takes
    /// it; [`Answer`](crate::Answer) tells what became of it.
    Propose {
        /// The host's name for the request; the answer comes back under it.
        request: Request,
        /// The command, never looked into.
        command: Command,
    },
    /// A write is durable (Figure 2: before responding to RPCs). What waited for it, and for all writes
    /// before it, is released.
    Persisted(Receipt),
}

/// What a server boots from: who it is, and what its disk holds (Figure 2, persistent state).
#[derive(Clone, Debug)]
pub struct Boot {
    /// This server.
    pub id: NodeId,
    /// All voting servers of the cluster, this one included, each once, in any order. The same on every
    /// server, and over restarts.
    pub servers: Vec<NodeId>,
    /// Timing and limits. They may differ between servers, and change over a restart.
    pub settings: Settings,
    /// Figure 2's persistent state; the default on first boot.
    pub hard_state: HardState,
    /// The persistent log, from index 1 on without gaps; empty on first boot.
    pub log: Vec<Entry>,
    /// The last index that the state machine has applied, if it is itself durable; `None` rebuilds it from
    /// the log. At most the last index of `log`: entries may be applied before this server's own disk has
    /// them, so a durable state machine must not become durable ahead of the log.
    pub applied: Option<LogIndex>,
}
