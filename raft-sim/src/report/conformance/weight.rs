//! The weight of a cause: its heading, and the verdict and the exit code that it leads to.

use serde::Serialize;

use crate::checker::Class;
use crate::report::End;

/// The weight of a cause, the heaviest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Two runs of the same seed differ: other findings may not replay.
    Repeatability,
    /// A safety property is violated.
    Safety,
    /// A server does not boot.
    Boot,
    /// A liveness obligation was not met in time.
    Progress,
    /// In a situation of the paper the outcome is not the one that the paper gives.
    Scenarios,
    /// A subject that claims to keep the rules of Figures 2 and 13 to the letter breaks one.
    #[serde(rename = "conduct")]
    Rules,
    /// A scenario file can't be used.
    Files,
    /// A scenario could not be set up: a statement could not be carried out. That is no failure.
    SetUp,
}

impl Weight {
    /// The heading of the causes of this weight.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Weight::Repeatability => "Not repeatable",
            Weight::Safety => "Safety",
            Weight::Boot => "Boot",
            Weight::Progress => "Progress",
            Weight::Scenarios => "Situations of the paper",
            Weight::Rules => "Rules",
            Weight::Files => "Unusable files",
            Weight::SetUp => "Could not be set up",
        }
    }

    /// The verdict on a subject whose gravest cause has this weight.
    pub(super) fn verdict(self) -> &'static str {
        match self {
            Weight::Repeatability => "is not repeatable",
            Weight::Safety => "violates safety",
            Weight::Boot => "does not boot",
            Weight::Progress => "does not make progress",
            Weight::Scenarios => "departs from the paper",
            Weight::Rules => "breaks rules of the paper",
            Weight::Files => "was not tested on everything",
            Weight::SetUp => "conforms where it could be set up",
        }
    }

    /// The end of the program if a cause has this weight.
    pub(super) fn end(self) -> End {
        match self {
            Weight::Repeatability => End::Unrepeatable,
            Weight::Safety | Weight::Boot | Weight::Scenarios | Weight::Rules => End::Violated,
            Weight::Progress => End::Stuck,
            Weight::Files => End::Unusable,
            Weight::SetUp => End::Held,
        }
    }

    /// The weight of a violation of a property of this class.
    pub(super) fn of(class: Class) -> Weight {
        match class {
            Class::Safety => Weight::Safety,
            Class::Rules => Weight::Rules,
            Class::Liveness => Weight::Progress,
        }
    }
}
