//! The plan of a run: everything that is decided before it starts, as plain data.
//!
//! A seed expands to a plan ([`Plan::draw`]). A plan can also be written by hand or drawn by a property test: its
//! origin does not matter to a run. Each fault is complete in itself (it begins, and it ends), and so is each admin
//! operation, so any of them can be removed and the rest keeps its meaning.

mod able;
mod admin_op;
mod draw;
pub(crate) mod fault;
pub(crate) mod fit;
mod healing;
mod named;
pub(crate) mod options;
mod profile;
mod settings;
mod sort;

use serde::{Deserialize, Serialize};

use crate::checker::Property;
use crate::disk::SyncTime;
use crate::model::NodeId;
use crate::network::Conditions;
use crate::subject::{Capability, Settings};
use crate::time::Micros;

pub use crate::trigger::Trigger;
pub use admin_op::{AdminClass, AdminKind, AdminOp, AdminTarget};
pub use fault::{
    Direction, Ending, EndingAt, Fault, FaultClass, FaultKind, KindSort, Target, TargetSort,
};
pub use healing::Healing;
pub use options::{PLAN_OPTIONS, PlanOption, PlanOptions};
pub use profile::{Draw, Profile};
pub use sort::{ConditionSort, FaultSort};

/// The default bound of a run's steps: a constant, and an addition for each virtual millisecond. Of the reference core's runs
/// that send several entries in a message, the longest of 19,500 has half as many: snapshots sent in many parts.
const MOST_STEPS: (u64, u64) = (2_000_000, 100);

/// Everything that is decided before a run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The seed of everything drawn while running: delays, losses, sync times, clients' choices.
    pub seed: u64,
    /// The duration, in virtual microseconds.
    pub duration: Micros,
    /// The servers' timing and limits.
    pub settings: Settings,
    /// Servers with other settings, each at most once.
    pub exceptions: Vec<(u32, Settings)>,
    /// Each server's clock; their number is the number of servers.
    pub clocks: Vec<Clock>,
    /// The number of servers in the first configuration: S1 to this one. The others wait until a change adds them.
    pub members: u32,
    /// The network conditions.
    #[serde(alias = "weather")]
    pub conditions: Conditions,
    /// The delays of the disks.
    pub sync: SyncTime,
    /// The longest time that a state machine takes to apply the entries handed to it, in virtual microseconds; only
    /// with [`Settings::apply_limit`].
    pub apply_time: Micros,
    /// True if the state of a state machine survives a crash.
    pub durable_state_machine: bool,
    /// The clients.
    pub clients: Clients,
    /// The faults, in order of `at`.
    pub faults: Vec<Fault>,
    /// The admin operations, in order of `at`.
    #[serde(alias = "tasks")]
    pub admin_ops: Vec<AdminOp>,
    /// The healing phase after the faults, if there is one.
    pub healing: Option<Healing>,
    /// The most steps of a run; `None` for [`Plan::most_steps`]'s default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_steps: Option<u64>,
    /// The properties that are [set aside](crate::checker::Checkers::setting_aside).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<Property>,
}

/// A server's clock, in virtual microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The time between two of its ticks; 10,000 is the nominal rate.
    pub tick: Micros,
    /// The time of its first tick.
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
    /// The number of clients with a session, if any request is made under one. Each waits for one answer at a time.
    pub sessions: u32,
    /// The time after which such a client repeats an unanswered request, in virtual microseconds.
    pub patience: Micros,
    /// If given, only the requests with these numbers are made. The numbers count from 0 and are in order; each
    /// request is made at the time that it would have without this.
    pub only: Option<Vec<u64>>,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn draw(seed: u64, plan_options: &PlanOptions) -> Plan {
        draw::plan(seed, plan_options)
    }

    /// The plan for an implementation with these capabilities: without everything that needs others.
    #[must_use]
    pub fn limited(mut self, capabilities: &[Capability]) -> Plan {
        able::limit(&mut self, capabilities);
        self.healing = self.healing.take().map(|healing| fit::healing(healing, &self));
        if let Some(healing) = &mut self.healing {
            able::limit_healing(healing, capabilities);
        }
        self
    }

    /// All servers, in order.
    pub fn servers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.clocks.len() as u32).map(NodeId)
    }

    /// The most steps of a run; one that takes more violates Bounded Steps. By default a constant, and an addition for each
    /// virtual millisecond until its faults end; twice as many if a server sends each entry in a message of its own: of a
    /// window of these that overtake one another nearly all are refused, and sent again.
    #[must_use]
    pub fn most_steps(&self) -> u64 {
        let (most, each) = MOST_STEPS;
        let one_by_one = |settings: &Settings| {
            settings.entries_per_message == 1 || settings.bytes_per_message <= self.clients.size
        };
        let exceptions = self.exceptions.iter().map(|(_, settings)| settings);
        let times = if exceptions.chain([&self.settings]).any(one_by_one) { 2 } else { 1 };
        self.most_steps.unwrap_or(times * (most + self.duration / 1_000 * each))
    }

    /// The settings of a server.
    #[must_use]
    pub fn settings_of(&self, server: NodeId) -> Settings {
        let exception = self.exceptions.iter().find(|(other, _)| *other == server.0);
        exception.map_or(self.settings, |(_, settings)| *settings)
    }

    /// Checks that it can be run: it has servers, and names no others.
    ///
    /// # Errors
    /// The first problem found.
    pub fn check(&self) -> Result<(), String> {
        fit::check(self)
    }

    /// Changes the settings of every server, including those of restarts with changed settings: all must keep the
    /// shared settings equal.
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

    /// Without S2, S3 becomes S2, and everything that named S2 is gone.
    #[test]
    fn admin_operations_can_do_without_a_server() {
        let admin_op = |of, kind| AdminOp { number: 7, at: 1, trigger: None, of, kind };
        let configuration = |voters: &[u32], learners: &[u32]| AdminKind::Membership {
            voters: voters.to_vec(),
            learners: learners.to_vec(),
        };
        let server = |server| AdminTarget::One(Target::Server(server));
        let leader = AdminTarget::One(Target::Leader);
        let before = admin_op(server(3), configuration(&[1, 2, 3], &[4]));
        let after = admin_op(server(2), configuration(&[1, 2], &[3]));
        assert_eq!(before.without(2), Some(after));
        assert_eq!(admin_op(leader, configuration(&[2], &[1])).without(2), None);
        assert_eq!(admin_op(server(2), AdminKind::Compaction).without(2), None);
        assert_eq!(admin_op(leader, AdminKind::Transfer(2)).without(2), None);
        let read = admin_op(leader, AdminKind::Read);
        assert_eq!(read.without(2), Some(read));
    }
}
