//! Configurations (§6, diss. ch. 4): the quorums of one, and the one in force.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use crate::output::Rejection;
use crate::types::{Entry, LogIndex, Membership, NodeId, Payload};

impl Membership {
    /// The configuration of these voters and learners, which may come in any order.
    ///
    /// # Errors
    /// If there are no voters, or a server is named twice.
    pub(crate) fn new(
        mut voters: Vec<NodeId>,
        mut learners: Vec<NodeId>,
    ) -> Result<Membership, Rejection> {
        voters.sort_unstable();
        learners.sort_unstable();
        if voters.is_empty() {
            return Err(Rejection::NoVoters);
        }
        let mut all: Vec<NodeId> = voters.iter().chain(&learners).copied().collect();
        all.sort_unstable();
        match all.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Rejection::Duplicate(pair[0])),
            None => Ok(Membership { voters, outgoing: Vec::new(), learners }),
        }
    }

    /// Returns whether this is C_old,new of joint consensus (§6).
    #[must_use]
    pub fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Returns whether this server's vote counts: in joint consensus, in either configuration.
    #[must_use]
    pub fn is_voter(&self, server: NodeId) -> bool {
        self.voters.contains(&server) || self.outgoing.contains(&server)
    }

    /// Returns whether this server receives the log.
    #[must_use]
    pub fn contains(&self, server: NodeId) -> bool {
        self.is_voter(server) || self.learners.contains(&server)
    }

    /// The servers that receive the log, in order, each once.
    pub(crate) fn everyone(&self) -> Vec<NodeId> {
        let all = self.voters.iter().chain(&self.outgoing).chain(&self.learners);
        let mut all: Vec<NodeId> = all.copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns whether the servers for which `agrees` holds are enough for a decision: more than half of
    /// the voters (§5.2), and in joint consensus more than half of either configuration (§6).
    pub fn has_quorum(&self, agrees: impl Fn(NodeId) -> bool) -> bool {
        let majority = |servers: &[NodeId]| {
            servers.iter().filter(|&&server| agrees(server)).count() >= majority(servers.len())
        };
        majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))
    }

    /// The number of voters that would come or go if `next` took this configuration's place.
    pub(crate) fn distance(&self, next: &Membership) -> usize {
        let gone = self.voters.iter().filter(|server| !next.voters.contains(server));
        let new = next.voters.iter().filter(|server| !self.voters.contains(server));
        gone.count() + new.count()
    }
}

/// The least number of servers that is a majority of `servers`: more than half (§5.2).
pub(crate) fn majority(servers: usize) -> usize {
    servers / 2 + 1
}

/// The highest number that a majority has reached; `reached` has one for each server, in any order, and is
/// left in another one. Without servers there is no bound.
pub(crate) fn reached_by_majority(reached: &mut [u64]) -> u64 {
    if reached.is_empty() {
        return u64::MAX;
    }
    let behind = reached.len() - majority(reached.len());
    *reached.select_nth_unstable(behind).1
}

/// The configurations of a log. A server uses the latest one in its log, whether committed or not (§6).
#[derive(Clone, Debug)]
pub(crate) struct Configurations {
    /// The one before all entries that the log has: the first, or the snapshot's.
    base: Arc<Membership>,
    /// The ones in the log, and their entries.
    logged: Vec<(LogIndex, Arc<Membership>)>,
}

impl Configurations {
    /// Creates the configurations of a log that has none.
    pub(crate) fn new(base: Arc<Membership>) -> Configurations {
        Configurations { base, logged: Vec::new() }
    }

    /// Feeds the hasher with the configurations, as far as the log does not hold them.
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        // Those in the log follow from it.
        let Configurations { base, logged: _ } = self;
        base.hash(hasher);
    }

    /// The configuration in force.
    pub(crate) fn current(&self) -> &Arc<Membership> {
        self.logged.last().map_or(&self.base, |(_, membership)| membership)
    }

    /// The entry of the configuration in force; `None` if the log has none.
    pub(crate) fn index(&self) -> Option<LogIndex> {
        self.logged.last().map(|(index, _)| *index)
    }

    /// Returns whether this server may stand for election: if it is a voter, or was one before a
    /// configuration that is not known to be committed. Until that is, it may be the only one that can win
    /// (diss. §4.2.2).
    pub(crate) fn may_stand(&self, server: NodeId, commit: Option<LogIndex>) -> bool {
        let before = self.logged.len().checked_sub(2).map_or(&self.base, |at| &self.logged[at].1);
        self.current().is_voter(server) || (self.index() > commit && before.is_voter(server))
    }

    /// The latest configuration up to this index.
    pub(crate) fn up_to(&self, index: LogIndex) -> &Arc<Membership> {
        let through = self.logged.partition_point(|(other, _)| *other <= index);
        through.checked_sub(1).map_or(&self.base, |last| &self.logged[last].1)
    }

    /// Follows a change of the log: it has these entries in place of all from the first of them on. A
    /// configuration that goes with them is out of force (§6, diss. §4.1).
    pub(crate) fn replaced(&mut self, entries: &[Entry]) {
        let Some(first) = entries.first() else { return };
        while self.index().is_some_and(|index| index >= first.index) {
            self.logged.pop();
        }
        for entry in entries {
            match &entry.payload {
                Payload::Membership(membership) => {
                    self.logged.push((entry.index, membership.clone()));
                }
                Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => {}
            }
        }
    }

    /// Follows a compaction: a snapshot stands for the log up to this index, with the latest configuration
    /// up to there.
    pub(crate) fn compacted(&mut self, through: LogIndex) {
        self.base = self.up_to(through).clone();
        self.logged.retain(|(index, _)| *index > through);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(numbers: &[u32]) -> Vec<NodeId> {
        numbers.iter().copied().map(NodeId).collect()
    }

    /// §5.2: more than half. Two of three, three of four, three of five.
    #[test]
    fn a_majority_is_more_than_half() {
        let sizes: Vec<usize> = (0..=11).map(majority).collect();
        assert_eq!(sizes, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
    }

    #[test]
    fn a_majority_has_reached_what_its_slowest_has() {
        assert_eq!(reached_by_majority(&mut [5, 0, 7]), 5);
        assert_eq!(reached_by_majority(&mut [9, 3, 8, 4]), 4);
        assert_eq!(reached_by_majority(&mut [9, 8, 0, 0]), 0);
    }

    #[test]
    fn a_configuration_has_voters_and_names_each_server_once() {
        let refused = |voters, learners| Membership::new(servers(voters), servers(learners)).err();
        assert_eq!(refused(&[], &[1]), Some(Rejection::NoVoters));
        assert_eq!(refused(&[1, 2, 1], &[]), Some(Rejection::Duplicate(NodeId(1))));
        assert_eq!(refused(&[1, 2], &[3, 2]), Some(Rejection::Duplicate(NodeId(2))));
        assert_eq!(refused(&[2, 1], &[3]), None);
    }

    /// §6, Figure 11: in joint consensus, separate majorities of both.
    #[test]
    fn joint_consensus_needs_both_majorities() {
        let joint = Membership {
            voters: servers(&[3, 4, 5]),
            outgoing: servers(&[1, 2, 3]),
            learners: Vec::new(),
        };
        let quorum = |numbers: &[u32]| joint.has_quorum(|server| numbers.contains(&server.0));
        assert!(quorum(&[1, 3, 4]));
        assert!(!quorum(&[3, 4, 5]), "a majority of C_new alone");
        assert!(!quorum(&[1, 2, 3]), "a majority of C_old alone");
    }
}
