//! What a server is told once, at its boot.

use alloc::vec::Vec;

use raft_core::{NodeId, Settings};

/// Options of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// This server.
    pub id: NodeId,
    /// A number that no other boot of this server has, from a clock or at random: questions to other servers have it in their
    /// names, so that a late answer to a question of an earlier boot is none to one of this.
    pub life: u64,
    /// A number for the cluster, the same on all of its servers. Files and frames with another one are refused.
    pub cluster: u64,
    /// The voters of the first configuration, this server included; empty for a server that is added later. See
    /// [`raft_core::Boot::servers`].
    pub servers: Vec<NodeId>,
    /// Timing and limits of the core, in ticks. With [`apply_limit`](Settings::apply_limit) committed entries wait for
    /// [`Event::Apply`](crate::Event::Apply); without it they are applied at once. `snapshot_chunk` means nothing here.
    pub settings: Settings,
    /// Most client sessions that are remembered; the same on all servers.
    pub sessions: u32,
    /// The length of a segment of the log, in bytes; one that begins with a larger record is longer. From 4 KiB to 1 GiB make
    /// sense.
    pub segment: u32,
    /// Bytes of log since the last snapshot after which the server takes one by itself; `None` takes one on request alone.
    pub snapshot_after: Option<u64>,
    /// Ticks after which a request of a leadership that is over is answered [`Reply::Unknown`](crate::Reply::Unknown), unless
    /// its outcome is known before; `None` waits for the outcome.
    pub patience: Option<u32>,
    /// Limits that keep a server from taking on too much.
    pub limits: Limits,
    /// True if [`Outputs::observations`](crate::Outputs::observations) are wanted.
    pub observe: bool,
}

/// Limits of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most requests that wait for an answer.
    pub requests: usize,
    /// Most bytes of the commands and questions that wait for an answer.
    pub bytes: usize,
    /// Bytes of a snapshot in one frame.
    pub part: u32,
}

impl Default for Limits {
    /// 65,536 requests with 256 MiB, and 256 KiB of a snapshot in a frame.
    fn default() -> Limits {
        Limits { requests: 65_536, bytes: 256 << 20, part: 256 << 10 }
    }
}

impl Options {
    /// Options of a server with default settings and limits: segments of 64 MiB, a snapshot after 256 MiB of log. Its
    /// [`life`](Options::life) is still to be set.
    #[must_use]
    pub fn new(id: NodeId, cluster: u64, servers: Vec<NodeId>) -> Options {
        let settings = Settings::default();
        Options {
            id,
            life: 0,
            cluster,
            servers,
            settings,
            sessions: 10_000,
            segment: 64 << 20,
            snapshot_after: Some(256 << 20),
            patience: Some(settings.election_timeout_max),
            limits: Limits::default(),
            observe: false,
        }
    }
}
