//! Settings: timing and limits, the same for all servers; pre-votes, quorum checks and leases, for each.

use super::{LEADERS, MOST_JOINERS, SETTINGS, Scale};
use crate::plan::settings::limits;
use crate::plan::{FaultClass, Plan, Profile};
use crate::rng::PlanRng;
use crate::subject::{Changes, Settings};

/// The settings that all servers share.
pub(super) fn common(seed: u64, profile: Profile) -> Settings {
    let mut rng = PlanRng::stream(seed, SETTINGS);
    let quick = profile == Profile::Elections;
    let shortest = rng.pick(if quick { &[4, 5, 6] } else { &[5, 5, 8, 10, 15] }) as u32;
    let width = rng.pick(if quick { &[4, 5, 8] } else { &[5, 5, 10, 20] }) as u32;
    let heartbeat = rng.pick(&[1, 1, 2, 3]) as u32;
    let limits = limits(&mut rng, Settings::default());
    let chunk = rng.range(1, 64) as u32;
    let few = rng.range(1, 4) as u32;
    let parts = rng.percent(if profile == Profile::Snapshots { 70 } else { 40 });
    let forgets = rng.percent(if profile == Profile::Clients { 70 } else { 40 });
    Settings {
        seed,
        election_timeout: (shortest, shortest + width),
        heartbeat,
        changes: rng.pick(&[Changes::Single, Changes::Joint, Changes::Shortest]),
        catch_up_rounds: rng.pick(&[1, 3, 10, 10]) as u32,
        snapshot_chunk: if parts { chunk } else { 1 << 16 },
        apply_limit: rng.pick(&[None, None, Some(1), Some(8), Some(1_000)]),
        sessions: if forgets { few } else { 1_000 },
        ..limits
    }
}

/// Draws the servers with PreVote and CheckQuorum (all, none, or some), and leases.
pub(super) fn leaders(plan: &mut Plan, scale: &Scale) {
    let mut rng = PlanRng::stream(plan.seed, LEADERS);
    let all = u64::from(plan.members) + MOST_JOINERS;
    let [pre_vote, check_quorum] = [0, 1].map(|_| {
        let share = rng.pick(&[0, 100, 100, 50]);
        (0..all).map(|_| rng.percent(share)).collect::<Vec<bool>>()
    });
    let tight = rng.percent(50);
    let leases = rng.percent(60);
    let [pre_vote, check_quorum] = [&pre_vote, &check_quorum].map(|all| &all[..plan.clocks.len()]);
    if leases && check_quorum.iter().all(|on| *on) {
        // Faults that change a clock's rate stay between the same bounds as the clocks.
        let drift = if scale.draw.has(FaultClass::Clock) { 50 } else { 0 };
        plan.settings.lease_drift = Some(if tight { drift } else { 50 });
    }
    plan.settings.pre_vote = pre_vote[0];
    plan.settings.check_quorum = check_quorum[0];
    for (server, (&pre_vote, &check_quorum)) in (1..).zip(pre_vote.iter().zip(check_quorum)) {
        let settings = Settings { pre_vote, check_quorum, ..plan.settings };
        if settings != plan.settings {
            plan.exceptions.push((server, settings));
        }
    }
}
