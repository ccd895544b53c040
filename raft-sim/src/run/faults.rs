//! Faults: whom they hit, what they do to links and servers, and how they end.

use super::Run;
use crate::cluster::BootFailure;
use crate::plan::{Direction, FaultKind, Target};
use crate::words::NodeId;

impl Run<'_> {
    fn target(&self, target: Target) -> Option<NodeId> {
        match target {
            Target::Server(server) => Some(NodeId(server)),
            Target::Leader => self.cluster.leader(),
        }
    }

    /// A fault begins.
    pub(super) fn begin(&mut self, index: usize) {
        let fault = &self.plan.faults[index];
        let hit = match &fault.kind {
            FaultKind::Crash(target, survives) => {
                let target = self.target(*target);
                target.filter(|&id| self.cluster.crash(id, *survives as usize)).map(|id| vec![id])
            }
            FaultKind::CrashAll => {
                Some(self.cluster.ids().filter(|&id| self.cluster.crash(id, 0)).collect())
            }
            FaultKind::Isolate(target, _) => self.target(*target).map(|id| vec![id]),
            FaultKind::Partition(_) | FaultKind::OneWay(..) | FaultKind::Hold(..) => {
                Some(Vec::new())
            }
        };
        self.tally.faults += u64::from(hit.is_some());
        if let (Some(hit), FaultKind::Crash(..) | FaultKind::CrashAll) = (&hit, &fault.kind) {
            self.tally.crashes += hit.len() as u64;
        }
        self.hit[index] = hit;
        self.links(index, true);
    }

    /// A fault ends.
    pub(super) fn end(&mut self, index: usize) -> Result<(), BootFailure> {
        self.links(index, false);
        if let FaultKind::Crash(..) | FaultKind::CrashAll = self.plan.faults[index].kind {
            for id in self.hit[index].take().unwrap_or_default() {
                self.cluster.restart(id)?;
            }
        }
        Ok(())
    }

    /// Cuts or holds the links of a fault that hit somebody, or lets go of them.
    fn links(&mut self, index: usize, begins: bool) {
        let Some(hit) = &self.hit[index] else { return };
        let kind = &self.plan.faults[index].kind;
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &from in &ids {
            for &to in ids.iter().filter(|&&to| to != from) {
                let cut = match kind {
                    FaultKind::Partition(groups) => {
                        !groups.iter().any(|group| group.contains(&from.0) && group.contains(&to.0))
                    }
                    FaultKind::OneWay(a, b) => from.0 == *a && to.0 == *b,
                    FaultKind::Isolate(_, direction) => match direction {
                        Direction::Outgoing => hit.contains(&from),
                        Direction::Incoming => hit.contains(&to),
                        Direction::Both => hit.contains(&from) || hit.contains(&to),
                    },
                    FaultKind::Hold(..) | FaultKind::Crash(..) | FaultKind::CrashAll => false,
                };
                if cut {
                    self.cluster.network.cut(from, to, begins);
                }
            }
        }
        if let FaultKind::Hold(from, to) = kind {
            self.cluster.network.hold(NodeId(*from), NodeId(*to), begins);
            self.cluster.release_held();
        }
    }
}
