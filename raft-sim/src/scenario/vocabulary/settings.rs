//! The settings that a line can set, each with its word and its value.

use super::Words;
use crate::scenario::syntax::{Changes, Settings};

/// A setting of a server.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    /// The word it is set by.
    pub(crate) word: &'static str,
    /// The value behind the word, and its place in [`Settings`].
    pub(crate) value: Value,
}

/// The place of a value in [`Settings`].
type Field<T> = fn(&mut Settings) -> &mut T;

/// The value of a setting.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    /// `A..B`, in ticks, from 1.
    Ticks(Field<Option<(u32, u32)>>),
    /// `N`, from 1; what it counts, for an error.
    Count(&'static str, Field<Option<u32>>),
    /// `N%`
    Percent(Field<Option<u32>>),
    /// No value: the word alone sets it.
    Flag(Field<bool>),
    /// A way to change configurations.
    Changes(Field<Option<Changes>>),
}

impl Value {
    /// True if the settings set it.
    pub(crate) fn is_set(&self, mut settings: Settings) -> bool {
        let settings = &mut settings;
        match self {
            Value::Ticks(field) => field(settings).is_some(),
            Value::Count(_, field) | Value::Percent(field) => field(settings).is_some(),
            Value::Flag(field) => *field(settings),
            Value::Changes(field) => field(settings).is_some(),
        }
    }
}

const ENTRIES: &str = "a number of entries";
const BYTES: &str = "a number of bytes";

/// All settings, in the order in which an error lists them.
pub(crate) const SETTINGS: [Setting; 14] = [
    Setting { word: "election-timeout", value: Value::Ticks(|set| &mut set.election_timeout) },
    Setting { word: "heartbeat", value: Value::Count("ticks", |set| &mut set.heartbeat) },
    Setting {
        word: "entries-per-message",
        value: Value::Count(ENTRIES, |set| &mut set.entries_per_message),
    },
    Setting {
        word: "uncommitted-limit",
        value: Value::Count(ENTRIES, |set| &mut set.uncommitted_limit),
    },
    Setting { word: "window", value: Value::Count(ENTRIES, |set| &mut set.window) },
    Setting {
        word: "bytes-per-message",
        value: Value::Count(BYTES, |set| &mut set.bytes_per_message),
    },
    Setting { word: "chunk", value: Value::Count(BYTES, |set| &mut set.chunk) },
    Setting { word: "pre-vote", value: Value::Flag(|set| &mut set.pre_vote) },
    Setting { word: "check-quorum", value: Value::Flag(|set| &mut set.check_quorum) },
    Setting { word: "lease-reads", value: Value::Percent(|set| &mut set.lease_reads) },
    Setting { word: "changes", value: Value::Changes(|set| &mut set.changes) },
    Setting {
        word: "catch-up-rounds",
        value: Value::Count("a number of rounds", |set| &mut set.catch_up_rounds),
    },
    Setting { word: "apply-queue", value: Value::Count(ENTRIES, |set| &mut set.apply_queue) },
    Setting {
        word: "sessions",
        value: Value::Count("a number of sessions", |set| &mut set.sessions),
    },
];

impl Words for Changes {
    const ALL: &'static [Changes] = &[Changes::Single, Changes::Joint, Changes::Shortest];

    fn word(self) -> &'static str {
        match self {
            Changes::Single => "single",
            Changes::Joint => "joint",
            Changes::Shortest => "shortest",
        }
    }
}
