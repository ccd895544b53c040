//! Who the servers of the cluster are, and what a majority of them is (the paper's "configuration", §6).
//! It never changes in the life of a node.

use alloc::vec::Vec;

use crate::types::{LogIndex, NodeId};

/// The servers that vote and are counted (§5.2).
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

    /// The highest index that a majority has reached; `reached` has an index for each server, in any order,
    /// and is left sorted.
    pub(crate) fn majority_index(&self, reached: &mut [Option<LogIndex>]) -> Option<LogIndex> {
        debug_assert_eq!(reached.len(), self.servers.len(), "every server is counted once");
        reached.sort_unstable_by(|a, b| b.cmp(a));
        reached.get(self.majority() - 1).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §5.2: more than half. Two of three, three of four, three of five.
    #[test]
    fn a_majority_is_more_than_half() {
        let sizes = (1..=11).map(|servers| {
            let servers = (1..=servers).map(NodeId).collect();
            Membership::new(servers).expect("servers are distinct").majority()
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
        assert_eq!(Membership::new(Vec::new()), None);
        assert_eq!(Membership::new([1, 2, 1].map(NodeId).to_vec()), None);
    }

    #[test]
    fn a_majority_has_reached_what_its_slowest_has() {
        let three = Membership::new([1, 2, 3].map(NodeId).to_vec()).expect("distinct");
        let mut reached = [5, 0, 7].map(LogIndex::new);
        assert_eq!(three.majority_index(&mut reached), LogIndex::new(5));
        let four = Membership::new([1, 2, 3, 4].map(NodeId).to_vec()).expect("distinct");
        let mut reached = [9, 3, 8, 4].map(LogIndex::new);
        assert_eq!(four.majority_index(&mut reached), LogIndex::new(4));
        let mut reached = [9, 8, 0, 0].map(LogIndex::new);
        assert_eq!(four.majority_index(&mut reached), None);
    }
}
