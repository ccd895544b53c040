//! The `Ready`s of raft-rs, taken in the asynchronous way. Everything goes to the disk at once and is read from
//! memory; raft-rs is notified when it is durable.

use std::sync::Arc;

use raft::INVALID_ID;
use raft::eraftpb::{
    Entry as Native, EntryType, Message as NativeMessage, MessageType, Snapshot as NativeSnapshot,
};
use raft_sim::model::{HardState, LogIndex, Membership, Snapshot, Term};
use raft_sim::subject::{Effects, Ended, Held, LogWrite, Token, Write};

use super::Server;
use crate::{configuration, entry, message, store};

impl Server {
    /// Carries out everything that raft-rs asks for.
    pub(super) fn settle(&mut self, effects: &mut Effects) {
        while self.node.has_ready() {
            self.take_ready(effects);
        }
    }

    // Most steps leave nothing to do. Not inlined, so that those need no room for it on the stack.
    #[inline(never)]
    fn take_ready(&mut self, effects: &mut Effects) {
        let mut ready = self.node.ready();
        let snapshot = self.restore(ready.snapshot(), effects);
        let after = self.write(ready.take_entries(), snapshot, effects);
        // A leader's messages may leave at once, except that the only voter leads before its term is on its disk.
        // Messages of other servers may leave when all writes so far are durable.
        let of_leader = self.pending(self.hard_state).filter(|_| self.is_careful());
        for native in ready.take_messages() {
            self.note_snapshot(&native);
            self.send(native, of_leader, effects);
        }
        for native in ready.take_persisted_messages() {
            self.send(native, after, effects);
        }
        for read in ready.take_read_states() {
            self.requests.readable(message::read(&read.request_ctx), read.index);
        }
        let committed = ready.take_committed_entries();
        let number = ready.number();
        self.node.advance_append_async(ready);
        match self.unsynced.back_mut() {
            Some((_, last)) => *last = number,
            None => self.node.on_persist_ready(number),
        }
        if self.settings.apply_limit.is_some() {
            self.queue.extend(committed);
        } else {
            committed.into_iter().for_each(|native| self.apply(&native, effects));
        }
        self.applied();
    }

    fn send(&mut self, native: NativeMessage, after: Option<Token>, effects: &mut Effects) {
        let message = message::from_native(native, self.place());
        match after {
            Some(after) => effects.held.push(Held { after, message }),
            None => effects.sends.push(message),
        }
    }

    /// A snapshot from the leader takes the place of the log and of the state machine's state.
    fn restore(&mut self, native: &NativeSnapshot, effects: &mut Effects) -> Option<Arc<Snapshot>> {
        if native.is_empty() {
            return None;
        }
        let snapshot = Arc::new(store::from_native(native)?);
        if let Err(why) = self.node.mut_store().restore(&snapshot) {
            effects.ended = Some(Ended::Crashed(why));
            return None;
        }
        self.queue.clear();
        // The snapshot includes entries that an earlier `Ready` of this step had applied: a step of the subject
        // interface restores first.
        effects.applied.clear();
        self.requests.restored(snapshot.last.index.get(), effects);
        effects.restored = Some(snapshot.clone());
        Some(snapshot)
    }

    /// Hands data to the disk. Returns the write that makes everything written so far durable, if it is not durable
    /// yet.
    fn write(
        &mut self,
        natives: Vec<Native>,
        snapshot: Option<Arc<Snapshot>>,
        effects: &mut Effects,
    ) -> Option<Token> {
        let raft = &self.node.raft;
        let (term, vote, commit) = (raft.term, raft.vote, raft.raft_log.committed);
        let changes = (term, vote) != (self.written.0, self.written.1);
        // A commit index that changes alone need not be durable at once: it is written with the next write.
        if !changes && natives.is_empty() && snapshot.is_none() {
            return self.unsynced.back().map(|(token, _)| *token);
        }
        let voted_for = (vote != 0).then(|| configuration::name(vote));
        let hard_state = changes.then_some(HardState { term: Term(term), voted_for });
        let commit = (commit != self.written.2).then_some(commit);
        self.written = (term, vote, commit.unwrap_or(self.written.2));
        let from = natives.first().map(|native| native.index);
        let from = from.or(snapshot.as_ref().map(|snapshot| snapshot.last.index.get() + 1));
        let known = self.known.take();
        let entries = self.node.mut_store().append(natives, known.as_ref());
        let log = from.map(|from| LogWrite { from: entry::index(from), entries });
        let commit = commit.and_then(LogIndex::new);
        let restores = snapshot.is_some();
        let token = self.submit(
            |token| Write { hard_state, commit, snapshot, log, ..Write::new(token) },
            effects,
        );
        self.hard_state = if changes { Some(token) } else { self.hard_state };
        self.restored = if restores { Some(token) } else { self.restored };
        Some(token)
    }

    /// Hands a write to the disk.
    pub(super) fn submit(
        &mut self,
        write: impl FnOnce(Token) -> Write,
        effects: &mut Effects,
    ) -> Token {
        self.writes += 1;
        let token = Token(self.writes);
        effects.writes.push(write(token));
        let ready = self.unsynced.back().map_or(0, |(_, ready)| *ready);
        self.unsynced.push_back((token, ready));
        token
    }

    /// Applies an entry to the state machine. A configuration is in force from then on.
    fn apply(&mut self, native: &Native, effects: &mut Effects) {
        if native.get_entry_type() != EntryType::EntryNormal
            && let Err(why) = self.configure(native)
        {
            effects.ended = Some(Ended::Crashed(why));
            return;
        }
        let Some(applied) = self.node.mut_store().apply(native.index) else {
            let why = format!("entry {} is to be applied, and is not in the log", native.index);
            effects.ended = Some(Ended::Crashed(why));
            return;
        };
        self.resign();
        self.requests.applied(&applied, effects);
        effects.applied.push(applied);
    }

    fn configure(&mut self, native: &Native) -> Result<(), String> {
        let (_, before) = self.node.store().in_force();
        // If the server that sent the entry knew no configuration, the data of the entry tells how that server came
        // to know one.
        let next = configuration::of_entry(native, before);
        let changes = if before.voters.is_empty() {
            configuration::from_nothing(&next)
        } else {
            vec![configuration::between(before, &next)]
        };
        for change in &changes {
            let applied = self.node.apply_conf_change(change);
            applied.map_err(|error| format!("a change of the configuration fails: {error}"))?;
        }
        Ok(())
    }

    /// Makes a leader that is no voter any more a follower. raft-rs leaves it to the application to switch such a
    /// leader off: it would lead on, and take nothing from clients.
    fn resign(&mut self) {
        let (_, in_force) = self.node.store().in_force();
        let Membership { voters, outgoing, learners: _ } = &**in_force;
        let votes = voters.contains(&self.id) || outgoing.contains(&self.id);
        if self.is_careful() && self.leads() && !votes {
            let term = self.node.raft.term;
            self.node.raft.become_follower(term, INVALID_ID);
        }
    }

    /// Lets the state machine apply all entries that it was handed.
    pub(super) fn apply_queued(&mut self, effects: &mut Effects) {
        let queue = std::mem::take(&mut self.queue);
        queue.into_iter().for_each(|native| self.apply(&native, effects));
        self.applied();
    }

    /// Tells raft-rs how far the state machine is. The contents of a snapshot count once it is durable.
    pub(super) fn applied(&mut self) {
        let log = &self.node.raft.raft_log;
        let applied = self.node.store().applied();
        if applied > log.applied && applied <= log.persisted.min(log.committed) {
            self.node.advance_apply_to(applied);
        }
    }

    fn note_snapshot(&mut self, native: &NativeMessage) {
        if native.get_msg_type() == MessageType::MsgSnapshot {
            self.snapshots.insert(native.to, 0);
        }
    }
}
