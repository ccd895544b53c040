//! A deterministic simulation testbed and conformance suite for Raft.
//!
//! It runs clusters of any Raft in virtual time, over a network, disks and clocks that fail as planned, and checks the
//! properties of the paper after every step. A run is a function of its plan and its implementation: no wall clock,
//! thread, address, hash order or environment influences it. A run that fails is shrunk to a scenario of a few lines.
//!
//! # For the author of an adapter
//!
//! | Item | What it is |
//! |---|---|
//! | [`Implementation`](raft_subject::Implementation) | the trait that boots your servers; the crate [`raft_subject`] has it, with a small example |
//! | [`Subject`](raft_subject::Subject) | the trait of one running server, which takes one step at a time |
//! | [`Event`](raft_subject::Event), [`Effects`](raft_subject::Effects) | the input of a step, and its output: writes, messages, answers and a [`View`](raft_subject::View) |
//! | [`Capability`](raft_subject::Capability) | a claim of your Raft beyond §5; scenarios and faults that need more are skipped |
//! | [`cli::main_with`] | the whole command line around your Raft: `test`, `explain`, `run`, `fuzz`, `shrink`, `conform` |
//! | [`harness::main`] | each scenario as a test of `cargo test`, and a short campaign (feature `harness`) |
//! | [`campaign::Runner`] | a campaign of many seeds as a library, with [`Options`](campaign::Options) and a [`Sink`](campaign::Sink) |
//! | [`strategies`] | plans and faults for property tests of your own (feature `proptest`) |
//! | [`scenario::parse`], [`scenario::replay`] | a scenario from its text, and its replay on any implementation |
//! | [`run::run`], [`plan::Plan`] | one run of a plan, which is plain data: drawn from a seed or written by hand |
//!
//! `docs/write-a-subject.md` in the repository goes through it step by step. A Raft in another language is a child process
//! that answers JSON lines ([`process`]).
//!
//! # How it works
//!
//! Drivers choose actions, the world carries them out, and observers fold over what happened:
//!
//! ```text
//! drivers              the world              observers (folds)
//!
//! run (a plan)                                checker   judges the properties
//! scenario::replay ──► World            ──►   coverage  counts the features in use
//! shrink       Action  servers (Subject)      digest    makes one number of the run
//!                      network, disks         timeline  prints it in the paper's terms
//!                      clocks    Observation  trace     records it
//! ```
//!
//! A driver is the only part that decides: it picks each [`Action`](action::Action). The [`World`](world::World) decides
//! nothing and judges nothing. An [`Observer`](observation::Observer) sees each
//! [`Observation`](observation::Observation) and never influences a run, but may end it. The reference implementation is
//! the crate `raft-core` behind the same traits ([`mod@reference`]).
//!
//! # Features
//!
//! `cli`, on by default, has the command line, child processes and the reports. Without it the library names no process,
//! signal or terminal, and compiles for targets without an operating system. `harness` and `proptest` add the modules
//! named above. `ARCHITECTURE.md` in the repository lists the modules and their layers.

pub mod action;
pub mod campaign;
pub mod checker;
#[cfg(feature = "cli")]
pub mod cli;
pub mod coverage;
pub mod desk;
pub mod digest;
pub mod disk;
pub mod explore;
pub mod export;
#[cfg(test)]
mod faulty;
pub mod guide;
#[cfg(feature = "harness")]
pub mod harness;
pub mod history;
pub mod hosted;
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
mod requests;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod session;
pub mod shrink;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod subject;
pub mod time;
pub mod timeline;
pub mod trace;
pub mod trigger;
pub mod view;
pub mod world;
