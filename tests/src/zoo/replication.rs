//! Replication and the commit index: bugs that real implementations had. What has to do with disks is in `disks`.

use super::Difficulty::{Deep, Medium};
use super::Tag::{I, L, S};
use super::{Bug, Edit};

/// Bugs of followers that process requests, and of leaders that process replies.
pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "trunc-any-append",
        tags: &[S],
        sources: "RaftOS#26, akka-raft#66, willemt/raft 3e011ae, hashicorp/raft#113 (crash window), openraft 9540c904, \
                  CCF#5991, CCF#6016",
        what: "a follower cuts off what it does not know to be committed and appends anew, although nothing conflicts",
        exposure: "three servers: a late AppendEntries with entry 1 alone cuts off entry 2, which is committed, and the \
                   leader dies; 9 steps (SandTable)",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/follower.rs",
            find: "take_while(|entry| state.log.has(entry.position()))",
            replace: "take_while(|entry| Some(entry.index) <= state.commit)",
        }],
        room: &[],
    },
    Bug {
        id: "commit-past-verified",
        tags: &[S],
        sources: "copycat#265, scylladb#9965, NuRaft 5214005, rabbitmq/ra#508, DAOS f6763a1, lerna#165",
        what: "a follower commits min(leaderCommit, its last index), not what this request has verified",
        exposure: "three servers: a former leader's tail, which no other server has, is committed by an AppendEntries \
                   without entries; about 12 steps",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/follower.rs",
            find: "leader_commit.min(verified)",
            replace: "leader_commit.min(state.log.last_index())",
        }],
        room: &[],
    },
    Bug {
        id: "oob-commit",
        tags: &[S],
        sources: "scylladb#10578 (its message read_quorum); MongoDB SERVER-39626 (second-hand)",
        what: "a message for a read carries the commit index, and the follower takes it over as far as its log \
               reaches, though the logs were not compared",
        exposure: "a follower with a tail of its own learns of a new leader, asks it for a read, and is answered \
                   before its log is put right; MongoDB's needs five servers, three terms and logs of four entries",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/roles/follower.rs",
            find: "self.asked_reads.drain(..).for_each(|request| state.read_at(index, request));",
            replace: "state.commit_up_to(Some(index).min(state.log.last_index()));
        self.asked_reads.drain(..).for_each(|request| state.read_at(index, request));",
        }],
        room: &[],
    },
    Bug {
        id: "match-regress",
        tags: &[I, S],
        sources: "RaftOS#25, PySyncObj#167 (second part)",
        what: "an acknowledgement that is late or arrives twice sets matchIndex back",
        exposure: "two acknowledgements change places; 10 steps (RaftOS), 25 (PySyncObj; SandTable)",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/progress.rs",
            find: "let news = matched > self.matched;",
            replace: "let news = matched != self.matched;",
        }],
        room: &[],
    },
    Bug {
        id: "next-not-above-match",
        tags: &[I],
        sources: "etcd-raft#149, PySyncObj#167 (first part), WRaft#7",
        what: "a late refusal sets nextIndex below what the follower has acknowledged since",
        exposure: "a refusal arrives twice, the second time behind an acknowledgement; 18 steps (PySyncObj), 23 (WRaft; \
                   SandTable)",
        expected: Medium,
        edits: &[
            Edit {
                file: "raft-core/src/progress.rs",
                find: "prev != self.next.before() || prev <= self.matched,",
                replace: "prev != self.next.before(),",
            },
            Edit {
                file: "raft-core/src/progress.rs",
                find: "                    || prev <= self.matched
                    || Some(retry) <= self.matched
",
                replace: "",
            },
            Edit {
                file: "raft-core/src/progress.rs",
                find: "self.next = retry.max(LogIndex::after(self.matched));",
                replace: "self.next = retry;",
            },
        ],
        room: &[],
    },
    Bug {
        id: "figure8",
        tags: &[S],
        sources: "LogCabin#44 (Ongaro), PySyncObj#169, willemt/raft 97c9183, CCF#5748, NATS#7955, NATS#6944",
        what: "a leader commits by counting replicas of entries of earlier terms, too",
        exposure: "three servers, entries one by one: A appends entry 1 in term 1, alone, B another in term 2, alone; A, in \
                   term 3, brings the first alone to C, commits it and crashes; B, elected by C, overwrites it: four \
                   elections, about 16 steps",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/mod.rs",
            find: "if term == Some(state.hard_state.term) && index > state.commit {",
            replace: "if term.is_some() && index > state.commit {",
        }],
        room: &[],
    },
    Bug {
        id: "commit-break",
        tags: &[L],
        sources: "RaftOS#30",
        what: "a leader that looks for what it may commit stops at the first entry of an earlier term",
        exposure: "a leader is elected that holds an entry which is not committed: nothing ever is again; 14 steps \
                   (SandTable)",
        expected: Medium,
        edits: &[Edit {
            file: "raft-core/src/roles/leader/mod.rs",
            find: "let term = index.and_then(|index| state.log.term_at(index));",
            replace: "let first = state.log.term_at(LogIndex::after(state.commit));
        let term = index.and_then(|index| state.log.term_at(index));
        let term = term.filter(|_| first == Some(state.hard_state.term));",
        }],
        room: &[],
    },
    Bug {
        id: "prev0-sentinel",
        tags: &[S],
        sources: "WRaft#1 (willemt/raft), akka-raft#58 (second part)",
        what: "entries of a request without prevLogIndex are compared with the log alone, not with the snapshot: those that \
               it stands for are missing there, and appended at its end (the guard of committed entries, which would \
               refuse that, is taken out)",
        exposure: "a follower compacts its log, and the AppendEntries with its first entry arrives once more; 22 steps \
                   (SandTable)",
        expected: Deep,
        edits: &[Edit {
            file: "raft-core/src/roles/follower.rs",
            find: "let new = entries.skip(present.count());
        if let Some(first) = new.first() {
            if Some(first.index) <= state.commit {
                state.outbox.refused = Some(Refusal::TruncatesCommitted(first.index));
                return;
            }
            state.replace_log(new);",
            replace: "let mut new = entries.skip(present.count());
        let base = state.log.base().map(|base| base.index);
        if prev.is_none() && base.is_some() && entries.first().map(|entry| entry.index) <= base {
            let mut last = state.log.last_index();
            let appended = entries.iter().cloned().map(|mut entry| {
                entry.index = LogIndex::after(last);
                last = Some(entry.index);
                entry
            });
            new = Entries::from(&appended.collect::<Vec<_>>()[..]);
        }
        if new.first().is_some() {
            state.replace_log(new);",
        }],
        room: &[],
    },
    Bug {
        id: "snap-boundary",
        tags: &[S],
        sources: "WRaft#2 (willemt/raft)",
        what: "a follower whose next entry is the last one that the snapshot stands for is sent an AppendEntries \
               without prevLogIndex and without entries, not the snapshot; the follower takes this request, which is \
               no heartbeat, for one that matches its whole log",
        exposure: "a follower with a tail of its own is cut off, meanwhile all others compact their logs; 20 steps \
                   (SandTable)",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-core/src/roles/leader/replication.rs",
                find: "if Some(progress.next()) <= state.log.base().map(|base| base.index) {",
                replace: "if Some(progress.next()) == state.log.base().map(|base| base.index) {
            progress.probe();
            let (entries, commit) = (<_>::default(), state.commit);
            let body = Body::AppendEntries { prev: None, entries, commit, round: 0 };
            return state.send(*server, body);
        }
        if Some(progress.next()) <= state.log.base().map(|base| base.index) {",
            },
            Edit {
                file: "raft-core/src/roles/follower.rs",
                find: "state.commit_up_to(leader_commit.min(verified));",
                replace: "let whole = prev.is_none() && entries.is_empty() && round == 0;
        let compared = if whole { state.log.last_index() } else { verified };
        state.commit_up_to(leader_commit.min(compared));",
            },
        ],
        room: &[Edit {
            file: "raft-core/src/progress.rs",
            find: "    /// Notes that a heartbeat goes out. If",
            replace: "    pub(crate) fn probe(&mut self) {
        self.state = ReplicationState::Probing { in_flight: true };
    }

    /// Notes that a heartbeat goes out. If",
        }],
    },
    Bug {
        id: "absent-term-0",
        tags: &[S],
        sources: "etcd-raft 76f1249 (etcd-raft#31)",
        what: "the term of an entry that is discarded is 0, and so is that of one which is missing: such a prevLogTerm \
               matches such a prevLogIndex",
        exposure: "entries that follow one another are lost, the leader compacts them, and its next request speaks of the \
                   last of them",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-core/src/roles/leader/replication.rs",
                find: "let prev = known.or(state.log.base());",
                replace: "let absent = |index| Position { index, term: crate::types::Term(0) };
            let prev = known.or(progress.next().before().map(absent));",
            },
            Edit {
                file: "raft-core/src/roles/follower.rs",
                find: "    if state.log.has(prev) {
        return None;",
                replace:
                    "    let term = state.log.term_at(prev.index).unwrap_or(crate::types::Term(0));
    if state.log.has(prev) || term == prev.term {
        return None;",
            },
        ],
        room: &[],
    },
    Bug {
        id: "nack-livelock",
        tags: &[L],
        sources: "CCF#3723, openraft 6d53aa12",
        what: "a follower's hint never goes further back than 50 entries from the end of its log, and the leader tries where \
               the hint says",
        exposure: "a leader that is cut off appends more than 50 entries: the next one asks for the same place for ever",
        expected: Medium,
        edits: &[
            Edit {
                file: "raft-core/src/roles/follower.rs",
                find: "Some(term) => Conflict { term: Some(term), first: state.log.first_of_term(term) },",
                replace: "Some(term) => {
            let last = state.log.last_index().map_or(0, LogIndex::get);
            let lowest = LogIndex::new(last.saturating_sub(50));
            let first = state.log.first_of_term(term).max(lowest.unwrap_or(LogIndex::FIRST));
            Conflict { term: Some(term), first }
        }",
            },
            Edit {
                file: "raft-core/src/roles/leader/replication.rs",
                find: "ours.map_or(conflict.first, |last| LogIndex::after(Some(last)));",
                replace: "ours.map_or(conflict.first, |last| {
            prev.map_or(LogIndex::FIRST, |prev| prev.min(LogIndex::after(Some(last))))
        });",
            },
            Edit {
                file: "raft-core/src/progress.rs",
                find: "let retry = prev.map_or(LogIndex::FIRST, |prev| prev.min(retry));",
                replace: "let retry = LogIndex::after(prev).min(retry);",
            },
        ],
        room: &[],
    },
    Bug {
        id: "forged-term-append",
        tags: &[S],
        sources: "camunda/zeebe#5360, camunda/zeebe#6346",
        what: "a server checks whether it leads when a command comes, and appends the command a little later, with \
               the term it has by then: a command that comes within a tick of its deposition is taken, too",
        exposure: "a leader takes a command, is deposed, and appends it in the term of the next leader; about 8 steps",
        expected: Medium,
        edits: &[
            Edit {
                file: "raft-core/src/roles/leader/mod.rs",
                find: "        self.reads.abandon(state);",
                replace: "        state.led = true;
        self.reads.abandon(state);",
            },
            Edit {
                file: "raft-core/src/node/mod.rs",
                find: "        let Node { state, role } = self;
        let timed_out",
                replace: "        let Node { state, role } = self;
        state.led = false;
        let timed_out",
            },
            Edit {
                file: "raft-core/src/node/mod.rs",
                find: "            Input::Propose { request, command } => self.lead(request, |leader, state| {",
                replace: "            Input::Propose { request, command }
                if self.state.led && !matches!(self.role, Role::Leader(_)) =>
            {
                if let Some(position) = self.state.append(Payload::Command(command)) {
                    self.state.wait_for(position, request);
                }
            }
            Input::Propose { request, command } => self.lead(request, |leader, state| {",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/state.rs",
                find: "            outbox,
        } = self;",
                replace: "            outbox,
            led: _,
        } = self;",
            },
            Edit {
                file: "raft-core/src/state.rs",
                find: "    pub(crate) outbox: Outbox,
}",
                replace: "    pub(crate) outbox: Outbox,
    pub(crate) led: bool,
}",
            },
            Edit {
                file: "raft-core/src/node/boot.rs",
                find: "outbox: Outbox::default(),",
                replace: "outbox: Outbox::default(),
        led: false,",
            },
        ],
    },
];
