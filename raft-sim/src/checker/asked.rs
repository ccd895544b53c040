//! The requests that wait for an answer. What checkers remember of one is kept in one place, so that it is looked for once.

use std::sync::Arc;

use super::chain::{content, content_of_command, content_of_once};
use crate::model::{Command, Membership, NodeId, Once, Payload, Term};
use crate::subject::Event;

/// A request of a client or an administrator that is not answered yet; the default one is a request of which nothing is
/// known.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Asked {
    /// The place of the server that was asked; `None` once that has crashed and will not answer.
    slot: Option<usize>,
    /// The effect that an answer of success reports.
    pub(super) wanted: Option<Wanted>,
    /// Of a read: the highest index that had been reported to any client by then.
    pub(super) reported: u64,
    /// The operation on the clients' register that it is part of. A crash does not end it.
    pub(super) operation: Option<Waiting>,
}

/// The effect of a request.
#[derive(Clone, Debug, Hash)]
pub(super) enum Wanted {
    /// An entry with this command is committed.
    Command(Command),
    /// An entry with this command of a session is.
    Once(Once),
    /// An entry that opens a session is.
    Session,
    /// This configuration, without C_old, is in force.
    Configuration(Arc<Membership>),
    /// The server's leadership of this term is over.
    Handover(Term),
}

/// The operation of an open request.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) enum Waiting {
    /// A read since this time.
    Read(u64),
    /// The command of this number, without a session.
    Write(u64),
    /// The command of this number, under a session.
    Once(u64),
}

impl Asked {
    /// A request to the server at this place, which is in `term`.
    #[inline]
    pub(super) fn of(slot: usize, event: &Event, term: Term) -> Asked {
        Asked { slot: Some(slot), wanted: Wanted::of(event, term), reported: 0, operation: None }
    }

    /// True if its answer is judged by something that is remembered of it.
    #[inline]
    pub(super) fn counts(&self) -> bool {
        self.wanted.is_some() || self.operation.is_some()
    }

    /// The server at this place has crashed. False if nothing is left of the request.
    pub(super) fn outlives(&mut self, crashed: usize) -> bool {
        if self.slot == Some(crashed) {
            *self = Asked { operation: self.operation, ..Asked::default() };
        }
        self.counts()
    }
}

impl Wanted {
    #[inline]
    fn of(event: &Event, term: Term) -> Option<Wanted> {
        match event {
            Event::Propose(_, command) => Some(Wanted::Command(command.clone())),
            Event::ProposeOnce(_, once) => Some(Wanted::Once(once.clone())),
            Event::Register(_) => Some(Wanted::Session),
            Event::ChangeMembership(_, voters, learners) => {
                Some(Wanted::Configuration(Arc::new(configuration(voters, learners))))
            }
            Event::Transfer(..) => Some(Wanted::Handover(term)),
            Event::Tick
            | Event::Receive(_)
            | Event::Persisted(_)
            | Event::Read(_)
            | Event::Compact(_)
            | Event::Apply => None,
        }
    }

    /// The content of the entry that is wanted, if it is one.
    pub(super) fn content(&self) -> Option<u64> {
        match self {
            Wanted::Command(command) => Some(content_of_command(command)),
            Wanted::Once(once) => Some(content_of_once(once)),
            Wanted::Session => Some(content(&Payload::Register)),
            Wanted::Configuration(_) | Wanted::Handover(_) => None,
        }
    }
}

/// The configuration of these servers, which may be in any order.
fn configuration(voters: &[NodeId], learners: &[NodeId]) -> Membership {
    let sorted = |servers: &[NodeId]| {
        let mut servers = servers.to_vec();
        servers.sort_unstable();
        servers
    };
    let (voters, learners) = (sorted(voters), sorted(learners));
    Membership { voters, outgoing: Vec::new(), learners }
}
