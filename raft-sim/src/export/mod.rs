//! The observations of a run in formats that other programs read.
//!
//! JSON lines ([`lines`]) have everything, and can be read back. A [`chrome`] trace is opened by Perfetto or a Chromium, and
//! [`shiviz`] draws happened-before. Each is a fold over the same observations: `docs/exports.md` describes the formats.

pub mod chrome;
pub mod lines;
pub mod shiviz;

use serde::{Deserialize, Serialize};

use crate::checker::Violation;
use crate::model::NodeId;

/// The headings of an exported run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its name: `seed 42`, or the title of a scenario.
    pub name: String,
    /// The implementation of its servers.
    pub subject: String,
    /// The number of servers, S1 to Sn.
    pub servers: u32,
    /// The kinds of its faults, in the order of the plan.
    pub faults: Vec<String>,
}

/// The end of an exported run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The verdict, in one sentence.
    pub verdict: String,
    /// The property that was violated, by its name.
    pub property: Option<String>,
    /// The server that showed it.
    pub server: Option<NodeId>,
}

impl End {
    /// The end of a run in which everything held, or that was not judged, with this verdict.
    #[must_use]
    pub fn without_violation(verdict: String) -> End {
        End { verdict, property: None, server: None }
    }

    /// The end of a run with a violation.
    #[must_use]
    pub fn violated(violation: &Violation) -> End {
        End {
            verdict: violation.to_string(),
            property: Some(violation.property.name().to_owned()),
            server: Some(violation.server),
        }
    }
}
