//! Time in a replay: clocks that tick by hand, and time that flows.

use super::{FailureKind, Replay, Stop};
use crate::action::Action;
use crate::model::NodeId;
use crate::scenario::syntax::{Condition, Duration, Fact, RoleWord, Unit};
use crate::subject::Role;
use crate::time::{Micros, TICK};
use crate::world::Next;

impl Replay<'_> {
    pub(super) fn timeout(&mut self, server: NodeId) -> Result<(), Stop> {
        self.must_run(server)?;
        let before = *self.world.server(server).view();
        if before.role == Role::Leader {
            return Err(self.statement(format!("{server} leads; it has no election timeout")));
        }
        let asked = self.folds.record.pre_votes(server);
        let longest = self.world.settings(server).election_timeout.1;
        for _ in 0..longest * 2 {
            self.tick(server)?;
            let asks = self.folds.record.pre_votes(server) > asked;
            if asks || self.world.server(server).view().term > before.term {
                return Ok(());
            }
        }
        let message = format!(
            "{server} did not stand for election within {} ticks: twice the longest election timeout",
            longest * 2
        );
        Err(self.unmet(self.line, FailureKind::Violation, &message))
    }

    pub(super) fn elect(&mut self, server: NodeId) -> Result<(), Stop> {
        self.timeout(server)?;
        self.settle()?;
        let leads = Condition::Servers(vec![server].into(), vec![Fact::Role(RoleWord::Leader)]);
        if self.holds(&leads) {
            return Ok(());
        }
        let reasons = self.reasons(&leads).join("\n");
        let message = format!("{server} was not elected: {reasons}");
        Err(self.unmet(self.line, FailureKind::Violation, &message))
    }

    pub(super) fn heartbeat(&mut self, server: NodeId) -> Result<(), Stop> {
        self.must_run(server)?;
        if self.world.server(server).view().role != Role::Leader {
            return Err(self.statement(format!("{server} does not lead; it sends no heartbeats")));
        }
        for _ in 0..self.world.settings(server).heartbeat {
            self.tick(server)?;
        }
        Ok(())
    }

    pub(super) fn within(&mut self, duration: Duration, condition: &Condition) -> Result<(), Stop> {
        if self.holds(condition) || self.flow(duration, Some(condition))? {
            return Ok(());
        }
        let reasons = self.reasons(condition).join("\n");
        let message = format!("this did not come about in time: {reasons}");
        Err(self.unmet(self.line, FailureKind::Liveness, &message))
    }

    /// Lets time flow; true as soon as `until` holds, false when the time is over.
    pub(super) fn flow(
        &mut self,
        duration: Duration,
        until: Option<&Condition>,
    ) -> Result<bool, Stop> {
        let end = self.world.now() + self.micros(duration);
        self.act(Action::Flow { flows: true })?;
        let reached = loop {
            match self.world.next(end) {
                None => break false,
                Some(Next::Action(action)) => self.act(action)?,
                Some(Next::Alarm(_) | Next::Void) => continue,
            };
            self.after_step()?;
            if until.is_some_and(|condition| self.holds(condition)) {
                break true;
            }
        };
        self.act(Action::Flow { flows: false })?;
        Ok(reached)
    }

    pub(super) fn micros(&self, duration: Duration) -> Micros {
        let settings = || self.world.ids().map(|server| self.world.settings(server));
        let timeouts = settings().map(|settings| settings.election_timeout.1);
        let heartbeats = settings().map(|settings| settings.heartbeat);
        let longest = |ticks: Option<u32>| u64::from(ticks.unwrap_or(0)) * TICK;
        let unit = match duration.unit {
            Unit::ElectionTimeouts => longest(timeouts.max()),
            Unit::Heartbeats => longest(heartbeats.max()),
            Unit::Ticks => TICK,
            Unit::Milliseconds => 1_000,
        };
        u64::from(duration.count) * unit
    }
}
