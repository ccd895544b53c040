//! Workload W, the run that benchmarks compare.

use raft_sim::disk::SyncTime;
use raft_sim::network::{Conditions, Delay};
use raft_sim::plan::{Clients, Clock, Plan};
use raft_sim::subject::Settings;

/// Ticks of 10 ms with a heartbeat each, one 16-byte proposal a millisecond to the leader, delays of 0.5
/// to 10 ms so that messages reorder, writes durable at once. Without compaction: the log only grows.
pub(crate) fn workload_w(servers: u32, duration: u64) -> Plan {
    Plan {
        seed: 1,
        duration,
        settings: Settings::default(),
        clocks: (0..servers)
            .map(|server| Clock { tick: 10_000, first: 1 + u64::from(server) * 1_000 })
            .collect(),
        exceptions: Vec::new(),
        members: servers,
        conditions: Conditions {
            delay: Delay::Uniform(500, 10_000),
            loss_ppm: 0,
            duplicate_ppm: 0,
        },
        sync: SyncTime { min: 0, max: 0, notice: 0 },
        apply_time: 0,
        durable_state_machine: false,
        clients: Clients {
            interval: 1_000,
            size: 16,
            wander: 0,
            reads: 0,
            once: 0,
            sessions: 0,
            patience: 0,
            only: None,
        },
        faults: Vec::new(),
        admin_ops: Vec::new(),
        healing: None,
        most_steps: None,
        set_aside: Vec::new(),
    }
}
