//! What is made smaller: a cluster and the steps in it.

use crate::scenario::replay::Move;
use crate::scenario::syntax::Scenario;

/// A cluster and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    /// The cluster: a scenario of which only the header counts.
    pub scenario: Scenario,
    /// What happens.
    pub moves: Vec<Move>,
}
