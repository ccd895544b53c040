//! Admin operations: requests of administrators in a run, beside those of clients.

use serde::{Deserialize, Serialize};

use super::Trigger;
use super::fault::behind;
use super::named::named;
use crate::time::Micros;

/// An admin operation: a request of an administrator. If the server can't carry it out now (it does not lead, another
/// change is under way), it is retried for a while, at the leader of that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminOp {
    /// Its own number in the plan, from which whatever is drawn for it in the run follows.
    pub number: u32,
    /// When it is requested first, or when it begins to wait for its trigger.
    pub at: Micros,
    /// The trigger that it waits for, until the run ends if need be.
    #[serde(alias = "moment")]
    pub trigger: Option<Trigger>,
    /// The servers that get the first request.
    pub of: AdminTarget,
    /// What is requested.
    pub kind: AdminKind,
}

/// A kind of admin operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminKind {
    /// A change of the configuration to this one (§6, diss. ch. 4).
    Membership {
        /// The servers that are to vote.
        voters: Vec<u32>,
        /// The servers that are to receive the log without a vote.
        learners: Vec<u32>,
    },
    /// A transfer of leadership to this server (diss. §3.10).
    Transfer(u32),
    /// A snapshot that replaces the log up to the last applied entry (§7).
    Compaction,
}

impl AdminOp {
    /// The admin operation in a cluster without this server, where servers with higher numbers have moved up by one. `None`
    /// if it is about that server, or nobody is left to vote.
    #[must_use]
    pub fn without(&self, server: u32) -> Option<AdminOp> {
        let rest = |servers: &[u32]| -> Vec<u32> {
            servers.iter().filter_map(|other| behind(*other, server)).collect()
        };
        let of = match self.of {
            AdminTarget::Server(other) => AdminTarget::Server(behind(other, server)?),
            of @ (AdminTarget::Leader
            | AdminTarget::Leaders
            | AdminTarget::Everybody
            | AdminTarget::Actor) => of,
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
            AdminKind::Compaction => AdminKind::Compaction,
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
        }
    }
}

/// The servers that get a request, looked up when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminTarget {
    /// This server.
    Server(u32),
    /// The live leader of the highest term, if there is one.
    Leader,
    /// Every self-styled leader.
    Leaders,
    /// Every server.
    Everybody,
    /// The server of the trigger; nobody if the operation has none.
    #[serde(alias = "doer")]
    Actor,
}

named! {
    /// A class of what clients and administrators may do in a run, beside plain commands; `--admin` names them.
    pub enum AdminClass {
        /// servers are added and removed, vote or learn
        Membership = "membership",
        /// leadership is handed over
        Transfer = "transfer",
        /// snapshots take the place of the log
        Compaction = "compaction",
        /// clients read without the log
        Reads = "reads",
        /// clients have sessions, and repeat commands
        Sessions = "sessions",
    }
}
