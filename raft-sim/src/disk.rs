//! A server's disk: knows what is durable from what was only written, and takes its time.
//!
//! Writes become durable in the order in which they were given, each as a whole. A power loss takes what
//! is not durable yet, or all but the first few of it: the host decides how many had made it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::subject::{Token, Write};
use crate::time::Micros;
use crate::words::{Entry, HardState, LogIndex, length};

/// How long a disk takes to make a write durable, in virtual microseconds: drawn evenly, ends included.
/// (0, 0) is durable at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncTime {
    /// The shortest.
    pub min: Micros,
    /// The longest.
    pub max: Micros,
}

/// One server's disk.
#[derive(Debug, Default)]
pub struct Disk {
    hard_state: HardState,
    log: Vec<Entry>,
    unsynced: VecDeque<Write>,
}

impl Disk {
    /// A disk that holds this, durably.
    pub(crate) fn new(hard_state: HardState, log: Vec<Entry>) -> Disk {
        Disk { hard_state, log, unsynced: VecDeque::new() }
    }

    /// What is durable of currentTerm and votedFor.
    #[must_use]
    pub fn hard_state(&self) -> HardState {
        self.hard_state
    }

    /// What is durable of the log.
    #[must_use]
    pub fn log(&self) -> &[Entry] {
        &self.log
    }

    /// The log as the server sees it: what is durable, with what was written since.
    #[must_use]
    pub fn written_log(&self) -> Vec<Entry> {
        let mut log = self.log.clone();
        for write in &self.unsynced {
            apply(&mut log, write);
        }
        log
    }

    /// How many entries the log has as the server sees it.
    pub(crate) fn written_length(&self) -> u64 {
        let durable = self.log.len() as u64;
        let last = self.unsynced.iter().rev().find_map(|write| write.log.as_ref());
        last.map_or(durable, |last| length(last.from.before()) + last.entries.len() as u64)
    }

    /// Up to where what is durable is what was written: a state machine that is durable itself keeps no
    /// more than this over a crash, since the log must tell how it came about.
    pub(crate) fn durable_prefix(&self) -> Option<LogIndex> {
        let rewritten =
            self.unsynced.iter().filter_map(|write| write.log.as_ref()).map(|log| log.from);
        let durable = self.log.last().map(|entry| entry.index);
        rewritten.min().map_or(durable, |from| durable.min(from.before()))
    }

    /// Takes a write.
    pub(crate) fn submit(&mut self, write: Write) {
        self.unsynced.push_back(write);
    }

    /// Whether something was written that is not durable.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.unsynced.is_empty()
    }

    /// Makes the oldest write durable that is not yet, if its token is no later than `through`.
    pub(crate) fn sync_next(&mut self, through: Token) -> Option<Write> {
        if self.unsynced.front()?.token > through {
            return None;
        }
        let write = self.unsynced.pop_front()?;
        self.hard_state = write.hard_state.unwrap_or(self.hard_state);
        apply(&mut self.log, &write);
        Some(write)
    }

    /// Whether the write with this token is not durable yet.
    pub(crate) fn holds(&self, token: Token) -> bool {
        self.unsynced.front().is_some_and(|write| write.token <= token)
    }

    /// The last write that is not durable yet.
    pub(crate) fn last_unsynced(&self) -> Option<Token> {
        self.unsynced.back().map(|write| write.token)
    }

    /// How many writes are not durable.
    pub(crate) fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// Power fails: what is not durable is gone.
    pub(crate) fn lose_unsynced(&mut self) {
        self.unsynced.clear();
    }
}

fn apply(log: &mut Vec<Entry>, write: &Write) {
    if let Some(write) = &write.log {
        log.truncate(length(write.from.before()) as usize);
        log.extend_from_slice(&write.entries);
    }
}
