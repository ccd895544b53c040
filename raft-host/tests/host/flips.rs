//! A flipped bit anywhere in what is durable is noticed: the server does not start, and is told the file and the place.

use std::sync::LazyLock;

use proptest::prelude::*;
use raft_host::{BootError, File, Host, Request};

use super::cluster::{Cluster, Files, List, command, options};

/// The files of a leader after some commands and a snapshot.
fn files() -> Files {
    static FILES: LazyLock<Files> = LazyLock::new(made);
    FILES.clone()
}

fn made() -> Files {
    let mut cluster = Cluster::new();
    for number in 0..40 {
        cluster.answer(1, command(&format!("{number} {}", "Z".repeat(number * 7))));
        if number == 10 {
            cluster.answer(1, Request::Snapshot);
        }
    }
    cluster.servers.swap_remove(0).files
}

/// The bytes of a file up to the last that was written.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[test]
fn a_flipped_bit_is_named() {
    let files = files();
    assert!(Host::boot(options(1), &mut files.clone(), List::default()).is_ok());
    let mut flipped = 0;
    for (file, bytes) in &files {
        for at in 0..used(bytes) {
            let mut files = files.clone();
            files.get_mut(file).expect("the file")[at] ^= 1 << (at % 8);
            match Host::boot(options(1), &mut files, List::default()) {
                Err(BootError::Damage(damage)) => {
                    assert_eq!(damage.file, *file, "byte {at}: {damage}");
                    assert!(damage.at as usize <= at, "byte {at}: {damage}");
                }
                other => panic!("{file}, byte {at}: {:?}", other.map(|(_, notes)| notes)),
            }
            flipped += 1;
        }
    }
    assert!(flipped > 5_000, "only {flipped} bits");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let files = files();
    assert!(files.len() > 2, "{:?}", files.keys());
    // A last segment that is not there looks like one that was never begun.
    let last = files.keys().rfind(|file| matches!(file, File::Segment(_))).copied();
    for file in files.keys().filter(|file| Some(**file) != last) {
        let mut files = files.clone();
        files.remove(file);
        let booted = Host::boot(options(1), &mut files, List::default());
        assert!(booted.is_err(), "{file} is not there, and the server boots");
    }
}

#[test]
fn files_of_another_server_or_cluster_are_refused() {
    let mut files = files();
    let mut other = options(1);
    other.cluster = 8;
    for options in [other, options(2)] {
        let refused = Host::boot(options, &mut files, List::default()).expect_err("another's");
        assert!(refused.to_string().ends_with("it is of another server or cluster"), "{refused}");
    }
}

proptest! {
    /// Recovery of bytes that no server has written ends in words.
    #[test]
    fn any_bytes_are_refused_or_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000), cut in 0_usize..4_096, nth in 0_usize..4,
    ) {
        let mut files = files();
        let file = *files.keys().nth(nth % files.len()).expect("a file");
        let content = files.get_mut(&file).expect("it is there");
        content.truncate(cut.min(content.len()));
        content.extend(bytes);
        if let Err(error) = Host::boot(options(1), &mut files, List::default()) {
            prop_assert!(error.to_string().contains(" is damaged at byte "), "{error}");
        }
    }
}
