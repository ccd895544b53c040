//! The goal of leadership transfer.

use super::{Phase, Probe, Probed};
use crate::action::Action;
use crate::checker::Property;
use crate::model::NodeId;
use crate::observation::Observer;
use crate::run::Run;
use crate::subject::{Answer, Event};
use crate::world::{Halt, Launch};

/// The number of commands that are proposed right before a transfer, or right after it.
const LOAD: u64 = 8;
/// Most transfers for which a leader steps down; the target must have won one of them.
const TRANSFERS: u32 = 4;

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// Leadership is transferred to another voter, if there is one, while clients write. If all links are whole, the
    /// target must lead then; else it is enough that the transfer ends. Another server may stand for election at the
    /// same time, but not every time.
    pub(super) fn hands_over(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, obliged)) = self.followed(phase) else { return Ok(false) };
        if phase.target == Some(leader) {
            return Ok(true);
        }
        let (_, configuration) = self.in_force(leader);
        let votes = |id: &&NodeId| **id != leader && configuration.voters.contains(id);
        let Some(&target) = obliged.iter().find(votes) else { return Ok(true) };
        match self.answer_of(phase, leader) {
            Probed::Waits => Ok(false),
            Probed::Answered(Answer::Done | Answer::Rejected) if !phase.healing.cut.is_empty() => {
                Ok(true)
            }
            asked @ (Probed::Answered(_) | Probed::Not) => {
                phase.lost += u32::from(matches!(asked, Probed::Answered(Answer::Done)));
                if phase.lost >= TRANSFERS && self.undisturbed(&phase.known).is_ok() {
                    let detail = format!("{TRANSFERS} transfers ended with another leader each");
                    let alarm = self.alarm(Property::TransferEnds, &detail);
                    return Err(self.violated(alarm));
                }
                // Commands come before the transfer, so that the target lacks entries; or after it. A target that
                // could not catch up in time gets none.
                let late = matches!(asked, Probed::Answered(Answer::Rejected));
                let [before, behind] = match self.plan.seed.is_multiple_of(2) {
                    _ if late => [0, 0],
                    true => [LOAD, 0],
                    false => [0, LOAD],
                };
                self.load(phase, leader, before)?;
                let request = phase.request();
                let event = Event::Transfer(request, target);
                self.act(Action::Request { server: leader, event })?;
                self.load(phase, leader, behind)?;
                phase.target = Some(target);
                phase.probe = Some(Probe { to: leader, request, answer: None });
                Ok(false)
            }
        }
    }

    /// Proposes `count` commands.
    fn load(&mut self, phase: &mut Phase<'_>, leader: NodeId, count: u64) -> Result<(), Halt> {
        (0..count).try_for_each(|_| self.fill(leader, phase.request()))
    }
}
