//! What faults do to links, and undo.

use super::Run;
use super::faults::Underway;
use crate::action::{Action, Change, LinkChange};
use crate::model::NodeId;
use crate::network::Kinds;
use crate::observation::Observer;
use crate::plan::{Direction, FaultKind};
use crate::world::{Halt, Launch};

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// The links of a fault under way are as it wants them from now on, or as they were; of no effect if they
    /// are that already.
    pub(super) fn links(&mut self, index: usize, on: bool) -> Result<(), Halt> {
        let Some(Underway { hit, on: was }) = &mut self.underway[index] else { return Ok(()) };
        if std::mem::replace(was, on) == on {
            return Ok(());
        }
        let kind = &self.plan.faults[index].kind;
        let mut changes = Vec::new();
        for from in self.world.ids() {
            for to in self.world.ids().filter(|&to| to != from) {
                let change =
                    wrong(kind, hit, from, to).map(|[begin, end]| if on { begin } else { end });
                changes.extend(change.map(|change| LinkChange { from, to, change }));
            }
        }
        if !changes.is_empty() {
            self.act(Action::Links { changes })?;
        }
        Ok(())
    }
}

/// How a link changes when a fault begins and when it ends; `None` if it does not.
fn wrong(kind: &FaultKind, hit: &[NodeId], from: NodeId, to: NodeId) -> Option<[Change; 2]> {
    let cut = [Change::Cut, Change::Mend];
    let hold = |kinds| [Change::Hold(kinds), Change::Release(kinds)];
    let this = |a: &u32, b: &u32| from.0 == *a && to.0 == *b;
    let around = |direction: &Direction| match direction {
        Direction::Outgoing => hit.contains(&from),
        Direction::Incoming => hit.contains(&to),
        Direction::Both => hit.contains(&from) || hit.contains(&to),
    };
    match kind {
        FaultKind::Partition(groups) => {
            let together = |group: &Vec<u32>| group.contains(&from.0) && group.contains(&to.0);
            (!groups.iter().any(together)).then_some(cut)
        }
        FaultKind::OneWay(a, b) => this(a, b).then_some(cut),
        FaultKind::Isolate(_, direction) | FaultKind::Flap(_, direction, _) => {
            around(direction).then_some(cut)
        }
        FaultKind::Hold(a, b) => this(a, b).then_some(hold(Kinds::ALL)),
        FaultKind::HoldKinds(_, direction, kinds) => around(direction).then_some(hold(*kinds)),
        FaultKind::Slow(a, b, extra) => {
            this(a, b).then_some([Change::Slow(*extra), Change::Unslow(*extra)])
        }
        FaultKind::Crash(..)
        | FaultKind::CrashAll
        | FaultKind::CrashAtWrite(..)
        | FaultKind::FullDisk(_)
        | FaultKind::Stall(_)
        | FaultKind::Pause(_)
        | FaultKind::StallApply(_)
        | FaultKind::RestartWith(..)
        | FaultKind::Rate(..)
        | FaultKind::Jump(..)
        | FaultKind::Freeze(_)
        | FaultKind::Wipe(_)
        | FaultKind::Lie(_) => None,
    }
}
