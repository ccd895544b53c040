//! What the events of an exploration are in a world: the actions that they are made of.

use super::admin::{Admin, Wanted};
use super::event::Event;
use crate::action::Action;
use crate::disk::Survives;
use crate::model::{Command, NodeId};
use crate::network::MessageId;
use crate::observation::Observer;
use crate::subject::{self, Implementation, Request};
use crate::world::{Halt, World};

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
    admin: &Admin,
    id: NodeId,
    event: Event,
    message: Option<MessageId>,
    observer: &mut impl Observer,
) -> Result<(), Halt> {
    perform(world, admin, id, event, message, observer).map(|_| ())
}

/// The same as [`happen`], and returns what became of it.
pub(super) fn perform(
    world: &mut World<'_, dyn Implementation + '_>,
    admin: &Admin,
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
    let change = |number: u8, wanted: Wanted| {
        let Wanted { voters, learners } = wanted;
        subject::Event::ChangeMembership(request(2, number), voters, learners)
    };
    match event {
        Event::Propose(number) => {
            let command = Command::from(format!("c{number}").as_bytes());
            ask(world, subject::Event::Propose(proposal(number), command))
        }
        Event::Read(number) => ask(world, subject::Event::Read(request(1, number))),
        Event::Change(other, number) => match admin.toggled(world.server(server), other) {
            Some(wanted) => ask(world, change(number, wanted)),
            None => Ok(Done::No),
        },
        Event::Reconfigure(place, number) => match admin.listed(place) {
            Some(wanted) => ask(world, change(number, wanted.clone())),
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
