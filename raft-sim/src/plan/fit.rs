//! Fits drawn parts to a plan: servers that it does not have are left out, and so is everything that would break the
//! assumptions of its servers.

use super::fault::{OnClock, OnMessage};
use super::{AdminClass, AdminOp, Fault, FaultKind, Healing, Plan, Trigger};
use crate::model::NodeId;
use crate::subject::{SETTINGS, Scope, Settings};
use crate::time::{Micros, TICK};

/// The fastest and the slowest clock that is drawn. They differ by the most that a lease may assume.
pub(crate) const TICKS: (Micros, Micros) = (TICK * 8 / 10, TICK * 12 / 10);
/// The largest number of servers in a plan.
const MOST_SERVERS: u32 = 12;

/// The faults that make sense in a plan that has servers and settings, in order.
pub(crate) fn faults(faults: Vec<Fault>, plan: &Plan) -> Vec<Fault> {
    let faults = faults.into_iter().filter(|fault| fault.at < plan.duration);
    let mut faults: Vec<Fault> = faults
        .filter_map(|fault| beyond(plan).try_fold(fault, |fault, gone| fault.without(gone)))
        .filter_map(|fault| Some(Fault { kind: fair(fault.kind, plan)?, ..fault }))
        .filter(has_its_message)
        .collect();
    faults.sort_by_key(|fault| fault.at);
    faults
}

/// A fault of a message has a trigger that fires with one.
fn has_its_message(fault: &Fault) -> bool {
    let sent = fault.trigger.is_some_and(Trigger::has_peer);
    sent || fault.kind.facts().message == OnMessage::None
}

/// The admin operations that a plan with these servers may have, in order.
pub(crate) fn admin_ops(admin_ops: Vec<AdminOp>, plan: &Plan) -> Vec<AdminOp> {
    let admin_ops = admin_ops.into_iter().filter(|admin_op| admin_op.at < plan.duration);
    let mut admin_ops: Vec<AdminOp> = admin_ops
        .filter_map(|admin_op| {
            beyond(plan).try_fold(admin_op, |admin_op, gone| admin_op.without(gone))
        })
        .collect();
    admin_ops.sort_by_key(|admin_op| admin_op.at);
    for (number, admin_op) in (0..).zip(&mut admin_ops) {
        admin_op.number = number;
    }
    admin_ops
}

/// The healing that a plan with these admin operations may have.
pub(crate) fn healing(healing: Healing, plan: &Plan) -> Healing {
    let servers = plan.clocks.len() as u32;
    let Healing { mut down, mut cut, commands, .. } = healing;
    down.retain(|server| *server <= servers);
    down.sort_unstable();
    down.dedup();
    // A minority, so that a quorum must make progress.
    down.truncate(plan.members.saturating_sub(1) as usize / 2);
    let link = |from: u32, to: u32| from != to && from.max(to) <= servers;
    cut.retain(|&(from, to)| link(from, to));
    cut.sort_unstable();
    cut.dedup();
    let asks = |class| plan.admin_ops.iter().any(|admin_op| admin_op.kind.class() == class);
    let (change, transfer) = (asks(AdminClass::Membership), asks(AdminClass::Transfer));
    Healing { down, cut, commands, change, transfer, ..Healing::whole() }
}

/// Checks that a plan has servers, has clocks that tick, and names no other servers.
pub(super) fn check(plan: &Plan) -> Result<(), String> {
    let servers = plan.clocks.len() as u32;
    if !(1..=MOST_SERVERS).contains(&servers) || !(1..=servers).contains(&plan.members) {
        return Err(format!(
            "it has {servers} servers, and a first configuration of {}",
            plan.members
        ));
    }
    if plan.clocks.iter().any(|clock| clock.tick == 0) {
        return Err("a clock does not tick".to_owned());
    }
    let known = |server: &u32| (1..=servers).contains(server);
    let mut healing = plan.healing.iter().flat_map(|Healing { down, cut, .. }| {
        cut.iter().flat_map(|(from, to)| [from, to]).chain(down)
    });
    let exceptions = plan.exceptions.iter().all(|(server, _)| known(server));
    let about =
        |fault: &Fault| beyond(plan).try_fold(fault.clone(), |fault, gone| fault.without(gone));
    let faults = plan.faults.iter().all(|fault| about(fault).as_ref() == Some(fault));
    let asked = |admin_op: &AdminOp| {
        beyond(plan).try_fold(admin_op.clone(), |admin_op, gone| admin_op.without(gone))
    };
    let admin_ops =
        plan.admin_ops.iter().all(|admin_op| asked(admin_op).as_ref() == Some(admin_op));
    if healing.all(known) && exceptions && faults && admin_ops {
        return Ok(());
    }
    Err("it names a server that it does not have".to_owned())
}

/// The servers that a plan does not have, the last one first.
fn beyond(plan: &Plan) -> impl Iterator<Item = u32> + use<> {
    (plan.clocks.len() as u32 + 1..=MOST_SERVERS).rev()
}

/// Leases assume that clocks differ by a bounded amount, and that none jumps or stops. Settings change only where
/// they may.
fn fair(kind: FaultKind, plan: &Plan) -> Option<FaultKind> {
    let Some(drift) = plan.settings.lease_drift else { return Some(kept(kind, plan)) };
    let ticks = || plan.clocks.iter().map(|clock| clock.tick);
    let fastest = ticks().chain([TICKS.0]).min()?;
    let slowest = ticks().chain([TICKS.1]).max()?;
    let within = slowest * 100 <= fastest * (100 + u64::from(drift));
    let breaks = match kind.facts().clock {
        OnClock::Unbounded => true,
        OnClock::Rate => !within,
        OnClock::None => false,
    };
    (!breaks).then(|| kept(kind, plan))
}

/// A server that restarts with changed settings keeps those that all must share and, where there are leases, those on
/// which leases depend. No election timeout becomes longer: the bounds in `docs/liveness.md` use the longest.
fn kept(kind: FaultKind, plan: &Plan) -> FaultKind {
    let FaultKind::RestartWith(server, drawn) = kind else { return kind };
    let before = plan.settings_of(NodeId(server));
    let (low, high) = before.election_timeout;
    let leases = before.lease_drift.is_some();
    let mut settings = Settings {
        seed: before.seed,
        election_timeout: (low.min(drawn.election_timeout.0), high.min(drawn.election_timeout.1)),
        catch_up_rounds: before.catch_up_rounds,
        snapshot_chunk: before.snapshot_chunk,
        ..*drawn
    };
    for setting in &SETTINGS {
        match setting.scope {
            Scope::Cluster => setting.copy(before, &mut settings),
            Scope::Leases if leases => setting.copy(before, &mut settings),
            Scope::Leases | Scope::Server => {}
        }
    }
    let (shortest, _) = settings.election_timeout;
    settings.heartbeat = drawn.heartbeat.min(shortest.saturating_sub(1).max(1));
    FaultKind::RestartWith(server, Box::new(settings))
}
