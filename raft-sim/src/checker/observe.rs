//! The observations of a run: each is handed to the checkers and put on record.

use super::asked::Asked;
use super::chain::Link;
use super::checkers::Checkers;
use super::properties::election_safety::is_leaders;
use super::properties::follower_matches_leader::acknowledged;
use super::properties::hooks::{Boot, Checker, Commit, Context, New, Step};
use super::properties::one_vote_per_term::vote;
use super::properties::violation::{Verdict, Violation};
use super::properties::{Property, checkers};
use crate::model::{Entry, HardState, LogIndex, Message, NodeId, Snapshot, length};
use crate::network::MessageId;
use crate::subject::{
    Answer, Effects, Event, LogWrite, Request, Role, Settings, Token, View, Write,
};
use crate::time::Micros;

/// Asks each checker in turn, with what is on record: `each!(self, slot, |checker, at| checker.ticks(at))`.
macro_rules! each {
    ($($arguments:tt)*) => {
        checkers!(ask! ($($arguments)*))
    };
}

macro_rules! ask {
    (($checkers:ident, $slot:expr, |$checker:ident, $at:ident| $ask:expr) $($name:ident: $type:ty,)*) => {{
        let Checkers { record, list, exercised, .. } = &mut *$checkers;
        let $at = &mut Context::of(record, $slot, exercised);
        $({
            let $checker = &mut list.$name;
            $ask;
        })*
    }};
}

/// Asks each checker in turn for its verdict, up to the first violation of a property that is not set aside.
macro_rules! judge {
    ($($arguments:tt)*) => {
        checkers!(hear! ($($arguments)*))
    };
}

macro_rules! hear {
    (($checkers:ident, $slot:expr, |$checker:ident, $at:ident| $ask:expr) $($name:ident: $type:ty,)*) => {{
        let Checkers { record, list, exercised, set_aside, .. } = &mut *$checkers;
        let $at = &mut Context::of(record, $slot, exercised);
        $({
            let $checker = &mut list.$name;
            if let Err(violation) = $ask {
                unless_set_aside(set_aside, violation)?;
            }
        })*
    }};
}

/// The verdict on a violation if these properties are set aside.
#[cold]
fn unless_set_aside(set_aside: &[Property], violation: Violation) -> Verdict {
    let property = violation.property;
    if set_aside.contains(&property) && property.can_go_on() { Ok(()) } else { Err(violation) }
}

impl Checkers {
    /// A server is about to boot with other settings than before.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn configured(&mut self, server: NodeId, settings: Settings) {
        let slot = self.record.slot(server);
        self.record.servers[slot].settings = settings;
    }

    /// A server booted from `durable`, its `snapshot` and the `log` behind that, and shows `view`; its state
    /// machine has kept what it applied up to `kept`. The first boot sets what the run begins with; later
    /// ones, each after [`crashed`](Checkers::crashed) or [`wiped`](Checkers::wiped), are compared with what
    /// was durable.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the server is unknown, or if it restarts from something else than what was reported durable.
    pub fn booted(
        &mut self,
        server: NodeId,
        durable: HardState,
        snapshot: Option<&Snapshot>,
        log: &[Entry],
        kept: Option<LogIndex>,
        view: &View,
    ) -> Result<(), Violation> {
        let slot = self.record.slot(server);
        let first = !self.record.servers[slot].known;
        let base = snapshot.map(|snapshot| snapshot.last.index);
        if first {
            self.given(slot, durable, snapshot, log)?;
        } else {
            self.record.assert_durable(slot, durable, base, log);
        }
        self.record.starts(slot, view);
        let boot = &Boot { first, kept, snapshot: base, view };
        judge!(self, slot, |checker, at| checker.boots(at, boot));
        self.commit(slot, view, self.record.in_force(slot, view))?;
        judge!(self, slot, |checker, at| checker.booted(at, boot));
        judge!(self, slot, |checker, at| checker.applied(at, view));
        judge!(self, slot, |checker, at| checker.shows(at, view));
        self.record.servers[slot].view = *view;
        Ok(())
    }

    /// Takes the state with which a server enters the run as its history.
    fn given(
        &mut self,
        slot: usize,
        durable: HardState,
        snapshot: Option<&Snapshot>,
        log: &[Entry],
    ) -> Verdict {
        if let Some(snapshot) = snapshot {
            judge!(self, slot, |checker, at| checker.has_snapshot(at, snapshot));
            self.record.snapshot_written(slot, snapshot);
        }
        let base = self.record.servers[slot].log.len();
        let mut previous = self.record.servers[slot].log.at(base).unwrap_or(Link::START);
        for (index, entry) in (base + 1..).zip(log) {
            let (link, seen) = self.record.see(index, previous, entry);
            let new = &New { index, entry, previous, link, seen, term: durable.term };
            judge!(self, slot, |checker, at| checker.given(at, new));
            self.record.append(slot, index, link, &entry.payload);
            previous = link;
        }
        self.record.given(slot, durable);
        Ok(())
    }

    /// A client sends a request to a server; reported before the server takes it.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn asked(&mut self, now: Micros, server: NodeId, event: &Event) {
        let slot = self.record.slot(server);
        let mut asked = Asked::of(slot, event, self.record.servers[slot].view.term);
        each!(self, slot, |checker, at| checker.asked(at, now, event, &mut asked));
        if let Some(request) = event.request().filter(|_| asked.counts()) {
            self.requests.insert(request, asked);
        }
    }

    /// A server is about to take an event; [`stepped`](Checkers::stepped) follows.
    ///
    /// # Panics
    /// If the server is unknown.
    #[inline(always)]
    pub fn takes(&mut self, server: NodeId, event: &Event) {
        let slot = self.record.slot(server);
        self.record.announced = true;
        match event {
            Event::Receive(message) => self.receives(slot, message),
            Event::Tick => self.ticks(slot),
            Event::Persisted(token) => self.notified(slot, *token),
            Event::Read(request) => self.reads(slot, *request),
            Event::Propose(..)
            | Event::Register(_)
            | Event::ProposeOnce(..)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Compact(_)
            | Event::Apply => {}
        }
    }

    fn ticks(&mut self, slot: usize) {
        self.record.ticks(slot);
        each!(self, slot, |checker, at| checker.ticks(at));
    }

    fn notified(&mut self, slot: usize, token: Token) {
        each!(self, slot, |checker, at| checker.notified(at, token));
    }

    fn reads(&mut self, slot: usize, request: Request) {
        each!(self, slot, |checker, at| checker.reads(at, request));
    }

    fn receives(&mut self, slot: usize, message: &Message) {
        self.record.receives(slot, message);
        each!(self, slot, |checker, at| checker.receives(at, message));
    }

    /// A server did one step. Its view before is the one of its last step.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the server is unknown.
    #[inline]
    pub fn stepped(&mut self, server: NodeId, effects: &Effects) -> Result<(), Violation> {
        let before = self.record.servers[self.record.slot(server)].view;
        self.judge_step(server, &before, effects, before != effects.view)
    }

    /// A server did one step, `before` which it showed the state that is on record. It shows another one now if it `moved`.
    #[inline]
    pub(super) fn judge_step(
        &mut self,
        server: NodeId,
        before: &View,
        effects: &Effects,
        moved: bool,
    ) -> Verdict {
        let slot = self.record.slot(server);
        let mut step = Step { before: None, effects };
        let idle = effects.writes.is_empty() && effects.applied.is_empty();
        if moved || !idle || effects.restored.is_some() || !effects.passed.is_empty() {
            step.before = Some(before);
            let mut moved = moved;
            for passed in &effects.passed {
                self.passed(slot, passed)?;
                moved = self.record.servers[slot].view != effects.view;
            }
            self.changed(slot, effects, moved)?;
        }
        if let Some((other, matched)) = effects.matched {
            judge!(self, slot, |checker, at| checker.matches(at, other, matched));
        }
        judge!(self, slot, |checker, at| checker.stepped(at, &step));
        if self.record.announced {
            for message in &effects.sends {
                self.makes(slot, message)?;
            }
            for held in &effects.held {
                self.makes(slot, &held.message)?;
            }
            self.record.announced = false;
        }
        Ok(())
    }

    /// A step that was announced makes a message.
    fn makes(&mut self, slot: usize, message: &Message) -> Verdict {
        judge!(self, slot, |checker, at| checker.makes(at, message));
        Ok(())
    }

    /// A state that a server went through within a step, before its writes: its role, its term and its vote are judged. Of
    /// its commit index, so is the part that its log had before the step.
    fn passed(&mut self, slot: usize, view: &View) -> Verdict {
        let server = &self.record.servers[slot];
        let commit = view.commit.min(LogIndex::new(server.log.len())).max(server.view.commit);
        let view = View { commit, applied: server.view.applied, ..*view };
        let moved = view != server.view;
        self.changed(slot, &Effects { view, ..Effects::default() }, moved)
    }

    /// A step that changed something.
    fn changed(&mut self, slot: usize, effects: &Effects, moved: bool) -> Verdict {
        let after = &effects.view;
        judge!(self, slot, |checker, at| checker.moves(at, after));
        let before = &self.record.servers[slot].view;
        let configured = self.record.in_force(slot, before);
        let (role, term) = (before.role, before.term);
        if (role, term, before.voted_for) != (after.role, after.term, after.voted_for) {
            judge!(self, slot, |checker, at| checker.turns(at, after));
            if after.role == Role::Leader && (role, term) != (after.role, after.term) {
                judge!(self, slot, |checker, at| checker.elected(at, after.term));
            }
        }
        for write in &effects.writes {
            self.write(slot, write, after)?;
        }
        self.commit(slot, after, configured)?;
        for snapshot in effects.writes.iter().filter_map(|write| write.snapshot.as_ref()) {
            judge!(self, slot, |checker, at| checker.has_snapshot(at, snapshot));
            // A server that began without a configuration has one now.
            self.record.adopt(slot, snapshot);
        }
        if let Some(snapshot) = &effects.restored {
            judge!(self, slot, |checker, at| checker.restores(at, snapshot));
            self.record.servers[slot].applied = snapshot.last.index.get();
        }
        for applied in &effects.applied {
            judge!(self, slot, |checker, at| checker.applies(at, applied, after));
            self.record.servers[slot].applied = applied.entry.index.get();
        }
        judge!(self, slot, |checker, at| checker.applied(at, after));
        if moved {
            judge!(self, slot, |checker, at| checker.shows(at, after));
            self.record.servers[slot].view = *after;
        }
        Ok(())
    }

    fn write(&mut self, slot: usize, write: &Write, after: &View) -> Verdict {
        if let Some(hard_state) = write.hard_state {
            judge!(self, slot, |checker, at| checker.writes_hard_state(at, hard_state));
        }
        if let Some(snapshot) = &write.snapshot {
            judge!(self, slot, |checker, at| checker.writes_snapshot(at, snapshot, write, after));
            self.record.snapshot_written(slot, snapshot);
        }
        match &write.log {
            Some(log) => self.write_log(slot, log, after),
            None => Ok(()),
        }
    }

    /// A server changes its log.
    pub(super) fn write_log(&mut self, slot: usize, write: &LogWrite, after: &View) -> Verdict {
        judge!(self, slot, |checker, at| checker.writes_log(at, write, after));
        let from = write.from.get();
        let log = &mut self.record.servers[slot].log;
        // There is one: a gap has raised an alarm.
        let mut previous = log.at(from - 1).unwrap_or(Link::START);
        // A configuration that goes is out of force (§6).
        log.configurations.truncate(from - 1);
        for (index, entry) in (from..).zip(write.entries.iter()) {
            let (link, seen) = self.record.see(index, previous, entry);
            let new = &New { index, entry, previous, link, seen, term: after.term };
            judge!(self, slot, |checker, at| checker.appends(at, new, after));
            self.record.append(slot, index, link, &entry.payload);
            previous = link;
        }
        let end = from - 1 + write.entries.len() as u64;
        self.record.servers[slot].log.truncate(end);
        judge!(self, slot, |checker, at| checker.wrote_log(at, end));
        Ok(())
    }

    /// A server's commit index advances, if it does. `configured` configurations of its log were in force when the
    /// step began.
    fn commit(&mut self, slot: usize, after: &View, configured: usize) -> Verdict {
        let to = length(after.commit);
        if to <= length(self.record.servers[slot].view.commit) {
            return Ok(());
        }
        let led = self.record.commits_as_leader(slot, after, to);
        let configured = configured..self.record.in_force(slot, after);
        let term = led.unwrap_or(after.term);
        let commit = &Commit { to, term, leads: led.is_some(), configured };
        judge!(self, slot, |checker, at| checker.commits(at, commit));
        if commit.leads {
            self.record.commit(slot, to, term);
            judge!(self, slot, |checker, at| checker.committed(at, commit));
        }
        Ok(())
    }

    /// A client receives the answer to its request; reported after the step that gives it.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn answered(
        &mut self,
        now: Micros,
        server: NodeId,
        request: Request,
        answer: &Answer,
    ) -> Result<(), Violation> {
        let slot = self.record.slot(server);
        let asked = &self.requests.remove(request).unwrap_or_default();
        let mut violations = Vec::new();
        each!(self, slot, |checker, at| {
            if let Err(violation) = checker.answered(at, now, request, answer, asked) {
                violations.push(violation);
            }
        });
        if violations.is_empty() {
            return Ok(());
        }
        violations.into_iter().try_for_each(|it| unless_set_aside(&self.set_aside, it))
    }

    /// A write is durable now. Those of one server come in the order in which it made them.
    ///
    /// # Panics
    /// If the server is unknown.
    #[inline]
    pub fn persisted(&mut self, server: NodeId, write: &Write) {
        let slot = self.record.slot(server);
        self.record.durable(slot, write);
    }

    /// A message leaves the server that sent it, maybe many steps after the one that made it.
    ///
    /// # Errors
    /// The property that does not hold.
    ///
    /// # Panics
    /// If the sender is unknown.
    #[inline]
    pub fn sent(&mut self, message: &Message) -> Result<(), Violation> {
        let slot = self.record.slot(message.from);
        if let Some(candidate) = vote(message) {
            judge!(self, slot, |checker, at| checker.votes(at, message.term, candidate));
        } else if let Some(matched) = acknowledged(&message.body) {
            judge!(self, slot, |checker, at| checker.acknowledges(at, message, matched));
        } else if is_leaders(&message.body) {
            judge!(self, slot, |checker, at| checker.leads(at, message));
        }
        judge!(self, slot, |checker, at| checker.sent(at, message));
        Ok(())
    }

    /// A message is in flight: the one that its sender sent last, or a copy of one.
    ///
    /// # Panics
    /// If the sender is unknown.
    #[inline(always)]
    pub fn in_flight(&mut self, from: NodeId, to: NodeId, message: MessageId) {
        let slot = self.record.slot(from);
        each!(self, slot, |checker, at| checker.in_flight(at, to, message));
    }

    /// A message in flight reaches a server.
    #[inline(always)]
    pub fn delivered(&mut self, to: NodeId, message: MessageId) {
        if let Some(slot) = self.record.find(to) {
            each!(self, slot, |checker, at| checker.delivered(at, message));
        }
    }

    /// The server's disk begins to lie, or stops lying. While it lies, what is [`persisted`](Checkers::persisted)
    /// is lost in a power loss. The votes that the server sent stay on record: their receivers rely on them.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn lied_to(&mut self, server: NodeId, lies: bool) {
        let slot = self.record.slot(server);
        self.record.servers[slot].lies(lies);
    }

    /// A server lost its power: what was not durable is gone.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn crashed(&mut self, server: NodeId) {
        let slot = self.record.slot(server);
        self.record.power_off(slot);
        self.requests.retain(|asked| asked.outlives(slot));
        each!(self, slot, |checker, at| checker.crashed(at));
    }

    /// A server lost its power and its disk. The votes that it sent stay on record: their receivers rely on them.
    ///
    /// # Panics
    /// If the server is unknown.
    pub fn wiped(&mut self, server: NodeId) {
        let slot = self.record.slot(server);
        self.record.servers[slot].wipe();
        self.crashed(server);
    }
}
