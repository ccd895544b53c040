//! A small Raft (`raft`), and the adapter that puts it under the testbed (`subject`).

mod raft;
mod subject;

pub use subject::Example;
