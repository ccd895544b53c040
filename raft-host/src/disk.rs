//! The vocabulary between a host and its disk: files, and what is to be done with them.

use alloc::format;
use alloc::sync::Arc;
use core::fmt;

use raft_core::{LogIndex, Position, Term};

/// A file in the data directory of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum File {
    /// A segment of the log, numbered from 1 on.
    Segment(u32),
    /// A snapshot whose last entry is this one.
    Snapshot(Position),
    /// A snapshot that is not complete yet.
    Partial(Position),
}

impl File {
    /// The file with this name, if it is one of these: what [`Display`](fmt::Display) prints.
    #[must_use]
    pub fn named(name: &str) -> Option<File> {
        let (stem, end) = name.rsplit_once('.')?;
        let file = match (stem.strip_prefix("log-"), stem.strip_prefix("snapshot-"), end) {
            (Some(number), None, "raft") => File::Segment(number.parse().ok()?),
            (None, Some(position), "raft") => File::Snapshot(self::position(position)?),
            (None, Some(position), "part") => File::Partial(self::position(position)?),
            _ => return None,
        };
        // `log-1.raft` is not `log-0000000001.raft`.
        (format!("{file}") == name).then_some(file)
    }
}

fn position(text: &str) -> Option<Position> {
    let (index, term) = text.split_once('-')?;
    Some(Position { index: LogIndex::new(index.parse().ok()?)?, term: Term(term.parse().ok()?) })
}

/// The name in the directory. Names of one kind sort as their numbers do.
impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            File::Segment(number) => write!(f, "log-{number:010}.raft"),
            File::Snapshot(Position { index, term }) => {
                write!(f, "snapshot-{:020}-{:020}.raft", index.get(), term.0)
            }
            File::Partial(Position { index, term }) => {
                write!(f, "snapshot-{:020}-{:020}.part", index.get(), term.0)
            }
        }
    }
}

/// Something to do with the disk. Operations are carried out one after the other, in the order in which they are
/// given out: one begins when the one before it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Create a file of this length, in bytes, filled with zeros, or make an existing one so.
    Create {
        /// The file.
        file: File,
        /// Its length.
        length: u64,
    },
    /// Write bytes into a file.
    Write {
        /// The file.
        file: File,
        /// The place of the first byte.
        at: u64,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// Fill a file with zeros from this place to its end.
    Clear {
        /// The file.
        file: File,
        /// The place of the first zero.
        from: u64,
    },
    /// Make durable what a file holds: fdatasync.
    Sync {
        /// The file.
        file: File,
    },
    /// Make durable which files there are: fsync of the directory.
    SyncDirectory,
    /// Give a file the name of another one, in place of which it is from then on.
    Rename {
        /// The file.
        file: File,
        /// Its new name.
        to: File,
    },
    /// Remove a file.
    Remove {
        /// The file.
        file: File,
    },
}
