//! What there is to be about in the paper: the rules and figures, by name.

use super::{Item, figure, rule};

/// Everything in Figures 2 to 4 and 6 to 13, and in the rules of §6 and §8, that a scenario can be about, under
/// its heading.
pub const ITEMS: [(&str, &[Item]); 10] = [
    (
        "Figure 2: state",
        &[rule(
            "Figure 2 State",
            "currentTerm, votedFor and log[] are durable; commitIndex and lastApplied are not",
            "state.rs",
            "struct State",
        )],
    ),
    (
        "Figure 2: AppendEntries RPC, receiver",
        &[
            rule(
                "Figure 2 AppendEntries 1",
                "refuse an older term",
                "node/receive.rs",
                "AppendEntries 1 (§5.1)",
            ),
            rule(
                "Figure 2 AppendEntries 2",
                "refuse if the entry at prevLogIndex is missing or of another term",
                "roles/follower.rs",
                "AppendEntries 2 (§5.3)",
            ),
            rule(
                "Figure 2 AppendEntries 3",
                "delete what conflicts with a new entry, and all behind it",
                "roles/follower.rs",
                "AppendEntries 3 (§5.3)",
            ),
            rule(
                "Figure 2 AppendEntries 4",
                "append what is new",
                "roles/follower.rs",
                "AppendEntries 4:",
            ),
            rule(
                "Figure 2 AppendEntries 5",
                "commitIndex = min(leaderCommit, index of last new entry)",
                "roles/follower.rs",
                "AppendEntries 5:",
            ),
        ],
    ),
    (
        "Figure 2: RequestVote RPC, receiver",
        &[
            rule(
                "Figure 2 RequestVote 1",
                "refuse an older term",
                "roles/voter.rs",
                "RequestVote 1 (§5.1)",
            ),
            rule(
                "Figure 2 RequestVote 2",
                "grant one vote a term, to a candidate whose log is up-to-date",
                "roles/voter.rs",
                "RequestVote 2 (§5.2, §5.4)",
            ),
        ],
    ),
    (
        "Figure 2: rules for servers",
        &[
            rule(
                "Figure 2 Servers 1",
                "apply what is committed, in order",
                "state.rs",
                "fn hand_out",
            ),
            rule(
                "Figure 2 Servers 2",
                "a higher term is adopted, and the server becomes follower",
                "node/receive.rs",
                "fn adopt",
            ),
            rule(
                "Figure 2 Followers 1",
                "answer candidates and leaders",
                "roles/follower.rs",
                "fn append_entries",
            ),
            rule(
                "Figure 2 Followers 2",
                "an election timeout without a leader or a vote given: become candidate",
                "roles/follower.rs",
                "fn tick",
            ),
            rule(
                "Figure 2 Candidates 1",
                "start an election: new term, own vote, new timer, RequestVote to all",
                "roles/candidate.rs",
                "fn stand",
            ),
            rule(
                "Figure 2 Candidates 2",
                "votes of a majority: become leader",
                "roles/candidate.rs",
                "fn elected_by",
            ),
            rule(
                "Figure 2 Candidates 3",
                "AppendEntries of a new leader: become follower",
                "node/receive.rs",
                "fn follow",
            ),
            rule(
                "Figure 2 Candidates 4",
                "an election timeout: start a new election",
                "roles/candidate.rs",
                "fn tick",
            ),
            rule(
                "Figure 2 Leaders 1",
                "heartbeats at once and while idle",
                "roles/leader/mod.rs",
                "fn tick",
            ),
            rule(
                "Figure 2 Leaders 2",
                "append a client's command, answer when it is applied",
                "roles/leader/mod.rs",
                "fn propose",
            ),
            rule(
                "Figure 2 Leaders 3",
                "send from nextIndex; forward on success, back on a refusal",
                "roles/leader/replication.rs",
                "fn replicate",
            ),
            rule(
                "Figure 2 Leaders 4",
                "commit what a majority has, if it is of the own term",
                "roles/leader/mod.rs",
                "fn advance_commit",
            ),
        ],
    ),
    (
        "Figure 3: properties",
        &[
            figure("Figure 3 Election Safety", "at most one leader a term"),
            figure("Figure 3 Leader Append-Only", "a leader only appends to its log"),
            figure(
                "Figure 3 Log Matching",
                "the same index and term: the same entry and the same past",
            ),
            figure(
                "Figure 3 Leader Completeness",
                "what is committed is in the logs of all later leaders",
            ),
            figure(
                "Figure 3 State Machine Safety",
                "no two servers apply different entries at an index",
            ),
        ],
    ),
    ("Figure 4: roles", &[figure("Figure 4", "how servers change between roles")]),
    (
        "Figures 6 to 9",
        &[
            figure("Figure 6", "logs as sequences of entries with terms; what is committed"),
            figure("Figure 7", "how logs may differ when a leader comes to power"),
            figure("Figure 7 (a)", "a follower without the last entry"),
            figure("Figure 7 (b)", "a follower without several"),
            figure("Figure 7 (c)", "a follower with one more, of the last term"),
            figure("Figure 7 (d)", "a follower with two more, of a later term"),
            figure("Figure 7 (e)", "a follower that lacks some and has others"),
            figure("Figure 7 (f)", "a follower with the entries of two forgotten leaders"),
            figure("Figure 8", "why counting replicas of an old term's entry does not commit it"),
            figure("Figure 9", "why a later leader has what an earlier one committed"),
        ],
    ),
    (
        "§6: changes of the configuration",
        &[
            rule(
                "Joint 1",
                "a configuration is in force as soon as it is in a log, and goes with it",
                "membership.rs",
                "fn replaced",
            ),
            rule(
                "Joint 2",
                "in C_old,new elections and commitment need a majority of both",
                "membership.rs",
                "fn has_quorum",
            ),
            rule(
                "Joint 3",
                "once C_old,new is committed, the leader of then appends C_new",
                "roles/leader/change.rs",
                "fn configuration_may_be_committed",
            ),
            rule(
                "Joint 4",
                "a leader outside C_new does not count itself, and steps down once it is committed",
                "roles/leader/change.rs",
                "!current.is_voter(state.id)",
            ),
            rule(
                "Joint 5",
                "new servers receive the log before they are counted",
                "roles/leader/change.rs",
                "fn catch_up",
            ),
            rule(
                "Joint 6",
                "requests for votes are disregarded while there is a leader",
                "node/receive.rs",
                "fn disregards",
            ),
            figure("Figure 10", "why a switch from one configuration to another is unsafe"),
            figure("Figure 11", "C_old, C_old,new, C_new: when each can decide"),
        ],
    ),
    (
        "§7: snapshots",
        &[
            rule(
                "Figure 12",
                "a snapshot in place of the committed entries, with index, term and configuration",
                "state.rs",
                "fn compact",
            ),
            rule(
                "Figure 13 Sender",
                "a follower whose next entry is discarded is sent the snapshot, part by part",
                "roles/leader/replication.rs",
                "fn send_snapshot",
            ),
            rule(
                "Figure 13 InstallSnapshot 1",
                "refuse an older term",
                "node/receive.rs",
                "InstallSnapshot 1 (§7)",
            ),
            rule(
                "Figure 13 InstallSnapshot 2",
                "begin anew with the first part",
                "roles/install.rs",
                "Step 2:",
            ),
            rule(
                "Figure 13 InstallSnapshot 3",
                "put each part where it belongs",
                "roles/install.rs",
                "Step 3:",
            ),
            rule(
                "Figure 13 InstallSnapshot 4",
                "answer, and wait for the rest",
                "roles/install.rs",
                "Step 4:",
            ),
            rule(
                "Figure 13 InstallSnapshot 5",
                "drop a partial snapshot that ends earlier",
                "roles/install.rs",
                "step 5:",
            ),
            rule(
                "Figure 13 InstallSnapshot 6",
                "a log that has the last entry keeps what follows it",
                "roles/install.rs",
                "Step 6:",
            ),
            rule(
                "Figure 13 InstallSnapshot 7",
                "another log is dropped as a whole",
                "roles/install.rs",
                "Step 7:",
            ),
            rule(
                "Figure 13 InstallSnapshot 8",
                "the state machine and the configuration are those of the snapshot",
                "state.rs",
                "fn restore",
            ),
        ],
    ),
    (
        "§8: clients",
        &[
            rule(
                "Clients 1",
                "a command under the same serial number is executed once",
                "sessions.rs",
                "pub fn apply",
            ),
            rule(
                "Clients 2",
                "a leader reads once an entry of its term is committed",
                "roles/leader/reads.rs",
                "steps 1 and 2",
            ),
            rule(
                "Clients 3",
                "and once a majority has answered heartbeats sent after the read came",
                "roles/leader/reads.rs",
                "step 3:",
            ),
        ],
    ),
];
