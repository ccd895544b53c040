//! InstallSnapshot, receiver implementation (§7, Figure 13).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Follower;
use crate::message::{AppendReply, Body};
use crate::output::Refusal;
use crate::state::State;
use crate::types::{Chunk, LogIndex, NodeId, Position, Snapshot};

/// Snapshot of which parts have arrived. It is volatile: a server that restarts begins anew.
#[derive(Clone, Debug, Hash)]
pub(super) struct Incoming {
    last: Position,
    data: Vec<u8>,
}

impl Incoming {
    /// Returns whether the snapshot holds anything that is not committed here yet.
    pub(super) fn is_needed(&self, state: &State) -> bool {
        Some(self.last.index) > state.commit
    }
}

impl Follower {
    /// InstallSnapshot of the current term, receiver implementation (Figure 13), steps 2 to 8. Step 1, an
    /// older term, is decided before.
    pub(crate) fn install_snapshot(
        &mut self,
        state: &mut State,
        leader: NodeId,
        chunk: &Chunk,
        round: u64,
    ) {
        self.heard_from(state, leader);
        let end = chunk.offset.saturating_add(chunk.data.len() as u64);
        if chunk.cluster != state.cluster {
            state.outbox.refused = Some(Refusal::ForeignSnapshot(chunk.cluster));
            return;
        }
        if end > chunk.size || chunk.last.term > state.hard_state.term {
            state.outbox.refused = Some(Refusal::MalformedSnapshot);
            return;
        }
        // A snapshot holds committed entries alone: those that are committed here need none.
        if Some(chunk.last.index) <= state.commit {
            self.incoming.take_if(|incoming| !incoming.is_needed(state));
            return acknowledge(state, leader, chunk.last.index, round);
        }

        // Figure 13, step 5: discard any existing or partial snapshot with a smaller index. A part of one with
        // a smaller index is late.
        if self.incoming.as_ref().is_some_and(|begun| begun.last.index > chunk.last.index) {
            return;
        }
        self.incoming.take_if(|begun| begun.last != chunk.last);
        // Step 2: create new snapshot file if first chunk.
        let new = || Incoming { last: chunk.last, data: Vec::new() };
        let incoming = self.incoming.get_or_insert_with(new);
        // Step 3: write data into snapshot file at given offset. Parts come in order; one that is repeated,
        // or whose predecessor is missing, only makes this server say what it has.
        if chunk.offset == incoming.data.len() as u64 {
            incoming.data.extend_from_slice(&chunk.data);
        }
        // Step 4: reply and wait for more data chunks if done is false.
        let received = incoming.data.len() as u64;
        if received < chunk.size {
            let reply = Body::InstallSnapshotReply { last: chunk.last, received, round };
            return state.hold(leader, reply);
        }

        let data = core::mem::take(&mut incoming.data);
        self.incoming = None;
        // Step 6: if existing log entry has same index and term as snapshot's last included entry, retain
        // log entries following it and reply. Those before it are committed then, and will be applied.
        if state.log.has(chunk.last) {
            state.commit_up_to(Some(chunk.last.index));
        } else {
            // Step 7: discard the entire log. Step 8: reset state machine using snapshot contents (and load
            // snapshot's cluster configuration).
            state.restore(Arc::new(Snapshot {
                last: chunk.last,
                membership: chunk.membership.clone(),
                cluster: chunk.cluster,
                data: Arc::from(data),
            }));
        }
        acknowledge(state, leader, chunk.last.index, round);
    }
}

/// Replies that the log, with the snapshot in place of its beginning, matches the leader's up to there.
fn acknowledge(state: &mut State, leader: NodeId, last: LogIndex, round: u64) {
    let reply = AppendReply::Success { matched: Some(last) };
    state.hold(leader, Body::AppendEntriesReply { reply, round });
}
