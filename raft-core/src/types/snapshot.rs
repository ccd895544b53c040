//! Snapshots (§7).

use alloc::sync::Arc;

use super::{Membership, Position};

/// A state machine's state, in place of the log that led to it (§7, Figure 12).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last entry it stands for (`lastIncludedIndex`, `lastIncludedTerm`).
    pub last: Position,
    /// The latest configuration up to there (§7).
    pub membership: Arc<Membership>,
    /// The cluster it was taken in: [`Boot::cluster`](crate::Boot::cluster).
    pub cluster: u64,
    /// The state, in the state machine's own bytes. Never looked into.
    pub data: Arc<[u8]>,
}

/// A part of a snapshot on its way to a follower (Figure 13).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// The last entry the whole snapshot stands for (`lastIncludedIndex`, `lastIncludedTerm`).
    pub last: Position,
    /// The latest configuration up to there (§7).
    pub membership: Arc<Membership>,
    /// The cluster it was taken in.
    pub cluster: u64,
    /// The place in the snapshot's data where this part begins, in bytes (`offset`).
    pub offset: u64,
    /// Bytes of the whole data. The part that ends there is the last one: Figure 13's `done`.
    pub size: u64,
    /// The part (`data`).
    pub data: Arc<[u8]>,
}
