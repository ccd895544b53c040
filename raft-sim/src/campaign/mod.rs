//! Campaigns: many seeds, their sums and their findings. Memory does not grow with the number of seeds. Results are
//! written to a file, so that a campaign can be resumed, and joined with those of other machines.
//!
//! [`Options`] give the seeds and what is done with each, a [`Runner`] runs them, and a [`Sink`] is notified of each
//! finding and batch. The command line, a file of [`Results`] and the tests of a crate are sinks.
//!
//! ```
//! use std::io;
//!
//! use raft_sim::campaign::{Finding, Header, Options, Runner, Sink};
//! use raft_sim::reference::Reference;
//!
//! /// Prints each finding at once.
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
//! The results of a campaign are a function of its options and its implementation. They do not depend on the number of
//! threads, and a campaign has no clock: a time limit belongs to the [`Watch`], which may end it. Findings are told before
//! they are shrunk, with their seeds and commands; their scenarios follow.

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
pub use findings::{Alike, CLOSELY, Finding, Findings, Kind};
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
    /// The seed ran to its end, or to a violation.
    Ran(Box<Outcome>),
    /// Two runs of the seed differ, with the first difference.
    Differs(Box<Outcome>, String),
    /// A server did not boot, with its name and the reason.
    NoBoot(String),
}

impl SeedOutcome {
    /// The kind of the finding and its evidence; `None` if all held.
    fn wrong(&self) -> Option<(Kind, String)> {
        match self {
            // Where runs differ, the outcome of either does not mean much.
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

/// The sums and findings of the seeds of a [`Part`] so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// All of the part's seeds before this one have been taken in.
    pub through: u64,
    /// The sums of these seeds.
    pub sums: Sums,
    /// Their findings.
    pub findings: Findings,
}

impl Campaign {
    /// A campaign that begins with this seed.
    fn from(seed: u64) -> Campaign {
        Campaign { through: seed, ..Campaign::default() }
    }

    /// Takes in the next seed, with its plan if that is not drawn from the seed. Returns its finding if there was none
    /// with its symptom before. `pending` is true for findings that are to be shrunk.
    fn take(
        &mut self,
        seed: u64,
        outcome: &SeedOutcome,
        plan: Option<Box<Plan>>,
        pending: impl Fn(Kind) -> bool,
    ) -> Option<&Finding> {
        self.through = seed.saturating_add(1);
        self.sums.add(seed, outcome.run());
        let (kind, detail) = outcome.wrong()?;
        let Sums { seeds: runs, steps, .. } = self.sums;
        let (scenario, note, pending) = (None, None, pending(kind));
        self.findings.take(Finding {
            seed,
            kind,
            detail,
            scenario,
            note,
            pending,
            runs,
            steps,
            plan,
        })
    }
}
