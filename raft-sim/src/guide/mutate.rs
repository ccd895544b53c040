//! Small changes of a plan. Additions come from another plan, the donor, with the same plan options. If both are fair,
//! the result is fair.

use crate::plan::fault::Aim;
use crate::plan::{AdminOp, AdminTarget, Direction, Fault, Plan, Target, Trigger, fit};
use crate::rng::PlanRng;
use crate::subject::Settings;
use crate::time::Micros;

/// The most faults and admin operations of a plan to which more are added.
const MOST: usize = 300;
/// The longest times that a run goes on after the state that it starts from, in virtual microseconds.
const TAILS: [Micros; 6] = [30_000, 80_000, 150_000, 150_000, 300_000, 600_000];

/// The plan up to the time at which its run is in a rare state, and something else from then on.
pub(super) fn continued(plan: &Plan, from: Micros, donor: &Plan, rng: &mut PlanRng) -> Plan {
    let mut plan = plan.clone();
    let from = from.min(plan.duration);
    plan.duration = from + rng.pick(&TAILS);
    if rng.percent(70) {
        plan.faults.retain(|fault| fault.at <= from);
        plan.admin_ops.retain(|admin_op| admin_op.at <= from);
    }
    for _ in 0..rng.range(1, 4) {
        add(&mut plan, from, donor, rng);
    }
    heal(&mut plan, donor, rng);
    fitted(plan)
}

/// The plan with a few changes anywhere.
pub(super) fn changed(plan: &Plan, from: Micros, donor: &Plan, rng: &mut PlanRng) -> Plan {
    let mut plan = plan.clone();
    plan.duration = plan.duration.min(from + rng.pick(&TAILS));
    for _ in 0..rng.range(1, 3) {
        change(&mut plan, donor, rng);
    }
    heal(&mut plan, donor, rng);
    fitted(plan)
}

/// Gives few plans a healing phase: it takes about as long as all the rest.
fn heal(plan: &mut Plan, donor: &Plan, rng: &mut PlanRng) {
    let healing = if plan.healing.is_some() { &plan.healing } else { &donor.healing };
    plan.healing = if rng.percent(25) { healing.clone() } else { None };
}

/// Drops what does not fit the plan.
fn fitted(mut plan: Plan) -> Plan {
    let faults = std::mem::take(&mut plan.faults);
    plan.faults = fit::faults(faults, &plan);
    let admin_ops = std::mem::take(&mut plan.admin_ops);
    plan.admin_ops = fit::admin_ops(admin_ops, &plan);
    plan.healing = plan.healing.take().map(|healing| fit::healing(healing, &plan));
    plan
}

/// Adds a fault or an admin operation of the donor, at a time soon after `from`.
fn add(plan: &mut Plan, from: Micros, donor: &Plan, rng: &mut PlanRng) {
    let at = from + rng.pick(&[0, 1, 1_000, 5_000, 20_000, 60_000, 150_000]);
    let at = rng.range(from, at);
    let all = donor.faults.len() + donor.admin_ops.len();
    if all == 0 || plan.faults.len() + plan.admin_ops.len() >= MOST {
        return;
    }
    // An admin operation in 35 % of cases, if the donor has both.
    let admin_op = donor.faults.is_empty() || (!donor.admin_ops.is_empty() && rng.percent(35));
    if admin_op {
        let place = rng.range(0, donor.admin_ops.len() as u64 - 1) as usize;
        plan.admin_ops.push(AdminOp { at, ..donor.admin_ops[place].clone() });
    } else {
        let place = rng.range(0, donor.faults.len() as u64 - 1) as usize;
        let fault = donor.faults[place].clone();
        let length = (fault.until - fault.at).min(rng.pick(&[10_000, 50_000, 200_000, 600_000]));
        plan.faults.push(Fault { at, until: at + length, ..fault });
    }
}

/// Makes one change.
fn change(plan: &mut Plan, donor: &Plan, rng: &mut PlanRng) {
    let when = rng.range(0, plan.duration);
    match rng.range(0, 15) {
        0 | 1 => remove(plan, rng),
        2 => shift(plan, rng),
        3 => again(plan, rng),
        4 => {
            let servers = plan.clocks.len() as u64;
            if let Some(fault) = one(&mut plan.faults, rng) {
                retarget(fault, servers, rng);
            }
        }
        5 => wait(plan, rng),
        6 => {
            plan.faults.retain(|fault| fault.at < when);
            plan.faults.extend(donor.faults.iter().filter(|fault| fault.at >= when).cloned());
        }
        7 => {
            plan.admin_ops.retain(|admin_op| admin_op.at < when);
            plan.admin_ops
                .extend(donor.admin_ops.iter().filter(|admin_op| admin_op.at >= when).cloned());
        }
        8 => limits(plan, donor),
        9 => plan.conditions = donor.conditions,
        10 => {
            plan.sync = donor.sync;
            plan.apply_time = donor.apply_time;
            plan.durable_state_machine = donor.durable_state_machine;
        }
        11 => plan.clients = donor.clients.clone(),
        12 => plan.seed = rng.range(0, u64::MAX - 1),
        13 => {
            let seed = rng.range(0, u64::MAX - 1);
            plan.change_settings(|settings| settings.seed = seed);
        }
        _ => add(plan, when, donor, rng),
    }
}

fn one<'a, T>(items: &'a mut [T], rng: &mut PlanRng) -> Option<&'a mut T> {
    let last = items.len().checked_sub(1)?;
    items.get_mut(rng.range(0, last as u64) as usize)
}

fn remove(plan: &mut Plan, rng: &mut PlanRng) {
    let all = (plan.faults.len() + plan.admin_ops.len()) as u64;
    let place = rng.range(0, all.saturating_sub(1)) as usize;
    if place < plan.faults.len() {
        plan.faults.remove(place);
    } else if place - plan.faults.len() < plan.admin_ops.len() {
        plan.admin_ops.remove(place - plan.faults.len());
    }
}

/// Moves a fault or an admin operation, or makes a fault longer or shorter.
fn shift(plan: &mut Plan, rng: &mut PlanRng) {
    let by = rng.pick(&[500, 2_000, 10_000, 50_000, 200_000]);
    let (earlier, what) = (rng.percent(50), rng.range(0, 2));
    let moved = |time: Micros| if earlier { time.saturating_sub(by) } else { time + by };
    match what {
        0 => one(&mut plan.admin_ops, rng)
            .into_iter()
            .for_each(|admin_op| admin_op.at = moved(admin_op.at)),
        1 => one(&mut plan.faults, rng).into_iter().for_each(|fault| {
            let length = fault.until - fault.at;
            fault.at = moved(fault.at);
            fault.until = fault.at + length;
        }),
        _ => one(&mut plan.faults, rng)
            .into_iter()
            .for_each(|fault| fault.until = moved(fault.until).max(fault.at + 1)),
    }
}

/// Repeats a fault or an admin operation at a later time.
fn again(plan: &mut Plan, rng: &mut PlanRng) {
    let later = rng.pick(&[5_000, 30_000, 100_000, 300_000]);
    if rng.percent(35) {
        let admin_op = one(&mut plan.admin_ops, rng).cloned();
        plan.admin_ops
            .extend(admin_op.map(|admin_op| AdminOp { at: admin_op.at + later, ..admin_op }));
    } else {
        let fault = one(&mut plan.faults, rng).cloned();
        let later =
            |fault: Fault| Fault { at: fault.at + later, until: fault.until + later, ..fault };
        plan.faults.extend(fault.map(later));
    }
}

/// Gives a fault another target.
fn retarget(fault: &mut Fault, servers: u64, rng: &mut PlanRng) {
    let server = rng.range(1, servers) as u32;
    let to = rng.pick(&[
        Target::Leader,
        Target::Follower(server - 1),
        Target::Server(server),
        Target::Candidate,
        Target::Voter,
        Target::Deposed,
        Target::Behind,
    ]);
    let to = match fault.trigger {
        Some(trigger) if trigger.has_peer() => rng.pick(&[Target::Actor, Target::Peer, to]),
        Some(_) => rng.pick(&[Target::Actor, to]),
        None => to,
    };
    let direction = rng.pick(&[Direction::Both, Direction::Outgoing, Direction::Incoming]);
    match fault.kind.aim() {
        Aim::Around(target, way) => (*target, *way) = (to, direction),
        Aim::Target(target) => *target = to,
        Aim::Link(from, to) => std::mem::swap(from, to),
        Aim::Groups(_) | Aim::Server(_) | Aim::All | Aim::Message => {}
    }
}

/// Gives a fault or an admin operation another trigger, or none.
fn wait(plan: &mut Plan, rng: &mut PlanRng) {
    let trigger = rng.pick(&Trigger::ALL);
    let trigger = rng.percent(75).then_some(trigger);
    if rng.percent(35) {
        if let Some(admin_op) = one(&mut plan.admin_ops, rng) {
            admin_op.trigger = trigger;
            let actor = matches!(admin_op.of, AdminTarget::One(Target::Actor | Target::Peer));
            if trigger.is_none() && actor {
                admin_op.of = AdminTarget::One(Target::Leader);
            }
        }
        return;
    }
    let servers = plan.clocks.len() as u64;
    if let Some(fault) = one(&mut plan.faults, rng) {
        fault.trigger = trigger;
        retarget(fault, servers, rng);
    }
}

/// Takes over the donor's settings, but for those on which clocks and leaders rest.
fn limits(plan: &mut Plan, donor: &Plan) {
    plan.change_settings(|settings| {
        let Settings { seed, election_timeout, heartbeat, .. } = *settings;
        let Settings { pre_vote, check_quorum, lease_drift, .. } = *settings;
        *settings = Settings {
            seed,
            election_timeout,
            heartbeat,
            pre_vote,
            check_quorum,
            lease_drift,
            ..donor.settings
        };
    });
}
