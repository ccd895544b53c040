//! One thread of an exploration: it takes states, and makes those that follow.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender};

use super::Reductions;
use super::admin::Admin;
use super::bounds::{Bounded, Bounds, Used};
use super::event::{Event, Move};
use super::frontier::{Chunk, MEMORY, SERVERS, Spill, USED, Words};
use super::index::Index;
use super::judge::{Finding, Memories};
use super::server::{Step, Tables};
use super::sleep::{Actions, Sleep, distinct};
use super::visited::Visited;
use crate::mix::mix;
use crate::model::NodeId;

/// What the threads share.
pub(super) struct Shared<'a> {
    pub(super) bounds: Bounds,
    /// What an administrator may ask for.
    pub(super) admin: &'a Admin,
    /// True if the memory of the checkers is part of the state.
    pub(super) histories: bool,
    /// True if each state is asked for a fair continuation.
    pub(super) live: bool,
    /// What is left out.
    pub(super) reductions: Reductions,
    /// The number of ways to name servers.
    pub(super) ways: usize,
    pub(super) tables: &'a Tables,
    pub(super) memories: Memories,
    pub(super) visited: Visited,
    /// The folder for waiting states that do not fit into memory; without it all of them stay in memory.
    pub(super) spill: Option<Spill>,
    /// All states that were taken, if they are kept.
    pub(super) kept: Option<Mutex<Vec<Chunk>>>,
}

/// A question to the one who does the steps of servers: a state, the code of an event, and where to send the step's number.
pub(super) type Question = (u32, Event, Sender<u32>);

/// A history that violates a property: the state before its last action, that action, and the reason.
pub(super) struct Wrong {
    pub(super) before: u128,
    /// `None` if that state is a trap.
    pub(super) last: Option<Move>,
    pub(super) finding: Finding,
}

/// A state that follows another one.
pub(super) struct Successor<'a> {
    pub(super) action: Move,
    pub(super) fingerprint: u128,
    pub(super) words: &'a Words,
    /// What sleeps in it.
    pub(super) asleep: Sleep,
}

/// A state from which actions are taken.
struct From<'a> {
    before: u128,
    words: &'a Words,
    /// Its actions, if there are sleep sets.
    actions: Option<Actions>,
}

impl Shared<'_> {
    /// The number that tells a state from all others: of the names that its servers may have, those that make it the
    /// least.
    pub(super) fn fingerprint(&self, words: &Words) -> u128 {
        let rest = self.rest(words);
        let sums = (0..self.ways).map(|way| self.sum(words, way).wrapping_add(rest));
        sums.min().unwrap_or_default()
    }

    /// What the names of servers make no difference to.
    fn rest(&self, words: &Words) -> u128 {
        used_hash(Used(words[USED])).wrapping_add(self.memory_hash(words[MEMORY]))
    }

    /// The states of servers and the messages under one way to name servers.
    fn sum(&self, words: &Words, way: usize) -> u128 {
        let behind = SERVERS + self.bounds.everyone() as usize;
        let states = words[SERVERS..behind].iter();
        let states = states.map(|state| self.tables.states.get(*state).hashes[way]);
        let messages = words[behind..].iter();
        let messages = messages.map(|number| self.tables.messages.get(*number).hashes[way]);
        states.chain(messages).fold(0, u128::wrapping_add)
    }

    fn memory_hash(&self, memory: u32) -> u128 {
        if self.histories { spread(5, self.memories.get(memory).fingerprint) } else { 0 }
    }
}

fn spread(salt: u64, value: u64) -> u128 {
    u128::from(mix(mix(salt, 1), value)) << 64 | u128::from(mix(mix(salt, 2), value))
}

fn used_hash(used: Used) -> u128 {
    spread(6, u64::from(used.0))
}

/// A thread.
pub(super) struct Worker<'a> {
    pub(super) shared: &'a Shared<'a>,
    questions: Sender<Question>,
    answers: (Sender<u32>, Receiver<u32>),
    steps: Index,
    judged: Index,
    made: Vec<u32>,
    /// The sums of the state that is expanded, for each way to name servers.
    sums: Vec<u128>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, questions: Sender<Question>) -> Worker<'a> {
        let answers = std::sync::mpsc::channel();
        let (steps, judged) = (Index::new(), Index::new());
        Worker { shared, questions, answers, steps, judged, made: Vec::new(), sums: Vec::new() }
    }

    /// The step of a server.
    #[inline]
    pub(super) fn step(&mut self, state: u32, event: Event) -> u32 {
        let key = u64::from(state) << 32 | u64::from(event.code());
        match self.steps.get(key) {
            Some(step) => step,
            None => self.learn(key, state, event),
        }
    }

    #[cold]
    fn learn(&mut self, key: u64, state: u32, event: Event) -> u32 {
        let asked = self.questions.send((state, event, self.answers.0.clone()));
        let step = asked.ok().and_then(|()| self.answers.1.recv().ok());
        let step = step.expect("the steps of servers are done as long as threads ask for them");
        self.steps.insert(key, step);
        step
    }

    /// The memory of the checkers behind a step.
    #[inline]
    fn judge(&mut self, memory: u32, step: u32) -> Result<u32, Finding> {
        let key = u64::from(memory) << 32 | u64::from(step);
        match self.judged.get(key) {
            Some(memory) => Ok(memory),
            None => {
                let known = self.shared.tables.steps.get(step);
                let behind = self.shared.memories.judge(memory, step, known)?;
                self.judged.insert(key, behind);
                Ok(behind)
            }
        }
    }

    /// Makes all states that follow a state by actions that do not sleep, in a fixed order.
    ///
    /// # Errors
    /// The first history that violates a property.
    pub(super) fn expand(
        &mut self,
        (before, words): (u128, &Words),
        asleep: Sleep,
        mut each: impl FnMut(Successor<'_>),
    ) -> Result<(), Box<Wrong>> {
        let Shared { bounds, admin, reductions, tables, ways, .. } = self.shared;
        let (bounds, used) = (*bounds, Used(words[USED]));
        self.sums.clear();
        self.sums.extend((0..*ways).map(|way| self.shared.sum(words, way)));
        let to = |message| tables.messages.get(message).message.to;
        let actions = reductions.sleep_sets.then(|| Actions::new(asleep, words, &bounds, to));
        let from = From { before, words, actions };
        let awake = |server: &NodeId| !asleep.server(*server);
        for server in (1..=bounds.everyone()).map(NodeId).filter(awake) {
            let state = tables.states.get(words[SERVERS + server.0 as usize - 1]);
            let mut events: [Option<Event>; 6] = [None; 6];
            if state.leads {
                let next = |what| Event::next(used, what);
                events[0] = Some(Event::Propose(next(Bounded::Entry)));
                events[1] = Some(Event::Heartbeat);
                events[2] = Some(Event::Read(next(Bounded::Read)));
            } else if state.term.0 < bounds.terms {
                events[0] = Some(Event::Timeout);
            }
            events[3] = Some(Event::Crash);
            events[4] = Some(Event::Compact(Event::next(used, Bounded::Snapshot)));
            events[5] = state.dirty.then_some(Event::Write);
            for event in events.into_iter().flatten() {
                self.follow(&from, Move { server, event, again: false }, &mut each)?;
            }
            if !state.leads {
                continue;
            }
            let number = Event::next(used, Bounded::Change);
            for place in admin.places() {
                let event = Event::Reconfigure(place, number);
                self.follow(&from, Move { server, event, again: false }, &mut each)?;
            }
            for other in (1..=bounds.everyone()).map(NodeId) {
                let change = admin.places().is_empty().then_some(Event::Change(other, number));
                let transfer = Event::Transfer(other, Event::next(used, Bounded::Transfer));
                for event in change.into_iter().chain([transfer]) {
                    self.follow(&from, Move { server, event, again: false }, &mut each)?;
                }
            }
        }
        let messages = distinct(&words[SERVERS + bounds.everyone() as usize..]).enumerate();
        for (_, message) in messages.filter(|(place, _)| !asleep.delivery(*place)) {
            let server = to(message);
            let event = Event::Deliver(message);
            self.follow(&from, Move { server, event, again: false }, &mut each)?;
            if bounds.duplicates > 0 {
                self.follow(&from, Move { server, event, again: true }, &mut each)?;
            }
        }
        Ok(())
    }

    /// True for a crash that leaves the server as it was, if such crashes are skipped: all that follows also follows
    /// without it.
    #[inline]
    fn is_idle_crash(
        &self,
        words: &Words,
        place: usize,
        event: Event,
        (step, memory): (&Step, u32),
    ) -> bool {
        let Shared { histories, reductions, .. } = self.shared;
        reductions.skip_idle_crashes
            && event == Event::Crash
            && (step.to, &*step.sends) == (words[place], &[])
            && (!histories || memory == words[MEMORY])
    }

    /// Makes the state that follows by an action, if the bounds and the server permit it.
    #[inline]
    fn follow(
        &mut self,
        from: &From<'_>,
        action: Move,
        each: &mut impl FnMut(Successor<'_>),
    ) -> Result<(), Box<Wrong>> {
        let Shared { bounds, tables, .. } = self.shared;
        let From { before, words, ref actions } = *from;
        let used = Used(words[USED]);
        let bounded =
            if action.again { Some(Bounded::Duplicate) } else { action.event.bounded(bounds) };
        let used = match bounded.map(|what| used.with(what, bounds)) {
            Some(None) => return Ok(()),
            Some(Some(used)) => used,
            None => used,
        };
        let place = SERVERS + action.server.0 as usize - 1;
        let number = self.step(words[place], action.event);
        let step = tables.steps.get(number);
        if !step.taken {
            return Ok(());
        }
        let memory = match self.judge(words[MEMORY], number) {
            Ok(memory) => memory,
            Err(finding) => return Err(Box::new(Wrong { before, last: Some(action), finding })),
        };
        if self.is_idle_crash(words, place, action.event, (step, memory)) {
            return Ok(());
        }
        let made = &mut self.made;
        made.clear();
        let behind = SERVERS + bounds.everyone() as usize;
        made.extend_from_slice(&words[..behind]);
        (made[USED], made[MEMORY], made[place]) = (used.0, memory, step.to);
        let taken = if let (Event::Deliver(message), false) = (action.event, action.again) {
            Some(message)
        } else {
            None
        };
        let mut left = taken;
        let mut sends = step.sends.iter().copied().peekable();
        for &message in &words[behind..] {
            while let Some(sent) = sends.next_if(|sent| *sent <= message) {
                made.push(sent);
            }
            if left.take_if(|taken| *taken == message).is_none() {
                made.push(message);
            }
        }
        made.extend(sends);
        let (old, new) = (tables.states.get(words[place]), tables.states.get(step.to));
        let gone = taken.map(|message| tables.messages.get(message));
        let sum = |(way, sum): (usize, &u128)| {
            let sum = sum.wrapping_sub(old.hashes[way]).wrapping_add(new.hashes[way]);
            let sum = gone.map_or(sum, |gone| sum.wrapping_sub(gone.hashes[way]));
            let sends = step.sends.iter().map(|sent| tables.messages.get(*sent).hashes[way]);
            sends.fold(sum, u128::wrapping_add)
        };
        let rest = self.shared.rest(made);
        let sums = self.sums.iter().enumerate().map(|sums| sum(sums).wrapping_add(rest));
        let fingerprint = sums.min().unwrap_or_default();
        let asleep = actions.as_ref().map_or_else(Sleep::default, |actions| {
            actions.behind(action, &words[behind..], &made[behind..])
        });
        each(Successor { action, fingerprint, words: made, asleep });
        Ok(())
    }
}
