//! The subject interface: what the testbed asks of a Raft, and what a Raft reports. Any implementation can provide it.
//!
//! It is the crate `raft-subject`, named here for the rest of the simulator.

pub use raft_subject::protocol::line;
pub use raft_subject::{
    Answer, Applied, Boot, CLUSTER, Capability, Changes, Effects, Ended, Event, Field, Held,
    Implementation, LogWrite, Outcome, Request, Role, SETTINGS, Scope, Setting, Settings, Subject,
    Token, View, Write, serve,
};
