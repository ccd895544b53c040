//! Disks that fail: full ones, and those on which an operation fails.

use raft_host::{Busy, Event, Failure, Reply, Request, Stopped};

use super::cluster::{Cluster, command, index};

#[test]
fn a_server_with_a_full_disk_takes_no_writes_serves_reads_and_comes_back() {
    let mut cluster = Cluster::new();
    cluster.answer(1, command("a"));
    cluster.servers[0].fails = Some(("write", Failure::NoSpace));
    // Commits by the others, while its own disk is full.
    assert!(matches!(cluster.answer(1, command("b")), Reply::Applied(..)));
    assert!(cluster.host(1).is_full());
    assert_eq!(cluster.answer(1, command("c")), Reply::Busy(Busy::DiskFull));
    assert_eq!(cluster.answer(1, Request::Read(vec![])), Reply::Read(Some(index(3)), b"2".into()));
    cluster.servers[0].fails = None;
    cluster.tick();
    assert!(!cluster.host(1).is_full());
    assert!(matches!(cluster.answer(1, command("c")), Reply::Applied(..)));
    cluster.restart(1);
    assert_eq!(cluster.host(1).node().log().last_index(), Some(index(4)));
}

/// What a sync was to make durable may be gone when it fails, whatever the reason: the next one would succeed without it.
#[test]
fn a_sync_without_space_ends_the_server() {
    let mut cluster = Cluster::new();
    cluster.servers[0].fails = Some(("sync", Failure::NoSpace));
    let ticket = cluster.ask(1, command("a"), None);
    let stopped = cluster.servers[0].stopped.clone().expect("it has stopped");
    assert!(matches!(&stopped, Stopped::Disk { reason, .. } if reason == "there is no space"));
    assert!(!matches!(cluster.replies.get(&ticket), Some(Reply::Applied(..))));
}

#[test]
fn an_operation_that_fails_ends_the_server_and_is_never_tried_again() {
    for operation in ["write", "sync"] {
        let mut cluster = Cluster::new();
        cluster.cut_off = vec![2, 3];
        let waits = cluster.ask(1, command("a"), None);
        cluster.servers[0].fails = Some((operation, Failure::Io("broken".into())));
        let last = cluster.ask(1, command("b"), None);
        let stopped = cluster.servers[0].stopped.clone().expect("it has stopped");
        assert!(matches!(&stopped, Stopped::Disk { reason, .. } if reason == "broken"));
        let text = stopped.to_string();
        assert!(text.starts_with(&format!("the disk failed to {operation} log-")), "{text}");
        for ticket in [waits, last] {
            assert_eq!(cluster.replies[&ticket], Reply::Unknown { leader: None });
        }
        // It does nothing any more.
        cluster.servers[0].fails = None;
        cluster.frames.clear();
        cluster.handle(1, Event::Tick);
        assert!(cluster.frames.is_empty());
        let later = cluster.ask(1, command("c"), None);
        assert_eq!(cluster.replies[&later], Reply::Stopped);
    }
}
