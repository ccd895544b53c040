//! Reads, leases, transfer, clients: bugs that real implementations had.

use super::Difficulty::{Deep, Medium, Shallow};
use super::Tag::{C, D, L};
use super::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "local-read",
        tags: &[C],
        sources: "etcd and Consul in 2014 (Jepsen, aphyr.com/posts/316), d-engine#381, jgroups-raft#208, Xraft-KV#1",
        what: "a leader answers reads from what it has applied, and does not check whether it still leads",
        exposure: "a leader that is cut off, when another has been elected and has acknowledged a write; 10 steps \
                   (SandTable)",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/reads.rs",
            find: "if self.holds_lease(state) {",
            replace: "if self.holds_lease(state) || self.rounds.latest() < u64::MAX {",
        }],
        room: &[],
    },
    Bug {
        id: "read-before-noop",
        tags: &[C],
        sources: "etcd#7331, RedisRaft#18, RedisRaft#19 and RedisRaft#22, toydb 42230e5",
        what: "a leader takes its commit index for that of a read before it has committed anything in its own term",
        exposure: "a new leader has an acknowledged entry in its log, does not know yet that it is committed, and \
                   gets a read at once",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/reads.rs",
            find: "Some(index) if state.has_committed_in_term() => {",
            replace: "Some(index) => {",
        }],
        room: &[],
    },
    Bug {
        id: "read-quorum-off1",
        tags: &[C],
        sources: "openraft d60f1e85, async-raft#143",
        what: "one server less than a majority, the leader included, is enough to confirm for a read that it still \
               leads (leases and CheckQuorum count as they should)",
        exposure: "a leader of three that is cut off, when another has been elected and has acknowledged a write",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/rounds.rs",
            find: "        if self.rounds.confirm(confirmed) {
            self.reads_confirmed(state, confirmed);
        }",
            replace: "        self.rounds.confirm(confirmed);
        let voters = self.peers.iter().filter(|peer| peer.votes);
        let mut rounds: Vec<u64> = voters.map(|peer| peer.progress.round()).collect();
        rounds.sort_unstable();
        let enough = (rounds.len() / 2).max(1);
        let confirmed = rounds.iter().rev().nth(enough - 1).copied().unwrap_or(confirmed);
        self.reads_confirmed(state, confirmed);",
        }],
        room: &[Edit {
            file: "raft-core/src/roles/leader/rounds.rs",
            find: "use alloc::collections::VecDeque;",
            replace: "use alloc::collections::VecDeque;
use alloc::vec::Vec;",
        }],
    },
    Bug {
        id: "lease-vs-transfer",
        tags: &[C],
        sources: "tikv#1593, raft-rs#234 (a late TimeoutNow), openraft#1749",
        what: "a leader keeps its lease while it hands over, and when it has given that up",
        exposure: "the target is elected without the leader's knowledge, acknowledges a write, and the leader is asked \
                   within its lease",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/handover.rs",
            find: "self.lease_void = true;",
            replace: "self.lease_void = false;",
        }],
        room: &[],
    },
    Bug {
        id: "lease-clock",
        tags: &[C],
        sources: "tikv#964, yugabyte#16 (a process that stood still), jraft#34",
        what: "a lease begins when a heartbeat is answered and not when it was sent, and lasts as if all clocks had the \
               same rate",
        exposure: "answers to a heartbeat reach a leader late, or its clock is slow; then it is cut off, another is \
                   elected, and the first is asked within its lease",
        expected: Medium,
        edits: &[
            Edit {
                file: "raft-core/src/roles/leader/rounds.rs",
                find: "        if self.rounds.confirm(confirmed) {",
                replace: "        if self.rounds.confirm(confirmed) {
            self.rounds.lease_from = Some(self.ticks);",
            },
            Edit {
                file: "raft-core/src/roles/leader/rounds.rs",
                find: "        self.confirmed_from
    }",
                replace: "        self.lease_from
    }",
            },
            Edit {
                file: "raft-core/src/settings.rs",
                find: "(ticks / (100 + u64::from(drift))) as u32",
                replace: "(ticks / (100 + u64::from(drift) / 1_000)) as u32",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/roles/leader/rounds.rs",
                find: "let Rounds { latest, open, confirmed, confirmed_from } = self;",
                replace: "let Rounds { latest, open, confirmed, confirmed_from, lease_from: _ } = self;",
            },
            Edit {
                file: "raft-core/src/roles/leader/rounds.rs",
                find: "    confirmed_from: Option<u64>,",
                replace: "    confirmed_from: Option<u64>,
    lease_from: Option<u64>,",
            },
        ],
    },
    Bug {
        id: "fail-is-not-unknown",
        tags: &[C],
        sources: "RedisRaft#23",
        what: "a leader that is deposed answers the clients of uncommitted entries that it did not take them; some of \
               these are committed all the same",
        exposure: "a leader is deposed by a server that has its entry: that is committed, after its client got the \
                   answer that it never will be",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/mod.rs",
            find: "        state.belief = Belief::NoLeader;
        self.reads.abandon(state);",
            replace: "        state.belief = Belief::NoLeader;
        for (_, request) in core::mem::take(&mut state.waiting) {
            state.answer(request, Answer::NotLeader(None));
        }
        self.reads.abandon(state);",
        }],
        room: &[],
    },
    Bug {
        id: "session-expiry",
        tags: &[C],
        sources: "atomix#330, atomix#982; diss. §6.3 (unverified)",
        what: "sessions expire by each server's own clock and not by the log, after 60 ticks without use, and a command \
               in one that has expired is executed as if it were new",
        exposure: "a client repeats a command after a pause: those servers on which the session has expired execute it \
                   twice",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "Event::Tick => Input::Tick,",
                replace: "Event::Tick => {
                self.machine.tick();
                Input::Tick
            }",
            },
            Edit {
                file: "raft-core/src/sessions.rs",
                find: "        let opened = self.opened;
        self.uses += 1;",
                replace: "        let (opened, now) = (self.opened, self.uses);
        self.sessions.retain(|_, session| session.last_use + 60 > now);",
            },
            Edit {
                file: "raft-core/src/sessions.rs",
                find: "            let known = (1..=opened).contains(&once.session.0);",
                replace: "            let known = (1..=opened).contains(&once.session.0);
            if known {
                let result = execute(&once.command);
                let last = Some((once.serial, result.clone()));
                self.sessions.insert(once.session, Session { last_use: now, last });
                return Outcome::Executed(result);
            }",
            },
            Edit {
                file: "raft-core/src/sessions.rs",
                find: "        self.uses += 1;
        let session =",
                replace: "        let session =",
            },
            Edit {
                file: "raft-core/src/sessions.rs",
                find: "self.opened, self.uses, self.sessions.len()",
                replace: "self.opened, 0, self.sessions.len()",
            },
            Edit {
                file: "raft-core/src/sessions.rs",
                find: "put(session.last_use);",
                replace: "put(0);",
            },
        ],
        room: &[
            Edit {
                file: "raft-sim/src/reference/machine.rs",
                find: "    /// The state in a snapshot.",
                replace: "    pub(super) fn tick(&mut self) {
        self.sessions.tick();
    }

    /// The state in a snapshot.",
            },
            Edit {
                file: "raft-core/src/sessions.rs",
                find: "    fn apply_once(",
                replace: "    /// The server's clock ticks.
    pub fn tick(&mut self) {
        self.uses += 1;
    }

    fn apply_once(",
            },
        ],
    },
    Bug {
        id: "apply-nonatomic",
        tags: &[D, C],
        sources: "etcd's post-mortem of 3.5 (etcd#13967, etcd#13766)",
        what: "a durable state machine writes down how far it has applied the log before what the last entry does: \
               after a power loss between the two that entry is missing (planted in the host: it is, where its index \
               is a multiple of 8)",
        exposure: "a server loses its power in the middle of applying an entry, and restarts",
        expected: Medium,
        edits: &[Edit {
            file: "raft-sim/src/reference/mod.rs",
            find: "            machine.apply(entry);
        }",
            replace:
                "            if Some(entry.index) < boot.applied || entry.index.get() % 8 != 0 {
                machine.apply(entry);
            }
        }",
        }],
        room: &[],
    },
    Bug {
        id: "transfer-write-race",
        tags: &[L],
        sources: "hashicorp/raft#581, hashicorp/raft#487, redpanda#2606",
        what: "a leader that has sent TimeoutNow to the target of a transfer goes on taking commands: the others get \
               entries that the target lacks, and refuse it their votes",
        exposure: "a transfer while clients write",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/mod.rs",
            find: "if let Some(handover) = &self.handover {",
            replace: "if let Some(handover) = self.handover.as_ref().filter(|handover| !handover.timeout_now_sent) {",
        }],
        room: &[Edit {
            file: "raft-core/src/roles/leader/handover.rs",
            find: "    timeout_now_sent: bool,",
            replace: "    pub(super) timeout_now_sent: bool,",
        }],
    },
    Bug {
        id: "transfer-stale-target",
        tags: &[L],
        sources: "openraft#1806",
        what: "a leader sends TimeoutNow to the target of a transfer although that lacks entries, and the target does \
               not know that it lacks any: it stands in vain",
        exposure: "a transfer to a server that is behind, or has just begun to vote",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/handover.rs",
            find: "if self.matched(to) == state.log.last_index() {",
            replace: "if self.matched(to) <= state.log.last_index() {",
        }],
        room: &[],
    },
];
