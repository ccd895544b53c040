//! The key-value store: texts as keys, any bytes as values.

use std::collections::VecDeque;
use std::ops::Bound;
use std::{fmt, str};

use raft_core::{Command as Bytes, LogIndex};
use raft_host::{Frozen, Machine};
use serde::{Deserialize, Serialize};

use super::map::Map;

/// The longest key, in bytes.
pub const LONGEST_KEY: usize = 1 << 10;
/// The longest value, in bytes.
pub const LONGEST_VALUE: usize = 1 << 20;
/// Changes that are remembered for those who watch, at most, and the bytes of their values.
const REMEMBERED: (usize, usize) = (16_384, 16 << 20);
/// Bytes of the values in one answer, about.
const ANSWER: usize = 1 << 20;
/// Bytes of keys and values in a piece of a snapshot, about.
const PIECE: usize = 256 << 10;

/// A command, in the bytes of postcard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command<'a> {
    /// Set the value of a key.
    Put {
        /// The key.
        key: &'a str,
        /// Its new value.
        #[serde(borrow)]
        value: &'a [u8],
    },
    /// Remove a key.
    Delete {
        /// The key.
        key: &'a str,
    },
    /// Set or remove a key if it holds what is expected.
    Swap {
        /// The key.
        key: &'a str,
        /// The value that it must have; `None` if it must not be there.
        expected: Option<&'a [u8]>,
        /// Its new value; `None` to remove it.
        value: Option<&'a [u8]>,
    },
}

/// Result of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Done.
    Done {
        /// The index of the command in the log: the version of the value from now on.
        index: u64,
        /// True if the key was there before.
        existed: bool,
    },
    /// The key does not hold what was expected; nothing has changed.
    Mismatch {
        /// The value that it holds.
        actual: Option<Vec<u8>>,
    },
    /// Not a command of this machine; nothing has changed.
    Malformed,
}

/// A question, in the bytes of postcard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Query<'a> {
    /// The value of a key.
    Get {
        /// The key.
        key: &'a str,
    },
    /// The keys with a prefix, in order.
    Scan {
        /// The prefix.
        prefix: &'a str,
        /// The key behind which to begin, if not at the first.
        after: Option<&'a str>,
        /// Keys wanted, at most.
        limit: u32,
    },
    /// What changed, in order.
    Changes {
        /// The prefix of the keys.
        prefix: &'a str,
        /// The first index that is of interest.
        from: u64,
        /// Changes wanted, at most.
        limit: u32,
    },
}

/// Answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The value of a key; `None` if it is not there.
    Value(Option<Item>),
    /// Keys with their values.
    Items {
        /// The keys, in order.
        items: Vec<(String, Item)>,
        /// True if there are more behind them.
        more: bool,
    },
    /// What changed.
    Changes {
        /// The changes, in order.
        changes: Vec<Change>,
        /// The index to ask from next.
        next: u64,
    },
    /// Changes as old as asked for are not remembered any more; the index is that of the first that are.
    Forgotten {
        /// The first index to ask from.
        oldest: u64,
    },
    /// Not a question to this machine.
    Malformed,
}

/// A value, and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The bytes.
    pub value: Bytes,
    /// The index of the command that set it.
    pub version: u64,
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The index of the command.
    pub index: u64,
    /// The key.
    pub key: String,
    /// Its new value; `None` if it was removed.
    pub value: Option<Bytes>,
}

/// A key in the bytes that it takes: one that is short needs no memory of its own.
#[derive(Clone, PartialEq, Eq)]
struct Key(Bytes);

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        Key(Bytes::from(text.as_bytes()))
    }
}

impl Key {
    fn text(&self) -> &str {
        // It was made of a text.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The order of texts is that of their bytes.
impl Ord for Key {
    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        (*self.0).cmp(&*other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

/// The store.
#[derive(Clone, Debug, Default)]
pub struct Store {
    items: Map<Key, Item>,
    changes: VecDeque<Change>,
    /// The bytes of the values in `changes`.
    bytes: usize,
    /// The first index of which all changes are remembered.
    oldest: u64,
    /// The last index applied.
    applied: u64,
}

/// The bytes of a command or question of this module.
#[must_use]
pub fn encode(command: &impl Serialize) -> Vec<u8> {
    // Writing to memory, and of types that have a form in bytes, can't fail.
    postcard::to_allocvec(command).unwrap_or_default()
}

impl Store {
    fn execute(&mut self, index: u64, command: &Command<'_>) -> Outcome {
        match *command {
            Command::Put { key, value } => self.set(index, key, Some(value)),
            Command::Delete { key } => self.set(index, key, None),
            Command::Swap { key, expected, value } => {
                let actual = self.items.get(&Key::from(key)).map(|item| &*item.value);
                if actual != expected {
                    return Outcome::Mismatch { actual: actual.map(<[u8]>::to_vec) };
                }
                self.set(index, key, value)
            }
        }
    }

    fn set(&mut self, index: u64, key: &str, value: Option<&[u8]>) -> Outcome {
        let value = value.map(Bytes::from);
        let before = match &value {
            Some(value) => {
                let item = Item { value: value.clone(), version: index };
                self.items.insert(key.into(), item)
            }
            None => self.items.remove(&key.into()),
        };
        let existed = before.is_some();
        if value.is_some() || existed {
            self.remember(Change { index, key: key.to_string(), value });
        }
        Outcome::Done { index, existed }
    }

    fn remember(&mut self, change: Change) {
        let size = |change: &Change| change.value.as_ref().map_or(0, |value| value.len());
        self.bytes += size(&change);
        self.changes.push_back(change);
        while self.changes.len() > REMEMBERED.0 || self.bytes > REMEMBERED.1 {
            let Some(gone) = self.changes.pop_front() else { return };
            self.bytes -= size(&gone);
            self.oldest = gone.index + 1;
        }
    }

    fn answer(&self, query: &Query<'_>) -> Answer {
        match *query {
            Query::Get { key } => Answer::Value(self.items.get(&key.into()).cloned()),
            Query::Scan { prefix, after, limit } => {
                let (prefix, after) = (Key::from(prefix), after.map(Key::from));
                let begin = match &after {
                    Some(after) if *after >= prefix => Bound::Excluded(after),
                    Some(_) | None => Bound::Included(&prefix),
                };
                let mut found =
                    self.items.from(begin).take_while(|(key, _)| key.0.starts_with(&prefix.0));
                let mut items: Vec<(String, Item)> = Vec::new();
                let mut bytes = 0;
                while items.len() < limit as usize && bytes < ANSWER {
                    let Some((key, item)) = found.next() else { break };
                    bytes += key.0.len() + item.value.len();
                    items.push((key.text().to_string(), item.clone()));
                }
                Answer::Items { items, more: found.next().is_some() }
            }
            Query::Changes { prefix, from, limit } => {
                if from < self.oldest {
                    return Answer::Forgotten { oldest: self.oldest };
                }
                let first = self.changes.partition_point(|change| change.index < from);
                let mut changes: Vec<Change> = Vec::new();
                let (mut bytes, mut next) = (0, self.applied.max(from.saturating_sub(1)) + 1);
                for change in self.changes.range(first..) {
                    if changes.len() >= limit as usize || bytes >= ANSWER {
                        next = change.index;
                        break;
                    }
                    if change.key.starts_with(prefix) {
                        bytes += change.value.as_ref().map_or(0, |value| value.len());
                        changes.push(change.clone());
                    }
                }
                Answer::Changes { changes, next }
            }
        }
    }
}

impl Machine for Store {
    type Frozen = Pieces;

    fn apply(&mut self, index: LogIndex, command: &[u8]) -> Vec<u8> {
        self.applied = index.get();
        let outcome = match postcard::from_bytes(command) {
            Ok(command) => self.execute(index.get(), &command),
            Err(_) => Outcome::Malformed,
        };
        encode(&outcome)
    }

    fn query(&self, question: &[u8]) -> Vec<u8> {
        encode(
            &postcard::from_bytes(question).map_or(Answer::Malformed, |query| self.answer(&query)),
        )
    }

    fn freeze(&self) -> Pieces {
        Pieces { items: self.items.clone(), applied: self.applied, last: None, begun: false }
    }

    fn clear(&mut self) {
        *self = Store::default();
    }

    fn load(&mut self, piece: &[u8]) -> Result<(), String> {
        let wrong = |error| format!("no piece of a key-value store: {error}");
        let Piece { applied, items } = postcard::from_bytes(piece).map_err(wrong)?;
        for (key, item) in items {
            self.items.insert(key.into(), item);
        }
        // What changed before the snapshot is not in it.
        (self.applied, self.oldest) = (applied, applied + 1);
        Ok(())
    }
}

/// Part of a store in a snapshot.
#[derive(Debug, Serialize, Deserialize)]
struct Piece<'a> {
    applied: u64,
    #[serde(borrow)]
    items: Vec<(&'a str, Item)>,
}

/// A store at one moment. It shares with the store what does not change.
#[derive(Debug)]
pub struct Pieces {
    items: Map<Key, Item>,
    applied: u64,
    /// The last key of the pieces that were given.
    last: Option<Key>,
    begun: bool,
}

impl Frozen for Pieces {
    /// The next piece. Each has the index of the snapshot, and so does the one of an empty store.
    fn next(&mut self) -> Option<Vec<u8>> {
        let begin = self.last.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let (mut items, mut bytes) = (Vec::new(), 0);
        for (key, item) in self.items.from(begin) {
            bytes += key.0.len() + item.value.len();
            items.push((key.text(), item.clone()));
            if bytes >= PIECE {
                break;
            }
        }
        if items.is_empty() && self.begun {
            return None;
        }
        self.begun = true;
        let last = items.last().map(|(key, _)| Key::from(*key));
        let piece = encode(&Piece { applied: self.applied, items });
        self.last = last.or(self.last.take());
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(number: u64) -> LogIndex {
        LogIndex::new(number).expect("not 0")
    }

    fn apply(store: &mut Store, at: u64, command: &Command<'_>) -> Outcome {
        postcard::from_bytes(&store.apply(index(at), &encode(command))).expect("an outcome")
    }

    fn ask(store: &Store, query: &Query<'_>) -> Answer {
        postcard::from_bytes(&store.query(&encode(query))).expect("an answer")
    }

    fn filled() -> Store {
        let mut store = Store::default();
        for (at, key) in ["a", "b/1", "b/2", "b/3", "c"].into_iter().enumerate() {
            apply(&mut store, at as u64 + 1, &Command::Put { key, value: key.as_bytes() });
        }
        store
    }

    #[test]
    fn a_swap_needs_what_is_expected() {
        let mut store = filled();
        let swap =
            |expected: Option<&'static [u8]>, value| Command::Swap { key: "a", expected, value };
        let refused = apply(&mut store, 6, &swap(Some(b"x"), Some(b"y")));
        assert_eq!(refused, Outcome::Mismatch { actual: Some(b"a".to_vec()) });
        let done = apply(&mut store, 7, &swap(Some(b"a"), None));
        assert_eq!(done, Outcome::Done { index: 7, existed: true });
        assert_eq!(ask(&store, &Query::Get { key: "a" }), Answer::Value(None));
        let made = apply(&mut store, 8, &swap(None, Some(b"new")));
        assert_eq!(made, Outcome::Done { index: 8, existed: false });
    }

    #[test]
    fn a_scan_goes_on_behind_a_key() {
        let store = filled();
        let scan = |after, limit| {
            let query = Query::Scan { prefix: "b/", after, limit };
            let Answer::Items { items, more } = ask(&store, &query) else { panic!("no items") };
            (items.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), more)
        };
        assert_eq!(scan(None, 2), (vec!["b/1".to_string(), "b/2".to_string()], true));
        assert_eq!(scan(Some("b/2"), 2), (vec!["b/3".to_string()], false));
        assert_eq!(scan(Some("b/3"), 2), (vec![], false));
    }

    #[test]
    fn a_snapshot_has_all_items_and_forgets_changes() {
        let mut store = filled();
        let mut frozen = store.freeze();
        let all = Query::Scan { prefix: "", after: None, limit: 100 };
        let before = ask(&store, &all);
        apply(&mut store, 6, &Command::Delete { key: "a" });
        let mut other = Store::default();
        while let Some(piece) = frozen.next() {
            other.load(&piece).expect("a piece");
        }
        assert_eq!(ask(&other, &all), before);
        let changes = |from| ask(&other, &Query::Changes { prefix: "", from, limit: 10 });
        assert_eq!(changes(1), Answer::Forgotten { oldest: 6 });
        assert_eq!(changes(6), Answer::Changes { changes: vec![], next: 6 });
        assert!(other.load(b"\xff\xff").is_err());
    }

    #[test]
    fn changes_are_told_from_an_index_on() {
        let mut store = filled();
        apply(&mut store, 6, &Command::Delete { key: "b/2" });
        let Answer::Changes { changes, next } =
            ask(&store, &Query::Changes { prefix: "b/", from: 3, limit: 2 })
        else {
            panic!("changes are remembered");
        };
        assert_eq!(changes.iter().map(|it| it.index).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(next, 5);
        let rest = ask(&store, &Query::Changes { prefix: "b/", from: next, limit: 2 });
        let gone = Change { index: 6, key: "b/2".to_string(), value: None };
        assert_eq!(rest, Answer::Changes { changes: vec![gone], next: 7 });
    }

    #[test]
    fn a_malformed_command_changes_nothing() {
        let mut store = filled();
        let outcome = store.apply(index(6), b"\x09nonsense");
        assert_eq!(postcard::from_bytes(&outcome), Ok(Outcome::Malformed));
        assert_eq!(store.query(b"\x09"), encode(&Answer::Malformed));
    }
}
