//! A plan with one server less.

use crate::plan::{Healing, Plan};

/// The plan without this server; those after it are renumbered. Faults and admin operations that concern it alone are
/// removed. `None` if the first configuration would be empty.
pub(super) fn without(plan: &Plan, gone: u32) -> Option<Plan> {
    let mut plan = plan.clone();
    plan.clocks.remove(gone as usize - 1);
    plan.members -= u32::from(gone <= plan.members);
    let exceptions = plan.exceptions.iter();
    plan.exceptions =
        exceptions.filter_map(|&(of, settings)| Some((moved(of, gone)?, settings))).collect();
    plan.faults = plan.faults.iter().filter_map(|fault| fault.without(gone)).collect();
    plan.admin_ops = plan.admin_ops.iter().filter_map(|admin_op| admin_op.without(gone)).collect();
    if let Some(Healing { down, cut, .. }) = &mut plan.healing {
        *down = down.iter().filter_map(|server| moved(*server, gone)).collect();
        let links = cut.iter();
        *cut =
            links.filter_map(|(from, to)| Some((moved(*from, gone)?, moved(*to, gone)?))).collect();
    }
    (plan.members > 0).then_some(plan)
}

/// The number of a server once another one is gone.
fn moved(server: u32, gone: u32) -> Option<u32> {
    (server != gone).then_some(server - u32::from(server > gone))
}
