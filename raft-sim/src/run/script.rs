//! Actions of one's own in the run of a plan.

use serde::{Deserialize, Serialize};

use crate::action::Action;

/// Actions that are carried out in the run of a plan beside its own. Actions are counted from 0, in the order in which they are
/// carried out, these included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The actions, each with its number, in the order of their numbers. One whose number the run does not reach is carried out
    /// at its end, unless a violation ended it.
    pub injected: Vec<(u64, Action)>,
    /// The number of an action, and a seed: from that action on chance is drawn anew ([`World::draw_anew`]).
    ///
    /// [`World::draw_anew`]: crate::world::World::draw_anew
    pub anew: Option<(u64, u64)>,
}

impl Script {
    /// The number of the first thing to do from this action on; the end of time if there is none.
    pub(super) fn next(&self, from: u64) -> u64 {
        let injected = self.injected.iter().map(|(number, _)| *number);
        let numbers = injected.chain(self.anew.map(|(number, _)| number));
        numbers.filter(|number| *number >= from).min().unwrap_or(u64::MAX)
    }
}
