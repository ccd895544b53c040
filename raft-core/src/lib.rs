//! Raft.
#![no_std]

extern crate alloc;

mod input;
mod log;
mod membership;
mod message;
mod node;
mod output;
mod progress;
mod roles;
mod settings;
mod state;
mod types;

pub use input::{Boot, Input};
pub use log::Log;
pub use membership::Membership;
pub use message::{AppendReply, Body, Conflict, Message};
pub use node::{BootError, Node};
pub use output::{Answer, LogWrite, Output, Receipt, Refusal, Write};
pub use progress::Progress;
pub use roles::{Candidate, Follower, Leader, Role};
pub use settings::{Settings, SettingsError};
pub use types::{
    Entries, Entry, HardState, LogIndex, NodeId, Payload, Position, Request, Term, length,
};
