//! The shape of a server's log: the terms of its entries and the places of its configurations. The commands of the
//! entries are not kept.

use crate::model::{Entry, Membership, NodeId, Payload, Snapshot, length};
use crate::subject::Write;

/// The shape of a log, including the entries that a snapshot replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// The runs of entries of one term: first index and term, in order.
    runs: Vec<(u64, u64)>,
    /// The last index; 0 if there is none.
    last: u64,
    /// The last index of the snapshot; 0 if there is none.
    base: u64,
    /// The configurations in it: their index, and their shape for this server.
    configurations: Vec<(u64, Standing)>,
    /// The configuration of the snapshot.
    of_snapshot: Option<Standing>,
}

/// The shape of a configuration for one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing {
    /// True if it is one of joint consensus (§6).
    pub(super) joint: bool,
    /// True if it has learners.
    pub(super) learners: bool,
    /// The place of the server: 0 voter, 1 voter of the outgoing configuration, 2 learner, 3 not a member.
    pub(super) place: u8,
}

impl Standing {
    fn of(server: NodeId, membership: &Membership) -> Standing {
        let place = if membership.voters.contains(&server) {
            0
        } else if membership.outgoing.contains(&server) {
            1
        } else if membership.learners.contains(&server) {
            2
        } else {
            3
        };
        Standing {
            joint: !membership.outgoing.is_empty(),
            learners: !membership.learners.is_empty(),
            place,
        }
    }
}

impl Log {
    /// Takes in a write of a server.
    pub(super) fn write(&mut self, server: NodeId, write: &Write) {
        if let Some(snapshot) = &write.snapshot {
            self.install(server, snapshot);
        }
        if let Some(log) = &write.log {
            self.cut(length(log.from.before()));
            for entry in log.entries.iter() {
                self.append(server, entry);
            }
        }
    }

    fn install(&mut self, server: NodeId, snapshot: &Snapshot) {
        let (index, term) = (snapshot.last.index.get(), snapshot.last.term.0);
        if index > self.last {
            self.runs.clear();
            self.runs.push((index, term));
            self.last = index;
            self.configurations.clear();
        }
        self.base = self.base.max(index);
        self.of_snapshot = Some(Standing::of(server, &snapshot.membership));
        self.configurations.retain(|(at, _)| *at > index);
    }

    /// Cuts off all entries after this index.
    fn cut(&mut self, last: u64) {
        while self.runs.last().is_some_and(|(first, _)| *first > last) {
            self.runs.pop();
        }
        while self.configurations.last().is_some_and(|(at, _)| *at > last) {
            self.configurations.pop();
        }
        self.last = last;
    }

    fn append(&mut self, server: NodeId, entry: &Entry) {
        self.last = entry.index.get();
        if self.runs.last().is_none_or(|(_, term)| *term != entry.term.0) {
            self.runs.push((self.last, entry.term.0));
        }
        if let Payload::Membership(membership) = &entry.payload {
            self.configurations.push((self.last, Standing::of(server, membership)));
        }
    }

    /// Term and index of the last entry, in the order in which logs are up-to-date (§5.4.1).
    pub(super) fn end(&self) -> (u64, u64) {
        (self.runs.last().map_or(0, |(_, term)| *term), self.last)
    }

    /// The last index of the snapshot; 0 if there is none.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// The configuration in force, if it is not the first one, and its index.
    pub(super) fn configuration(&self) -> (u64, Option<Standing>) {
        match self.configurations.last() {
            Some((at, standing)) => (*at, Some(*standing)),
            None if self.of_snapshot.is_some() => (self.base, self.of_snapshot),
            None => (0, None),
        }
    }

    /// The term at an index; `None` after the end, and where it is unknown.
    pub(super) fn term(&self, index: u64) -> Option<u64> {
        if index == 0 || index > self.last {
            return None;
        }
        let behind = self.runs.partition_point(|(first, _)| *first <= index);
        self.runs[..behind].last().map(|(_, term)| *term)
    }

    /// The number of leading entries that two logs share: up to the last index at which both have the same term (Log
    /// Matching, §5.3).
    pub(super) fn common(&self, other: &Log) -> u64 {
        let mut index = self.last.min(other.last);
        let (mut own, mut others) = (self.runs.as_slice(), other.runs.as_slice());
        let back = |runs: &mut &[(u64, u64)], index| {
            while let Some(((first, _), rest)) = runs.split_last()
                && *first > index
            {
                *runs = rest;
            }
        };
        loop {
            back(&mut own, index);
            back(&mut others, index);
            match (own.last(), others.last()) {
                (Some((_, one)), Some((_, two))) if one == two => return index,
                (Some((one, _)), Some((two, _))) => index = one.max(two) - 1,
                // The entries that a snapshot replaced are committed, and so the same.
                (None, _) | (_, None) => return index,
            }
        }
    }
}
