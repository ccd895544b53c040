//! Clients and administrators: their requests and the answers.

use std::fmt;

use super::start::command;
use super::{Replay, Stop};
use crate::action::Action;
use crate::model::{LogIndex, NodeId, Once, SessionId};
use crate::scenario::syntax::{Answer as AnswerWord, Label};
use crate::subject::{Answer, Event, Request};
use crate::time::{Micros, milliseconds};

/// The request under a label, and its outcome.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its last attempt. The outcome of an earlier attempt counts only if it succeeded after all.
    latest: Request,
    /// Its session and serial number, if it is a command that has them.
    once: Option<Once>,
    /// The place at which the last attempt was made: the server that was asked.
    asked: Place,
    answer: Option<(Answer, Place)>,
}

/// A server, the line of a statement, and a time.
#[derive(Clone, Copy, Debug)]
struct Place {
    server: NodeId,
    line: u32,
    time: Micros,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { server, line, time } = *self;
        write!(f, "{server} in line {line}")?;
        match time {
            0 => Ok(()),
            time => write!(f, ", at {}", milliseconds(time)),
        }
    }
}

impl Asked {
    /// The last attempt.
    pub(super) fn last(&self) -> Request {
        self.latest
    }

    /// A server has answered one attempt.
    fn take(&mut self, request: Request, answer: Answer, place: Place) {
        let is_last = self.latest == request;
        let was_done = self.answer().is_some_and(is_final);
        if !was_done && (is_last || is_final(answer)) {
            self.answer = Some((answer, place));
        }
    }

    fn answer(&self) -> Option<Answer> {
        self.answer.map(|(answer, _)| answer)
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
        match self.requests.get(label)?.answer()? {
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
        let place = Place { server, line: self.line, time: self.world.now() };
        let fresh = Asked { latest: request, once, asked: place, answer: None };
        let asked = self.requests.entry(label.clone()).or_insert(fresh);
        asked.latest = request;
        asked.asked = place;
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
        let (line, time) = (self.line, self.world.now());
        for (server, request, answer) in self.folds.answers.drain(..) {
            let label = self.asked.get(request.0 as usize - 1).and_then(Option::as_ref);
            if let Some(asked) = label.and_then(|label| self.requests.get_mut(label)) {
                asked.take(request, answer, Place { server, line, time });
            }
        }
    }

    pub(super) fn is_answered(&self, label: &Label, expected: AnswerWord) -> bool {
        self.requests.get(label).is_some_and(|asked| answer_word(asked.answer()) == expected)
    }

    /// What became of the request under a label, in a sentence.
    pub(super) fn became(&self, label: &Label) -> String {
        let name = &label.0;
        let Some(asked) = self.requests.get(label) else {
            return format!("{name} was handed to no server yet");
        };
        if let Some((answer, place)) = asked.answer {
            return format!("{name} {}", outcome(answer, &place));
        }
        let Place { server, line, time: _ } = asked.asked;
        let waits = self.world.unanswered(server).any(|request| request == asked.latest);
        match waits {
            true => {
                format!("{name} is pending: {server} took it in line {line} and has not answered")
            }
            false => format!(
                "{name} was never answered: {server} took it in line {line} and went down before it answered"
            ),
        }
    }

    /// The index up to which a read was answered from.
    pub(super) fn read_at(&self, label: &Label) -> Option<LogIndex> {
        match self.requests.get(label)?.answer()? {
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

/// An answer in words, with its place.
fn outcome(answer: Answer, place: &Place) -> String {
    match answer {
        Answer::Committed(index) => format!("was acknowledged by {place}, as entry {index}"),
        Answer::Read(index) => {
            format!("was answered by {place}, from the state after entry {index}")
        }
        Answer::Registered(..) | Answer::Done => format!("was acknowledged by {place}"),
        Answer::NotLeader(Some(leader)) => {
            format!("was refused by {place}: it does not lead, {leader} does")
        }
        Answer::NotLeader(None) => {
            format!("was refused by {place}: it does not lead and knows no leader")
        }
        Answer::Busy => {
            format!("was refused by {place}: too much is uncommitted, or it is handing over")
        }
        Answer::Rejected => format!("was refused by {place}: it is not possible, or was given up"),
        Answer::Superseded => {
            format!("has failed, says {place}: another entry is committed in its place")
        }
        Answer::Unknown => {
            format!("is unknown, says {place}: it may or may not have been committed")
        }
        Answer::NoSession(_) => format!("has expired, says {place}: its session is gone"),
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
