//! The child of a cluster, with the cluster's servers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use raft_subject::protocol::decode::{self, Cluster};
use raft_subject::protocol::encode;
use raft_subject::protocol::wire::{self, Answer, Request, Status, Timing, Verb};
use serde_json::value::RawValue;

use super::child::Child;
use super::cores::Bound;
use super::{Pool, Process, why};
use crate::mix::mix_bytes;
use crate::subject::{
    self, Boot, Capability, Effects, Ended, Event, Held, Implementation, Subject, Token, View,
};

use crate::model::{Carried, Message, NodeId, Own, Snapshot, length};

/// The number of messages received last that an answer may name with `re`.
const REMEMBERED: usize = 1000;

/// A child that belongs to a cluster.
#[derive(Debug)]
pub(super) struct Host {
    /// The child, or the way in which it ended.
    child: Result<Child, Ended>,
    cluster: Cluster,
    pool: Arc<Pool>,
    /// True if its servers are notified of durable writes.
    is_notified: bool,
    /// The thread, bound to the child's core.
    _bound: Option<Bound>,
}

/// The implementation of one cluster: all of its servers are in one child.
#[derive(Debug)]
pub(super) struct Entered<'p> {
    process: &'p Process,
    host: Rc<RefCell<Host>>,
}

/// A server in a child.
struct Server {
    host: Rc<RefCell<Host>>,
    memory: Memory,
}

/// The testbed's record of a server.
struct Memory {
    id: NodeId,
    /// The number of its writes, and the number of notifications of durable writes since it booted.
    written: u64,
    notified: u64,
    /// The snapshot that it wrote last.
    snapshot: Option<Arc<Snapshot>>,
    /// The messages that it received last, and the number of messages before these.
    received: VecDeque<Message>,
    forgotten: u64,
    /// Its answers in advance to the notifications of these durable writes.
    ahead: VecDeque<(Token, Effects)>,
}

/// The data that a message of a child carries along.
struct Attached {
    own: Option<Box<RawValue>>,
    /// The request that the message answers.
    call: Option<Message>,
}

impl Attached {
    /// The request that the message answers, as the child receives it.
    fn call(&self) -> Option<wire::Message<'_>> {
        let call = self.call.as_ref()?;
        let own = call.own.get::<Attached>().and_then(|attached| attached.own.as_deref());
        Some(encode::message(call, own))
    }
}

impl Carried for Attached {
    /// A digest of the text that the child will read.
    fn digest(&self) -> u64 {
        let bytes = serde_json::to_vec(&(&self.own, self.call())).unwrap_or_default();
        mix_bytes(0, &bytes)
    }
}

impl Host {
    /// A child for a new cluster, of at least this many servers.
    pub(super) fn new(
        mut child: Child,
        (seed, servers): (u64, u32),
        pool: Arc<Pool>,
        bound: Option<Bound>,
        is_notified: bool,
    ) -> Host {
        let request = Request { verb: Some(Verb::Reset), seed: Some(seed), ..Request::default() };
        let reset = child.ask::<Answer<'_>>(&request, pool.limits.answer);
        let reset = reset.and_then(|answer| reason(&answer).map_or(Ok(()), Err));
        let child = reset.map(|()| child);
        Host { child, cluster: Cluster { servers }, pool, is_notified, _bound: bound }
    }

    /// True if its child can be asked.
    pub(super) fn is_ready(&self) -> bool {
        self.child.is_ok()
    }

    /// Makes a request and decodes the answer with `take`.
    fn ask<T>(
        &mut self,
        request: &Request<'_>,
        take: impl FnOnce(Answer<'_>, Cluster) -> Result<T, String>,
    ) -> Result<T, Ended> {
        let cluster = self.cluster;
        let child = self.child.as_mut().map_err(|ended| ended.clone())?;
        let asked = child.ask::<Answer<'_>>(request, self.pool.limits.answer);
        let taken = match asked.map(|answer| take(answer, cluster)) {
            Ok(Ok(taken)) => return Ok(taken),
            Ok(Err(why)) => child.refuse(&why),
            Err(ended) => ended,
        };
        if let Ended::Stuck(_) = &taken {
            self.pool.hangs.fetch_add(1, Ordering::Relaxed);
        }
        self.child = Err(taken.clone());
        Err(taken)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let gone = Err(Ended::Crashed("its cluster is gone".to_string()));
        if let Ok(child) = std::mem::replace(&mut self.child, gone) {
            self.pool.give_back(child);
        }
    }
}

impl<'p> Entered<'p> {
    pub(super) fn new(process: &'p Process, host: Host) -> Entered<'p> {
        Entered { process, host: Rc::new(RefCell::new(host)) }
    }
}

impl Implementation for Entered<'_> {
    fn name(&self) -> &str {
        self.process.name()
    }

    fn capabilities(&self) -> &[Capability] {
        self.process.capabilities()
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        self::boot(&self.host, &boot)
    }
}

/// Boots a server in a child.
pub(super) fn boot(
    host: &Rc<RefCell<Host>>,
    boot: &Boot,
) -> Result<(Box<dyn Subject>, View), String> {
    let request = Request {
        verb: Some(Verb::Boot),
        server: Some(boot.id.0),
        now: Some(boot.now),
        peers: Some(encode::servers(&boot.servers)),
        members: Some(encode::servers(&boot.members)),
        life: Some(boot.life),
        settings: Some(Timing(boot.settings)),
        current_term: Some(boot.hard_state.term.0),
        voted_for: Some(encode::server(boot.hard_state.voted_for)),
        commit_index: Some(length(boot.commit)),
        blob: Some(boot.blob.as_deref().map(encode::blob)),
        snapshot: Some(boot.snapshot.as_deref().map(encode::snapshot)),
        log: Some(boot.log.iter().map(encode::entry).collect()),
        applied: Some(length(boot.applied)),
        ..Request::default()
    };
    let mut inside = host.borrow_mut();
    inside.cluster.servers = inside.cluster.servers.max(boot.id.0);
    let peers = boot.servers.iter().map(|server| server.0).max().unwrap_or(0);
    let booted = inside.ask(&request, |answer, cluster| {
        if let Some(reason) = reason(&answer) {
            return Ok(Err(why(reason)));
        }
        if does_something(&answer) {
            return Err("only a `view` is expected when a server boots".to_string());
        }
        let cluster = Cluster { servers: cluster.servers.max(peers) };
        let view = answer.view.as_ref().ok_or("expected a `view` when a server boots")?;
        cluster.view(view).map(Ok)
    });
    drop(inside);
    let view = booted.map_err(why)??;
    let memory = Memory {
        id: boot.id,
        written: 0,
        notified: 0,
        snapshot: boot.snapshot.clone(),
        received: VecDeque::new(),
        forgotten: 0,
        ahead: VecDeque::new(),
    };
    Ok((Box::new(Server { host: host.clone(), memory }), view))
}

impl Subject for Server {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        let Server { host, memory } = self;
        let mut host = host.borrow_mut();
        if let Event::Persisted(token) = &event {
            memory.notified += 1;
            if memory.goes_ahead(*token, effects) || !host.is_notified {
                return;
            }
        }
        debug_assert!(
            memory.ahead.is_empty(),
            "a write that is durable at once is notified at once"
        );
        // A server that was not yet notified of an earlier write is notified of that first.
        let instant = effects.instant && (memory.notified == memory.written || !host.is_notified);
        let request = Request {
            server: Some(memory.id.0),
            now: Some(effects.now),
            instant: instant.then_some(true),
            ..memory.request(&event)
        };
        let taken =
            host.ask(&request, |answer, cluster| memory.take(answer, cluster, effects, instant));
        if let Err(ended) = taken {
            effects.ended = Some(ended);
        }
    }
}

impl Memory {
    /// The request for an event. A message is remembered.
    fn request<'e>(&mut self, event: &'e Event) -> Request<'e> {
        let asked = |verb, request: &subject::Request| Request {
            verb: Some(verb),
            request: Some(wire::name(request.0)),
            ..Request::default()
        };
        let bare = |verb| Request { verb: Some(verb), ..Request::default() };
        match event {
            Event::Tick => bare(Verb::Tick),
            Event::Apply => bare(Verb::Apply),
            Event::Persisted(token) => Request { token: Some(token.0), ..bare(Verb::Persisted) },
            Event::Receive(message) => {
                let id = Some(self.remember(message));
                let attached = message.own.get::<Attached>();
                let own = attached.and_then(|attached| attached.own.as_deref());
                let call = attached.and_then(Attached::call);
                let message = wire::Message { id, ..encode::message(message, own) };
                Request { message: Some(message), call, ..bare(Verb::Receive) }
            }
            Event::Propose(request, command) => {
                Request { command: Some(encode::command(command)), ..asked(Verb::Propose, request) }
            }
            Event::ProposeOnce(request, once) => Request {
                command: Some(encode::command(&once.command)),
                session: Some(once.session.0),
                serial: Some(once.serial),
                ..asked(Verb::Propose, request)
            },
            Event::Register(request) => asked(Verb::Register, request),
            Event::Read(request) => asked(Verb::Read, request),
            Event::ChangeMembership(request, voters, learners) => Request {
                voters: Some(encode::servers(voters)),
                learners: Some(encode::servers(learners)),
                ..asked(Verb::Change, request)
            },
            Event::Transfer(request, to) => {
                Request { to: Some(to.0), ..asked(Verb::Transfer, request) }
            }
            Event::Compact(request) => asked(Verb::Compact, request),
        }
    }

    /// Remembers a message and gives it a name.
    fn remember(&mut self, message: &Message) -> u64 {
        if self.received.len() == REMEMBERED {
            self.received.pop_front();
            self.forgotten += 1;
        }
        self.received.push_back(message.clone());
        self.forgotten + self.received.len() as u64
    }

    /// The message with this name.
    fn remembered(&self, name: u64) -> Result<&Message, String> {
        let place = name.checked_sub(self.forgotten + 1);
        let place = place.and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.received.get(place)).ok_or_else(|| {
            format!("`re` is {name}; expected the `id` of one of the last {REMEMBERED} messages that it received")
        })
    }

    /// Returns the effects that it gave in advance for the notification that this write is durable. False if it gave
    /// none.
    fn goes_ahead(&mut self, token: Token, effects: &mut Effects) -> bool {
        let Some((_, ahead)) = self.ahead.pop_front_if(|(other, _)| *other == token) else {
            return false;
        };
        *effects = Effects { instant: effects.instant, now: effects.now, ..ahead };
        true
    }

    /// Takes an answer, with its answers in advance to notifications of durable writes.
    fn take(
        &mut self,
        mut answer: Answer<'_>,
        cluster: Cluster,
        effects: &mut Effects,
        instant: bool,
    ) -> Result<(), String> {
        let then = answer.then.take().unwrap_or_default();
        if !then.is_empty() && !instant {
            return Err("`then` is expected only where the request says `instant`".to_string());
        }
        self.take_step(answer, cluster, effects)?;
        let mut view = effects.view;
        for (token, answer) in (self.notified + 1..).zip(then) {
            if token > self.written {
                return Err("`then` has more answers than there are writes".to_string());
            }
            let mut ahead = Effects { view, ..Effects::default() };
            self.take_step(answer, cluster, &mut ahead)?;
            view = ahead.view;
            self.ahead.push_back((Token(token), ahead));
        }
        Ok(())
    }

    fn take_step(
        &mut self,
        answer: Answer<'_>,
        cluster: Cluster,
        effects: &mut Effects,
    ) -> Result<(), String> {
        effects.ended = reason(&answer);
        match (&answer.view, answer.views) {
            (Some(_), Some(_)) => {
                return Err("an answer has `view` or `views`, and not both".into());
            }
            (Some(view), None) => effects.view = cluster.view(view)?,
            (None, views) => {
                for view in views.unwrap_or_default() {
                    effects.passed.push(cluster.view(&view)?);
                }
                effects.view = effects.passed.pop().unwrap_or(effects.view);
            }
        }
        for write in answer.writes.unwrap_or_default() {
            self.written += 1;
            let write = cluster.write(write, Token(self.written))?;
            if let Some(snapshot) = &write.snapshot {
                self.snapshot = Some(snapshot.clone());
            }
            effects.writes.push(write);
        }
        for message in answer.messages.unwrap_or_default() {
            self.send(message, cluster, effects)?;
        }
        if answer.restored.unwrap_or(false) {
            let snapshot = self.snapshot.clone();
            effects.restored = Some(snapshot.ok_or("`restored` without a snapshot")?);
        }
        for applied in answer.applied.unwrap_or_default() {
            effects.applied.push(decode::applied(applied)?);
        }
        for reply in answer.answers.unwrap_or_default() {
            effects.answers.push(cluster.answer(&reply)?);
        }
        effects.matched = answer.matched.map(|matched| cluster.matched(&matched)).transpose()?;
        effects.refused = answer.refused.map(|why| why.0.into_owned());
        effects.swallowed = answer.swallowed.map(|what| what.0.into_owned());
        Ok(())
    }

    /// Sends a message, at once or when a write is durable.
    fn send(
        &self,
        mut message: wire::Message<'_>,
        cluster: Cluster,
        effects: &mut Effects,
    ) -> Result<(), String> {
        let re = message.re.filter(|re| *re > 0);
        let call = re.map(|re| self.remembered(re)).transpose()?;
        let own = message.own.take().map(ToOwned::to_owned);
        let after = message.after.filter(|after| *after > 0);
        let mut message = cluster.message(self.id, message, call)?;
        if own.is_some() || call.is_some() {
            message.own = Own::new(Attached { own, call: call.map(alone) });
        }
        match after {
            None => effects.sends.push(message),
            Some(token) if token <= self.written => {
                effects.held.push(Held { after: Token(token), message });
            }
            Some(token) => {
                return Err(format!("`after` is {token}; the latest write is {}", self.written));
            }
        }
        Ok(())
    }
}

/// A request without the request that it may answer itself.
fn alone(call: &Message) -> Message {
    let mut call = call.clone();
    if let Some(Attached { own, call: Some(_) }) = call.own.get() {
        call.own = Own::new(Attached { own: own.clone(), call: None });
    }
    call
}

/// The reason why a child did not do what it was asked, if the answer has one.
fn reason(answer: &Answer<'_>) -> Option<Ended> {
    let reason = answer.reason.as_ref().map_or("it did not say why", |reason| &reason.0);
    match answer.status? {
        Status::Ok => None,
        Status::Crashed | Status::Refused => Some(Ended::Crashed(reason.to_string())),
        Status::Unsupported => Some(Ended::Crashed(format!("it can't do this: {reason}"))),
    }
}

/// True if an answer reports anything of a step, except the view.
fn does_something(answer: &Answer<'_>) -> bool {
    let Answer { writes, messages, applied, answers, then, .. } = answer;
    let lengths = [
        writes.as_ref().map_or(0, Vec::len),
        messages.as_ref().map_or(0, Vec::len),
        applied.as_ref().map_or(0, Vec::len),
        answers.as_ref().map_or(0, Vec::len),
        then.as_ref().map_or(0, Vec::len),
    ];
    lengths.iter().any(|length| *length > 0)
}
