//! Snapshots: bugs that real implementations had.

use super::Difficulty::{Deep, Medium, Shallow};
use super::Tag::{D, L, S};
use super::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "install-nonatomic",
        tags: &[D, S],
        sources: "NATS#6053, NATS#6459, RedisRaft#43",
        what: "a snapshot from the leader and the reset of the log that it does not fit are two writes, and power may \
               fail between them (planted in the host, which makes two writes of the core's one)",
        exposure: "a follower with entries that were never committed gets a snapshot that ends before the last of them, \
                   and loses its power after the first write: old entries follow the new snapshot",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "            effects.writes.push(Write { hard_state, snapshot, log, ..Write::new(token) });
",
                replace: "            let (token, hard_state, snapshot) = if snapshot.is_some() && log.is_some() {
                effects.writes.push(Write { hard_state, snapshot, ..Write::new(token) });
                self.written += 1;
                self.halves.push((token, false));
                (Token(self.written), None, None)
            } else {
                (token, hard_state, snapshot)
            };
            effects.writes.push(Write { hard_state, snapshot, log, ..Write::new(token) });
",
            },
            // The core hears when both are durable.
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "            Event::Persisted(token) => {
",
                replace: "            Event::Persisted(token) => {
                let half = |(one, _): &(Token, bool)| token.0 == one.0 || token.0 == one.0 + 1;
                let token = match self.halves.iter().position(half) {
                    Some(place) if !self.halves[place].1 => {
                        self.halves[place].1 = true;
                        Token(0)
                    }
                    Some(place) => Token(self.halves.remove(place).0.0 + 1),
                    None => token,
                };
",
            },
        ],
        room: &[
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "    written: u64,\n}",
                replace: "    written: u64,
    halves: Vec<(Token, bool)>,
}",
            },
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "            written: _,",
                replace: "            written: _,
            halves: _,",
            },
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "            written: 0,",
                replace: "            written: 0,
            halves: Vec::new(),",
            },
        ],
    },
    Bug {
        id: "chunk-restart",
        tags: &[L, S],
        sources: "LogCabin#174, RedisLabs/raft 9a0c6c0, openraft 2eccb9e1",
        what: "a leader goes on with the next part of a snapshot whatever the follower says it has: one that lost the \
               first parts is sent the same later part for ever",
        exposure: "a follower restarts between two parts of a snapshot, while its leader stays",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/progress.rs",
            find: "bytes != progress.received && bytes",
            replace: "bytes > progress.received && bytes",
        }],
        room: &[],
    },
    Bug {
        id: "snapshot-limbo",
        tags: &[L],
        sources: "etcd#10225 and dgraph#2707, camunda#9820",
        what: "a leader that has sent a snapshot waits until that is acknowledged, and sends nothing else to this \
               follower, however long it takes",
        exposure: "a follower restarts, or the message is lost, while a snapshot is on its way to it",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/progress.rs",
            find: "| ReplicationState::Installing(SnapshotProgress { in_flight, .. }) => {
                *in_flight = false
            }
            ReplicationState::Streaming => {}",
            replace: "=> *in_flight = false,
            ReplicationState::Installing(_) | ReplicationState::Streaming => {}",
        }],
        room: &[],
    },
    Bug {
        id: "install-apply-race",
        tags: &[S],
        sources: "openraft eed681d5, NuRaft#407 (found by ClickHouse's Jepsen tests)",
        what: "entries that the state machine was handed before a snapshot took its place are applied behind that all \
               the same, and lastApplied goes back to them (planted in the host's queue and in the core)",
        exposure: "a state machine that lags is handed a snapshot with its queue not empty: the entries are applied \
                   twice",
        expected: Medium,
        edits: &[
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "            self.queue.clear();\n",
                replace: "",
            },
            Edit {
                file: "raft-core/src/state.rs",
                find: "self.applied = self.applied.max(index.min(self.handed));",
                replace: "self.applied = index.min(self.handed);",
            },
        ],
        room: &[],
    },
];
