//! Files of a server, as its host asks for them.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use raft_core::NodeId;
use raft_host::{File, Lane, Operation, Work};

use super::{Directory, Disk, Owner};

/// Length of a file of the log.
const LENGTH: u64 = 64 << 10;

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("raft-node-disk-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

/// Carries out operations on the log, and waits until they are done.
fn carried_out(disk: &Disk, reports: &mpsc::Receiver<super::Report>, all: Vec<Work>) {
    let count = all.len();
    for (id, work) in all.into_iter().enumerate() {
        disk.submit(Operation { id: id as u64, lane: Lane::Log, work });
    }
    for _ in 0..count {
        let (id, result) = reports.recv_timeout(Duration::from_secs(60)).expect("a report");
        assert_eq!(result, Ok(Vec::new()), "operation {id}");
    }
}

fn inode_of(path: &Path, length: u64) -> Option<u64> {
    fs::metadata(path).ok().filter(|it| it.len() == length).map(|it| it.ino())
}

#[test]
fn the_next_file_of_the_log_is_made_ahead_and_holds_zeros() {
    let path = folder("ahead");
    let (sender, reports) = mpsc::channel();
    let disk = Disk::start(&path, move |report| drop(sender.send(report))).expect("threads");
    let [first, second] = [1, 2].map(File::Segment);
    let write = Work::Write { file: first, at: LENGTH / 2, bytes: vec![7; 100].into() };
    let create = |file| Work::Create { file, length: LENGTH };
    carried_out(&disk, &reports, vec![create(first), write, Work::Sync { file: first }]);
    let spare = (0..6_000).find_map(|_| {
        thread::sleep(Duration::from_millis(10));
        inode_of(&path.join("spare"), LENGTH)
    });
    carried_out(&disk, &reports, vec![create(second), Work::SyncDirectory]);
    let name = path.join(second.to_string());
    assert!(spare.is_some(), "no file is made ahead");
    assert_eq!(inode_of(&name, LENGTH), spare, "it is not the one that was made ahead");
    assert_eq!(fs::read(&name).expect("a file"), vec![0; LENGTH as usize]);
    assert!(!path.join("spare").exists());
    drop(disk);
    let _ = fs::remove_dir_all(&path);
}

#[test]
fn a_file_that_was_made_ahead_and_not_needed_is_gone_at_the_next_boot() {
    let path = folder("leftover");
    fs::write(path.join("spare"), "not zeros").expect("a file");
    let directory = Directory::open(&path, Owner { cluster: 1, server: NodeId(1) });
    assert!(directory.is_ok() && !path.join("spare").exists());
    let _ = fs::remove_dir_all(&path);
}
