//! The core's words in those of the door.

use raft_core::Node;

use super::machine::Machine;
use crate::subject::{Answer, Changes, Role, Settings, View};

pub(super) fn settings(settings: &Settings) -> raft_core::Settings {
    raft_core::Settings {
        seed: settings.seed,
        election_timeout_min: settings.election_timeout.0,
        election_timeout_max: settings.election_timeout.1,
        heartbeat_interval: settings.heartbeat,
        entries_per_message: settings.entries_per_message,
        bytes_per_message: settings.bytes_per_message,
        window: settings.window,
        uncommitted_limit: settings.uncommitted_limit,
        pre_vote: settings.pre_vote,
        check_quorum: settings.check_quorum,
        lease_drift: settings.lease_drift,
        changes: match settings.changes {
            Changes::Single => raft_core::Changes::Single,
            Changes::Joint => raft_core::Changes::Joint,
            Changes::Shortest => raft_core::Changes::Shortest,
        },
        catch_up_rounds: settings.catch_up_rounds,
        snapshot_chunk: settings.snapshot_chunk,
        apply_limit: settings.apply_limit,
    }
}

pub(super) fn answer(answer: raft_core::Answer) -> Answer {
    match answer {
        raft_core::Answer::Committed(index) => Answer::Committed(index),
        raft_core::Answer::Readable(index) => Answer::Read(index),
        raft_core::Answer::Done => Answer::Done,
        raft_core::Answer::Superseded => Answer::Superseded,
        raft_core::Answer::Unknown => Answer::Unknown,
        raft_core::Answer::NotLeader(leader) => Answer::NotLeader(leader),
        raft_core::Answer::Busy | raft_core::Answer::Transferring(_) => Answer::Busy,
        raft_core::Answer::Rejected(_) => Answer::Rejected,
    }
}

pub(super) fn view(node: &Node, machine: &Machine) -> View {
    let hard_state = node.hard_state();
    View {
        role: match node.role() {
            raft_core::Role::Follower(_) | raft_core::Role::PreCandidate(_) => Role::Follower,
            raft_core::Role::Candidate(_) => Role::Candidate,
            raft_core::Role::Leader(_) => Role::Leader,
        },
        term: hard_state.term,
        voted_for: hard_state.voted_for,
        commit: node.commit(),
        applied: node.applied(),
        leader: node.leader(),
        snapshot: node.log().base().map(|base| base.index),
        configuration: node.membership_index(),
        state: machine.digest(),
    }
}
