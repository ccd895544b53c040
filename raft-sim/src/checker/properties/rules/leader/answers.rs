//! What clients are told, and when (34).

use super::{Book, Step};
use crate::checker::properties::Property;
use crate::checker::properties::violation::Violation;
use crate::model::{LogIndex, NodeId, length};
use crate::subject::{Answer, Outcome};

/// An answer that is due in this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obligation {
    /// That its entry is committed and applied, and what came of it.
    Applied(LogIndex),
    Superseded,
    Unknown,
    /// From the state after this index, or a later one.
    Read(u64),
    NotLeader(Option<NodeId>),
    Busy,
    Rejected,
    Done,
    /// Whatever it is.
    Anything,
}

impl Book {
    /// Who waits hears of it as soon as it is so, and nobody hears of anything else.
    pub(super) fn check_answers(&mut self, step: &mut Step) -> Result<(), Violation> {
        self.oblige_applied(step);
        let answers = &step.effects.answers[..];
        if answers.is_empty() && step.obligation.is_empty() {
            return Ok(());
        }
        step.count(Property::Answering);
        for &(request, obligation) in &step.obligation {
            let given = answers.iter().find(|(other, _)| *other == request);
            let Some((_, given)) = given else {
                let what = format!(
                    "leaves request {} without an answer: {obligation:?} is due",
                    request.0
                );
                return Err(step.breach(Property::Answering, &what));
            };
            if !fits(step, obligation, *given) {
                let what =
                    format!("answers request {} with {given:?}, not {obligation:?}", request.0);
                return Err(step.breach(Property::Answering, &what));
            }
        }
        let unasked = answers
            .iter()
            .find(|(request, _)| !step.obligation.iter().any(|(other, _)| other == request));
        if let Some((request, given)) = unasked {
            let what =
                format!("answers request {} with {given:?}, for which it is too early", request.0);
            return Err(step.breach(Property::Answering, &what));
        }
        Ok(())
    }

    /// If command received from client: respond after entry applied to state machine (Figure 2). Of an entry
    /// whose place another has, the client is told that; of one for which a snapshot from a leader stands,
    /// nothing is known.
    fn oblige_applied(&mut self, step: &mut Step) {
        let applied = length(step.after().applied);
        let restored = step.effects.restored.as_ref().map(|snapshot| snapshot.last.index);
        // Of many that wait, none can have been served by a step that applied nothing.
        if applied != length(step.before.applied) || restored.is_some() {
            self.waiting.retain(|&(position, request)| {
                if position.index.get() > applied {
                    return true;
                }
                let term = step.server.log.at(position.index.get()).map(|link| link.term);
                let obligation = if restored > Some(position.index) {
                    Obligation::Unknown
                } else if term == Some(position.term) {
                    Obligation::Applied(position.index)
                } else {
                    Obligation::Superseded
                };
                step.oblige(request, obligation);
                false
            });
        }
        self.reads.retain(|&(index, request)| {
            if index <= applied {
                step.oblige(request, Obligation::Read(index));
            }
            index > applied
        });
    }

    /// A new term has no leader yet but the one that says so (§5.2).
    pub(super) fn check_term(&self, step: &mut Step) -> Result<(), Violation> {
        let after = step.after();
        let Some(leader) = after.leader.filter(|_| after.term > step.before.term) else {
            return Ok(());
        };
        step.count(Property::Answering);
        if leader == step.server.id || self.spoke == Some(leader) {
            return Ok(());
        }
        let after = step.after();
        let what =
            format!("takes {leader} for the leader of term {}, which no message names", after.term);
        Err(step.breach(Property::Answering, &what))
    }
}

fn fits(step: &Step, obligation: Obligation, given: Answer) -> bool {
    match obligation {
        Obligation::Applied(index) => {
            let mut applied = step.effects.applied.iter();
            let outcome = applied.find(|applied| applied.entry.index == index);
            given
                == match outcome.map(|applied| applied.outcome) {
                    Some(Outcome::Registered(session)) => Answer::Registered(index, session),
                    Some(Outcome::NoSession) => Answer::NoSession(index),
                    Some(Outcome::Nothing | Outcome::Executed | Outcome::Repeated) | None => {
                        Answer::Committed(index)
                    }
                }
        }
        Obligation::Superseded => given == Answer::Superseded,
        Obligation::Unknown => given == Answer::Unknown,
        Obligation::Read(index) => matches!(given, Answer::Read(from) if from.get() >= index),
        Obligation::NotLeader(leader) => given == Answer::NotLeader(leader),
        Obligation::Busy => given == Answer::Busy,
        Obligation::Rejected => given == Answer::Rejected,
        Obligation::Done => given == Answer::Done,
        Obligation::Anything => true,
    }
}
