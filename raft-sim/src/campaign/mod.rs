//! Campaigns: many seeds and what they came to, kept small enough that any number of them fits, written down so that a
//! campaign can be taken up again, and joined with those of other machines.
//!
//! [`Options`] say which seeds are run and what is done with them, a [`Runner`] runs them, and a [`Sink`] hears what
//! comes of it: the command line, a file of [`Results`] and the tests of a crate are sinks.
//!
//! ```
//! use std::io;
//!
//! use raft_sim::campaign::{Finding, Header, Options, Runner, Sink};
//! use raft_sim::reference::Reference;
//!
//! /// Prints what is found, as it comes.
//! struct Print;
//!
//! impl Sink for Print {
//!     fn finding(&mut self, header: &Header, finding: &Finding) -> io::Result<()> {
//!         println!("{}: {}", finding.kind.title(), finding.detail);
//!         println!("to replay it: {}", header.replay(finding.seed));
//!         Ok(())
//!     }
//! }
//!
//! let options = Options { part: (0..20).into(), ..Options::default() };
//! let ended = Runner::new(options, &Reference).run(&mut Print)?;
//! assert_eq!(ended.campaign.sums.seeds, 20);
//! assert_eq!(ended.campaign.findings.distinct().count(), 0);
//! # Ok::<(), io::Error>(())
//! ```
//!
//! The results of a campaign are a function of its options and its implementation: its threads are not seen in them, and it
//! has no clock. A limit of time is the sink's, which may ask to stop.

mod caller;
mod findings;
mod header;
mod merge;
mod options;
mod part;
mod plans;
mod repeat;
mod results;
mod runner;
mod sink;
mod sums;
#[cfg(test)]
mod tests;

use crate::plan::Plan;
use crate::run::Outcome;

pub use caller::{Caller, quoted};
pub use findings::{CLOSELY, Finding, Findings, Kind};
pub use header::Header;
pub use merge::merge;
pub use options::{Limits, Options, SeedOptions};
pub use part::Part;
pub use results::{Loaded, Results, load, scenarios};
pub use runner::{Ended, Ending, Runner};
pub use sink::{Sink, Watch};
pub use sums::{Progress, Share, Sums};

/// The outcome of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum SeedOutcome {
    /// It ran to its end, or to a violation.
    Ran(Box<Outcome>),
    /// It ran twice, and not the same; this says where they parted.
    Differs(Box<Outcome>, String),
    /// A server did not boot; this says which, and why.
    NoBoot(String),
}

impl SeedOutcome {
    /// What is wrong, and how it was seen; `None` if all held.
    fn wrong(&self) -> Option<(Kind, String)> {
        match self {
            // Where runs differ, what either of them came to does not say much.
            SeedOutcome::Differs(_, why) => Some((Kind::NotRepeatable, why.clone())),
            SeedOutcome::NoBoot(why) => Some((Kind::NoBoot, why.clone())),
            SeedOutcome::Ran(outcome) => {
                let (_, violation) = outcome.violation.as_ref()?;
                Some((Kind::Violation(violation.property), violation.detail.clone()))
            }
        }
    }

    /// The outcome of its run, if it ran.
    fn run(&self) -> Option<&Outcome> {
        match self {
            SeedOutcome::Ran(outcome) | SeedOutcome::Differs(outcome, _) => Some(outcome),
            SeedOutcome::NoBoot(_) => None,
        }
    }
}

/// What is kept of a seed with which something is wrong.
#[derive(Debug)]
struct Kept {
    /// The scenario that it was shrunk to, if it was.
    scenario: Option<String>,
    /// The plan, if it is not that of the seed.
    plan: Option<Box<Plan>>,
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
    fn from(seed: u64) -> Campaign {
        Campaign { through: seed, ..Campaign::default() }
    }

    /// Takes in the next seed, with what is kept of it if something is wrong. Tells of a finding that there was
    /// none like before.
    fn take(&mut self, seed: u64, outcome: &SeedOutcome, kept: Kept) -> Option<&Finding> {
        self.through = seed.saturating_add(1);
        self.sums.add(seed, outcome.run());
        let (kind, detail) = outcome.wrong()?;
        let Kept { scenario, plan } = kept;
        let Sums { seeds: runs, steps, .. } = self.sums;
        self.findings.take(Finding { seed, kind, detail, scenario, runs, steps, plan })
    }
}
