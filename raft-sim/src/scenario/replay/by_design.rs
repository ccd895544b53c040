//! Facts that are so by design: scenarios that suppose otherwise say nothing of an implementation that claims them.

use super::{Replay, Stop, entered, verdict};
use crate::model::NodeId;
use crate::reference::designed::Designed;
use crate::scenario::syntax::{Capability, Forged, ForgedBody, Scenario, Servers, Statement};
use crate::subject::Role;

/// Facts with which the reference core shows whether a scenario supposes otherwise.
const SHOWN: [Capability; 5] = [
    Capability::AlwaysPreVote,
    Capability::AlwaysCheckQuorum,
    Capability::SendsWithHeartbeats,
    Capability::OneEntry,
    Capability::FetchesSnapshots,
];

/// The facts among these claims with which the scenario is skipped.
pub(super) fn barred(scenario: &Scenario, claims: &[Capability]) -> Vec<Capability> {
    let claimed: Vec<Capability> = claims.iter().copied().filter(|one| one.is_design()).collect();
    let mut barred: Vec<Capability> =
        claimed.iter().copied().filter(|fact| asks(scenario, *fact)).collect();
    let shown: Vec<Capability> = claimed.into_iter().filter(|fact| SHOWN.contains(fact)).collect();
    if barred.is_empty() && !shown.is_empty() && fails(scenario, &shown) {
        let alone = |fact: &Capability| fails(scenario, &[*fact]);
        let some: Vec<Capability> = shown.iter().copied().filter(alone).collect();
        barred.extend(if some.is_empty() { shown } else { some });
    }
    barred
}

/// True if the scenario asks for what an implementation can't do of which this fact is so.
fn asks(scenario: &Scenario, fact: Capability) -> bool {
    let header = &scenario.header;
    let mut statements = scenario.steps.iter().map(|step| &step.statement);
    let mut any = |is: fn(&Statement) -> bool| statements.any(is);
    // A scenario says which servers are enough.
    fact == Capability::FlexibleQuorums && header.servers.len() > header.outside.len() + 1
        || fact == Capability::RefusesEmptyChange && changes_nothing(scenario)
        || fact == Capability::WholeWrites && any(|it| matches!(it, Statement::CrashTorn(..)))
        || fact == Capability::NoClients && any(is_of_a_client)
        || fact == Capability::NoForgedReplies && any(is_forged_reply)
}

fn is_of_a_client(statement: &Statement) -> bool {
    matches!(statement, Statement::Propose { .. } | Statement::Retry(..) | Statement::Register(..))
}

fn is_forged_reply(statement: &Statement) -> bool {
    let Statement::Forge(Forged { body, .. }) = statement else { return false };
    matches!(
        body,
        ForgedBody::RequestVoteReply { .. }
            | ForgedBody::AppendEntriesReply { .. }
            | ForgedBody::PreVoteReply { .. }
    )
}

/// True if an administrator requests the configuration that was requested last.
fn changes_nothing(scenario: &Scenario) -> bool {
    let header = &scenario.header;
    let inside = header.servers.iter().filter(|server| !header.outside.contains(server));
    let mut latest: (Vec<NodeId>, Vec<NodeId>) = (inside.copied().collect(), Vec::new());
    scenario.steps.iter().any(|step| {
        let Statement::Change { voters, learners, .. } = &step.statement else { return false };
        let next = (sorted(voters), sorted(learners));
        std::mem::replace(&mut latest, next.clone()) == next
    })
}

fn sorted(servers: &Servers) -> Vec<NodeId> {
    let mut servers = servers.to_vec();
    servers.sort_unstable();
    servers
}

/// True if the reference core fails the scenario if these facts are so.
fn fails(scenario: &Scenario, facts: &[Capability]) -> bool {
    let claims = [&Capability::ALL[..], facts].concat();
    let core = Designed { claims: &claims };
    let ended = entered(scenario, &core, &mut (), |replay| replay.play()).flatten();
    matches!(verdict(&scenario.header, ended), super::Verdict::Failed(_))
}

impl Replay<'_> {
    /// True if leaders send entries with their heartbeats alone.
    pub(super) fn sends_late(&self) -> bool {
        self.claims.contains(&Capability::SendsWithHeartbeats)
    }

    /// A leader that has something to send, and sends it with its next heartbeat alone, gets to that.
    pub(super) fn send_late(&mut self, server: NodeId) -> Result<(), Stop> {
        let known = self.world.server(server);
        if self.sends_late() && known.is_up() && known.view().role == Role::Leader {
            self.heartbeat(server)?;
        }
        Ok(())
    }
}
