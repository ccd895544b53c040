//! Boots the servers of a world.

use crate::subject::{Boot, Capability, Implementation, Subject, View};

/// Boots servers of a type that is known when the testbed is compiled, so that a run is compiled as one piece with
/// them. Every [`Implementation`] is one, for servers of any type.
pub trait Launch {
    /// A running server. Dropping it is its crash.
    type Server: Subject;

    /// The capabilities of the servers beyond §5 of the paper.
    fn capabilities(&self) -> &[Capability];

    /// Boots one server from what is durable.
    ///
    /// # Errors
    /// The reason why the server refuses to start from this state or with these settings.
    fn launch(&self, boot: Boot) -> Result<(Self::Server, View), String>;

    /// A copy of a server that behaves like it from now on; `None` if that is not supported.
    fn fork(server: &Self::Server) -> Option<Self::Server>;

    /// A number that is equal for servers that behave alike from now on; `None` if that is not supported.
    fn fingerprint(server: &Self::Server) -> Option<u64>;
}

impl Launch for dyn Implementation + '_ {
    type Server = Box<dyn Subject>;

    fn capabilities(&self) -> &[Capability] {
        Implementation::capabilities(self)
    }

    fn launch(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        self.boot(boot)
    }

    fn fork(server: &Box<dyn Subject>) -> Option<Box<dyn Subject>> {
        server.fork()
    }

    fn fingerprint(server: &Box<dyn Subject>) -> Option<u64> {
        server.fingerprint()
    }
}
