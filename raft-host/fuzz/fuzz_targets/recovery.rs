//! Whatever is in the files, a server boots from them or names the file and the place; bytes that were changed are never served.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use raft_core::{Command, Entry, HardState, LogIndex, NodeId, Payload, Term};
use raft_host::{BootError, File, JournalOptions, Work, founded, recover};

const OPTIONS: JournalOptions = JournalOptions { cluster: 7, server: NodeId(1), segment: 4096 };

#[derive(Arbitrary, Debug)]
struct Input {
    /// Commands of the log.
    log: Vec<Vec<u8>>,
    /// Bytes that are written over the file, and where.
    edits: Vec<(u16, Vec<u8>)>,
    /// The file ends here.
    cut: Option<u16>,
    /// A second segment, as it is.
    next: Option<Vec<u8>>,
}

fn files(log: &[Vec<u8>]) -> BTreeMap<File, Vec<u8>> {
    let entry = |(nth, command): (usize, &Vec<u8>)| Entry {
        index: LogIndex::new(nth as u64 + 1).expect("from 1 on"),
        term: Term(1),
        payload: Payload::Command(Command::from(&command[..])),
    };
    let log: Vec<Entry> = log.iter().enumerate().map(entry).collect();
    let state = HardState { term: Term(1), voted_for: Some(NodeId(1)) };
    let mut files = BTreeMap::new();
    for work in founded(OPTIONS, state, &log) {
        match work {
            Work::Create { file, length } => drop(files.insert(file, vec![0; length as usize])),
            Work::Write { file, at, bytes } => {
                let content = files.get_mut(&file).expect("it was created");
                content[at as usize..][..bytes.len()].copy_from_slice(&bytes);
            }
            _ => {}
        }
    }
    files
}

fuzz_target!(|input: Input| {
    let mut files = files(&input.log);
    let whole = recover(OPTIONS, &mut files.clone(), &mut |_| Ok(())).expect("nothing is changed");
    let content = files.get_mut(&File::Segment(1)).expect("it was founded");
    for (at, bytes) in &input.edits {
        for (place, byte) in content.iter_mut().skip(usize::from(*at)).zip(bytes) {
            *place = *byte;
        }
    }
    if let Some(cut) = input.cut {
        content.truncate(usize::from(cut));
    }
    if let Some(next) = input.next {
        files.insert(File::Segment(2), next);
    }
    match recover(OPTIONS, &mut files, &mut |_| Ok(())) {
        Err(BootError::Damage(damage)) => assert!(files.contains_key(&damage.file), "{damage}"),
        Err(BootError::Files(_) | BootError::Core(_) | BootError::Machine(_)) => {}
        // The one record of the log is there or, torn at the end of the file, is not.
        Ok(recovered) => {
            assert!(recovered.log.is_empty() || recovered.log == whole.log, "{:?}", recovered.log);
        }
    }
});
