//! Events that are scheduled, and events that are due.

use crate::action::Action;
use crate::network::MessageId;
use crate::subject::Token;
use crate::time::{Micros, Queue};

/// A scheduled event. Events for an earlier life of a server are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Arrival(MessageId),
    Tick { server: u32, life: u32 },
    Synced { server: u32, life: u32, token: Token },
    Notice { server: u32, life: u32, token: Token },
    Apply { server: u32, life: u32 },
    Alarm(u64),
}

/// The next event that is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// An action that happens now: the caller must [apply](super::World::apply) it.
    Action(Action),
    /// An alarm that the driver set. Only the driver knows its meaning.
    Alarm(u64),
    /// A scheduled event that is void: its server has died since, its clock is stopped, or its message was taken or
    /// is held.
    Void,
}

/// Schedules an arrival, and returns its time.
#[inline]
pub(super) fn schedule(
    queue: &mut Queue<Due>,
    now: Micros,
    message: MessageId,
    delay: Micros,
) -> Micros {
    let time = now + delay;
    queue.push(time, Due::Arrival(message));
    time
}
