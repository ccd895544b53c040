//! Traces: events that the servers of any running cluster reported, judged by the checkers.
//!
//! A [`Trace`] has the events of each server in the order in which the server reported them. The clocks of servers
//! are not compared, so the only order between events of different servers is the one that Raft itself makes.
//! [`judge`] hands the events to the checkers in a possible order, and makes no check whose result another possible
//! order could change. So a correct cluster is never accused, whatever optional events its trace leaves out. Two
//! kinds of events are not optional: that a server starts again, and that it installs a snapshot.
//!
//! [`read()`] reads files, [`Recorder`] writes the trace of a run of the simulator. Nothing here talks to a server.

mod event;
mod facts;
mod feed;
mod judge;
mod lines;
mod read;
mod record;
mod related;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::history::ReadError;
use crate::model::NodeId;

pub use event::{Event, Start, What};
pub use facts::JUDGED;
pub use judge::{Judgement, judge};
pub use read::read;
pub use record::Recorder;
pub use related::At;

/// The events of a cluster.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The names of its files.
    files: Vec<String>,
    /// The names of its servers, S1 first; `None` for a number that is not used.
    servers: Vec<Option<Arc<str>>>,
    /// The events of each server, in the server's own order.
    events: Vec<Vec<Event>>,
    /// The index up to which the content of the logs is unknown.
    base: u64,
    /// True if the trace has logs at all.
    has_logs: bool,
    /// Files whose last line is cut off, with the number of that line.
    cut: Vec<(usize, u32)>,
}

impl Trace {
    /// The number of its events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.iter().map(Vec::len).sum()
    }

    /// True if it has no events. A trace that was read has some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its servers, including those that only other servers name.
    pub fn servers(&self) -> impl Iterator<Item = (NodeId, &str)> {
        let numbered = (1..).map(NodeId).zip(&self.servers);
        numbered.filter_map(|(id, name)| Some((id, name.as_deref()?)))
    }

    /// Its servers that have names of their own.
    pub fn renamed(&self) -> impl Iterator<Item = (NodeId, &str)> {
        self.servers().filter(|(id, name)| *name != id.to_string() && *name != id.0.to_string())
    }

    /// A server's name in its files.
    ///
    /// # Panics
    /// If there is no such server.
    #[must_use]
    pub fn name(&self, server: NodeId) -> &str {
        self.servers[server.0 as usize - 1].as_deref().unwrap_or_default()
    }

    /// An event.
    ///
    /// # Panics
    /// If there is no such event.
    #[must_use]
    pub fn event(&self, at: At) -> &Event {
        &self.events[at.server.0 as usize - 1][at.nth]
    }

    /// The name of the file in which an event is.
    ///
    /// # Panics
    /// If it is of another trace.
    #[must_use]
    pub fn file(&self, event: &Event) -> &str {
        &self.files[event.file]
    }
}

/// An error in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The number of the file, from 0.
    pub file: usize,
    /// The place in the file, and the error.
    pub error: ReadError,
}
