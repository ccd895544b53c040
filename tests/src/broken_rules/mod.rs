//! Every rule of Figure 2, broken once: small edits of the reference core that somebody might make. The
//! program `broken-rules` makes each of them in a copy and asks the scenarios and the oracles what they
//! see; a suite that lets one pass in silence has a hole.

mod elections;
mod entries;
pub mod page;
mod state;

/// One edit that breaks a rule.
#[derive(Clone, Copy, Debug)]
pub struct BrokenRule {
    /// Its name, in small letters with dashes.
    pub id: &'static str,
    /// The rule, as the paper map names it; or the section, where Figure 2 is silent.
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

/// All of them, in the order of the page.
pub fn all() -> impl Iterator<Item = &'static BrokenRule> {
    [state::BROKEN, elections::BROKEN, entries::RECEIVER, entries::LEADER].into_iter().flatten()
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
