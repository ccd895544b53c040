//! A disk of bytes: what is written is durable when it is synced, and at a power loss any part of the rest may be.

use std::collections::BTreeMap;

use raft_host::{File, Work};

const SECTOR: usize = 512;

/// Pseudorandom numbers, the same on every machine.
#[derive(Clone)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below this one.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[derive(Clone, Default)]
struct Content {
    durable: Vec<u8>,
    /// Writes since the last sync, each with its place.
    unsynced: Vec<(usize, Vec<u8>)>,
}

impl Content {
    fn now(&self) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        self.unsynced.iter().for_each(|(at, written)| put(&mut bytes, *at, written));
        bytes
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, written: &[u8]) {
    if bytes.len() < at + written.len() {
        bytes.resize(at + written.len(), 0);
    }
    bytes[at..at + written.len()].copy_from_slice(written);
}

#[derive(Clone)]
enum Entry {
    Is(usize),
    Gone,
}

/// Files by number, and a directory with their names.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    contents: Vec<Content>,
    durable: BTreeMap<File, usize>,
    /// Changes of the directory since it was synced; those of one operation together.
    unsynced: Vec<Vec<(File, Entry)>>,
}

fn apply(names: &mut BTreeMap<File, usize>, changes: &[(File, Entry)]) {
    for (file, entry) in changes {
        match entry {
            Entry::Is(number) => names.insert(*file, *number),
            Entry::Gone => names.remove(file),
        };
    }
}

impl Disk {
    fn names(&self) -> BTreeMap<File, usize> {
        let mut names = self.durable.clone();
        self.unsynced.iter().for_each(|changes| apply(&mut names, changes));
        names
    }

    fn content(&mut self, file: File) -> &mut Content {
        let number = self.names()[&file];
        &mut self.contents[number]
    }

    /// Carries out an operation.
    pub(crate) fn carry_out(&mut self, operation: Work) {
        match operation {
            Work::Create { file, length } => {
                let unsynced = vec![(0, vec![0; length as usize])];
                self.unsynced.push(vec![(file, Entry::Is(self.contents.len()))]);
                self.contents.push(Content { durable: Vec::new(), unsynced });
            }
            Work::Write { file, at, bytes } => {
                self.content(file).unsynced.push((at as usize, bytes.to_vec()));
            }
            Work::Clear { file, from } => {
                let content = self.content(file);
                let length = content.now().len() - from as usize;
                content.unsynced.push((from as usize, vec![0; length]));
            }
            Work::Sync { file } => {
                let content = self.content(file);
                content.durable = content.now();
                content.unsynced.clear();
            }
            Work::SyncDirectory => {
                self.durable = self.names();
                self.unsynced.clear();
            }
            Work::Rename { file, to } => {
                let number = self.names()[&file];
                self.unsynced.push(vec![(file, Entry::Gone), (to, Entry::Is(number))]);
            }
            Work::Remove { file } => self.unsynced.push(vec![(file, Entry::Gone)]),
            Work::Read { file, .. } => unreachable!("the journal reads no {file}"),
        }
    }

    /// The files as they are now.
    pub(crate) fn files(&self) -> BTreeMap<File, Vec<u8>> {
        let named = |(file, number): (File, usize)| (file, self.contents[number].now());
        self.names().into_iter().map(named).collect()
    }

    /// The power is lost. Of what was not synced each sector, and each change of the directory, is kept or not, as the numbers say;
    /// some writes are torn within a sector.
    pub(crate) fn lose_power(&mut self, numbers: &mut Numbers) {
        let mut names = self.durable.clone();
        let unsynced = std::mem::take(&mut self.unsynced);
        unsynced
            .iter()
            .filter(|_| numbers.below(2) == 0)
            .for_each(|changes| apply(&mut names, changes));
        for content in &mut self.contents {
            let in_order = numbers.below(2) == 0;
            let mut left = match (in_order, content.unsynced.len()) {
                (true, 1..) => Some(numbers.below(4_000)),
                (true, 0) | (false, _) => None,
            };
            for (at, written) in std::mem::take(&mut content.unsynced) {
                // A file has its length, or a shorter one; what it lacks of it reads as nothing.
                let mut from = 0;
                while from < written.len() {
                    let sector = SECTOR - (at + from) % SECTOR;
                    let to = (from + sector).min(written.len());
                    match &mut left {
                        Some(left) => {
                            let kept = (to - from).min(*left);
                            put(&mut content.durable, at + from, &written[from..from + kept]);
                            *left -= kept;
                        }
                        None if numbers.below(2) == 0 => {
                            put(&mut content.durable, at + from, &written[from..to]);
                        }
                        None => {}
                    }
                    from = to;
                }
            }
        }
        self.durable = names;
    }
}
