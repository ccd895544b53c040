//! Plans drawn at random: a run of the reference core violates nothing under any of them.
//!
//! The strategies draw the same plan that `raft-sim run` draws from a seed, piece by piece, so that a
//! failing one shrinks to fewer faults and tasks, fewer servers and plainer settings.

use proptest::collection::vec;
use proptest::prelude::*;
use raft_sim::cluster::Feature;
use raft_sim::disk::SyncTime;
use raft_sim::network::{Delay, Weather};
use raft_sim::plan::{
    Clients, Clock, Direction, Fault, FaultKind, Plan, Target, Task, TaskClass, TaskKind, Whom,
    Wishes,
};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::{Changes, Settings};

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

/// How a leader serves its followers, and how many entries it takes.
fn limits() -> impl Strategy<Value = Settings> {
    let pace = (4..12_u32, 0..12_u32, 1..4_u32, 1..10_u32, 1..20_u32, 2..200_u32);
    let parts = (prop_oneof![Just(1 << 20), 1..200_u32], prop_oneof![Just(1 << 16), 1..64_u32]);
    (any::<u64>(), pace, parts).prop_map(|(seed, pace, (bytes_per_message, snapshot_chunk))| {
        let (shortest, width, heartbeat, entries_per_message, window, uncommitted_limit) = pace;
        Settings {
            seed,
            election_timeout: (shortest, shortest + width),
            heartbeat,
            entries_per_message,
            window,
            uncommitted_limit,
            bytes_per_message,
            snapshot_chunk,
            ..Settings::default()
        }
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let changes = prop_oneof![Just(Changes::Shortest), Just(Changes::Single), Just(Changes::Joint)];
    let leaders = (any::<bool>(), any::<bool>(), changes, 1..10_u32);
    let machine = (proptest::option::of(1..20_u32), prop_oneof![Just(1_000), 1..4_u32]);
    (limits(), leaders, machine).prop_map(|(limits, leaders, (apply_limit, sessions))| {
        let (pre_vote, check_quorum, changes, catch_up_rounds) = leaders;
        Settings {
            pre_vote,
            check_quorum,
            changes,
            catch_up_rounds,
            apply_limit,
            sessions,
            ..limits
        }
    })
}

/// Servers that differ from the others in how they are elected and step down.
fn exceptions(servers: u32) -> impl Strategy<Value = Vec<(u32, bool, bool)>> {
    vec((1..=servers, any::<bool>(), any::<bool>()), 0..2)
}

fn clients() -> impl Strategy<Value = Clients> {
    (1_000..20_000_u64, 0..60_u32, 0..60_u32, 1..4_u32, 20_000..200_000_u64).prop_map(
        |(interval, reads, once, sessions, patience)| Clients {
            interval,
            size: 8,
            wander: 20,
            reads,
            once,
            sessions,
            patience,
        },
    )
}

fn whom(servers: u32) -> impl Strategy<Value = Whom> {
    prop_oneof![
        Just(Whom::Leader),
        Just(Whom::Leaders),
        Just(Whom::Everybody),
        (1..=servers).prop_map(Whom::Server)
    ]
}

/// Each server votes, learns, or is left out; one of them votes.
fn membership(servers: u32) -> impl Strategy<Value = TaskKind> {
    (vec(0..4_u8, servers as usize), 1..=servers).prop_map(move |(places, voter)| {
        let place = |server: u32| if server == voter { 0 } else { places[server as usize - 1] };
        let placed = |wanted: std::ops::Range<u8>| {
            (1..=servers).filter(|server| wanted.contains(&place(*server))).collect()
        };
        TaskKind::Membership { voters: placed(0..2), learners: placed(2..3) }
    })
}

fn task(servers: u32) -> impl Strategy<Value = Task> {
    let kind = prop_oneof![
        Just(TaskKind::Compaction),
        (1..=servers).prop_map(TaskKind::Transfer),
        membership(servers),
    ];
    let task = (0..DURATION, whom(servers), kind);
    task.prop_map(|(at, of, kind)| Task { number: 0, at, of, kind })
}

fn plan() -> impl Strategy<Value = Plan> {
    (2..=5_u32, 0..3_u32).prop_flat_map(|(members, joiners)| {
        let servers = members + joiners;
        let clock = (8_000..12_000_u64, 1..10_000_u64);
        let clock = clock.prop_map(|(tick, first)| Clock { tick, first });
        let weather = (delay(), 0..100_000_u32, 0..100_000_u32);
        let host = (0..8_000_u64, 0..4_000_u64, 0..40_000_u64, any::<bool>());
        let script = (vec(fault(servers), 0..12), vec(task(servers), 0..20));
        let settings = (settings(), exceptions(servers), any::<bool>());
        (settings, vec(clock, servers as usize), weather, host, clients(), script).prop_map(
            move |(settings, clocks, weather, host, clients, (faults, mut tasks))| {
                let (mut settings, exceptions, lease) = settings;
                let (delay, loss_ppm, duplicate_ppm) = weather;
                let (sync, notice, apply_time, durable_state_machine) = host;
                let exceptions: Vec<_> = exceptions
                    .into_iter()
                    .map(|(server, pre_vote, check_quorum)| {
                        (server, Settings { pre_vote, check_quorum, ..settings })
                    })
                    .collect();
                // Leases need all servers, and these clocks differ by less than a half.
                if lease && settings.check_quorum && exceptions.is_empty() {
                    settings.lease_drift = Some(50);
                }
                (0..).zip(&mut tasks).for_each(|(number, task)| task.number = number);
                Plan {
                    seed: settings.seed,
                    duration: DURATION,
                    settings,
                    exceptions,
                    clocks,
                    members,
                    weather: Weather { delay, loss_ppm, duplicate_ppm },
                    sync: SyncTime { min: sync / 4, max: sync, notice },
                    apply_time,
                    durable_state_machine,
                    clients,
                    faults,
                    tasks,
                }
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_makes_the_core_violate_a_property(plan in plan()) {
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

    #[test]
    fn taking_a_task_out_leaves_what_came_before_it(
        plan in plan(),
        which in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!plan.tasks.is_empty());
        let gone = which.index(plan.tasks.len());
        let with = Plan { duration: plan.tasks[gone].at.saturating_sub(1), ..plan };
        let mut without = with.clone();
        without.tasks.remove(gone);
        let with = run(&with, &Reference, true, None).expect("the plan boots");
        let without = run(&without, &Reference, true, None).expect("the plan boots");
        prop_assert_eq!(with.digest, without.digest);
    }
}

/// What `--tasks` leaves out is not in the plan, and nothing else of the plan changes with it.
#[test]
fn a_plan_has_only_tasks_of_the_classes_that_are_wished() {
    let mut had = [false; TaskClass::ALL.len()];
    for seed in 0..200 {
        let drawn = Plan::draw(seed, &Wishes::default());
        for class in TaskClass::ALL {
            let others = TaskClass::ALL.into_iter().filter(|other| *other != class).collect();
            let plan = Plan::draw(seed, &Wishes { tasks: Some(others), ..Wishes::default() });
            assert!(!has(&plan, class), "seed {seed} without {class:?}");
            had[class as usize] |= has(&drawn, class);
        }
        let plain = Plan::draw(seed, &Wishes { tasks: Some(Vec::new()), ..Wishes::default() });
        assert_eq!(plain.clocks[..], drawn.clocks[..drawn.members as usize], "seed {seed}");
        assert_eq!((plain.weather, plain.members), (drawn.weather, drawn.members), "seed {seed}");
        assert_eq!(plain.faults.len(), drawn.faults.len(), "seed {seed}");
    }
    assert_eq!(had, [true; TaskClass::ALL.len()], "each is drawn for some seed");
}

fn has(plan: &Plan, class: TaskClass) -> bool {
    match class {
        TaskClass::Membership | TaskClass::Transfer | TaskClass::Compaction => {
            plan.tasks.iter().any(|task| task.kind.class() == class)
        }
        TaskClass::Reads => plan.clients.reads > 0,
        TaskClass::Sessions => plan.clients.once > 0,
    }
}

/// What nobody asks for does not take part, and is not counted.
#[test]
fn a_run_without_tasks_is_commands_and_elections() {
    let wishes = Wishes { tasks: Some(Vec::new()), ..Wishes::default() };
    let asked_for = [
        Feature::SingleChange,
        Feature::JointChange,
        Feature::Transferred,
        Feature::SnapshotTaken,
        Feature::SnapshotInstalled,
        Feature::LeaderRead,
        Feature::FollowerRead,
        Feature::LeaseRead,
        Feature::SessionOpened,
    ];
    let mut with = [0; Feature::ALL.len()];
    for seed in 0..20 {
        let outcome = |wishes| {
            run(&Plan::draw(seed, wishes), &Reference, false, None).expect("a drawn plan boots")
        };
        let without = outcome(&wishes);
        for feature in asked_for {
            assert_eq!(without.features[feature as usize], 0, "seed {seed}: {feature:?}");
        }
        for (sum, count) in with.iter_mut().zip(outcome(&Wishes::default()).features) {
            *sum += count;
        }
    }
    for feature in asked_for {
        assert!(with[feature as usize] > 0, "with tasks there is {feature:?}");
    }
}

/// No drawn plan asks for what Raft is not made for.
#[test]
fn drawn_plans_keep_voters_and_the_bound_on_their_clocks() {
    for seed in 0..500 {
        let plan = Plan::draw(seed, &Wishes::default());
        for task in &plan.tasks {
            if let TaskKind::Membership { voters, learners } = &task.kind {
                assert!(!voters.is_empty(), "seed {seed}");
                let mut all: Vec<u32> = voters.iter().chain(learners).copied().collect();
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len(), voters.len() + learners.len(), "seed {seed}");
                assert!(all.iter().all(|server| (1..=plan.clocks.len() as u32).contains(server)));
            }
        }
        if let Some(drift) = plan.settings.lease_drift {
            assert!(plan.servers().all(|id| plan.settings_of(id).check_quorum), "seed {seed}");
            let ticks = plan.clocks.iter().map(|clock| clock.tick);
            let (fastest, slowest) = (ticks.clone().min(), ticks.max());
            let bound = fastest.unwrap_or(1) * (100 + u64::from(drift));
            assert!(slowest.unwrap_or(1) * 100 <= bound, "seed {seed}");
        }
    }
}
