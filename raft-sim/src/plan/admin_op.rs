//! What an administrator asks for in a run, beside what clients do.

use serde::{Deserialize, Serialize};

use super::Trigger;
use super::fault::behind;
use super::named::named;
use crate::time::Micros;

/// Something that an administrator asks for. Asked of somebody who can't do it now (it does not lead, another
/// change is under way), it is asked again for a while, of whoever leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminOp {
    /// Its own number in the plan: what is drawn for it while running follows from it.
    pub number: u32,
    /// When it is asked for first, or from when on it waits for its moment.
    pub at: Micros,
    /// What it waits for, until the run ends if need be.
    #[serde(alias = "moment")]
    pub trigger: Option<Trigger>,
    /// Who is asked first.
    pub of: AdminTarget,
    /// What it is.
    pub kind: AdminKind,
}

/// What an administrator asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminKind {
    /// This configuration (§6, diss. ch. 4).
    Membership {
        /// Who is to vote.
        voters: Vec<u32>,
        /// Who is to receive the log without a vote.
        learners: Vec<u32>,
    },
    /// That this server leads (diss. §3.10).
    Transfer(u32),
    /// A snapshot in place of the log up to where it is applied (§7).
    Compaction,
}

impl AdminOp {
    /// The same where this server is not: those behind it have numbers one lower. `None` if it is about that
    /// server, or nobody is left to vote.
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

/// Who is asked; looked up when it is time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminTarget {
    /// This server.
    Server(u32),
    /// The live leader of the highest term; nobody if there is none.
    Leader,
    /// Every server that believes to lead.
    Leaders,
    /// Every server.
    Everybody,
    /// The server of the moment; nobody if the task waits for none.
    #[serde(alias = "doer")]
    Actor,
}

named! {
    /// A class of what clients and administrators may do in a run, beside plain commands; `--admin` names them.
    pub enum AdminClass {
        /// servers come and go, vote or learn
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
