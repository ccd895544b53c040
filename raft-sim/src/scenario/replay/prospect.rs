//! How a cluster stands after some steps: what somebody needs to know who wants more of it.

use super::lenient::Move;
use super::{Replay, entered, facts};
use crate::model::{Membership, NodeId, Term};
use crate::scenario::syntax::{Label, Scenario};
use crate::subject::Implementation;

/// How a cluster stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// The highest term of any server.
    pub term: Term,
    /// The live leader of the highest term, if there is one, and the configuration in force there.
    pub leader: Option<(NodeId, Membership)>,
    /// The requests that a server has taken since it booted and not answered.
    pub pending: Vec<Label>,
}

/// How a cluster stands when of these steps has been carried out what can be; `None` if it does not boot. Of the
/// scenario only the header counts.
#[must_use]
pub fn prospect(
    scenario: &Scenario,
    moves: &[Move],
    implementation: &dyn Implementation,
) -> Option<Prospect> {
    entered(scenario, implementation, &mut (), |mut replay| {
        replay.carry_on(moves);
        stands(&replay)
    })
    .ok()?
}

fn stands(replay: &Replay<'_>) -> Option<Prospect> {
    let cluster = &replay.world;
    let term = cluster.ids().map(|id| facts::hard_state(cluster.server(id)).term).max()?;
    let leader = cluster.leader();
    let leader = leader.map(|id| (id, Membership::clone(&replay.configuration(id))));
    let is_pending = |request| {
        cluster.ids().any(|id| cluster.unanswered(id).any(|obligation| obligation == request))
    };
    let labels = replay.requests.iter();
    let pending = labels.filter(|(_, asked)| is_pending(asked.last())).map(|(label, _)| label);
    Some(Prospect { term, leader, pending: pending.cloned().collect() })
}
