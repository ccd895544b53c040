//! The places of the paper's rules in the reference core.

/// The rules by name, each with a file below `raft-core/src` and a text in it. Figures and properties follow from
/// rules, and have no place of their own.
pub const RULES: [(&str, &str, &str); 39] = [
    ("Figure 2 State", "state.rs", "struct State"),
    ("Figure 2 AppendEntries 1", "node/receive.rs", "AppendEntries 1 (§5.1)"),
    ("Figure 2 AppendEntries 2", "roles/follower.rs", "AppendEntries 2 (§5.3)"),
    ("Figure 2 AppendEntries 3", "roles/follower.rs", "AppendEntries 3 (§5.3)"),
    ("Figure 2 AppendEntries 4", "roles/follower.rs", "AppendEntries 4:"),
    ("Figure 2 AppendEntries 5", "roles/follower.rs", "AppendEntries 5:"),
    ("Figure 2 RequestVote 1", "roles/voter.rs", "RequestVote 1 (§5.1)"),
    ("Figure 2 RequestVote 2", "roles/voter.rs", "RequestVote 2 (§5.2, §5.4)"),
    ("Figure 2 Servers 1", "state.rs", "fn hand_out"),
    ("Figure 2 Servers 2", "node/receive.rs", "fn adopt"),
    ("Figure 2 Followers 1", "roles/follower.rs", "fn append_entries"),
    ("Figure 2 Followers 2", "roles/follower.rs", "fn tick"),
    ("Figure 2 Candidates 1", "roles/candidate.rs", "fn stand"),
    ("Figure 2 Candidates 2", "roles/candidate.rs", "fn elected_by"),
    ("Figure 2 Candidates 3", "node/receive.rs", "fn follow"),
    ("Figure 2 Candidates 4", "roles/candidate.rs", "fn tick"),
    ("Figure 2 Leaders 1", "roles/leader/mod.rs", "fn tick"),
    ("Figure 2 Leaders 2", "roles/leader/mod.rs", "fn propose"),
    ("Figure 2 Leaders 3", "roles/leader/replication.rs", "fn replicate"),
    ("Figure 2 Leaders 4", "roles/leader/mod.rs", "fn advance_commit"),
    ("Joint 1", "membership.rs", "fn replaced"),
    ("Joint 2", "membership.rs", "fn has_quorum"),
    ("Joint 3", "roles/leader/change.rs", "fn configuration_may_be_committed"),
    ("Joint 4", "roles/leader/change.rs", "!current.is_voter(state.id)"),
    ("Joint 5", "roles/leader/change.rs", "fn catch_up"),
    ("Joint 6", "node/receive.rs", "fn disregards"),
    ("Figure 12", "state.rs", "fn compact"),
    ("Figure 13 Sender", "roles/leader/replication.rs", "fn send_snapshot"),
    ("Figure 13 InstallSnapshot 1", "node/receive.rs", "InstallSnapshot 1 (§7)"),
    ("Figure 13 InstallSnapshot 2", "roles/install.rs", "Step 2:"),
    ("Figure 13 InstallSnapshot 3", "roles/install.rs", "Step 3:"),
    ("Figure 13 InstallSnapshot 4", "roles/install.rs", "Step 4:"),
    ("Figure 13 InstallSnapshot 5", "roles/install.rs", "step 5:"),
    ("Figure 13 InstallSnapshot 6", "roles/install.rs", "Step 6:"),
    ("Figure 13 InstallSnapshot 7", "roles/install.rs", "Step 7:"),
    ("Figure 13 InstallSnapshot 8", "state.rs", "fn restore"),
    ("Clients 1", "sessions.rs", "pub fn apply"),
    ("Clients 2", "roles/leader/reads.rs", "steps 1 and 2"),
    ("Clients 3", "roles/leader/reads.rs", "step 3"),
];

/// The file of the core that has a rule, and a text in it.
#[must_use]
pub fn place(rule: &str) -> Option<(&'static str, &'static str)> {
    RULES.iter().find(|(name, ..)| *name == rule).map(|(_, file, text)| (*file, *text))
}
