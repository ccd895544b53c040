//! Edits that make a plan plain: fair network conditions, quick disks, nominal clocks, settings that all servers
//! share.

use crate::disk::SyncTime;
use crate::network::{Conditions, Delay};
use crate::plan::{Clock, Healing, Plan};
use crate::subject::{Field, SETTINGS, Scope, Setting, Settings};
use crate::time::TICK;

/// Every message arrives once, after a millisecond.
const FAIR: Conditions = Conditions { delay: Delay::Fixed(1_000), loss_ppm: 0, duplicate_ppm: 0 };

/// Writes are durable at once.
const QUICK: SyncTime = SyncTime { min: 0, max: 0, notice: 0 };

/// The clock of a scenario.
pub(super) const NOMINAL: Clock = Clock { tick: TICK, first: TICK };

/// An edit that makes a part of a plan plain.
pub(super) type Edit = fn(&mut Plan);

/// Edits of the surroundings of the servers, and of the clients: first of many parts at once, then of single parts.
pub(super) const EDITS: [Edit; 26] = [
    |plan| plan.healing = None,
    |plan| plan.healing = plan.healing.as_ref().map(|_| Healing::whole()),
    |plan| of_healing(plan, |healing| healing.down.clear()),
    |plan| of_healing(plan, |healing| healing.cut.clear()),
    |plan| of_healing(plan, |healing| healing.change = false),
    |plan| of_healing(plan, |healing| healing.transfer = false),
    |plan| plan.conditions = FAIR,
    |plan| plan.conditions.loss_ppm = 0,
    |plan| plan.conditions.duplicate_ppm = 0,
    |plan| plan.conditions.delay = FAIR.delay,
    |plan| plan.sync = QUICK,
    |plan| plan.sync.notice = 0,
    |plan| plan.apply_time = 0,
    |plan| plan.durable_state_machine = false,
    |plan| plan.clocks.fill(NOMINAL),
    |plan| plan.clocks.iter_mut().for_each(|clock| clock.tick = TICK),
    |plan| plan.clients.reads = 0,
    |plan| plan.clients.once = 0,
    |plan| plan.clients.sessions = 1,
    |plan| plan.clients.wander = 0,
    |plan| plan.clients.size = 8,
    |plan| plan.clients.patience = 100_000,
    |plan| plan.members = plan.clocks.len() as u32,
    |plan| plan.exceptions.clear(),
    |plan| plan.seed = 1,
    |plan| plan.change_settings(|settings| settings.seed = 1),
];

/// All settings in the order in which they are reset: those that rest on another one, then the ones they rest on, then
/// switches and choices, then numbers.
pub(super) fn settings() -> Vec<&'static Setting> {
    let rank = |setting: &&Setting| match setting.field {
        _ if setting.rests_on.is_some() => 0,
        _ if SETTINGS.iter().any(|other| other.rests_on == Some(setting.word)) => 1,
        Field::Percent(_) | Field::Flag(_) | Field::Changes(_) => 2,
        Field::Ticks(_) | Field::Number(..) | Field::Limit(..) => 3,
    };
    let mut settings: Vec<&Setting> = SETTINGS.iter().collect();
    settings.sort_by_key(rank);
    settings
}

/// Resets heartbeats and election timeouts, which are in proportion to each other.
pub(super) fn timing(settings: &mut Settings) {
    let Settings { election_timeout, heartbeat, .. } = Settings::default();
    *settings = Settings { election_timeout, heartbeat, ..*settings };
}

/// Changes the healing of a plan, if it has one.
fn of_healing(plan: &mut Plan, change: impl Fn(&mut Healing)) {
    plan.healing.iter_mut().for_each(change);
}

/// Sets all servers to the default settings, except their seeds; those that restart with changed settings keep the
/// differences that are allowed.
pub(super) fn plain_settings(plan: &mut Plan) {
    for setting in settings().into_iter().filter(|setting| setting.scope != Scope::Server) {
        plan.change_settings(|settings| setting.reset(settings));
    }
    plan.settings = Settings { seed: plan.settings.seed, ..Settings::default() };
    plan.exceptions.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Fault, FaultKind, PlanOptions};

    /// A plan in which all servers keep two sessions, and S1 restarts with a changed heartbeat interval.
    fn restarted() -> Plan {
        let mut plan = Plan::draw(1, &PlanOptions::default());
        plan.settings.sessions = 2;
        plan.exceptions.clear();
        let settings = Settings { heartbeat: plan.settings.heartbeat + 1, ..plan.settings };
        let kind = FaultKind::RestartWith(1, Box::new(settings));
        plan.faults = vec![Fault { at: 1, until: 2, trigger: None, ending: None, kind }];
        plan
    }

    fn restart_with(plan: &Plan) -> Settings {
        let FaultKind::RestartWith(_, settings) = &plan.faults[0].kind else { panic!("{plan:?}") };
        **settings
    }

    #[test]
    fn who_comes_back_with_other_settings_keeps_what_all_have_in_common() {
        let before = restarted();
        let mut plan = before.clone();
        plain_settings(&mut plan);
        assert_eq!(restart_with(&plan).sessions, plan.settings.sessions);
        assert_eq!(restart_with(&plan).heartbeat, restart_with(&before).heartbeat);
        for setting in settings() {
            let mut plan = before.clone();
            plan.change_settings(|settings| setting.reset(settings));
            let back = restart_with(&plan);
            assert_eq!(
                (back.sessions, back.election_timeout, back.check_quorum, back.lease_drift),
                (
                    plan.settings.sessions,
                    plan.settings.election_timeout,
                    plan.settings.check_quorum,
                    plan.settings.lease_drift
                )
            );
        }
    }
}
