//! Persistent state, the commit index and the state machine: edits that break them.

use super::{BrokenRule, broken};

/// Figure 2's "State" box, and the first rule for all servers.
pub(super) const BROKEN: &[BrokenRule] = &[
    broken(
        "term-not-persisted",
        "Figure 2 State",
        "currentTerm is not on stable storage before the server responds: only a vote is written",
        "node/mod.rs",
        [
            "let changed = state.hard_state != state.written;",
            "let changed = state.hard_state.voted_for != state.written.voted_for;",
        ],
    ),
    broken(
        "log-not-persisted",
        "Figure 2 State",
        "a follower's new log entries are never written to stable storage",
        "roles/follower.rs",
        [
            "state.replace_log(new);",
            "state.log.replace(&new);
            state.configurations.replaced(&new);",
        ],
    ),
    broken(
        "request-sent-before-durable",
        "Figure 2 State",
        "a candidate asks for votes before its new term and its own vote are on stable storage",
        "roles/candidate.rs",
        ["state.hold(server, request.clone());", "state.send(server, request.clone());"],
    ),
    broken(
        "vote-forgotten-at-restart",
        "Figure 2 State",
        "votedFor is lost in a restart",
        "node/boot.rs",
        [
            "hard_state: boot.hard_state,",
            "hard_state: HardState { voted_for: None, ..boot.hard_state },",
        ],
    ),
    broken(
        "commit-restored-as-last-index",
        "Figure 2 State",
        "commitIndex is not initialized to 0 at a restart, but to the last log index",
        "node/boot.rs",
        [
            "log,
        snapshot,
        // What is applied was committed; how far else the log is, a leader will tell.
        commit: applied,",
            "commit: log.last_index(),
        log,
        snapshot,",
        ],
    ),
    broken(
        "durable-applied-forgotten",
        "Figure 2 State",
        "lastApplied is 0 after a restart even though the state machine is durable: it applies everything again",
        "node/boot.rs",
        [
            "handed: applied,
        applied,",
            "handed: base,
        applied: base,",
        ],
    ),
    broken(
        "commit-index-goes-back",
        "Figure 2 State",
        "commitIndex does not increase monotonically",
        "state.rs",
        ["self.commit = self.commit.max(index);", "self.commit = index;"],
    ),
    broken(
        "applied-twice",
        "Figure 2 Servers 1",
        "log[lastApplied] is applied a second time with the entries after it",
        "node/mod.rs",
        [
            "apply: state.log.entries(handed, state.handed),",
            "apply: state.log.entries(if state.handed > handed { handed.and_then(LogIndex::before) } else { handed }, state.handed),",
        ],
    ),
    broken(
        "applied-with-gaps",
        "Figure 2 Servers 1",
        "of several entries that become committed at once only the last is applied",
        "node/mod.rs",
        [
            "apply: state.log.entries(handed, state.handed),",
            "apply: state.log.entries(handed.max(state.handed.and_then(LogIndex::before)), state.handed),",
        ],
    ),
    broken(
        "applied-before-commit",
        "Figure 2 Servers 1",
        "entries are applied as soon as they are in the log",
        "state.rs",
        ["None => self.commit,", "None => self.log.last_index(),"],
    ),
];
