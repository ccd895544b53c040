//! Files of bytes, and what is done with them.

use std::collections::BTreeMap;

use raft_host::{File, Work};

use crate::mix::{below, mix};

/// Files by name, as they are found at a boot.
pub(super) type Files = BTreeMap<File, Vec<u8>>;

/// Carries out an operation on files. Returns the bytes that it reads.
pub(super) fn apply(files: &mut Files, work: &Work) -> Vec<u8> {
    match work {
        Work::Create { file, length } => {
            files.insert(*file, vec![0; *length as usize]);
        }
        Work::Write { file, at, bytes } => {
            put(files.entry(*file).or_default(), *at as usize, bytes);
        }
        Work::Sync { .. } | Work::SyncDirectory => {}
        Work::Rename { file, to } => {
            if let Some(content) = files.remove(file) {
                files.insert(*to, content);
            }
        }
        Work::Remove { file } => {
            files.remove(file);
        }
        Work::Read { file, at, length } => {
            let content = files.get(file).map_or(&[][..], Vec::as_slice);
            let rest = content.get(*at as usize..).unwrap_or_default();
            return rest[..rest.len().min(*length as usize)].to_vec();
        }
    }
    Vec::new()
}

/// Puts bytes at a place of a file, which grows if need be.
pub(super) fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A file in which one bit is flipped, and the files with it; `None` if there is nothing to flip.
pub(super) fn flipped(files: &Files, key: u64) -> Option<Files> {
    // Unwritten space is not looked into, and most of a segment is.
    let written = |content: &Vec<u8>| content.iter().rposition(|byte| *byte != 0);
    let candidates: Vec<(File, usize)> =
        files.iter().filter_map(|(file, content)| Some((*file, written(content)? + 1))).collect();
    let (file, length) = *candidates.get(below(key, candidates.len().max(1) as u64) as usize)?;
    let mut files = files.clone();
    let bit = below(mix(key, 1), length as u64 * 8);
    files.get_mut(&file)?[(bit / 8) as usize] ^= 1 << (bit % 8);
    Some(files)
}
