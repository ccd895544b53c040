//! TiKV's [raft-rs](https://github.com/tikv/raft-rs), the crate `raft`, behind the subject interface of `raft-sim`.
//!
//! This is the application that raft-rs is made for, as small as possible: it keeps raft-rs's log and a state
//! machine, takes its `Ready`s in the documented order, and answers clients. It makes no decision that belongs to
//! raft-rs. `docs/subjects/raft-rs.md` describes how it is driven and what was found.

mod configuration;
mod entry;
mod message;
mod server;
mod store;

use raft_sim::subject::{Boot, Capability, Implementation, Subject, View};

/// raft-rs, in an application with or without precautions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaftRs {
    /// The application avoids known defects: a leader that is no voter any more is made a follower; a leader's
    /// messages and clients wait until its term is durable; no clock ticks while a snapshot, or the log of the only
    /// voter, is being written; no server reads under a lease.
    Careful,
    /// The application does what raft-rs's documentation asks for, and uses every feature.
    Bare,
}

/// The capabilities of raft-rs.
const CAPABILITIES: [Capability; 18] = [
    Capability::Forge,
    Capability::NoOp,
    Capability::DurableStateMachine,
    Capability::PreVote,
    Capability::CheckQuorum,
    Capability::Transfer,
    Capability::Membership,
    Capability::Joint,
    Capability::Learners,
    Capability::Snapshots,
    Capability::Reads,
    Capability::FollowerReads,
    Capability::Sessions,
    Capability::ApplyQueue,
    Capability::DiskNotices,
    Capability::ParallelDisk,
    Capability::SlowDisk,
    // Last: the capability that a careful application does without.
    Capability::LeaseReads,
];

impl Implementation for RaftRs {
    fn name(&self) -> &str {
        match self {
            RaftRs::Careful => "raft-rs 0.7",
            RaftRs::Bare => "raft-rs 0.7, without precautions",
        }
    }

    fn capabilities(&self) -> &[Capability] {
        match self {
            RaftRs::Careful => &CAPABILITIES[..CAPABILITIES.len() - 1],
            RaftRs::Bare => &CAPABILITIES,
        }
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let server = server::Server::new(boot, *self)?;
        let view = server.view();
        Ok((Box::new(server), view))
    }
}
