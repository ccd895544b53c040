//! What servers are like, in relation to each other: the abstract states that a guided search tells apart. Neither
//! numbers of servers nor terms nor indexes are in them, so that states that differ in names only are one.

use super::log::{Log, Standing};
use crate::mix::mix;
use crate::subject::{Role, View};

/// What is known of a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    /// Its state; that before the crash if it is down.
    pub(super) view: View,
    /// Whether it runs.
    pub(super) up: bool,
    /// Its log, as it sees it.
    pub(super) log: Log,
    /// What is durable of that.
    pub(super) durable: Log,
    /// How many of its writes are not durable.
    pub(super) pending: usize,
    /// Whether one of these changes its term or vote.
    pub(super) promises: bool,
    /// Whether its last crash took something that was not durable.
    pub(super) lost: bool,
}

/// So many ways there are to look at a cluster.
pub(super) const WAYS: usize = 4;

/// What a cluster is like: one number for each way to look at it. Those that are equal say the same. In each, the
/// servers are in no order, and those that are alike count as one: clusters of three and of five are in the same
/// states.
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

/// How many higher terms servers have, two at most.
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

/// How a log stands to the most up-to-date one: the same, the beginning of it, or parted from it.
fn against(log: &Log, best: &Log) -> u64 {
    let common = log.common(best);
    match (log.end().1 > common, best.end().1 > common) {
        (false, false) => 0,
        (false, true) => 1,
        (true, _) => 2,
    }
}

/// The configuration in force: what it is like, whether it is committed, and whether another server has a newer one.
fn configuration(server: &Server, newest: u64) -> u64 {
    let (index, standing) = server.log.configuration();
    let is = standing.map_or(0, |Standing { joint, learners, place }| {
        1 + u64::from(joint) + 2 * u64::from(learners) + 4 * u64::from(place)
    });
    u64::from(index < newest) | u64::from(index > committed(server)) << 1 | is << 2
}

/// Whether it knows of all that is committed; if not, whether its log is as long.
fn behind(server: &Server, commit: u64) -> u64 {
    match (committed(server) < commit, server.log.end().1 < commit) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

/// What its disk has not made durable, and whether that has ever been lost.
fn disk(server: &Server) -> u64 {
    let pending = server.pending.min(2) as u64;
    pending | u64::from(server.promises) << 2 | u64::from(server.lost) << 3
}

/// Whether it has discarded what others have not; whether it lacks what all others have discarded.
fn compacted(servers: &[Server], server: &Server) -> u64 {
    let base = server.log.base();
    if servers.iter().any(|other| other.log.end().1 < base) { 2 } else { u64::from(base > 0) }
}
