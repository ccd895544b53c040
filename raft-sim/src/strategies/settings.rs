//! Strategies for settings: the defaults, or small limits that are reached often.

use std::ops::RangeInclusive;

use proptest::collection::vec;
use proptest::prelude::*;

use super::servers::Servers;
use crate::plan::Plan;
use crate::subject::{Changes, Settings};

/// The settings that all servers share. No leases: those depend on the clocks.
pub(super) fn any() -> impl Strategy<Value = Settings> {
    let odd_timeout = (4..=15_u32, 4..=20_u32).prop_map(|(low, width)| (low, low + width));
    let timing = (prop_oneof![1 => Just((10, 20)), 2 => odd_timeout], 1..=3_u32);
    let replication = (or(64, 1..=8), or(1_024, 1..=32), or(65_536, 2..=256));
    let parts = (or(1 << 20, 1..=256), or(1 << 16, 1..=64));
    let leaders = (any_leader(), changes(), or(10, 1..=3));
    let machine = (proptest::option::of(1..=20_u32), or(1_000, 1..=4));
    (proptest::num::u64::ANY, timing, replication, parts, leaders, machine).prop_map(
        |(seed, timing, replication, parts, leaders, machine)| {
            let (election_timeout, heartbeat) = timing;
            let (entries_per_message, window, uncommitted_limit) = replication;
            let (bytes_per_message, snapshot_chunk) = parts;
            let ((pre_vote, check_quorum), changes, catch_up_rounds) = leaders;
            let (apply_limit, sessions) = machine;
            Settings {
                seed,
                election_timeout,
                heartbeat,
                entries_per_message,
                window,
                uncommitted_limit,
                bytes_per_message,
                pre_vote,
                check_quorum,
                lease_drift: None,
                changes,
                catch_up_rounds,
                snapshot_chunk,
                apply_limit,
                sessions,
            }
        },
    )
}

/// The default of a limit, or a small one.
fn or(default: u32, small: RangeInclusive<u32>) -> impl Strategy<Value = u32> {
    prop_oneof![Just(default), small]
}

fn changes() -> impl Strategy<Value = Changes> {
    prop::sample::select(vec![Changes::Shortest, Changes::Single, Changes::Joint])
}

/// PreVote and CheckQuorum of a server.
fn any_leader() -> impl Strategy<Value = (bool, bool)> + Clone {
    (proptest::bool::weighted(0.6), proptest::bool::weighted(0.7))
}

/// The servers whose PreVote and CheckQuorum differ from the others, and leases.
#[derive(Clone, Debug)]
pub(super) struct Leaders {
    exceptions: Vec<(u32, (bool, bool))>,
    leases: bool,
    /// True if leases assume no more drift than the clocks may have.
    tight: bool,
}

/// A few servers differ from the others, or all may have leases.
pub(super) fn leaders(servers: Servers) -> impl Strategy<Value = Leaders> {
    let odd = vec((servers.one(), any_leader()), 1..=3);
    let exceptions = prop_oneof![2 => Just(Vec::new()), 1 => odd];
    (exceptions, proptest::bool::weighted(0.7), proptest::bool::ANY)
        .prop_map(|(exceptions, leases, tight)| Leaders { exceptions, leases, tight })
}

impl Leaders {
    /// Applies this to a plan whose servers are drawn. `uneven` is true if its clocks may differ.
    pub(super) fn given_to(self, plan: &mut Plan, uneven: bool) {
        for (server, (pre_vote, check_quorum)) in self.exceptions {
            let settings = Settings { pre_vote, check_quorum, ..plan.settings };
            let known = plan.exceptions.iter().any(|(other, _)| *other == server);
            if server as usize <= plan.clocks.len() && !known && settings != plan.settings {
                plan.exceptions.push((server, settings));
            }
        }
        let mut all = plan.servers().map(|id| plan.settings_of(id));
        if self.leases && all.all(|settings| settings.check_quorum) {
            let drift = Some(if self.tight && !uneven { 0 } else { DRIFT });
            plan.settings.lease_drift = drift;
            for (_, settings) in &mut plan.exceptions {
                settings.lease_drift = drift;
            }
        }
    }
}

/// The largest difference between drawn clocks, in percent.
const DRIFT: u32 = 50;
