//! The symmetry of servers: two states that differ by the names of servers alone have the same futures, by other names.
//!
//! A state of a server under other names is the one that the renamed server reaches by the renamed events: it is made by
//! the real code, like any other.

use super::bounds::Bounds;
use crate::model::{Body, Chunk, Entry, Membership, Message, NodeId, Payload};

/// Other names of all servers: the one of S1 first.
pub(super) type Names = Vec<NodeId>;

/// The ways to name servers: voters of the first configuration among each other, joiners among each other.
pub(super) struct Symmetry {
    ways: Vec<Names>,
    /// The way that is one way behind another.
    composed: Vec<Vec<usize>>,
}

impl Symmetry {
    /// The names as they are, and no others.
    pub(super) fn none(bounds: &Bounds) -> Symmetry {
        Symmetry::of(vec![(1..=bounds.everyone()).map(NodeId).collect()])
    }

    /// All ways, the names as they are first.
    pub(super) fn all(bounds: &Bounds) -> Symmetry {
        let voters = permutations(&(1..=bounds.servers).collect::<Vec<u32>>());
        let joiners = permutations(&(bounds.servers + 1..=bounds.everyone()).collect::<Vec<u32>>());
        let way = |voters: &Vec<u32>, joiners: &Vec<u32>| {
            voters.iter().chain(joiners).copied().map(NodeId).collect()
        };
        let ways =
            voters.iter().flat_map(|voters| joiners.iter().map(|joiners| way(voters, joiners)));
        Symmetry::of(ways.collect())
    }

    fn of(ways: Vec<Names>) -> Symmetry {
        let behind = |after: &Names, before: &Names| {
            let composed: Names = before.iter().map(|name| renamed(*name, after)).collect();
            ways.iter().position(|way| *way == composed).unwrap_or_default()
        };
        let row = |after| ways.iter().map(|before| behind(after, before)).collect();
        let composed = ways.iter().map(row).collect();
        Symmetry { ways, composed }
    }

    /// The ways.
    pub(super) fn ways(&self) -> &[Names] {
        &self.ways
    }

    /// The number of ways.
    pub(super) fn len(&self) -> usize {
        self.ways.len()
    }

    /// The way that is `after` behind `before`.
    pub(super) fn composed(&self, after: usize, before: usize) -> usize {
        self.composed[after][before]
    }
}

/// All orders of some numbers, the given one first.
fn permutations(numbers: &[u32]) -> Vec<Vec<u32>> {
    if numbers.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, first) in numbers.iter().enumerate() {
        let rest = [&numbers[..place], &numbers[place + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|rest| [&[*first], &rest[..]].concat()));
    }
    all
}

/// The other name of a server.
pub(super) fn renamed(server: NodeId, names: &Names) -> NodeId {
    names.get(server.0 as usize - 1).copied().unwrap_or(server)
}

/// A message with other names.
pub(super) fn message(message: &Message, names: &Names) -> Message {
    let body = match &message.body {
        Body::AppendEntries { prev, entries, commit, round } => {
            let entries = entries.iter().map(|entry| self::entry(entry, names)).collect();
            Body::AppendEntries { prev: *prev, entries, commit: *commit, round: *round }
        }
        Body::InstallSnapshot { chunk, round } => {
            let membership = membership(&chunk.membership, names).into();
            let chunk = Chunk { membership, ..Chunk::clone(chunk) };
            Body::InstallSnapshot { chunk: chunk.into(), round: *round }
        }
        body @ (Body::RequestVote { .. }
        | Body::RequestVoteReply { .. }
        | Body::PreVote { .. }
        | Body::PreVoteReply { .. }
        | Body::AppendEntriesReply { .. }
        | Body::InstallSnapshotReply { .. }
        | Body::TimeoutNow
        | Body::ReadIndex { .. }
        | Body::ReadIndexReply { .. }
        | Body::Other { .. }) => body.clone(),
    };
    let (from, to) = (renamed(message.from, names), renamed(message.to, names));
    Message { from, to, term: message.term, body, own: message.own.clone() }
}

fn entry(entry: &Entry, names: &Names) -> Entry {
    let payload = match &entry.payload {
        Payload::Membership(of) => Payload::Membership(membership(of, names).into()),
        payload @ (Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_)) => {
            payload.clone()
        }
    };
    Entry { payload, ..entry.clone() }
}

fn membership(membership: &Membership, names: &Names) -> Membership {
    let renamed = |servers: &[NodeId]| {
        let mut servers: Vec<NodeId> = servers.iter().map(|id| renamed(*id, names)).collect();
        servers.sort_unstable();
        servers
    };
    let Membership { voters, outgoing, learners } = membership;
    Membership { voters: renamed(voters), outgoing: renamed(outgoing), learners: renamed(learners) }
}
