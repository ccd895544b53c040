//! Quorums of configurations. Counted here and not by the core, which may be the one that counts wrongly.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{Membership, NodeId};

/// A set of servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Servers(u64);

impl Servers {
    /// The bit of a server; none for one that is not of the cluster.
    #[inline]
    fn bit(server: NodeId) -> u64 {
        match server.0 {
            number @ 1..=64 => 1 << (number - 1),
            _ => 0,
        }
    }

    /// This server alone.
    #[inline]
    pub(super) fn only(server: NodeId) -> Servers {
        Servers(Servers::bit(server))
    }

    /// Adds a server of the cluster. True if it is new.
    #[inline]
    pub(super) fn insert(&mut self, server: NodeId) -> bool {
        let before = *self;
        self.0 |= Servers::bit(server);
        *self != before
    }

    /// The number of servers in the set.
    pub(super) fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// True if the server is in the set.
    #[inline]
    pub(super) fn contains(self, server: NodeId) -> bool {
        self.0 & Servers::bit(server) != 0
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut servers = (1..=64).map(NodeId).filter(|server| self.contains(*server));
        match servers.next() {
            None => f.write_str("no server"),
            Some(first) => {
                first.fmt(f)?;
                servers.try_for_each(|server| write!(f, ", {server}"))
            }
        }
    }
}

/// True if `count` of these servers are a majority (§5.2).
#[inline]
pub(super) fn is_majority(count: usize, servers: &[NodeId]) -> bool {
    count > servers.len() / 2
}

/// True if these servers are a quorum of a configuration.
#[inline]
pub(super) fn are_quorum(configuration: &Membership, servers: Servers) -> bool {
    has_quorum(configuration, |server| servers.contains(server))
}

/// True if the servers for which `agrees` holds are a majority of the voters, and in joint consensus of either
/// configuration (§6).
pub(crate) fn has_quorum(configuration: &Membership, agrees: impl Fn(NodeId) -> bool) -> bool {
    let Membership { voters, outgoing, learners: _ } = configuration;
    let majority = |servers: &[NodeId]| {
        is_majority(servers.iter().filter(|&&server| agrees(server)).count(), servers)
    };
    majority(voters) && (outgoing.is_empty() || majority(outgoing))
}

/// True if a server is a quorum of a configuration by itself.
pub(super) fn is_alone(configuration: &Membership, server: NodeId) -> bool {
    has_quorum(configuration, |voter| voter == server)
}

/// True if something holds for all voters of a configuration, and there are some.
pub(super) fn all_voters(configuration: &Membership, holds: impl Fn(NodeId) -> bool) -> bool {
    let Membership { voters, outgoing, learners: _ } = configuration;
    !voters.is_empty() && voters.iter().chain(outgoing).all(|voter| holds(*voter))
}

/// True if a server receives the log.
pub(super) fn contains(configuration: &Membership, server: NodeId) -> bool {
    let Membership { voters, outgoing, learners } = configuration;
    [voters, outgoing, learners].into_iter().any(|servers| servers.contains(&server))
}

/// True if every quorum of one configuration shares a server with every quorum of the other.
pub(super) fn share_quorums(one: &Membership, other: &Membership) -> bool {
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
        if names.is_empty() { "none".to_owned() } else { names.join(" ") }
    };
    let mut text = list(voters);
    for (what, servers) in [(" with C_old ", outgoing), (" and learners ", learners)] {
        if !servers.is_empty() {
            text.push_str(what);
            text.push_str(&list(servers));
        }
    }
    text
}
