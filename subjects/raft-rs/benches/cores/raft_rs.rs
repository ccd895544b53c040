//! The smallest loop around raft-rs: its own storage in memory, its `Ready`s taken as its documentation shows.

use std::collections::VecDeque;

use raft::eraftpb::{Entry, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};

use super::{KEPT, SERVERS, ready};

struct Cluster {
    nodes: Vec<RawNode<MemStorage>>,
    /// The number of commands that each has applied.
    applied: Vec<u64>,
    messages: VecDeque<Message>,
}

/// Proposes `proposals` commands of `size` bytes in batches of `batch`, and returns the number of commands that each server
/// has applied.
pub(crate) fn propose(proposals: u64, size: usize, batch: u64) -> Vec<u64> {
    let logger = slog::Logger::root(slog::Discard, slog::o!());
    let voters: Vec<u64> = (1..=SERVERS).collect();
    let node = |&id: &u64| {
        let config = Config {
            id,
            election_tick: 10,
            heartbeat_tick: 1,
            max_size_per_msg: 1 << 20,
            max_inflight_msgs: 1_024,
            ..Config::default()
        };
        let storage = MemStorage::new_with_conf_state((voters.clone(), vec![]));
        RawNode::new(&config, storage, &logger).expect("the settings are sound")
    };
    let mut cluster = Cluster {
        nodes: voters.iter().map(node).collect(),
        applied: vec![0; voters.len()],
        messages: VecDeque::new(),
    };
    while cluster.nodes[0].raft.state != StateRole::Leader {
        cluster.tick();
    }
    let command = vec![7; size];
    let mut number = 0;
    while number < proposals {
        for _ in 0..batch.min(proposals - number) {
            number += 1;
            cluster.nodes[0].propose(Vec::new(), command.clone()).expect("it leads");
            cluster.take_ready(0);
        }
        cluster.deliver();
    }
    // The followers learn of the last commit with a heartbeat.
    (0..10).for_each(|_| cluster.tick());
    cluster.applied
}

impl Cluster {
    fn tick(&mut self) {
        self.nodes[0].tick();
        self.take_ready(0);
        self.deliver();
    }

    fn deliver(&mut self) {
        while let Some(message) = self.messages.pop_front() {
            let server = message.to as usize - 1;
            self.nodes[server].step(message).expect("all know each other");
            self.take_ready(server);
        }
    }

    fn take_ready(&mut self, server: usize) {
        let node = &mut self.nodes[server];
        if !node.has_ready() {
            return;
        }
        let (messages, committed) = ready::taken(node);
        let compacted = committed.iter().map(|entry| entry.index).find(|index| index % KEPT == 0);
        if let Some(last) = compacted.filter(|last| *last > 2 * KEPT) {
            node.store().wl().compact(last - KEPT).expect("it was applied long ago");
        }
        let commands = committed.iter().filter(|entry: &&Entry| !entry.data.is_empty());
        self.applied[server] += commands.count() as u64;
        self.messages.extend(messages);
    }
}
