//! State machines: what the replicated log is for.
//!
//! [`kv`] is the key-value store that the program serves. [`lock`] is a second, small one. A program that embeds a server
//! brings its own: anything that implements [`raft_host::Machine`].

pub mod kv;
pub mod lock;
mod map;
pub(crate) mod replicated;
