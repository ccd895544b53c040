//! The interface's types as plain data: a value that is serialized and read again is unchanged.

use std::fmt::Debug;
use std::sync::Arc;

use raft_subject::protocol::wire;
use raft_subject::{
    Answer, AppendReply, Applied, Body, Boot, CLUSTER, Carried, Chunk, Command, Conflict, Effects,
    Ended, Entries, Entry, Event, HardState, Held, LogIndex, LogWrite, Membership, Message, NodeId,
    Once, Outcome, Own, Payload, Position, Request, Role, SessionId, Snapshot, Term, Token, View,
    Write,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).expect("plain data");
    let read: T = serde_json::from_str(&text).expect("what was written down");
    assert_eq!(read, *value, "{text}");
}

fn index(number: u64) -> LogIndex {
    LogIndex::new(number).expect("an index is 1 or more")
}

const AT: Position = Position { index: LogIndex::FIRST, term: Term(1) };

fn membership() -> Arc<Membership> {
    let [voters, outgoing, learners] = [[1, 2], [2, 3], [4, 5]].map(|two| two.map(NodeId).to_vec());
    Arc::new(Membership { voters, outgoing, learners })
}

fn once(command: &[u8]) -> Once {
    Once { session: SessionId(2), serial: 7, command: Command::from(command) }
}

/// One entry of each kind, from index 1 on.
fn entries() -> Vec<Entry> {
    let payloads = [
        Payload::Noop,
        Payload::Command(Command::from(&b"x = 1"[..])),
        Payload::Membership(membership()),
        Payload::Register,
        Payload::Once(Arc::new(once(&[0xff; 40]))),
    ];
    let numbered = (1..).zip(payloads);
    numbered.map(|(at, payload)| Entry { index: index(at), term: Term(at), payload }).collect()
}

fn snapshot() -> Arc<Snapshot> {
    let data = Arc::from(&b"\0state"[..]);
    Arc::new(Snapshot { last: AT, membership: membership(), cluster: CLUSTER, data })
}

fn message(body: Body) -> Message {
    Message::new(NodeId(1), NodeId(2), Term(3), body)
}

fn bodies() -> Vec<Body> {
    let Snapshot { last, membership, cluster, data } = (*snapshot()).clone();
    let conflict = Some(Conflict { term: None, first: index(4) });
    let replies = [
        AppendReply::Success { matched: Some(index(9)) },
        AppendReply::Refused { prev: None, conflict },
    ];
    let mut bodies = vec![
        Body::RequestVote { last: Some(AT), transfer: true },
        Body::RequestVoteReply { granted: true },
        Body::PreVote { last: None },
        Body::PreVoteReply { granted: false },
        Body::AppendEntries {
            prev: Some(AT),
            entries: entries().into_iter().collect::<Entries>().skip(1),
            commit: Some(index(1)),
            round: 6,
        },
        Body::InstallSnapshot {
            chunk: Arc::new(Chunk { last, membership, cluster, offset: 1, size: 7, data }),
            round: 2,
        },
        Body::InstallSnapshotReply { last, received: 3, round: 2 },
        Body::TimeoutNow,
        Body::ReadIndex { request: 5 },
        Body::ReadIndexReply { request: 5, index: index(8) },
        Body::Other { what: Arc::from("hello") },
    ];
    bodies.extend(replies.map(|reply| Body::AppendEntriesReply { reply, round: 1 }));
    bodies
}

#[test]
fn messages_and_events_come_back() {
    for body in bodies() {
        comes_back(&Event::Receive(message(body)));
    }
    let (one, servers) = (Request(1), vec![NodeId(3)]);
    for event in [
        Event::Tick,
        Event::Apply,
        Event::Propose(one, Command::from(&b""[..])),
        Event::ProposeOnce(one, once(b"y")),
        Event::Persisted(Token(4)),
        Event::Register(one),
        Event::Read(one),
        Event::ChangeMembership(one, servers.clone(), servers),
        Event::Transfer(one, NodeId(2)),
        Event::Compact(one),
    ] {
        comes_back(&event);
    }
}

#[test]
fn boots_and_effects_come_back() {
    let hard_state = HardState { term: Term(2), voted_for: Some(NodeId(1)) };
    let from = index(2);
    let boot = Boot::new(NodeId(1), vec![NodeId(1)]);
    comes_back(&Boot { hard_state, snapshot: Some(snapshot()), log: entries(), ..boot });
    let outcomes = [
        Outcome::Nothing,
        Outcome::Executed,
        Outcome::Repeated,
        Outcome::NoSession,
        Outcome::Registered(SessionId(3)),
    ];
    let applied = entries().into_iter().zip(outcomes);
    let answers = [
        Answer::Committed(from),
        Answer::Registered(from, SessionId(3)),
        Answer::NoSession(from),
        Answer::Read(from),
        Answer::Done,
        Answer::Superseded,
        Answer::Unknown,
        Answer::NotLeader(Some(NodeId(2))),
        Answer::Busy,
        Answer::Rejected,
    ];
    comes_back(&Effects {
        writes: vec![Write {
            hard_state: Some(hard_state),
            commit: Some(from),
            blob: Some(Arc::from(&b"\0own"[..])),
            snapshot: Some(snapshot()),
            log: Some(LogWrite { from, entries: Entries::from(&entries()[1..]) }),
            ..Write::new(Token(4))
        }],
        sends: bodies().into_iter().map(message).collect(),
        held: vec![Held { after: Token(4), message: message(Body::TimeoutNow) }],
        restored: Some(snapshot()),
        applied: applied.map(|(entry, outcome)| Applied { entry, outcome }).collect(),
        answers: answers.map(|answer| (Request(1), answer)).to_vec(),
        matched: Some((NodeId(2), from)),
        refused: Some("why".to_string()),
        swallowed: Some("what".to_string()),
        passed: vec![View { role: Role::Candidate, ..View::default() }],
        ended: Some(Ended::Crashed("how".to_string())),
        instant: true,
        now: 1_000,
        view: View { role: Role::Leader, state: u64::MAX, ..View::default() },
    });
    comes_back(&Ended::Stuck("how long".to_string()));
}

#[test]
fn there_is_no_index_0_in_what_is_read() {
    assert!(serde_json::from_str::<LogIndex>("0").is_err());
    assert!(serde_json::from_str::<Position>(r#"{"index":0,"term":0}"#).is_err());
    assert_eq!(serde_json::from_str::<Option<LogIndex>>("null").ok(), Some(None));
}

#[derive(Clone, Debug, PartialEq)]
struct Ticket(u64);

impl Carried for Ticket {
    fn digest(&self) -> u64 {
        self.0
    }
}

#[test]
fn messages_that_carry_something_else_along_say_the_same_and_are_not_equal() {
    let with = |own| Message { own, ..message(Body::TimeoutNow) };
    let (one, two) = (with(Own::new(Ticket(1))), with(Own::new(Ticket(2))));
    let bare = with(Own::default());
    assert_eq!(one, with(Own::new(Ticket(1))));
    assert_ne!(one, two);
    assert_ne!(one, bare);
    assert_eq!(one.said(), bare);
    assert!(one.says_same(&two) && two.says_same(&bare));
    assert!(!one.says_same(&message(Body::ReadIndex { request: 1 })));
    // Only the implementation knows how to serialize it.
    let text = serde_json::to_string(&one).expect("plain data");
    assert_eq!(serde_json::from_str::<Message>(&text).ok(), Some(bare));
    assert_eq!(one.own.get(), Some(&Ticket(1)));
    assert_eq!(two.own.take(), Some(Ticket(2)));
}

/// A language that has only floating point reads and writes each name as it is.
#[test]
fn names_of_requests_are_exact_as_floating_point() {
    for request in [0, 1, 1 << 40, 1 << 62, (1 << 62) + 1, (1 << 62) + (1 << 40)] {
        let name = wire::name(request);
        assert!(name < 1 << 53 && name as f64 as u64 == name, "{request}");
        assert_eq!(wire::named(name), request);
    }
}
