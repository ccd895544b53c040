//! The state that a server is known to remember.

use std::collections::VecDeque;

use super::standing::{Incoming, Standing};
use super::timer::Timer;
use crate::checker::properties::Property;
use crate::model::{Body, Message, NodeId};
use crate::subject::{Effects, Role, Token};

/// The state that a server is known to remember, beside the record.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) timer: Timer,
    /// The servers that would vote for it, if it asks before it stands (diss. §9.6), one bit for each.
    pub(super) asking: Asking,
    /// The servers that have voted for it in this term, one bit for each; itself once it knows that its own vote is
    /// durable.
    pub(super) votes: u64,
    /// The snapshot of which it has parts, and how many bytes (Figure 13).
    pub(super) incoming: Incoming,
    /// Writes of which it has not been notified, or not of all before them; true if it has been notified of this
    /// one.
    pub(super) unsynced: VecDeque<(Token, bool)>,
    /// Messages that must leave later, and the newest write that each waits for.
    pub(super) pending: VecDeque<(Token, Message)>,
    /// Its state before this step.
    pub(super) before: Standing,
}

/// A server's pre-vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asking {
    #[default]
    No,
    /// It asks for pre-votes, and these servers would vote for it.
    Yes(u64),
    /// It may have begun to ask, behind a write.
    Unclear,
}

/// The property that was exercised, if one was; or the one that does not hold, and what the server did.
pub(super) type Judged = Result<Option<Property>, (Property, String)>;

impl Watch {
    /// The server is notified that the write with this token is durable.
    pub(super) fn notified(&mut self, token: Token) {
        if let Some(write) = self.unsynced.iter_mut().find(|(other, _)| *other == token) {
            write.1 = true;
        }
        while self.unsynced.front().is_some_and(|(_, notified)| *notified) {
            self.unsynced.pop_front();
        }
    }

    /// The consequences of a change of term or role, whatever its cause.
    #[inline]
    pub(super) fn moved(&mut self, effects: &Effects) {
        let (before, after) = (&self.before, &effects.view);
        if before.term == after.term && before.role == after.role {
            return;
        }
        self.asking = Asking::No;
        self.incoming = Incoming::Unclear;
        if before.term != after.term {
            self.votes = 0;
        }
        if before.role == Role::Leader {
            // A server that stops leading has a timer again, and knows of no leader.
            self.timer.restart(after.term);
            self.timer.believe(0);
        }
    }

    /// True if it has to believe that there is a current leader (§6); `None` if that is not known.
    pub(super) fn believes_in_a_leader(&self) -> Option<bool> {
        if self.before.role == Role::Leader { Some(true) } else { self.timer.believes() }
    }

    /// A message must leave: now, or when the writes before it are known durable. False if it should have.
    #[inline]
    pub(super) fn oblige(
        &mut self,
        from: NodeId,
        to: NodeId,
        body: &Body,
        effects: &Effects,
    ) -> bool {
        let term = effects.view.term;
        let is = |sent: &Message| sent.to == to && sent.term == term && sent.body == *body;
        if effects.sends.iter().any(is) || effects.held.iter().any(|held| is(&held.message)) {
            return true;
        }
        let Some((newest, _)) = self.unsynced.back() else { return false };
        self.pending.push_back((*newest, Message::new(from, to, term, body.clone())));
        true
    }
}
