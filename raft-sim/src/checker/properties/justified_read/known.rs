//! What is known of one server, for reads.

use std::collections::VecDeque;

use crate::model::Term;

/// The times that a message carries.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Sent {
    /// When it was sent.
    pub(super) at: u64,
    /// When the latest message of its receiver was sent that its sender had taken by then, in the same term.
    pub(super) echoes: u64,
}

/// What is known of one server.
#[derive(Clone, Debug, Hash)]
pub(super) struct Known {
    /// The last term that it led, and the last in which it told another server to stand.
    pub(super) led: Term,
    pub(super) handed_over: Option<Term>,
    /// The number of messages that have reached it, and of those that it has taken: while it is paused, fewer.
    pub(super) delivered: u64,
    pub(super) taken: u64,
    /// The times of those that it has not taken, as far as they matter, by their numbers. Their slots are free again.
    pub(super) arrived: VecDeque<(u64, Sent)>,
    /// For each other server, S1 first.
    pub(super) peers: Vec<Peer>,
}

/// What a server has taken from another one in the latest term of a message.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Peer {
    pub(super) term: Term,
    pub(super) taken: Sent,
    /// The last message to it.
    pub(super) sent: Sent,
}

impl Known {
    /// The server takes the message that reached it first: its times, if they matter.
    #[inline]
    pub(super) fn takes(&mut self) -> Option<Sent> {
        if self.taken == self.delivered {
            return None;
        }
        self.taken += 1;
        let number = self.taken;
        self.arrived.pop_front_if(|(other, _)| *other == number).map(|(_, sent)| sent)
    }
}
