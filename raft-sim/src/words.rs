//! The common language: Figure 2's nouns and messages, in which scenarios, oracles and reports speak.
//!
//! They are the reference core's own `types` and `message`, named here and nowhere else in the
//! simulator, so that a message passes from one server to the next without being copied into another
//! vocabulary. The core's behaviour (`Node`) is named in `reference.rs` alone.

pub use raft_core::{
    AppendReply, Body, Chunk, Command, Conflict, Entries, Entry, HardState, LARGEST, LogIndex,
    Membership, Message, NodeId, Once, Payload, Position, SessionId, Snapshot, Term, length,
};
