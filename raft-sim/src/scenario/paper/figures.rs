//! The rules and figures of the paper, by name.

use super::{Item, item};

/// Everything in Figures 2 to 4 and 6 to 13, and in the rules of §6 and §8, that a scenario can be about, under
/// its heading.
pub const FIGURES: [(&str, &[Item]); 10] = [
    (
        "Figure 2: state",
        &[item(
            "Figure 2 State",
            "currentTerm, votedFor and log[] are durable; commitIndex and lastApplied are not",
        )],
    ),
    (
        "Figure 2: AppendEntries RPC, receiver",
        &[
            item("Figure 2 AppendEntries 1", "refuse an older term"),
            item(
                "Figure 2 AppendEntries 2",
                "refuse if the entry at prevLogIndex is missing or of another term",
            ),
            item(
                "Figure 2 AppendEntries 3",
                "delete what conflicts with a new entry, and all behind it",
            ),
            item("Figure 2 AppendEntries 4", "append what is new"),
            item(
                "Figure 2 AppendEntries 5",
                "commitIndex = min(leaderCommit, index of last new entry)",
            ),
        ],
    ),
    (
        "Figure 2: RequestVote RPC, receiver",
        &[
            item("Figure 2 RequestVote 1", "refuse an older term"),
            item(
                "Figure 2 RequestVote 2",
                "grant one vote a term, to a candidate whose log is up-to-date",
            ),
        ],
    ),
    (
        "Figure 2: rules for servers",
        &[
            item("Figure 2 Servers 1", "apply what is committed, in order"),
            item("Figure 2 Servers 2", "a higher term is adopted, and the server becomes follower"),
            item("Figure 2 Followers 1", "answer candidates and leaders"),
            item(
                "Figure 2 Followers 2",
                "an election timeout without a leader or a vote given: become candidate",
            ),
            item(
                "Figure 2 Candidates 1",
                "start an election: new term, own vote, new timer, RequestVote to all",
            ),
            item("Figure 2 Candidates 2", "votes of a majority: become leader"),
            item("Figure 2 Candidates 3", "AppendEntries of a new leader: become follower"),
            item("Figure 2 Candidates 4", "an election timeout: start a new election"),
            item("Figure 2 Leaders 1", "heartbeats at once and while idle"),
            item("Figure 2 Leaders 2", "append a client's command, answer when it is applied"),
            item(
                "Figure 2 Leaders 3",
                "send from nextIndex; forward on success, back on a refusal",
            ),
            item("Figure 2 Leaders 4", "commit what a majority has, if it is of the own term"),
        ],
    ),
    (
        "Figure 3: properties",
        &[
            item("Figure 3 Election Safety", "at most one leader a term"),
            item("Figure 3 Leader Append-Only", "a leader only appends to its log"),
            item(
                "Figure 3 Log Matching",
                "the same index and term: the same entry and the same past",
            ),
            item(
                "Figure 3 Leader Completeness",
                "what is committed is in the logs of all later leaders",
            ),
            item(
                "Figure 3 State Machine Safety",
                "no two servers apply different entries at an index",
            ),
        ],
    ),
    ("Figure 4: roles", &[item("Figure 4", "how servers change between roles")]),
    (
        "Figures 6 to 9",
        &[
            item("Figure 6", "logs as sequences of entries with terms; what is committed"),
            item("Figure 7", "how logs may differ when a leader comes to power"),
            item("Figure 7 (a)", "a follower without the last entry"),
            item("Figure 7 (b)", "a follower without several"),
            item("Figure 7 (c)", "a follower with one more, of the last term"),
            item("Figure 7 (d)", "a follower with two more, of a later term"),
            item("Figure 7 (e)", "a follower that lacks some and has others"),
            item("Figure 7 (f)", "a follower with the entries of two forgotten leaders"),
            item("Figure 8", "why counting replicas of an old term's entry does not commit it"),
            item("Figure 9", "why a later leader has what an earlier one committed"),
        ],
    ),
    (
        "§6: changes of the configuration",
        &[
            item(
                "Joint 1",
                "a configuration is in force as soon as it is in a log, and goes with it",
            ),
            item("Joint 2", "in C_old,new elections and commitment need a majority of both"),
            item("Joint 3", "once C_old,new is committed, the leader of then appends C_new"),
            item(
                "Joint 4",
                "a leader outside C_new does not count itself, and steps down once it is committed",
            ),
            item("Joint 5", "new servers receive the log before they are counted"),
            item("Joint 6", "requests for votes are disregarded while there is a leader"),
            item("Figure 10", "why a switch from one configuration to another is unsafe"),
            item("Figure 11", "C_old, C_old,new, C_new: when each can decide"),
        ],
    ),
    (
        "§7: snapshots",
        &[
            item(
                "Figure 12",
                "a snapshot in place of the committed entries, with index, term and configuration",
            ),
            item(
                "Figure 13 Sender",
                "a follower whose next entry is discarded is sent the snapshot, part by part",
            ),
            item("Figure 13 InstallSnapshot 1", "refuse an older term"),
            item("Figure 13 InstallSnapshot 2", "begin anew with the first part"),
            item("Figure 13 InstallSnapshot 3", "put each part where it belongs"),
            item("Figure 13 InstallSnapshot 4", "answer, and wait for the rest"),
            item("Figure 13 InstallSnapshot 5", "drop a partial snapshot that ends earlier"),
            item(
                "Figure 13 InstallSnapshot 6",
                "a log that has the last entry keeps what follows it",
            ),
            item("Figure 13 InstallSnapshot 7", "another log is dropped as a whole"),
            item(
                "Figure 13 InstallSnapshot 8",
                "the state machine and the configuration are those of the snapshot",
            ),
        ],
    ),
    (
        "§8: clients",
        &[
            item("Clients 1", "a command under the same serial number is executed once"),
            item("Clients 2", "a leader reads once an entry of its term is committed"),
            item(
                "Clients 3",
                "and once a majority has answered heartbeats sent after the read came",
            ),
        ],
    ),
];
