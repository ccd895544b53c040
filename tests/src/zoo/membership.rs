//! Changes of the configuration: bugs that real implementations had.

use super::Difficulty::{Deep, Medium, Shallow};
use super::Tag::{L, S};
use super::{Bug, Edit};

const CHANGE: &str = "raft-core/src/roles/leader/change.rs";
const MEMBERSHIP: &str = "raft-core/src/membership.rs";
const STATE: &str = "raft-core/src/state.rs";
const VOTER: &str = "raft-core/src/roles/voter.rs";
const GRANTED: &str = "let granted = term == state.hard_state.term
        && state.hard_state.voted_for";
const PRE_GRANTED: &str = "let granted = term == state.hard_state.term
        && state.belief";

pub(super) const BUGS: &[Bug] = &[
    Bug {
        id: "ongaro-2015",
        tags: &[S],
        sources: "raft-dev, thread t4xj6dJTP6E (Ongaro, 2015), quoted in copycat#23, braft#182, hydro#3192",
        what: "a leader takes a change of one server before it has committed an entry of its own term: as the \
               dissertation first had it",
        exposure: "4 servers and one to be added: S1 adds S5, and only S5 gets the entry; S2 of the next term removes \
                   S1, which S3 helps to commit; S1, elected by S4 and S5, overwrites it; 3 elections, about 20 \
                   steps",
        expected: Deep,
        edits: &[Edit {
            file: CHANGE,
            find: "if !state.has_committed_in_term() {",
            replace: "if false {",
        }],
        room: &[],
    },
    Bug {
        id: "two-pending",
        tags: &[S],
        sources: "RedisLabs/raft da936a9, valkey#3926",
        what: "a leader removes a server while the removal of another is not committed; when it adds one, it looks",
        exposure: "5 servers: S1 alone has two removals in its log, and commits with S2; the other three elect a leader",
        expected: Medium,
        edits: &[Edit {
            file: CHANGE,
            find: "let pending = current.is_joint() || state.configurations.index() > state.commit;",
            replace: "let adds = wanted.voters.iter().any(|server| !current.voters.contains(server));
        let pending = current.is_joint() || (adds && state.configurations.index() > state.commit);",
        }],
        room: &[],
    },
    Bug {
        id: "union-quorum",
        tags: &[S],
        sources: "CCF#3948, CCF#4018; how long it took to find there (48 hours on 128 cores) is second-hand",
        what: "in joint consensus a candidate counts a majority of all servers of both configurations together",
        exposure: "from S1 S2 S3 to S3 S4 S5: S3 S4 S5 elect one leader, and S1 S2, which do not know of the change, \
                   another",
        expected: Deep,
        edits: &[
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "state.membership().has_quorum(|server| self.votes.contains(&server))",
                replace: "of_all_voters(state, &self.votes)",
            },
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "state.membership().has_quorum(|server| self.supporters.contains(&server))",
                replace: "of_all_voters(state, &self.supporters)",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/roles/candidate.rs",
                find: "/// Sends `request` to every other voter.",
                replace: "/// Whether these are more than half of all that vote in one configuration or the other.
fn of_all_voters(state: &State, agree: &BTreeSet<NodeId>) -> bool {
    let mut all = state.membership().everyone();
    all.retain(|server| state.membership().is_voter(*server));
    let count = all.iter().filter(|server| agree.contains(server)).count();
    count >= crate::membership::majority(all.len())
}

/// Sends `request` to every other voter.",
            },
        ],
    },
    Bug {
        id: "leave-joint-early",
        tags: &[S],
        sources: "camunda#60086, camunda#61854",
        what: "a new leader that finds C_old,new in its log appends C_new at once, though C_old,new is not committed",
        exposure: "5 servers: the leader of a change crashes when few have C_old,new; the next one commits by C_new \
                   alone, while a majority of C_old that knows of neither elects another",
        expected: Deep,
        edits: &[
            Edit {
                file: CHANGE,
                find: "if state.configurations.index() > state.commit {",
                replace: "let own = self.change.is_some() || !state.membership().is_joint();
        if own && state.configurations.index() > state.commit {",
            },
            Edit {
                file: "raft-core/src/roles/leader/mod.rs",
                find: "leader.append(state, Payload::Noop);",
                replace: "leader.append(state, Payload::Noop);
        if state.membership().is_joint() {
            leader.configuration_may_be_committed(state);
        }",
            },
        ],
        room: &[],
    },
    Bug {
        id: "joint-stuck",
        tags: &[L],
        sources: "etcd#12136; its cousin, C_new appended twice: etcd-raft bd3c759",
        what: "only the leader that began a change appends C_new: if it is deposed, the cluster stays in C_old,new, and \
               takes no other change",
        exposure: "the leader crashes when C_old,new is on a majority of both configurations and before it appends C_new",
        expected: Medium,
        edits: &[Edit {
            file: CHANGE,
            find: "if current.is_joint() {",
            replace: "if current.is_joint() && self.change.is_some() {",
        }],
        room: &[],
    },
    Bug {
        id: "config-no-rollback",
        tags: &[S],
        sources: "camunda#57393, canonical/raft#250, canonical/raft#323, rafter#34, NATS#8332",
        what: "a configuration stays in force when its entry is cut off the log, until another one is appended",
        exposure: "a leader that is cut off appends a configuration that no other server gets, is deposed, loses the \
                   entry, and is elected by a majority of a configuration that was never committed",
        expected: Deep,
        edits: &[
            Edit {
                file: MEMBERSHIP,
                find: "let Some(first) = entries.first() else { return };
        while self.index().is_some_and(|index| index >= first.index) {
            self.logged.pop();
        }
        for entry in entries {",
                replace: "for entry in entries {",
            },
            Edit {
                file: MEMBERSHIP,
                find: "Payload::Membership(membership) => {",
                replace: "Payload::Membership(membership) => {
                    while self.index().is_some_and(|index| index >= entry.index) {
                        self.logged.pop();
                    }",
            },
        ],
        room: &[],
    },
    Bug {
        id: "snap-drops-joint",
        tags: &[S],
        sources: "etcd-raft e515a67",
        what: "a server that loads a snapshot with C_old,new, from its disk or from the leader, keeps C_old alone (to \
               keep C_new alone would be safe: C_old,new is committed)",
        exposure: "a server of C_old that lags gets a snapshot that was taken during the change, does not learn that \
                   C_new was committed without it, and is elected by a majority of C_old",
        expected: Deep,
        edits: &[
            Edit {
                file: STATE,
                find: "self.configurations = Configurations::new(snapshot.membership.clone());",
                replace: "self.configurations = Configurations::new(snapshot.membership.clone().half());",
            },
            Edit {
                file: "raft-core/src/node/boot.rs",
                find: "|snapshot| snapshot.membership.clone());",
                replace: "|snapshot| snapshot.membership.clone().half());",
            },
        ],
        room: &[
            Edit {
                file: MEMBERSHIP,
                find: "/// Returns whether this is C_old,new of joint consensus (§6).",
                replace: "/// What is kept of it when a snapshot is loaded.
    pub(crate) fn half(self: Arc<Membership>) -> Arc<Membership> {
        if self.outgoing.is_empty() {
            return self;
        }
        let learners = Vec::new();
        Arc::new(Membership { voters: self.outgoing.clone(), outgoing: Vec::new(), learners })
    }

    /// Returns whether this is C_old,new of joint consensus (§6).",
            },
        ],
    },
    Bug {
        id: "snap-stale-config",
        tags: &[S],
        sources: "openraft#1808",
        what: "a configuration that is not committed stays in force when a snapshot takes the place of the log that has \
               it, until another one comes",
        exposure: "the leader of a change is cut off, lags, and is sent a snapshot whose end is below its own \
                   configuration; it is then elected by a majority of that",
        expected: Deep,
        edits: &[
            Edit {
                file: STATE,
                find: "self.configurations = Configurations::new(snapshot.membership.clone());",
                replace: "self.configurations.restored(last.index, snapshot.membership.clone());",
            },
            Edit {
                file: MEMBERSHIP,
                find: "self.logged.last().map_or(&self.base, |(_, membership)| membership)",
                replace: "let latest = self.logged.last().or(self.stale.as_ref());
        latest.map_or(&self.base, |(_, membership)| membership)",
            },
            Edit {
                file: MEMBERSHIP,
                find: "self.logged.last().map(|(index, _)| *index)",
                replace: "self.logged.last().or(self.stale.as_ref()).map(|(index, _)| *index)",
            },
            Edit {
                file: MEMBERSHIP,
                find: "while self.index().is_some_and(|index| index >= first.index) {",
                replace: "while self.logged.last().is_some_and(|(index, _)| *index >= first.index) {",
            },
        ],
        room: &[
            Edit {
                file: "raft-core/src/membership.rs",
                find: "let Configurations { base, logged: _ } = self;",
                replace: "let Configurations { base, logged: _, stale: _ } = self;",
            },
            Edit {
                file: MEMBERSHIP,
                find: "logged: Vec<(LogIndex, Arc<Membership>)>,",
                replace: "logged: Vec<(LogIndex, Arc<Membership>)>,
    /// One that outlived its log.
    stale: Option<(LogIndex, Arc<Membership>)>,",
            },
            Edit {
                file: MEMBERSHIP,
                find: "Configurations { base, logged: Vec::new() }",
                replace: "Configurations { base, logged: Vec::new(), stale: None }",
            },
            Edit {
                file: MEMBERSHIP,
                find: "/// Follows a compaction: a snapshot stands for the log up to this index, with the latest",
                replace: "/// A snapshot takes the place of the log.
    pub(crate) fn restored(&mut self, through: LogIndex, base: Arc<Membership>) {
        let latest = self.logged.pop().or(self.stale.take());
        self.stale = latest.filter(|(index, _)| *index > through);
        self.base = base;
        self.logged.clear();
    }

    /// Follows a compaction: a snapshot stands for the log up to this index, with the latest",
            },
        ],
    },
    Bug {
        id: "learner-no-vote",
        tags: &[L],
        sources: "etcd#10998, raft-rs#57, DAOS f0f8317",
        what: "a server that is a learner, as far as it knows, gives no vote",
        exposure: "3 servers: a learner is promoted, and the leader dies before the learner learns of it",
        expected: Medium,
        edits: &[
            Edit {
                file: VOTER,
                find: GRANTED,
                replace: "let granted = term == state.hard_state.term
        && !state.membership().learners.contains(&state.id)
        && state.hard_state.voted_for",
            },
            Edit {
                file: VOTER,
                find: PRE_GRANTED,
                replace: "let granted = term == state.hard_state.term
        && !state.membership().learners.contains(&state.id)
        && state.belief",
            },
        ],
        room: &[],
    },
    Bug {
        id: "learner-campaigns",
        tags: &[S, L],
        sources: "etcd-raft db54973, NuRaft#553, redpanda#8495",
        what: "a learner is taken for the target of a transfer, and stands for election when it gets TimeoutNow",
        exposure: "leadership is handed to a learner",
        expected: Shallow,
        edits: &[
            Edit {
                file: "raft-core/src/roles/leader/handover.rs",
                find: "} else if !state.membership().is_voter(to) {",
                replace: "} else if false {",
            },
            Edit {
                file: "raft-core/src/node/receive.rs",
                find: "if self.state.configurations.may_stand(self.state.id, self.state.commit) {",
                replace: "if self.state.membership().contains(self.state.id) {",
            },
        ],
        room: &[],
    },
    Bug {
        id: "id-reuse-wiped",
        tags: &[S],
        sources: "RethinkDB#5289, the README of Vanlightly's Raft specifications (a trace), openraft#2002",
        what: "the mistake is its administrator's: a server that was added later and removed again gets an empty disk \
               when it crashes, and keeps its name (planted in the simulator: it should get a new one)",
        exposure: "5 servers, two changes: a candidate that lags counts the vote of a server that was removed, wiped, and \
                   has forgotten which entries it helped to commit, or its vote",
        expected: Deep,
        edits: &[Edit {
            file: "raft-sim/src/run/faults.rs",
            find: "let crash = matches!(action, Action::Crash { .. });
        let done = self.act(action)?;
        self.tally.crashes += u64::from(crash && done);",
            replace: "let crashed = match &action {
            Action::Crash { server, .. } => Some(*server),
            _ => None,
        };
        let done = self.act(action)?;
        let crashed = crashed.filter(|_| done);
        self.tally.crashes += u64::from(crashed.is_some());
        let joined = crashed.filter(|server| server.0 > self.plan.members);
        if let Some((server, known)) = joined.zip(self.known(None)) {
            let (index, configuration) = &known.configuration;
            let was = self.configurations(server).iter().any(|(_, one)| one.is_voter(server));
            let gone = self.world.ids().all(|other| {
                let (at, one) = self.in_force(other);
                at <= *index || !one.contains(server)
            });
            if was && gone && !configuration.contains(server) {
                self.act(Action::Wipe { server })?;
            }
        }",
        }],
        room: &[],
    },
    Bug {
        id: "early-retire",
        tags: &[L],
        sources: "CCF#5973",
        what: "a server that is not in its latest configuration neither votes nor stands, though that configuration may \
               never be committed",
        exposure: "2 servers: S1 appends a configuration of S2 alone, which S2 does not get, and steps down: only S1, \
                   whose log is longer, could be elected",
        expected: Medium,
        edits: &[
            Edit {
                file: VOTER,
                find: GRANTED,
                replace: "let retired = !state.membership().contains(state.id)
        && state.configurations.index() > state.commit;
    let granted = term == state.hard_state.term
        && !retired
        && state.hard_state.voted_for",
            },
            Edit {
                file: VOTER,
                find: PRE_GRANTED,
                replace: "let retired = !state.membership().contains(state.id)
        && state.configurations.index() > state.commit;
    let granted = term == state.hard_state.term
        && !retired
        && state.belief",
            },
            Edit {
                file: MEMBERSHIP,
                find: "self.current().is_voter(server) || (self.index() > commit && before.is_voter(server))",
                replace: "self.current().is_voter(server)
            || (self.index() > commit && before.is_voter(server) && self.current().contains(server))",
            },
        ],
        room: &[],
    },
    Bug {
        id: "removed-leader-stays",
        tags: &[L],
        sources: "raft-rs#584 (open), etcd-raft 72d62a1 (#79)",
        what: "a leader that has removed itself goes on sending heartbeats, and takes no commands any more",
        exposure: "3 servers: the leader removes itself; the others never elect another",
        expected: Shallow,
        edits: &[
            Edit { file: CHANGE, find: "self.over = true;", replace: "" },
            Edit {
                file: "raft-core/src/roles/leader/mod.rs",
                find: "let uncommitted = length(state.log.last_index()) - length(state.commit);",
                replace: "let uncommitted = length(state.log.last_index()) - length(state.commit);
        if state.configurations.index() <= state.commit && !state.membership().is_voter(state.id) {
            return state.answer(request, Answer::NotLeader(None));
        }",
            },
        ],
        room: &[],
    },
];
