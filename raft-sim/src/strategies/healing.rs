//! Strategies for healing.

use proptest::collection::vec;
use proptest::prelude::*;

use super::servers::Servers;
use crate::plan::Healing;

/// Healings that may have to be fitted to a plan, or none. Most leave the cluster whole; in others a few servers are
/// down, or links are cut.
pub(super) fn any(servers: Servers) -> impl Strategy<Value = Option<Healing>> {
    let whole = Healing::whole;
    let down = vec(servers.one(), 1..=servers.most as usize)
        .prop_map(move |down| Some(Healing { down, ..whole() }));
    let links = prop_oneof![
        servers.groups().prop_map(move |groups| between(&groups, servers.most)),
        vec(servers.two(), 1..4),
    ];
    let cut = links.prop_map(move |cut| Some(Healing { cut, ..whole() }));
    prop_oneof![1 => Just(None), 6 => Just(Some(whole())), 2 => down, 2 => cut]
}

/// The links between servers that have no group in common.
fn between(groups: &[Vec<u32>], servers: u32) -> Vec<(u32, u32)> {
    let pairs = (1..=servers).flat_map(|from| (1..=servers).map(move |to| (from, to)));
    let talk = |group: &Vec<u32>, from, to| group.contains(&from) && group.contains(&to);
    pairs
        .filter(|&(from, to)| from != to && !groups.iter().any(|group| talk(group, from, to)))
        .collect()
}
