//! State machines that take their time: with [`Settings::apply_limit`](crate::subject::Settings) a server's
//! state machine applies what it was handed only when it is its turn.

use super::flow::Due;
use super::{Halt, Launch, World, slot};
use crate::mix::{below, mix};
use crate::model::NodeId;
use crate::observation::Observer;
use crate::subject::Event;

impl<L: Launch + ?Sized> World<'_, L> {
    /// From now on a server's state machine takes nothing, or does again and catches up.
    pub(super) fn pause_apply(
        &mut self,
        id: NodeId,
        paused: bool,
        observer: &mut impl Observer,
    ) -> Result<bool, Halt> {
        self.servers[slot(id)].apply_paused = paused;
        self.lag(id, observer)?;
        Ok(true)
    }

    /// What a server's state machine was handed and has not applied is applied in its time: now, if it takes
    /// none or time does not flow.
    #[inline]
    pub(super) fn lag(&mut self, id: NodeId, observer: &mut impl Observer) -> Result<(), Halt> {
        let server = &self.servers[slot(id)];
        if server.settings.apply_limit.is_none() || server.view.commit <= server.view.applied {
            return Ok(());
        }
        self.let_apply(id, observer)
    }

    fn let_apply(&mut self, id: NodeId, observer: &mut impl Observer) -> Result<(), Halt> {
        loop {
            let server = &mut self.servers[slot(id)];
            let before = server.view.applied;
            let busy = server.apply_paused || server.applying || server.missed.is_some();
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
            self.take(id, Event::Apply, observer)?;
            self.settle_at_once(id, observer)?;
            if self.server(id).view.applied <= before {
                return Ok(());
            }
        }
    }
}
