//! Settings that are drawn more than once: limits, and the settings of a server after a restart.

use crate::rng::PlanRng;
use crate::subject::{Changes, Settings};

/// Draws limits: how much is sent at once, and how much may be in flight.
pub(super) fn limits(rng: &mut PlanRng, settings: Settings) -> Settings {
    let entries_per_message = rng.pick(&[1, 1, 2, 8, 64, 64]) as u32;
    Settings {
        entries_per_message,
        bytes_per_message: rng.pick(&[1, 64, 256, 1 << 20, 1 << 20, 1 << 20]) as u32,
        window: entries_per_message * rng.pick(&[1, 1, 2, 4, 16]) as u32,
        uncommitted_limit: rng.pick(&[4, 8, 256, 65_536]) as u32,
        ..settings
    }
}

/// Draws the settings after a restart of a server that had these. Settings that all servers must share stay; where
/// there are leases, so do the election timeouts and everything else on which leases depend. No election timeout
/// becomes longer.
pub(super) fn restarted(rng: &mut PlanRng, settings: Settings) -> Settings {
    let limits = limits(rng, settings);
    let (pre_vote, check_quorum) = (rng.percent(50), rng.percent(50));
    let shorter = rng.percent(30);
    let (shortest, longest) = settings.election_timeout;
    let restarted = Settings {
        pre_vote,
        changes: rng.pick(&[Changes::Single, Changes::Joint, Changes::Shortest]),
        heartbeat: rng.pick(&[1, 2, 3]) as u32,
        apply_limit: rng.pick(&[None, Some(1), Some(8)]),
        ..limits
    };
    match settings.lease_drift {
        Some(_) => restarted,
        None if shorter => Settings {
            check_quorum,
            election_timeout: ((shortest / 2).max(5), (longest / 2).max(10)),
            ..restarted
        },
        None => Settings { check_quorum, ..restarted },
    }
}
