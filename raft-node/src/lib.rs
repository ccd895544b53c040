//! Raft on real sockets and disks: the [core](raft_core) and the [host](raft_host) that the simulator tests, with the files,
//! the network and the clock of an operating system.
//!
//! [`Node`] is a whole key-value server, as the program `raft-node start` runs it. [`Server`](server::Server) is one with a
//! state machine and a transport of your own. [`Client`](client::Client) talks to a cluster.
//!
//! ```text
//! clients ── HTTP ──► api ──► Handle ──► Driver ──► Host ──► disk, a thread for each lane
//!                                          ▲  │
//!                    transport ── packets ─┘  └─► transport
//! ```

pub mod api;
#[cfg(feature = "bugs")]
mod bugs;
pub mod cli;
pub mod client;
pub mod cluster;
pub mod config;
pub mod disk;
pub mod machine;
mod node;
mod serve;
pub mod server;
pub mod tls;
pub mod trace;
pub mod transport;
pub mod types;

pub use node::{Node, Sockets};
