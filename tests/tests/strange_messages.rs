//! A server takes any message from anybody without panicking: what no correct server sends is refused, and
//! whatever comes, Figure 2's monotonic values do not go back.

use proptest::collection::vec;
use proptest::prelude::*;
use raft_core::{
    AppendReply, Body, Boot, Command, Conflict, Entries, Entry, HardState, Input, LogIndex,
    Message, Node, NodeId, Payload, Position, Request, Settings, Term, Write, length,
};

/// Small numbers, where everything happens, and the largest, where counting ends.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..6_u64, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

fn index() -> impl Strategy<Value = Option<LogIndex>> {
    number().prop_map(LogIndex::new)
}

fn position() -> impl Strategy<Value = Option<Position>> {
    (index(), number()).prop_map(|(index, term)| Some(Position { index: index?, term: Term(term) }))
}

/// Entries from anywhere, mostly in order behind `prev`.
fn entries(prev: Option<Position>) -> impl Strategy<Value = Entries> {
    (vec(number(), 0..4), any::<bool>()).prop_map(move |(terms, gap)| {
        let first = length(prev.map(|prev| prev.index)).wrapping_add(1 + u64::from(gap));
        let entry = |(offset, term): (u64, &u64)| {
            let index = LogIndex::new(first.wrapping_add(offset))?;
            Some(Entry { index, term: Term(*term), payload: Payload::Noop })
        };
        let entries: Vec<Entry> = (0..).zip(&terms).filter_map(entry).collect();
        Entries::from(&entries[..])
    })
}

fn body() -> impl Strategy<Value = Body> {
    let append = (position(), index()).prop_flat_map(|(prev, commit)| {
        entries(prev).prop_map(move |entries| Body::AppendEntries { prev, entries, commit })
    });
    let conflict = (prop::option::of(number()), index())
        .prop_map(|(term, first)| first.map(|first| Conflict { term: term.map(Term), first }));
    let refused = (index(), conflict).prop_map(|(prev, conflict)| {
        Body::AppendEntriesReply(AppendReply::Refused { prev, conflict })
    });
    prop_oneof![
        position().prop_map(|last| Body::RequestVote { last }),
        any::<bool>().prop_map(|granted| Body::RequestVoteReply { granted }),
        append,
        refused,
        index().prop_map(|matched| { Body::AppendEntriesReply(AppendReply::Success { matched }) }),
    ]
}

#[derive(Clone, Debug)]
enum Act {
    Tick,
    Hear(Message),
    Propose,
    Sync,
}

fn act() -> impl Strategy<Value = Act> {
    let message = (0..5_u32, 0..3_u32, number(), body());
    prop_oneof![
        4 => Just(Act::Tick),
        8 => message.prop_map(|(from, to, term, body)| {
            let to = NodeId(if to == 0 { 2 } else { 1 });
            Act::Hear(Message { from: NodeId(from), to, term: Term(term), body })
        }),
        1 => Just(Act::Propose),
        4 => Just(Act::Sync),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_a_server_panic_or_go_back(acts in vec(act(), 1..120)) {
        let settings =
            Settings { election_timeout_min: 2, election_timeout_max: 3, ..Settings::default() };
        let mut node = Node::boot(Boot {
            id: NodeId(1),
            servers: vec![NodeId(1), NodeId(2), NodeId(3)],
            settings,
            hard_state: HardState::default(),
            log: Vec::new(),
            applied: None,
        })
        .expect("a first boot");
        let mut unsynced: Vec<Write> = Vec::new();
        for (number, act) in (0..).zip(acts) {
            let before = (node.hard_state().term, node.commit());
            let input = match act {
                Act::Tick => Input::Tick,
                Act::Hear(message) => Input::Receive(message),
                Act::Propose => Input::Propose { request: Request(number), command: Command::from(&[][..]) },
                Act::Sync if unsynced.is_empty() => continue,
                Act::Sync => Input::Persisted(unsynced.remove(0).persisted()),
            };
            let refused = {
                let output = node.step(input);
                unsynced.extend(output.write);
                output.refused.is_some()
            };
            let after = (node.hard_state().term, node.commit());
            prop_assert!(before.0 <= after.0, "currentTerm went back");
            prop_assert!(before.1 <= after.1, "commitIndex went back");
            prop_assert!(after.1 <= node.log().last_index(), "committed past the log");
            prop_assert!(!refused || before.1 == after.1, "a refused message committed");
        }
    }
}
