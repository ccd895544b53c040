//! Messages that no correct server sends are refused with a reason, and leave the log and the commit index as they
//! were; others are not refused. A scenario can forge few of these messages.

use std::sync::Arc;

use raft_core::{
    AppendReply, Body, Boot, Chunk, Conflict, Entries, Entry, HardState, Input, LARGEST, LogIndex,
    Membership, Message, Node, NodeId, Payload, Position, Refusal, Request, Role, Settings, Term,
};

const MALFORMED: &str = "its entries do not follow one another in index and term";
const OUT_OF_REACH: &str = "its term or an index in it is out of reach";

fn index(number: u64) -> LogIndex {
    LogIndex::new(number).expect("an index")
}

fn position(number: u64, term: u64) -> Position {
    Position { index: index(number), term: Term(term) }
}

fn entry((number, term): (u64, u64)) -> Entry {
    Entry { index: index(number), term: Term(term), payload: Payload::Noop }
}

/// S1 of three in term 2, with two entries of term 1, the first of them applied.
fn server() -> Node {
    let boot = Boot {
        id: NodeId(1),
        cluster: 7,
        servers: vec![NodeId(1), NodeId(2), NodeId(3)],
        settings: Settings::default(),
        hard_state: HardState { term: Term(2), voted_for: None },
        snapshot: None,
        log: vec![entry((1, 1)), entry((2, 1))],
        applied: Some(index(1)),
    };
    Node::boot(boot).expect("a sound state")
}

/// The refusal of S1 for a message from S2.
fn reported(node: &mut Node, term: u64, body: Body) -> String {
    reported_of(node, Message { from: NodeId(2), to: NodeId(1), term: Term(term), body })
}

fn reported_of(node: &mut Node, message: Message) -> String {
    let refused = node.step(Input::Receive(message)).refused;
    refused.map_or("nothing".to_string(), |refusal| refusal.to_string())
}

fn append(prev: Option<Position>, entries: &[(u64, u64)]) -> Body {
    let entries: Vec<Entry> = entries.iter().copied().map(entry).collect();
    Body::AppendEntries { prev, entries: Entries::from(&entries[..]), commit: None, round: 1 }
}

#[test]
fn a_message_for_another_server_or_in_its_own_name_is_refused() {
    let message = |from, to| {
        let body = append(None, &[]);
        Message { from: NodeId(from), to: NodeId(to), term: Term(2), body }
    };
    let wrong = "not addressed to this server, or in its own name";
    assert_eq!(reported_of(&mut server(), message(2, 3)), wrong);
    assert_eq!(reported_of(&mut server(), message(1, 1)), wrong);
    assert_eq!(reported_of(&mut server(), message(2, 1)), "nothing");
}

#[test]
fn terms_have_an_end() {
    assert_eq!(LARGEST, u64::MAX / 4);
    let mut node = server();
    let body = || Body::RequestVote { last: None, transfer: false };
    assert_eq!(reported(&mut node, LARGEST + 1, body()), OUT_OF_REACH);
    assert_eq!(node.hard_state().term, Term(2));
    assert_eq!(reported(&mut node, LARGEST, body()), "nothing");
    assert_eq!(node.hard_state().term, Term(LARGEST));
}

/// One message of each kind whose index a receiver would increment.
#[test]
fn an_index_that_can_not_be_incremented_is_refused() {
    let bodies = |number| {
        let (at, last) = (index(number), position(number, 1));
        let membership = Arc::new(Membership { voters: vec![NodeId(1)], ..Membership::default() });
        let (cluster, offset, size, data) = (7, 0, 1, Arc::from([]));
        let chunk = Arc::new(Chunk { last, membership, cluster, offset, size, data });
        let conflict = Some(Conflict { term: None, first: at });
        let append = |reply| Body::AppendEntriesReply { reply, round: 1 };
        [
            Body::RequestVote { last: Some(last), transfer: false },
            Body::PreVote { last: Some(last) },
            Body::AppendEntries {
                prev: Some(last),
                entries: <_>::default(),
                commit: None,
                round: 1,
            },
            append(AppendReply::Success { matched: Some(at) }),
            append(AppendReply::Refused { prev: Some(at), conflict: None }),
            append(AppendReply::Refused { prev: None, conflict }),
            Body::InstallSnapshot { chunk, round: 1 },
            Body::InstallSnapshotReply { last, received: 0, round: 1 },
            Body::ReadIndexReply { request: Request(1), index: at },
        ]
    };
    for body in bodies(LARGEST) {
        assert_eq!(reported(&mut server(), 2, body.clone()), "nothing", "{body:?}");
    }
    for body in bodies(LARGEST + 1) {
        assert_eq!(reported(&mut server(), 2, body.clone()), OUT_OF_REACH, "{body:?}");
    }
}

/// §5.3: entries follow `prev` and one another without a gap, and their terms neither decrease nor exceed the
/// leader's.
#[test]
fn entries_that_no_leader_can_have_are_refused() {
    let refused = |term, prev, entries: &[(u64, u64)]| {
        let mut node = server();
        let reported = reported(&mut node, term, append(prev, entries));
        assert_eq!((reported.as_str(), node.log().last()), (MALFORMED, Some(position(2, 1))));
    };
    let prev = Some(position(2, 1));
    refused(2, prev, &[(4, 2)]);
    refused(2, prev, &[(2, 2)]);
    refused(2, prev, &[(3, 1), (5, 2)]);
    refused(2, None, &[(2, 1)]);
    refused(2, prev, &[(3, 2), (4, 1)]);
    refused(4, Some(position(2, 3)), &[(3, 2)]);
    refused(2, prev, &[(3, 1), (4, 3)]);
    refused(2, Some(position(2, 3)), &[]);

    let mut node = server();
    assert_eq!(reported(&mut node, 2, append(prev, &[(3, 1), (4, 2)])), "nothing");
    assert_eq!(node.log().last(), Some(position(4, 2)));
}

#[test]
fn a_committed_entry_is_not_replaced() {
    let mut node = server();
    let why = "it would replace the committed entry 1";
    assert_eq!(reported(&mut node, 2, append(None, &[(1, 2)])), why);
    assert_eq!(node.log().last(), Some(position(2, 1)));
    assert_eq!(reported(&mut node, 2, append(Some(position(1, 1)), &[(2, 2)])), "nothing");
    assert_eq!(node.log().last(), Some(position(2, 2)));
}

/// Hands in a tick, and the receipt of what it wrote.
fn tick(node: &mut Node) {
    let write = node.step(Input::Tick).write;
    if let Some(write) = write {
        node.step(Input::Persisted(write.persisted()));
    }
}

#[test]
fn a_leader_refuses_a_rival_and_acknowledgements_of_what_it_never_had() {
    let mut node = server();
    for _ in 0..Settings::default().election_timeout_max {
        if matches!(node.role(), Role::Follower(_)) {
            tick(&mut node);
        }
    }
    let term = node.hard_state().term.0;
    assert_eq!(reported(&mut node, term, Body::RequestVoteReply { granted: true }), "nothing");
    assert!(matches!(node.role(), Role::Leader(_)));

    let rival = "S2 sends AppendEntries in a term that this server leads";
    assert_eq!(reported(&mut node, term, append(None, &[])), rival);
    let success = |matched| {
        let reply = AppendReply::Success { matched: Some(index(matched)) };
        Body::AppendEntriesReply { reply, round: 1 }
    };
    let unsent = "it acknowledges entry 4, which this leader never had";
    assert_eq!(reported(&mut node, term, success(4)), unsent);
    assert_eq!(reported(&mut node, term, success(3)), "nothing");
}

#[test]
fn a_refusal_says_why() {
    let stranger = "S9 answers, and is not in the configuration";
    assert_eq!(Refusal::UnknownSender(NodeId(9)).to_string(), stranger);
    let foreign = "the snapshot is one of another cluster, number 8";
    assert_eq!(Refusal::ForeignSnapshot(8).to_string(), foreign);
    let malformed = "a part of a snapshot reaches beyond its size";
    assert_eq!(Refusal::MalformedSnapshot.to_string(), malformed);
}
