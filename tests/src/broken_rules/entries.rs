//! AppendEntries and the rules for leaders: edits that break them.

use super::{BrokenRule, broken};

/// AppendEntries, receiver implementation.
pub(super) const RECEIVER: &[BrokenRule] = &[
    broken(
        "older-append-obeyed",
        "Figure 2 AppendEntries 1",
        "AppendEntries of a term < currentTerm is obeyed",
        "node/receive.rs",
        [
            "let current = term == self.state.hard_state.term;",
            "let current = term == self.state.hard_state.term || matches!(body, Body::AppendEntries { .. });",
        ],
    ),
    broken(
        "older-append-unanswered",
        "Figure 2 AppendEntries 1",
        "AppendEntries of a term < currentTerm is not answered: its leader does not learn of the new term",
        "node/receive.rs",
        ["self.refuse_old(from, prev.map(|prev| prev.index), round);", "let _ = (prev, round);"],
    ),
    broken(
        "refusal-not-answered",
        "Figure 2 Followers 1",
        "a follower whose log does not match does not respond",
        "roles/follower.rs",
        [
            "let reply = AppendReply::Refused { prev, conflict: Some(conflict) };
            state.hold(leader, Body::AppendEntriesReply { reply, round });",
            "let _ = (prev, conflict);",
        ],
    ),
    broken(
        "rival-leader-obeyed",
        "Figure 2 Followers 1",
        "a leader obeys AppendEntries of its own term as a follower would",
        "node/receive.rs",
        [
            "follower.append_entries(state, from, (prev, entries, commit, round));
                } else {
                    state.outbox.refused = Some(Refusal::RivalLeader(from));",
            "follower.append_entries(state, from, (prev, entries, commit, round));
                } else {
                    let mut follower = Follower::new(state);
                    follower.append_entries(state, from, (prev, entries, commit, round));
                    *role = Role::Follower(follower);",
        ],
    )
    .unseen("no two servers lead one term unless another rule is broken too; a scenario forges the message"),
    broken(
        "missing-prev-accepted",
        "Figure 2 AppendEntries 2",
        "entries are taken although the log has no entry at prevLogIndex",
        "roles/follower.rs",
        [
            "None => Conflict { term: None, first: LogIndex::after(state.log.last_index()) },",
            "None => return None,",
        ],
    ),
    broken(
        "mismatching-prev-accepted",
        "Figure 2 AppendEntries 2",
        "entries are taken although the term at prevLogIndex is not prevLogTerm",
        "roles/follower.rs",
        [
            "Some(term) => Conflict { term: Some(term), first: state.log.first_of_term(term) },",
            "Some(_) => return None,",
        ],
    ),
    broken(
        "conflicting-entry-kept",
        "Figure 2 AppendEntries 3",
        "an existing entry that conflicts with a new one stays",
        "roles/follower.rs",
        [
            "take_while(|entry| state.log.has(entry.position()))",
            "take_while(|entry| state.log.term_at(entry.index).is_some())",
        ],
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
        "entries-not-appended",
        "Figure 2 AppendEntries 4",
        "new entries are acknowledged and not appended",
        "roles/follower.rs",
        ["state.replace_log(new);", ""],
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
        "roles/leader/mod.rs",
        ["leader.append(state, Payload::Noop);", ""],
    ),
    broken(
        "no-heartbeats",
        "Figure 2 Leaders 1",
        "no AppendEntries is sent during idle periods",
        "roles/leader/replication.rs",
        [
            "state.send(
                *server,
                Body::AppendEntries { prev, entries: <_>::default(), commit, round },
            );",
            "let _ = (server, prev, commit, round);",
        ],
    ),
    broken(
        "lost-append-not-repeated",
        "Figure 2 Leaders 1",
        "heartbeats speak of matchIndex rather than of nextIndex: a lost request is never found out",
        "roles/leader/replication.rs",
        [
            "let known = state.log.position(progress.next().before());",
            "let known = state.log.position(progress.matched());",
        ],
    ),
    broken(
        "answered-at-append",
        "Figure 2 Leaders 2",
        "a client gets success as its answer when its command is in the leader's log, not after it is applied",
        "roles/leader/mod.rs",
        [
            "state.wait_for(position, request);",
            "state.answer(request, Answer::Committed(position.index));",
        ],
    ),
    broken(
        "overwritten-command-answered-as-committed",
        "Figure 2 Leaders 2",
        "a client whose command was overwritten gets success as its answer",
        "state.rs",
        ["Some(false) => Answer::Superseded,", "Some(false) => Answer::Committed(position.index),"],
    ),
    broken(
        "overwritten-command-unanswered",
        "Figure 2 Leaders 2",
        "a client whose command was overwritten is never answered",
        "state.rs",
        ["Some(false) => Answer::Superseded,", "Some(false) => continue,"],
    ),
    broken(
        "never-answered",
        "Figure 2 Leaders 2",
        "a client is never answered when its command was applied",
        "state.rs",
        ["Some(true) => Answer::Committed(position.index),", "Some(true) => continue,"],
    ),
    broken(
        "follower-says-committed",
        "Figure 2 Leaders 2",
        "a server that does not lead answers a client with success",
        "node/mod.rs",
        [
            "let answer = Answer::NotLeader(self.leader());",
            "let last = self.state.log.last_index();
                let answer = Answer::Committed(last.unwrap_or(LogIndex::FIRST));",
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
        "match-index-is-what-was-sent",
        "Figure 2 Leaders 3",
        "matchIndex is what was sent, not what is known to be replicated",
        "roles/leader/replication.rs",
        [
            "progress.sent(entries.len() as u64);",
            "progress.acknowledged(entries.last().map(|entry| entry.index));",
        ],
    ),
    broken(
        "stale-refusal-obeyed",
        "Figure 2 Leaders 3",
        "a late refusal moves nextIndex back",
        "progress.rs",
        ["if stale {", "if stale && self.is_installing() {"],
    ),
    broken(
        "success-of-an-older-term-counts",
        "Figure 2 Leaders 3",
        "an acknowledgement of an older term moves matchIndex in this one",
        "node/receive.rs",
        [
            "if current && let Role::Leader(leader) = role {
                    leader.append_reply(",
            "if let Role::Leader(leader) = role {
                    leader.append_reply(",
        ],
    ),
    broken(
        "half-commits",
        "Figure 2 Leaders 4",
        "matchIndex[i] ≥ N on half of the servers is enough",
        "membership.rs",
        [
            "reached.len() - majority(reached.len())",
            "reached.len() - 1 - (reached.len() / 2).saturating_sub(1)",
        ],
    ),
    broken(
        "no-no-op",
        "§8",
        "a new leader sends an empty AppendEntries, and no entry of its own term",
        "roles/leader/mod.rs",
        ["leader.append(state, Payload::Noop);", "leader.begin_round(state);"],
    ),
];
