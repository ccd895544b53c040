//! Edits that break the rules of §8 and chapter 6 of the dissertation: how clients are served.

use super::{BrokenRule, broken};

/// Requests (diss. §6.2) and sessions (diss. §6.3).
pub(super) const SESSIONS: &[BrokenRule] = &[
    broken(
        "follower-keeps-silent",
        "diss. §6.2",
        "a follower does not answer requests that only a leader can serve",
        "node/mod.rs",
        ["self.state.answer(request, answer);", "let _ = (request, answer);"],
    ),
    broken(
        "same-command-taken-for-a-retry",
        "Figure 2 Leaders 2",
        "a leader takes a command that is like its last entry for that one",
        "roles/leader/mod.rs",
        [
            "let uncommitted =",
            "let last = state.log.last_index();
        if let [entry] = state.log.entries(last.and_then(LogIndex::before), last)
            && entry.payload == payload
        {
            let index = entry.index;
            return state.answer(request, Answer::Committed(index));
        }
        let uncommitted =",
        ],
    ),
    broken(
        "first-command-taken-for-a-retry",
        "Clients 1",
        "the first command of a session is taken for one that was executed before",
        "sessions.rs",
        [
            "Some((Ordering::Greater, _)) | None => {",
            "None => Outcome::Repeated(None),\n            Some((Ordering::Greater, _)) => {",
        ],
    ),
    broken(
        "repeated-command-executed",
        "Clients 1",
        "a command whose serial number was executed last in its session is executed again",
        "sessions.rs",
        [
            "(once.serial.cmp(serial), result)",
            "(once.serial.cmp(serial).then(Ordering::Greater), result)",
        ],
    ),
    broken(
        "older-command-executed",
        "Clients 1",
        "a command whose serial number is lower than the last one executed in its session is executed",
        "sessions.rs",
        [
            "Some((Ordering::Less, _)) => Outcome::Repeated(None),
            Some((Ordering::Greater, _)) | None => {",
            "Some((Ordering::Less | Ordering::Greater, _)) | None => {",
        ],
    )
    .unseen("a request of a run's client reaches its server at once, and never after a later one"),
    broken(
        "one-session-for-all",
        "Clients 1",
        "serial numbers are compared with those of the oldest session, not with their own",
        "sessions.rs",
        ["self.sessions.get_mut(&once.session)", "self.sessions.values_mut().next()"],
    ),
    broken(
        "expired-session-executes",
        "Clients 1",
        "a command whose session has expired is executed as if it had none",
        "sessions.rs",
        [
            "let known = (1..=opened).contains(&once.session.0);",
            "let known = (1..=opened).contains(&once.session.0);
                    if known {
                        return Outcome::Executed(execute(&once.command));
                    }",
        ],
    ),
    broken(
        "expiry-is-not-reported",
        "Clients 1",
        "a command whose session has expired is not executed, and acknowledged",
        "sessions.rs",
        [
            "return Outcome::Refused(if known {
                SessionError::Expired(once.session)
            } else {
                SessionError::NeverOpened(once.session)
            });",
            "let _ = known;
            return Outcome::Nothing;",
        ],
    ),
    broken(
        "newest-session-expires",
        "diss. §6.3",
        "the session that was used most recently makes room",
        "sessions.rs",
        [
            ".min_by_key(|(_, session)| session.last_use)",
            ".max_by_key(|(_, session)| session.last_use)",
        ],
    ),
    broken(
        "oldest-session-expires",
        "diss. §6.3",
        "the session that was opened first makes room, however recently it was used",
        "sessions.rs",
        [".min_by_key(|(_, session)| session.last_use)", ".min_by_key(|(id, _)| id.0)"],
    ),
    broken(
        "retry-is-no-use-of-a-session",
        "diss. §6.3",
        "a command that is not executed again leaves its session as long unused as it was",
        "sessions.rs",
        [
            "session.last_use = self.uses;",
            "if session.last.as_ref().is_none_or(|(serial, _)| *serial < once.serial) {
                    session.last_use = self.uses;
                }",
        ],
    ),
    broken(
        "snapshot-without-serial-numbers",
        "Clients 1",
        "a snapshot says which sessions there are, and not what they have executed",
        "sessions.rs",
        [
            "None => put(0),",
            "None => put(0),\n                Some(_) if session.last_use > 0 => put(0),",
        ],
    ),
];

/// Reads without an entry in the log (diss. §6.4), and leases (diss. §6.4.1).
pub(super) const READS: &[BrokenRule] = &[
    broken(
        "early-reads-are-forgotten",
        "Clients 2",
        "reads that come before the first commit of the leader's term are never answered",
        "roles/leader/mod.rs",
        ["self.reads_may_begin(state);", ""],
    ),
    broken(
        "read-confirmed-by-an-older-term",
        "diss. §6.4",
        "a server that refuses a heartbeat of an older term counts as having answered one of this term",
        "roles/leader/replication.rs",
        [
            "if let AppendReply::Refused { conflict: None, .. } = reply {\n            return;\n        }",
            "",
        ],
    ),
    broken(
        "one-answer-confirms-a-leader",
        "Clients 3",
        "one follower's answer is enough, however many servers there are",
        "roles/leader/rounds.rs",
        [
            "let confirmed = self.quorum(state, |progress| progress.round());",
            "let others = self.peers.iter().filter(|peer| peer.server != state.id);
        let confirmed = others.map(|peer| peer.progress.round()).max();
        let confirmed = confirmed.unwrap_or(self.rounds.latest);",
        ],
    ),
    broken(
        "reads-outlive-a-leadership",
        "diss. §6.4",
        "a leader that steps down leaves the clients that want to read without an answer",
        "roles/leader/mod.rs",
        ["self.reads.abandon(state);", ""],
    ),
    broken(
        "read-before-it-is-applied",
        "diss. §6.4",
        "a read is answered once its index is in the log and not once it is applied",
        "state.rs",
        [
            "if Some(index) <= self.applied {
            let applied",
            "if Some(index) <= self.log.last_index() {
            let applied",
        ],
    ),
    broken(
        "follower-does-not-wait-for-the-index",
        "diss. §6.4",
        "a follower answers a read as soon as its leader has answered, whatever the index",
        "roles/follower.rs",
        [
            "self.asked_reads.drain(..).for_each(|request| state.read_at(index, request));",
            "let index = state.applied.unwrap_or(index);
        self.asked_reads.drain(..).for_each(|request| state.answer(request, Answer::Readable(index)));",
        ],
    ),
    broken(
        "follower-does-not-ask",
        "Clients 3",
        "a follower answers reads from what it has applied itself",
        "roles/follower.rs",
        [
            "self.asked_reads.push(request);
            self.send_read_index(state);",
            "match state.applied {
                Some(index) => state.read_at(index, request),
                None => self.asked_reads.push(request),
            }",
        ],
    ),
    broken(
        "any-answer-to-any-question",
        "Clients 3",
        "a follower takes the answer to an earlier ReadIndex for one to its latest",
        "roles/follower.rs",
        [
            "if self.asked_reads.first() != Some(&question) {",
            "if self.asked_reads.first().is_none() || question.0 == 0 {",
        ],
    ),
    broken(
        "question-is-not-repeated",
        "diss. §6.4",
        "a follower waits forever for the answer to a ReadIndex that was lost",
        "roles/follower.rs",
        [
            "self.send_read_index(state);
        self.timer.tick()",
            "let _ = &state.id;
        self.timer.tick()",
        ],
    ),
    broken(
        "leader-remembered-in-a-new-term",
        "diss. §6.4",
        "a follower takes the leader of an older term for that of the new one",
        "roles/follower.rs",
        [
            "self.leader = None;
        self.incoming = None;",
            "self.incoming = None;",
        ],
    ),
    broken(
        "questions-outlive-a-leader",
        "diss. §6.4",
        "a follower that stands for election leaves the clients that want to read without an answer",
        "node/mod.rs",
        ["follower.abandon(&mut self.state);", "let _ = follower;"],
    ),
    broken(
        "candidate-answers-reads",
        "Clients 3",
        "a candidate answers reads from what it has applied",
        "node/mod.rs",
        [
            "self.state.answer(request, Answer::NotLeader(None));",
            "if let Some(index) = self.state.applied {
                    self.state.answer(request, Answer::Readable(index));
                }",
        ],
    ),
    broken(
        "lease-without-drift",
        "diss. §6.4.1",
        "a lease lasts as if all clocks had the same rate",
        "settings.rs",
        [
            "(ticks / (100 + u64::from(drift))) as u32",
            "(ticks / (100 + u64::from(drift) / 1_000)) as u32",
        ],
    ),
    broken(
        "lease-grows-with-age",
        "diss. §6.4.1",
        "a lease is measured by the age of its leader: the longer that leads the longer it lasts",
        "roles/leader/reads.rs",
        ["self.ticks < from + lease", "self.ticks < from + lease + self.ticks / 3"],
    ),
    broken(
        "lease-of-the-longest-timeout",
        "diss. §6.4.1",
        "a lease lasts for the longest election timeout",
        "settings.rs",
        [
            "u64::from(self.election_timeout_min.saturating_sub(1))",
            "u64::from(self.election_timeout_max)",
        ],
    ),
    broken(
        "lease-from-the-answer",
        "diss. §6.4.1",
        "a lease begins when the heartbeat is answered, not when it was sent",
        "roles/leader/rounds.rs",
        [
            "if self.rounds.confirm(confirmed) {",
            "if self.rounds.confirm(confirmed) {
            self.rounds.confirmed_from = Some(self.ticks);",
        ],
    ),
    broken(
        "lease-during-a-transfer",
        "diss. §6.4.1",
        "a leader keeps its lease when it hands over",
        "roles/leader/handover.rs",
        ["self.lease_void = true;", ""],
    ),
    broken(
        "lease-back-after-a-transfer",
        "diss. §6.4.1",
        "a leader that gave up handing over has its lease back",
        "roles/leader/handover.rs",
        [
            "state.answer(request, Answer::Rejected(Rejection::NotTransferred(to)));",
            "self.lease_void = false;
            state.answer(request, Answer::Rejected(Rejection::NotTransferred(to)));",
        ],
    ),
    broken(
        "lease-forgotten-at-restart",
        "diss. §6.4.1",
        "a server that comes back votes at once, though a lease may rest on it",
        "node/boot.rs",
        [
            "if boot.settings.lease_drift.is_some() && !pristine {",
            "if boot.settings.lease_drift.is_some() && !pristine && pristine {",
        ],
    ),
];
