//! What must not go back (10), and what must be on a disk before others hear of it (18).

use super::property::violated;
use super::state::Server;
use super::{Oracles, Property, Violation};
use crate::subject::View;
use crate::words::{AppendReply, Body, HardState, LogIndex, Message, length};

impl Oracles {
    /// Monotonicity (Figure 2, §5.1): currentTerm, commitIndex and lastApplied increase
    /// monotonically, and a vote stands for its term.
    pub(super) fn check_forward(&mut self, slot: usize, after: &View) -> Result<(), Violation> {
        let server = &self.servers[slot];
        let before = &server.view;
        let commits = (length(before.commit), length(after.commit));
        let applied = (length(before.applied), length(after.applied));
        let moved = before.term != after.term || before.voted_for != after.voted_for;
        if !moved && commits.0 == commits.1 && applied.0 == applied.1 {
            return Ok(());
        }
        let id = server.id;
        let old = HardState { term: before.term, voted_for: before.voted_for };
        let new = HardState { term: after.term, voted_for: after.voted_for };
        let breach = match went_back(old, new) {
            Some(what) => Some(what),
            None if commits.1 < commits.0 => {
                Some(format!("its commit index went from {} to {}", commits.0, commits.1))
            }
            None if applied.1 < applied.0 => {
                Some(format!("its last applied went from {} to {}", applied.0, applied.1))
            }
            None => None,
        };
        self.count(Property::Monotonicity);
        match breach {
            None => Ok(()),
            Some(what) => violated(Property::Monotonicity, id, format!("{id}: {what}")),
        }
    }

    /// Monotonicity of what is handed to the disk: it must not undo an earlier write.
    pub(super) fn check_written(&mut self, slot: usize, new: HardState) -> Result<(), Violation> {
        self.count(Property::Monotonicity);
        let server = &mut self.servers[slot];
        let id = server.id;
        let breach = went_back(server.written, new);
        server.written = new;
        match breach {
            None => Ok(()),
            Some(what) => {
                let detail = format!("{id} wrote to its disk: {what}");
                violated(Property::Monotonicity, id, detail)
            }
        }
    }

    /// Monotonicity across a restart (Figure 2, persistent state): term and vote are as they were
    /// durable. Commit index and last applied are volatile and may start over.
    pub(super) fn check_restart(&mut self, slot: usize, view: &View) -> Result<(), Violation> {
        let server = &self.servers[slot];
        let (id, durable) = (server.id, server.durable);
        if durable == HardState::default() {
            return Ok(());
        }
        self.count(Property::Monotonicity);
        let new = HardState { term: view.term, voted_for: view.voted_for };
        match went_back(durable, new) {
            None => Ok(()),
            Some(what) => {
                let detail = format!("{id} started from its disk: {what}");
                violated(Property::Monotonicity, id, detail)
            }
        }
    }

    /// Monotonicity of lastApplied across a restart (§5.3): a state machine goes on where what it kept ends,
    /// or the snapshot if that is later (§7), so that it applies nothing twice and leaves nothing out.
    pub(super) fn check_kept(
        &mut self,
        slot: usize,
        kept: Option<LogIndex>,
        snapshot: Option<LogIndex>,
        view: &View,
    ) -> Result<(), Violation> {
        let expected = kept.max(snapshot);
        if expected.is_some() {
            self.count(Property::Monotonicity);
        }
        if view.applied == expected {
            return Ok(());
        }
        let id = self.servers[slot].id;
        let (expected, applied) = (length(expected), length(view.applied));
        let detail = format!(
            "{id} started with last applied {applied}, though its state machine has kept {expected}"
        );
        violated(Property::Monotonicity, id, detail)
    }

    /// Persist before Send (Figure 2, §5.6): persistent state is updated on stable storage before
    /// responding to RPCs. What leaves a server must survive its power loss: its term in every
    /// message, its vote in a RequestVote (for itself) and in a granted reply, its entries in a
    /// successful AppendEntriesReply, or the snapshot that stands for them. The leader's AppendEntries
    /// promises its term only (dissertation §10.2.1); so do parts of snapshots, reads and pre-votes.
    #[inline]
    pub(super) fn check_promise(
        &mut self,
        slot: usize,
        message: &Message,
    ) -> Result<(), Violation> {
        self.count(Property::PersistBeforeSend);
        let server = &self.servers[slot];
        if server.durable.term < message.term {
            return too_early(server, message, "its term");
        }
        // Writes become durable in order: the disk went through what this message promises before it
        // came to a later term.
        if server.durable.term > message.term {
            return Ok(());
        }
        let vote = server.durable.voted_for;
        let promise = match message.body {
            Body::RequestVote { .. } if vote != Some(message.from) => "its vote for itself",
            Body::RequestVoteReply { granted: true } if vote != Some(message.to) => "its vote",
            Body::AppendEntriesReply {
                reply: AppendReply::Success { matched: Some(matched) },
                ..
            } if !holds_durably(server, message, matched.get()) => "the entries it acknowledges",
            Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
            | Body::InstallSnapshot { .. }
            | Body::InstallSnapshotReply { .. }
            | Body::TimeoutNow
            | Body::ReadIndex { .. }
            | Body::ReadIndexReply { .. }
            | Body::Other { .. }
            | Body::AppendEntries { .. }
            | Body::AppendEntriesReply {
                reply: AppendReply::Success { .. } | AppendReply::Refused { .. },
                ..
            } => {
                return Ok(());
            }
        };
        too_early(server, message, promise)
    }
}

/// How a term or a vote within a term was taken back, if it was.
fn went_back(old: HardState, new: HardState) -> Option<String> {
    if new.term < old.term {
        return Some(format!("its term went from {} to {}", old.term, new.term));
    }
    let vote = old.voted_for?;
    if new.term > old.term || new.voted_for == Some(vote) {
        return None;
    }
    Some(match new.voted_for {
        Some(other) => format!("its vote in term {} went from {vote} to {other}", old.term),
        None => format!("its vote for {vote} in term {} was forgotten", old.term),
    })
}

/// Whether the disk has the log that the server acknowledges. Once the server is in a later term its
/// own log may have moved on ahead of the disk, and is no longer the measure.
fn holds_durably(server: &Server, message: &Message, matched: u64) -> bool {
    let durable = server.durable_log.at(matched);
    durable.is_some() && (server.view.term > message.term || durable == server.log.at(matched))
}

#[cold]
fn too_early(server: &Server, message: &Message, promise: &str) -> Result<(), Violation> {
    let name = message.body.name();
    let article = if name.starts_with(['A', 'I', 'O']) { "an" } else { "a" };
    let (id, to, term) = (server.id, message.to, message.term);
    let detail =
        format!("{id} sent {to} {article} {name} of term {term} before {promise} was on its disk");
    violated(Property::PersistBeforeSend, id, detail)
}
