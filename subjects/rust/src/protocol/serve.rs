//! The subject's side of the protocol: a child that serves any implementation in Rust.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};

use super::decode::{self, Cluster};
use super::encode;
use super::wire::{self, Answer, Hello, LONGEST, PROTOCOL, Request, Status, Text, Verb};
use crate::{
    Boot, Capability, Effects, Ended, Event, HardState, Implementation, LogIndex, Message, NodeId,
    Once, Own, Subject, Token, View,
};

/// A cluster of any size: a child accepts the servers that the testbed names.
const ALL: Cluster = Cluster { servers: u32::MAX };

/// Answers the requests of a testbed until they end, with the implementation as the subject.
///
/// # Errors
/// A one-line message: the pipes fail, or a request is not one of the protocol.
pub fn serve(
    implementation: &dyn Implementation,
    mut input: impl BufRead,
    mut output: impl Write,
) -> Result<(), String> {
    let mut servant = Servant {
        implementation,
        own: None,
        servers: BTreeMap::new(),
        carried: Vec::new(),
        is_notified: implementation.capabilities().contains(&Capability::SlowDisk),
    };
    let (mut line, mut answer) = (Vec::new(), Vec::new());
    for number in 1_u64.. {
        line.clear();
        let read = (&mut input).take(LONGEST as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| format!("the requests can't be read: {error}"))? == 0 {
            break;
        }
        answer.clear();
        let request = serde_json::from_slice(&line).map_err(|error| error.to_string());
        request
            .and_then(|request| servant.answer(request, &mut answer))
            .map_err(|why| format!("request {number}: {why}"))?;
        answer.push(b'\n');
        let written = output.write_all(&answer).and_then(|()| output.flush());
        written.map_err(|error| format!("the answer can't be written: {error}"))?;
    }
    Ok(())
}

/// The servers of a cluster.
struct Servant<'i> {
    implementation: &'i dyn Implementation,
    servers: BTreeMap<u32, Server>,
    /// The implementation for this cluster, if it has one of its own.
    own: Option<Box<dyn Implementation + 'i>>,
    /// The data that messages of this cluster carry along, each under a name. The testbed need not know it.
    carried: Vec<(Own, Box<RawValue>)>,
    /// True if servers are notified of durable writes.
    is_notified: bool,
}

struct Server {
    subject: Box<dyn Subject>,
    view: View,
}

/// The effects of a step, with the view before it.
struct Step {
    before: View,
    effects: Effects,
    /// The first place in `carried` of its messages' data.
    carried: usize,
}

impl<'i> Servant<'i> {
    fn answer(&mut self, request: Request<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        let verb = request.verb.ok_or("it has no `do`")?;
        match verb {
            Verb::Hello => write(&self.hello(), out),
            Verb::Reset => {
                self.reset(request.seed.unwrap_or(0))?;
                write(&Answer::default(), out);
            }
            Verb::Boot => match self.boot(request)? {
                Ok(view) => {
                    write(&Answer { view: Some(encode::view(&view)), ..Answer::default() }, out);
                }
                Err(why) => write(&failed(Status::Refused, &why), out),
            },
            Verb::Tick
            | Verb::Receive
            | Verb::Propose
            | Verb::Persisted
            | Verb::Read
            | Verb::Register
            | Verb::Change
            | Verb::Transfer
            | Verb::Compact
            | Verb::Apply => {
                let steps = self.step(verb, request)?;
                let mut answers = steps.iter().map(|step| self.step_answer(step));
                let first = answers.next().unwrap_or_default();
                let then: Vec<Answer<'_>> = answers.collect();
                let then = (!then.is_empty()).then_some(then);
                write(&Answer { then, ..first }, out);
            }
        }
        Ok(())
    }

    fn hello(&self) -> Hello<'_> {
        let capabilities = self.implementation.capabilities().iter();
        Hello {
            protocol: Some(PROTOCOL),
            name: Some(Text(self.implementation.name().into())),
            capabilities: Some(capabilities.map(|one| Text(one.word().into())).collect()),
            ..Hello::default()
        }
    }

    fn reset(&mut self, seed: u64) -> Result<(), String> {
        self.servers.clear();
        self.carried.clear();
        self.own = None;
        self.own = self.implementation.enter(seed)?;
        Ok(())
    }

    fn boot(&mut self, request: Request<'_>) -> Result<Result<View, String>, String> {
        let id = request.server.ok_or("it has no `server`")?;
        let snapshot = request.snapshot.flatten().map(decode::snapshot).transpose()?;
        let base = snapshot.as_ref().map(|snapshot| snapshot.last.index);
        let log = decode::entries(LogIndex::after(base), request.log.unwrap_or_default())?;
        let boot = Boot {
            id: NodeId(id),
            members: decode::servers(request.members.or_else(|| request.peers.clone())),
            servers: decode::servers(request.peers),
            life: request.life.unwrap_or(1),
            now: request.now.unwrap_or(0),
            settings: request.settings.ok_or("it has no `settings`")?.0,
            hard_state: HardState {
                term: decode::term("currentTerm", request.current_term)?,
                voted_for: ALL.server("votedFor", request.voted_for.flatten())?,
            },
            commit: decode::index("commitIndex", request.commit_index)?,
            blob: request.blob.flatten().as_ref().map(decode::blob),
            snapshot: snapshot.map(Arc::new),
            log: log.to_vec(),
            applied: decode::index("applied", request.applied)?,
        };
        self.servers.remove(&id);
        let implementation = self.own.as_deref().unwrap_or(self.implementation);
        Ok(implementation.boot(boot).map(|(subject, view)| {
            self.servers.insert(id, Server { subject, view });
            view
        }))
    }

    /// A server's step, followed by its steps on the notifications of writes that are durable at once.
    fn step(&mut self, verb: Verb, request: Request<'_>) -> Result<Vec<Step>, String> {
        let (now, instant) = (request.now.unwrap_or(0), request.instant.unwrap_or(false));
        let id = request.server.ok_or("it has no `server`")?;
        let mut next = Some(self.event(verb, request)?);
        let server = self.servers.get_mut(&id);
        let server = server.ok_or_else(|| format!("server {id} has not booted"))?;
        let (mut steps, mut durable) = (Vec::new(), VecDeque::new());
        while let Some(event) = next {
            let before = server.view;
            let mut effects = Effects { view: before, now, instant, ..Effects::default() };
            server.subject.step(event, &mut effects);
            server.view = effects.view;
            if instant && self.is_notified {
                durable.extend(effects.writes.iter().map(|write| write.token));
            }
            let carried = self.carried.len();
            for message in sent(&effects).filter(|message| !message.own.is_empty()) {
                let name = to_raw_value(&self.carried.len()).map_err(|error| error.to_string())?;
                self.carried.push((message.own.clone(), name));
            }
            next = durable.pop_front().filter(|_| effects.ended.is_none()).map(Event::Persisted);
            steps.push(Step { before, effects, carried });
        }
        Ok(steps)
    }

    fn event(&self, verb: Verb, request: Request<'_>) -> Result<Event, String> {
        let name = crate::Request(wire::named(request.request.unwrap_or(0)));
        let command = || request.command.as_ref().map(decode::command).ok_or("it has no `command`");
        Ok(match verb {
            Verb::Tick => Event::Tick,
            Verb::Apply => Event::Apply,
            Verb::Persisted => Event::Persisted(Token(request.token.unwrap_or(0))),
            Verb::Receive => {
                let mut message = request.message.ok_or("it has no `message`")?;
                let from = NodeId(message.from.unwrap_or(0));
                let own = message.own.take();
                let mut message = ALL.message(from, message, None)?;
                message.own = own.map(|own| self.recall(own)).transpose()?.unwrap_or_default();
                Event::Receive(message)
            }
            Verb::Propose if request.session.is_some() => Event::ProposeOnce(
                name,
                Once {
                    session: decode::session(request.session)?,
                    serial: request.serial.unwrap_or(0),
                    command: command()?,
                },
            ),
            Verb::Propose => Event::Propose(name, command()?),
            Verb::Read => Event::Read(name),
            Verb::Register => Event::Register(name),
            Verb::Change => {
                let voters = decode::servers(request.voters);
                Event::ChangeMembership(name, voters, decode::servers(request.learners))
            }
            Verb::Transfer => Event::Transfer(name, NodeId(request.to.unwrap_or(0))),
            Verb::Compact => Event::Compact(name),
            Verb::Hello | Verb::Reset | Verb::Boot => return Err("it is no step".to_string()),
        })
    }

    fn recall(&self, own: &RawValue) -> Result<Own, String> {
        let place = own.get().parse().ok().and_then(|place: usize| self.carried.get(place));
        place.map(|(own, _)| own.clone()).ok_or_else(|| format!("no server sent `own` {own}"))
    }

    fn step_answer<'s>(&'s self, Step { before, effects, carried }: &'s Step) -> Answer<'s> {
        match &effects.ended {
            Some(Ended::Crashed(why) | Ended::Panicked(why)) => {
                return failed(Status::Crashed, why);
            }
            Some(Ended::Stuck(how)) => return failed(Status::Crashed, how),
            None => {}
        }
        let mut names = self.carried[*carried..].iter().map(|(_, name)| &**name);
        let mut message = |message: &'s Message, after: Option<Token>| {
            let own = if message.own.is_empty() { None } else { names.next() };
            let after = after.map(|Token(token)| token);
            wire::Message { after, ..encode::message(message, own) }
        };
        encode::answer(before, effects, &mut message)
    }
}

fn sent(effects: &Effects) -> impl Iterator<Item = &Message> {
    effects.sends.iter().chain(effects.held.iter().map(|held| &held.message))
}

fn failed(status: Status, why: &str) -> Answer<'_> {
    Answer { status: Some(status), reason: Some(Text(why.into())), ..Answer::default() }
}

fn write(answer: &impl serde::Serialize, out: &mut Vec<u8>) {
    // A write to memory does not fail.
    let _ = serde_json::to_writer(out, answer);
}
