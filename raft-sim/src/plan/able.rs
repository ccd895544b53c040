//! Limits a plan to the capabilities of an implementation.

use super::{AdminKind, Healing, Plan, fit};
use crate::disk::SyncTime;
use crate::subject::{Capability, Changes, SETTINGS, Setting, Settings};

/// Removes everything from a plan that needs other capabilities than these. A plan for which they are enough is
/// unchanged.
pub(super) fn limit(plan: &mut Plan, capabilities: &[Capability]) {
    let can = |capability| capabilities.contains(&capability);
    let changes = match (can(Capability::Membership), can(Capability::Joint)) {
        (true, false) => Some(Changes::Single),
        (false, true) => Some(Changes::Joint),
        (true, true) | (false, false) => None,
    };
    plan.change_settings(|settings| {
        let drawn = *settings;
        for setting in &SETTINGS {
            let rests_on = setting.rests_on.and_then(Setting::named);
            let is_lost = rests_on.is_some_and(|other| other.is_off(*settings));
            if is_lost || setting.needs.is_some_and(|capability| !can(capability)) {
                setting.copy(Settings::default(), settings);
            }
        }
        // These limits are drawn for every subject: it takes those that it has.
        *settings = Settings {
            window: drawn.window,
            bytes_per_message: drawn.bytes_per_message,
            snapshot_chunk: drawn.snapshot_chunk,
            catch_up_rounds: drawn.catch_up_rounds,
            sessions: drawn.sessions,
            changes: changes.unwrap_or(drawn.changes),
            ..*settings
        }
        .by_design(capabilities);
    });
    plan.durable_state_machine &= can(Capability::DurableStateMachine);
    if !can(Capability::SlowDisk) {
        plan.sync = SyncTime { min: 0, max: 0, notice: 0 };
    }
    plan.faults.retain(|fault| fault.kind.facts().needs.is_none_or(can));
    if !can(Capability::DiskNotices) {
        plan.sync.notice = 0;
    }
    if can(Capability::WholeWrites) {
        plan.faults.iter_mut().for_each(|fault| fault.kind.tear_nothing());
    }
    if can(Capability::NoClients) {
        plan.clients.only = Some(Vec::new());
    }
    if !can(Capability::Reads) {
        plan.clients.reads = 0;
    }
    if !can(Capability::Sessions) {
        plan.clients.once = 0;
    }
    admin_ops(plan, can);
}

/// Does the same for a healing: what is demanded of it, and what stays broken.
pub(super) fn limit_healing(healing: &mut Healing, capabilities: &[Capability]) {
    healing.commands &= !capabilities.contains(&Capability::NoClients);
    // A majority need not be enough.
    if capabilities.contains(&Capability::FlexibleQuorums) {
        healing.down.clear();
        healing.cut.clear();
    }
}

/// Does the same for admin operations, and for servers that would never be added.
fn admin_ops(plan: &mut Plan, can: impl Fn(Capability) -> bool) {
    let moves = can(Capability::Membership) || can(Capability::Joint);
    let before = plan.admin_ops.len();
    plan.admin_ops.retain_mut(|admin_op| match &mut admin_op.kind {
        AdminKind::Membership { learners, .. } => {
            if !can(Capability::Learners) {
                learners.clear();
            }
            moves
        }
        AdminKind::Transfer(_) => can(Capability::Transfer),
        AdminKind::Compaction => can(Capability::Snapshots),
        AdminKind::Read => can(Capability::Reads),
    });
    if !moves && plan.clocks.len() > plan.members as usize {
        plan.clocks.truncate(plan.members as usize);
        plan.exceptions.retain(|(server, _)| *server <= plan.members);
        plan.faults = fit::faults(std::mem::take(&mut plan.faults), plan);
    }
    if plan.admin_ops.len() < before {
        plan.admin_ops = fit::admin_ops(std::mem::take(&mut plan.admin_ops), plan);
    }
}
