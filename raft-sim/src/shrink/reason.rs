//! Reasons why a finding has no scenario.

use std::fmt;

use crate::checker::Violation;
use crate::scenario::syntax::Header;

/// The reason why a finding stays a plan, as a clause: `its run has no end, which steps can't show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoScenario {
    /// A run without end can't be written as steps.
    Endless,
    /// The run of the smaller plan was not the same a second time.
    NotRepeated,
    /// As exact steps, without time, the run violates nothing, or something else first.
    Steps(Option<Box<Violation>>),
    /// There are more steps, this many, than a search can replay again and again, or than anybody reads.
    Long(usize),
    /// No statement waits for the progress that is missing.
    Progress,
    /// The steps show it, but the descriptions of their messages in the text select others.
    Text,
    /// There are more servers than a text can name.
    Servers,
}

impl fmt::Display for NoScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoScenario::Endless => f.write_str("its run has no end, which steps can't show"),
            NoScenario::NotRepeated => f.write_str("its run was not the same a second time"),
            NoScenario::Steps(None) => {
                f.write_str("as exact steps, without time between them, its run violates nothing")
            }
            NoScenario::Steps(Some(other)) => {
                write!(f, "as exact steps, without time between them, its run is another: {other}")
            }
            NoScenario::Long(steps) => {
                write!(
                    f,
                    "its run is too long to be written as exact steps, of which it has {steps}"
                )
            }
            NoScenario::Progress => f.write_str(
                "after exact steps the missing progress is made, or no statement waits for it",
            ),
            NoScenario::Text => f.write_str("its exact steps show it, but their text does not"),
            NoScenario::Servers => {
                write!(f, "it needs more than the {} servers of a scenario", Header::MOST_SERVERS)
            }
        }
    }
}
