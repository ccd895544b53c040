//! Traces: what the servers of any running cluster told of themselves, judged by the oracles.
//!
//! A [`Trace`] has the events of each server in the order in which it told them. Clocks of servers are not compared,
//! so there is no order between events of different servers but the one that Raft itself makes: [`judge`] hands the
//! events to the oracles in an order that can have been, and makes no check whose outcome might be another in
//! another order. So a correct cluster is never accused, whatever its trace leaves out of what may be left out:
//! not that a server starts again, and not that it installs a snapshot.
//!
//! [`read()`] takes files, [`Recorder`] writes one of a run of the simulator. Nothing here talks to a server.

mod event;
mod feed;
mod judge;
mod lines;
mod read;
mod record;
mod related;
mod reported;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::history::ReadError;
use crate::model::NodeId;

pub use event::{Event, Start, What};
pub use judge::{Judgement, judge};
pub use read::read;
pub use record::Recorder;
pub use related::At;
pub use reported::JUDGED;

/// The events of a cluster.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The names of its files.
    files: Vec<String>,
    /// The names of its servers, S1 first; none where a number was left out.
    servers: Vec<Option<Arc<str>>>,
    /// What each told, in its own order.
    events: Vec<Vec<Event>>,
    /// Up to which index nobody knows what is in the logs.
    base: u64,
    /// Whether it tells of logs at all.
    has_logs: bool,
    /// Files whose last line is cut off, and which line that is.
    cut: Vec<(usize, u32)>,
}

impl Trace {
    /// How many events it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.iter().map(Vec::len).sum()
    }

    /// Whether it has none; no trace that was read has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its servers, also those that are only named by others.
    pub fn servers(&self) -> impl Iterator<Item = (NodeId, &str)> {
        let numbered = (1..).map(NodeId).zip(&self.servers);
        numbered.filter_map(|(id, name)| Some((id, name.as_deref()?)))
    }

    /// Those of them that have names of their own.
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

/// What is wrong with a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In which file, from 0.
    pub file: usize,
    /// Where there, and what.
    pub error: ReadError,
}
