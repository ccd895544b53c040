//! Acts of several actions: a timer runs out, all messages arrive.

use super::Session;
use crate::action::Action;
use crate::model::{Body, NodeId};
use crate::subject::Role;
use crate::world::{Launch, World};

/// Most messages that are delivered at once.
const MOST_DELIVERIES: usize = 500;

impl Session<'_> {
    /// Lets a server's clock tick after a step until its timer makes it act: until it stands for election or asks whether
    /// it could, or, if it leads, until it sends heartbeats. The number of the new branch is returned.
    ///
    /// # Errors
    /// There is no such step, or its timer does nothing within twice the longest election timeout.
    pub fn time_out(
        &mut self,
        branch: usize,
        step: usize,
        server: NodeId,
    ) -> Result<usize, String> {
        self.may_go_on(branch, step)?;
        let action = Action::Tick { server };
        self.checked(branch, step, &action)?;
        let (mut world, mut sent) = self.world(branch, step);
        if !world.server(server).is_up() {
            return Err(format!("{server} is down"));
        }
        let (before, had) = (*world.server(server).view(), calls(&world, server));
        let at = self.time_of(branch, step);
        let most = world.settings(server).election_timeout.1 * 2;
        for ticks in 1..=most as usize {
            let done = world.redo(at, action.clone(), false, &mut sent);
            let after = world.server(server).view();
            let leads = before.role == Role::Leader && after.role == Role::Leader;
            let acts = after.term > before.term || calls(&world, server) > had;
            if done.is_err() || acts || (!leads && after.role == Role::Leader) {
                return self.go_on(branch, step, vec![action; ticks]);
            }
        }
        Err(format!(
            "{server} does nothing within {most} ticks, twice the longest election timeout"
        ))
    }

    /// Delivers the messages in flight after a step, the oldest first, and those that are sent meanwhile, until none is in
    /// flight. Those that are held back stay. The number of the new branch is returned.
    ///
    /// # Errors
    /// There is no such step, or no message that could arrive.
    pub fn deliver_all(&mut self, branch: usize, step: usize) -> Result<usize, String> {
        self.may_go_on(branch, step)?;
        let (mut world, mut sent) = self.world(branch, step);
        let at = self.time_of(branch, step);
        let mut actions = Vec::new();
        while actions.len() < MOST_DELIVERIES {
            let next = world.network().in_flight().into_iter().find(|flight| !flight.held);
            let Some(message) = next.map(|flight| flight.id) else { break };
            let action = Action::Deliver { message };
            actions.push(action.clone());
            if world.redo(at, action, false, &mut sent).is_err() {
                break;
            }
        }
        if actions.is_empty() {
            return Err("no message is in flight".to_owned());
        }
        self.go_on(branch, step, actions)
    }
}

/// The number of requests of a server that are in flight and that a timer makes it send.
fn calls<L: Launch + ?Sized>(world: &World<'_, L>, server: NodeId) -> usize {
    let is_call = |body: &Body| {
        matches!(body, Body::RequestVote { .. } | Body::PreVote { .. } | Body::AppendEntries { .. })
    };
    let flights = world.network().in_flight().into_iter();
    flights.filter(|it| it.message.from == server && is_call(&it.message.body)).count()
}
