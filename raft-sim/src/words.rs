//! The common language: Figure 2's nouns and messages, in which scenarios, oracles and reports speak.
//!
//! The nouns are the reference core's own `types`, named here and nowhere else in the simulator. Messages are the
//! simulator's: they say what any implementation may say, and carry what only it understands. The core's behaviour
//! (`Node`) is named in `reference/` alone.

mod message;

pub use raft_core::{
    AppendReply, Chunk, Command, Conflict, Entries, Entry, HardState, LARGEST, LogIndex,
    Membership, NodeId, Once, Payload, Position, SessionId, Snapshot, Term, length,
};

pub use message::{Body, Message, Own};
