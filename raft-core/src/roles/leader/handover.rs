//! Leadership transfer (diss. §3.10).

use core::fmt;
use core::hash::{Hash, Hasher};

use super::Leader;
use crate::message::Body;
use crate::output::{Answer, Rejection};
use crate::state::State;
use crate::types::{NodeId, Request};

/// Leadership on its way to another server. No proposal is taken meanwhile, so that it can catch up.
#[derive(Clone, Debug)]
pub(super) struct Handover {
    pub(super) request: Request,
    pub(super) to: NodeId,
    /// The tick at which it began.
    began: u64,
    /// True if TimeoutNow was sent to the target.
    timeout_now_sent: bool,
}

/// A handover as text: `handover=S2`, and ` sent` once TimeoutNow was sent.
impl fmt::Display for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = if self.timeout_now_sent { " sent" } else { "" };
        write!(f, "handover={}{sent}", self.to)
    }
}

impl Handover {
    /// Feeds the hasher with all that later steps depend on, seen from this tick.
    pub(super) fn fingerprint(&self, tick: u64, hasher: &mut impl Hasher) {
        let Handover { request, to, began, timeout_now_sent } = self;
        (request, to, tick - began, timeout_now_sent).hash(hasher);
    }
}

impl Leader {
    /// Begins to hand over, as an administrator wants.
    pub(crate) fn transfer_leadership(&mut self, state: &mut State, request: Request, to: NodeId) {
        let rejection = if let Some(handover) = &self.handover {
            Some(Rejection::TransferPending(handover.to))
        } else if to == state.id {
            Some(Rejection::AlreadyLeads)
        } else if !state.membership().contains(to) {
            Some(Rejection::UnknownServer(to))
        } else if !state.membership().is_voter(to) {
            Some(Rejection::NotAVoter(to))
        } else {
            None
        };
        if let Some(rejection) = rejection {
            return state.answer(request, Answer::Rejected(rejection));
        }
        // The target need not wait until others have forgotten this leader. Nor can a TimeoutNow be called
        // back, however late it arrives: this leader has no lease any more in its term.
        self.lease_void = true;
        self.handover = Some(Handover { request, to, began: self.ticks, timeout_now_sent: false });
        self.hand_over(state);
    }

    /// Sends TimeoutNow once the target has all of the log: it starts an election at once.
    pub(super) fn hand_over(&mut self, state: &mut State) {
        let Some(to) =
            self.handover.as_ref().filter(|handover| !handover.timeout_now_sent).map(|h| h.to)
        else {
            return;
        };
        if self.matched(to) == state.log.last_index() {
            state.send(to, Body::TimeoutNow);
            self.handover.iter_mut().for_each(|handover| handover.timeout_now_sent = true);
        }
    }

    /// Gives up a handover that is not over after an election timeout: this server leads on.
    pub(super) fn hand_over_in_time(&mut self, state: &mut State) {
        let patience = u64::from(state.settings.election_timeout_max);
        let late = |handover: &mut Handover| self.ticks - handover.began >= patience;
        if let Some(Handover { request, to, .. }) = self.handover.take_if(late) {
            state.answer(request, Answer::Rejected(Rejection::NotTransferred(to)));
        }
    }
}
