//! AppendEntries and the rules for leaders: edits that break them.

use super::{BrokenRule, broken};

/// AppendEntries, receiver implementation.
pub(super) const RECEIVER: &[BrokenRule] = &[
    broken(
        "older-append-obeyed",
        "Figure 2 AppendEntries 1",
        "AppendEntries of a term < currentTerm is obeyed",
        "node.rs",
        [
            "Body::AppendEntries { prev, entries, commit } if current => {",
            "Body::AppendEntries { prev, entries, commit } => {",
        ],
    ),
    broken(
        "older-append-unanswered",
        "Figure 2 AppendEntries 1",
        "AppendEntries of a term < currentTerm is not answered: its leader does not learn of the new term",
        "node.rs",
        [
            "let reply = AppendReply::Refused { prev, conflict: None };
                self.state.promise(from, Body::AppendEntriesReply(reply));",
            "let _ = prev;",
        ],
    ),
    broken(
        "refusal-not-answered",
        "Figure 2 Followers 1",
        "a follower whose log does not match does not respond",
        "roles/follower.rs",
        [
            "state.promise(leader, Body::AppendEntriesReply(reply));
            return;",
            "return;",
        ],
    ),
    broken(
        "rival-leader-obeyed",
        "Figure 2 Followers 1",
        "a leader obeys AppendEntries of its own term as a follower would",
        "node.rs",
        [
            "Role::Leader(_) => self.state.outbox.refused = Some(Refusal::RivalLeader(from)),",
            "Role::Leader(_) => {
                let mut follower = Follower::new(&self.state);
                follower.append_entries(&mut self.state, from, request);
                self.role = Role::Follower(follower);
            }",
        ],
    ),
    broken(
        "missing-prev-accepted",
        "Figure 2 AppendEntries 2",
        "entries are taken although the log has no entry at prevLogIndex",
        "roles/follower.rs",
        [
            "None => Some(Conflict { term: None, first: LogIndex::after(state.log.last_index()) }),",
            "None => None,",
        ],
    ),
    broken(
        "mismatching-prev-accepted",
        "Figure 2 AppendEntries 2",
        "entries are taken although the term at prevLogIndex is not prevLogTerm",
        "roles/follower.rs",
        ["Some(term) if term == prev.term => None,", "Some(_) => None,"],
    ),
    broken(
        "conflicting-entry-kept",
        "Figure 2 AppendEntries 3",
        "an existing entry that conflicts with a new one stays",
        "roles/follower.rs",
        [".is_some_and(|term| term == entry.term)", ".is_some()"],
    ),
    broken(
        "entries-behind-a-conflict-kept",
        "Figure 2 AppendEntries 3",
        "a conflicting entry is replaced, and those that follow it stay",
        "roles/follower.rs",
        [
            "state.replace_log(new);",
            "let mut all = new.to_vec();
            let last = new.last().map(|entry| entry.index);
            all.extend_from_slice(state.log.entries(last, state.log.last_index()));
            state.replace_log(Entries::from(&all[..]));",
        ],
    ),
    broken(
        "matching-entries-cut-off",
        "Figure 2 AppendEntries 3",
        "uncommitted entries are cut off and appended again although nothing conflicts, and with them those that follow",
        "roles/follower.rs",
        [
            "let new = entries.skip(new.count());",
            "let new = entries.iter().take_while(|entry| Some(entry.index) <= state.commit);
        let new = entries.skip(new.count());",
        ],
    ),
    broken(
        "entries-not-appended",
        "Figure 2 AppendEntries 4",
        "new entries are acknowledged and not appended",
        "roles/follower.rs",
        ["state.replace_log(new);", ""],
    ),
    broken(
        "commit-to-the-end-of-the-log",
        "Figure 2 AppendEntries 5",
        "commitIndex = min(leaderCommit, last index of the log), not index of last new entry",
        "roles/follower.rs",
        ["leader_commit.min(verified)", "leader_commit.min(state.log.last_index())"],
    ),
    broken(
        "heartbeat-commits-unverified",
        "Figure 2 AppendEntries 5",
        "a heartbeat sets commitIndex = leaderCommit, whatever it verified",
        "roles/follower.rs",
        [
            "leader_commit.min(verified)",
            "if entries.is_empty() { leader_commit } else { leader_commit.min(verified) }",
        ],
    ),
    broken(
        "commit-never-learned",
        "Figure 2 AppendEntries 5",
        "a follower does not take over leaderCommit",
        "roles/follower.rs",
        ["state.commit_up_to(leader_commit.min(verified));", ""],
    ),
];

/// Rules for leaders.
pub(super) const LEADER: &[BrokenRule] = &[
    broken(
        "no-word-at-election",
        "Figure 2 Leaders 1",
        "a new leader sends nothing upon election",
        "roles/leader.rs",
        ["leader.append(state, Payload::Noop);", ""],
    ),
    broken(
        "no-heartbeats",
        "Figure 2 Leaders 1",
        "no AppendEntries is sent during idle periods",
        "roles/leader.rs",
        ["state.send(*follower, body);", "let _ = (follower, body);"],
    ),
    broken(
        "lost-append-not-repeated",
        "Figure 2 Leaders 1",
        "heartbeats speak of matchIndex rather than of nextIndex: a lost request is never found out",
        "roles/leader.rs",
        [
            "let prev = state.log.position(progress.next().before());
            let body",
            "let prev = state.log.position(progress.matched());
            let body",
        ],
    ),
    broken(
        "answered-at-append",
        "Figure 2 Leaders 2",
        "a client is told of success when its command is in the leader's log, not after it is applied",
        "roles/leader.rs",
        [
            "state.wait_for(position, request);",
            "state.outbox.answers.push((request, Answer::Committed));",
        ],
    ),
    broken(
        "overwritten-command-answered-as-committed",
        "Figure 2 Leaders 2",
        "a client whose command was overwritten is told of success",
        "state.rs",
        ["decided == Some(position.term)", "decided.is_some()"],
    ),
    broken(
        "overwritten-command-unanswered",
        "Figure 2 Leaders 2",
        "a client whose command was overwritten is never told",
        "state.rs",
        [
            "self.outbox.answers.push((*request, answer));",
            "if answer == Answer::Committed {
                self.outbox.answers.push((*request, answer));
            }",
        ],
    ),
    broken(
        "never-answered",
        "Figure 2 Leaders 2",
        "a client is never told that its command was applied",
        "node.rs",
        ["state.answer_decided();", ""],
    ),
    broken(
        "follower-says-committed",
        "Figure 2 Leaders 2",
        "a server that does not lead tells a client of success",
        "node.rs",
        ["let answer = Answer::NotLeader(self.leader());", "let answer = Answer::Committed;"],
    ),
    broken(
        "uncommitted-limit-ignored",
        "Figure 2 Leaders 2",
        "commands are taken beyond the limit of uncommitted entries",
        "roles/leader.rs",
        [
            "if uncommitted >= u64::from(state.settings.uncommitted_limit) {",
            "if uncommitted == u64::MAX {",
        ],
    ),
    broken(
        "next-index-not-decremented",
        "Figure 2 Leaders 3",
        "nextIndex stays where it was when AppendEntries fails",
        "progress.rs",
        ["self.next = retry.max(LogIndex::after(self.matched));", "return false;"],
    ),
    broken(
        "next-index-not-increased",
        "Figure 2 Leaders 3",
        "a success moves matchIndex, and leaves nextIndex where it is",
        "progress.rs",
        ["self.next = self.next.max(LogIndex::after(matched));", ""],
    ),
    broken(
        "match-index-goes-back",
        "Figure 2 Leaders 3",
        "a late acknowledgement lowers matchIndex",
        "progress.rs",
        ["let news = matched > self.matched;", "let news = matched != self.matched;"],
    ),
    broken(
        "match-index-is-what-was-sent",
        "Figure 2 Leaders 3",
        "matchIndex is what was sent, not what is known to be replicated",
        "roles/leader.rs",
        [
            "progress.sent(entries.len() as u64);",
            "progress.acknowledged(entries.last().map(|entry| entry.index));",
        ],
    ),
    BrokenRule {
        silent: Some(
            "nextIndex stays above matchIndex whatever it obeys, so that it only sends again what the follower has: slower, and as correct",
        ),
        ..broken(
            "stale-refusal-obeyed",
            "Figure 2 Leaders 3",
            "a late refusal moves nextIndex back",
            "progress.rs",
            ["if stale {", "if false {"],
        )
    },
    broken(
        "success-of-an-older-term-counts",
        "Figure 2 Leaders 3",
        "an acknowledgement of an older term moves matchIndex in this one",
        "node.rs",
        ["Body::AppendEntriesReply(reply) if current => {", "Body::AppendEntriesReply(reply) => {"],
    ),
    broken(
        "old-term-committed-by-counting",
        "Figure 2 Leaders 4",
        "log[N].term == currentTerm is not asked for (Figure 8)",
        "roles/leader.rs",
        ["if term == Some(state.hard_state.term) {", "if term.is_some() {"],
    ),
    broken(
        "half-commits",
        "Figure 2 Leaders 4",
        "matchIndex[i] ≥ N on half of the servers is enough",
        "membership.rs",
        [
            "reached.get(self.majority() - 1)",
            "reached.get((self.servers.len() / 2).saturating_sub(1))",
        ],
    ),
    broken(
        "no-no-op",
        "§8",
        "a new leader sends an empty AppendEntries, and no entry of its own term",
        "roles/leader.rs",
        [
            "leader.append(state, Payload::Noop);",
            "leader.elapsed = state.settings.heartbeat_interval;
        leader.tick(state);",
        ],
    ),
];
