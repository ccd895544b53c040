//! A server takes any message from any server without panicking. Messages that no correct server sends are refused,
//! Figure 2's monotonic values never go back, and the writes add up to the server's state.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use raft_core::{
    AppendReply, Body, Boot, Chunk, Command, Conflict, Entries, Entry, HardState, Input, LogIndex,
    LogWrite, Membership, Message, Node, NodeId, Once, Payload, Position, Request, SessionId,
    Settings, Term, Write, length,
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

/// Any servers of S0 to S4, in any order, perhaps none or one twice.
fn servers() -> impl Strategy<Value = Vec<NodeId>> {
    vec((0..5_u32).prop_map(NodeId), 0..4)
}

fn membership() -> impl Strategy<Value = Membership> {
    (servers(), servers(), servers()).prop_map(|(voters, outgoing, learners)| Membership {
        voters,
        outgoing,
        learners,
    })
}

fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        4 => Just(Payload::Noop),
        1 => membership().prop_map(|membership| Payload::Membership(Arc::new(membership))),
        1 => Just(Payload::Register),
    ]
}

/// Entries from anywhere, mostly in order behind `prev`.
fn entries(prev: Option<Position>) -> impl Strategy<Value = Entries> {
    (vec((number(), payload()), 0..4), any::<bool>()).prop_map(move |(terms, gap)| {
        let first = length(prev.map(|prev| prev.index)).wrapping_add(1 + u64::from(gap));
        let entry = |(offset, (term, payload)): (u64, &(u64, Payload))| {
            let index = LogIndex::new(first.wrapping_add(offset))?;
            Some(Entry { index, term: Term(*term), payload: payload.clone() })
        };
        let entries: Vec<Entry> = (0..).zip(&terms).filter_map(entry).collect();
        Entries::from(&entries[..])
    })
}

fn body() -> impl Strategy<Value = Body> {
    let append = (position(), index()).prop_flat_map(|(prev, commit)| {
        (entries(prev), number()).prop_map(move |(entries, round)| Body::AppendEntries {
            prev,
            entries,
            commit,
            round,
        })
    });
    let conflict = (prop::option::of(number()), index())
        .prop_map(|(term, first)| first.map(|first| Conflict { term: term.map(Term), first }));
    let refused = (index(), conflict, number()).prop_map(|(prev, conflict, round)| {
        Body::AppendEntriesReply { reply: AppendReply::Refused { prev, conflict }, round }
    });
    let place = || position().prop_filter_map("a position", |position| position);
    let chunk = (place(), membership(), 0..2_u64, number(), number(), vec(any::<u8>(), 0..4));
    let install =
        (chunk, number()).prop_map(|((last, membership, cluster, offset, size, data), round)| {
            let (membership, data) = (Arc::new(membership), Arc::from(data));
            let chunk = Arc::new(Chunk { last, membership, cluster, offset, size, data });
            Body::InstallSnapshot { chunk, round }
        });
    let installed = (place(), number(), number())
        .prop_map(|(last, received, round)| Body::InstallSnapshotReply { last, received, round });
    let request = || (0..120_u64).prop_map(Request);
    prop_oneof![
        (position(), any::<bool>())
            .prop_map(|(last, transfer)| Body::RequestVote { last, transfer }),
        position().prop_map(|last| Body::PreVote { last }),
        any::<bool>().prop_map(|granted| Body::PreVoteReply { granted }),
        Just(Body::TimeoutNow),
        install,
        installed,
        request().prop_map(|request| Body::ReadIndex { request }),
        (request(), index()).prop_filter_map("an index", |(request, index)| {
            Some(Body::ReadIndexReply { request, index: index? })
        }),
        any::<bool>().prop_map(|granted| Body::RequestVoteReply { granted }),
        append,
        refused,
        (index(), number()).prop_map(|(matched, round)| {
            Body::AppendEntriesReply { reply: AppendReply::Success { matched }, round }
        }),
    ]
}

#[derive(Clone, Debug)]
enum Act {
    Tick,
    Hear(Message),
    Propose,
    Once(u64, u64),
    Read,
    Change(Vec<NodeId>, Vec<NodeId>),
    Transfer(NodeId),
    Compact(LogIndex),
    Applied(LogIndex),
    /// The disk reports one of its writes as durable, not always the oldest.
    Sync(usize),
}

fn settings() -> impl Strategy<Value = Settings> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (flags, prop::option::of(1..3_u32), 1..4_u32).prop_map(
        |((pre_vote, check_quorum, lease), apply_limit, snapshot_chunk)| Settings {
            election_timeout_min: 3,
            election_timeout_max: 4,
            pre_vote,
            check_quorum,
            lease_drift: (check_quorum && lease).then_some(10),
            apply_limit,
            snapshot_chunk,
            catch_up_rounds: 2,
            ..Settings::default()
        },
    )
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
        1 => (number(), number()).prop_map(|(session, serial)| Act::Once(session, serial)),
        1 => Just(Act::Read),
        1 => (servers(), servers()).prop_map(|(voters, learners)| Act::Change(voters, learners)),
        1 => (0..5_u32).prop_map(|server| Act::Transfer(NodeId(server))),
        1 => index().prop_filter_map("an index", |index| index.map(Act::Compact)),
        1 => index().prop_filter_map("an index", |index| index.map(Act::Applied)),
        4 => (0..3_usize).prop_map(Act::Sync),
    ]
}

/// The persistent state of Figure 2, as kept by a host that carries out each write.
#[derive(Debug, Default)]
struct Disk {
    hard_state: HardState,
    base: Option<Position>,
    log: Vec<Entry>,
}

impl Disk {
    fn take(&mut self, write: &Write) {
        self.hard_state = write.hard_state().unwrap_or(self.hard_state);
        if let Some(snapshot) = write.snapshot() {
            self.base = Some(snapshot.last);
            self.log.retain(|entry| entry.index > snapshot.last.index);
        }
        if let Some(LogWrite { from, entries }) = write.log() {
            self.log.retain(|entry| entry.index < *from);
            self.log.extend_from_slice(entries);
        }
    }

    fn is_of(&self, node: &Node) -> bool {
        let log = node.log();
        let base = log.base().map(|base| base.index);
        (self.hard_state, self.base) == (node.hard_state(), log.base())
            && self.log == log.entries(base, log.last_index())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_message_makes_a_server_panic_or_go_back(settings in settings(), acts in vec(act(), 1..120)) {
        let mut node = Node::boot(Boot {
            id: NodeId(1),
            cluster: 1,
            servers: vec![NodeId(1), NodeId(2), NodeId(3)],
            settings,
            hard_state: HardState::default(),
            snapshot: None,
            log: Vec::new(),
            applied: None,
        })
        .expect("a first boot");
        let mut unsynced: Vec<Write> = Vec::new();
        let mut disk = Disk::default();
        for (number, act) in (0..).zip(acts) {
            let before = (node.hard_state().term, node.commit());
            let request = Request(number);
            let input = match act {
                Act::Tick => Input::Tick,
                Act::Hear(message) => Input::Receive(message),
                Act::Propose => Input::Propose { request, command: Command::from(&[][..]) },
                Act::Once(session, serial) => {
                    let (session, command) = (SessionId(session), Command::from(&[][..]));
                    Input::ProposeOnce { request, once: Once { session, serial, command } }
                }
                Act::Read => Input::Read { request },
                Act::Change(voters, learners) => Input::ChangeMembership { request, voters, learners },
                Act::Transfer(to) => Input::TransferLeadership { request, to },
                Act::Compact(through) => Input::Compact { request, through, data: Arc::from([]) },
                Act::Applied(index) => Input::Applied(index),
                Act::Sync(_) if unsynced.is_empty() => continue,
                Act::Sync(which) => {
                    let write = unsynced.remove(which.min(unsynced.len() - 1));
                    Input::Persisted(write.persisted())
                }
            };
            let refused = {
                let output = node.step(input);
                output.write.iter().for_each(|write| disk.take(write));
                unsynced.extend(output.write);
                output.refused.is_some()
            };
            let after = (node.hard_state().term, node.commit());
            prop_assert!(before.0 <= after.0, "currentTerm went back");
            prop_assert!(before.1 <= after.1, "commitIndex went back");
            prop_assert!(after.1 <= node.log().last_index(), "committed past the log");
            prop_assert!(node.applied() <= after.1, "applied more than is committed");
            prop_assert!(!refused || before.1 == after.1, "a refused message committed");
            prop_assert!(disk.is_of(&node), "{disk:?} is not what the server has");
        }
    }
}
