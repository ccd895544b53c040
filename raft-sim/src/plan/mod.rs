//! The plan: everything about a run that is decided before it starts, as plain data.
//!
//! A seed expands to a plan ([`Plan::draw`]). A plan can as well be written by hand or drawn by a property
//! test: running it asks nothing of where it came from. Each fault is whole in itself (it begins, and it
//! ends), and so is each admin operation, so any of them can be taken out and the rest still means the same.

mod able;
mod admin_op;
mod draw;
pub(crate) mod fault;
pub(crate) mod fit;
mod healing;
mod named;
pub(crate) mod options;
mod profile;
mod sort;

use serde::{Deserialize, Serialize};

use crate::disk::SyncTime;
use crate::model::NodeId;
use crate::network::Conditions;
use crate::subject::{Capability, Settings};
use crate::time::Micros;

pub use crate::trigger::Trigger;
pub use admin_op::{AdminClass, AdminKind, AdminOp, AdminTarget};
pub use fault::{Direction, Fault, FaultClass, FaultKind, KindSort, Target, TargetSort};
pub use healing::Healing;
pub use options::{PLAN_OPTIONS, PlanOption, PlanOptions};
pub use profile::{Draw, Profile};
pub use sort::{ConditionSort, FaultSort};

/// Everything that is decided before a run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Seed of what is drawn while running: delays, losses, sync times, client's choices.
    pub seed: u64,
    /// How long it runs, in virtual microseconds.
    pub duration: Micros,
    /// The servers' timing and limits.
    pub settings: Settings,
    /// Servers that have others, and which; each once at most.
    pub exceptions: Vec<(u32, Settings)>,
    /// Each server's clock; their number is the number of servers.
    pub clocks: Vec<Clock>,
    /// The number of servers of the first configuration, which are the first ones. The others wait until a change adds
    /// them.
    pub members: u32,
    /// What the network does to every message.
    #[serde(alias = "weather")]
    pub conditions: Conditions,
    /// How long the disks take.
    pub sync: SyncTime,
    /// How long state machines take at most to apply what they were handed, in virtual microseconds; only
    /// with [`Settings::apply_limit`].
    pub apply_time: Micros,
    /// Whether what was applied survives a crash.
    pub durable_state_machine: bool,
    /// What the clients do.
    pub clients: Clients,
    /// Faults, in order of `at`.
    pub faults: Vec<Fault>,
    /// Admin operations, in order of `at`.
    #[serde(alias = "tasks")]
    pub admin_ops: Vec<AdminOp>,
    /// How the cluster recovers then, if it is to.
    pub healing: Option<Healing>,
}

/// A server's clock, in virtual microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Between two of its ticks; 10,000 is the nominal rate.
    pub tick: Micros,
    /// Its first tick.
    pub first: Micros,
}

/// The clients: each request goes to a random server or to the last known leader, and follows hints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clients {
    /// Virtual microseconds between two requests.
    pub interval: Micros,
    /// Bytes of a command, at least 8.
    pub size: u32,
    /// Percent of commands that go to a random server although a leader is known.
    pub wander: u32,
    /// Percent of requests that are reads (diss. §6.4); half of these go to a random server.
    pub reads: u32,
    /// Percent of the other requests that are made under a session (diss. §6.3).
    pub once: u32,
    /// How many clients have a session, if any request is made under one. Each waits for one answer at a
    /// time.
    pub sessions: u32,
    /// How long such a client waits for an answer until it asks again, in virtual microseconds.
    pub patience: Micros,
    /// If given, only these requests are made, in order: the first one is 0, the next one 1, and so on, each
    /// at the time that it has among all of them.
    pub only: Option<Vec<u64>>,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn draw(seed: u64, plan_options: &PlanOptions) -> Plan {
        draw::plan(seed, plan_options)
    }

    /// The same for an implementation that can do no more than this: without what it can't do.
    #[must_use]
    pub fn limited(mut self, capabilities: &[Capability]) -> Plan {
        able::limit(&mut self, capabilities);
        self.healing = self.healing.take().map(|healing| fit::healing(healing, &self));
        self
    }

    /// All servers, in order.
    pub fn servers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.clocks.len() as u32).map(NodeId)
    }

    /// The settings of a server.
    #[must_use]
    pub fn settings_of(&self, server: NodeId) -> Settings {
        let exception = self.exceptions.iter().find(|(other, _)| *other == server.0);
        exception.map_or(self.settings, |(_, settings)| *settings)
    }

    /// Whether it can be run: it has servers, and nothing in it is about others.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        fit::check(self)
    }

    /// Changes the settings of every server, also those with which one comes back: they must stay the same in what
    /// all have in common.
    pub(crate) fn change_settings(&mut self, change: impl Fn(&mut Settings)) {
        change(&mut self.settings);
        self.exceptions.iter_mut().for_each(|(_, settings)| change(settings));
        for fault in &mut self.faults {
            if let FaultKind::RestartWith(_, settings) = &mut fault.kind {
                change(settings);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without S2, S3 is S2: and what was about S2 is gone.
    #[test]
    fn admin_operations_can_do_without_a_server() {
        let admin_op = |of, kind| AdminOp { number: 7, at: 1, trigger: None, of, kind };
        let configuration = |voters: &[u32], learners: &[u32]| AdminKind::Membership {
            voters: voters.to_vec(),
            learners: learners.to_vec(),
        };
        let before = admin_op(AdminTarget::Server(3), configuration(&[1, 2, 3], &[4]));
        let after = admin_op(AdminTarget::Server(2), configuration(&[1, 2], &[3]));
        assert_eq!(before.without(2), Some(after));
        assert_eq!(admin_op(AdminTarget::Leader, configuration(&[2], &[1])).without(2), None);
        assert_eq!(admin_op(AdminTarget::Server(2), AdminKind::Compaction).without(2), None);
        assert_eq!(admin_op(AdminTarget::Leader, AdminKind::Transfer(2)).without(2), None);
    }
}
