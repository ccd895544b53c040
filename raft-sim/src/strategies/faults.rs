//! Schedules of faults.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::servers::Servers;
use super::settings;
use crate::disk::Survives;
use crate::network::Kinds;
use crate::plan::{Direction, Fault, FaultClass, FaultKind, Plan, Trigger, fit};
use crate::time::Micros;

/// Most faults of a plan.
pub(super) const MOST_FAULTS: usize = 12;

/// Schedules of faults of these classes for a plan of yours: they name its servers, begin within its duration, and
/// let its leases be. They do not depend on the faults that it has.
///
/// Lost and repeated messages are the plan's weather, so [`FaultClass::Loss`] and [`FaultClass::Duplicate`] have
/// no faults. Neither have classes that are not fair.
///
/// ```
/// use proptest::prelude::*;
/// use raft_sim::plan::{FaultClass, Plan, PlanOptions};
/// use raft_sim::strategies::faults;
///
/// let calm = Plan::draw(1, &PlanOptions { faults: Some(vec![]), ..PlanOptions::default() });
/// let classes = [FaultClass::Partition, FaultClass::OneWay];
/// proptest!(|(faults in faults(&calm, &classes))| {
///     let plan = Plan { faults, ..calm.clone() };
///     prop_assert!(plan.faults.iter().all(|fault| fault.at < plan.duration));
/// });
/// ```
pub fn faults(plan: &Plan, classes: &[FaultClass]) -> impl Strategy<Value = Vec<Fault>> + use<> {
    let servers = Servers::all(plan.clocks.len() as u32);
    let plan = plan.clone();
    any(servers, plan.duration, MOST_FAULTS, classes, |_| 1)
        .prop_map(move |faults| fit::faults(faults, &plan))
}

/// Faults that may have to be fitted to a plan; some classes are likelier than others.
pub(super) fn any(
    servers: Servers,
    duration: Micros,
    most: usize,
    classes: &[FaultClass],
    weight: impl Fn(FaultClass) -> u32,
) -> BoxedStrategy<Vec<Fault>> {
    let kinds = classes.iter().filter_map(|&class| Some((weight(class), kind(class, servers)?)));
    let kinds: Vec<_> = kinds.collect();
    if kinds.is_empty() || duration == 0 {
        return Just(Vec::new()).boxed();
    }
    let length = prop_oneof![3 => 1_000..60_000_u64, 1 => 1_000..400_000_u64];
    let fault = (0..duration, length, trigger(), Union::new_weighted(kinds));
    let fault = fault.prop_map(|(at, length, trigger, kind)| Fault {
        at,
        until: at + length,
        trigger,
        kind,
    });
    vec(fault, 0..=most).boxed()
}

/// What a fault or a task waits for, if for anything.
pub(super) fn trigger() -> impl Strategy<Value = Option<Trigger>> {
    proptest::option::weighted(0.45, prop::sample::select(&Trigger::ALL[..]))
}

/// What goes wrong in a class; `None` if it has no faults, or no fair ones.
fn kind(class: FaultClass, servers: Servers) -> Option<BoxedStrategy<FaultKind>> {
    let target = servers.target();
    let aimed = || (servers.target(), direction());
    Some(match class {
        FaultClass::Loss | FaultClass::Duplicate => return None,
        FaultClass::Wipe | FaultClass::Lie | FaultClass::Skew => return None,
        FaultClass::OneWay | FaultClass::Hold | FaultClass::SlowLink if servers.most == 1 => {
            return None;
        }
        FaultClass::Partition => servers.groups().prop_map(FaultKind::Partition).boxed(),
        FaultClass::OneWay => {
            servers.two().prop_map(|(from, to)| FaultKind::OneWay(from, to)).boxed()
        }
        FaultClass::Isolate => {
            aimed().prop_map(|(target, way)| FaultKind::Isolate(target, way)).boxed()
        }
        FaultClass::Flap => (aimed(), 1_000..100_000_u64)
            .prop_map(|((target, way), period)| FaultKind::Flap(target, way, period))
            .boxed(),
        FaultClass::Hold => servers.two().prop_map(|(from, to)| FaultKind::Hold(from, to)).boxed(),
        FaultClass::HoldKinds => (aimed(), kinds())
            .prop_map(|((target, way), kinds)| FaultKind::HoldKinds(target, way, kinds))
            .boxed(),
        FaultClass::SlowLink => (servers.two(), 1_000..200_000_u64)
            .prop_map(|((from, to), extra)| FaultKind::Slow(from, to, extra))
            .boxed(),
        FaultClass::Crash => prop_oneof![
            6 => (target, survives()).prop_map(|(target, left)| FaultKind::Crash(target, left)),
            1 => Just(FaultKind::CrashAll),
        ]
        .boxed(),
        FaultClass::CrashAtWrite => (target, survives())
            .prop_map(|(target, left)| FaultKind::CrashAtWrite(target, left))
            .boxed(),
        FaultClass::FullDisk => target.prop_map(FaultKind::FullDisk).boxed(),
        FaultClass::SlowDisk => target.prop_map(FaultKind::Stall).boxed(),
        FaultClass::Pause => {
            let lazy = servers.target().prop_map(FaultKind::StallApply);
            prop_oneof![2 => target.prop_map(FaultKind::Pause), 1 => lazy].boxed()
        }
        FaultClass::RestartWith => (servers.one(), settings::any())
            .prop_map(|(server, settings)| FaultKind::RestartWith(server, Box::new(settings)))
            .boxed(),
        FaultClass::Clock => prop_oneof![
            (target, fair_tick()).prop_map(|(target, tick)| FaultKind::Rate(target, tick)),
            (servers.target(), 1..=30_u32)
                .prop_map(|(target, ticks)| FaultKind::Jump(target, ticks)),
            servers.target().prop_map(FaultKind::Freeze),
        ]
        .boxed(),
    })
}

/// Between two ticks of a clock.
pub(super) fn fair_tick() -> impl Strategy<Value = Micros> + Clone {
    fit::TICKS.0..=fit::TICKS.1
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![2 => Just(Direction::Both), 1 => Just(Direction::Outgoing), 1 => Just(Direction::Incoming)]
}

fn survives() -> impl Strategy<Value = Survives> {
    let torn = proptest::option::of(0..3_usize);
    (0..4_usize, torn).prop_map(|(writes, torn)| Survives { writes, torn })
}

/// Messages of one or two kinds.
fn kinds() -> impl Strategy<Value = Kinds> {
    let kind = || {
        prop::sample::select(vec![
            Kinds::REQUEST_VOTE,
            Kinds::REQUEST_VOTE_REPLY,
            Kinds::PRE_VOTE,
            Kinds::PRE_VOTE_REPLY,
            Kinds::APPEND_ENTRIES,
            Kinds::APPEND_ENTRIES_REPLY,
            Kinds::INSTALL_SNAPSHOT,
            Kinds::INSTALL_SNAPSHOT_REPLY,
            Kinds::TIMEOUT_NOW,
            Kinds::READ_INDEX,
            Kinds::READ_INDEX_REPLY,
        ])
    };
    (kind(), kind()).prop_map(|(one, other)| one | other)
}
