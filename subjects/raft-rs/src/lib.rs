//! TiKV's [raft-rs](https://github.com/tikv/raft-rs), the crate `raft`, behind the door of `raft-sim`.
//!
//! This is the application that raft-rs is made for, as small as it can be: it keeps raft-rs's log and a state
//! machine, takes its `Ready`s in the documented order, and answers clients. It decides nothing that raft-rs decides.
//! `docs/subjects/raft-rs.md` says how it is driven and what was found.

mod configuration;
mod entry;
mod message;
mod server;
mod store;

use raft_sim::subject::{Boot, Capability, Implementation, Subject, View};

/// raft-rs, and how careful the application around it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaftRs {
    /// It keeps clear of what is known to go wrong: a leader that is no voter any more is made a follower, a leader's
    /// messages and clients wait until its term is durable, no clock ticks while a snapshot is being written, or the log of
    /// the only voter, and nobody reads under a lease.
    Careful,
    /// It does what raft-rs's documentation asks for, and uses all that there is.
    Bare,
}

/// What raft-rs can do.
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
    // Last: what a careful application does without.
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
