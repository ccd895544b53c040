//! Configurations: they change one after another, and every quorum of one shares a server with every
//! quorum of the next (17). And what a quorum is.
//!
//! A configuration is an entry of the log, in force on each server as soon as it is in that server's log
//! (§6). Some implementations bring it into force when it is applied. Then it is the one before that decides on its
//! commitment, and what must not be is that a leader appends the next before it uses this one itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::property::violated;
use super::{Oracles, Property, Violation};
use crate::subject::View;
use crate::words::{LogIndex, Membership, NodeId, length};

/// When a configuration is in force on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InForce {
    /// As soon as it is in the server's log (§6).
    Appended,
    /// Once the server has applied it.
    Applied,
    /// One or the other; nobody says which.
    Untold,
}

/// Whether so many of these servers are a majority (§5.2).
#[inline]
pub(super) fn is_majority(count: usize, servers: &[NodeId]) -> bool {
    count > servers.len() / 2
}

/// Whether those for whom `agrees` holds are a majority of the voters, and in joint consensus of either
/// configuration (§6). Counted here and not by the core, which may be the one that counts wrongly.
pub(crate) fn has_quorum(configuration: &Membership, agrees: impl Fn(NodeId) -> bool) -> bool {
    let Membership { voters, outgoing, learners: _ } = configuration;
    let majority = |servers: &[NodeId]| {
        is_majority(servers.iter().filter(|&&server| agrees(server)).count(), servers)
    };
    majority(voters) && (outgoing.is_empty() || majority(outgoing))
}

/// Whether a server receives the log.
pub(super) fn contains(configuration: &Membership, server: NodeId) -> bool {
    let Membership { voters, outgoing, learners } = configuration;
    [voters, outgoing, learners].into_iter().any(|servers| servers.contains(&server))
}

/// Whether every quorum of one configuration shares a server with every quorum of the other.
fn share_quorums(one: &Membership, other: &Membership) -> bool {
    let halves = [&one.voters, &one.outgoing, &other.voters, &other.outgoing];
    let needed = halves.map(|half| half.len() / 2 + 1);
    // Without C_old there is nothing to reach in that half.
    let mut start = [0; 4];
    for half in [1, 3].into_iter().filter(|&half| halves[half].is_empty()) {
        start[half] = needed[half];
    }
    let all: BTreeSet<NodeId> = halves.into_iter().flatten().copied().collect();
    // Give each server to one side or the other: how many of each half can both sides come to have?
    let mut reached = BTreeSet::from([start]);
    for server in all {
        let give = |counts: [usize; 4], side: [usize; 2]| {
            let mut counts = counts;
            for half in side.into_iter().filter(|&half| halves[half].contains(&server)) {
                counts[half] = needed[half].min(counts[half] + 1);
            }
            counts
        };
        let next = reached.iter().flat_map(|&counts| [give(counts, [0, 1]), give(counts, [2, 3])]);
        reached = next.collect();
    }
    !reached.contains(&needed)
}

/// A configuration in words: `S1 S2 S3`, `S3 S4 with C_old S1 S2 S3 and learners S5`.
pub(super) fn names(configuration: &Membership) -> String {
    let Membership { voters, outgoing, learners } = configuration;
    let list = |servers: &[NodeId]| {
        let names: Vec<String> = servers.iter().map(NodeId::to_string).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(" ") }
    };
    let mut told = list(voters);
    for (what, servers) in [(" with C_old ", outgoing), (" and learners ", learners)] {
        if !servers.is_empty() {
            told.push_str(what);
            told.push_str(&list(servers));
        }
    }
    told
}

impl Oracles {
    /// How many configurations of its log a server has in force, or had, when it showed this view: the last of
    /// them is what it uses.
    #[inline]
    pub(super) fn in_force(&self, slot: usize, view: &View) -> usize {
        let configurations = &self.servers[slot].log.configurations;
        match self.in_force {
            InForce::Appended | InForce::Untold => configurations.len(),
            InForce::Applied => configurations.count_up_to(length(view.applied)),
        }
    }

    /// Whether it is certain how many that are.
    #[inline]
    pub(super) fn knows_in_force(&self, slot: usize, view: &View) -> bool {
        let configurations = &self.servers[slot].log.configurations;
        match self.in_force {
            InForce::Appended | InForce::Applied => true,
            InForce::Untold => {
                configurations.count_up_to(length(view.applied)) == configurations.len()
            }
        }
    }

    /// Configurations (§6, dissertation §4.1, as corrected in 2015): a leader appends a configuration when
    /// the one before is committed, when it has committed an entry of its own term, and when every quorum
    /// of the new one shares a server with every quorum of the old: one voter comes or goes, or the change
    /// enters or leaves joint consensus.
    ///
    /// The leader's commit index is that after the step: a leader that commits C_old,new may append C_new at
    /// once. Followers copy what their leader has appended, and are not judged.
    ///
    /// Where a configuration is in force when it is applied, the one before is to be applied instead, and an entry of
    /// the leader's own term is not asked for: whoever has the next configuration in its log knows the one before to
    /// be committed, and two leaders that append different ones need quorums of the same. Where nobody says when it
    /// is in force only what both ask for is judged.
    #[cold]
    pub(super) fn check_appended(
        &mut self,
        slot: usize,
        index: u64,
        next: &Arc<Membership>,
        after: &View,
    ) -> Result<(), Violation> {
        self.count(Property::Configurations);
        let server = &mut self.servers[slot];
        let commit = length(after.commit);
        let (done, is_done) = match self.in_force {
            InForce::Appended | InForce::Untold => (commit, "committed"),
            InForce::Applied => (length(after.applied), "applied"),
        };
        let asks_own_term = self.in_force == InForce::Appended;
        // Who waits for its disk may have gone as far as to commit this one, too, in the same step.
        let before = if self.waits { commit.min(index - 1) } else { commit };
        let committed_in = server.log.at(before).map(|link| link.term);
        let (at, previous) = server.log.configurations.latest();
        for (slot, matched) in server.matched.iter_mut().enumerate() {
            // What is known of a server is forgotten when it goes, and begins anew when it comes.
            let other = NodeId(slot as u32 + 1);
            if !contains(previous, other) || !contains(next, other) {
                *matched = 0;
            }
        }
        let why = if at > done {
            format!("while that at index {at} is not {is_done}")
        } else if asks_own_term && committed_in != Some(after.term) {
            format!("before it has committed an entry of its term {}", after.term)
        } else if !share_quorums(previous, next) {
            format!("whose quorums need not share a server with those of {}", names(previous))
        } else {
            return Ok(());
        };
        let id = server.id;
        let detail =
            format!("{id} appended the configuration {} at index {index}, {why}", names(next));
        violated(Property::Configurations, id, detail)
    }

    /// Configurations (§6): a server always uses the latest one in its log, committed or not; or else the latest
    /// that it has applied.
    #[inline]
    pub(super) fn check_in_force(&self, slot: usize, after: &View) -> Result<(), Violation> {
        let server = &self.servers[slot];
        if server.log.configurations.len() == 0 && after.configuration.is_none() {
            return Ok(());
        }
        let in_force = self.in_force(slot, after);
        let has = match self.in_force {
            InForce::Appended | InForce::Untold => "in its log",
            InForce::Applied => "that it has applied",
        };
        let latest = LogIndex::new(server.log.configurations.nth(in_force).0);
        let expected = latest.filter(|_| latest > after.snapshot);
        if after.configuration == expected {
            return Ok(());
        }
        let id = server.id;
        let (uses, latest) = (length(after.configuration), length(expected));
        let detail = format!(
            "{id} uses the configuration at index {uses}, and the latest {has} is at {latest}; 0 is that before \
             its log"
        );
        violated(Property::Configurations, id, detail)
    }
}
