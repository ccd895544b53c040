//! Schedulers: a server gets no time to run, and catches up.

use super::{Halt, Launch, World, slot};
use crate::model::NodeId;
use crate::observation::Observer;
use crate::subject::Event;

impl<L: Launch + ?Sized> World<'_, L> {
    /// From now on the scheduler gives a server no time: nothing reaches it, and nothing leaves it. Its disk goes
    /// on. Or it gets time again: its clock catches up first, with all ticks that it missed; then what
    /// else has come meanwhile reaches it, in that order. What had arrived is not lost, even if its link
    /// is cut by then. A server that is down is not scheduled anyway: nothing changes.
    pub(super) fn pause(
        &mut self,
        id: NodeId,
        paused: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let server = &mut self.servers[slot(id)];
        match (paused, server.missed.take()) {
            (true, missed) => {
                server.missed = missed.or_else(|| server.is_up().then(Vec::new));
                Ok(true)
            }
            (false, Some(missed)) => self.catch_up(id, missed, observer),
            (false, None) => Ok(false),
        }
    }

    /// What a server missed while it was not scheduled reaches it.
    fn catch_up(
        &mut self,
        id: NodeId,
        missed: Vec<Event>,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        let (ticks, others): (Vec<Event>, Vec<Event>) =
            missed.into_iter().partition(|event| matches!(event, Event::Tick));
        for event in ticks.into_iter().chain(others) {
            match event {
                Event::Persisted(token) => {
                    self.notify_now(id, token, observer)?;
                }
                event @ (Event::Tick
                | Event::Receive(_)
                | Event::Propose(..)
                | Event::Register(_)
                | Event::ProposeOnce(..)
                | Event::Read(_)
                | Event::ChangeMembership(..)
                | Event::Transfer(..)
                | Event::Compact(_)
                | Event::Apply) => {
                    self.step(id, event, observer)?;
                }
            }
        }
        self.lag(id, observer)?;
        Ok(true)
    }
}
