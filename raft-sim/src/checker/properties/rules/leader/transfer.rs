//! Leadership is handed over (30, diss. §3.10).

use super::answers::Obligation;
use super::lead::Lead;
use super::took::Took;
use super::{Book, Step};
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::model::{Body, NodeId};
use crate::subject::{Request, Role};

/// Leadership on its way to another server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handover {
    pub(super) request: Request,
    pub(super) to: NodeId,
    began: u64,
    reported: bool,
}

impl Lead {
    /// A transfer is begun if the target is another voter, and none is under way; else it is refused at once.
    pub(super) fn transfer(&mut self, step: &mut Step, request: Request, to: NodeId) {
        let configuration = step.old_configuration().1;
        let votes = configuration.voters.contains(&to) || configuration.outgoing.contains(&to);
        if self.handover.is_some() || to == step.server.id || !votes {
            step.oblige(request, Obligation::Rejected);
            return;
        }
        self.lease_void = true;
        self.handover = Some(Handover { request, to, began: self.ticks, reported: false });
    }

    /// If the target does not lead after an election timeout, the transfer is given up.
    pub(super) fn hand_over_in_time(&mut self, step: &mut Step) {
        let patience = u64::from(step.settings.election_timeout.1);
        let late = |handover: &mut Handover| self.ticks - handover.began >= patience;
        if let Some(Handover { request, .. }) = self.handover.take_if(late) {
            step.count(Property::HandingOver);
            step.oblige(request, Obligation::Rejected);
        }
    }

    /// The target is told to stand when it has all of the leader's log: then, once, and nobody else ever.
    pub(super) fn check_reported(&mut self, step: &mut Step) -> Result<(), Violation> {
        let reported = step.effects.sends.iter().filter(|message| message.body == Body::TimeoutNow);
        let reported: Vec<NodeId> = reported.map(|message| message.to).collect();
        let due = self
            .handover
            .filter(|handover| !handover.reported && self.matched(handover.to) == step.last());
        if due.is_none() && reported.is_empty() {
            return Ok(());
        }
        step.count(Property::HandingOver);
        let Some(Handover { to, .. }) = due else {
            let what = format!(
                "tells {} to stand for election, which is not to or has not all of its log",
                reported[0]
            );
            return Err(step.breach(Property::HandingOver, &what));
        };
        if reported != [to] {
            let what =
                format!("does not tell {to} to stand for election, which has all of its log");
            return Err(step.breach(Property::HandingOver, &what));
        }
        self.handover.iter_mut().for_each(|handover| handover.reported = true);
        Ok(())
    }
}

impl Book {
    /// A request for votes says that the leader wants the election, if it does (diss. §4.2.3).
    pub(super) fn check_called(&mut self, step: &mut Step, took: &Took) -> Result<(), Violation> {
        let after = step.after();
        let stands = after.role == Role::Candidate && after.term != step.before.term;
        if stands {
            self.called = matches!(took, Took::TimeoutNow).then_some(after.term);
        }
        if after.role != Role::Candidate {
            return Ok(());
        }
        for message in &step.effects.sends {
            if let Body::RequestVote { transfer, .. } = message.body {
                step.count(Property::HandingOver);
                if transfer != (self.called == Some(message.term)) {
                    let whose = if transfer { "the leader's" } else { "its own" };
                    let what = format!("calls its candidacy in term {} {whose} wish", message.term);
                    return Err(step.breach(Property::HandingOver, &what));
                }
            }
        }
        Ok(())
    }
}
