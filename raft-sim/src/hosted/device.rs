//! The disk of a hosted server: files of bytes. What was not synced when the power goes may be there or not, byte by byte.

use raft_host::{File, Work, records};

use super::files::{Files, apply};
use super::tear::Volatile;
use crate::mix::{below, mix, mix_bytes};

/// A disk since the last boot.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// The life of the server that booted from it last.
    life: u64,
    /// The files at that boot.
    base: Files,
    /// Everything that was carried out since, in order.
    done: Vec<Work>,
    /// Where the record of each write ends, from write 1 on.
    marks: Vec<Mark>,
    /// The files as they are now.
    now: Files,
}

/// The end of a record: the operation that wrote it, and the bytes of that up to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    operation: usize,
    end: usize,
}

impl Device {
    /// A server boots from these files.
    pub(super) fn boot(&mut self, life: u64, files: Files) {
        *self = Device { life, now: files.clone(), base: files, ..Device::default() };
    }

    /// The life of the server that booted from it last.
    pub(super) fn life(&self) -> u64 {
        self.life
    }

    /// True if nothing was on it at the last boot.
    pub(super) fn began_empty(&self) -> bool {
        self.base.is_empty()
    }

    /// Carries out an operation. `written` is the number of the server's last write that is in it, if it is one of the log.
    pub(super) fn carry_out(&mut self, work: Work, written: u64) -> Vec<u8> {
        if let Work::Write { file: File::Segment(number), bytes, .. } = &work {
            let ends: Vec<usize> = records(bytes, *number).map(|record| record.end).collect();
            let new = (written as usize).saturating_sub(self.marks.len()).min(ends.len());
            // Before the records of the writes may be the one that begins the segment.
            let ends = ends[ends.len() - new..].iter();
            let operation = self.done.len();
            self.marks.extend(ends.map(|end| Mark { operation, end: *end }));
        }
        let bytes = apply(&mut self.now, &work);
        if !matches!(work, Work::Read { .. }) {
            self.done.push(work);
        }
        bytes
    }

    /// The files after a power loss that the first `survived` writes of the server's last life have survived as a whole. The next
    /// one has not; any other part of what was not synced may be there.
    pub(super) fn lose_power(&self, survived: u64, key: u64) -> Files {
        let last = survived.checked_sub(1).and_then(|nth| self.marks.get(nth as usize)).copied();
        let next = self.marks.get(survived as usize).copied();
        let from = last.map_or(0, |mark| mark.operation + 1);
        let until = next.map_or(self.done.len(), |next| self.synced(next));
        let mut key = mix(key, self.identity(from, until));
        let carried_out = from + below(key, (until.max(from) - from) as u64 + 1) as usize;
        let mut disk = Volatile::new(self.base.clone());
        for (at, work) in self.done[..carried_out].iter().enumerate() {
            disk.carry_out(work);
            if let Some(last) = last.filter(|last| last.operation == at) {
                disk.keep_log(work, last.end);
            }
        }
        key = mix(key, 1);
        let mut files = disk.lose_power(key);
        if let Some(next) = next.filter(|next| next.operation < carried_out) {
            self.tear(next, last, &mut files, mix(key, 2));
        }
        files
    }

    /// The number of operations up to the sync that makes the record at a mark durable.
    fn synced(&self, mark: Mark) -> usize {
        let Work::Write { file, .. } = &self.done[mark.operation] else { return mark.operation };
        let sync = |work: &Work| matches!(work, Work::Sync { file: synced } if synced == file);
        let behind = self.done[mark.operation..].iter().position(sync);
        behind.map_or(self.done.len(), |place| mark.operation + place)
    }

    /// A number for what was written last: it decides what is lost of it.
    fn identity(&self, from: usize, until: usize) -> u64 {
        self.done[from..until.max(from)].iter().fold(self.life, |sum, work| match work {
            Work::Write { at, bytes, .. } => mix_bytes(mix(sum, *at), bytes),
            Work::Create { .. }
            | Work::Sync { .. }
            | Work::SyncDirectory
            | Work::Rename { .. }
            | Work::Remove { .. }
            | Work::Read { .. } => mix(sum, 1),
        })
    }

    /// Sees to it that the record at a mark is not whole: a power loss that left it whole would be one that its write has
    /// survived. The file ends within it then.
    fn tear(&self, mark: Mark, before: Option<Mark>, files: &mut Files, key: u64) {
        let Work::Write { file, at, bytes } = &self.done[mark.operation] else { return };
        let Some(found) = files.get_mut(file) else { return };
        let (at, File::Segment(number)) = (*at as usize, *file) else { return };
        let record = records(bytes, number).find(|record| record.end == mark.end);
        let Some(record) = record else { return };
        let start = at
            + record.start.max(before.map_or(0, |before| {
                if before.operation == mark.operation { before.end } else { 0 }
            }));
        if found.get(start..at + mark.end) == Some(&bytes[start - at..mark.end]) {
            let cut = start + below(key, (at + mark.end - start) as u64) as usize;
            found[cut..].fill(0);
        }
    }
}
