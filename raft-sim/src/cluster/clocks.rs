//! Clocks and schedulers: clocks go at other rates, jump and stand still; a server gets no time to run.

use super::{Cluster, slot};
use crate::checker::Violation;
use crate::subject::Event;
use crate::time::Micros;
use crate::words::NodeId;

impl Cluster<'_> {
    /// From its next tick on a server's clock ticks at this rate. Virtual microseconds from tick to tick; more
    /// than 0.
    pub fn set_tick(&mut self, id: NodeId, tick: Micros) {
        self.servers[slot(id)].tick = tick;
    }

    /// A server's clock jumps forward by so many ticks, now. It ticks in between as it would have.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn jump(&mut self, id: NodeId, ticks: u32) -> Result<(), Violation> {
        (0..ticks).try_for_each(|_| self.tick(id))
    }

    /// From now on a server's clock stands still, or goes on; it does not make up for the time. Ticks that
    /// somebody gives it by hand it takes.
    pub fn freeze(&mut self, id: NodeId, frozen: bool) {
        self.servers[slot(id)].frozen = frozen;
    }

    /// From now on the scheduler gives a server no time: nothing reaches it, and nothing leaves it. Its disk goes
    /// on. Or it gets time again: its clock catches up first, with all ticks that it missed; then what
    /// else has come meanwhile reaches it, in that order. What had arrived is not lost, even if its link
    /// is cut by then. A server that is down is not scheduled anyway: nothing changes.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn pause(&mut self, id: NodeId, paused: bool) -> Result<(), Violation> {
        let server = &mut self.servers[slot(id)];
        match (paused, server.missed.take()) {
            (true, missed) => {
                server.missed = missed.or_else(|| server.is_up().then(Vec::new));
                Ok(())
            }
            (false, Some(missed)) => self.catch_up(id, missed),
            (false, None) => Ok(()),
        }
    }

    /// What a server missed while it was not scheduled reaches it.
    fn catch_up(&mut self, id: NodeId, missed: Vec<Event>) -> Result<(), Violation> {
        let (ticks, others): (Vec<Event>, Vec<Event>) =
            missed.into_iter().partition(|event| matches!(event, Event::Tick));
        for event in ticks.into_iter().chain(others) {
            match event {
                Event::Persisted(token) => self.hear_late(id, token)?,
                event @ (Event::Tick
                | Event::Receive(_)
                | Event::Propose(..)
                | Event::Register(_)
                | Event::ProposeOnce(..)
                | Event::Read(_)
                | Event::ChangeMembership(..)
                | Event::Transfer(..)
                | Event::Compact(_)
                | Event::Apply) => self.step(id, event)?,
            }
        }
        self.lag(id)
    }
}
