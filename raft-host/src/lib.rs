//! What turns the [core](raft_core) into a server, without I/O, clock or thread.
//!
//! A [`Host`] is a server. A *driver* owns the sockets, the files and the clock: it hands in one [`Event`] at a time
//! ([`Host::handle`]), says when it has no more of them at hand ([`Host::flush`]), and carries out the [`Outputs`]: frames to
//! other servers, operations of the disk, answers to clients.
//!
//! ```text
//!   clients   requests ─►┌────────────────────────────────┐
//!             ◄─ replies │ Host                           │
//!                        │   core ── Write ─► journal     │ operations ─►  disk
//!   servers   frames ───►│    ▲ ◄─ Receipt ──┘            │ ◄─ done
//!             ◄── frames │    └─► state machine, sessions │
//!   clock     ticks ────►└────────────────────────────────┘
//! ```
//!
//! It never opens a file: an [`Operation`] is plain data, carried out by a program on an operating system, or by a simulator.
#![no_std]

extern crate alloc;

mod disk;
mod event;
pub mod frame;
mod host;
mod journal;
mod machine;
mod options;
mod record;
mod recovery;
mod snapshot;

pub use disk::{File, Files, Lane, Operation, Work};
pub use event::{
    Busy, Event, Failure, Observation, Outgoing, Outputs, Reply, Request, Stopped, Ticket,
};
pub use frame::{Class, Decoder, Frame, FrameError};
pub use host::Host;
pub use journal::{JournalOptions, founded};
pub use machine::{Frozen, Machine, PIECE};
pub use options::{Limits, Options};
pub use record::records;
pub use recovery::{BootError, Damage, Note, Recovered, recover};
pub use snapshot::Handle;
