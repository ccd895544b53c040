//! Requests of all kinds, snapshots, sessions, pre-votes and configurations.

use std::sync::Arc;

use super::*;
use crate::model::{Chunk, Command, Membership, Once, SessionId, Snapshot};
use crate::subject::{Answer, Applied, Outcome, Request};

fn said(event: &Event, effects: &Effects, length: u64) -> String {
    let lines = step(event, View::default(), effects, length);
    lines.concat().split_off("   12.345 ms  ".len())
}

fn servers(numbers: &[u32]) -> Vec<NodeId> {
    numbers.iter().copied().map(NodeId).collect()
}

fn snapshot(last: u64) -> Arc<Snapshot> {
    let last = Position { index: index(last), term: Term(3) };
    let membership = Membership { voters: servers(&[1, 2]), ..Membership::default() };
    Arc::new(Snapshot { last, membership: Arc::new(membership), cluster: 1, data: Arc::from([]) })
}

#[test]
fn who_asks_what_and_is_told_what() {
    let asked = |event: &Event, answer: Option<Answer>| {
        let answers = answer.map(|answer| (Request(7), answer)).into_iter().collect();
        said(event, &Effects { answers, ..Effects::default() }, 0)
    };
    let once = Once { session: SessionId(4), serial: 2, command: Command::from(&b"x"[..]) };
    assert_eq!(
        asked(&Event::ProposeOnce(Request(7), once), Some(Answer::Busy)),
        "S2  a client proposes x (session 4, serial 2): refuses: not now"
    );
    let read = Event::Read(Request(7));
    assert_eq!(asked(&read, None), "S2  a client wants to read");
    assert_eq!(
        asked(&read, Some(Answer::Read(index(3)))),
        "S2  a client wants to read: answers a read from the state after entry 3"
    );
    let change = |learners| Event::ChangeMembership(Request(7), servers(&[1, 2]), learners);
    assert_eq!(
        asked(&change(servers(&[3])), Some(Answer::Rejected)),
        "S2  is asked for the configuration {S1 S2, learner S3}: \
         refuses: invalid, or not possible now"
    );
    assert_eq!(
        asked(&change(servers(&[3, 4])), Some(Answer::NotLeader(Some(S1)))),
        "S2  is asked for the configuration {S1 S2, learners S3 S4}: refuses: the leader is S1"
    );
    // Its outcome has a line when it is known.
    assert_eq!(
        asked(&Event::Tick, Some(Answer::Rejected)),
        "S2  tells the administrator that it gave up"
    );
    assert_eq!(
        asked(&Event::Transfer(Request(7), S1), None),
        "S2  is asked to hand leadership to S1"
    );
    assert_eq!(
        asked(&Event::Compact(Request(7)), Some(Answer::Rejected)),
        "S2  is asked for a snapshot: refuses: invalid, or not possible now"
    );
}

#[test]
fn a_snapshot_is_taken_and_installed() {
    let snapshot = snapshot(5);
    let taken = Write { snapshot: Some(snapshot.clone()), log: None, ..write(1, &[]) };
    assert_eq!(
        phrases::durable(&taken),
        "durable: snapshot up to 5/3",
        "and nothing of a log that it leaves alone"
    );
    let answers = vec![(Request(7), Answer::Done)];
    let effects = Effects { writes: vec![taken], answers, ..Effects::default() };
    assert_eq!(
        said(&Event::Compact(Request(7)), &effects, 7),
        "S2  takes a snapshot up to 5/3, in place of its log up to there"
    );
    let written = Write { snapshot: Some(snapshot.clone()), ..write(6, &[]) };
    let restored = Some(snapshot.clone());
    let effects = Effects { writes: vec![written], restored, ..Effects::default() };
    let chunk = Chunk {
        last: snapshot.last,
        membership: snapshot.membership.clone(),
        cluster: 1,
        offset: 8,
        size: 11,
        data: Arc::from([1, 2, 3]),
    };
    let body = Body::InstallSnapshot { chunk: Arc::new(chunk), round: 1 };
    let event = Event::Receive(Message::new(S1, S2, Term(3), body));
    let line = "S2 ← S1  InstallSnapshot term 3, last 5/3, offset 8, 3 of 11 bytes: \
                installs the snapshot up to 5/3 with configuration {S1 S2}";
    assert_eq!(said(&event, &effects, 4), line);
    assert_eq!(said(&event, &effects, 7), format!("{line}, deletes its log from 6 on"));
    let view = View { snapshot: Some(index(5)), applied: Some(index(6)), ..View::default() };
    assert_eq!(
        phrases::restart(&view, None),
        "restarts in term 0, vote none, snapshot up to 5, last applied 6"
    );
}

#[test]
fn how_a_server_dies_and_what_its_disk_does_then() {
    let view = View { term: Term(3), voted_for: Some(S2), ..View::default() };
    let cases = [
        (boot(S1, view, false, false), None),
        (crash(0, None), Some("S1  crashes")),
        (Observation::Wiped { server: S1 }, Some("S1  loses all that was on its disk")),
        (
            boot(S1, view, true, true),
            Some("S1  restarts in term 3, vote S2, last applied 0, with changed settings"),
        ),
        (
            Observation::Lies { server: S1, lies: true },
            Some("S1  its disk lies from here on: a crash loses what it reports as durable"),
        ),
        (
            Observation::Lies { server: S1, lies: false },
            Some("S1  its disk lies no longer: what it reported as durable is durable"),
        ),
        (
            crash(2, Some(Torn::Entries(1))),
            Some(
                "S1  crashes, losing 2 writes that were not durable; \
                 of the entries of the oldest the first survives",
            ),
        ),
    ];
    for mut recorder in [Recorder::all(), Recorder::milestones()] {
        cases.iter().for_each(|(observation, _)| observe(&mut recorder, 0, observation));
        let texts: Vec<String> = recorder.into_lines().into_iter().map(|line| line.text).collect();
        let expected: Vec<&str> = cases.iter().filter_map(|(_, text)| *text).collect();
        assert_eq!(texts, expected);
    }
}

#[test]
fn a_server_asks_before_it_stands() {
    let message = |from, to, body| Message::new(from, to, Term(3), body);
    let follower = View { term: Term(3), ..View::default() };
    let asks = Effects {
        sends: vec![message(S2, S1, Body::PreVote { last: None })],
        view: follower,
        ..Effects::default()
    };
    let line = |event: &Event, effects: &Effects| step(event, follower, effects, 0).concat();
    assert!(
        line(&Event::Tick, &asks)
            .ends_with("S2  election timeout elapses: asks who would vote for it in term 4")
    );
    let asked = Event::Receive(message(S1, S2, Body::PreVote { last: None }));
    for (granted, expected) in [(true, "would vote for S1"), (false, "would not vote for S1")] {
        let reply = message(S2, S1, Body::PreVoteReply { granted });
        let effects = Effects { sends: vec![reply], view: follower, ..Effects::default() };
        assert!(
            line(&asked, &effects).ends_with(&format!("PreVote term 3, last none: {expected}"))
        );
    }
}

#[test]
fn what_is_applied_and_not_executed() {
    let once = |number| {
        let once = Once { session: SessionId(4), serial: 2, command: Command::from(&b"x"[..]) };
        Entry { payload: Payload::Once(Arc::new(once)), ..entry(number, 3, b"") }
    };
    let outcomes = [Outcome::Executed, Outcome::Repeated, Outcome::NoSession];
    let applied = (5..).zip(outcomes);
    let applied = applied.map(|(number, outcome)| Applied { entry: once(number), outcome });
    let effects = Effects { applied: applied.collect(), ..Effects::default() };
    assert_eq!(
        said(&Event::Apply, &effects, 7),
        "S2  applies 5/3:x (session 4, serial 2) 6/3:x (session 4, serial 2) \
         7/3:x (session 4, serial 2), does not execute 6/3 again, does not execute 7/3: no session"
    );
}

#[test]
fn milestones_have_a_leaders_configurations_and_installed_snapshots() {
    let joint = Membership {
        voters: servers(&[1, 3, 4]),
        outgoing: servers(&[1, 2]),
        learners: servers(&[5]),
    };
    let joint = Entry { payload: Payload::Membership(Arc::new(joint)), ..entry(5, 3, b"") };
    let of = |role, restored: Option<Arc<Snapshot>>| {
        let view = View { role, ..View::default() };
        let writes = vec![write(5, std::slice::from_ref(&joint))];
        let effects = Effects { writes, restored, view, ..Effects::default() };
        let mut recorder = Recorder::milestones();
        take(&mut recorder, (0, S1), &Event::Apply, (view, &effects), 4);
        lines_of(recorder)
    };
    assert_eq!(
        of(Role::Leader, None),
        ["    0.000 ms  S1  appends the configuration {S1 S2}+{S1 S3 S4, learner S5}"]
    );
    assert!(of(Role::Follower, None).is_empty(), "only a leader has this milestone");
    assert_eq!(
        of(Role::Follower, Some(snapshot(5))),
        ["    0.000 ms  S1  installs the snapshot up to 5/3 with configuration {S1 S2}"]
    );
}
