//! Bugs that real implementations had: disks, and entries that are handed to state machines.

use super::Difficulty::{Deep, Medium};
use super::Tag::{D, S};
use super::{Bug, Edit};

/// Bugs in what is taken for durable, and in what is applied.
pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "io-error-index-reuse",
        tags: &[S],
        sources: "canonical/raft#320",
        what: "a leader takes an entry that its disk has not written within three ticks for one that can't be written, \
               cuts it off and gives its index to the next, in the same term; followers have the first",
        exposure: "one write of a leader fails (here: the disk stalls) when its AppendEntries is already sent",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/mod.rs",
            find: "        self.catch_up(state);
        self.hand_over_in_time(state);",
            replace: "        let written = self.matched(state.id);
        let same = self.failing.0 == written && written.is_some();
        let lasts = if same && written < state.log.last_index() { self.failing.1 + 1 } else { 0 };
        self.failing = (written, lasts);
        let unchanged = state.configurations.index() <= written;
        if lasts == 3 && state.commit <= written && unchanged {
            let failed = LogIndex::after(written);
            while let Some((position, request)) = state.waiting.pop_back() {
                if position.index < failed {
                    state.waiting.push_back((position, request));
                    break;
                }
                state.answer(request, Answer::Unknown);
            }
            state.cut_log(failed);
        }
        self.catch_up(state);
        self.hand_over_in_time(state);",
        }],
        room: &[
            Edit {
                file: "raft-core/src/roles/leader/mod.rs",
                find: "            lease_void,
            //",
                replace: "            lease_void,
            failing: _,
            //",
            },
            Edit {
                file: "raft-core/src/roles/leader/mod.rs",
                find: "    /// Memory for the count of how far the servers are.",
                replace: "    failing: (Option<LogIndex>, u32),
    /// Memory for the count of how far the servers are.",
            },
            Edit {
                file: "raft-core/src/roles/leader/mod.rs",
                find: "over: false,
            reached",
                replace: "over: false,
            failing: (None, 0),
            reached",
            },
            Edit {
                file: "raft-core/src/state.rs",
                find: "    /// Moves the commit index forward, never back, and never past the log.",
                replace: "    pub(crate) fn cut_log(&mut self, from: LogIndex) {
        let base = self.log.base();
        let first = base.map(|base| base.index);
        let kept = self.log.entries(first, from.before()).to_vec();
        self.log = Log::new(base, kept);
        let payload = Payload::Noop;
        self.configurations.replaced(&[Entry { index: from, term: self.hard_state.term, payload }]);
        self.outbox.write_log(from, Entries::default());
    }

    /// Moves the commit index forward, never back, and never past the log.",
            },
        ],
    },
    Bug {
        id: "self-ack-unsynced",
        tags: &[D],
        sources: "d-engine#329, openraft#1125",
        what: "a leader counts itself for what is in its memory, not for what is on its disk",
        exposure: "three servers: A, whose disk has not got it, and B commit an entry; A loses its power, B is cut off, and \
                   A is elected by C",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/replication.rs",
            find: "state.hold(state.id, Body::AppendEntriesReply { reply, round });",
            replace: "self.append_reply(state, state.id, reply, round);",
        }],
        room: &[],
    },
    Bug {
        id: "ack-unsynced",
        tags: &[D],
        sources: "c5#263, NATS#7567 (Jepsen)",
        what: "a follower acknowledges entries before they are on its disk",
        exposure: "three servers: B acknowledges and loses its power, the leader is cut off, and B is elected by C",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/follower.rs",
            find: "let reply = AppendReply::Success { matched: verified };
        state.hold(leader, Body::AppendEntriesReply { reply, round });",
            replace: "let reply = AppendReply::Success { matched: verified };
        state.send(leader, Body::AppendEntriesReply { reply, round });",
        }],
        room: &[],
    },
    Bug {
        id: "append-aba",
        tags: &[S, D],
        sources: "etcd-raft#8 (test 897e1cf), cockroach#124440 (a hazard, guarded), redpanda#16105, raft-rs 7e7322b",
        what: "a write that becomes durable makes its last index count as durable, though the entry there has been \
               replaced since by a write that is not",
        exposure: "a follower's entry is written, cut off and replaced; then the first write is reported durable, the second \
                   entry acknowledged, and power fails",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-core/src/output.rs",
                find: "            self.unsynced.push_back(",
                replace: "            let log = self.log.as_ref();
            if let Some(log) = log {
                self.stable = self.stable.min(log.from.before());
            }
            let log = log.filter(|_| hard_state.is_none() && self.snapshot.is_none());
            let end = log.and_then(|log| log.entries.last()).map(|entry| entry.index);
            self.unsynced.push_back(",
            },
            Edit {
                file: "raft-core/src/output.rs",
                find: "        while self.unsynced.front().is_some_and(|write| write.durable) {
            self.unsynced.pop_front();
        }",
                replace:
                    "        while let Some(Unsynced { durable, end, .. }) = self.unsynced.front()
            && (*durable || end.is_some_and(|end| Some(end) <= self.stable))
        {
            self.stable = self.stable.max(*end);
            self.unsynced.pop_front();
        }",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/output.rs",
                find: "    unsynced: VecDeque<Unsynced>,",
                replace: "    unsynced: VecDeque<Unsynced>,
    stable: Option<LogIndex>,",
            },
            Edit {
                file: "raft-core/src/output.rs",
                find: "            unsynced,
            held,",
                replace: "            stable: _,
            unsynced,
            held,",
            },
            Edit {
                file: "raft-core/src/output.rs",
                find: "    durable: bool,
}",
                replace: "    durable: bool,
    end: Option<LogIndex>,
}",
            },
            Edit {
                file: "raft-core/src/output.rs",
                find: "            self.unsynced.push_back(",
                replace: "            let end: Option<LogIndex> = None;
            self.unsynced.push_back(",
            },
            Edit {
                file: "raft-core/src/output.rs",
                find: "durable: false });",
                replace: "durable: false, end });",
            },
        ],
    },
    Bug {
        id: "commit-pagination",
        tags: &[S],
        sources: "etcd-raft 8ecce32, cockroach#28918",
        what: "only some of the committed entries are handed to the state machine at once, and the rest is taken for \
               handed out, too",
        exposure: "a server restarts with a state machine far behind what is committed",
        expected: Medium,
        edits: &[
            Edit {
                file: "raft-core/src/state.rs",
                find: "            self.handed = limit;
            if self.settings.apply_limit.is_none() {",
                replace: "            self.page = limit;
            self.handed = self.commit;
            if self.settings.apply_limit.is_none() {",
            },
            Edit {
                file: "raft-core/src/node/mod.rs",
                find: "apply: state.log.entries(handed, state.handed),",
                replace: "apply: state.log.entries(handed, state.page.min(state.handed)),",
            },
            Edit {
                file: "raft-core/src/node/mod.rs",
                find: "Input::Applied(index) => self.state.has_applied(Some(index)),",
                replace: "Input::Applied(_) => self.state.has_applied(self.state.handed),",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/state.rs",
                find: "    /// The last entry that the host was handed to apply.",
                replace: "    pub(crate) page: Option<LogIndex>,
    /// The last entry that the host was handed to apply.",
            },
            Edit {
                file: "raft-core/src/state.rs",
                find: "            commit,
            handed,",
                replace: "            commit,
            page: _,
            handed,",
            },
            Edit {
                file: "raft-core/src/node/boot.rs",
                find: "        handed: applied,",
                replace: "        page: applied,
        handed: applied,",
            },
        ],
    },
];
