//! The paper map: which files are about which rule and figure of the paper, and where the reference core
//! has the rule. Made from the `paper` lines of the scenarios; the suite checks that it is complete.

use std::fmt::Write as _;

use raft_sim::scenario::syntax::Scenario;

/// One rule, property or figure of the paper.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// How a scenario's `paper` line names it.
    pub name: &'static str,
    /// What it says, in short.
    pub says: &'static str,
    /// Where the core has it: a file below `raft-core/src` and words that stand there. Figures and
    /// properties follow from rules: they stand nowhere.
    pub core: Option<(&'static str, &'static str)>,
}

const fn rule(
    name: &'static str,
    says: &'static str,
    file: &'static str,
    words: &'static str,
) -> Item {
    Item { name, says, core: Some((file, words)) }
}

const fn figure(name: &'static str, says: &'static str) -> Item {
    Item { name, says, core: None }
}

/// Everything in Figures 2 to 4 and 6 to 9 that a scenario can be about, under its heading.
pub const ITEMS: [(&str, &[Item]); 7] = [
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
                "node.rs",
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
            rule("Figure 2 Servers 1", "apply what is committed, in order", "node.rs", "fn finish"),
            rule(
                "Figure 2 Servers 2",
                "a higher term is adopted, and the server becomes follower",
                "node.rs",
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
                "node.rs",
                "fn append_entries",
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
                "roles/leader.rs",
                "fn tick",
            ),
            rule(
                "Figure 2 Leaders 2",
                "append a client's command, answer when it is applied",
                "roles/leader.rs",
                "fn propose",
            ),
            rule(
                "Figure 2 Leaders 3",
                "send from nextIndex; forward on success, back on a refusal",
                "roles/leader.rs",
                "fn replicate",
            ),
            rule(
                "Figure 2 Leaders 4",
                "commit what a majority has, if it is of the own term",
                "roles/leader.rs",
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
];

/// Cases that small public implementations test, restated for any implementation, and the scenarios that
/// have them; by their paths below `scenarios/`, without the ending.
pub const CASES: [(&str, &[&str]); 13] = [
    (
        "an append to an empty log; one behind a gap; one whose predecessor has another term",
        &[
            "5.3-replication/log-grows-without-gaps",
            "5.3-replication/other-term-before-the-new-entries-is-refused",
        ],
    ),
    (
        "the first of three entries sent again; a conflicting entry at the first index",
        &[
            "5.3-replication/old-append-does-not-truncate",
            "5.3-replication/conflict-at-the-first-entry",
        ],
    ),
    (
        "the second of three entries alone, with a leaderCommit beyond it",
        &["5.3-replication/commit-covers-only-what-the-request-verified"],
    ),
    (
        "a refusal moves one server's nextIndex; an acknowledgement sets matchIndex and nextIndex; \
         neither means anything to a server that does not lead",
        &[
            "5.3-replication/rejection-is-about-one-follower",
            "5.3-replication/prev-is-the-entry-before-the-new-ones",
            "5.3-replication/late-acknowledgement-takes-nothing-back",
            "5.3-replication/replies-are-for-leaders",
        ],
    ),
    (
        "AppendEntries of an older, the same and a higher term",
        &["5.3-replication/append-entries-of-three-terms", "5.1-terms/stale-append-entries"],
    ),
    (
        "a vote that arrives twice; one that reaches a server that is no candidate",
        &[
            "5.2-election/duplicate-vote-counts-once",
            "5.2-election/vote-reaching-a-leader",
            "5.2-election/vote-reaching-a-follower",
        ],
    ),
    (
        "replication into an empty, a complete, a partial and a diverging log",
        &["5.3-replication/logs-of-four-kinds-converge"],
    ),
    (
        "what a leader sends to a follower that has everything, or lacks one entry; others send nothing",
        &[
            "5.3-replication/caught-up-follower-gets-heartbeats",
            "5.3-replication/follower-behind-by-one-gets-that-entry",
        ],
    ),
    (
        "each committed entry is applied once, in order",
        &["5.4.3-safety/entries-are-applied-once-and-in-order"],
    ),
    (
        "commands that enter at several servers of clusters of 1 to 6 and 8 are applied in one order",
        &["5.4.3-safety/same-order-on-1-server", "5.4.3-safety/same-order-on-8-servers"],
    ),
    (
        "majorities of clusters of every size (0, 10 and 11 in a unit test of the core)",
        &["5.2-election/majority-of-four", "5.3-replication/majority-of-4"],
    ),
    (
        "six servers with two votes for each candidate; two against four of seven; a split vote tried again",
        &[
            "5.2-election/three-candidates-with-two-votes-each",
            "5.2-election/two-votes-against-four-of-seven",
            "5.2-election/split-vote-is-retried",
        ],
    ),
    (
        "a proposal that is cut off is answered with a failure",
        &["5.3-replication/truncated-proposal-is-answered-with-a-failure"],
    ),
];

/// What a scenario says it is about: the items of its `paper` line after the section.
pub fn about(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.header.paper.split(',').map(str::trim).filter(|item| !item.starts_with('§'))
}

/// The page.
#[must_use]
pub fn render(scenarios: &[(String, Scenario)]) -> String {
    let mut page = String::from(
        "# Paper map\n\n\
         Which scenarios are about which rule and figure of the extended Raft paper, and where the \
         reference core has the\nrule. Made from the files' `paper` lines by \
         `cargo run -p raft-tests --bin paper-map > docs/paper-map.md`; `cargo test`\nfails if it is out of \
         date, or if a line has no file.\n",
    );
    for (heading, items) in ITEMS {
        let _ = write!(
            page,
            "\n## {heading}\n\n| | what | in the core | scenarios |\n|---|---|---|---|\n"
        );
        for item in items {
            let core = item.core.map_or(String::new(), |(file, words)| {
                let words = words.trim_end_matches(':');
                format!("[`{file}`](../raft-core/src/{file}): {words}")
            });
            let name = item.name.trim_start_matches("Figure 2 ").trim_start_matches("Figure 3 ");
            let files: Vec<String> = scenarios
                .iter()
                .filter(|(_, scenario)| about(scenario).any(|about| about == item.name))
                .map(|(path, _)| {
                    let short = path.trim_start_matches("scenarios/").trim_end_matches(".raft");
                    format!("[{short}](../{path})")
                })
                .collect();
            let _ = writeln!(page, "| {name} | {} | {core} | {} |", item.says, files.join("<br>"));
        }
    }
    page.push_str(
        "\n## Cases that small implementations test\n\n| case | scenarios |\n|---|---|\n",
    );
    for (case, files) in CASES {
        let links = files.iter().map(|file| format!("[{file}](../scenarios/{file}.raft)"));
        let _ = writeln!(page, "| {case} | {} |", links.collect::<Vec<_>>().join("<br>"));
    }
    page
}
