//! A `Ready` of raft-rs, taken as its documentation shows.

use raft::RawNode;
use raft::eraftpb::{Entry, Message};
use raft::storage::MemStorage;

/// Carries out the `Ready` of a server on its storage in memory, and returns the messages to send and the committed entries
/// to apply.
pub(crate) fn taken(node: &mut RawNode<MemStorage>) -> (Vec<Message>, Vec<Entry>) {
    let storage = node.store().clone();
    let mut ready = node.ready();
    let mut messages = ready.take_messages();
    let mut committed = ready.take_committed_entries();
    {
        let mut storage = storage.wl();
        storage.append(ready.entries()).expect("the log has no gaps");
        if let Some(hard_state) = ready.hs() {
            storage.set_hardstate(hard_state.clone());
        }
    }
    messages.append(&mut ready.take_persisted_messages());
    let mut light = node.advance(ready);
    if let Some(commit) = light.commit_index() {
        storage.wl().mut_hard_state().set_commit(commit);
    }
    messages.append(&mut light.take_messages());
    committed.append(&mut light.take_committed_entries());
    node.advance_apply();
    (messages, committed)
}
