//! A case that is made smaller: a cluster and its steps.

use crate::scenario::replay::Move;
use crate::scenario::syntax::Scenario;

/// A cluster and its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    /// The cluster: a scenario of which only the header counts.
    pub scenario: Scenario,
    /// The steps.
    pub moves: Vec<Move>,
}
