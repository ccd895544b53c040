//! Faults on links: the changes with which they begin and end.

use super::Run;
use super::faults::Underway;
use crate::action::{Action, LinkChange};
use crate::model::NodeId;
use crate::observation::Observer;
use crate::plan::Direction;
use crate::plan::fault::Aim;
use crate::world::{Halt, Launch};

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// Begins (`on`) or ends what a fault under way does to links. Without effect if that is how they are.
    pub(super) fn links(&mut self, index: usize, on: bool) -> Result<(), Halt> {
        let Some(Underway { hit, on: was, .. }) = &mut self.underway[index] else { return Ok(()) };
        if std::mem::replace(was, on) == on {
            return Ok(());
        }
        let mut kind = self.plan.faults[index].kind.clone();
        let Some([begin, end]) = kind.facts().links else { return Ok(()) };
        let (change, aim) = (if on { begin } else { end }, kind.aim());
        let mut changes = Vec::new();
        for from in self.world.ids() {
            let others = self.world.ids().filter(|&to| to != from);
            let affected = others.filter(|&to| affects(&aim, hit, from, to));
            changes.extend(affected.map(|to| LinkChange { from, to, change }));
        }
        if !changes.is_empty() {
            self.act(Action::Links { changes })?;
        }
        Ok(())
    }
}

/// Tells whether a fault with this aim that has hit these servers affects a link.
fn affects(aim: &Aim<'_>, hit: &[NodeId], from: NodeId, to: NodeId) -> bool {
    match aim {
        Aim::Groups(groups) => {
            !groups.iter().any(|group| group.contains(&from.0) && group.contains(&to.0))
        }
        Aim::Link(first, second) => (from.0, to.0) == (**first, **second),
        Aim::Around(_, Direction::Outgoing) => hit.contains(&from),
        Aim::Around(_, Direction::Incoming) => hit.contains(&to),
        Aim::Around(_, Direction::Both) => hit.contains(&from) || hit.contains(&to),
        Aim::Target(_) | Aim::Server(_) | Aim::All | Aim::Message => false,
    }
}
