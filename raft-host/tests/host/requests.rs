//! Requests: each is answered once, with what is so.

use raft_core::{NodeId, Rejection, Role, SessionId};
use raft_host::{Busy, Event, Reply, Request};

use super::cluster::{Cluster, command, index, options};

#[test]
fn a_command_is_answered_with_what_the_state_machine_says() {
    let mut cluster = Cluster::new();
    let answer = cluster.answer(1, command("a"));
    assert_eq!(answer, Reply::Applied(index(2), Some(b"1".to_vec())));
    assert_eq!(cluster.answer(1, command("b")), Reply::Applied(index(3), Some(b"2".to_vec())));
    assert_eq!(
        cluster.answer(1, Request::Read(Vec::new())),
        Reply::Read(Some(index(3)), b"2".into())
    );
    cluster.tick();
    assert_eq!(cluster.host(3).machine(), cluster.host(1).machine());
}

#[test]
fn a_server_that_does_not_lead_names_the_leader() {
    let mut cluster = Cluster::new();
    let leader = Some(NodeId(1));
    assert_eq!(cluster.answer(2, command("a")), Reply::NotLeader { leader });
    // It answers questions with the leader's help, and stale ones by itself.
    cluster.cut_off = vec![3];
    cluster.answer(1, command("a"));
    assert_eq!(cluster.answer(2, Request::Read(vec![])), Reply::Read(Some(index(2)), b"1".into()));
    let stale = cluster.answer(3, Request::StaleRead(vec![]));
    assert_eq!(stale, Reply::Read(None, b"0".into()));
}

#[test]
fn a_command_of_a_session_is_carried_out_once_over_crashes_and_snapshots() {
    let mut cluster = Cluster::new();
    let Reply::Registered(_, session) = cluster.answer(1, Request::Register) else {
        panic!("no session");
    };
    let once = |serial| Request::Once { session, serial, command: b"a".to_vec() };
    let first = cluster.answer(1, once(1));
    assert_eq!(first, Reply::Applied(index(3), Some(b"1".to_vec())));
    assert_eq!(cluster.answer(1, Request::Snapshot), Reply::Done);
    cluster.restart(1);
    while !matches!(cluster.host(1).node().role(), Role::Leader(_)) {
        cluster.tick();
    }
    // The answer of the first time, at the index of the second.
    let Reply::Applied(again, answer) = cluster.answer(1, once(1)) else { panic!("not applied") };
    assert_eq!((again > index(3), answer), (true, Some(b"1".to_vec())));
    let Reply::NoSession(_) =
        cluster.answer(1, Request::Once { session: SessionId(9), serial: 1, command: vec![] })
    else {
        panic!("it was never opened");
    };
    assert_eq!(cluster.host(1).machine().0, [b"a"]);
}

#[test]
fn a_deadline_ends_the_wait_for_an_outcome_that_may_yet_come() {
    let mut cluster = Cluster::new();
    cluster.cut_off = vec![2, 3];
    let (write, read) = (command("a"), Request::Read(vec![]));
    let (write, read) = (cluster.ask(1, write, Some(3)), cluster.ask(1, read, Some(2)));
    cluster.tick();
    assert_eq!(cluster.host(1).waiting(), 2);
    cluster.tick();
    assert_eq!(cluster.replies.get(&read), Some(&Reply::Expired));
    cluster.tick();
    let leader = Some(NodeId(1));
    assert_eq!(cluster.replies.get(&write), Some(&Reply::Unknown { leader }));
    // It is committed later, and no request is answered twice.
    cluster.cut_off.clear();
    cluster.tick();
    cluster.tick();
    assert_eq!(cluster.host(1).machine().0, [b"a"]);
    assert_eq!(cluster.host(1).waiting(), 0);
}

#[test]
fn a_leader_that_is_deposed_tells_what_became_of_a_command_or_that_it_does_not_know() {
    for superseded in [true, false] {
        let mut cluster = Cluster::new();
        cluster.cut_off = vec![1];
        let lost = cluster.ask(1, command("lost"), None);
        while !matches!(cluster.host(2).node().role(), Role::Leader(_)) {
            cluster.handle(2, Event::Tick);
            cluster.settle();
        }
        if superseded {
            cluster.cut_off.clear();
            cluster.handle(2, Event::Tick);
            cluster.settle();
            cluster.handle(2, Event::Tick);
            cluster.settle();
            assert_eq!(cluster.replies.get(&lost), Some(&Reply::Superseded));
        } else {
            // It hears of a later term, and of nothing else.
            cluster.cut_off = vec![];
            for _ in 0..200 {
                cluster.handle(3, Event::Tick);
            }
            cluster.settle();
            cluster.cut_off = vec![1];
            for _ in 0..30 {
                cluster.handle(1, Event::Tick);
                cluster.frames.clear();
            }
            let reply = cluster.replies.get(&lost);
            assert!(matches!(reply, Some(Reply::Unknown { .. } | Reply::Superseded)), "{reply:?}");
        }
    }
}

#[test]
fn too_many_requests_are_turned_away() {
    let small = |id| {
        let mut options = options(id);
        (options.limits.requests, options.limits.bytes) = (3, 10);
        options
    };
    let mut cluster = Cluster::with(small);
    cluster.cut_off = vec![2, 3];
    let large = cluster.ask(1, command("eleven bytes"), None);
    assert_eq!(cluster.replies[&large], Reply::Busy(Busy::Bytes));
    let taken: Vec<u64> = (0..3).map(|_| cluster.ask(1, command("a"), None)).collect();
    let more = cluster.ask(1, command("a"), None);
    assert_eq!(cluster.replies[&more], Reply::Busy(Busy::Requests));
    cluster.cut_off.clear();
    cluster.tick();
    assert!(taken.iter().all(|ticket| matches!(cluster.replies[ticket], Reply::Applied(..))));
    assert!(matches!(cluster.answer(1, command("a")), Reply::Applied(..)));
}

#[test]
fn administrators_are_told_what_was_done() {
    let mut cluster = Cluster::new();
    let change = Request::ChangeMembership { voters: vec![NodeId(1), NodeId(2)], learners: vec![] };
    assert_eq!(cluster.answer(1, change), Reply::Changed(index(2)));
    let transfer = |to| Request::TransferLeadership(NodeId(to));
    assert_eq!(
        cluster.answer(1, transfer(3)),
        Reply::Rejected(Rejection::UnknownServer(NodeId(3)))
    );
    assert_eq!(cluster.answer(1, transfer(2)), Reply::Done);
    assert!(matches!(cluster.host(2).node().role(), Role::Leader(_)));
}
