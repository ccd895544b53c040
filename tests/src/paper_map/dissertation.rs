//! The places of the dissertation's sections in this repository.

/// The place of a section of the dissertation.
#[derive(Clone, Copy, Debug)]
pub enum Where {
    /// Folders of scenarios: the section says what the paper says.
    Paper(&'static [&'static str]),
    /// A file of the core, and the scenarios that name the section.
    Core(&'static str),
    /// None in the core, for this reason.
    Outside(&'static str),
}

/// All sections of [`DISSERTATION`](raft_sim::scenario::paper::DISSERTATION), in the same order.
pub const PLACES: [(&str, Where); 31] = [
    ("diss. §3.3", Where::Paper(&["5.1-terms"])),
    ("diss. §3.4", Where::Paper(&["5.2-election"])),
    ("diss. §3.5", Where::Paper(&["5.3-replication"])),
    ("diss. §3.6", Where::Paper(&["5.4.1-restriction", "5.4.2-commit", "5.4.3-safety"])),
    ("diss. §3.7", Where::Paper(&["5.5-crashes"])),
    ("diss. §3.8", Where::Paper(&["5.5-crashes"])),
    ("diss. §3.9", Where::Paper(&["5.6-timing"])),
    ("diss. §3.10", Where::Core("roles/leader/handover.rs")),
    ("diss. §4.1", Where::Core("roles/leader/change.rs")),
    ("diss. §4.2.1", Where::Core("roles/leader/change.rs")),
    ("diss. §4.2.2", Where::Core("roles/leader/change.rs")),
    ("diss. §4.2.3", Where::Core("node/receive.rs")),
    ("diss. §4.2.4", Where::Outside("an argument, not a rule: it rests on 4.2.1 to 4.2.3")),
    ("diss. §4.3", Where::Core("roles/leader/change.rs")),
    ("diss. §4.4", Where::Core("node/boot.rs")),
    ("diss. §5.1", Where::Core("state.rs")),
    (
        "diss. §5.1.1",
        Where::Outside(
            "the host's: a snapshot may be of any applied entry, later ones may be applied",
        ),
    ),
    (
        "diss. §5.1.2",
        Where::Outside("the host's: the core discards its log when the host asks for it"),
    ),
    ("diss. §5.1.3", Where::Outside("saving and loading are the host's; sending is Figure 13")),
    ("diss. §5.2", Where::Outside("the host's: `Boot::applied` is the last index it has applied")),
    ("diss. §5.3", Where::Outside("another way to compact, which the core does not have")),
    ("diss. §5.4", Where::Outside("another way to compact, which the core does not have")),
    ("diss. §6.1", Where::Outside("the host's and the client's")),
    ("diss. §6.2", Where::Core("roles/leader/rounds.rs")),
    ("diss. §6.3", Where::Core("sessions.rs")),
    ("diss. §6.4", Where::Core("roles/leader/reads.rs")),
    ("diss. §6.4.1", Where::Core("roles/leader/reads.rs")),
    ("diss. §9.6", Where::Core("roles/candidate.rs")),
    ("diss. §10.2", Where::Core("state.rs")),
    ("diss. §10.2.1", Where::Core("output.rs")),
    ("diss. §10.2.2", Where::Core("progress.rs")),
];
