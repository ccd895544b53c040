//! The smallest loop that runs a cluster of raft-rs: a heap of pending events, raft-rs's own storage in memory, its
//! `Ready`s taken as its documentation shows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use raft::eraftpb::{Entry, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};

use super::ready;

/// The least number of entries that a log keeps.
const KEPT: u64 = 1_000;

enum Event {
    Tick(usize),
    Deliver(Box<Message>),
    Propose,
}

/// A pending event, in order of time and then of scheduling.
struct Due {
    at: u64,
    number: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Due) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Due) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

struct Cluster {
    nodes: Vec<RawNode<MemStorage>>,
    /// The number of bytes that each has applied, so that nothing is optimized away.
    applied: Vec<u64>,
    queue: BinaryHeap<Reverse<Due>>,
    now: u64,
    scheduled: u64,
    rng: u64,
}

/// Runs this number of servers for this number of virtual microseconds, and counts the steps.
pub(crate) fn steps(servers: u64, duration: u64) -> u64 {
    let logger = slog::Logger::root(slog::Discard, slog::o!());
    let voters: Vec<u64> = (1..=servers).collect();
    let node = |&id: &u64| {
        let config = Config {
            id,
            election_tick: 10,
            heartbeat_tick: 1,
            max_size_per_msg: 1 << 20,
            max_inflight_msgs: 1024,
            ..Config::default()
        };
        let storage = MemStorage::new_with_conf_state((voters.clone(), vec![]));
        RawNode::new(&config, storage, &logger).expect("the settings are sound")
    };
    let mut cluster = Cluster {
        nodes: voters.iter().map(node).collect(),
        applied: vec![0; voters.len()],
        queue: BinaryHeap::new(),
        now: 0,
        scheduled: 0,
        rng: 1,
    };
    for server in 0..voters.len() {
        cluster.schedule(1 + server as u64 * 1_000, Event::Tick(server));
    }
    cluster.schedule(1_000, Event::Propose);
    let mut steps = 0;
    while let Some(Reverse(due)) = cluster.queue.pop() {
        if due.at > duration {
            break;
        }
        cluster.now = due.at;
        steps += u64::from(cluster.step(due.event));
    }
    assert!(cluster.applied.iter().all(|&bytes| bytes > duration / 1_000 * 14), "it got on");
    steps
}

impl Cluster {
    fn schedule(&mut self, at: u64, event: Event) {
        self.scheduled += 1;
        self.queue.push(Reverse(Due { at, number: self.scheduled, event }));
    }

    /// Takes a step. False if no server is there to take it.
    fn step(&mut self, event: Event) -> bool {
        let server = match event {
            Event::Tick(server) => {
                self.schedule(self.now + 10_000, Event::Tick(server));
                self.nodes[server].tick();
                server
            }
            Event::Deliver(message) => {
                let server = message.to as usize - 1;
                self.nodes[server].step(*message).expect("all know each other");
                server
            }
            Event::Propose => {
                self.schedule(self.now + 1_000, Event::Propose);
                let leads = |node: &RawNode<MemStorage>| node.raft.state == StateRole::Leader;
                let Some(server) = self.nodes.iter().position(leads) else { return false };
                let command = [self.now.to_le_bytes(), [0; 8]].concat();
                // A dropped message is a step all the same.
                let _ = self.nodes[server].propose(Vec::new(), command);
                server
            }
        };
        if self.nodes[server].has_ready() {
            self.take_ready(server);
        }
        true
    }

    fn take_ready(&mut self, server: usize) {
        let node = &mut self.nodes[server];
        let (messages, committed) = ready::taken(node);
        if let Some(last) = committed.last().map(|entry| entry.index)
            && last % KEPT == 0
            && last > KEPT
        {
            node.store().wl().compact(last - KEPT).expect("it was applied long ago");
        }
        self.applied[server] += committed.iter().map(apply).sum::<u64>();
        for message in messages {
            let delay = 500 + self.draw() % 9_501;
            self.schedule(self.now + delay, Event::Deliver(Box::new(message)));
        }
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.rng = self.rng.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.rng;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

fn apply(entry: &Entry) -> u64 {
    entry.data.len() as u64
}
