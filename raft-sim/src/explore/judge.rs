//! The checkers of an exploration, and their memories.
//!
//! Checkers fold over a history: what they remember is forked with the state. A memory that two histories share is kept
//! once, and what one step makes of one memory is worked out once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::server::Step;
use crate::checker::{Checkers, NoPanic, Violation};
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::time::Micros;

/// The violation that ends a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A property is violated.
    Violated(Violation),
    /// A server does not boot from what it has on its disk.
    NotBooted {
        /// The server.
        server: NodeId,
        /// The reason.
        why: String,
    },
    /// A state from which no command is committed, however fair what follows is.
    Trapped,
    /// A state from which the cluster stays in C_old,new, however fair what follows is.
    Unfinished,
}

impl Finding {
    /// True for a state with no way out.
    #[must_use]
    pub fn is_trap(&self) -> bool {
        matches!(self, Finding::Trapped | Finding::Unfinished)
    }
}

/// The checkers of a history, as an observer.
#[derive(Clone)]
pub(super) struct Judge {
    checkers: Checkers,
    no_panic: NoPanic,
    not_booted: Option<(NodeId, String)>,
}

impl Judge {
    /// Checkers of a history that has not begun.
    pub(super) fn new(checkers: Checkers) -> Judge {
        Judge { checkers, no_panic: NoPanic::default(), not_booted: None }
    }

    /// The violation at the end of the history, if there is one.
    pub(super) fn finding(&self) -> Option<Finding> {
        if let Some((server, why)) = &self.not_booted {
            return Some(Finding::NotBooted { server: *server, why: why.clone() });
        }
        let violation = self.no_panic.violation.as_ref().or(self.checkers.violation());
        violation.cloned().map(Finding::Violated)
    }

    fn fingerprint(&self) -> u64 {
        self.checkers.fingerprint()
    }
}

impl Observer for Judge {
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::NotBooted { server, panicked: false, why } = observation {
            self.not_booted = Some((*server, why.clone().into_owned()));
            return Err(Stop);
        }
        self.no_panic.observe(at, observation)?;
        self.checkers.observe(at, observation)
    }
}

/// A memory of the checkers, and the number that tells it apart.
#[derive(Clone)]
pub(super) struct Memory {
    judge: Arc<Judge>,
    /// The memory and the step that it comes from.
    origin: (u32, u32),
    pub(super) fingerprint: u64,
}

/// The memories of the checkers, by their numbers.
pub(super) struct Memories {
    table: RwLock<Vec<Memory>>,
    known: Mutex<BTreeMap<u64, u32>>,
}

impl Memories {
    /// The memory of the history in which the servers have booted has the number 0.
    pub(super) fn new(first: Judge) -> Memories {
        let fingerprint = first.fingerprint();
        let memory = Memory { judge: Arc::new(first), origin: (0, 0), fingerprint };
        Memories {
            table: RwLock::new(vec![memory]),
            known: Mutex::new(BTreeMap::from([(fingerprint, 0)])),
        }
    }

    /// The memory of this number.
    pub(super) fn get(&self, number: u32) -> Memory {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table[number as usize].clone()
    }

    /// The number of memories.
    pub(super) fn len(&self) -> usize {
        self.table.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The memory and the step that each comes from, and its fingerprint. The first one comes from nothing.
    pub(super) fn origins(&self) -> Vec<(u32, u32, u64)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let origin = |Memory { origin: (memory, step), fingerprint, .. }: &Memory| {
            (*memory, *step, *fingerprint)
        };
        table.iter().map(origin).collect()
    }

    /// Judges a step, which has this number, of a history with this memory, and returns the memory behind it.
    ///
    /// # Errors
    /// The violation at the end of the history.
    pub(super) fn judge(&self, memory: u32, number: u32, step: &Step) -> Result<u32, Finding> {
        let before = self.get(memory);
        let mut judge = Judge::clone(&before.judge);
        for observation in &step.observed {
            if judge.observe(0, observation).is_err()
                && let Some(finding) = judge.finding()
            {
                return Err(finding);
            }
        }
        let fingerprint = judge.fingerprint();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*known.entry(fingerprint).or_insert_with(|| {
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            table.push(Memory { judge: Arc::new(judge), origin: (memory, number), fingerprint });
            (table.len() - 1) as u32
        }))
    }
}
