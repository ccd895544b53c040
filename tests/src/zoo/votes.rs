//! Votes, terms, hard state: bugs that real implementations had.

use super::Difficulty::{Deep, Medium, Shallow};
use super::Tag::{D, L, S};
use super::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "stale-vote",
        tags: &[S],
        sources: "Xraft#33, akka-raft#46, willemt/raft b754309, little-raft#44",
        what: "a candidate counts votes without a look at the term in which they were given",
        exposure: "A stands in term 1, B's vote is late, A stands again in term 2: the old vote makes A leader while C \
                   is elected by B; 8 steps (SandTable)",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/node/receive.rs",
            find: "if current && granted {
                    self.vote_granted(from);",
            replace: "if granted {
                    self.vote_granted(from);",
        }],
        room: &[],
    },
    Bug {
        id: "dup-vote",
        tags: &[S],
        sources: "akka-raft#45, xraft#27",
        what: "a candidate counts votes, not voters: one that arrives twice is two",
        exposure: "of five servers one votes for A and the network repeats it: A leads with two votes; about 6 steps",
        expected: Shallow,
        edits: &[
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "        self.votes.insert(voter);
        state.membership()",
                replace: "        self.votes.insert(voter);
        let membership = state.membership();
        self.grants += usize::from(membership.voters.contains(&voter));
        !membership.is_joint() && self.grants > membership.voters.len() / 2 || state.membership()",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "let Candidate { votes, timer } = self;",
                replace: "let Candidate { votes, grants: _, timer } = self;",
            },
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "    votes: BTreeSet<NodeId>,
    pub(super) timer: ElectionTimer,",
                replace: "    votes: BTreeSet<NodeId>,
    grants: usize,
    pub(super) timer: ElectionTimer,",
            },
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "Candidate { votes: BTreeSet::new(), timer }",
                replace: "Candidate { votes: BTreeSet::new(), grants: 0, timer }",
            },
        ],
    },
    Bug {
        id: "vote-erased",
        tags: &[S],
        sources: "akka-raft#56, Camunda Zeebe#5356 and #5368, Redpanda#19, willemt/raft 75b0104 and bdabd1d, CCF#8094 \
                  (there by way of PreVote)",
        what: "a server that hears from the leader of its term for the first time forgets its vote of that term",
        exposure: "B votes for A, which leads and sends B an AppendEntries; C's request for votes of the same term is \
                   late, and B grants it, too; about 9 steps",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/follower.rs",
            find: "        self.leader = Some(leader);",
            replace: "        if self.leader.is_none() {
            state.hard_state.voted_for = None;
        }
        self.leader = Some(leader);",
        }],
        room: &[],
    },
    Bug {
        id: "vote-volatile",
        tags: &[S, D],
        sources: "akka-raft#62, seaweedfs/raft#9, raft-java#57",
        what: "a vote in a term that the server already knew is not written: on that one path it is lost in a restart",
        exposure: "B votes for A, restarts, and votes for C in the same term; about 7 steps",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/node/mod.rs",
            find: "let changed = state.hard_state != state.written;",
            replace: "let changed = state.hard_state.term != state.written.term;",
        }],
        room: &[],
    },
    Bug {
        id: "vote-before-fsync",
        tags: &[S, D],
        sources: "valkey#3887 (review), etcd-io/raft e9e525d (there the vote for oneself)",
        what: "a vote leaves before it is durable",
        exposure: "as with vote-volatile, but the power must fail between the answer and the end of the write",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/roles/voter.rs",
            find: "state.hold(candidate, Body::RequestVoteReply { granted });",
            replace: "state.send(candidate, Body::RequestVoteReply { granted });",
        }],
        room: &[],
    },
    Bug {
        id: "torn-hardstate",
        tags: &[S, D],
        sources: "hashicorp/raft#661 (an open claim), willemt/raft 854a06d and #47",
        what: "the host writes a new term and then the vote, and a crash may come between: the new term stands beside \
               the vote of an older one. A candidate that has the vote already is granted it again without a look at \
               its log",
        exposure: "B voted for A in term 1; C asks for its vote in term 2, the term is written, B crashes; it comes back \
                   as one that voted for A in term 2, and A, which lacks committed entries, asks it in term 2",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "        if let Some(mut write) = write {
            self.written += 1;",
                replace: "        if let Some(mut write) = write {
            if let Some(new) = write.hard_state() {
                if new.term > self.hard_state.term && self.hard_state.voted_for.is_some() {
                    self.written += 1;
                    let token = Token(self.written);
                    self.hard_state.term = new.term;
                    let hard_state = Some(self.hard_state);
                    effects.writes.push(Write { hard_state, ..Write::new(token) });
                }
                self.hard_state = new;
            }
            self.written += 1;",
            },
            Edit {
                file: "raft-core/src/roles/voter.rs",
                find: "        && state.hard_state.voted_for.is_none_or(|voted_for| voted_for == candidate)
        && at_least_as_up_to_date(last, state.log.last());",
                replace: "        && match state.hard_state.voted_for {
            Some(voted_for) => voted_for == candidate,
            None => at_least_as_up_to_date(last, state.log.last()),
        };",
            },
        ],
        room: &[
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "    written: u64,
}",
                replace: "    written: u64,
    hard_state: crate::model::HardState,
}",
            },
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "            written: _,",
                replace: "            written: _,
            hard_state: _,",
            },
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "        let lags = boot.settings.apply_limit.is_some();",
                replace: "        let lags = boot.settings.apply_limit.is_some();
        let hard_state = boot.hard_state;",
            },
            Edit {
                file: "raft-sim/src/reference/mod.rs",
                find: "            written: 0,",
                replace: "            written: 0,
            hard_state,",
            },
        ],
    },
    Bug {
        id: "term-regress-snap",
        tags: &[S],
        sources: "WRaft#4 (SandTable), which is willemt/raft PR118; RedisLabs/raft 699e87d",
        what: "a server that installs a snapshot takes the term of the snapshot's last entry for its current one, and \
               has not voted in it",
        exposure: "a follower installs a snapshot whose last entry is of an older term, and votes in that term again; 23 \
                   steps (SandTable)",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/state.rs",
            find: "        self.log.restore(last);",
            replace: "        self.hard_state = HardState { term: last.term, voted_for: None };
        self.log.restore(last);",
        }],
        room: &[],
    },
    Bug {
        id: "no-oldterm-drop",
        tags: &[S],
        sources: "etcd-io/raft 6618455",
        what: "the branch for messages of an older term does not end there: they are handled like those of this one",
        exposure: "an AppendEntries of a deposed leader is late, and obeyed; 3 servers, about 7 steps",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/node/receive.rs",
            find: "let current = term == self.state.hard_state.term;",
            replace: "let current = true;",
        }],
        room: &[],
    },
    Bug {
        id: "logcmp-index",
        tags: &[S],
        sources: "noraft#22",
        what: "the longer log counts as more up-to-date, whatever its last term",
        exposure: "a long log of an old term wins against a short one with a committed entry of a newer term; 3 servers, \
                   about 10 steps",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/roles/voter.rs",
            find: "last.map(|last| (last.term, last.index))",
            replace: "last.map(|last| last.index)",
        }],
        room: &[],
    },
    Bug {
        id: "compacted-term0",
        tags: &[S, L],
        sources: "NuRaft#668 (the voter's log), RedisLabs/raft#14 and #2 (the candidate's)",
        what: "a log of which nothing is left behind the snapshot has the last term 0, where logs are compared",
        exposure: "a voter compacts all of its log, the leader dies, and a server that lacks committed entries gets the \
                   voter's vote",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "Body::RequestVote { last: state.log.last(),",
                replace: "Body::RequestVote { last: state.log.last_to_compare(),",
            },
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "Body::PreVote { last: state.log.last() }",
                replace: "Body::PreVote { last: state.log.last_to_compare() }",
            },
            Edit {
                file: "raft-core/src/roles/voter.rs",
                find: "state.log.last());
    if granted {",
                replace: "state.log.last_to_compare());
    if granted {",
            },
            Edit {
                file: "raft-core/src/roles/voter.rs",
                find: "state.log.last());
    state.hold(candidate, Body::PreVoteReply",
                replace: "state.log.last_to_compare());
    state.hold(candidate, Body::PreVoteReply",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/log.rs",
                find: "    /// The last entry's index.
    #[must_use]",
                replace: "    pub(crate) fn last_to_compare(&self) -> Option<Position> {
        let last = self.last?;
        let term = self.entries.last().map_or(Term(0), |entry| entry.term);
        Some(Position { index: last.index, term })
    }

    /// The last entry's index.
    #[must_use]",
            },
        ],
    },
    Bug {
        id: "vote-id0",
        tags: &[S],
        sources: "willemt/raft fe60545",
        what: "the number that stands for \"no vote\" is also the first server's: a vote for it is none. (There it is 0; \
               here servers count from 1, so it is S1.)",
        exposure: "B votes for the first server, and then for another in the same term",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/roles/voter.rs",
            find: ".is_none_or(|voted_for| voted_for == candidate)",
            replace: ".is_none_or(|voted_for| voted_for == candidate || voted_for == NodeId(1))",
        }],
        room: &[],
    },
    Bug {
        id: "no-regrant",
        tags: &[L],
        sources: "DAOS 002de6c, NebulaGraph#2419, akka-raft#29",
        what: "a candidate that asks again is refused the vote it already has. (That can cost one election and no more: \
               the next term's vote is free. No history shows it.)",
        exposure: "the answer that grants a vote is lost, and the repeated request is refused",
        expected: Shallow,
        edits: &[Edit {
            file: "raft-core/src/roles/voter.rs",
            find: "state.hard_state.voted_for.is_none_or(|voted_for| voted_for == candidate)",
            replace: "state.hard_state.voted_for.is_none()",
        }],
        room: &[],
    },
];
