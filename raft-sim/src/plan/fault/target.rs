//! Targets of faults: the one table of them. What a run looks up is in `run/faults.rs`.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::plan::named::named;

/// The server that a fault hits, looked up when the fault begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// This server.
    Server(u32),
    /// The live leader of the highest term; nobody if there is none.
    Leader,
    /// One of the live servers that don't lead: the one this many places behind the first of them.
    Follower(u32),
    /// The live candidate of the highest term; nobody if there is none.
    Candidate,
    /// The server that sent a vote last; nobody if none has.
    Voter,
    /// A live server that still takes itself for leader while another leads a higher term; nobody if there is none.
    Deposed,
    /// The live server with the lowest commit index.
    Behind,
    /// The server of the trigger; nobody if the fault has no trigger.
    #[serde(alias = "doer")]
    Actor,
    /// The peer of the trigger's server; nobody if the trigger has none.
    Peer,
}

named! {
    /// A target, as campaigns count it.
    pub enum TargetSort {
        /// a server by its number
        Server = "target: a given server",
        /// the leader
        Leader = "target: the leader",
        /// a server that does not lead
        Follower = "target: a follower",
        /// a candidate
        Candidate = "target: a candidate",
        /// the server that sent a vote last
        Voter = "target: the last voter",
        /// a leader of an older term
        Deposed = "target: a deposed leader",
        /// the server with the lowest commit index
        Behind = "target: furthest behind",
        /// the server of the trigger
        Actor = "target: trigger's server",
        /// the peer of the trigger's server
        Peer = "target: trigger's peer",
    }
}

impl Target {
    /// The name under which a campaign counts it and a plan prints it.
    fn facts(self) -> (TargetSort, &'static str) {
        match self {
            Target::Server(_) => (TargetSort::Server, "S"),
            Target::Leader => (TargetSort::Leader, "the leader"),
            Target::Follower(_) => (TargetSort::Follower, "a server that does not lead"),
            Target::Candidate => (TargetSort::Candidate, "the candidate"),
            Target::Voter => (TargetSort::Voter, "the server that voted last"),
            Target::Deposed => (TargetSort::Deposed, "a deposed leader"),
            Target::Behind => (TargetSort::Behind, "the server furthest behind"),
            Target::Actor => (TargetSort::Actor, "this server"),
            Target::Peer => (TargetSort::Peer, "the other server"),
        }
    }

    /// The sort under which a campaign counts faults that hit it.
    #[must_use]
    pub fn sort(self) -> TargetSort {
        self.facts().0
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().1)?;
        if let Target::Server(server) = self {
            write!(f, "{server}")?;
        }
        Ok(())
    }
}

/// The direction of messages of a server that a fault affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Messages that it sends.
    Outgoing,
    /// Messages that are sent to it.
    Incoming,
    /// Both.
    Both,
}
