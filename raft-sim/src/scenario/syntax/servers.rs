//! Servers as a line names them.

use std::ops::{Deref, DerefMut};

use crate::model::NodeId;

/// Servers named one by one, or together by `all`; used as a slice of them. Where `none` may stand, there may be
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    servers: Vec<NodeId>,
    all: bool,
}

impl Servers {
    /// `all`: these are the servers of the header.
    #[must_use]
    pub fn all(servers: Vec<NodeId>) -> Servers {
        Servers { servers, all: true }
    }

    /// True if they are named by `all`.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.all
    }
}

impl From<Vec<NodeId>> for Servers {
    /// Servers that are named one by one.
    fn from(servers: Vec<NodeId>) -> Servers {
        Servers { servers, all: false }
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
