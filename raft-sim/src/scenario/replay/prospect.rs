//! The state of a cluster after some steps, for code that appends statements.

use super::lenient::Move;
use super::{Replay, entered, facts};
use crate::model::{Membership, NodeId, Term};
use crate::scenario::syntax::{Label, Scenario};
use crate::subject::Implementation;

/// The state of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// The highest term of any server.
    pub term: Term,
    /// The live leader of the highest term, if there is one, and the configuration in force there.
    pub leader: Option<(NodeId, Membership)>,
    /// The requests that a server has taken since it booted and not answered.
    pub pending: Vec<Label>,
}

/// The state of a cluster after those of these steps that can be carried out; `None` if it does not boot. Only the
/// header of the scenario counts.
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
