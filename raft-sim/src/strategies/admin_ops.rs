//! Strategies for admin operations.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::faults::trigger;
use super::servers::Servers;
use crate::plan::{AdminClass, AdminKind, AdminOp, AdminTarget, Plan, fit};
use crate::time::Micros;

/// Most admin operations of a plan.
const MOST_ADMIN_OPS: usize = 20;

/// Admin operations of these classes for a given plan: they name its servers, and the requests are made within its
/// duration. They do not depend on the admin operations that it has.
///
/// [`AdminClass::Reads`] are reads at certain servers, of which some come in bursts. Other requests of clients are in
/// [`Clients`](crate::plan::Clients), so [`AdminClass::Sessions`] has no admin operations.
///
/// ```
/// use proptest::prelude::*;
/// use raft_sim::plan::{AdminClass, Plan, PlanOptions};
/// use raft_sim::strategies::admin_ops;
///
/// let quiet = Plan::draw(1, &PlanOptions { admin_ops: Some(vec![]), ..PlanOptions::default() });
/// proptest!(|(admin_ops in admin_ops(&quiet, &[AdminClass::Transfer]))| {
///     let plan = Plan { admin_ops, ..quiet.clone() };
///     prop_assert!(plan.admin_ops.iter().all(|admin_op| admin_op.at < plan.duration));
/// });
/// ```
pub fn admin_ops(
    plan: &Plan,
    classes: &[AdminClass],
) -> impl Strategy<Value = Vec<AdminOp>> + use<> {
    let servers = Servers::all(plan.clocks.len() as u32);
    let plan = plan.clone();
    any(servers, plan.duration, classes, |_| 1)
        .prop_map(move |admin_ops| fit::admin_ops(admin_ops, &plan))
}

/// Admin operations that may have to be fitted to a plan; some classes are likelier than others.
pub(super) fn any(
    servers: Servers,
    duration: Micros,
    classes: &[AdminClass],
    weight: impl Fn(AdminClass) -> u32,
) -> BoxedStrategy<Vec<AdminOp>> {
    let kinds = classes.iter().filter_map(|&class| Some((weight(class), kind(class, servers)?)));
    let kinds: Vec<_> = kinds.collect();
    if kinds.is_empty() || duration == 0 {
        return Just(Vec::new()).boxed();
    }
    let burst = prop_oneof![4 => Just(1_usize), 1 => 2..=4_usize];
    let admin_op = (0..duration, trigger(), target(servers), Union::new_weighted(kinds), burst);
    let admin_ops = admin_op.prop_map(|(at, trigger, of, kind, burst)| {
        // A burst of changes would be of the same change.
        let burst = if kind == AdminKind::Read { burst } else { 1 };
        vec![AdminOp { number: 0, at, trigger, of, kind }; burst]
    });
    vec(admin_ops, 0..=MOST_ADMIN_OPS).prop_map(|all| all.concat()).boxed()
}

/// Requests of a class; `None` if it has no admin operations.
fn kind(class: AdminClass, servers: Servers) -> Option<BoxedStrategy<AdminKind>> {
    Some(match class {
        AdminClass::Compaction => Just(AdminKind::Compaction).boxed(),
        AdminClass::Transfer => servers.one().prop_map(AdminKind::Transfer).boxed(),
        AdminClass::Membership => {
            prop_oneof![12 => membership(servers), 3 => small(servers), 1 => senseless(servers)]
                .boxed()
        }
        AdminClass::Reads => Just(AdminKind::Read).boxed(),
        AdminClass::Sessions => return None,
    })
}

/// Valid changes: each server votes, learns, or is left out; at least one votes.
fn membership(servers: Servers) -> impl Strategy<Value = AdminKind> {
    (vec(0..5_u8, servers.most as usize), servers.one()).prop_map(move |(places, voter)| {
        let place = |server: u32| if server == voter { 0 } else { places[server as usize - 1] };
        let placed = |wanted: std::ops::Range<u8>| {
            (1..=servers.most).filter(|server| wanted.contains(&place(*server))).collect()
        };
        AdminKind::Membership { voters: placed(0..3), learners: placed(3..4) }
    })
}

/// Changes to one voter or two.
fn small(servers: Servers) -> impl Strategy<Value = AdminKind> {
    vec(servers.one(), 1..=2).prop_map(|mut voters| {
        voters.sort_unstable();
        voters.dedup();
        AdminKind::Membership { voters, learners: Vec::new() }
    })
}

/// Invalid changes, which are refused: no voter, a voter twice, or a voter that is a learner as well.
fn senseless(servers: Servers) -> impl Strategy<Value = AdminKind> {
    (servers.one(), 0..3_u8).prop_map(|(server, fault)| {
        let (voters, learners) = match fault {
            0 => (Vec::new(), vec![server]),
            1 => (vec![server, server], Vec::new()),
            _ => (vec![server], vec![server]),
        };
        AdminKind::Membership { voters, learners }
    })
}

fn target(servers: Servers) -> impl Strategy<Value = AdminTarget> {
    prop_oneof![
        1 => Just(AdminTarget::Leaders),
        1 => Just(AdminTarget::Everybody),
        4 => servers.target().prop_map(AdminTarget::One),
    ]
}
