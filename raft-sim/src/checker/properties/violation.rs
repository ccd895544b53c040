//! Violations: a property that does not hold, and its report.

use std::fmt;

use super::Property;
use crate::model::NodeId;
use crate::subject::Ended;

/// A property that does not hold, and how that was seen. Displayed with the paper's section:
/// `Election Safety (Figure 3, §5.2): S3 became leader of term 4, which S1 already leads`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The property that does not hold.
    pub property: Property,
    /// The server whose act showed it.
    pub server: NodeId,
    /// The observation that shows it, as a sentence that names the servers.
    pub detail: String,
}

/// The verdict of a checker on an observation.
pub(in crate::checker) type Verdict = Result<(), Violation>;

/// The alarm of a check after which the record can go on: without it, all would be as if the property had held. Where
/// they can't, the check makes a [`Violation`] itself.
#[cold]
pub(in crate::checker) fn violated(property: Property, server: NodeId, detail: String) -> Verdict {
    Err(Violation::new(property, server, detail))
}

impl Violation {
    /// The alarm, off the path of steps that raise none.
    #[cold]
    pub(in crate::checker) fn new(property: Property, server: NodeId, detail: String) -> Violation {
        Violation { property, server, detail }
    }

    /// A server panicked; `why` says with what, and where.
    #[cold]
    pub(in crate::checker) fn panicked(server: NodeId, why: &str) -> Violation {
        Violation::new(Property::NoPanic, server, format!("{server} {why}"))
    }

    /// A server went on after an exception that its implementation caught.
    #[cold]
    pub(in crate::checker) fn swallowed(server: NodeId, what: &str) -> Violation {
        let detail = format!("{server} swallowed an exception and went on: {what}");
        Violation::new(Property::NoPanic, server, detail)
    }

    /// A server ended by itself.
    #[cold]
    pub(in crate::checker) fn ended(server: NodeId, ended: &Ended) -> Violation {
        match ended {
            Ended::Panicked(why) => Violation::panicked(server, why),
            Ended::Crashed(why) => {
                Violation::new(Property::NoPanic, server, format!("{server} crashed: {why}"))
            }
            Ended::Stuck(how) => {
                Violation::new(Property::BoundedSteps, server, format!("{server} is stuck: {how}"))
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.property.title(), self.property.section(), self.detail)
    }
}

impl std::error::Error for Violation {}
