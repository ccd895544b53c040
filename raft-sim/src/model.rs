//! The common model: the terms and messages of Figure 2, used by scenarios, checkers and reports.
//!
//! They are `raft-subject`'s, named here for the rest of the simulator. The core's behaviour (`Node`) is named in
//! `reference/` alone.

pub use raft_subject::{
    AppendReply, Body, Carried, Chunk, Command, Conflict, Entries, Entry, HardState, LARGEST,
    LogIndex, Membership, Message, NodeId, Once, Own, Payload, Position, SessionId, Snapshot, Term,
    length,
};
