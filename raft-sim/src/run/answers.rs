//! The observations that a run needs itself: answers to clients, servers that died at a write, and the outcomes of
//! power losses.

use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Answer, Request};
use crate::time::Micros;

/// Observations that have not been handled yet.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Answers, each with the server that gave it.
    pub(super) answers: Vec<(NodeId, Request, Answer)>,
    /// The number of steps so far.
    pub(super) steps: u64,
    /// Servers that died at a write.
    pub(super) died: Vec<NodeId>,
    /// The number of pending writes that survived a power loss: as a whole, and torn.
    pub(super) saved: (u64, u64),
}

impl Observer for Answers {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    #[inline(always)]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Step { .. } => self.steps += 1,
            Observation::Answered { server, request, answer } => {
                self.answers.push((*server, *request, *answer));
            }
            Observation::Crashed { server, survived, torn, at_write, .. } => {
                self.saved.0 += *survived as u64;
                self.saved.1 += u64::from(torn.is_some());
                if *at_write {
                    self.died.push(*server);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
