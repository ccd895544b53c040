//! Snapshots (§7, Figures 12 and 13): edits that break their rules.

use super::{BrokenRule, broken};

/// Compaction (Figure 12), and what a snapshot stands for afterwards.
pub(super) const COMPACTION: &[BrokenRule] = &[
    broken(
        "tail-discarded-with-the-snapshot",
        "Figure 12",
        "a server that takes a snapshot discards the entries behind it as well",
        "log.rs",
        [
            "self.entries.drain(..gone);",
            "self.entries.drain(..gone);
        self.entries.clear();",
        ],
    ),
    broken(
        "snapshot-claims-the-whole-log",
        "Figure 12",
        "lastIncludedIndex and lastIncludedTerm are those of the last log entry, not of the last one applied",
        "state.rs",
        [
            "let snapshot = Snapshot { last, membership, cluster: self.cluster, data };",
            "let last = self.log.last().unwrap_or(last);
                let snapshot = Snapshot { last, membership, cluster: self.cluster, data };",
        ],
    ),
    broken(
        "snapshot-not-written",
        "diss. §5.1",
        "the log is discarded and the snapshot never written to stable storage",
        "state.rs",
        ["self.outbox.write_snapshot(snapshot.clone());", ""],
    ),
    broken(
        "snapshot-has-the-newest-configuration",
        "Figure 12",
        "a snapshot has the latest configuration in the log, even if that is behind lastIncludedIndex",
        "state.rs",
        [
            "let membership = self.configurations.up_to(through);",
            "let membership = self.configurations.current();",
        ],
    ),
    broken(
        "configuration-discarded-with-its-entry",
        "Figure 12",
        "a server whose configuration is in the part of the log that it discards goes back to the one before",
        "membership.rs",
        ["self.base = self.up_to(through).clone();", ""],
    ),
    broken(
        "restart-with-the-first-configuration",
        "Figure 12",
        "a server that restarts from a snapshot has the configuration it booted with at first",
        "node/boot.rs",
        [
            "snapshot.as_ref().map_or(first.into(), |snapshot| snapshot.membership.clone())",
            "first.into()",
        ],
    ),
    broken(
        "restart-applies-what-the-snapshot-stands-for",
        "Figure 12",
        "lastApplied is 0 after a restart from a snapshot",
        "node/boot.rs",
        ["let applied = boot.applied.or(base);", "let applied = boot.applied;"],
    ),
    broken(
        "term-of-the-snapshot-forgotten",
        "Figure 12",
        "lastIncludedTerm is not kept: no entry right behind the snapshot passes the check of prevLogTerm",
        "log.rs",
        [
            "None => self.base.filter(|base| base.index == index).map(|base| base.term),",
            "None => None,",
        ],
    ),
    broken(
        "term-of-the-snapshot-not-compared",
        "Figure 2 AppendEntries 2",
        "prevLogTerm is not compared with lastIncludedTerm",
        "log.rs",
        [
            "Some(term) => term == position.term,",
            "Some(term) => term == position.term || position.index.get() == self.start(),",
        ],
    )
    .unseen("no leader has another term at an index that is committed unless another rule is broken too; a scenario forges the message"),
    broken(
        "snapshot-does-not-count-as-log",
        "Figure 2 RequestVote 2",
        "a server whose log is all in its snapshot has no last entry",
        "log.rs",
        ["entries.last().map(Entry::position).or(base)", "entries.last().map(Entry::position)"],
    ),
    broken(
        "snapshotted-entry-answered-as-failed",
        "§8",
        "clients whose entries went into a snapshot get the answer that these will never be committed",
        "state.rs",
        ["None => Answer::Unknown,", "None => Answer::Superseded,"],
    ),
    broken(
        "snapshotted-entry-answered-as-committed",
        "§8",
        "clients whose entries were replaced by a snapshot get the answer that these are committed",
        "state.rs",
        ["None => Answer::Unknown,", "None => Answer::Committed(position.index),"],
    ),
    broken(
        "snapshot-forgets-what-was-executed",
        "Clients 1",
        "the sessions in a snapshot do not say which commands were executed",
        "sessions.rs",
        [
            "            match &session.last {
                None => put(0),",
            "            match &None::<(u64, Vec<u8>)> {
                None => put(0),",
        ],
    ),
];

/// InstallSnapshot, receiver implementation (Figure 13).
pub(super) const RECEIVER: &[BrokenRule] = &[
    broken(
        "older-snapshot-obeyed",
        "Figure 13 InstallSnapshot 1",
        "InstallSnapshot of a term < currentTerm is obeyed",
        "node/receive.rs",
        [
            "self.refuse_old(from, Some(chunk.last.index), round);",
            "if let Some(follower) = follow(role) {
                        follower.install_snapshot(state, from, &chunk, round);
                    }",
        ],
    ),
    broken(
        "older-snapshot-unanswered",
        "Figure 13 InstallSnapshot 1",
        "InstallSnapshot of a term < currentTerm is not answered: its leader does not learn of the new term",
        "node/receive.rs",
        ["self.refuse_old(from, Some(chunk.last.index), round);", "let _ = (chunk, round);"],
    ),
    broken(
        "snapshot-does-not-reset-the-timer",
        "Figure 2 Followers 2",
        "a follower that receives a snapshot stands for election all the same",
        "roles/install.rs",
        ["self.heard_from(state, leader);", "let _ = leader;"],
    ),
    broken(
        "snapshot-begun-anew-with-each-part",
        "Figure 13 InstallSnapshot 2",
        "a new snapshot file is created with every part, not with the first",
        "roles/install.rs",
        ["self.incoming.take_if(|begun| begun.last != chunk.last);", "self.incoming = None;"],
    ),
    broken(
        "offset-ignored",
        "Figure 13 InstallSnapshot 3",
        "parts are written one behind the other as they arrive, whatever their offset",
        "roles/install.rs",
        [
            "if chunk.offset == incoming.data.len() as u64 {",
            "if incoming.data.len() < chunk.size as usize {",
        ],
    ),
    broken(
        "part-unanswered",
        "Figure 13 InstallSnapshot 4",
        "a part that is not the last is not answered",
        "roles/install.rs",
        [
            "return state.hold(leader, reply);",
            "let _ = reply;
            return;",
        ],
    ),
    broken(
        "parts-of-two-snapshots-mixed",
        "Figure 13 InstallSnapshot 5",
        "a part of another snapshot is written into the one that is begun",
        "roles/install.rs",
        ["self.incoming.take_if(|begun| begun.last != chunk.last);", ""],
    ),
    broken(
        "newer-snapshot-given-up-for-an-older-one",
        "Figure 13 InstallSnapshot 5",
        "a late part of an older snapshot makes the server discard the newer one that is begun",
        "roles/install.rs",
        [
            "if self.incoming.as_ref().is_some_and(|begun| begun.last.index > chunk.last.index) {
            return;
        }",
            "",
        ],
    ),
    broken(
        "committed-snapshot-unanswered",
        "Figure 13 InstallSnapshot 6",
        "a snapshot that is not needed is not answered",
        "roles/install.rs",
        ["return acknowledge(state, leader, chunk.last.index, round);", "return;"],
    ),
    broken(
        "matching-snapshot-commits-nothing",
        "Figure 13 InstallSnapshot 6",
        "a server that has the snapshot's last entry in its log does not take it for committed",
        "roles/install.rs",
        ["state.commit_up_to(Some(chunk.last.index));", ""],
    ),
    broken(
        "any-entry-matches-the-snapshot",
        "Figure 13 InstallSnapshot 7",
        "any entry at lastIncludedIndex is enough to retain the log, whatever its term",
        "roles/install.rs",
        ["if state.log.has(chunk.last) {", "if state.log.last_index() >= Some(chunk.last.index) {"],
    ),
    broken(
        "conflicting-log-kept-in-memory",
        "Figure 13 InstallSnapshot 7",
        "entries behind a snapshot that the log conflicts with stay in memory",
        "state.rs",
        ["self.log.restore(last);", "self.log.compact(last);"],
    ),
    broken(
        "conflicting-log-kept-on-disk",
        "Figure 13 InstallSnapshot 7",
        "entries behind a snapshot that the log conflicts with stay on the disk",
        "state.rs",
        ["self.outbox.write_log(LogIndex::after(Some(last.index)), Entries::default());", ""],
    ),
    broken(
        "state-machine-not-reset",
        "Figure 13 InstallSnapshot 8",
        "the state machine is not reset using the snapshot's contents",
        "state.rs",
        ["self.outbox.restore = Some(snapshot.clone());", ""],
    ),
    broken(
        "configuration-not-loaded",
        "Figure 13 InstallSnapshot 8",
        "the snapshot's cluster configuration is not loaded",
        "state.rs",
        ["self.configurations = Configurations::new(snapshot.membership.clone());", ""],
    ),
    broken(
        "restored-state-handed-out-again",
        "Figure 13 InstallSnapshot 8",
        "commitIndex stays where it was when the state machine is reset",
        "state.rs",
        ["self.commit = Some(last.index);", ""],
    ),
    broken(
        "snapshot-acknowledged-before-durable",
        "Figure 2 State",
        "a follower acknowledges a snapshot before that is on stable storage",
        "roles/install.rs",
        [
            "state.hold(leader, Body::AppendEntriesReply { reply, round });",
            "let message = state.message(leader, Body::AppendEntriesReply { reply, round });
    state.outbox.send(message);",
        ],
    ),
];

/// InstallSnapshot, sender (Figure 13).
pub(super) const SENDER: &[BrokenRule] = &[
    broken(
        "snapshot-never-sent",
        "Figure 13 Sender",
        "a follower whose next entry is discarded gets nothing",
        "roles/leader/replication.rs",
        [
            "state.send(peer.server, Body::InstallSnapshot { chunk: Arc::new(chunk), round });",
            "let _ = (chunk, round);",
        ],
    ),
    broken(
        "snapshot-sent-in-place-of-entries",
        "Figure 13 Sender",
        "the snapshot is sent although the next entry is the first behind it",
        "roles/leader/replication.rs",
        [
            "return send_snapshot(state, round, peer);
        }",
            "return send_snapshot(state, round, peer);
        }
        if progress.next().before() == state.log.base().map(|base| base.index)
            && progress.next().before().is_some()
            && progress.matched().is_none()
        {
            return send_snapshot(state, round, peer);
        }",
        ],
    ),
    broken(
        "snapshot-not-in-parts",
        "Figure 13 Sender",
        "the whole snapshot is sent at once, whatever the settings say",
        "roles/leader/replication.rs",
        ["rest.get(..state.settings.snapshot_chunk as usize).unwrap_or(rest)", "rest"],
    ),
    broken(
        "part-not-followed-by-the-next",
        "Figure 13 Sender",
        "the next part of a snapshot is sent only with the next heartbeat",
        "progress.rs",
        [
            "progress.in_flight = false;
",
            "",
        ],
    ),
    broken(
        "nothing-behind-the-snapshot",
        "Figure 13 Sender",
        "a follower that has got the snapshot gets no entries",
        "progress.rs",
        [
            "self.state = ReplicationState::Streaming;
        }",
            "if !self.is_installing() {
                self.state = ReplicationState::Streaming;
            }
        }",
        ],
    ),
    broken(
        "acknowledged-entries-tried-again",
        "Figure 13 Sender",
        "a conflict in the term of an entry that a follower has acknowledged is taken for outdated: it is never sent \
         the snapshot",
        "roles/leader/replication.rs",
        [
            "if conflict.term.is_some() {",
            "if conflict.term.is_some() && peer.progress.matched().is_none() {",
        ],
    ),
];
