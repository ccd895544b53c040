//! What turns the [core](raft_core) into a server, without I/O, clock or thread.
//!
//! The [`Journal`] turns the core's writes into operations of a disk: records of bytes in segments, many writes with one
//! sync, snapshots in files of their own. [`recover`] turns the bytes of these files into what a server boots from. It
//! tells a write that the last power loss tore, which nobody was told of, from a log that has been damaged since.
//!
//! ```text
//! core ── Write ──► Journal ── Operation ──► disk
//!   ▲                  │
//!   └──── Receipt ◄────┴─── done ◄───────────┘
//! ```
//!
//! It never opens a file: [`Operation`] is plain data, carried out by a program on an operating system, or by a simulator.
#![no_std]

extern crate alloc;

mod disk;
mod journal;
mod record;
mod recovery;
mod snapshot;

pub use disk::{File, Operation};
pub use journal::{Journal, Options};
pub use recovery::{Damage, Recovered, recover};
