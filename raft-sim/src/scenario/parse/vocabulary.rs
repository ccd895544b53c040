//! The words of the language: which there are, what they name, and which was probably meant.

use crate::scenario::syntax::{Kind, Unit};

/// The words that begin a header line.
pub(super) const HEADER: &[&str] = &[
    "scenario",
    "paper",
    "servers",
    "outside",
    "requires",
    "violates",
    "settings",
    "network",
    "state-machine",
    "given",
];

/// The words that begin a statement.
pub(super) const COMMANDS: &[&str] = &[
    "timeout",
    "elect",
    "heartbeat",
    "tick",
    "settle",
    "run",
    "deliver",
    "drop",
    "duplicate",
    "hold",
    "release",
    "forge",
    "crash",
    "restart",
    "settings",
    "stall",
    "sync",
    "flush",
    "tell",
    "unstall",
    "lie",
    "wipe",
    "partition",
    "isolate",
    "cut",
    "heal",
    "propose",
    "retry",
    "register",
    "read",
    "change",
    "transfer",
    "compact",
    "pause-apply",
    "apply",
    "resume-apply",
    "expect",
    "never",
    "reach",
    "within",
];

/// The words that begin a fact about a server.
pub(super) const FACTS: &[&str] = &[
    "leader",
    "follower",
    "candidate",
    "up",
    "down",
    "term",
    "vote",
    "log",
    "holds",
    "lacks",
    "commit",
    "committed",
    "reported",
    "applied",
    "members",
    "learners",
    "joint",
    "snapshot",
];

/// The words that begin a detail of a message.
pub(super) const DETAILS: &[&str] = &[
    "term", "granted", "refused", "success", "prev", "last", "entries", "commit", "match",
    "transfer", "offset", "received", "index",
];

/// What is said of a label.
pub(super) const LABEL_WORDS: &[&str] = &[
    "on",
    "committed",
    "acknowledged",
    "refused",
    "failed",
    "pending",
    "unknown",
    "expired",
    "sees",
    "misses",
];

/// The remaining words of statements and conditions.
const OTHERS: &[&str] = &[
    "a", "all", "as", "at", "durable", "least", "majority", "message", "most", "ms", "newest",
    "no", "none", "not", "quiet", "session", "to", "torn", "us",
];

/// The words of durations.
pub(super) const UNITS: &[(&str, Unit)] = &[
    ("election-timeouts", Unit::ElectionTimeouts),
    ("election-timeout", Unit::ElectionTimeouts),
    ("heartbeats", Unit::Heartbeats),
    ("heartbeat", Unit::Heartbeats),
    ("ticks", Unit::Ticks),
    ("tick", Unit::Ticks),
    ("ms", Unit::Milliseconds),
];

impl Kind {
    /// Every kind of message.
    pub const ALL: [Kind; 13] = [
        Kind::RequestVote,
        Kind::RequestVoteReply,
        Kind::AppendEntries,
        Kind::Heartbeat,
        Kind::AppendEntriesReply,
        Kind::PreVote,
        Kind::PreVoteReply,
        Kind::TimeoutNow,
        Kind::InstallSnapshot,
        Kind::InstallSnapshotReply,
        Kind::ReadIndex,
        Kind::ReadIndexReply,
        Kind::Other,
    ];

    /// The kind's word, as in the figures.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::RequestVote => "RequestVote",
            Kind::RequestVoteReply => "RequestVoteReply",
            Kind::AppendEntries => "AppendEntries",
            Kind::Heartbeat => "Heartbeat",
            Kind::AppendEntriesReply => "AppendEntriesReply",
            Kind::PreVote => "PreVote",
            Kind::PreVoteReply => "PreVoteReply",
            Kind::TimeoutNow => "TimeoutNow",
            Kind::InstallSnapshot => "InstallSnapshot",
            Kind::InstallSnapshotReply => "InstallSnapshotReply",
            Kind::ReadIndex => "ReadIndex",
            Kind::ReadIndexReply => "ReadIndexReply",
            Kind::Other => "Other",
        }
    }

    /// Whether a message of this kind can say the detail that begins with this word.
    pub(super) fn can_say(self, detail: &str) -> bool {
        let details: &[&str] = match self {
            Kind::RequestVote => &["term", "last", "transfer"],
            Kind::PreVote => &["term", "last"],
            Kind::RequestVoteReply | Kind::PreVoteReply => &["term", "granted", "refused"],
            Kind::AppendEntries => &["term", "prev", "entries", "commit"],
            Kind::Heartbeat => &["term", "prev", "commit"],
            Kind::AppendEntriesReply => &["term", "success", "refused", "match"],
            Kind::TimeoutNow | Kind::ReadIndex | Kind::Other => &["term"],
            Kind::InstallSnapshot => &["term", "last", "offset"],
            Kind::InstallSnapshotReply => &["term", "received"],
            Kind::ReadIndexReply => &["term", "index"],
        };
        details.contains(&detail)
    }
}

/// Every word of the language but capabilities, kinds and the names of settings.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let sets = [HEADER, COMMANDS, FACTS, DETAILS, LABEL_WORDS, OTHERS];
    sets.into_iter().flatten().copied().chain(UNITS.iter().map(|(word, _)| *word))
}

/// Whether a word belongs to the language, so that no label may take it.
pub(super) fn is_reserved(word: &str) -> bool {
    all().any(|known| known == word)
}

/// The words as a list for a reader: `a, b or c`.
pub(super) fn listed(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The word that was probably meant, if one is close enough.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    const LONGEST: usize = 40;
    if word.chars().count() > LONGEST {
        return None;
    }
    let by_distance = words.map(|known| (distance(word, known), known));
    let (distance, known) = by_distance.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1.max(known.len() / 3)).then_some(known)
}

/// How many characters must be added, removed, replaced or swapped with their neighbour to get from one
/// word to the other, capitals counting as small letters.
fn distance(one: &str, other: &str) -> usize {
    let [one, other] = [one, other].map(|word| word.to_lowercase().chars().collect::<Vec<char>>());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b;
            if swapped {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_was_meant() {
        for (wrong, meant) in [
            ("delver", Some("deliver")),
            ("Settle", Some("settle")),
            ("rnu", Some("run")),
            ("expects", Some("expect")),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, COMMANDS.iter().copied()), meant, "{wrong}");
        }
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(listed(&["a", "b", "c"]), "a, b or c");
        assert_eq!(listed(&["a"]), "a");
    }
}
