//! The fold that records a run for the page. It judges nothing.

use std::collections::{BTreeMap, VecDeque};

use super::numbers::{fields, kind_of, numbers};
use super::tape::{Kind, Tape, server};
use crate::action::{Action, Change, LinkChange};
use crate::model::{Message, NodeId};
use crate::network::{Loss, MessageId};
use crate::observation::{Observation, Observer, Stop, Stored};
use crate::subject::{Answer, Effects, Ended, Event, Request, Token, View, Write};
use crate::time::Micros;
use crate::timeline;

/// One server, as far as later records refer to it.
#[derive(Clone, Debug, Default)]
struct Server {
    up: bool,
    /// The writes that are not durable, with their numbers.
    unsynced: VecDeque<(u64, Write)>,
    /// The numbers of this life's writes, by token.
    writes: BTreeMap<Token, u64>,
    /// Messages that reached it and that it has not taken: it is paused.
    arrived: VecDeque<(u64, Message)>,
    /// Messages that wait for a write, with the record of their step.
    waiting: Vec<(u64, Message)>,
    /// The record of its latest step.
    step: u64,
    /// The time of its latest write: what becomes durable at once needs no words.
    wrote: Option<Micros>,
}

/// Records everything that the page shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Fold {
    pub(super) tape: Tape,
    /// The number of observations.
    pub(super) seen: u64,
    servers: Vec<Server>,
    /// The event that a server is taking.
    event: Option<Event>,
    /// The message that is being sent, with the record of the step that sent it.
    sent: Option<(Message, u64)>,
    /// The message that is being copied.
    original: u64,
    /// The number of each message in flight, by the network's.
    flights: BTreeMap<u64, (u64, Message)>,
    /// The number of messages, lost ones included.
    messages: u64,
    writes: u64,
    requests: BTreeMap<Request, u64>,
}

/// Departure of a message.
#[derive(Clone, Copy, Debug, Default)]
struct Departure {
    copy: bool,
    held: bool,
    /// The reason of its loss, if it is lost at once; 0 if not.
    lost: u64,
    /// The virtual microseconds that it takes; 0 if that is not known.
    takes: u64,
}

/// Conditions of a server that an action changes.
#[derive(Clone, Copy, Debug)]
enum Condition {
    Paused,
    Stalled,
    Failing,
    Frozen,
    NotApplying,
}

impl Fold {
    fn server(&mut self, id: NodeId) -> &mut Server {
        let slot = id.0 as usize - 1;
        if self.servers.len() <= slot {
            self.servers.resize(slot + 1, Server::default());
        }
        &mut self.servers[slot]
    }

    fn action(&mut self, now: Micros, action: &Action) {
        let mut condition = |server: NodeId, condition: Condition, on: bool| {
            if !self.server(server).up && matches!(condition, Condition::Paused) {
                return;
            }
            self.tape.begin(now, Kind::Condition);
            self.tape.put([u64::from(server.0), condition as u64, u64::from(on)]);
        };
        match action {
            Action::Pause { server, paused } => condition(*server, Condition::Paused, *paused),
            Action::Stall { server, stalled } => condition(*server, Condition::Stalled, *stalled),
            Action::FailWrites { server, fail } => condition(*server, Condition::Failing, *fail),
            Action::Freeze { server, frozen } => condition(*server, Condition::Frozen, *frozen),
            Action::PauseApply { server, paused } => {
                condition(*server, Condition::NotApplying, *paused);
            }
            Action::Duplicate { message } => {
                self.sent = self.flights.get(&message.number).map(|(_, sent)| (sent.clone(), 0));
                self.original = self.flights.get(&message.number).map_or(0, |(number, _)| *number);
            }
            Action::Forge { message } => self.sent = Some((message.clone(), 0)),
            Action::Links { changes } => {
                for LinkChange { from, to, change } in changes {
                    let change = match change {
                        Change::Cut => 1,
                        Change::Mend => 2,
                        Change::Heal => 3,
                        Change::Hold(_) => 4,
                        Change::Release(_) => 5,
                        Change::Slow(_) => 6,
                        Change::Unslow(_) => 7,
                    };
                    self.tape.begin(now, Kind::Link);
                    self.tape.put([from.0.into(), to.0.into(), change]);
                }
            }
            Action::Recover { .. } => {
                self.tape.begin(now, Kind::Recovered);
            }
            Action::Tick { .. }
            | Action::Deliver { .. }
            | Action::Drop { .. }
            | Action::SetHeld { .. }
            | Action::Request { .. }
            | Action::Apply { .. }
            | Action::Sync { .. }
            | Action::Notify { .. }
            | Action::Flush { .. }
            | Action::SyncAll { .. }
            | Action::SyncNewest { .. }
            | Action::Lie { .. }
            | Action::Wipe { .. }
            | Action::Crash { .. }
            | Action::CrashAtWrite { .. }
            | Action::Configure { .. }
            | Action::Restart { .. }
            | Action::SetTick { .. }
            | Action::Jump { .. }
            | Action::Flow { .. }
            | Action::StopClocks => {}
        }
    }

    fn booted(&mut self, now: Micros, id: NodeId, disk: &Stored<'_>, view: &View, text: &str) {
        *self.server(id) = Server { up: true, ..Server::default() };
        let record = self.tape.begin(now, Kind::Booted);
        self.server(id).step = record;
        let text = self.tape.text(text);
        self.tape.put([id.0.into(), text]);
        self.tape.put(fields(view));
        self.tape.put([disk.hard_state.term.0, server(disk.hard_state.voted_for)]);
        self.tape.put_snapshot(disk.snapshot.as_deref());
        self.tape.put_entries(&disk.log);
    }

    fn stepped(
        &mut self,
        now: Micros,
        id: NodeId,
        before: &View,
        length_before: u64,
        effects: &Effects,
    ) {
        let Some(event) = self.event.take() else { return };
        let cause = self.cause(id, &event);
        if quiet(&event, before, effects) {
            return;
        }
        let record = self.tape.begin(now, Kind::Stepped);
        let after = fields(&effects.view);
        let changed: Vec<u64> =
            (0..8).filter(|&at| fields(before)[at as usize] != after[at as usize]).collect();
        self.tape.put([id.0.into(), cause.0, cause.1]);
        self.tape.put([changed.iter().map(|at| 1 << at).sum()]);
        self.tape.put(changed.iter().map(|at| after[*at as usize]));
        self.tape.put([effects.writes.len() as u64]);
        for write in &effects.writes {
            self.writes += 1;
            let number = self.writes;
            self.tape.put_write(write);
            let known = self.server(id);
            known.unsynced.push_back((number, write.clone()));
            known.writes.insert(write.token, number);
            known.wrote = Some(now);
        }
        let matched = effects.matched.map(|(of, index)| [of.0.into(), index.get()]);
        self.tape.put(matched.unwrap_or_default());
        let mut texts: Vec<String> = timeline::event(&event, before, effects).into_iter().collect();
        texts.extend(timeline::consequences(id, &event, before, effects, length_before));
        texts.extend(effects.ended.as_ref().map(ended));
        texts.extend(effects.swallowed.as_ref().map(|what| format!("goes on after: {what}")));
        self.tape.put_texts(&texts);
        let known = self.server(id);
        known.step = record;
        let waiting = effects.held.iter().map(|held| (record, held.message.clone()));
        known.waiting.extend(waiting);
    }

    /// The kind of an event, and what it refers to: a message, a write or a request.
    fn cause(&mut self, id: NodeId, event: &Event) -> (u64, u64) {
        match event {
            Event::Tick => (0, 0),
            Event::Receive(message) => {
                let arrived = &mut self.server(id).arrived;
                let place = arrived.iter().position(|(_, content)| content == message);
                let taken = place.and_then(|place| arrived.remove(place));
                (1, taken.map_or(0, |(number, _)| number))
            }
            Event::Persisted(token) => (2, self.server(id).writes.get(token).copied().unwrap_or(0)),
            Event::Apply => (3, 0),
            Event::Propose(..)
            | Event::Register(_)
            | Event::ProposeOnce(..)
            | Event::Read(_)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Compact(_) => {
                let request = event.request();
                (4, request.map_or(0, |it| self.number_of(it)))
            }
        }
    }

    fn durable(&mut self, now: Micros, id: NodeId, write: &Write) {
        let known = self.server(id);
        let at_once = known.wrote == Some(now);
        let Some((number, whole)) = known.unsynced.pop_front() else { return };
        self.tape.begin(now, Kind::Durable);
        let text = if at_once { 0 } else { self.tape.text(&timeline::durable(write)) };
        self.tape.put([id.0.into(), number, text, u64::from(whole != *write)]);
        if whole != *write {
            self.tape.put_write(write);
        }
    }

    fn leaves(&mut self, message: &Message) {
        let sender = self.server(message.from);
        let place = sender.waiting.iter().position(|(_, waiting)| waiting == message);
        let step = place.map_or(sender.step, |place| sender.waiting.remove(place).0);
        self.sent = Some((message.clone(), step));
    }

    /// A message sets out, or is lost at once.
    fn sent(&mut self, now: Micros, message: &Message, step: u64, how: Departure) {
        let Departure { copy, held, lost, takes } = how;
        self.messages += 1;
        self.tape.begin(now, Kind::Sent);
        let text = self.tape.text(&timeline::body(message));
        let flags = u64::from(held) | u64::from(copy) << 1 | lost << 2;
        let Message { from, to, term, .. } = message;
        self.tape.put([from.0.into(), to.0.into(), kind_of(&message.body), term.0, text, flags]);
        self.tape.put([self.original, step, takes]);
        self.tape.put(numbers(&message.body));
    }

    fn in_flight(
        &mut self,
        now: Micros,
        id: MessageId,
        copy: bool,
        held: bool,
        arrives: Option<Micros>,
    ) {
        let Some((message, step)) = self.sent.clone() else { return };
        let takes = arrives.map_or(0, |arrives| arrives - now);
        self.sent(now, &message, step, Departure { copy, held, lost: 0, takes });
        if !copy {
            self.sent = None;
            self.original = 0;
        }
        self.flights.insert(id.number, (self.messages, message));
    }

    fn lost(&mut self, now: Micros, message: Option<MessageId>, why: Loss) {
        let why = match why {
            Loss::Chance => 1,
            Loss::Cut => 2,
            Loss::Down => 3,
            Loss::Dropped => 4,
        };
        let Some(id) = message else {
            let Some((message, step)) = self.sent.take() else { return };
            return self.sent(now, &message, step, Departure { lost: why, ..Departure::default() });
        };
        let Some((number, _)) = self.flights.remove(&id.number) else { return };
        self.tape.begin(now, Kind::Lost);
        self.tape.put([number, why]);
    }

    fn asked(&mut self, now: Micros, id: NodeId, event: &Event) {
        let Some(request) = event.request() else { return };
        let number = self.requests.len() as u64 + 1;
        self.requests.insert(request, number);
        let class = match event {
            Event::Read(_) => 1,
            Event::ChangeMembership(..) | Event::Transfer(..) | Event::Compact(_) => 2,
            Event::Propose(..) | Event::Register(_) | Event::ProposeOnce(..) => 0,
            Event::Tick | Event::Receive(_) | Event::Persisted(_) | Event::Apply => return,
        };
        let (view, effects) = (View::default(), Effects::default());
        let text = timeline::event(event, &view, &effects).unwrap_or_default();
        self.tape.begin(now, Kind::Asked);
        let text = self.tape.text(&text);
        self.tape.put([id.0.into(), number, class, text]);
    }

    /// The number of a request; 0 if it was never sent.
    pub(super) fn number_of(&self, request: Request) -> u64 {
        self.requests.get(&request).copied().unwrap_or(0)
    }

    fn answered(&mut self, now: Micros, id: NodeId, request: Request, answer: Answer) {
        let outcome = match answer {
            Answer::Committed(_) | Answer::Registered(..) | Answer::Read(_) | Answer::Done => 1,
            Answer::NotLeader(_) | Answer::Busy | Answer::Rejected => 2,
            Answer::NoSession(_) | Answer::Superseded => 3,
            Answer::Unknown => 4,
        };
        let number = self.number_of(request);
        self.tape.begin(now, Kind::Answered);
        let text = self.tape.text(&timeline::answer(answer));
        self.tape.put([id.0.into(), number, outcome, text]);
    }
}

impl Observer for Fold {
    fn observe(&mut self, now: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.seen += 1;
        match observation {
            Observation::Action { action } => {
                self.tape.acts();
                self.action(now, action);
            }
            Observation::Booted { server, again, disk, settings, changed, view, .. } => {
                let settings = changed.then_some(&**settings);
                let text = if *again { timeline::restart(view, settings) } else { String::new() };
                self.booted(now, *server, disk, view, &text);
            }
            Observation::NotBooted { server, why, .. } => {
                self.tape.begin(now, Kind::NotBooted);
                let text = self.tape.text(&format!("does not boot: {why}"));
                self.tape.put([server.0.into(), text]);
            }
            Observation::Asked { server, event } => self.asked(now, *server, event),
            Observation::Step { .. } => {}
            Observation::Took { event, .. } => self.event = Some(event.clone().into_owned()),
            Observation::Stepped { server, before, length, effects, .. } => {
                self.stepped(now, *server, before, *length, effects);
            }
            Observation::Answered { server, request, answer } => {
                self.answered(now, *server, *request, *answer);
            }
            Observation::Durable { server, write } => self.durable(now, *server, write),
            Observation::Sent { message } => self.leaves(message),
            Observation::InFlight { message, copy, held, arrives, .. } => {
                self.in_flight(now, *message, *copy, *held, *arrives);
            }
            Observation::Held { message, held } => {
                let number = self.flights.get(&message.number).map_or(0, |(number, _)| *number);
                self.tape.begin(now, Kind::Held);
                self.tape.put([number, u64::from(*held)]);
            }
            Observation::Delivered { message, content } => {
                let Some((number, _)) = self.flights.remove(&message.number) else { return Ok(()) };
                self.tape.begin(now, Kind::Delivered);
                self.tape.put([number]);
                let content = content.clone().into_owned();
                self.server(content.to).arrived.push_back((number, content));
            }
            Observation::Lost { message, why, .. } => self.lost(now, *message, *why),
            Observation::Crashed { server, torn, lost, .. } => {
                *self.server(*server) = Server::default();
                self.tape.begin(now, Kind::Crashed);
                let text = self.tape.text(&timeline::crash(*lost, *torn));
                self.tape.put([server.0.into(), *lost as u64, text]);
            }
            Observation::Wiped { server } => {
                self.tape.begin(now, Kind::Wiped);
                let text = self.tape.text(timeline::WIPED);
                self.tape.put([server.0.into(), text]);
            }
            Observation::Lies { server, lies } => {
                self.tape.begin(now, Kind::Lies);
                let text = self.tape.text(timeline::lie(*lies));
                self.tape.put([server.0.into(), u64::from(*lies), text]);
            }
            Observation::FaultBegan { fault, servers } => {
                self.tape.begin(now, Kind::Fault);
                self.tape.put([*fault as u64, 1, servers.len() as u64]);
                self.tape.put(servers.iter().map(|server| server.0.into()));
            }
            Observation::FaultEnded { fault } => {
                self.tape.begin(now, Kind::Fault);
                self.tape.put([*fault as u64, 0, 0]);
            }
            Observation::Statement { line } => {
                self.tape.begin(now, Kind::Statement);
                self.tape.put([(*line).into()]);
            }
        }
        Ok(())
    }
}

/// True for a step of which nothing can be seen: a clock that only ticks, a notice without effect.
fn quiet(event: &Event, before: &View, effects: &Effects) -> bool {
    let inner = matches!(event, Event::Tick | Event::Persisted(_) | Event::Apply);
    let none =
        Effects { instant: effects.instant, now: effects.now, view: *before, ..Effects::default() };
    inner && *effects == none
}

fn ended(ended: &Ended) -> String {
    match ended {
        Ended::Crashed(why) => format!("crashes: {why}"),
        Ended::Panicked(why) => why.clone(),
        Ended::Stuck(how) => format!("is stuck: {how}"),
    }
}
