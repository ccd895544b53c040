//! Clients and administrators: their requests and the answers.

use super::start::command;
use super::{Replay, Stop};
use crate::action::Action;
use crate::model::{LogIndex, NodeId, Once, SessionId};
use crate::scenario::syntax::{Answer as AnswerWord, Label};
use crate::subject::{Answer, Event, Request};

/// The request under a label, and its outcome.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its last attempt. The outcome of an earlier attempt counts only if it succeeded after all.
    latest: Request,
    /// Its session and serial number, if it is a command that has them.
    once: Option<Once>,
    answer: Option<Answer>,
}

impl Asked {
    /// The last attempt.
    pub(super) fn last(&self) -> Request {
        self.latest
    }

    /// A server has answered one attempt.
    fn answer(&mut self, request: Request, answer: Answer) {
        let is_last = self.latest == request;
        let was_done = self.answer.is_some_and(is_final);
        if !was_done && (is_last || is_final(answer)) {
            self.answer = Some(answer);
        }
    }
}

/// True if an answer decides the request, whichever of several attempts it is for.
fn is_final(answer: Answer) -> bool {
    match answer {
        Answer::Committed(_)
        | Answer::Registered(..)
        | Answer::NoSession(_)
        | Answer::Read(_)
        | Answer::Done => true,
        Answer::Superseded
        | Answer::Unknown
        | Answer::NotLeader(_)
        | Answer::Busy
        | Answer::Rejected => false,
    }
}

impl Replay<'_> {
    /// A client proposes commands, one after the other; in a session, under its next serial numbers.
    pub(super) fn propose(
        &mut self,
        server: NodeId,
        commands: &[Label],
        session: Option<&Label>,
    ) -> Result<(), Stop> {
        for label in commands {
            let once = match session {
                Some(session) => Some(self.next_once(session, label)?),
                None => None,
            };
            self.hand_in(server, label, once)?;
        }
        Ok(())
    }

    /// The client of a command proposes it again, under the same serial number.
    pub(super) fn retry(&mut self, server: NodeId, label: &Label) -> Result<(), Stop> {
        let Some(asked) = self.requests.get(label) else {
            return Err(self.statement(format!("{} has not been proposed yet", label.0)));
        };
        let once = asked.once.clone();
        self.hand_in(server, label, once)
    }

    fn hand_in(&mut self, server: NodeId, label: &Label, once: Option<Once>) -> Result<(), Stop> {
        let request = self.request(server, label, once.clone())?;
        let event = match once {
            Some(once) => Event::ProposeOnce(request, once),
            None => Event::Propose(request, command(&label.0)),
        };
        self.step(Action::Request { server, event })?;
        self.send_late(server)
    }

    /// A command under the next serial number of a session.
    fn next_once(&mut self, session: &Label, label: &Label) -> Result<Once, Stop> {
        let Some(id) = self.session(session) else {
            let name = &session.0;
            return Err(self.statement(format!(
                "{name} is not open yet: a session is named by the answer to its register; \
                 wait until {name} is acknowledged"
            )));
        };
        let serial = self.serials.entry(id).or_insert(0);
        *serial += 1;
        Ok(Once { session: id, serial: *serial, command: command(&label.0) })
    }

    /// The session that was opened under this label.
    fn session(&self, label: &Label) -> Option<SessionId> {
        match self.requests.get(label)?.answer? {
            Answer::Registered(_, session) => Some(session),
            Answer::Committed(_)
            | Answer::NoSession(_)
            | Answer::Read(_)
            | Answer::Done
            | Answer::Superseded
            | Answer::Unknown
            | Answer::NotLeader(_)
            | Answer::Busy
            | Answer::Rejected => None,
        }
    }

    /// A request is sent to a server, for the first time or again; from now on it is pending.
    fn request(
        &mut self,
        server: NodeId,
        label: &Label,
        once: Option<Once>,
    ) -> Result<Request, Stop> {
        self.must_be_up(server)?;
        let request = self.next_request(Some(label));
        let fresh = Asked { latest: request, once, answer: None };
        let asked = self.requests.entry(label.clone()).or_insert(fresh);
        asked.latest = request;
        asked.answer = None;
        Ok(request)
    }

    fn next_request(&mut self, label: Option<&Label>) -> Request {
        self.asked.push(label.cloned());
        Request(self.asked.len() as u64)
    }

    /// A request that is no proposal.
    pub(super) fn ask(
        &mut self,
        server: NodeId,
        label: &Label,
        ask: impl FnOnce(Request) -> Event,
    ) -> Result<(), Stop> {
        let event = ask(self.request(server, label, None)?);
        self.step(Action::Request { server, event })?;
        self.send_late(server)
    }

    /// A server's state machine takes a snapshot, and the log up to there is discarded.
    pub(super) fn compact(&mut self, server: NodeId) -> Result<(), Stop> {
        self.must_be_up(server)?;
        let request = self.next_request(None);
        self.act(Action::Request { server, event: Event::Compact(request) })?;
        let refused = self.folds.answers.contains(&(server, request, Answer::Rejected));
        self.after_step()?;
        if refused {
            return Err(self.statement(format!(
                "{server} has applied nothing that its snapshot does not stand for"
            )));
        }
        Ok(())
    }

    /// Hands out the answers to clients and administrators since the last call.
    pub(super) fn take_answers(&mut self) {
        for (_, request, answer) in self.folds.answers.drain(..) {
            let label = self.asked.get(request.0 as usize - 1).and_then(Option::as_ref);
            if let Some(asked) = label.and_then(|label| self.requests.get_mut(label)) {
                asked.answer(request, answer);
            }
        }
    }

    pub(super) fn is_answered(&self, label: &Label, expected: AnswerWord) -> bool {
        self.requests.get(label).is_some_and(|asked| answer_word(asked.answer) == expected)
    }

    /// The index up to which a read was answered from.
    pub(super) fn read_at(&self, label: &Label) -> Option<LogIndex> {
        match self.requests.get(label)?.answer? {
            Answer::Read(index) => Some(index),
            Answer::Committed(_)
            | Answer::Registered(..)
            | Answer::NoSession(_)
            | Answer::Done
            | Answer::Superseded
            | Answer::Unknown
            | Answer::NotLeader(_)
            | Answer::Busy
            | Answer::Rejected => None,
        }
    }
}

fn answer_word(answer: Option<Answer>) -> AnswerWord {
    match answer {
        None => AnswerWord::Pending,
        Some(Answer::Committed(_) | Answer::Registered(..) | Answer::Read(_) | Answer::Done) => {
            AnswerWord::Acknowledged
        }
        Some(Answer::NotLeader(_) | Answer::Busy | Answer::Rejected) => AnswerWord::Refused,
        Some(Answer::Superseded) => AnswerWord::Failed,
        Some(Answer::Unknown) => AnswerWord::Unknown,
        Some(Answer::NoSession(_)) => AnswerWord::Expired,
    }
}
