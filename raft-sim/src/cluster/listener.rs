//! What a listener hears of a run.

use crate::subject::{Effects, Event, Settings, View, Write};
use crate::time::Micros;
use crate::words::{Message, NodeId};

/// One step, for whoever listens.
#[derive(Debug)]
pub enum Heard<'a> {
    /// A server took an event and this came of it. `before` is its state before.
    Step {
        /// The server.
        server: NodeId,
        /// What it took.
        event: &'a Event,
        /// What it did.
        effects: &'a Effects,
        /// Its state before.
        before: &'a View,
        /// How many entries its log had before.
        length: u64,
    },
    /// A message leaves (and may be lost).
    Sent(&'a Message),
    /// A write is durable, or the disk says so. What survives a crash is durable before the server dies; of a
    /// torn write only what is there of it is heard.
    Durable(NodeId, &'a Write),
    /// A server booted; with what it found on its disk, if it was not the first time; with these settings, if
    /// they are not those of its life before.
    Booted(NodeId, &'a View, Option<&'a Settings>),
    /// A server died, losing so many writes that were not durable. If the first of them was torn, so many of
    /// the entries that it appended survived.
    Crashed(NodeId, usize, Option<usize>),
    /// The disk of a server that is down has forgotten everything.
    Wiped(NodeId),
    /// From now on a server's disk says durable what its next crash takes, or what it said is true after all.
    Lies(NodeId, bool),
    /// A scenario's statement on this line begins.
    Statement(u32),
}

/// Listens to every step; for stories and pictures, never for verdicts.
pub trait Listener {
    /// Something happened at this time.
    fn hear(&mut self, now: Micros, heard: &Heard<'_>);
}
