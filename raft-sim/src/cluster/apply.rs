//! State machines that take their time: with [`Settings::apply_limit`](crate::subject::Settings) a server's
//! state machine applies what it was handed only when it is its turn.

use super::{Cluster, Due, slot};
use crate::checker::Violation;
use crate::mix::{below, mix};
use crate::subject::Event;
use crate::words::NodeId;

impl Cluster<'_> {
    /// From now on a server's state machine takes nothing, or does again and catches up. Of no effect
    /// without [`Settings::apply_limit`](crate::subject::Settings::apply_limit).
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn pause_apply(&mut self, id: NodeId, paused: bool) -> Result<(), Violation> {
        self.servers[slot(id)].paused = paused;
        self.lag(id)
    }

    /// A state machine that takes nothing by itself takes what it was handed so far, as a step of its own. False
    /// if there was nothing.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn apply_once(&mut self, id: NodeId) -> Result<bool, Violation> {
        let server = &self.servers[slot(id)];
        let handed = server.settings.apply_limit.is_some() && server.is_up();
        if !handed || server.view.commit <= server.view.applied {
            return Ok(false);
        }
        self.step(id, Event::Apply)?;
        Ok(true)
    }

    /// A state machine's turn has come.
    pub(super) fn apply(&mut self, id: NodeId) -> Result<(), Violation> {
        let server = &mut self.servers[slot(id)];
        server.applying = false;
        if server.paused { Ok(()) } else { self.step(id, Event::Apply) }
    }

    /// What a server's state machine was handed and has not applied is applied in its time: now, if it takes
    /// none or time does not flow.
    #[inline]
    pub(super) fn lag(&mut self, id: NodeId) -> Result<(), Violation> {
        let server = &self.servers[slot(id)];
        if server.settings.apply_limit.is_none() || server.view.commit <= server.view.applied {
            return Ok(());
        }
        self.let_apply(id)
    }

    fn let_apply(&mut self, id: NodeId) -> Result<(), Violation> {
        loop {
            let server = &mut self.servers[slot(id)];
            let before = server.view.applied;
            let busy = server.paused || server.applying || server.missed.is_some();
            if busy || !server.is_up() || server.view.commit <= before {
                return Ok(());
            }
            if self.flowing && self.apply_time > 0 {
                server.applying = true;
                server.applications += 1;
                let bits = mix(mix(self.seed, 0x6170_706c ^ u64::from(id.0)), server.applications);
                let time = self.now + below(bits, self.apply_time + 1);
                self.queue.push(time, Due::Apply { server: id.0 - 1, life: server.life });
                return Ok(());
            }
            self.take(id, Event::Apply)?;
            self.settle_at_once(id)?;
            if self.server(id).view.applied <= before {
                return Ok(());
            }
        }
    }
}
