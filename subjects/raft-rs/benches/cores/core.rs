//! The smallest loop around raft-core.

use std::collections::VecDeque;
use std::sync::Arc;

use raft_core::{
    Boot, Command, HardState, Input, LogIndex, Message, Node, NodeId, Output, Payload, Request,
    Role, Settings,
};

use super::{KEPT, SERVERS};

struct Cluster {
    nodes: Vec<Node>,
    /// The number of commands that each has applied.
    applied: Vec<u64>,
    messages: VecDeque<Message>,
}

/// Proposes `proposals` commands of `size` bytes in batches of `batch`, and returns the number of commands that each server
/// has applied.
pub(crate) fn propose(proposals: u64, size: usize, batch: u64) -> Vec<u64> {
    let servers: Vec<NodeId> = (1..=SERVERS as u32).map(NodeId).collect();
    let boot = |id: NodeId| Boot {
        id,
        cluster: 1,
        servers: servers.clone(),
        settings: Settings { uncommitted_limit: u32::MAX, window: 1_024, ..Settings::default() },
        hard_state: HardState::default(),
        snapshot: None,
        log: Vec::new(),
        applied: None,
    };
    let node = |id: &NodeId| Node::boot(boot(*id)).expect("the settings are sound");
    let mut cluster = Cluster {
        nodes: servers.iter().map(node).collect(),
        applied: vec![0; servers.len()],
        messages: VecDeque::new(),
    };
    while !matches!(cluster.nodes[0].role(), Role::Leader(_)) {
        cluster.step(0, Input::Tick);
        cluster.deliver();
    }
    let command = vec![7; size];
    let mut number = 0;
    while number < proposals {
        for _ in 0..batch.min(proposals - number) {
            number += 1;
            let command = Command::from(&command[..]);
            cluster.step(0, Input::Propose { request: Request(number), command });
        }
        cluster.deliver();
    }
    // The followers learn of the last commit with a heartbeat.
    for _ in 0..10 {
        cluster.step(0, Input::Tick);
        cluster.deliver();
    }
    cluster.applied
}

impl Cluster {
    fn deliver(&mut self) {
        while let Some(message) = self.messages.pop_front() {
            self.step(message.to.0 as usize - 1, Input::Receive(message));
        }
    }

    fn step(&mut self, server: usize, input: Input) {
        let before = self.nodes[server].applied();
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let Output { messages, write, apply, answers, .. } = self.nodes[server].step(input);
            self.messages.extend(messages.drain(..));
            answers.clear();
            let commands =
                apply.iter().filter(|entry| matches!(entry.payload, Payload::Command(_)));
            self.applied[server] += commands.count() as u64;
            next = write.map(|write| Input::Persisted(write.persisted()));
        }
        self.compact(server, before);
    }

    /// Cuts the log once in a while.
    fn compact(&mut self, server: usize, before: Option<LogIndex>) {
        let length = |index: Option<LogIndex>| index.map_or(0, LogIndex::get);
        let after = length(self.nodes[server].applied());
        if after / KEPT == length(before) / KEPT || after <= 2 * KEPT {
            return;
        }
        let Some(through) = LogIndex::new(after - KEPT) else { return };
        let data = Arc::from([].as_slice());
        let compact = Input::Compact { request: Request(u64::MAX), through, data };
        let output = self.nodes[server].step(compact);
        output.answers.clear();
        let write = output.write.expect("the snapshot is written");
        self.nodes[server].step(Input::Persisted(write.persisted()));
    }
}
