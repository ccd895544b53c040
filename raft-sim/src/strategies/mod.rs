//! Strategies for property tests of any Raft: whole plans, schedules of faults, and admin operations. They need the
//! feature `proptest`. `docs/property-tests.md` is an introduction; a complete test is:
//!
//! ```
//! use proptest::prelude::*;
//! use raft_sim::reference::Reference; // in its place, yours
//! use raft_sim::strategies;
//!
//! proptest! {
//!     #![proptest_config(ProptestConfig { cases: 4, ..strategies::config() })]
//!     # /*
//!     #[test]
//!     # */
//!     fn no_plan_makes_it_violate_a_property(plan in strategies::plan()) {
//!         strategies::check(&plan, &Reference)?;
//!     }
//! }
//! # no_plan_makes_it_violate_a_property();
//! ```
//!
//! These strategies draw everything that Raft must tolerate: faults of every fair class, by server, role and trigger,
//! and everything else that a plan has. They never draw what Raft does not tolerate: disks that lose their content or
//! lie, and clocks that leave the bounds of a lease. So an implementation that violates a property under such a plan
//! has a bug.
//!
//! A plan shrinks to less time, fewer servers, faults, admin operations and requests, fair network conditions and the
//! default settings. A test that calls [`check`] does not need that: [`check`] shrinks by itself, to a scenario.

mod admin_ops;
mod check;
mod faults;
mod healing;
mod servers;
mod settings;
mod surroundings;

use proptest::prelude::*;

use crate::plan::{AdminClass, Draw, FaultClass, Healing, Plan, PlanOptions, Profile, fit};
use crate::time::Micros;

pub use admin_ops::admin_ops;
pub use check::{check, config};
pub use faults::faults;

use faults::MOST_FAULTS;
use servers::Servers;
use surroundings::Surroundings;

/// Most servers that wait to be added.
const MOST_JOINERS: u32 = 3;
/// The duration of a run unless an option sets it, in virtual microseconds.
const DURATION: std::ops::RangeInclusive<Micros> = 300_000..=2_000_000;

/// Plans with everything that Raft must tolerate.
pub fn plan() -> impl Strategy<Value = Plan> {
    plan_with(&PlanOptions::default())
}

/// Plans with the number of servers, the duration, and the classes of faults and admin operations in `plan_options`.
///
/// The options have the same meaning as for [`Plan::draw`], with two differences. A profile makes its own classes
/// likelier than others, and [`Profile::Swarm`] none. Classes that are not fair are left out, even if the options
/// name them.
///
/// ```
/// use proptest::prelude::*;
/// use raft_sim::plan::{AdminClass, FaultClass, PlanOptions};
/// use raft_sim::strategies::plan_with;
///
/// let crashes = plan_with(&PlanOptions {
///     servers: Some(3),
///     duration_ms: Some(500),
///     faults: Some(vec![FaultClass::Crash, FaultClass::CrashAtWrite]),
///     admin_ops: Some(vec![AdminClass::Sessions]),
///     ..PlanOptions::default()
/// });
/// proptest!(|(plan in crashes)| {
///     prop_assert_eq!(plan.clocks.len(), 3);
///     prop_assert!(plan.admin_ops.is_empty());
/// });
/// ```
pub fn plan_with(plan_options: &PlanOptions) -> impl Strategy<Value = Plan> + use<> {
    let draw = possible(plan_options);
    let joiners = if draw.does(AdminClass::Membership) { MOST_JOINERS } else { 0 };
    let servers = Servers::up_to(plan_options.servers, joiners);
    let members = servers::members(plan_options.servers);
    let duration = plan_options.duration_ms.map_or(DURATION, |ms| ms * 1_000..=ms * 1_000);
    let longest = *duration.end();
    let most = if draw.profile == Profile::Calm { MOST_FAULTS / 4 } else { MOST_FAULTS };
    let fault_weight = |class| draw.profile.faults(class);
    let admin_weight = |class| draw.profile.admin_ops(class);
    let script = (
        faults::any(servers, longest, most, &draw.faults, fault_weight),
        admin_ops::any(servers, longest, &draw.admin_ops, admin_weight),
        healing::any(servers),
    );
    let scale = (members, 0..=joiners, duration);
    let leaders = settings::leaders(servers);
    let surroundings = surroundings::any(servers, &draw);
    let capabilities = plan_options.capabilities.clone();
    (scale, settings::any(), leaders, surroundings, script).prop_map(
        move |((members, joiners, duration), settings, leaders, surroundings, script)| {
            let Surroundings { mut clocks, conditions, sync, machine, clients } = surroundings;
            let (apply_time, durable_state_machine) = machine;
            let (faults, admin_ops, healing) = script;
            clocks.truncate((members + joiners) as usize);
            let mut plan = Plan {
                seed: settings.seed,
                duration,
                settings,
                exceptions: Vec::new(),
                clocks,
                members,
                conditions,
                sync,
                apply_time,
                durable_state_machine,
                clients,
                faults: Vec::new(),
                admin_ops: Vec::new(),
                healing: None,
                most_steps: None,
                set_aside: Vec::new(),
            };
            leaders.given_to(&mut plan, draw.has(FaultClass::Clock));
            plan.faults = fit::faults(faults, &plan);
            plan.admin_ops = fit::admin_ops(admin_ops, &plan);
            plan.healing =
                healing.map(|healing| fit::healing(possible_healing(healing, &draw), &plan));
            match &capabilities {
                Some(capabilities) => plan.limited(capabilities),
                None => plan,
            }
        },
    )
}

/// The classes that may happen: those of the options that are fair.
fn possible(plan_options: &PlanOptions) -> Draw {
    let faults = plan_options.faults.clone().unwrap_or(FaultClass::ALL.to_vec());
    Draw {
        profile: plan_options.profile,
        faults: faults.into_iter().filter(|class| class.is_fair()).collect(),
        admin_ops: plan_options.admin_ops.clone().unwrap_or(AdminClass::ALL.to_vec()),
    }
}

/// Removes from a healing what belongs to classes of faults that may not happen.
fn possible_healing(mut healing: Healing, draw: &Draw) -> Healing {
    if !draw.has(FaultClass::Crash) {
        healing.down.clear();
    }
    if !draw.has(FaultClass::Partition) {
        healing.cut.clear();
    }
    healing
}
