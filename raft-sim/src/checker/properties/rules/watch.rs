//! The state that a server is known to remember, and what becomes of it in a step.

use std::collections::VecDeque;

use super::message::{Answer, Reply, property_of, shown, stays};
use super::timer::Timer;
use super::{Breach, Judged, Step, elections};
use crate::checker::properties::Property;
use crate::model::{AppendReply, Body, Message, NodeId, Position, length};
use crate::subject::{Role, Token, View};

/// The state that a server is known to remember, beside the record.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) timer: Timer,
    /// The servers that would vote for it, if it asks before it stands (diss. §9.6).
    pub(super) asking: Asking,
    /// The servers that have voted for it in this term, one bit for each; itself once it knows that its own vote is
    /// durable. `None` if that is not known.
    pub(super) votes: Option<u64>,
    /// The snapshot of which it has parts, and the bytes of it (Figure 13); `None` if that is not known.
    pub(super) incoming: Option<Option<(Position, u64)>>,
    /// Writes of which it has not been notified, or not of all before them; true if it has been notified of this
    /// one.
    pub(super) unsynced: VecDeque<(Token, bool)>,
    /// Messages that must leave later, and the newest write that each waits for.
    pub(super) pending: VecDeque<(Token, Message)>,
    /// Its state before this step.
    pub(super) before: View,
}

/// A server's pre-vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asking {
    #[default]
    No,
    /// It asks for pre-votes, and these servers would vote for it, one bit for each.
    Yes(u64),
    /// It may have begun to ask, behind a write.
    Unclear,
}

impl Watch {
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
    pub(super) fn moves(&mut self, after: &View) {
        let before = &self.before;
        if before.term == after.term && before.role == after.role {
            return;
        }
        (self.asking, self.incoming) = (Asking::No, None);
        if before.term != after.term {
            self.votes = Some(0);
        }
        if before.role == Role::Leader {
            // A server that stops leading has a timer again, and knows of no leader.
            self.timer.restart(after.term);
            self.timer.believe(0);
        }
    }

    /// Compares the effects of a message with those that the rules require.
    #[inline]
    pub(super) fn check_answer(&mut self, step: &Step<'_>, answer: &Answer) -> Judged {
        let (property, after) = (answer.property, &step.effects.view);
        let unclear = matches!(answer.reply, Reply::Unclear);
        if !stays(&answer.view, after, unclear) {
            let (was, due) = (shown(after), shown(&answer.view));
            return Err((property, format!("took {answer}, and is {was} instead of {due}")));
        }
        if !unclear && !answer.log.is_that_of(step.effects) {
            let due = &answer.log;
            return Err((property, format!("took {answer}, after which {due}, and did otherwise")));
        }
        if answer.stands {
            self.stands(step, answer.called)?;
        }
        match &answer.reply {
            Reply::One(body) if !self.answers(step, answer.from, body) => {
                Err((property, format!("took {answer}, and does not answer {body:?}")))
            }
            Reply::Silence if !step.effects.sends.is_empty() || !step.effects.writes.is_empty() => {
                Err((property, format!("was to disregard {answer}, and did not")))
            }
            Reply::One(_) | Reply::Silence | Reply::None => Ok(Some(property)),
            Reply::Unclear => {
                for message in &step.effects.sends {
                    if let Body::InstallSnapshotReply { last, received, .. } = message.body {
                        self.incoming = Some(Some((last, received)));
                    }
                }
                Ok(Some(property))
            }
        }
    }

    /// Judges a step of which nothing else is certain: a server that stands acts as a candidate, and one that does not
    /// lead learns what is committed from a leader only, by AppendEntries or InstallSnapshot.
    #[inline]
    pub(super) fn check_unasked(&mut self, step: &Step<'_>) -> Judged {
        let (before, after) = (self.before, &step.effects.view);
        self.moves(after);
        let leads = before.role == Role::Leader || after.role == Role::Leader;
        if after.commit != before.commit && !leads {
            let (now, then) = (length(after.commit), length(before.commit));
            let detail = format!(
                "commits up to {now} instead of {then}, and no message of a leader says so"
            );
            return Err((Property::Appending, detail));
        }
        if after.role == Role::Candidate && after.term != before.term {
            self.stands(step, false)?;
        }
        Ok(None)
    }

    /// A server is notified of a durable write: the messages that waited for it leave, and its own vote counts.
    pub(super) fn check_durable(&mut self, step: &Step<'_>) -> Judged {
        let (server, after) = (step.server, &step.effects.view);
        self.moves(after);
        let first = self.unsynced.front().map_or(Token(u64::MAX), |(token, _)| *token);
        let mut left =
            vec![false; if self.pending.is_empty() { 0 } else { step.effects.sends.len() }];
        let mut judged = None;
        while let Some((_, message)) = self.pending.pop_front_if(|(after, _)| *after < first) {
            // A message of an older term: its receiver would have to ignore it.
            if message.term < after.term {
                continue;
            }
            judged = Some(property_of(&message.body));
            if message.to == server.id {
                self.votes = self.votes.map(|votes| votes | elections::bit(server.id));
                continue;
            }
            let mut places = step.effects.sends.iter().zip(&mut left);
            match places.find(|(sent, left)| !**left && step.says(sent, &message)) {
                Some((_, left)) => *left = true,
                None => {
                    let (body, to) = (&message.body, message.to);
                    let detail = format!(
                        "is notified that its writes are durable, and does not send {body:?} to {to}"
                    );
                    return Err((property_of(body), detail));
                }
            }
        }
        self.check_elected(step)?;
        Ok(judged)
    }

    /// A candidate that knows of the votes of a majority leads, and no other does.
    fn check_elected(&self, step: &Step<'_>) -> Result<(), Breach> {
        let (true, Some(votes)) = (self.before.role == Role::Candidate, self.votes) else {
            return Ok(());
        };
        let elected = elections::is_quorum(step.server, votes);
        if elected == (step.effects.view.role == Role::Leader) {
            return Ok(());
        }
        let how = if elected { "and does not lead" } else { "which are no quorum, and leads" };
        let count = votes.count_ones();
        Err((Property::Voting, format!("has {count} votes, its own included if durable, {how}")))
    }

    /// True if the message leaves in this step, or has to wait for writes; then it is pending.
    #[inline]
    pub(super) fn answers(&mut self, step: &Step<'_>, to: NodeId, body: &Body) -> bool {
        let due = Message::new(step.server.id, to, step.effects.view.term, body.clone());
        let mut held = step.effects.held.iter().map(|held| &held.message);
        if step.effects.sends.iter().any(|sent| step.says(sent, &due))
            || held.any(|held| step.says(held, &due))
        {
            return true;
        }
        let Some((newest, _)) = self.unsynced.back() else { return false };
        self.pending.push_back((*newest, due));
        true
    }
}

impl Step<'_> {
    /// True if a message is the one that is due; where logs part it need not tell.
    fn says(&self, sent: &Message, due: &Message) -> bool {
        let refused = |body: &Body| {
            let Body::AppendEntriesReply { reply: AppendReply::Refused { prev, .. }, round } = body
            else {
                return None;
            };
            Some((*prev, *round))
        };
        let same = sent.body == due.body
            || (!self.hints
                && refused(&due.body).is_some()
                && refused(&sent.body) == refused(&due.body));
        sent.to == due.to && sent.term == due.term && same
    }
}
