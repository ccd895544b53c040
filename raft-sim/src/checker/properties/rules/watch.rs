//! The state that a server is known to remember.

use std::collections::VecDeque;
use std::hash::Hash;

use super::Step;
use super::timer::Timer;
use crate::checker::quorum::Servers;
use crate::checker::server::Server;
use crate::mix::MixHasher;
use crate::model::{AppendReply, Body, Message, NodeId, Position, Term};
use crate::subject::{Role, Token, View};

/// The state that a server is known to remember, beside the record.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Watch {
    pub(super) timer: Timer,
    /// The servers that would vote for it, if it asks before it stands (diss. §9.6).
    pub(super) asking: Asking,
    /// The servers that have voted for it in this term; itself once it knows that its own vote is
    /// durable. `None` if that is not known.
    pub(super) votes: Option<Servers>,
    /// The snapshot of which it has parts, and the bytes of it (Figure 13); `None` if that is not known.
    pub(super) incoming: Option<Option<(Position, u64)>>,
    /// Writes of which it has not been notified, or not of all before them; true if it has been notified of this
    /// one.
    pub(super) unsynced: VecDeque<(Token, bool)>,
    /// Messages that must leave later, and the newest write that each waits for.
    pub(super) pending: VecDeque<(Token, Message)>,
    /// Memory for the check of such a step: true for each of its messages that is one of these.
    pub(super) left: Vec<bool>,
}

/// A server's pre-vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Asking {
    #[default]
    No,
    /// It asks for pre-votes, and these servers would vote for it.
    Yes(Servers),
    /// It may have begun to ask, behind a write.
    Unclear,
}

impl Watch {
    /// Feeds the hasher with what a later verdict can depend on: votes count as long as the server stands.
    pub(super) fn feed(&self, server: &Server, hasher: &mut MixHasher) {
        let Watch { timer, asking, votes, incoming, unsynced, pending, left: _ } = self;
        (timer, asking, incoming, unsynced, pending).hash(hasher);
        (server.view.role == Role::Candidate).then_some(votes).hash(hasher);
    }

    /// The server may remember anything.
    #[cold]
    pub(super) fn lose_track(&mut self) {
        self.timer.unclear();
        (self.asking, self.votes, self.incoming) = (Asking::Unclear, None, None);
        self.pending.clear();
    }

    /// The server is notified that the write with this token is durable.
    pub(super) fn notified(&mut self, token: Token) {
        if let Some(write) = self.unsynced.iter_mut().find(|(other, _)| *other == token) {
            write.1 = true;
        }
        while self.unsynced.pop_front_if(|(_, notified)| *notified).is_some() {}
    }

    /// The consequences of a change of term or role, whatever its cause.
    #[inline]
    pub(super) fn moves(&mut self, before: &View, after: &View) {
        if before.term == after.term && before.role == after.role {
            return;
        }
        (self.asking, self.incoming) = (Asking::No, None);
        if before.term != after.term {
            self.votes = Some(Servers::default());
        }
        if before.role == Role::Leader {
            // A server that stops leading has a timer again, and knows of no leader.
            self.timer.restart(after.term);
            self.timer.believe(0);
        }
    }

    /// True if the message leaves in this step, or has to wait for writes; then it is pending.
    #[inline]
    pub(super) fn answers(&mut self, step: &Step<'_>, to: NodeId, body: &Body) -> bool {
        let term = step.effects.view.term;
        let mut held = step.effects.held.iter().map(|held| &held.message);
        if step.effects.sends.iter().any(|sent| step.says(sent, to, term, body))
            || held.any(|held| step.says(held, to, term, body))
        {
            return true;
        }
        let Some((newest, _)) = self.unsynced.back() else { return false };
        let due = Message::new(step.server.id, to, term, body.clone());
        self.pending.push_back((*newest, due));
        true
    }
}

impl Step<'_> {
    /// True if a message is the one that is due; where logs part it need not tell.
    #[inline]
    pub(super) fn says(&self, sent: &Message, to: NodeId, term: Term, due: &Body) -> bool {
        let refused = |body: &Body| {
            let Body::AppendEntriesReply { reply: AppendReply::Refused { prev, .. }, round } = body
            else {
                return None;
            };
            Some((*prev, *round))
        };
        let same = || {
            let hinted = !self.hints && refused(due).is_some();
            sent.body == *due || hinted && refused(&sent.body) == refused(due)
        };
        sent.to == to && sent.term == term && same()
    }
}
