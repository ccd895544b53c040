//! A step compared with what the rules require.

use super::answer::{Answer, Reply, property_of, shown, stays};
use super::watch::Watch;
use super::{Breach, Judged, Step, elections};
use crate::checker::properties::Property;
use crate::model::{Body, length};
use crate::subject::{Role, Token};

impl Watch {
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
            return Err((
                property,
                format!("took {answer}, and its log does not change by {due:?}"),
            ));
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
        let (before, after) = (step.before, &step.effects.view);
        self.moves(before, after);
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
        self.moves(step.before, after);
        let first = self.unsynced.front().map_or(Token(u64::MAX), |(token, _)| *token);
        if !self.pending.is_empty() {
            self.left.clear();
            self.left.resize(step.effects.sends.len(), false);
        }
        let mut judged = None;
        while let Some((_, message)) = self.pending.pop_front_if(|(after, _)| *after < first) {
            // A message of an older term: its receiver would have to ignore it.
            if message.term < after.term {
                continue;
            }
            judged = Some(property_of(&message.body));
            if message.to == server.id {
                if let Some(votes) = &mut self.votes {
                    votes.insert(server.id);
                }
                continue;
            }
            let mut places = step.effects.sends.iter().zip(&mut self.left);
            match places.find(|(sent, left)| {
                !**left && step.says(sent, message.to, message.term, &message.body)
            }) {
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
        let (true, Some(votes)) = (step.before.role == Role::Candidate, self.votes) else {
            return Ok(());
        };
        let elected = elections::is_quorum(step.server, votes);
        if elected == (step.effects.view.role == Role::Leader) {
            return Ok(());
        }
        let how = if elected { "and does not lead" } else { "which are no quorum, and leads" };
        let count = votes.len();
        Err((Property::Voting, format!("has {count} votes, its own included if durable, {how}")))
    }
}
