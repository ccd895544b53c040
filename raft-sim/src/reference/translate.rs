//! Translation between the core's types and those of the subject interface.

use raft_core::{Body as Said, Node, Request};

use crate::model::{Body, LogIndex, Message, NodeId};
use crate::subject::{Answer, Changes, Role, Settings, View};

pub(crate) fn settings(settings: &Settings) -> raft_core::Settings {
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

/// A server's state in Figure 2's words, with a digest of its state machine.
pub(crate) fn view(node: &Node, state: u64) -> View {
    let hard_state = node.hard_state();
    View {
        role: role(node.role()),
        term: hard_state.term,
        voted_for: hard_state.voted_for,
        commit: node.commit(),
        applied: node.applied(),
        leader: node.leader(),
        snapshot: node.log().base().map(|base| base.index),
        configuration: node.membership_index(),
        state,
    }
}

fn role(role: &raft_core::Role) -> Role {
    match role {
        raft_core::Role::Follower(_) | raft_core::Role::PreCandidate(_) => Role::Follower,
        raft_core::Role::Candidate(_) => Role::Candidate,
        raft_core::Role::Leader(_) => Role::Leader,
    }
}

/// matchIndex of a server, if this one leads.
pub(crate) fn matched(node: &Node, server: NodeId) -> Option<(NodeId, LogIndex)> {
    match node.role() {
        raft_core::Role::Leader(leader) => {
            let matched = leader.progress(server).and_then(raft_core::Progress::matched);
            matched.map(|matched| (server, matched))
        }
        raft_core::Role::Follower(_)
        | raft_core::Role::PreCandidate(_)
        | raft_core::Role::Candidate(_) => None,
    }
}

/// A message of the core in the interface's types. Entries and parts of snapshots are shared.
#[inline]
pub(crate) fn sent(message: raft_core::Message) -> Message {
    let raft_core::Message { from, to, term, body } = message;
    let body = match body {
        Said::RequestVote { last, transfer } => Body::RequestVote { last, transfer },
        Said::RequestVoteReply { granted } => Body::RequestVoteReply { granted },
        Said::PreVote { last } => Body::PreVote { last },
        Said::PreVoteReply { granted } => Body::PreVoteReply { granted },
        Said::AppendEntries { prev, entries, commit, round } => {
            Body::AppendEntries { prev, entries, commit, round }
        }
        Said::AppendEntriesReply { reply, round } => Body::AppendEntriesReply { reply, round },
        Said::InstallSnapshot { chunk, round } => Body::InstallSnapshot { chunk, round },
        Said::InstallSnapshotReply { last, received, round } => {
            Body::InstallSnapshotReply { last, received, round }
        }
        Said::TimeoutNow => Body::TimeoutNow,
        Said::ReadIndex { request } => Body::ReadIndex { request: request.0 },
        Said::ReadIndexReply { request, index } => {
            Body::ReadIndexReply { request: request.0, index }
        }
    };
    Message::new(from, to, term, body)
}

/// A message in the core's types; `None` if the core has no such message.
#[inline]
pub(crate) fn received(message: Message) -> Option<raft_core::Message> {
    let Message { from, to, term, body, own: _ } = message;
    let body = match body {
        Body::RequestVote { last, transfer } => Said::RequestVote { last, transfer },
        Body::RequestVoteReply { granted } => Said::RequestVoteReply { granted },
        Body::PreVote { last } => Said::PreVote { last },
        Body::PreVoteReply { granted } => Said::PreVoteReply { granted },
        Body::AppendEntries { prev, entries, commit, round } => {
            Said::AppendEntries { prev, entries, commit, round }
        }
        Body::AppendEntriesReply { reply, round } => Said::AppendEntriesReply { reply, round },
        Body::InstallSnapshot { chunk, round } => Said::InstallSnapshot { chunk, round },
        Body::InstallSnapshotReply { last, received, round } => {
            Said::InstallSnapshotReply { last, received, round }
        }
        Body::TimeoutNow => Said::TimeoutNow,
        Body::ReadIndex { request } => Said::ReadIndex { request: Request(request) },
        Body::ReadIndexReply { request, index } => {
            Said::ReadIndexReply { request: Request(request), index }
        }
        Body::Other { .. } => return None,
    };
    Some(raft_core::Message { from, to, term, body })
}
