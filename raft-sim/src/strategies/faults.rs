//! Strategies for schedules of faults.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::servers::Servers;
use crate::plan::fault::{Source, When};
use crate::plan::{Ending, EndingAt, Fault, FaultClass, Plan, Target, Trigger, fit};
use crate::rng::PlanRng;
use crate::subject::Settings;
use crate::time::Micros;

/// Most faults of a plan.
pub(super) const MOST_FAULTS: usize = 12;
/// The number of words from which a fault is drawn: as many as a partition takes.
const WORDS: usize = 20;

/// Schedules of faults of these classes for a given plan: they name its servers, begin within its duration, and
/// respect the assumptions of its leases. They do not depend on the faults that it has.
///
/// Lost and repeated messages are conditions of the plan's network, so [`FaultClass::Loss`] and [`FaultClass::Duplicate`] have
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
    let drawn = |class: &&FaultClass| class.is_fair() && !class.is_condition();
    let kinds = classes.iter().filter(drawn).map(|&class| (weight(class), kind(class, servers)));
    let kinds: Vec<_> = kinds.collect();
    if kinds.is_empty() || duration == 0 {
        return Just(Vec::new()).boxed();
    }
    let length = prop_oneof![3 => 1_000..60_000_u64, 1 => 1_000..400_000_u64];
    let when = (0..duration, length, trigger(), ending());
    let when = when.prop_map(|(at, length, trigger, ending)| When {
        at,
        until: at + length,
        trigger,
        ending,
    });
    let faults = (when, Union::new_weighted(kinds)).prop_map(|(when, drawn)| drawn.faults(when));
    vec(faults, 0..=most).prop_map(|faults| faults.into_iter().flatten().collect()).boxed()
}

/// The trigger of a fault or an admin operation, if it has one.
pub(super) fn trigger() -> impl Strategy<Value = Option<Trigger>> {
    proptest::option::weighted(0.45, prop::sample::select(&Trigger::ALL[..]))
}

/// The trigger at which a fault ends, if it does.
fn ending() -> impl Strategy<Value = Option<Ending>> {
    let at = prop::sample::select(vec![EndingAt::Affected, EndingAt::Any]);
    let ending = (prop::sample::select(&Trigger::ALL[..]), at);
    proptest::option::weighted(0.25, ending.prop_map(|(trigger, at)| Ending { trigger, at }))
}

/// Faults of a class, but for their times.
#[derive(Clone, Debug)]
struct Drawn {
    class: FaultClass,
    servers: u32,
    target: Target,
    words: Vec<u16>,
}

impl Drawn {
    fn faults(self, when: When) -> Vec<Fault> {
        let Drawn { class, servers, target, words } = self;
        let settings = |_| Settings::default();
        let mut source = Source {
            rng: PlanRng::given(words),
            members: servers,
            joiners: 0,
            servers,
            settings: &settings,
            turn: None,
        };
        class.faults(&mut source, target, when)
    }
}

/// Faults of a class, most of them of the servers that are there in most plans.
fn kind(class: FaultClass, servers: Servers) -> impl Strategy<Value = Drawn> {
    let scale = prop_oneof![3 => Just(servers.first), 1 => Just(servers.most)];
    let words = vec(proptest::num::u16::ANY, WORDS);
    (scale, servers.target(), words).prop_map(move |(servers, target, words)| {
        // A link has two ends; one that is not there is dropped later.
        Drawn { class, servers: servers.max(2), target, words }
    })
}

/// The time between two ticks of a clock.
pub(super) fn fair_tick() -> impl Strategy<Value = Micros> + Clone {
    fit::TICKS.0..=fit::TICKS.1
}
