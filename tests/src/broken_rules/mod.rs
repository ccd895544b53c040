//! Every rule that the reference core has, broken once: small edits that somebody might make. The program
//! `broken-rules` makes each of them in a copy and asks the scenarios and the oracles what they see; a suite
//! that lets one pass in silence has a hole.

mod clients;
mod elections;
mod entries;
mod leadership;
mod membership;
pub mod page;
mod performance;
mod snapshots;
mod state;

/// One edit that breaks a rule.
#[derive(Clone, Copy, Debug)]
pub struct BrokenRule {
    /// Its name, in small letters with dashes.
    pub id: &'static str,
    /// The rule, as the paper map names it, or a section of the dissertation (`diss. §3.10`); or one of the
    /// paper (`§8`), for what has no name there.
    pub rule: &'static str,
    /// What the server does, against the rule.
    pub what: &'static str,
    /// The file, below `raft-core/src`.
    pub file: &'static str,
    /// What stands there, exactly once.
    pub find: &'static str,
    /// What stands there instead.
    pub replace: &'static str,
    /// Why nobody notices, if nobody can.
    pub silent: Option<&'static str>,
}

const TABLES: &[&[BrokenRule]] = &[
    state::BROKEN,
    elections::BROKEN,
    entries::RECEIVER,
    entries::LEADER,
    membership::BROKEN,
    snapshots::COMPACTION,
    snapshots::RECEIVER,
    snapshots::SENDER,
    clients::SESSIONS,
    clients::READS,
    leadership::TRANSFER,
    leadership::PRE_VOTE,
    leadership::CHECK_QUORUM,
    performance::BROKEN,
];

/// All of them, in the order of the page.
pub fn all() -> impl Iterator<Item = &'static BrokenRule> {
    TABLES.iter().copied().flatten()
}

/// An edit that is noticed.
const fn broken(
    id: &'static str,
    rule: &'static str,
    what: &'static str,
    file: &'static str,
    [find, replace]: [&'static str; 2],
) -> BrokenRule {
    BrokenRule { id, rule, what, file, find, replace, silent: None }
}
