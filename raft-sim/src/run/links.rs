//! What faults do to links, and undo.

use super::Run;
use super::faults::Underway;
use crate::network::Kinds;
use crate::plan::{Direction, FaultKind};
use crate::time::Micros;
use crate::words::NodeId;

/// What is wrong with one direction between two servers.
enum Wrong {
    Cut,
    Held(Kinds),
    Slow(Micros),
}

impl Run<'_> {
    /// The links of a fault under way are as it wants them from now on, or as they were; of no effect if they
    /// are that already.
    pub(super) fn links(&mut self, index: usize, on: bool) {
        let Some(Underway { hit, on: was }) = &mut self.underway[index] else { return };
        if std::mem::replace(was, on) == on {
            return;
        }
        let kind = &self.plan.faults[index].kind;
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &from in &ids {
            for &to in ids.iter().filter(|&&to| to != from) {
                let network = &mut self.cluster.network;
                match wrong(kind, hit, from, to) {
                    None => {}
                    Some(Wrong::Cut) => network.cut(from, to, on),
                    Some(Wrong::Held(kinds)) => network.hold(from, to, kinds, on),
                    Some(Wrong::Slow(extra)) => network.slow(from, to, extra, on),
                }
            }
        }
        if !on {
            self.cluster.release_held();
        }
    }
}

fn wrong(kind: &FaultKind, hit: &[NodeId], from: NodeId, to: NodeId) -> Option<Wrong> {
    let this = |a: &u32, b: &u32| from.0 == *a && to.0 == *b;
    let around = |direction: &Direction| match direction {
        Direction::Outgoing => hit.contains(&from),
        Direction::Incoming => hit.contains(&to),
        Direction::Both => hit.contains(&from) || hit.contains(&to),
    };
    match kind {
        FaultKind::Partition(groups) => {
            let together = |group: &Vec<u32>| group.contains(&from.0) && group.contains(&to.0);
            (!groups.iter().any(together)).then_some(Wrong::Cut)
        }
        FaultKind::OneWay(a, b) => this(a, b).then_some(Wrong::Cut),
        FaultKind::Isolate(_, direction) | FaultKind::Flap(_, direction, _) => {
            around(direction).then_some(Wrong::Cut)
        }
        FaultKind::Hold(a, b) => this(a, b).then_some(Wrong::Held(Kinds::ALL)),
        FaultKind::Vault(_, direction, kinds) => around(direction).then_some(Wrong::Held(*kinds)),
        FaultKind::Slow(a, b, extra) => this(a, b).then_some(Wrong::Slow(*extra)),
        FaultKind::Crash(..)
        | FaultKind::CrashAll
        | FaultKind::CrashAtWrite(..)
        | FaultKind::FullDisk(_)
        | FaultKind::Stall(_)
        | FaultKind::Pause(_)
        | FaultKind::Laze(_)
        | FaultKind::Renew(..)
        | FaultKind::Rate(..)
        | FaultKind::Jump(..)
        | FaultKind::Freeze(_)
        | FaultKind::Wipe(_)
        | FaultKind::Lie(_) => None,
    }
}
