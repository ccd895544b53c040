//! Files of which parts are not durable, and what a power loss leaves of them.

use std::collections::BTreeMap;

use raft_host::{File, Work};

use super::files::{Files, put};
use crate::mix::{below, mix};

/// The bytes that a disk writes as one.
const SECTOR: usize = 512;

/// The content of a file.
#[derive(Clone, Debug, Default)]
struct Content {
    durable: Vec<u8>,
    /// Writes since the last sync, each with its place.
    unsynced: Vec<(usize, Vec<u8>)>,
}

impl Content {
    fn sync(&mut self) {
        for (at, bytes) in std::mem::take(&mut self.unsynced) {
            put(&mut self.durable, at, &bytes);
        }
    }
}

/// Contents by number, and a directory with their names.
#[derive(Debug)]
pub(super) struct Volatile {
    contents: Vec<Content>,
    durable: BTreeMap<File, usize>,
    /// Changes of the directory since it was synced; those of one operation together.
    unsynced: Vec<Vec<(File, Option<usize>)>>,
}

impl Volatile {
    /// These files, all durable.
    pub(super) fn new(files: Files) -> Volatile {
        let durable = files.keys().copied().zip(0..).collect();
        let content = |durable| Content { durable, unsynced: Vec::new() };
        Volatile { contents: files.into_values().map(content).collect(), durable, unsynced: vec![] }
    }

    fn names(&self) -> BTreeMap<File, usize> {
        let mut names = self.durable.clone();
        self.unsynced.iter().for_each(|changes| rename(&mut names, changes));
        names
    }

    fn content(&mut self, file: File) -> Option<&mut Content> {
        let number = *self.names().get(&file)?;
        self.contents.get_mut(number)
    }

    /// Carries out an operation.
    pub(super) fn carry_out(&mut self, work: &Work) {
        match work {
            Work::Create { file, length } => {
                let unsynced = vec![(0, vec![0; *length as usize])];
                self.unsynced.push(vec![(*file, Some(self.contents.len()))]);
                self.contents.push(Content { durable: Vec::new(), unsynced });
            }
            Work::Write { file, at, bytes } => {
                let written = (*at as usize, bytes.to_vec());
                self.content(*file).into_iter().for_each(|it| it.unsynced.push(written.clone()));
            }
            Work::Sync { file } => self.content(*file).into_iter().for_each(Content::sync),
            Work::SyncDirectory => {
                self.durable = self.names();
                self.unsynced.clear();
            }
            Work::Rename { file, to } => {
                if let Some(number) = self.names().get(file) {
                    self.unsynced.push(vec![(*file, None), (*to, Some(*number))]);
                }
            }
            Work::Remove { file } => self.unsynced.push(vec![(*file, None)]),
            Work::Read { .. } => {}
        }
    }

    /// The log survives up to a place in this operation, which was carried out last: what was written to its segments, and
    /// that these are there.
    pub(super) fn keep_log(&mut self, work: &Work, end: usize) {
        let Work::Write { file, at, bytes } = work else { return };
        let names = self.names();
        for (name, number) in names.range(..=*file) {
            let content = &mut self.contents[*number];
            if name == file {
                content.unsynced.pop();
            }
            if matches!(name, File::Segment(_)) {
                content.sync();
                self.durable.insert(*name, *number);
            }
        }
        if let Some(content) = self.content(*file) {
            put(&mut content.durable, *at as usize, &bytes[..end]);
            content.unsynced.push((*at as usize + end, bytes[end..].to_vec()));
        }
    }

    /// The power is lost. Of what was not synced each sector, and each change of the directory, is kept or not, as the key
    /// says; or the writes of a file are kept in order up to some byte.
    pub(super) fn lose_power(self, key: u64) -> Files {
        let mut names = self.durable;
        for (nth, changes) in self.unsynced.iter().enumerate() {
            if below(mix(key, nth as u64), 2) == 0 {
                rename(&mut names, changes);
            }
        }
        let mut contents = self.contents;
        let lose = |(file, number): (File, usize)| {
            let content = std::mem::take(&mut contents[number]);
            (file, lose(content, mix(mix(key, 0x6c6f_7365), number as u64)))
        };
        names.into_iter().map(lose).collect()
    }
}

fn rename(names: &mut BTreeMap<File, usize>, changes: &[(File, Option<usize>)]) {
    for (file, number) in changes {
        match number {
            Some(number) => names.insert(*file, *number),
            None => names.remove(file),
        };
    }
}

/// What is left of a file.
fn lose(content: Content, key: u64) -> Vec<u8> {
    let Content { mut durable, unsynced } = content;
    let total: usize = unsynced.iter().map(|(_, bytes)| bytes.len()).sum();
    let in_order = below(key, 2) == 0;
    let mut left = below(mix(key, 1), total as u64 + 1) as usize;
    let mut sectors = 0;
    for (at, bytes) in unsynced {
        let mut from = 0;
        while from < bytes.len() {
            let to = (from + SECTOR - (at + from) % SECTOR).min(bytes.len());
            let kept = match in_order {
                true => (to - from).min(left),
                false => {
                    sectors += 1;
                    if below(mix(mix(key, 2), sectors), 2) == 0 { to - from } else { 0 }
                }
            };
            left -= kept.min(left);
            put(&mut durable, at + from, &bytes[from..from + kept]);
            from = to;
        }
    }
    durable
}
