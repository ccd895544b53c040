//! Admin operations: the requests of administrators in a run.

use serde::{Deserialize, Serialize};

use super::Target;
use super::Trigger;
use super::fault::behind;
use super::named::named;
use crate::time::Micros;

/// A request of an administrator, or a read that is made at a certain server. If the target of a change or a transfer
/// can't serve it now (it does not lead, or another change is under way), the request is repeated for a while, to the
/// leader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminOp {
    /// Its number in the plan, from which everything drawn for it while running follows.
    pub number: u32,
    /// The time of its first try, or the time from which on it waits for its trigger.
    pub at: Micros,
    /// The trigger that it waits for, if any; until the run ends if that never fires.
    #[serde(alias = "moment")]
    pub trigger: Option<Trigger>,
    /// The target of the first try.
    pub of: AdminTarget,
    /// The request.
    pub kind: AdminKind,
}

/// The kind of request of an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminKind {
    /// A change to this configuration (§6, diss. ch. 4).
    Membership {
        /// The servers that vote.
        voters: Vec<u32>,
        /// The servers that receive the log without a vote.
        learners: Vec<u32>,
    },
    /// A transfer of leadership to this server (diss. §3.10).
    Transfer(u32),
    /// A snapshot that replaces the log up to the last applied entry (§7).
    Compaction,
    /// A read without the log (§8, diss. §6.4), by a client that asks this server and no other.
    Read,
}

impl AdminOp {
    /// The same operation without this server: those after it have numbers one lower. `None` if it is about that
    /// server, or no voter is left.
    #[must_use]
    pub fn without(&self, server: u32) -> Option<AdminOp> {
        let rest = |servers: &[u32]| -> Vec<u32> {
            servers.iter().filter_map(|other| behind(*other, server)).collect()
        };
        let of = match self.of {
            AdminTarget::One(Target::Server(other)) => {
                AdminTarget::One(Target::Server(behind(other, server)?))
            }
            of @ (AdminTarget::One(_) | AdminTarget::Leaders | AdminTarget::Everybody) => of,
        };
        let kind = match &self.kind {
            AdminKind::Membership { voters, learners } => {
                let (left, learners) = (rest(voters), rest(learners));
                if left.is_empty() && !voters.is_empty() {
                    return None;
                }
                AdminKind::Membership { voters: left, learners }
            }
            AdminKind::Transfer(to) => AdminKind::Transfer(behind(*to, server)?),
            kind @ (AdminKind::Compaction | AdminKind::Read) => kind.clone(),
        };
        Some(AdminOp { of, kind, ..self.clone() })
    }
}

impl AdminKind {
    /// The class that allows it.
    #[must_use]
    pub fn class(&self) -> AdminClass {
        match self {
            AdminKind::Membership { .. } => AdminClass::Membership,
            AdminKind::Transfer(_) => AdminClass::Transfer,
            AdminKind::Compaction => AdminClass::Compaction,
            AdminKind::Read => AdminClass::Reads,
        }
    }
}

/// The target of a request, looked up when the request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminTarget {
    /// Every self-styled leader.
    Leaders,
    /// Every server.
    Everybody,
    /// One server, found as the target of a fault is; none if there is no such server.
    #[serde(untagged)]
    One(Target),
}

named! {
    /// A class of operations of clients and administrators in a run, beside plain commands; `--admin` names them.
    pub enum AdminClass {
        /// servers are added and removed, vote or learn
        Membership = "membership",
        /// leadership is handed over
        Transfer = "transfer",
        /// snapshots take the place of the log
        Compaction = "compaction",
        /// clients read without the log, at any server, and at those at which a read is most likely to go wrong
        Reads = "reads",
        /// clients have sessions, and repeat commands
        Sessions = "sessions",
    }
}
