//! The common language: Figure 2's nouns and messages, in which scenarios, oracles and reports speak.
//!
//! They are `raft-subject`'s, named here for the rest of the simulator. The core's behaviour (`Node`) is named in
//! `reference/` alone.

pub use raft_subject::{
    AppendReply, Body, Carried, Chunk, Command, Conflict, Entries, Entry, HardState, LARGEST,
    LogIndex, Membership, Message, NodeId, Once, Own, Payload, Position, SessionId, Snapshot, Term,
    length,
};
