//! What can be done after a step, in words.

use serde::Serialize;

use super::message;
use crate::action::{Action, Change, LinkChange};
use crate::disk::Survives;
use crate::model::{Command, NodeId};
use crate::network::MessageId;
use crate::subject::{Event, Request};
use crate::time::milliseconds;
use crate::world::{Launch, World};

/// Request numbers from here on are those of one's own: no plan has as many.
const FIRST_REQUEST: u64 = 1 << 61;

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// In words: `deliver S1 → S2  RequestVote term 3, last 2/1`.
    pub text: String,
    /// The action.
    pub action: Action,
}

/// What can be done in a world: all that [`World::enabled`] lists, in that order; then what only a network, a client or an
/// operator would do.
pub(super) fn of<L: Launch + ?Sized>(world: &World<'_, L>) -> Vec<Choice> {
    let mut actions = world.enabled();
    for flight in world.network().in_flight() {
        actions.push(Action::Drop { message: flight.id });
        actions.push(Action::SetHeld { message: flight.id, held: !flight.held });
        if flight.held {
            actions.push(Action::Deliver { message: flight.id });
        }
    }
    for server in world.ids() {
        let others = || world.ids().filter(move |other| *other != server);
        let cut = others().all(|other| world.network().is_cut(server, other));
        let change = if cut { Change::Heal } else { Change::Cut };
        let both = others().flat_map(|other| [(server, other), (other, server)]);
        let changes = both.map(|(from, to)| LinkChange { from, to, change }).collect();
        actions.push(Action::Links { changes });
        if world.server(server).is_up() {
            actions.push(proposal(server, world));
            actions.extend(
                (!world.server(server).is_paused())
                    .then_some(Action::Pause { server, paused: true }),
            );
            actions.push(Action::Stall { server, stalled: true });
            actions.push(Action::Stall { server, stalled: false });
        }
    }
    let choice = |action: Action| Choice { text: in_words(&action, world), action };
    actions.into_iter().map(choice).collect()
}

/// A client hands a server a command that no log has.
fn proposal<L: Launch + ?Sized>(server: NodeId, world: &World<'_, L>) -> Action {
    let longest = world.ids().map(|id| world.server(id).length()).max().unwrap_or(0);
    let count = longest + world.unanswered(server).len() as u64;
    let command = format!("own-{}-{count}", server.0);
    let request = Request(FIRST_REQUEST + (count << 8) + u64::from(server.0));
    Action::Request { server, event: Event::Propose(request, Command::from(command.as_bytes())) }
}

/// Checks that the servers and messages that an action names are there.
pub(super) fn is_possible<L: Launch + ?Sized>(
    action: &Action,
    world: &World<'_, L>,
) -> Result<(), String> {
    let servers = world.ids().count() as u32;
    let is_server = |server: NodeId| {
        let there = (1..=servers).contains(&server.0);
        if there { Ok(()) } else { Err(format!("there is no server {server}")) }
    };
    let is_message = |id: MessageId| match world.network().flight(id) {
        Some(_) => Ok(()),
        None => Err(format!("message {} is not in flight", id.number)),
    };
    match action {
        Action::Deliver { message }
        | Action::Drop { message }
        | Action::Duplicate { message }
        | Action::SetHeld { message, .. } => is_message(*message),
        Action::Forge { message } => is_server(message.from).and_then(|()| is_server(message.to)),
        Action::Links { changes } => changes
            .iter()
            .try_for_each(|link| is_server(link.from).and_then(|()| is_server(link.to))),
        Action::Request { server, event } => is_server(*server).and_then(|()| {
            let known = event.request().is_some();
            if known { Ok(()) } else { Err("the event has no request".to_owned()) }
        }),
        Action::SetTick { server, tick } => is_server(*server)
            .and_then(|()| if *tick > 0 { Ok(()) } else { Err("a tick takes time".to_owned()) }),
        Action::Tick { server }
        | Action::Apply { server }
        | Action::Sync { server, .. }
        | Action::Notify { server, .. }
        | Action::Flush { server, .. }
        | Action::SyncAll { server }
        | Action::SyncNewest { server }
        | Action::Stall { server, .. }
        | Action::FailWrites { server, .. }
        | Action::Lie { server, .. }
        | Action::Wipe { server }
        | Action::Crash { server, .. }
        | Action::CrashAtWrite { server, .. }
        | Action::Configure { server, .. }
        | Action::Restart { server }
        | Action::Pause { server, .. }
        | Action::PauseApply { server, .. }
        | Action::Jump { server, .. }
        | Action::Freeze { server, .. } => is_server(*server),
        Action::Recover { .. } | Action::Flow { .. } | Action::StopClocks => Ok(()),
    }
}

/// An action in words. A message is described as long as it is in flight.
#[must_use]
pub fn in_words<L: Launch + ?Sized>(action: &Action, world: &World<'_, L>) -> String {
    let of = |id: &MessageId| {
        message(world, *id).unwrap_or_else(|| format!("message {}, which is gone", id.number))
    };
    match action {
        Action::Tick { server } => format!("tick {server}"),
        Action::Deliver { message } => format!("deliver {}", of(message)),
        Action::Drop { message } => format!("drop {}", of(message)),
        Action::Duplicate { message } => format!("duplicate {}", of(message)),
        Action::SetHeld { message, held: true } => format!("hold {}", of(message)),
        Action::SetHeld { message, held: false } => format!("release {}", of(message)),
        Action::Forge { message } => format!("forge {}", crate::timeline::message(message)),
        Action::Request { server, event } => format!("{} {server}", asked(event)),
        Action::Apply { server } => format!("apply {server}"),
        Action::Sync { server, .. } => format!("{server}'s disk has its writes"),
        Action::Notify { server, .. } => format!("notify {server} of a durable write"),
        Action::Flush { server, writes: 1 } => format!("flush the oldest write of {server}"),
        Action::Flush { server, writes } => format!("flush {writes} writes of {server}"),
        Action::SyncAll { server } => format!("sync all writes of {server}"),
        Action::SyncNewest { server } => format!("sync all writes of {server}, one notice"),
        Action::Stall { server, stalled: true } => format!("stall the disk of {server}"),
        Action::Stall { server, stalled: false } => format!("let the disk of {server} go on"),
        Action::FailWrites { server, fail: true } => format!("let the writes of {server} fail"),
        Action::FailWrites { server, fail: false } => format!("let the writes of {server} work"),
        Action::Lie { server, lies: true } => format!("let the disk of {server} lie"),
        Action::Lie { server, lies: false } => format!("end the lie of {server}'s disk"),
        Action::Wipe { server } => format!("wipe the disk of {server}"),
        Action::Crash { server, survives } => match *survives == Survives::default() {
            true => format!("crash {server}"),
            false => format!("crash {server}, part of its writes survives"),
        },
        Action::CrashAtWrite { server, survives: Some(_) } => {
            format!("crash {server} at its next write")
        }
        Action::CrashAtWrite { server, survives: None } => {
            format!("no crash of {server} at its next write")
        }
        Action::Configure { server, .. } => format!("change the settings of {server}"),
        Action::Restart { server } => format!("restart {server}"),
        Action::Pause { server, paused: true } => format!("pause {server}"),
        Action::Pause { server, paused: false } => format!("resume {server}"),
        Action::PauseApply { server, paused: true } => format!("{server} applies nothing"),
        Action::PauseApply { server, paused: false } => format!("{server} applies again"),
        Action::SetTick { server, tick } => format!("{server} ticks every {}", milliseconds(*tick)),
        Action::Jump { server, ticks } => format!("{server}'s clock jumps by {ticks} ticks"),
        Action::Freeze { server, frozen: true } => format!("stop the clock of {server}"),
        Action::Freeze { server, frozen: false } => format!("start the clock of {server}"),
        Action::Links { changes } => links(changes),
        Action::Recover { .. } => "conditions become fair".to_owned(),
        Action::Flow { flows: true } => "time flows".to_owned(),
        Action::Flow { flows: false } => "time stands still".to_owned(),
        Action::StopClocks => "all clocks stop".to_owned(),
    }
}

/// A request, before the name of its server.
fn asked(event: &Event) -> &'static str {
    match event {
        Event::Propose(..) | Event::ProposeOnce(..) => "propose a command to",
        Event::Register(_) => "open a session at",
        Event::Read(_) => "read at",
        Event::ChangeMembership(..) => "change the configuration at",
        Event::Transfer(..) => "ask for a transfer of leadership at",
        Event::Compact(_) => "ask for a snapshot at",
        Event::Tick | Event::Receive(_) | Event::Persisted(_) | Event::Apply => "hand something to",
    }
}

/// Changes of links. Those that cut one server off, or connect it again, are named so.
fn links(changes: &[LinkChange]) -> String {
    let verb = |change: Change| match change {
        Change::Cut => "cut",
        Change::Mend | Change::Heal => "heal",
        Change::Hold(_) => "hold",
        Change::Release(_) => "release",
        Change::Slow(_) => "slow",
        Change::Unslow(_) => "quicken",
    };
    let [first, .., last] = changes else {
        let only = changes.first();
        return only.map_or("change no link".to_owned(), |link| {
            format!("{} {} → {}", verb(link.change), link.from, link.to)
        });
    };
    let around = |server: NodeId| changes.iter().all(|it| it.from == server || it.to == server);
    let alike = changes.iter().all(|it| it.change == first.change);
    match [first.from, first.to].into_iter().find(|server| around(*server)) {
        Some(server) if alike => format!("{} {server} from all others", verb(first.change)),
        Some(_) | None => {
            format!("change {} links, {} → {} the last", changes.len(), last.from, last.to)
        }
    }
}
