//! The dissertation's chapters 3 to 6, and sections 9.6 and 10.2, and where each is here.

/// A section of the dissertation.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its number: `3.10`. A scenario's `paper` line names it `diss. §3.10`.
    pub number: &'static str,
    /// What it is about, in short.
    pub says: &'static str,
    /// Where it is here.
    pub place: Where,
}

/// Where a section of the dissertation is here.
#[derive(Clone, Copy, Debug)]
pub enum Where {
    /// It says what the paper says: these folders of scenarios.
    Paper(&'static [&'static str]),
    /// In this file of the core, and in the scenarios that name it.
    Core(&'static str),
    /// Not in the core, for this reason.
    Outside(&'static str),
}

const fn section(number: &'static str, says: &'static str, place: Where) -> Section {
    Section { number, says, place }
}

/// All of them.
pub const SECTIONS: &[Section] = &[
    section("3.3", "terms, roles and the two RPCs", Where::Paper(&["5.1-terms"])),
    section("3.4", "leader election", Where::Paper(&["5.2-election"])),
    section("3.5", "log replication", Where::Paper(&["5.3-replication"])),
    section(
        "3.6",
        "safety: who may be elected, what counting replicas commits, the argument",
        Where::Paper(&["5.4.1-restriction", "5.4.2-commit", "5.4.3-safety"]),
    ),
    section("3.7", "crashes of followers and candidates", Where::Paper(&["5.5-crashes"])),
    section("3.8", "what is durable, and restarts", Where::Paper(&["5.5-crashes"])),
    section("3.9", "timing and availability", Where::Paper(&["5.6-timing"])),
    section("3.10", "handing leadership over", Where::Core("roles/leader/handover.rs")),
    section(
        "4.1",
        "one server at a time; when a change may begin, and when it is in force",
        Where::Core("roles/leader/change.rs"),
    ),
    section(
        "4.2.1",
        "new servers catch up, in rounds, without a vote",
        Where::Core("roles/leader/change.rs"),
    ),
    section("4.2.2", "removing the leader", Where::Core("roles/leader/change.rs")),
    section("4.2.3", "servers that disturb", Where::Core("node/receive.rs")),
    section(
        "4.2.4",
        "why the cluster stays available",
        Where::Outside("an argument, not a rule: what it rests on is 4.2.1 to 4.2.3"),
    ),
    section("4.3", "any change at once: joint consensus", Where::Core("roles/leader/change.rs")),
    section(
        "4.4",
        "how a system uses it: bootstrapping, replacing servers",
        Where::Core("node/boot.rs"),
    ),
    section("5.1", "snapshots of a state machine in memory", Where::Core("state.rs")),
    section(
        "5.1.1",
        "taking snapshots while the state machine goes on",
        Where::Outside(
            "the host's: a snapshot may be of any applied entry, later ones may be applied",
        ),
    ),
    section(
        "5.1.2",
        "when to take a snapshot",
        Where::Outside("the host's: the core discards its log when it is told to"),
    ),
    section(
        "5.1.3",
        "saving, loading and sending",
        Where::Outside("saving and loading are the host's; sending is Figure 13"),
    ),
    section(
        "5.2",
        "state machines on disk",
        Where::Outside("the host's: `Boot::applied` tells how far it is"),
    ),
    section(
        "5.3",
        "incremental cleaning of the log",
        Where::Outside("another way to compact, which the core does not have"),
    ),
    section(
        "5.4",
        "snapshots by the leader alone",
        Where::Outside("another way to compact, which the core does not have"),
    ),
    section("6.1", "finding the cluster", Where::Outside("the host's and the client's")),
    section(
        "6.2",
        "sending requests to the leader; leaders that lost their quorum step down",
        Where::Core("roles/leader/reads.rs"),
    ),
    section("6.3", "linearizable semantics: sessions", Where::Core("sessions.rs")),
    section("6.4", "reads without the log", Where::Core("roles/leader/reads.rs")),
    section("6.4.1", "reads by clocks: leases", Where::Core("roles/leader/reads.rs")),
    section("9.6", "servers that rejoin: PreVote", Where::Core("roles/candidate.rs")),
    section("10.2", "state machines that take their time", Where::Core("state.rs")),
    section(
        "10.2.1",
        "the leader's disk in parallel with the followers'",
        Where::Core("output.rs"),
    ),
    section("10.2.2", "batching and pipelining", Where::Core("progress.rs")),
];
