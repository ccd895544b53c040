//! One server of a world by itself, to be kept and put back.

use std::hash::{Hash, Hasher};

use super::{Launch, Server, World, slot};
use crate::mix::MixHasher;
use crate::model::NodeId;

/// A server with its disk and its other surroundings, taken out of a world. What it does next depends on nothing else.
pub struct Part<L: Launch + ?Sized> {
    /// The server itself; `None` while it is down.
    subject: Option<L::Server>,
    server: Server,
}

impl<L: Launch + ?Sized> Part<L> {
    /// A copy of a server of a world; `None` if that can't be copied.
    #[must_use]
    pub fn of(world: &World<'_, L>, id: NodeId) -> Option<Part<L>> {
        let subject = match &world.subjects[slot(id)] {
            Some(subject) => Some(L::fork(subject)?),
            None => None,
        };
        Some(Part { subject, server: world.servers[slot(id)].clone() })
    }

    /// Takes the place of a server of a world in which time does not flow, and becomes that server.
    pub fn exchange(&mut self, world: &mut World<'_, L>, id: NodeId) {
        std::mem::swap(&mut world.subjects[slot(id)], &mut self.subject);
        std::mem::swap(&mut world.servers[slot(id)], &mut self.server);
    }

    /// A copy that behaves exactly as the original would; `None` if the server can't be copied ([`Launch::fork`]).
    #[must_use]
    pub fn fork(&self) -> Option<Part<L>> {
        let subject = match &self.subject {
            Some(subject) => Some(L::fork(subject)?),
            None => None,
        };
        Some(Part { subject, server: self.server.clone() })
    }

    /// A number that is equal for parts that behave alike from now on, as [`World::fingerprint`]. Different salts give
    /// different numbers.
    #[must_use]
    pub fn fingerprint(&self, salt: u64) -> Option<u64> {
        let mut hasher = MixHasher::default();
        salt.hash(&mut hasher);
        if let Some(subject) = &self.subject {
            L::fingerprint(subject)?.hash(&mut hasher);
        }
        self.server.fingerprint(&mut hasher);
        Some(hasher.finish())
    }

    /// Its surroundings.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The server itself; `None` while it is down.
    #[must_use]
    pub fn subject(&self) -> Option<&L::Server> {
        self.subject.as_ref()
    }
}
