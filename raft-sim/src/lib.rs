//! A deterministic simulation testbed and conformance suite for Raft.
//!
//! A [`cluster`] of servers runs in virtual time, over a [`network`] and [`disk`]s that misbehave as told.
//! The servers stand behind a door ([`subject`]): any implementation can, the reference core of
//! `raft-core` does ([`mod@reference`]). The [`checker`]s hear of every step and tell when a safety property of the
//! paper does not hold.
//!
//! What happens is decided by a [`plan`], expanded from a seed and carried out by [`run`], or by a
//! [`scenario`], a text that replays one situation of the paper step by step. The [`story`] of either can be
//! told in the paper's words. The command `raft-sim` ([`cli`]) is all of this at the shell.
//!
//! The command line and children ([`process`]) come with the feature `cli`, which is on by default. Without it the library
//! names no process, signal or terminal, and compiles for targets without an operating system.
//!
//! With the feature `harness` each scenario is a test of another crate, by its own name (`harness`); with the feature
//! `proptest` there are `strategies` for property tests of other implementations.
//!
//! A run is a function of its plan and its implementation: no wall clock, thread, address, hash order or
//! environment reaches it. `ARCHITECTURE.md` says how that is kept, and who may import whom.

pub mod action;
pub mod campaign;
pub mod checker;
#[cfg(feature = "cli")]
pub mod cli;
pub mod coverage;
pub mod digest;
pub mod disk;
#[cfg(test)]
mod faulty;
pub mod guide;
#[cfg(feature = "harness")]
pub mod harness;
pub mod history;
pub mod mix;
pub mod model;
pub mod network;
pub mod observation;
mod panics;
mod parallel;
pub mod plan;
#[cfg(feature = "cli")]
pub mod process;
pub mod reference;
pub mod report;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod shrink;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod subject;
pub mod time;
pub mod timeline;
pub mod trace;
pub mod trigger;
pub mod world;
