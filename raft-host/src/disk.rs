//! The vocabulary between a host and its disk: files, and what is to be done with them.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
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

/// Something to do with the disk, under a number by which the driver reports that it is done
/// ([`Event::Done`](crate::Event::Done)).
///
/// Operations of one lane are carried out one after the other, in the order in which they are given out: one begins when the
/// one before it has ended. The lanes do not wait for one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its number. Numbers only increase.
    pub id: u64,
    /// Its lane.
    pub lane: Lane,
    /// What is to be done.
    pub work: Work,
}

/// Order in which operations are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// The log: messages and clients wait for it.
    Log,
    /// Snapshots: they may take long.
    Bulk,
}

/// Work of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Create a file of this length, in bytes, filled with zeros, or make an existing one so.
    Create {
        /// The file.
        file: File,
        /// Its length.
        length: u64,
    },
    /// Write bytes into a file; it grows if they reach beyond its end.
    Write {
        /// The file.
        file: File,
        /// The place of the first byte.
        at: u64,
        /// The bytes.
        bytes: Arc<[u8]>,
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
    /// Remove a file; one that is not there is no error.
    Remove {
        /// The file.
        file: File,
    },
    /// Read bytes of a file: up to this many, fewer at its end.
    Read {
        /// The file.
        file: File,
        /// The place of the first byte.
        at: u64,
        /// The number of bytes.
        length: u32,
    },
}

/// In words, for an error: `write log-0000000001.raft`.
impl Work {
    /// True if it may be tried again after it failed for want of space. A sync may not: what was to be written may be gone, and
    /// the next sync succeeds without it.
    #[must_use]
    pub fn can_be_repeated(&self) -> bool {
        match self {
            Work::Sync { .. } | Work::SyncDirectory => false,
            Work::Create { .. }
            | Work::Write { .. }
            | Work::Rename { .. }
            | Work::Remove { .. }
            | Work::Read { .. } => true,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Create { file, .. } => write!(f, "create {file}"),
            Work::Write { file, .. } => write!(f, "write {file}"),
            Work::Sync { file } => write!(f, "sync {file}"),
            Work::SyncDirectory => f.write_str("sync the directory"),
            Work::Rename { file, to } => write!(f, "rename {file} to {to}"),
            Work::Remove { file } => write!(f, "remove {file}"),
            Work::Read { file, .. } => write!(f, "read {file}"),
        }
    }
}

/// The files of a server, for its boot. Nothing is changed by it.
pub trait Files {
    /// All files that are there, and their lengths in bytes. Files with other names are none of the server's.
    ///
    /// # Errors
    /// The reason why the directory can't be read.
    fn list(&mut self) -> Result<Vec<(File, u64)>, String>;

    /// Bytes of a file from a place on: this many, fewer only at its end.
    ///
    /// # Errors
    /// The reason why the file can't be read.
    fn read(&mut self, file: File, at: u64, length: usize) -> Result<Vec<u8>, String>;
}

/// Files in memory.
impl Files for BTreeMap<File, Vec<u8>> {
    fn list(&mut self) -> Result<Vec<(File, u64)>, String> {
        Ok(self.iter().map(|(file, bytes)| (*file, bytes.len() as u64)).collect())
    }

    fn read(&mut self, file: File, at: u64, length: usize) -> Result<Vec<u8>, String> {
        let bytes = self.get(&file).ok_or_else(|| format!("{file} is not there"))?;
        let rest = bytes.get(at as usize..).unwrap_or_default();
        Ok(rest[..length.min(rest.len())].to_vec())
    }
}
