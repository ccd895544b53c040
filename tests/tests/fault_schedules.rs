//! Plans drawn at random: a run of the reference core violates nothing under any of them. And the plans match the
//! options, drawn by a seed (`Plan::draw`) or by the strategies of `raft_sim::strategies`.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestError, TestRunner};
use raft_sim::coverage::Feature;
use raft_sim::disk::Survives;
use raft_sim::network::Delay;
use raft_sim::plan::{
    AdminClass, AdminKind, AdminOp, AdminTarget, ConditionSort, Draw, Fault, FaultClass, FaultKind,
    FaultSort, Healing, KindSort, Plan, PlanOptions, Profile, Target, Trigger,
};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::strategies;
use raft_sim::subject::{Changes, Settings};

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..strategies::config() })]

    #[test]
    fn no_plan_makes_the_core_violate_a_property(plan in strategies::plan()) {
        strategies::check(&plan, &Reference)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn removing_a_fault_leaves_what_happened_before_it(
        plan in strategies::plan(),
        which in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!plan.faults.is_empty());
        // Until the time at which one fault would begin, the others happen as they did with it.
        let gone = which.index(plan.faults.len());
        let with = Plan { duration: plan.faults[gone].at.saturating_sub(1), ..plan };
        let mut without = with.clone();
        without.faults.remove(gone);
        let with = run(&with, &Reference, true, &mut ()).expect("the plan boots");
        let without = run(&without, &Reference, true, &mut ()).expect("the plan boots");
        prop_assert_eq!(with.digest, without.digest);
    }

    #[test]
    fn removing_an_admin_op_leaves_what_happened_before_it(
        plan in strategies::plan(),
        which in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!plan.admin_ops.is_empty());
        let gone = which.index(plan.admin_ops.len());
        let with = Plan { duration: plan.admin_ops[gone].at.saturating_sub(1), ..plan };
        let mut without = with.clone();
        without.admin_ops.remove(gone);
        let with = run(&with, &Reference, true, &mut ()).expect("the plan boots");
        let without = run(&without, &Reference, true, &mut ()).expect("the plan boots");
        prop_assert_eq!(with.digest, without.digest);
    }
}

/// Operations left out by `--admin` are not in the plan, and nothing else of the plan changes.
#[test]
fn a_plan_has_only_admin_ops_of_the_requested_classes() {
    let mut had = [false; AdminClass::ALL.len()];
    for seed in 0..300 {
        let drawn = Plan::draw(seed, &PlanOptions::default());
        for class in AdminClass::ALL {
            let others = Draw::of(seed, &PlanOptions::default()).admin_ops;
            let others = others.into_iter().filter(|other| *other != class).collect();
            let plan = Plan::draw(
                seed,
                &PlanOptions { admin_ops: Some(others), ..PlanOptions::default() },
            );
            assert!(!has(&plan, class), "seed {seed} without {class:?}");
            had[class as usize] |= has(&drawn, class);
            // The requests of the healing phase depend on the classes that are allowed.
            let Plan { admin_ops, clients, healing, .. } = drawn.clone();
            let rest = Plan { admin_ops, clients, healing, ..plan };
            if class == AdminClass::Membership {
                same_but_for_joiners(&rest, &drawn);
            } else {
                assert!(rest == drawn, "seed {seed} without {class:?}: {rest:?} is not {drawn:?}");
            }
        }
    }
    assert_eq!(had, [true; AdminClass::ALL.len()], "each is drawn for some seed");
}

/// Two plans of which only one has servers that wait to be added.
fn same_but_for_joiners(without: &Plan, with: &Plan) {
    let seed = with.seed;
    assert_eq!(without.clocks[..], with.clocks[..with.members as usize], "seed {seed}");
    assert_eq!(without.settings.changes, with.settings.changes, "seed {seed}");
    assert_eq!(without.settings.pre_vote, with.settings.pre_vote, "seed {seed}");
    let times = |plan: &Plan| -> Vec<_> {
        plan.faults
            .iter()
            .map(|fault| (fault.at, fault.until, fault.trigger, fault.ending))
            .collect()
    };
    // One server alone has no links that could fail.
    if with.settings.lease_drift == without.settings.lease_drift && with.members > 1 {
        assert_eq!(times(without), times(with), "seed {seed}");
    }
    let host =
        |plan: &Plan| (plan.conditions, plan.sync, plan.apply_time, plan.durable_state_machine);
    assert_eq!(host(without), host(with), "seed {seed}");
}

/// Faults left out by `--faults` are not in the plan, and nothing else of the plan changes.
#[test]
fn a_plan_has_only_faults_of_the_requested_classes() {
    for seed in 0..200 {
        let drawn = Plan::draw(seed, &PlanOptions::default());
        let classes = Draw::of(seed, &PlanOptions::default()).faults;
        for class in &classes {
            let others = classes.iter().copied().filter(|other| other != class).collect();
            let plan =
                Plan::draw(seed, &PlanOptions { faults: Some(others), ..PlanOptions::default() });
            let left = |fault: &&Fault| plan.faults.contains(fault);
            // Without clocks that differ, leases may be longer and clocks may stand still.
            if *class != FaultClass::Clock {
                assert_eq!(
                    drawn.faults.iter().filter(left).count(),
                    plan.faults.len(),
                    "seed {seed}"
                );
                assert_eq!(plan.settings, drawn.settings, "seed {seed} without {class:?}");
            }
            assert_eq!(plan.admin_ops, drawn.admin_ops, "seed {seed} without {class:?}");
            assert_eq!(plan.clients, drawn.clients, "seed {seed} without {class:?}");
        }
        let none =
            Plan::draw(seed, &PlanOptions { faults: Some(Vec::new()), ..PlanOptions::default() });
        assert!(none.faults.is_empty(), "seed {seed}");
    }
}

/// A few hundred seeds have every fault that a correct Raft must survive, with every target and every trigger, and no
/// other fault.
#[test]
fn every_sort_of_fault_is_drawn() {
    let mut counts = vec![0; FaultSort::COUNT];
    for seed in 0..150 {
        let plan = Plan::draw(seed, &PlanOptions::default());
        let outcome = run(&plan, &Reference, false, &mut ()).expect("a drawn plan boots");
        assert_eq!(outcome.fired.len(), plan.faults.len() + plan.admin_ops.len());
        for (sum, count) in counts.iter_mut().zip(outcome.faults) {
            *sum += count;
        }
    }
    for (sort, count) in FaultSort::all().zip(counts) {
        assert_eq!(count > 0, sort.is_fair(), "{sort:?}: {count}");
    }
}

/// Each profile has seeds of its own kind.
#[test]
fn profiles_differ() {
    let drawn = |profile| -> Vec<Plan> {
        let plan_options = PlanOptions { profile, ..PlanOptions::default() };
        (0..20).map(|seed| Plan::draw(seed, &plan_options)).collect()
    };
    let plans = Profile::ALL.map(drawn);
    for (place, plan) in plans.iter().enumerate() {
        assert!(plans[..place].iter().all(|other| other != plan), "{:?}", Profile::ALL[place]);
    }
}

/// The requests of a client can be removed one by one.
#[test]
fn only_the_requests_that_are_named_are_made() {
    let mut plan = Plan::draw(
        7,
        &PlanOptions {
            faults: Some(Vec::new()),
            admin_ops: Some(Vec::new()),
            ..PlanOptions::default()
        },
    );
    plan.duration = 60 * plan.clients.interval;
    let all = run(&plan, &Reference, false, &mut ()).expect("a drawn plan boots").tally.proposed;
    plan.clients.only = Some(vec![3, 10]);
    let two = run(&plan, &Reference, false, &mut ()).expect("a drawn plan boots").tally.proposed;
    assert_eq!((all, two), (60, 2));
}

fn has(plan: &Plan, class: AdminClass) -> bool {
    match class {
        AdminClass::Membership | AdminClass::Transfer | AdminClass::Compaction => {
            plan.admin_ops.iter().any(|admin_op| admin_op.kind.class() == class)
        }
        AdminClass::Reads => {
            let reads = |admin_op: &AdminOp| admin_op.kind == AdminKind::Read;
            plan.clients.reads > 0 || plan.admin_ops.iter().any(reads)
        }
        AdminClass::Sessions => plan.clients.once > 0,
    }
}

/// Features that are not requested take no part, and are not counted.
#[test]
fn a_run_without_admin_ops_is_commands_and_elections() {
    let plan_options = PlanOptions { admin_ops: Some(Vec::new()), ..PlanOptions::default() };
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
        let outcome = |plan_options| {
            run(&Plan::draw(seed, plan_options), &Reference, false, &mut ())
                .expect("a drawn plan boots")
        };
        let without = outcome(&plan_options);
        for feature in asked_for {
            assert_eq!(without.features[feature as usize], 0, "seed {seed}: {feature:?}");
        }
        for (sum, count) in with.iter_mut().zip(outcome(&PlanOptions::default()).features) {
            *sum += count;
        }
    }
    for feature in asked_for {
        assert!(with[feature as usize] > 0, "with admin operations there is {feature:?}");
    }
}

/// No drawn plan asks for what Raft is not made for. Now and then an operation asks for a configuration that makes no
/// sense, and is refused.
#[test]
fn drawn_plans_keep_voters_and_the_bound_on_their_clocks() {
    let (mut changes, mut odd) = (0, 0);
    let seeds = (0..500).map(|seed| Plan::draw(seed, &PlanOptions::default()));
    for plan in seeds.chain(samples(&strategies::plan(), 500)) {
        for admin_op in &plan.admin_ops {
            if let AdminKind::Membership { voters, learners } = &admin_op.kind {
                let mut all: Vec<u32> = voters.iter().chain(learners).copied().collect();
                assert!(all.iter().all(|server| (1..=plan.clocks.len() as u32).contains(server)));
                all.sort_unstable();
                all.dedup();
                let twice = all.len() < voters.len() + learners.len();
                changes += 1;
                odd += u32::from(voters.is_empty() || twice);
            }
        }
        keeps_leases(&plan);
    }
    assert!(0 < odd && odd < changes / 10, "{odd} of {changes} changes make no sense");
}

/// Where there are leases, nothing breaks what they rest on.
fn keeps_leases(plan: &Plan) {
    let seed = plan.seed;
    let Some(drift) = plan.settings.lease_drift else { return };
    assert!(plan.servers().all(|id| plan.settings_of(id).check_quorum), "seed {seed}");
    let mut ticks: Vec<u64> = plan.clocks.iter().map(|clock| clock.tick).collect();
    for fault in &plan.faults {
        let breaks = matches!(fault.kind, FaultKind::Jump(..) | FaultKind::Freeze(_));
        assert!(!breaks, "seed {seed}: {fault:?}");
        if let FaultKind::Rate(_, tick) = &fault.kind {
            ticks.push(*tick);
        }
        if let FaultKind::RestartWith(_, settings) = &fault.kind {
            let timeout = settings.election_timeout;
            assert_eq!(timeout, plan.settings.election_timeout, "seed {seed}");
            assert!(settings.check_quorum && settings.lease_drift == Some(drift));
        }
    }
    let (fastest, slowest) = (ticks.iter().min(), ticks.iter().max());
    let bound = fastest.unwrap_or(&1) * (100 + u64::from(drift));
    assert!(slowest.unwrap_or(&1) * 100 <= bound, "seed {seed}");
}

/// Samples of a strategy, the same each time.
fn samples<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, number: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let mut sample = || strategy.new_tree(&mut runner).expect("it draws").current();
    (0..number).map(|_| sample()).collect()
}

/// The strategies draw each fair sort of fault, of target and of trigger, and none that is not fair.
#[test]
fn strategies_draw_every_sort_of_fault() {
    let mut drawn = BTreeSet::new();
    for plan in samples(&strategies::plan(), 300) {
        drawn.extend(surroundings(&plan));
        for fault in &plan.faults {
            drawn.insert(FaultSort::Kind(fault.kind.sort()));
            drawn.extend(fault.kind.target().map(|target| FaultSort::Target(target.sort())));
            drawn.extend(fault.trigger.map(FaultSort::Trigger));
            drawn.extend(fault.ending.map(|_| FaultSort::EndAtTrigger));
            if let FaultKind::Crash(_, survives) = fault.kind {
                let Survives { writes, torn } = survives;
                drawn.extend((writes > 0).then_some(FaultSort::Kind(KindSort::CrashSaved)));
                drawn.extend(torn.map(|_| FaultSort::Kind(KindSort::CrashTorn)));
            }
        }
        drawn.extend(
            plan.admin_ops
                .iter()
                .filter_map(|admin_op| admin_op.trigger)
                .map(|_| FaultSort::AdminAtTrigger),
        );
    }
    for sort in FaultSort::all() {
        assert_eq!(drawn.contains(&sort), sort.is_fair(), "{sort:?}");
    }
}

/// The permanent faults of a plan.
fn surroundings(plan: &Plan) -> impl Iterator<Item = FaultSort> {
    let uneven = plan.clocks.windows(2).any(|two| two[0].tick != two[1].tick);
    let sorts = [
        (FaultSort::Condition(ConditionSort::Loss), plan.conditions.loss_ppm > 0),
        (FaultSort::Condition(ConditionSort::Duplicate), plan.conditions.duplicate_ppm > 0),
        (FaultSort::Condition(ConditionSort::SlowDisks), plan.sync.max > 0),
        (FaultSort::Condition(ConditionSort::LateNotices), plan.sync.notice > 0),
        (FaultSort::Condition(ConditionSort::UnevenClocks), uneven),
    ];
    sorts.into_iter().filter(|(_, has)| *has).map(|(sort, _)| sort)
}

/// The strategies draw each request of administrators and clients, with every target and every trigger; each way to
/// recover; and limits that are reached.
#[test]
fn strategies_draw_every_admin_op_every_recovery_and_small_limits() {
    let plans = samples(&strategies::plan(), 300);
    let some = |what: &str, is: &dyn Fn(&Plan) -> bool| {
        let plans = plans.iter().filter(|plan| is(plan)).count();
        assert!((10..290).contains(&plans), "{plans} of 300 plans have {what}");
    };
    for class in AdminClass::ALL {
        some(&format!("{class:?}"), &|plan| has(plan, class));
    }
    for trigger in Trigger::ALL {
        some(&format!("operations at {trigger:?}"), &|plan| {
            plan.admin_ops.iter().any(|admin_op| admin_op.trigger == Some(trigger))
        });
    }
    for of in [
        AdminTarget::Leaders,
        AdminTarget::Everybody,
        AdminTarget::One(Target::Leader),
        AdminTarget::One(Target::Actor),
        AdminTarget::One(Target::Deposed),
        AdminTarget::One(Target::Behind),
        AdminTarget::One(Target::Server(1)),
    ] {
        some(&format!("operations for {of:?}"), &|plan| {
            plan.admin_ops.iter().any(|admin_op| admin_op.of == of)
        });
    }
    for (what, is) in [
        ("no recovery", (|plan| plan.healing.is_none()) as fn(&Plan) -> bool),
        ("servers that stay down", |plan| healing(plan).is_some_and(|it| !it.down.is_empty())),
        ("links that stay cut", |plan| healing(plan).is_some_and(|it| !it.cut.is_empty())),
        ("a change in the healing phase", |plan| healing(plan).is_some_and(|it| it.change)),
        ("a transfer in the healing phase", |plan| healing(plan).is_some_and(|it| it.transfer)),
        ("leases", |plan| plan.settings.lease_drift.is_some()),
        ("PreVote", |plan| plan.settings.pre_vote),
        ("different servers", |plan| !plan.exceptions.is_empty()),
        ("joiners", |plan| plan.clocks.len() > plan.members as usize),
        ("snapshots in parts", |plan| plan.settings.snapshot_chunk <= 64),
        ("few entries in a message", |plan| plan.settings.entries_per_message == 1),
        ("few bytes in a message", |plan| plan.settings.bytes_per_message <= 64),
        ("few uncommitted entries", |plan| plan.settings.uncommitted_limit <= 256),
        ("a small window", |plan| plan.settings.window <= 8),
        ("few sessions", |plan| plan.settings.sessions <= 4),
        ("few rounds", |plan| plan.settings.catch_up_rounds == 1),
        ("state machines behind", |plan| plan.settings.apply_limit.is_some()),
        ("joint consensus", |plan| plan.settings.changes == Changes::Joint),
        ("durable state machines", |plan| plan.durable_state_machine),
    ] {
        some(what, &is);
    }
}

fn healing(plan: &Plan) -> Option<&Healing> {
    plan.healing.as_ref()
}

/// A strategy draws what its options allow, no more, and never what Raft is not made for.
#[test]
fn strategies_draw_only_what_is_requested() {
    let plan_options = PlanOptions {
        servers: Some(4),
        duration_ms: Some(700),
        faults: Some(vec![FaultClass::Crash, FaultClass::Wipe, FaultClass::Skew]),
        admin_ops: Some(vec![AdminClass::Transfer]),
        profile: Profile::Process,
        capabilities: None,
        ..PlanOptions::default()
    };
    for plan in samples(&strategies::plan_with(&plan_options), 100) {
        assert_eq!((plan.clocks.len(), plan.members, plan.duration), (4, 4, 700_000));
        let crash =
            |fault: &Fault| matches!(fault.kind, FaultKind::Crash(..) | FaultKind::CrashAll);
        assert!(plan.faults.iter().all(crash), "{:?}", plan.faults);
        assert!(
            plan.admin_ops
                .iter()
                .all(|admin_op| matches!(admin_op.kind, AdminKind::Transfer(1..=4)))
        );
        assert_eq!(surroundings(&plan).count(), 0);
        assert_eq!((plan.clients.reads, plan.clients.once), (0, 0));
        assert!(healing(&plan).is_none_or(|healing| healing.cut.is_empty()));
    }
    // One server has no links, and no time has no faults.
    let alone =
        PlanOptions { servers: Some(1), admin_ops: Some(Vec::new()), ..PlanOptions::default() };
    for plan in samples(&strategies::plan_with(&alone), 100) {
        assert_eq!(plan.clocks.len(), 1);
        let link = |fault: &Fault| {
            matches!(fault.kind, FaultKind::OneWay(..) | FaultKind::Hold(..) | FaultKind::Slow(..))
        };
        assert!(!plan.faults.iter().any(link), "{:?}", plan.faults);
    }
}

/// Faults and admin operations drawn for an existing plan fit it.
#[test]
fn schedules_fit_the_plan_that_they_are_for() {
    let plan_options = PlanOptions { servers: Some(3), ..PlanOptions::default() };
    let leases = (0..100).map(|seed| Plan::draw(seed, &plan_options));
    let plan = leases.into_iter().find(|plan| plan.settings.lease_drift == Some(50));
    let plan = plan.expect("some seed has leases");
    let fair: Vec<_> = FaultClass::ALL.into_iter().filter(|class| class.is_fair()).collect();
    let schedules =
        (strategies::faults(&plan, &fair), strategies::admin_ops(&plan, &AdminClass::ALL));
    let mut kinds = BTreeSet::new();
    for (faults, admin_ops) in samples(&schedules, 200) {
        let plan = Plan { faults, admin_ops, ..plan.clone() };
        keeps_leases(&plan);
        kinds.extend(plan.faults.iter().map(|fault| fault.kind.sort()));
        assert!(plan.faults.is_sorted_by_key(|fault| fault.at));
        assert!(plan.admin_ops.is_sorted_by_key(|admin_op| admin_op.at));
        let servers = 1..=plan.clocks.len() as u32;
        for fault in &plan.faults {
            if let Some(Target::Server(server)) = fault.kind.target() {
                assert!(servers.contains(&server), "{fault:?}");
            }
        }
        let times = |admin_op: &AdminOp| admin_op.at < plan.duration;
        assert!(plan.admin_ops.iter().all(times));
    }
    // All kinds but those that leases do not allow.
    let not_kinds = [KindSort::CrashSaved, KindSort::CrashTorn];
    let unbounded = [KindSort::Jump, KindSort::Freeze];
    let kept = KindSort::ALL
        .into_iter()
        .filter(|sort| sort.is_fair() && !not_kinds.contains(sort) && !unbounded.contains(sort));
    assert_eq!(kinds, kept.collect());
}

/// Proptest itself shrinks a plan to the parts that matter.
#[test]
fn a_plan_shrinks_to_what_matters() {
    let stalls = |plan: &Plan| {
        plan.faults.iter().any(|fault| matches!(fault.kind, FaultKind::Stall(Target::Leader)))
    };
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() },
        TestRunner::deterministic().new_rng(),
    );
    let result = runner.run(&strategies::plan(), |plan| {
        prop_assert!(!stalls(&plan));
        Ok(())
    });
    let Err(TestError::Fail(_, plan)) = result else { panic!("some plan has it: {result:?}") };
    assert_eq!((plan.faults.len(), plan.admin_ops.len(), plan.clocks.len()), (1, 0, 1));
    assert_eq!(plan.settings, Settings { seed: 0, ..Settings::default() });
    assert_eq!((plan.healing, plan.faults[0].trigger, plan.faults[0].at), (None, None, 0));
    assert_eq!((plan.conditions.delay, plan.conditions.loss_ppm), (Delay::Fixed(1), 0));
}
