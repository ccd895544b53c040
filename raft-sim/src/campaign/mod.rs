//! Many seeds: what they came to, kept small enough that any number of them fits, written down so that a campaign
//! can be taken up again, and joined with those of other machines.
//!
//! A [`Campaign`] is told of its seeds in their order and is a function of what they came to. It has no threads and
//! no clock, runs nothing and prints nothing: the command line does.

mod caller;
mod findings;
mod merge;
mod part;
mod repeat;
mod results;
mod sums;

use crate::plan::Plan;
use crate::run::Outcome;

pub use caller::{Caller, quoted};
pub use findings::{CLOSELY, Finding, Findings, Kind};
pub use merge::merge;
pub use part::Part;
pub use repeat::{repeat, repeats};
pub use results::{Header, Loaded, Results, load, scenarios};
pub use sums::{Progress, Share, Sums};

/// What a seed came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It ran to its end, or to a violation.
    Ran(Box<Outcome>),
    /// It ran twice, and not the same; this says where they parted.
    Differs(Box<Outcome>, String),
    /// A server did not boot; this says which, and why.
    NoBoot(String),
}

impl Came {
    /// What is wrong, and how it was seen; `None` if all held.
    #[must_use]
    pub fn wrong(&self) -> Option<(Kind, String)> {
        match self {
            // Where runs differ, what either of them came to does not say much.
            Came::Differs(_, why) => Some((Kind::NotRepeatable, why.clone())),
            Came::NoBoot(why) => Some((Kind::NoBoot, why.clone())),
            Came::Ran(outcome) => {
                let (_, violation) = outcome.violation.as_ref()?;
                Some((Kind::Violation(violation.property), violation.detail.clone()))
            }
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        match self {
            Came::Ran(outcome) | Came::Differs(outcome, _) => Some(outcome),
            Came::NoBoot(_) => None,
        }
    }
}

/// What is kept of a seed with which something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The scenario that it was shrunk to, if it was.
    pub scenario: Option<String>,
    /// The plan, if it is not that of the seed.
    pub plan: Option<Box<Plan>>,
}

/// What the seeds of a [`Part`] came to so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// All of the part's seeds before this one have been taken in.
    pub through: u64,
    /// Their numbers.
    pub sums: Sums,
    /// What was found.
    pub findings: Findings,
}

impl Campaign {
    /// One that begins with this seed.
    #[must_use]
    pub fn from(seed: u64) -> Campaign {
        Campaign { through: seed, ..Campaign::default() }
    }

    /// Takes in the next seed, with what is kept of it if something is wrong. Tells of a finding that there was
    /// none like before.
    pub fn take(&mut self, seed: u64, came: &Came, kept: Kept) -> Option<&Finding> {
        self.through = seed.saturating_add(1);
        self.sums.add(seed, came.outcome());
        let (kind, detail) = came.wrong()?;
        let Kept { scenario, plan } = kept;
        let Sums { seeds: runs, steps, .. } = self.sums;
        self.findings.take(Finding { seed, kind, detail, scenario, runs, steps, plan })
    }
}
