//! The scenario language: one file for each situation of the paper, read by people and replayed exactly.
//!
//! `source` cuts text into words, `parse` makes a [`syntax::Scenario`] of them, `print` writes it back with the
//! same `vocabulary`, `replay` runs it on any implementation. `corpus` finds files, and `packaged` has those that
//! come with the library. Nothing here knows the inside of a server.

pub mod corpus;
pub mod error;
pub mod packaged;
pub mod paper;
pub mod parse;
mod print;
pub mod replay;
pub mod source;
pub mod syntax;
pub mod vocabulary;
