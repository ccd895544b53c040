//! A small Raft (`raft`), and what it takes to put it under the testbed (`subject`).

mod raft;
mod subject;

pub use subject::Example;
