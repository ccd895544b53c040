//! Performance (diss. §10.2): edits that make what should only be fast also wrong.

use super::{BrokenRule, broken};

/// Pipelining, the leader's disk, batches (diss. §10.2), and state machines that lag behind.
pub(super) const BROKEN: &[BrokenRule] = &[
    broken(
        "window-ignored",
        "diss. §10.2.2",
        "a leader sends whatever it has, however much is unacknowledged",
        "progress.rs",
        [
            "u64::from(window).saturating_sub(unacknowledged) as u32",
            "window.max(unacknowledged as u32)",
        ],
    ),
    broken(
        "entries-wait-for-the-leaders-disk",
        "diss. §10.2.1",
        "a leader sends its entries only when its own disk has them",
        "roles/leader/replication.rs",
        [
            "state.send(*server, Body::AppendEntries { prev, entries, commit: state.commit, round });",
            "let body = Body::AppendEntries { prev, entries, commit: state.commit, round };
        state.hold(*server, body);",
        ],
    ),
    broken(
        "early-notice-lost",
        "diss. §10.2.1",
        "a server that is notified of a later write before an earlier one forgets the notification",
        "output.rs",
        [
            "self.unsynced.iter_mut().find(|write| write.id.is(&receipt.id))",
            "self.unsynced.front_mut().filter(|write| write.id.is(&receipt.id))",
        ],
    ),
    broken(
        "one-held-message-for-each-write",
        "diss. §10.2.1",
        "each write that becomes durable releases one message of those that wait for it",
        "node/mod.rs",
        [
            "while let Some(held) = self.state.outbox.release(self.state.hard_state.term) {",
            "if let Some(held) = self.state.outbox.release(self.state.hard_state.term) {",
        ],
    ),
    broken(
        "acknowledgement-of-one-entry",
        "diss. §10.2.2",
        "an acknowledgement is taken only if it is of the entry right behind matchIndex",
        "progress.rs",
        [
            "let news = matched > self.matched;",
            "let news = matched == Some(LogIndex::after(self.matched))
            || (matched > self.matched && self.matched.is_none());",
        ],
    ),
    broken(
        "entries-not-counted",
        "diss. §10.2.2",
        "entries-per-message is not looked at",
        "roles/leader/replication.rs",
        [".min(state.settings.entries_per_message)", ""],
    ),
    broken(
        "large-command-never-sent",
        "diss. §10.2.2",
        "a command that alone exceeds bytes-per-message is not sent",
        "roles/leader/replication.rs",
        [
            "        let prev = state.log.position(progress.next().before());
        progress.sent",
            "        let bytes = state.settings.bytes_per_message as usize;
        let large = entries.first().is_some_and(|entry| match &entry.payload {
            crate::types::Payload::Command(command) => command.len() > bytes,
            _ => false,
        });
        if large {
            return;
        }
        let prev = state.log.position(progress.next().before());
        progress.sent",
        ],
    ),
    broken(
        "acknowledged-before-applied",
        "Figure 2 Leaders 2",
        "a client's command is answered as committed before the state machine has applied it",
        "state.rs",
        [
            "self.handed = limit;
            if self.settings.apply_limit.is_none() {",
            "self.handed = limit;
            if limit.is_some() {",
        ],
    ),
    broken(
        "handed-out-again",
        "Figure 2 Servers 1",
        "entries are handed to a state machine that lags behind a second time",
        "state.rs",
        [
            "if limit > before {
            self.handed = limit;",
            "if limit > before {
            self.handed = if self.settings.apply_limit.is_some() { before } else { limit };",
        ],
    ),
    broken(
        "commit-waits-for-the-state-machine",
        "diss. §10.2",
        "commitIndex does not advance while the state machine lags behind",
        "state.rs",
        [
            "self.commit = self.commit.max(index);",
            "if self.settings.apply_limit.is_none() || self.commit == self.applied {
            self.commit = self.commit.max(index);
        }",
        ],
    ),
    broken(
        "what-is-shared-is-sent-whole",
        "diss. §10.2.2",
        "what one follower was sent is sent to the next one too, whatever room that one has",
        "log.rs",
        [
            "self.shared.part(start - held, end - held)",
            "self.shared.part(start - held, self.shared.len())",
        ],
    ),
];
