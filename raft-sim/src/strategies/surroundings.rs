//! Strategies for the surroundings of servers: clocks, network conditions, disks, state machines, clients.

use proptest::collection::vec;
use proptest::prelude::*;

use super::faults::fair_tick;
use super::servers::Servers;
use crate::disk::SyncTime;
use crate::network::{Conditions, Delay};
use crate::plan::{AdminClass, Clients, Clock, Draw, FaultClass};
use crate::time::{Micros, TICK};

/// The surroundings of a plan's servers.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    /// The clocks of all servers that there may be.
    pub(super) clocks: Vec<Clock>,
    pub(super) conditions: Conditions,
    pub(super) sync: SyncTime,
    /// The longest time that a state machine takes to apply, and true if its state survives a crash.
    pub(super) machine: (Micros, bool),
    pub(super) clients: Clients,
}

/// Surroundings with faults of the allowed classes only.
pub(super) fn any(servers: Servers, draw: &Draw) -> impl Strategy<Value = Surroundings> + use<> {
    let tick = if draw.has(FaultClass::Clock) {
        prop_oneof![Just(TICK), fair_tick()].boxed()
    } else {
        Just(TICK).boxed()
    };
    let clock = (tick, 1..=TICK).prop_map(|(tick, first)| Clock { tick, first });
    let clocks = vec(clock, servers.most as usize);
    let loss = ppm(draw.has(FaultClass::Loss));
    let conditions = (delay(), loss, ppm(draw.has(FaultClass::Duplicate)));
    let conditions = conditions.prop_map(|(delay, loss_ppm, duplicate_ppm)| Conditions {
        delay,
        loss_ppm,
        duplicate_ppm,
    });
    let sync = if draw.has(FaultClass::SlowDisk) {
        prop_oneof![Just(AT_ONCE), slow()].boxed()
    } else {
        Just(AT_ONCE).boxed()
    };
    let machine = (0..=60_000_u64, proptest::bool::weighted(0.25));
    (clocks, conditions, sync, machine, clients(draw)).prop_map(
        |(clocks, conditions, sync, machine, clients)| Surroundings {
            clocks,
            conditions,
            sync,
            machine,
            clients,
        },
    )
}

/// A share of the messages in parts per million: none, or some.
fn ppm(may: bool) -> BoxedStrategy<u32> {
    if may { prop_oneof![Just(0_u32), 1_000..=200_000_u32].boxed() } else { Just(0).boxed() }
}

const AT_ONCE: SyncTime = SyncTime { min: 0, max: 0, notice: 0 };

fn slow() -> impl Strategy<Value = SyncTime> {
    (1..8_000_u64, prop_oneof![Just(0_u64), 1..10_000_u64]).prop_map(|(max, notice)| SyncTime {
        min: max / 4,
        max,
        notice,
    })
}

fn delay() -> impl Strategy<Value = Delay> {
    let range = (1..2_000_u64, 0..20_000_u64).prop_map(|(low, width)| (low, low + width));
    prop_oneof![
        (1..5_000_u64).prop_map(Delay::Fixed),
        range.clone().prop_map(|(low, high)| Delay::Uniform(low, high)),
        range.prop_map(|(low, high)| Delay::HeavyTail(low, high)),
        (1..5_000_u64).prop_map(Delay::Exponential),
    ]
}

/// Clients. The drawn number is that of requests in a tenth of a second, so that they shrink to fewer requests.
fn clients(draw: &Draw) -> impl Strategy<Value = Clients> + use<> {
    let percent = |may| {
        if may { prop_oneof![1 => Just(0_u32), 3 => 1..=60_u32].boxed() } else { Just(0).boxed() }
    };
    let kinds = (percent(draw.does(AdminClass::Reads)), percent(draw.does(AdminClass::Sessions)));
    let size = prop_oneof![Just(8_u32), 9..=64_u32];
    (1..=60_u64, size, 0..=50_u32, kinds, 1..=6_u32, 10_000..=300_000_u64).prop_map(
        |(requests, size, wander, (reads, once), sessions, patience)| Clients {
            interval: 100_000 / requests,
            size,
            wander,
            reads,
            once,
            sessions,
            patience,
            only: None,
        },
    )
}
