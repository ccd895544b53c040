//! Sleep sets (Godefroid 1996): the actions of a state that need not be taken, since what they lead to is also reached in
//! another order. Actions of two servers commute: each changes its server alone, and takes no message of the other.
//!
//! At each state the actions of lower servers come first. Behind an action of a server, those of lower servers that could
//! be taken before it sleep, and so does what slept already; its own actions are awake, and so is what only it made
//! possible. A state that several actions of one depth lead to keeps asleep what sleeps behind all of them.
//!
//! So no state is missed, nor found at a greater depth: of the shortest histories to a state take the one whose servers,
//! action by action, come first in the order of words. If an action of it slept, it would have come earlier in another
//! history that is as long, and whose servers come before.

use super::bounds::Bounds;
use super::event::Move;
use super::frontier::{SERVERS, Words};
use crate::model::NodeId;
use crate::scenario::syntax::Header;

/// The first bits are of servers: all actions of one that are no deliveries.
const DELIVERIES: usize = Header::MOST_SERVERS as usize;
/// The last bit tells even depths from odd ones.
const DEPTH: usize = 63;

/// The actions of a state that sleep: those of servers, and the deliveries of the first messages in flight. Further
/// deliveries are always awake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sleep(pub(super) u64);

impl Sleep {
    /// A set in which nothing sleeps, of a state of this depth.
    pub(super) fn none(depth: u32) -> Sleep {
        Sleep(u64::from(depth & 1) << DEPTH)
    }

    /// What sleeps in both sets of a state. The second is ignored if it is of another depth: the state was taken by then, or
    /// is being taken.
    pub(super) fn both(self, other: Sleep) -> Sleep {
        if (self.0 ^ other.0) >> DEPTH == 0 { Sleep(self.0 & other.0) } else { self }
    }

    /// True if all actions of a server sleep that are no deliveries.
    pub(super) fn server(self, server: NodeId) -> bool {
        self.0 & local(server) != 0
    }

    /// True if the delivery of the message in this place sleeps, copies not counted.
    pub(super) fn delivery(self, place: usize) -> bool {
        self.0 & delivery(place) != 0
    }
}

fn local(server: NodeId) -> u64 {
    1 << (server.0 - 1)
}

fn delivery(place: usize) -> u64 {
    let bit = DELIVERIES + place;
    if bit < DEPTH { 1 << bit } else { 0 }
}

/// The actions of a state, by server.
pub(super) struct Actions {
    /// What sleeps in the state.
    asleep: Sleep,
    /// The actions of each server, S1 first.
    of: [u64; DELIVERIES],
}

impl Actions {
    /// The actions of a state. `to` is the receiver of a message.
    pub(super) fn new(
        asleep: Sleep,
        words: &Words,
        bounds: &Bounds,
        to: impl Fn(u32) -> NodeId,
    ) -> Actions {
        let everyone = bounds.everyone();
        let mut of = [0; DELIVERIES];
        for server in (1..=everyone).map(NodeId) {
            of[server.0 as usize - 1] = local(server);
        }
        for (place, message) in distinct(&words[SERVERS + everyone as usize..]).enumerate() {
            of[to(message).0 as usize - 1] |= delivery(place);
        }
        Actions { asleep, of }
    }

    /// What sleeps in the state behind an action. `before` and `behind` are the messages in flight.
    pub(super) fn behind(&self, action: Move, before: &[u32], behind: &[u32]) -> Sleep {
        let own = action.server.0 as usize - 1;
        let lower = self.of[..own].iter().fold(0, |all, of| all | of);
        let mut asleep = (self.asleep.0 | lower) & !self.of[own];
        if action.event.is_numbered() {
            // A request of another server would have another number behind this one.
            asleep &= !(delivery(0) - 1);
        }
        let locals = asleep & (delivery(0) - 1);
        let depth = !self.asleep.0 & 1 << DEPTH;
        let mut known = distinct(before).enumerate().peekable();
        let mut deliveries = 0;
        for (place, message) in distinct(behind).enumerate() {
            while known.next_if(|(_, other)| *other < message).is_some() {}
            if let Some((old, _)) = known.next_if(|(_, other)| *other == message)
                && asleep & delivery(old) != 0
            {
                deliveries |= delivery(place);
            }
        }
        Sleep(locals | deliveries | depth)
    }
}

/// Messages in flight, copies not counted.
pub(super) fn distinct(messages: &[u32]) -> impl Iterator<Item = u32> + '_ {
    messages.chunk_by(|one, next| one == next).map(|copies| copies[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::event::Event;
    use crate::explore::tests::bounds;

    /// The servers S1 and S2, and messages 3 and 5 to S1, and 4 to S2.
    const BEFORE: [u32; 7] = [0, 0, 1, 2, 3, 4, 5];

    /// What sleeps behind an action of S2 that sends message 6 to S1: the servers, and the deliveries of 3 to 6.
    fn behind(event: Event) -> ([bool; 2], [bool; 4]) {
        let to = |message| NodeId(if message == 4 { 2 } else { 1 });
        let pair = Bounds { servers: 2, ..bounds(0, 0, 0) };
        let actions = Actions::new(Sleep::none(1), &BEFORE, &pair, to);
        let action = Move { server: NodeId(2), event, again: false };
        let asleep = actions.behind(action, &BEFORE[SERVERS + 2..], &[3, 4, 5, 6]);
        let servers = [1, 2].map(|server| asleep.server(NodeId(server)));
        (servers, [0, 1, 2, 3].map(|place| asleep.delivery(place)))
    }

    #[test]
    fn what_could_have_come_before_sleeps() {
        assert_eq!(behind(Event::Timeout), ([true, false], [true, false, true, false]));
    }

    #[test]
    fn a_request_of_another_server_is_another_one_behind_a_request() {
        assert_eq!(behind(Event::Propose(1)), ([false, false], [true, false, true, false]));
    }

    #[test]
    fn what_all_of_one_depth_permit_sleeps() {
        let [none, some] = [Sleep::none(2), Sleep(Sleep::none(2).0 | 3)];
        assert_eq!(some.both(none), none);
        assert_eq!(some.both(Sleep::none(3)), some, "it was taken by then");
    }
}
