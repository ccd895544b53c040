//! The server: one core, its journal, its snapshots, its state machine, its clients.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use raft_core::Node;

use crate::disk::{File, Files};
use crate::event::{Event, Outputs};
use crate::machine::Machine;
use crate::options::Options;
use crate::recovery::Damage;

/// A server. It is driven by [events](Event), and answers with [outputs](Outputs).
pub struct Host<M> {
    node: Node,
    machine: M,
}

/// Something that a boot did, for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The last record was torn by a power loss, and is cut off: its file, and its place in bytes. Nothing in it was ever
    /// acknowledged.
    Torn(File, u64),
    /// A file that is needed no more is removed: a snapshot that is not complete or not in force, or a segment before it.
    Leftover(File),
}

/// Reason why a server does not start. Nothing on its disk is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootError {
    /// A file is not as it was written.
    Damage(Damage),
    /// A file can't be read.
    Files(String),
    /// What is on the disk, or the options, make no sense.
    Core(raft_core::BootError),
    /// The state machine does not take a piece of the snapshot.
    Machine(String),
}

impl<M: Machine> Host<M> {
    /// Boots a server from its files; from none if it was never there before. The first outputs, of [`Host::flush`], mend what
    /// a power loss has left.
    ///
    /// # Errors
    /// [`BootError`], the first that is found. Nothing is repaired, and nothing is skipped.
    pub fn boot(
        options: Options,
        files: &mut impl Files,
        machine: M,
    ) -> Result<(Host<M>, Vec<Note>), BootError> {
        let _ = files;
        let boot = raft_core::Boot {
            id: options.id,
            cluster: options.cluster,
            servers: options.servers,
            settings: options.settings,
            hard_state: <_>::default(),
            snapshot: None,
            log: Vec::new(),
            applied: None,
        };
        let node = Node::boot(boot).map_err(BootError::Core)?;
        Ok((Host { node, machine }, Vec::new()))
    }

    /// Takes an event. What follows from it is added to `outputs`.
    pub fn handle(&mut self, event: Event, outputs: &mut Outputs) {
        let _ = (event, outputs);
    }

    /// Ends a turn: called when the driver has handed in all events that are at hand, and before it carries out the outputs. Reads
    /// that came in the turn share one question to the cluster, and writes one operation of the disk.
    pub fn flush(&mut self, outputs: &mut Outputs) {
        let _ = outputs;
    }

    /// The core: role, term, leader, log, configuration, commit index.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The state machine. While it is loaded from a snapshot ([`Host::is_loading`]) it has a part of its state.
    #[must_use]
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// True while the state machine is loaded from a snapshot.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        false
    }

    /// The number of requests that wait for an answer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        0
    }

    /// True if the disk is full: the server takes no writes.
    #[must_use]
    pub fn is_full(&self) -> bool {
        false
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Torn(file, at) => {
                write!(f, "{file}: a power loss tore the last record, at byte {at}; it is cut off")
            }
            Note::Leftover(file) => write!(f, "{file}: not needed any more, and removed"),
        }
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::Damage(damage) => damage.fmt(f),
            BootError::Files(reason) => f.write_str(reason),
            BootError::Core(error) => error.fmt(f),
            BootError::Machine(reason) => {
                write!(f, "the state machine does not take the snapshot: {reason}")
            }
        }
    }
}

impl core::error::Error for BootError {}
