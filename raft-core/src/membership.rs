//! Who the servers of the cluster are, and what a majority of them is (the paper's "configuration").

use alloc::vec::Vec;

use crate::types::{LogIndex, NodeId};

/// The servers that vote and are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// In order, each once, never empty.
    servers: Vec<NodeId>,
}

impl Membership {
    /// The cluster of these servers; `None` if there are none, or one is named twice.
    pub(crate) fn new(mut servers: Vec<NodeId>) -> Option<Membership> {
        servers.sort_unstable();
        let distinct = servers.windows(2).all(|pair| pair[0] != pair[1]);
        (distinct && !servers.is_empty()).then_some(Membership { servers })
    }

    /// The servers, in order.
    #[must_use]
    pub fn servers(&self) -> &[NodeId] {
        &self.servers
    }

    /// Whether this server is one of them.
    #[must_use]
    pub fn contains(&self, server: NodeId) -> bool {
        self.servers.contains(&server)
    }

    /// How many servers are a majority: more than half of all (§5.2).
    #[must_use]
    pub fn majority(&self) -> usize {
        self.servers.len() / 2 + 1
    }

    /// The highest index that a majority has reached, where `reached` tells how far each server is.
    pub(crate) fn majority_index(
        &self,
        reached: impl Iterator<Item = Option<LogIndex>> + Clone,
    ) -> Option<LogIndex> {
        // For the few servers of a cluster, counting beats sorting, and needs no memory.
        let count = |index| reached.clone().filter(|&other| other >= index).count();
        reached.clone().filter(|&index| count(index) >= self.majority()).max().flatten()
    }
}
