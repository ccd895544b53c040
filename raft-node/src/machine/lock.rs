//! Locks by name, each with a token that grows: a second, small state machine. A holder shows its token to what it locks, which
//! refuses an older one (a fencing token), so that a holder which was paused does no harm.

use std::collections::BTreeMap;

use raft_core::LogIndex;
use raft_host::{Frozen, Machine};
use serde::{Deserialize, Serialize};

use super::kv::encode;

/// A command, in the bytes of postcard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Take a lock, if it is free.
    Acquire {
        /// The name of the lock.
        lock: String,
        /// The one that wants it.
        owner: String,
    },
    /// Give a lock back.
    Release {
        /// The name of the lock.
        lock: String,
        /// The one that has it.
        owner: String,
    },
}

/// A lock that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The one that has it.
    pub owner: String,
    /// The index of the command that took it: higher than that of every earlier holder.
    pub token: u64,
}

/// Result of a command: the state of the lock after it, and whether the command was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// False if another one has the lock, or the command makes no sense.
    pub done: bool,
    /// The holder after the command.
    pub holder: Option<Held>,
}

/// The locks that are held.
#[derive(Clone, Debug, Default)]
pub struct Locks(BTreeMap<String, Held>);

impl Machine for Locks {
    type Frozen = Whole;

    fn apply(&mut self, index: LogIndex, command: &[u8]) -> Vec<u8> {
        let outcome = match postcard::from_bytes(command) {
            Ok(Command::Acquire { lock, owner }) => {
                let wanted = Held { owner, token: index.get() };
                let held = self.0.entry(lock).or_insert_with(|| wanted.clone());
                Outcome { done: held.owner == wanted.owner, holder: Some(held.clone()) }
            }
            Ok(Command::Release { lock, owner }) => {
                let done = self.0.get(&lock).is_some_and(|held| held.owner == owner);
                if done {
                    self.0.remove(&lock);
                }
                Outcome { done, holder: self.0.get(&lock).cloned() }
            }
            Err(_) => Outcome { done: false, holder: None },
        };
        encode(&outcome)
    }

    /// The question is the name of a lock; the answer its holder, if it has one.
    fn query(&self, question: &[u8]) -> Vec<u8> {
        let name = std::str::from_utf8(question).unwrap_or_default();
        encode(&self.0.get(name))
    }

    fn freeze(&self) -> Whole {
        Whole(Some(encode(&self.0)))
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn load(&mut self, piece: &[u8]) -> Result<(), String> {
        self.0 = postcard::from_bytes(piece).map_err(|error| format!("no locks: {error}"))?;
        Ok(())
    }
}

/// All locks at one moment, in one piece: there are not many.
#[derive(Debug)]
pub struct Whole(Option<Vec<u8>>);

impl Frozen for Whole {
    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_holder_and_tokens_grow() {
        let mut locks = Locks::default();
        let mut run = |at: u64, command: Command| -> Outcome {
            let index = LogIndex::new(at).expect("not 0");
            postcard::from_bytes(&locks.apply(index, &encode(&command))).expect("an outcome")
        };
        let acquire = |owner: &str| Command::Acquire { lock: "l".into(), owner: owner.into() };
        let release = |owner: &str| Command::Release { lock: "l".into(), owner: owner.into() };
        let held = |owner: &str, token| Some(Held { owner: owner.into(), token });
        assert_eq!(run(1, acquire("a")), Outcome { done: true, holder: held("a", 1) });
        assert_eq!(run(2, acquire("b")), Outcome { done: false, holder: held("a", 1) });
        assert_eq!(run(3, release("b")), Outcome { done: false, holder: held("a", 1) });
        assert_eq!(run(4, release("a")), Outcome { done: true, holder: None });
        assert_eq!(run(5, acquire("b")), Outcome { done: true, holder: held("b", 5) });
    }
}
