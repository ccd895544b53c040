//! The goal of leadership transfer.

use super::{Asked, Phase, Probe};
use crate::action::Action;
use crate::checker::Property;
use crate::model::NodeId;
use crate::observation::Observer;
use crate::run::Run;
use crate::subject::{Answer, Event};
use crate::world::{Halt, Launch};

/// So many commands are handed in right before a transfer, or right behind it.
const LOAD: u64 = 8;
/// Of so many transfers for which a leader stepped down one must have been to the target's good.
const TRANSFERS: u32 = 4;

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// Leadership is handed to another voter, if there is one, while clients write. Where all is connected, it
    /// leads then; else it is enough that the transfer ends. Somebody else may stand at the same moment, but not
    /// each time.
    pub(super) fn hands_over(&mut self, phase: &mut Phase<'_>) -> Result<bool, Halt> {
        let Some((leader, owing)) = self.followed(phase) else { return Ok(false) };
        if phase.target == Some(leader) {
            return Ok(true);
        }
        let (_, configuration) = self.in_force(leader);
        let votes = |id: &&NodeId| **id != leader && configuration.voters.contains(id);
        let Some(&target) = owing.iter().find(votes) else { return Ok(true) };
        match self.answer_of(phase, leader) {
            Asked::Waits => Ok(false),
            Asked::Answered(Answer::Done | Answer::Rejected) if !phase.healing.cut.is_empty() => {
                Ok(true)
            }
            asked @ (Asked::Answered(_) | Asked::Nobody) => {
                phase.lost += u32::from(matches!(asked, Asked::Answered(Answer::Done)));
                if phase.lost >= TRANSFERS && self.undisturbed(&phase.known).is_ok() {
                    let detail = format!("{TRANSFERS} transfers ended with another leader each");
                    let alarm = self.alarm(Property::TransferEnds, &detail);
                    return Err(self.violated(alarm));
                }
                // The target lacks something when it is to take over; or it has all, and more comes at once. One
                // that could not catch up in time has enough to do.
                let late = matches!(asked, Asked::Answered(Answer::Rejected));
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

    /// So many clients write.
    fn load(&mut self, phase: &mut Phase<'_>, leader: NodeId, count: u64) -> Result<(), Halt> {
        (0..count).try_for_each(|_| self.fill(leader, phase.request()))
    }
}
