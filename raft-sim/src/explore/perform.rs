//! What the events of an exploration are in a world: the actions that they are made of.

use super::bounds::Bounds;
use super::event::Event;
use crate::action::Action;
use crate::disk::Survives;
use crate::model::{Command, NodeId, Payload};
use crate::network::MessageId;
use crate::observation::Observer;
use crate::subject::{self, Implementation, Request};
use crate::world::{Halt, Server, World};

/// The ticks of every election timeout.
pub(super) const TIMEOUT: u32 = 10;

/// What became of an event.
pub(super) enum Done {
    /// It happened.
    Yes,
    /// It is not possible.
    No,
    /// The server was asked for something, under this name.
    Asked(Request),
}

/// The request of the command of this number.
pub(super) fn proposal(number: u8) -> Request {
    Request(u64::from(number))
}

/// Lets an event happen to a server of a world.
pub(super) fn happen(
    world: &mut World<'_, dyn Implementation + '_>,
    bounds: &Bounds,
    id: NodeId,
    event: Event,
    message: Option<MessageId>,
    observer: &mut impl Observer,
) -> Result<(), Halt> {
    perform(world, bounds, id, event, message, observer).map(|_| ())
}

/// The same as [`happen`], and returns what became of it.
pub(super) fn perform(
    world: &mut World<'_, dyn Implementation + '_>,
    bounds: &Bounds,
    server: NodeId,
    event: Event,
    message: Option<MessageId>,
    observer: &mut impl Observer,
) -> Result<Done, Halt> {
    let mut ask = |world: &mut World<'_, _>, event: subject::Event| {
        let request = event.request();
        world.apply(Action::Request { server, event }, observer)?;
        Ok(request.map_or(Done::No, Done::Asked))
    };
    // Requests are never the same: each kind has numbers of its own, commands those below 100.
    let request = |kind: u64, number: u8| Request(kind * 100 + u64::from(number));
    match event {
        Event::Propose(number) => {
            let command = Command::from(format!("c{number}").as_bytes());
            ask(world, subject::Event::Propose(proposal(number), command))
        }
        Event::Read(number) => ask(world, subject::Event::Read(request(1, number))),
        Event::Change(other, number) => match toggled(world.server(server), bounds, other) {
            Some(voters) => {
                let request = request(2, number);
                ask(world, subject::Event::ChangeMembership(request, voters, Vec::new()))
            }
            None => Ok(Done::No),
        },
        Event::Transfer(other, number) => {
            ask(world, subject::Event::Transfer(request(4, number), other))
        }
        Event::Compact(number) => ask(world, subject::Event::Compact(request(3, number))),
        Event::Timeout => {
            let stands = |world: &World<'_, _>| {
                (world.server(server).view().term, world.network().flights().count())
            };
            let before = stands(world);
            for _ in 0..TIMEOUT {
                world.apply(Action::Tick { server }, observer)?;
                // It sent requests for votes or pre-votes, or entered a term, as the only voter does.
                if stands(world) != before {
                    return Ok(Done::Yes);
                }
            }
            Ok(Done::No)
        }
        Event::Heartbeat => {
            world.apply(Action::Tick { server }, observer)?;
            Ok(Done::Yes)
        }
        Event::Crash => {
            world.apply(Action::Crash { server, survives: Survives::default() }, observer)?;
            world.apply(Action::Restart { server }, observer)?;
            Ok(Done::Yes)
        }
        Event::Write => {
            world.apply(Action::Flush { server, writes: 1 }, observer)?;
            let write = world.server(server).unnotified().next();
            if let Some(write) = write {
                world.apply(Action::Notify { server, write }, observer)?;
            }
            Ok(Done::Yes)
        }
        Event::Deliver(_) => {
            let Some(message) = message else { return Ok(Done::No) };
            world.apply(Action::Deliver { message }, observer)?;
            Ok(Done::Yes)
        }
    }
}

/// The voters of the configuration in a server's log with another server removed, or added; `None` if none would be left.
fn toggled(server: &Server, bounds: &Bounds, other: NodeId) -> Option<Vec<NodeId>> {
    let log = server.disk().written_log();
    let logged = log.iter().rev().find_map(|entry| match &entry.payload {
        Payload::Membership(membership) => Some(membership.voters.clone()),
        Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
    });
    let first = || (1..=bounds.servers).map(NodeId).collect();
    let snapshot = server.disk().written_snapshot();
    let mut voters: Vec<NodeId> = logged
        .or_else(|| snapshot.map(|snapshot| snapshot.membership.voters.clone()))
        .unwrap_or_else(first);
    match voters.binary_search(&other) {
        Ok(place) => {
            voters.remove(place);
        }
        Err(place) => voters.insert(place, other),
    }
    (!voters.is_empty()).then_some(voters)
}
