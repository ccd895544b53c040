//! Clients: they propose commands, read, and keep sessions (§8, diss. ch. 6).

use super::{ATTEMPTS, Due, Run};
use crate::action::Action;
use crate::mix::{below, chance, mix};
use crate::model::{Command, NodeId, Once, SessionId};
use crate::observation::Observer;
use crate::plan::Clients;
use crate::subject::{Answer, Event, Request};
use crate::time::Micros;
use crate::world::{Halt, Launch};

/// Percent of the commands under a session that are proposed again after they were answered.
const REPEATS: u32 = 20;

/// A client with a session (diss. §6.3), or one that is about to open it.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    session: Option<SessionId>,
    /// The number of its last command.
    serial: u64,
    /// True if it was answered, in this session.
    answered: bool,
    waits: Option<Wait>,
}

/// A request that is not answered yet.
#[derive(Clone, Copy, Debug)]
struct Wait {
    /// Its first try.
    since: u64,
    /// Its latest try, and the time of that.
    latest: u64,
    at: Micros,
}

/// The kind of a request, which is a function of its number.
#[derive(Clone, Copy, Debug)]
enum RequestKind {
    /// A command without a session.
    Command,
    /// A read.
    Read,
    /// The next request of this client under its session.
    Session(usize),
}

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// Schedules the next request, from this number on.
    pub(super) fn schedule_request(&mut self, from: u64) {
        let Clients { interval, only, .. } = &self.plan.clients;
        let next = match only {
            None => Some(from),
            Some(only) => only.get(only.partition_point(|number| *number < from)).copied(),
        };
        if let Some(number) = next {
            self.schedule((number + 1) * interval, Due::Request(number * ATTEMPTS));
        }
    }

    /// The `number % ATTEMPTS`-th try of request `number / ATTEMPTS`.
    pub(super) fn try_request(&mut self, number: u64) -> Result<(), Halt> {
        let clients = &self.plan.clients;
        let attempt = number % ATTEMPTS;
        let bits = mix(mix(self.plan.seed, 0x0063_6c69), number);
        if attempt == 0 {
            self.schedule_request(number / ATTEMPTS + 1);
        }
        let mut wanders = attempt == 0 && chance(mix(bits, 1), clients.wander * 10_000);
        let request_kind = self.request_kind(number);
        match request_kind {
            RequestKind::Command => self.tally.proposed += u64::from(attempt == 0),
            RequestKind::Read => wanders = attempt == 0 && chance(mix(bits, 1), 500_000),
            RequestKind::Session(client) => {
                let Some(again) = self.turn(client, number) else { return Ok(()) };
                wanders |= again && chance(mix(bits, 1), 500_000);
            }
        }
        let server = match self.leader {
            Some(leader) if !wanders => leader,
            Some(_) | None => NodeId(1 + below(bits, self.plan.clocks.len() as u64) as u32),
        };
        let request = Request(number);
        let event = match request_kind {
            RequestKind::Command => Event::Propose(request, self.command(number / ATTEMPTS)),
            RequestKind::Read => Event::Read(request),
            RequestKind::Session(client) => self.under_session(client, request),
        };
        let up = self.act(Action::Request { server, event })?;
        if !up {
            self.leader = None;
            self.retry(number, 20_000);
        }
        Ok(())
    }

    fn request_kind(&self, number: u64) -> RequestKind {
        let clients = &self.plan.clients;
        if clients.reads == 0 && clients.once == 0 {
            return RequestKind::Command;
        }
        let bits = mix(mix(self.plan.seed, 0x7769_7368), number / ATTEMPTS);
        if chance(bits, clients.reads * 10_000) {
            RequestKind::Read
        } else if chance(mix(bits, 1), clients.once * 10_000) && !self.clients.is_empty() {
            RequestKind::Session(below(mix(bits, 2), self.clients.len() as u64) as usize)
        } else {
            RequestKind::Command
        }
    }

    /// Decides if a client with a session makes a request: a new one, or the same again if it has waited long enough
    /// or was asked to retry. `None` if it makes none, else true if it repeats a request.
    fn turn(&mut self, client: usize, number: u64) -> Option<bool> {
        let now = self.world.now();
        let client = &mut self.clients[client];
        let retry = !number.is_multiple_of(ATTEMPTS);
        if let Some(wait) = &mut client.waits {
            let due = if retry {
                wait.latest + 1 == number
            } else {
                now >= wait.at + self.plan.clients.patience
            };
            wait.latest = if due { number } else { wait.latest };
            wait.at = if due { now } else { wait.at };
            return due.then_some(true);
        }
        if retry {
            return None;
        }
        client.waits = Some(Wait { since: number, latest: number, at: now });
        // A client that has lost its answer repeats the request.
        let bits = mix(mix(self.plan.seed, 0x7265_7065), number);
        if client.session.is_some() && client.answered && chance(bits, REPEATS * 10_000) {
            return Some(true);
        }
        if client.session.is_some() {
            client.serial += 1;
            self.tally.proposed += 1;
        }
        client.answered = false;
        Some(false)
    }

    /// The bytes of a command: its number, and as many zeros as fill its size.
    fn command(&mut self, number: u64) -> Command {
        self.command[..8].copy_from_slice(&number.to_le_bytes());
        Command::from(&self.command[..])
    }

    fn under_session(&mut self, client: usize, request: Request) -> Event {
        let Client { session, serial, .. } = self.clients[client];
        let Some(session) = session else { return Event::Register(request) };
        // No command without a session has so high a number.
        let command = self.command(1 << 63 | (client as u64) << 48 | serial);
        Event::ProposeOnce(request, Once { session, serial, command })
    }

    /// The next try of a request, if it has one, after about this time.
    pub(super) fn retry(&mut self, number: u64, after: Micros) {
        if !(number + 1).is_multiple_of(ATTEMPTS) {
            let bits = mix(mix(self.plan.seed, 0x7265_7472), number);
            let time = self.world.now() + after / 2 + below(bits, after);
            self.schedule(time, Due::Request(number + 1));
        }
    }

    /// A client receives an answer.
    pub(super) fn client_answered(&mut self, server: NodeId, number: u64, answer: &Answer) {
        let client = match self.request_kind(number) {
            RequestKind::Session(client) => Some(client),
            RequestKind::Command | RequestKind::Read => None,
        };
        match answer {
            Answer::Committed(_) | Answer::Registered(..) | Answer::NoSession(_) => {
                self.leader = Some(server);
            }
            Answer::NotLeader(leader) => {
                self.leader = *leader;
                return self.retry(number, if leader.is_some() { 2_000 } else { 50_000 });
            }
            Answer::Busy => return self.retry(number, 20_000),
            Answer::Superseded | Answer::Unknown if client.is_some() => {
                return self.retry(number, 5_000);
            }
            Answer::Superseded | Answer::Unknown | Answer::Rejected => self.tally.superseded += 1,
            Answer::Read(_) | Answer::Done => return,
        }
        match client {
            Some(client) => self.settle(client, number, answer),
            None => self.tally.committed += 1,
        }
    }

    /// A client with a session receives the answer that it still waits for.
    fn settle(&mut self, client: usize, number: u64, answer: &Answer) {
        let client = &mut self.clients[client];
        if client.waits.is_none_or(|wait| wait.since > number) {
            return;
        }
        client.waits = None;
        match answer {
            Answer::Committed(_) => {
                self.tally.committed += u64::from(!client.answered);
                client.answered = true;
            }
            Answer::Registered(_, session) => client.session = Some(*session),
            Answer::NoSession(_) => client.session = None,
            Answer::Read(_)
            | Answer::Done
            | Answer::Superseded
            | Answer::Unknown
            | Answer::NotLeader(_)
            | Answer::Busy
            | Answer::Rejected => {}
        }
    }
}
