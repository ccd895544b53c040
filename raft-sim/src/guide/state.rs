//! The abstract states of a cluster, for guided search: the states of servers in relation to each other. They do not
//! contain names, terms or indexes, so states that differ only in these are equal.

use super::log::{Log, Standing};
use crate::mix::mix;
use crate::subject::{Role, View};

/// The state of a server that is known from observations.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    /// Its view; the one before the crash if it is down.
    pub(super) view: View,
    /// True if it is up.
    pub(super) up: bool,
    /// Its log, with entries that are not durable.
    pub(super) log: Log,
    /// The durable part of its log.
    pub(super) durable: Log,
    /// The number of its writes that are not durable.
    pub(super) pending: usize,
    /// True if one of these changes its term or vote.
    pub(super) pending_vote: bool,
    /// True if a crash has ever lost a write.
    pub(super) lost: bool,
}

/// The number of ways to look at a cluster.
pub(super) const WAYS: usize = 4;

/// The abstract state of a cluster: one number for each way to look at it. In each, the servers have no order and equal
/// servers count as one, so clusters of three and of five share states.
pub(super) fn abstract_of(servers: &[Server]) -> [u64; WAYS] {
    let longest = servers.iter().max_by_key(|server| server.log.end());
    let commit = servers.iter().map(committed).max().unwrap_or_default();
    let newest = servers.iter().map(|server| server.log.configuration().0).max();
    let newest = newest.unwrap_or_default();
    let mut ways: [Vec<u64>; WAYS] = Default::default();
    for server in servers {
        let role = role(server);
        let log = longest.map_or(0, |longest| against(&server.log, &longest.log));
        ways[0].push(role | rank(servers, server) << 2 | log << 4);
        ways[1].push(role | configuration(server, newest) << 2);
        ways[2].push(role | disk(server) << 2 | log << 6);
        ways[3]
            .push(role | compacted(servers, server) << 2 | log << 4 | behind(server, commit) << 6);
    }
    let mut numbers = [0, 1, 2, 3];
    for (number, way) in numbers.iter_mut().zip(&mut ways) {
        way.sort_unstable();
        way.dedup();
        *number = way.iter().fold(*number, |state, server| mix(state, *server));
    }
    numbers
}

fn committed(server: &Server) -> u64 {
    server.view.commit.map_or(0, |index| index.get())
}

fn role(server: &Server) -> u64 {
    match (server.up, server.view.role) {
        (false, _) => 0,
        (true, Role::Follower) => 1,
        (true, Role::Candidate) => 2,
        (true, Role::Leader) => 3,
    }
}

/// The number of different higher terms among the servers, at most two.
fn rank(servers: &[Server], server: &Server) -> u64 {
    let own = server.view.term;
    let next =
        |above| servers.iter().map(|other| other.view.term).filter(|term| *term > above).min();
    match next(own) {
        None => 0,
        Some(above) if next(above).is_none() => 1,
        Some(_) => 2,
    }
}

/// The relation of a log to the most up-to-date one: 0 the same, 1 a prefix of it, 2 diverged from it.
fn against(log: &Log, best: &Log) -> u64 {
    let common = log.common(best);
    match (log.end().1 > common, best.end().1 > common) {
        (false, false) => 0,
        (false, true) => 1,
        (true, _) => 2,
    }
}

/// The configuration in force: its shape, whether it is committed, and whether another server has a newer one.
fn configuration(server: &Server, newest: u64) -> u64 {
    let (index, standing) = server.log.configuration();
    let is = standing.map_or(0, |Standing { joint, learners, place }| {
        1 + u64::from(joint) + 2 * u64::from(learners) + 4 * u64::from(place)
    });
    u64::from(index < newest) | u64::from(index > committed(server)) << 1 | is << 2
}

/// The lag of a server: 0 it knows the commit index, 1 only its log is long enough, 2 neither.
fn behind(server: &Server, commit: u64) -> u64 {
    match (committed(server) < commit, server.log.end().1 < commit) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

/// The pending writes of a server, and whether it has ever lost some.
fn disk(server: &Server) -> u64 {
    let pending = server.pending.min(2) as u64;
    pending | u64::from(server.pending_vote) << 2 | u64::from(server.lost) << 3
}

/// The compaction of a log: 0 none, 1 some, 2 beyond the end of another server's log.
fn compacted(servers: &[Server], server: &Server) -> u64 {
    let base = server.log.base();
    if servers.iter().any(|other| other.log.end().1 < base) { 2 } else { u64::from(base > 0) }
}
