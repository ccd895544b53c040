//! Inputs: all that can happen to a server.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::message::Message;
use crate::output::Receipt;
use crate::settings::Settings;
use crate::types::{Command, Entry, HardState, LogIndex, NodeId, Once, Request, Snapshot};

/// One input of [`Node::step`](crate::Node::step).
#[derive(Debug)]
pub enum Input {
    /// Tick of the server's clock. Time reaches the core in no other way, and how long a tick is, the host
    /// decides (§5.6). Election timeouts and heartbeats are counted in ticks.
    Tick,
    /// Message that arrived, perhaps late, twice or out of order. A host drops a message that it can't
    /// read.
    Receive(Message),
    /// Request of a client: a command for the replicated state machine (§5.3). Only a leader takes it. Its
    /// outcome, as that of all requests, is an [`Answer`](crate::Answer).
    Propose {
        /// The host's name for the request; the answer comes back under it.
        request: Request,
        /// The command, never looked into.
        command: Command,
    },
    /// Request of a client: open a session (diss. §6.3). Only a leader takes it.
    Register {
        /// The host's name for the request.
        request: Request,
    },
    /// Request of a client: a command that is to be executed once, perhaps handed in before (§8, diss.
    /// §6.3). Only a leader takes it.
    ProposeOnce {
        /// The host's name for the request.
        request: Request,
        /// The command under its serial number.
        once: Once,
    },
    /// Request of a client: read the state machine as it is now, without an entry in the log (§8, diss.
    /// §6.4). Any server that knows a leader takes it.
    Read {
        /// The host's name for the request.
        request: Request,
    },
    /// Request of an administrator: change to this configuration (§6, diss. ch. 4). Only a leader takes it,
    /// one change at a time.
    ChangeMembership {
        /// The host's name for the request.
        request: Request,
        /// The servers that are to vote.
        voters: Vec<NodeId>,
        /// The servers that are to receive the log without a vote.
        learners: Vec<NodeId>,
    },
    /// Request of an administrator: let another server lead (diss. §3.10). Only a leader takes it.
    TransferLeadership {
        /// The host's name for the request.
        request: Request,
        /// The server that is to lead: another voter.
        to: NodeId,
    },
    /// Snapshot that the host has made of its state machine: the log up to there is no longer needed (§7).
    Compact {
        /// The host's name for the request.
        request: Request,
        /// The last entry that had been applied: any one behind the last snapshot.
        through: LogIndex,
        /// The state of the state machine after it.
        data: Arc<[u8]>,
    },
    /// Notice that the state machine has applied all entries up to this index. Only with
    /// [`Settings::apply_limit`](crate::Settings::apply_limit); without it a step's entries count as
    /// applied when they are handed out.
    Applied(LogIndex),
    /// Receipt of a write that is durable (Figure 2: before responding to RPCs). Messages that waited for
    /// it, and for all writes before it, are released.
    Persisted(Receipt),
}

/// Data that a server boots from: its identity, and what its disk holds (Figure 2, persistent state).
#[derive(Clone, Debug)]
pub struct Boot {
    /// This server.
    pub id: NodeId,
    /// A number for the cluster, the same on all of its servers. A snapshot with another one is refused.
    pub cluster: u64,
    /// The voters of the first configuration, this server included, each once, in any order; the same on
    /// all of them, and over restarts. What the snapshot and the log say overrides it. Empty for a server
    /// that is added later: it waits until a leader sends it the log.
    pub servers: Vec<NodeId>,
    /// Timing and limits. They may differ between servers, and change over a restart.
    pub settings: Settings,
    /// Figure 2's persistent state; the default on first boot.
    pub hard_state: HardState,
    /// The snapshot in place of the beginning of the log, if there is one (§7).
    pub snapshot: Option<Arc<Snapshot>>,
    /// The persistent log, from index 1, or the one behind the snapshot, on without gaps; empty on first boot.
    pub log: Vec<Entry>,
    /// The last index that the state machine has applied, if it is itself durable; `None` if it is rebuilt
    /// from the snapshot, which the host loads before it boots, and the log. At most the last index of `log`: entries may be applied before this server's own disk has
    /// them, so a durable state machine must not become durable ahead of the log.
    pub applied: Option<LogIndex>,
}
