//! Fair conditions: what keeps a cluster from its work ends.

use super::{Cluster, TICK, schedule};
use crate::checker::{Property, Violation};
use crate::disk::SyncTime;
use crate::network::Weather;
use crate::subject::Request;
use crate::words::NodeId;

impl Cluster<'_> {
    /// From now on every link is whole, and the network has this weather: what was in flight or held sets out
    /// anew. Disks and state machines take no time, writes no longer fail, clocks run at their nominal rate,
    /// and everybody is scheduled. Who is down stays down.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn turn_fair(&mut self, weather: Weather) -> Result<(), Violation> {
        self.sync = SyncTime { min: 0, max: 0, notice: 0 };
        self.apply_time = 0;
        let Cluster { network, queue, now, .. } = self;
        network.calm(weather);
        network.schedule_parked(|arrival| schedule(queue, *now, arrival));
        for id in self.ids() {
            self.set_tick(id, TICK);
            self.freeze(id, false);
            self.disarm(id);
            self.fail_writes(id, false);
            self.pause(id, false)?;
            self.stall(id, false)?;
            self.pause_apply(id, false)?;
        }
        Ok(())
    }

    /// No clock ticks any more.
    pub fn stop_clocks(&mut self) {
        self.stopped = true;
    }

    /// The requests that a server has taken since it booted and not answered, in order.
    pub fn unanswered(&self, id: NodeId) -> impl ExactSizeIterator<Item = Request> + '_ {
        self.server(id).unanswered.iter().copied()
    }

    /// A goal of liveness was owed, and was met.
    pub fn met(&mut self, goal: Property) {
        if let Some(oracles) = &mut self.oracles {
            oracles.met(goal);
        }
    }
}
