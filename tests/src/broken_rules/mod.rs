//! Every rule that the reference core has, broken by small edits that could be slips. The program `broken-rules` makes
//! them in a copy and records which scenarios and checkers notice; a suite that does not notice one has a hole. Where
//! another table has an edit (a mutant of one operator or condition, a bug of the zoo) it is not here, too, unless no
//! other breaks the rule.

mod clients;
mod elections;
mod entries;
mod leadership;
mod membership;
pub mod page;
mod performance;
pub mod row;
mod snapshots;
mod state;

use std::time::Duration;

use row::{CAMPAIGNS, Campaign, Row, SEEDS, base};

use crate::evidence::load;
use crate::workshop::{Bound, Edit, Program, Switch, Variant, Workshop};

/// The bounds of a campaign.
const BOUND: Bound = Bound { seeds: SEEDS, steps: 100_000_000, patience: Duration::from_secs(180) };

/// The file of the results, a line for each broken rule, from the root of the repository.
pub const DATA: &str = "tests/data/broken-rules.jsonl";

/// The page made of them.
pub const PAGE: &str = "docs/broken-rules.md";

/// One edit that breaks a rule.
#[derive(Clone, Copy, Debug)]
pub struct BrokenRule {
    /// Its name, in small letters with dashes.
    pub id: &'static str,
    /// The rule, as the paper map names it, or a section of the dissertation (`diss. §3.10`); or a section of the
    /// paper (`§8`), for a rule without a name.
    pub rule: &'static str,
    /// The behaviour of the server in breach of the rule.
    pub what: &'static str,
    /// The file, below `raft-core/src`.
    pub file: &'static str,
    /// The text to replace, which occurs there exactly once.
    pub find: &'static str,
    /// The replacement.
    pub replace: &'static str,
    /// The reason why no campaign finds it, if none does.
    pub silent: Option<&'static str>,
}

impl BrokenRule {
    /// Marks it as found by no campaign, with the reason.
    const fn unseen(self, why: &'static str) -> BrokenRule {
        BrokenRule { silent: Some(why), ..self }
    }
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

/// All broken rules, in the order of the page.
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

/// Builds a copy with these broken rules.
///
/// # Errors
/// An edit that does not fit or does not build, or a scenario that fails although nothing is broken.
pub fn workshop(
    name: &str,
    rules: &[&BrokenRule],
    suite: &[(String, String)],
) -> Result<Workshop, String> {
    let variants = rules.iter().map(|rule| rule.variant()).collect::<Result<_, String>>()?;
    let workshop = Workshop::open(name, variants)?;
    workshop.program(&[]).check(suite)?;
    Ok(workshop)
}

impl BrokenRule {
    /// The variant of the program that breaks it.
    ///
    /// # Errors
    /// An edit that does not fit.
    pub fn variant(&self) -> Result<Variant, String> {
        let BrokenRule { find, replace, .. } = *self;
        let file = format!("raft-core/src/{}", self.file);
        Variant::new(self.id, Switch::Planted, &[Edit { file: &file, find, replace }], &[])
    }

    /// Returns what notices the broken rule.
    ///
    /// # Errors
    /// A program that fails.
    pub fn broken_in(
        &self,
        workshop: &Workshop,
        suite: &[(String, String)],
    ) -> Result<Row, String> {
        let row = self.row(&workshop.program(&[self.id]), suite);
        row.map_err(|error| format!("{}: {error}", self.id))
    }

    fn row(&self, program: &Program, suite: &[(String, String)]) -> Result<Row, String> {
        let scenarios = program.failed(suite, self.rule)?;
        let campaign = |number| program.hunt(base(number), BOUND, &[]).map(Into::into);
        let campaigns = (0..CAMPAIGNS).map(campaign).collect::<Result<Vec<Campaign>, String>>()?;
        let first = campaigns.iter().find_map(|campaign| match campaign {
            Campaign::Found { seed, .. } => Some(*seed),
            Campaign::Nothing | Campaign::Stopped => None,
        });
        let shrunk = first.map_or(Ok(None), |seed| program.shrunk(seed, &[]))?;
        Ok(Row { id: self.id.to_owned(), scenarios, campaigns, shrunk })
    }
}

/// The recorded results.
///
/// # Errors
/// A file that can't be read, or a line that is not a result.
pub fn rows() -> Result<Vec<Row>, String> {
    load(DATA)
}
