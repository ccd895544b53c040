//! What a run itself has to know of what happens: answers to clients, servers that died of a write, and what power losses
//! left.

use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::subject::{Answer, Request};
use crate::time::Micros;

/// What was observed and not been dealt with yet.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Answers, each with the server that gave it.
    pub(super) answers: Vec<(NodeId, Request, Answer)>,
    /// How many steps there were.
    pub(super) steps: u64,
    /// Servers that died of a write.
    pub(super) died: Vec<NodeId>,
    /// How many writes that were not durable have survived a power loss: as a whole, and torn.
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
