//! Servers as a line names them.

use std::ops::{Deref, DerefMut};

use crate::model::NodeId;

/// The server that a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `S1`
    Server(NodeId),
    /// `leader`: the live leader of the highest term when the statement begins.
    Leader,
}

impl Target {
    /// The server, if it is named.
    #[must_use]
    pub fn server(self) -> Option<NodeId> {
        match self {
            Target::Server(server) => Some(server),
            Target::Leader => None,
        }
    }
}

impl From<NodeId> for Target {
    fn from(server: NodeId) -> Target {
        Target::Server(server)
    }
}

/// Servers named one by one, together by `all`, or the one that leads; used as a slice of those named. Where `none`
/// may stand, there may be none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    servers: Vec<NodeId>,
    named: Named,
}

/// The way in which servers are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Named {
    #[default]
    OneByOne,
    All,
    Leader,
}

impl Servers {
    /// `all`: these are the servers of the header.
    #[must_use]
    pub fn all(servers: Vec<NodeId>) -> Servers {
        Servers { servers, named: Named::All }
    }

    /// `leader`: the live leader of the highest term at that time. None is named.
    #[must_use]
    pub fn leader() -> Servers {
        Servers { servers: Vec::new(), named: Named::Leader }
    }

    /// True if they are named by `all`.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.named == Named::All
    }

    /// True if it is the leader, whichever server that is.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.named == Named::Leader
    }
}

impl From<Vec<NodeId>> for Servers {
    /// Servers that are named one by one.
    fn from(servers: Vec<NodeId>) -> Servers {
        Servers { servers, named: Named::OneByOne }
    }
}

impl Deref for Servers {
    type Target = [NodeId];

    fn deref(&self) -> &[NodeId] {
        &self.servers
    }
}

impl DerefMut for Servers {
    fn deref_mut(&mut self) -> &mut [NodeId] {
        &mut self.servers
    }
}

impl<'a> IntoIterator for &'a Servers {
    type Item = &'a NodeId;
    type IntoIter = std::slice::Iter<'a, NodeId>;

    fn into_iter(self) -> Self::IntoIter {
        self.servers.iter()
    }
}
