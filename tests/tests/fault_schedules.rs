//! Fault schedules drawn at random: a run of the reference core violates nothing under any of them.
//!
//! The strategies draw the same plan that `raft-sim run` draws from a seed, piece by piece, so that a
//! failing one shrinks to fewer faults, fewer servers and less time.

use proptest::collection::vec;
use proptest::prelude::*;
use raft_sim::disk::SyncTime;
use raft_sim::network::{Delay, Weather};
use raft_sim::plan::{Clients, Clock, Direction, Fault, FaultKind, Plan, Target};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::Settings;

/// Virtual microseconds of one run.
const DURATION: u64 = 1_500_000;

fn target(servers: u32) -> impl Strategy<Value = Target> {
    prop_oneof![Just(Target::Leader), (1..=servers).prop_map(Target::Server)]
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Both), Just(Direction::Outgoing), Just(Direction::Incoming)]
}

/// Two different servers.
fn link(servers: u32) -> impl Strategy<Value = (u32, u32)> {
    (1..=servers, 1..servers).prop_map(move |(from, step)| (from, (from - 1 + step) % servers + 1))
}

/// Two groups that may overlap (a bridge) and may leave servers out.
fn groups(servers: u32) -> impl Strategy<Value = Vec<Vec<u32>>> {
    vec(0..4_u8, servers as usize).prop_map(|sides| {
        let group = |bit| {
            let named = (1..).zip(&sides).filter(move |(_, side)| **side & bit != 0);
            named.map(|(server, _)| server).collect()
        };
        vec![group(1), group(2)]
    })
}

fn fault(servers: u32) -> impl Strategy<Value = Fault> {
    let kind = prop_oneof![
        groups(servers).prop_map(FaultKind::Partition),
        link(servers).prop_map(|(from, to)| FaultKind::OneWay(from, to)),
        (target(servers), direction()).prop_map(|(target, way)| FaultKind::Isolate(target, way)),
        link(servers).prop_map(|(from, to)| FaultKind::Hold(from, to)),
        (target(servers), 0..4_u32).prop_map(|(target, survive)| FaultKind::Crash(target, survive)),
        Just(FaultKind::CrashAll),
    ];
    (0..DURATION, 1_000..400_000_u64, kind).prop_map(|(at, length, kind)| Fault {
        at,
        until: at + length,
        kind,
    })
}

fn delay() -> impl Strategy<Value = Delay> {
    let range = (1..2_000_u64, 0..20_000_u64).prop_map(|(low, width)| (low, low + width));
    prop_oneof![
        (1..5_000_u64).prop_map(Delay::Fixed),
        range.clone().prop_map(|(low, high)| Delay::Uniform(low, high)),
        range.prop_map(|(low, high)| Delay::HeavyTail(low, high)),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (any::<u64>(), 4..12_u32, 0..12_u32, 1..4_u32, 1..10_u32, 1..20_u32, 2..200_u32).prop_map(
        |(seed, shortest, width, heartbeat, entries_per_message, window, uncommitted_limit)| {
            Settings {
                seed,
                election_timeout: (shortest, shortest + width),
                heartbeat,
                entries_per_message,
                window,
                uncommitted_limit,
            }
        },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    (2..=5_u32).prop_flat_map(|servers| {
        let clock = (8_000..12_000_u64, 1..10_000_u64);
        let clock = clock.prop_map(|(tick, first)| Clock { tick, first });
        let weather = (delay(), 0..100_000_u32, 0..100_000_u32);
        (
            any::<u64>(),
            settings(),
            vec(clock, servers as usize),
            weather,
            0..8_000_u64,
            any::<bool>(),
            1_000..20_000_u64,
            vec(fault(servers), 0..12),
        )
            .prop_map(
                |(seed, settings, clocks, weather, sync, durable, interval, faults)| {
                    let (delay, loss_ppm, duplicate_ppm) = weather;
                    Plan {
                        seed,
                        duration: DURATION,
                        settings,
                        clocks,
                        weather: Weather { delay, loss_ppm, duplicate_ppm },
                        sync: SyncTime { min: sync / 4, max: sync },
                        durable_state_machine: durable,
                        clients: Clients { interval, size: 8, wander: 20 },
                        faults,
                    }
                },
            )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_fault_schedule_makes_the_core_violate_a_property(plan in plan()) {
        let outcome = run(&plan, &Reference, true, None).expect("the plan boots");
        prop_assert!(outcome.violation.is_none(), "{:?}", outcome.violation);
    }

    #[test]
    fn taking_a_fault_out_of_a_schedule_leaves_what_came_before_it(
        plan in plan(),
        which in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!plan.faults.is_empty());
        // Up to the moment at which one fault would begin, the others happen as they did with it.
        let gone = which.index(plan.faults.len());
        let with = Plan { duration: plan.faults[gone].at.saturating_sub(1), ..plan };
        let mut without = with.clone();
        without.faults.remove(gone);
        let with = run(&with, &Reference, true, None).expect("the plan boots");
        let without = run(&without, &Reference, true, None).expect("the plan boots");
        prop_assert_eq!(with.digest, without.digest);
    }
}
