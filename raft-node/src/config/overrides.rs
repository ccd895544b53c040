//! Flags and environment variables that override the file. A flag counts more than a variable.

use std::path::PathBuf;

use clap::Args;

use super::{Follower, Kind};

/// Values that override those of the file.
#[derive(Clone, Debug, Default, Args)]
pub struct Overrides {
    /// Number of this server, from 1 on
    #[arg(long, env = "RAFT_NODE_ID", value_name = "N")]
    pub id: Option<u32>,
    /// Number of the cluster, the same on all of its servers
    #[arg(long, env = "RAFT_NODE_CLUSTER", value_name = "N")]
    pub cluster: Option<u64>,
    /// Directory for data; each server has a folder in it, named by its number
    #[arg(long, env = "RAFT_NODE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address for other servers
    #[arg(long, env = "RAFT_NODE_PEER", value_name = "HOST:PORT")]
    pub peer: Option<String>,
    /// Address for clients
    #[arg(long, env = "RAFT_NODE_API", value_name = "HOST:PORT")]
    pub api: Option<String>,
    /// The server joins a cluster that runs
    #[arg(long, env = "RAFT_NODE_JOIN")]
    pub join: bool,
    /// Length of a tick
    #[arg(long, env = "RAFT_NODE_TICK_MS", value_name = "MS")]
    pub tick_ms: Option<u32>,
    /// Time between heartbeats
    #[arg(long, env = "RAFT_NODE_HEARTBEAT_MS", value_name = "MS")]
    pub heartbeat_ms: Option<u32>,
    /// Shortest election timeout
    #[arg(long, env = "RAFT_NODE_ELECTION_MIN_MS", value_name = "MS")]
    pub election_min_ms: Option<u32>,
    /// Longest election timeout
    #[arg(long, env = "RAFT_NODE_ELECTION_MAX_MS", value_name = "MS")]
    pub election_max_ms: Option<u32>,
    /// Time after which a request is answered with "unknown"
    #[arg(long, env = "RAFT_NODE_REQUEST_MS", value_name = "MS")]
    pub request_ms: Option<u32>,
    /// Way between servers
    #[arg(long, env = "RAFT_NODE_TRANSPORT", value_enum)]
    pub transport: Option<Kind>,
    /// Answer of a follower to a request that only a leader can do
    #[arg(long, env = "RAFT_NODE_FOLLOWER", value_enum)]
    pub follower: Option<Follower>,
    /// Bearer token that clients must show
    #[arg(skip)]
    pub token: Option<String>,
    /// File with the bearer token that clients must show
    #[arg(long, env = "RAFT_NODE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Listen beyond loopback without TLS
    #[arg(long, env = "RAFT_NODE_ALLOW_REMOTE")]
    pub allow_remote: bool,
    /// Write events to this file, for `raft-sim check-trace`
    #[arg(long, env = "RAFT_NODE_TRACE", value_name = "FILE")]
    pub trace: Option<PathBuf>,
}
