//! A cluster whose next event is drawn at random.

use std::sync::Arc;

use raft_core::{Command, Input, LogIndex, Message, NodeId, Request, Settings};

use super::server::{Seen, Server, boot};

/// Pseudorandom numbers, the same on every machine.
#[derive(Clone)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below this one.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

/// Three servers and a network that loses, repeats and reorders.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) servers: Vec<Server>,
    network: Vec<Message>,
    requests: u64,
}

impl Cluster {
    /// A cluster with settings drawn from the numbers.
    pub(crate) fn new(numbers: &mut Numbers) -> Cluster {
        let check_quorum = numbers.below(2) == 0;
        let settings = Settings {
            election_timeout_min: 3,
            election_timeout_max: 4,
            pre_vote: numbers.below(2) == 0,
            check_quorum,
            lease_drift: (check_quorum && numbers.below(2) == 0).then_some(10),
            apply_limit: (numbers.below(2) == 0).then_some(2),
            snapshot_chunk: 1,
            ..Settings::default()
        };
        let servers = (1..=3).map(|id| Server { node: boot(id, settings), pending: Vec::new() });
        Cluster { servers: servers.collect(), network: Vec::new(), requests: 0 }
    }

    /// Carries out one event, drawn from the numbers.
    pub(crate) fn act(&mut self, numbers: &mut Numbers) -> Option<Seen> {
        let at = numbers.below(3);
        let (kind, rank) = (numbers.below(24), numbers.below(1_000));
        self.requests += 1;
        let request = Request(self.requests);
        let server = &mut self.servers[at];
        let seen = match kind {
            0..6 => server.step(Input::Tick),
            6..14 if !self.network.is_empty() => {
                let message = match rank % 8 {
                    0 => self.network[rank % self.network.len()].clone(),
                    _ => self.network.swap_remove(rank % self.network.len()),
                };
                self.servers[message.to.0 as usize - 1].step(Input::Receive(message))
            }
            14..18 if !server.pending.is_empty() => server.persist(rank % server.pending.len()),
            18 => {
                server.step(Input::Propose { request, command: Command::from(&[rank as u8][..]) })
            }
            19 => server.step(Input::Read { request }),
            20 => {
                let voters = (1..=3).filter(|id| rank % 6 != *id as usize).map(NodeId).collect();
                server.step(Input::ChangeMembership { request, voters, learners: Vec::new() })
            }
            21 => {
                server.step(Input::TransferLeadership { request, to: NodeId(rank as u32 % 3 + 1) })
            }
            22 => {
                let through = server.node.applied().unwrap_or(LogIndex::FIRST);
                server.step(Input::Compact { request, through, data: Arc::from([1, 2, 3]) })
            }
            23 => {
                let next = LogIndex::after(server.node.applied());
                server.step(Input::Applied(next))
            }
            _ => return None,
        };
        self.network.extend(seen.messages.iter().cloned());
        Some(seen)
    }

    pub(crate) fn run(&mut self, acts: usize, mut numbers: Numbers) -> Vec<Option<Seen>> {
        (0..acts).map(|_| self.act(&mut numbers)).collect()
    }
}
