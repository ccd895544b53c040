//! A flipped bit anywhere in what is durable is noticed: the server does not start, and is told the file and the place.

use std::collections::BTreeMap;

use proptest::prelude::*;
use raft_host::{File, Journal, recover};

use super::disk::{Disk, Numbers};
use super::server::{Durable, OPTIONS, happen};

/// The files of a server after some writes, each durable.
fn written(seed: u64, writes: usize) -> BTreeMap<File, Vec<u8>> {
    let mut numbers = Numbers(seed);
    let mut disk = Disk::default();
    let mut journal = Journal::create(OPTIONS);
    let mut node = Durable::default().boot();
    for _ in 0..writes {
        journal.submit(loop {
            if let Some(write) = happen(&mut node, &mut numbers) {
                break write;
            }
        });
        while !journal.is_idle() {
            let operations: Vec<_> = journal.operations().collect();
            for operation in operations {
                disk.carry_out(operation);
                for receipt in journal.done() {
                    node.step(raft_core::Input::Persisted(receipt));
                }
            }
        }
    }
    disk.files()
}

/// The bytes of a file up to the last that was written.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[test]
fn a_flipped_bit_is_named() {
    let mut flipped = 0;
    for seed in 0..2 {
        let files = written(seed, 8);
        recover(OPTIONS, &files).expect("nothing is damaged");
        for (file, bytes) in &files {
            for at in 0..used(bytes) {
                let mut files = files.clone();
                files.get_mut(file).expect("the file")[at] ^= 1 << (at % 8);
                let damage = recover(OPTIONS, &files).expect_err("a bit is not as it was");
                assert_eq!(damage.file, *file, "byte {at}: {damage}");
                assert!(damage.at as usize <= at, "byte {at}: {damage}");
                flipped += 1;
            }
        }
    }
    assert!(flipped > 5_000, "only {flipped} bits");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let files = written(3, 40);
    assert!(files.len() > 2, "{:?}", files.keys());
    // A last segment that is not there looks like one that was never begun.
    let last = files.keys().rfind(|file| matches!(file, File::Segment(_))).copied();
    for file in files.keys().filter(|file| Some(**file) != last) {
        let mut files = files.clone();
        files.remove(file);
        let recovered = recover(OPTIONS, &files);
        assert!(recovered.is_err(), "{file} is not there, and nobody noticed: {recovered:?}");
    }
}

#[test]
fn a_journal_of_another_server_is_refused() {
    let files = written(1, 3);
    let other = raft_host::JournalOptions { cluster: 8, ..OPTIONS };
    let damage = recover(other, &files).expect_err("it is of another cluster");
    assert!(damage.to_string().ends_with("it is of another server or cluster"), "{damage}");
}

proptest! {
    /// Recovery of bytes that no journal has written ends in words.
    #[test]
    fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), cut in 0_usize..4_096, seed in 0_u64..4) {
        let mut files = written(seed, 6);
        let (file, content) = files.iter_mut().next().expect("a file");
        let cut = cut.min(content.len());
        content.truncate(cut);
        content.extend(bytes);
        let file = *file;
        if let Err(damage) = recover(OPTIONS, &files) {
            prop_assert!(!damage.reason.is_empty(), "{file}");
        }
    }
}
