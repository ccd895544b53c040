//! Cases that small implementations test, and the scenarios that have them.

/// Cases that small public implementations test, restated for any implementation, and the scenarios that have them,
/// by path below `scenarios/` without the extension.
pub const CASES: [(&str, &[&str]); 14] = [
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
            "5.3-replication/refusal-that-arrives-twice",
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
        "messages of a leader to a follower that has everything, or lacks one entry; others send nothing",
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
    (
        "a configuration is in force where it is appended; a server outside it stops only when it is committed",
        &[
            "6-membership/smaller-configuration-decides-on-its-own-commitment",
            "6-membership/leader-outside-c-new-leads-until-it-is-committed",
            "6-membership/server-outside-an-uncommitted-configuration-still-stands",
        ],
    ),
];
