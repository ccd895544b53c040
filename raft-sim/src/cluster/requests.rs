//! What happens to a server from outside: its clock ticks, messages reach it, clients and administrators
//! want something. Nothing happens to a server that is down.

use super::{Cluster, slot};
use crate::checker::Violation;
use crate::subject::{Event, Request};
use crate::words::{Command, Message, NodeId, Once};

impl Cluster<'_> {
    /// One tick of a server's clock. Nothing happens to a server that is down.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    #[inline]
    pub fn tick(&mut self, id: NodeId) -> Result<(), Violation> {
        self.step(id, Event::Tick)
    }

    /// A message reaches its server, whatever the network thinks. It is lost if the server is down.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    #[inline]
    pub fn receive(&mut self, message: Message) -> Result<(), Violation> {
        self.step(message.to, Event::Receive(message))
    }

    /// A client hands a server a command. False if the server is down: nobody will answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn propose(
        &mut self,
        id: NodeId,
        request: Request,
        command: Command,
    ) -> Result<bool, Violation> {
        self.ask(id, Event::Propose(request, command))
    }

    /// A client opens a session (diss. §6.3). False if the server is down: nobody will answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn register(&mut self, id: NodeId, request: Request) -> Result<bool, Violation> {
        self.ask(id, Event::Register(request))
    }

    /// A client hands a server a command of its session (§8, diss. §6.3). False if the server is down: nobody
    /// will answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn propose_once(
        &mut self,
        id: NodeId,
        request: Request,
        once: Once,
    ) -> Result<bool, Violation> {
        self.ask(id, Event::ProposeOnce(request, once))
    }

    /// A client wants to read at a server (diss. §6.4). False if the server is down: nobody will answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn read(&mut self, id: NodeId, request: Request) -> Result<bool, Violation> {
        self.ask(id, Event::Read(request))
    }

    /// An administrator asks a server for these voters and learners (§6). False if it is down: nobody will
    /// answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn change_membership(
        &mut self,
        id: NodeId,
        request: Request,
        voters: Vec<NodeId>,
        learners: Vec<NodeId>,
    ) -> Result<bool, Violation> {
        self.ask(id, Event::ChangeMembership(request, voters, learners))
    }

    /// An administrator asks a server to let another one lead (diss. §3.10). False if it is down: nobody will
    /// answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn transfer(
        &mut self,
        id: NodeId,
        request: Request,
        to: NodeId,
    ) -> Result<bool, Violation> {
        self.ask(id, Event::Transfer(request, to))
    }

    /// A server is to take a snapshot of what its state machine has applied (§7). False if it is down: nobody
    /// will answer.
    ///
    /// # Errors
    /// The first property that an oracle saw violated.
    pub fn compact(&mut self, id: NodeId, request: Request) -> Result<bool, Violation> {
        self.ask(id, Event::Compact(request))
    }

    fn ask(&mut self, id: NodeId, event: Event) -> Result<bool, Violation> {
        if !self.server(id).is_up() {
            return Ok(false);
        }
        if let Some(oracles) = &mut self.oracles {
            oracles.asked(self.now, id, &event);
        }
        self.features.asks(id, &event);
        self.servers[slot(id)].unanswered.extend(event.request());
        self.step(id, event)?;
        self.features.done();
        Ok(true)
    }
}
