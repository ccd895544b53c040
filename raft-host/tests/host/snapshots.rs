//! Snapshots: written and sent piece by piece, removed when they are no longer needed.

use raft_core::Rejection;
use raft_host::{Event, File, Frame, Host, Reply, Request};

use super::cluster::{Cluster, List, command, index, options};

/// A cluster in which S3 was cut off while the others took a snapshot of many commands.
fn behind() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.cut_off = vec![3];
    for number in 0..50 {
        cluster.answer(1, command(&format!("{number} {}", "x".repeat(100))));
    }
    assert_eq!(cluster.answer(1, Request::Snapshot), Reply::Done);
    cluster
}

fn snapshots(cluster: &Cluster, id: u32) -> usize {
    let files = cluster.servers[id as usize - 1].files.keys();
    files.filter(|file| matches!(file, File::Snapshot(_) | File::Partial(_))).count()
}

#[test]
fn a_follower_that_is_behind_fetches_the_snapshot_part_by_part() {
    let mut cluster = behind();
    cluster.cut_off.clear();
    cluster.tick();
    cluster.tick();
    assert_eq!(cluster.host(3).machine(), cluster.host(1).machine());
    assert_eq!(cluster.host(3).machine().0.len(), 50);
    assert_eq!(cluster.host(3).node().snapshot(), cluster.host(1).node().snapshot());
    assert!(cluster.servers[2].largest <= 4_096, "{} bytes", cluster.servers[2].largest);
    // It boots from it.
    cluster.restart(3);
    assert_eq!(cluster.host(3).machine().0.len(), 50);
}

#[test]
fn a_part_that_is_lost_is_asked_for_again() {
    let mut cluster = behind();
    cluster.cut_off.clear();
    let (mut seen, mut lost) = (0, 0);
    for _ in 0..400 {
        cluster.handle(1, Event::Tick);
        while let Some(bytes) = cluster.frames.pop_front() {
            let mut decoder = raft_host::Decoder::new(super::cluster::CLUSTER, 1 << 20);
            decoder.push(&bytes);
            let frame = decoder.next().expect("a frame").expect("all of it");
            let is_of_snapshot = matches!(frame, Frame::Fetch { .. } | Frame::Part { .. });
            seen += u32::from(is_of_snapshot);
            if is_of_snapshot && seen % 5 == 0 {
                lost += 1;
            } else {
                cluster.deliver(frame);
            }
        }
        if cluster.host(3).machine() == cluster.host(1).machine() {
            assert!(lost > 10, "only {lost} were lost");
            return;
        }
    }
    panic!("S3 has {} of 50 commands", cluster.host(3).machine().0.len());
}

#[test]
fn a_newer_snapshot_takes_the_place_of_an_older_one_and_of_the_log() {
    let mut cluster = behind();
    let segments = |cluster: &Cluster| {
        cluster.servers[0].files.keys().filter(|file| matches!(file, File::Segment(_))).count()
    };
    assert_eq!((snapshots(&cluster, 1), segments(&cluster)), (1, 1));
    for number in 0..50 {
        cluster.answer(1, command(&format!("{number} {}", "y".repeat(100))));
    }
    assert!(segments(&cluster) > 1);
    assert_eq!(cluster.answer(1, Request::Snapshot), Reply::Done);
    assert_eq!((snapshots(&cluster, 1), segments(&cluster)), (1, 1));
    let already = Reply::Rejected(Rejection::AlreadyCompacted(index(101)));
    assert_eq!(cluster.answer(1, Request::Snapshot), already);
}

#[test]
fn a_snapshot_that_is_on_its_way_stays_until_it_has_arrived() {
    let mut cluster = behind();
    cluster.cut_off.clear();
    // S3 has begun to fetch it, and hears nothing more for a while.
    cluster.handle(1, Event::Tick);
    for _ in 0..12 {
        let Some(bytes) = cluster.frames.pop_front() else { break };
        let mut decoder = raft_host::Decoder::new(super::cluster::CLUSTER, 1 << 20);
        decoder.push(&bytes);
        let frame = decoder.next().expect("a frame").expect("all of it");
        cluster.deliver(frame);
    }
    cluster.frames.clear();
    cluster.cut_off = vec![3];
    cluster.answer(1, command("later"));
    assert_eq!(cluster.answer(1, Request::Snapshot), Reply::Done);
    assert_eq!(snapshots(&cluster, 1), 2);
    cluster.cut_off.clear();
    for _ in 0..5 {
        cluster.tick();
    }
    assert_eq!(cluster.host(3).machine(), cluster.host(1).machine());
    assert_eq!(snapshots(&cluster, 1), 1);
}

#[test]
fn a_server_takes_snapshots_by_itself() {
    let often = |id| {
        let mut options = options(id);
        options.snapshot_after = Some(10_000);
        options
    };
    let mut cluster = Cluster::with(often);
    for number in 0..300 {
        cluster.answer(1, command(&format!("{number} {}", "x".repeat(100))));
    }
    let bytes: usize = cluster.servers[0]
        .files
        .iter()
        .filter(|(file, _)| matches!(file, File::Segment(_)))
        .map(|(_, bytes)| bytes.len())
        .sum();
    assert!(cluster.host(1).node().snapshot().is_some());
    assert!(bytes <= 20_000, "{bytes} bytes of log");
}

#[test]
fn a_snapshot_that_is_cut_off_or_missing_is_refused() {
    let cluster = behind();
    let files = &cluster.servers[0].files;
    let (file, content) =
        files.iter().find(|(file, _)| matches!(file, File::Snapshot(_))).expect("a snapshot");
    for length in (0..content.len()).step_by(5) {
        let mut files = files.clone();
        files.get_mut(file).expect("it is there").truncate(length);
        let refused = Host::boot(options(1), &mut files, List::default()).expect_err("cut off");
        assert!(refused.to_string().starts_with(&file.to_string()), "{refused}");
    }
    let mut files = files.clone();
    files.remove(file);
    let refused = Host::boot(options(1), &mut files, List::default()).expect_err("missing");
    assert_eq!(refused.to_string(), format!("{file} is damaged at byte 0: it is not there"));
}

#[test]
fn a_snapshot_stays_until_the_log_on_the_disk_names_a_later_one() {
    let mut cluster = Cluster::new();
    cluster.answer(1, command("a"));
    // The log of S1 takes its time; the others commit, and snapshots go on.
    cluster.servers[0].stalled = true;
    for (number, text) in [(1, "b"), (2, "c")] {
        cluster.answer(1, command(text));
        assert_eq!(cluster.answer(1, Request::Snapshot), Reply::Done);
        cluster.tick();
        assert_eq!(snapshots(&cluster, 1), number);
    }
    // Whichever of the two its log names after a power loss, the file is there.
    cluster.servers[0].stalled = false;
    cluster.tick();
    assert_eq!(snapshots(&cluster, 1), 1);
    cluster.restart(1);
    assert_eq!(cluster.host(1).machine().0.len(), 3);
}
