//! What is scheduled, and what is due.

use crate::action::Action;
use crate::network::MessageId;
use crate::subject::Token;
use crate::time::{Micros, Queue};

/// What is scheduled. What is scheduled for an earlier life of a server is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Arrival(MessageId),
    Tick { server: u32, life: u32 },
    Synced { server: u32, life: u32, token: Token },
    Notice { server: u32, life: u32, token: Token },
    Apply { server: u32, life: u32 },
    Alarm(u64),
}

/// What is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// This happens now: it is to be [applied](super::World::apply).
    Action(Action),
    /// An alarm that the driver set; what it means is the driver's business.
    Alarm(u64),
    /// What was scheduled is void: its server has died since, its clock stands still, its message was taken or is held.
    Void,
}

/// Schedules an arrival; gives its time.
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
