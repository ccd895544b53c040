//! Phrases of printed plans.

use super::Direction;
use crate::disk::{Survives, Torn};
use crate::subject::Settings;

/// Servers by name: `S1 S2`.
pub(crate) fn names(servers: &[u32]) -> String {
    let names: Vec<String> = servers.iter().map(|server| format!("S{server}")).collect();
    names.join(" ")
}

/// A number of things: `1 tick`, `2 ticks`.
pub(crate) fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Describes how servers with these settings become leaders and stop being leaders.
pub(crate) fn leaders(settings: &Settings) -> String {
    let asks = if settings.pre_vote { "elected after a pre-vote" } else { "elected at once" };
    let quorum = if settings.check_quorum { "step down without a quorum" } else { "stay" };
    match settings.lease_drift {
        None => format!("{asks}, {quorum}"),
        Some(drift) => {
            format!("{asks}, {quorum}, read from a lease (clocks within {drift} %)")
        }
    }
}

/// The sides of a partition.
pub(super) fn partition(groups: &[Vec<u32>]) -> String {
    let sides = groups.iter().filter(|group| !group.is_empty());
    let sides: Vec<String> = sides.map(|group| names(group)).collect();
    if sides.is_empty() {
        return "everybody alone".to_owned();
    }
    format!("partition {}", sides.join(" | "))
}

/// The messages that an isolated server loses, if not all of them.
pub(super) fn lost(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "",
        Direction::Outgoing => ": what it sends is lost",
        Direction::Incoming => ": what is sent to it is lost",
    }
}

/// The direction of messages, before the name of their server.
pub(super) fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "from and to",
        Direction::Outgoing => "from",
        Direction::Incoming => "to",
    }
}

/// The writes that survive a crash, if any.
pub(super) fn survive(Survives { writes, torn }: Survives) -> String {
    let whole = match writes {
        0 => String::new(),
        1 => ": at most 1 write under way survives".to_owned(),
        writes => format!(": at most {writes} writes under way survive"),
    };
    match torn {
        None => whole,
        Some(torn) => {
            let between = if writes == 0 { ":" } else { ", and" };
            let place = match torn {
                Torn::Entries(entries) => {
                    format!("after {}", count(entries as u32, "entry", "entries"))
                }
                Torn::Snapshot => "in its snapshot".to_owned(),
            };
            format!("{whole}{between} the next one is torn {place}")
        }
    }
}
