//! Servers with one fingerprint behave alike: given the same event, they do the same, and have one fingerprint again.
//! Checked by a random walk through the states of one server.

use std::collections::BTreeMap;
use std::sync::Arc;

use raft_core::{
    AppendReply, Body, Chunk, Command, Conflict, Entry, Input, LogIndex, Membership, Message,
    NodeId, Payload, Position, Request, Settings, Term,
};

use super::cluster::Numbers;
use super::server::{Seen, Server, after, append, fingerprint, message, server};

/// The events of [`happen`].
const EVENTS: usize = 48;

fn index(number: u64) -> LogIndex {
    LogIndex::new(number).expect("an index")
}

/// Applies the event with this number to a server. `None` if it can't happen.
fn happen(server: &mut Server, event: usize) -> Option<Seen> {
    let node = &server.node;
    let (term, last) = (node.hard_state().term, node.log().last());
    let next = Term(term.0 + 1);
    let from = |from, term, body| {
        Some(Input::Receive(Message { from: NodeId(from), to: NodeId(1), term, body }))
    };
    let entries = |term, last, commit| {
        let entry = |at| Entry { index: index(at), term: Term(1), payload: Payload::Noop };
        let (entries, commit) = ((1..=last).map(entry).collect(), LogIndex::new(commit));
        from(2, term, Body::AppendEntries { prev: None, entries, commit, round: 1 })
    };
    let success = |who, at, round| {
        let reply = AppendReply::Success { matched: LogIndex::new(at) };
        from(who, term, Body::AppendEntriesReply { reply, round })
    };
    let part = |at, offset| {
        let membership = Membership { voters: vec![NodeId(1), NodeId(2)], ..<_>::default() };
        let (last, membership) = (Position { index: index(at), term: Term(1) }, membership.into());
        let data = Arc::from([1]);
        let chunk = Arc::new(Chunk { last, membership, cluster: 7, offset, size: 2, data });
        from(2, term, Body::InstallSnapshot { chunk, round: 1 })
    };
    let change = |request, voters: &[u32]| {
        let voters = voters.iter().copied().map(NodeId).collect();
        Some(Input::ChangeMembership { request: Request(request), voters, learners: Vec::new() })
    };
    let propose = |request, command: &[u8]| {
        let command = Command::from(command);
        Some(Input::Propose { request: Request(request), command })
    };
    let transfer = |to| Some(Input::TransferLeadership { request: Request(9), to: NodeId(to) });
    let input = match event {
        0 | 1 => Some(Input::Tick),
        2 | 3 => {
            return (event - 2 < server.pending.len()).then(|| server.persist(event - 2));
        }
        4 => from(2, next, Body::RequestVote { last: None, transfer: false }),
        5 => from(3, term, Body::RequestVote { last, transfer: false }),
        6 => from(3, next, Body::RequestVote { last, transfer: true }),
        7 => from(2, term, Body::PreVote { last }),
        8 => from(2, term, Body::RequestVoteReply { granted: true }),
        9 => from(3, term, Body::PreVoteReply { granted: true }),
        10 => from(2, term, Body::TimeoutNow),
        11 => entries(term, 1, 0),
        12 => entries(term, 2, 0),
        13 => entries(term, 2, 1),
        14 => entries(term, 2, 2),
        15 => entries(next, 0, 0),
        16 => from(
            3,
            term,
            Body::AppendEntries { prev: last, entries: <_>::default(), commit: None, round: 1 },
        ),
        17 => part(2, 0),
        18 => part(2, 1),
        19 => part(3, 0),
        20 => from(2, term, Body::ReadIndex { request: Request(1) }),
        21 => from(2, term, Body::ReadIndexReply { request: Request(1), index: index(2) }),
        22 => from(2, term, Body::ReadIndexReply { request: Request(2), index: index(1) }),
        23 => success(2, 1, 0),
        24 => success(2, 2, 1),
        25 => success(3, 3, 1),
        26 => success(4, 2, 2),
        27 => success(2, 4, 2),
        28 | 29 => {
            let (prev, first) = (last.map(|last| last.index), LogIndex::FIRST);
            let reply =
                AppendReply::Refused { prev, conflict: Some(Conflict { term: None, first }) };
            from(2, term, Body::AppendEntriesReply { reply, round: event as u64 - 28 })
        }
        30 => {
            let last = Position { index: index(2), term: Term(1) };
            from(2, term, Body::InstallSnapshotReply { last, received: 1, round: 1 })
        }
        31 => propose(1, &[]),
        32 => propose(2, &[]),
        33 => propose(1, &[1]),
        34 => Some(Input::Read { request: Request(1) }),
        35 => Some(Input::Read { request: Request(2) }),
        36 => change(1, &[1, 2, 3, 4]),
        37 => change(2, &[1, 2, 3, 4]),
        38 => change(1, &[1, 2]),
        39 => change(1, &[2, 3, 4]),
        40 => transfer(2),
        41 => transfer(3),
        42 | 43 => Some(Input::Applied(index(event as u64 - 41))),
        44..47 => {
            let (through, data) = (index(event as u64 / 2 - 21), Arc::from([event as u8, 2]));
            Some(Input::Compact { request: Request(3), through, data })
        }
        _ => Some(Input::Register { request: Request(1) }),
    };
    input.map(|input| server.step(input))
}

/// Servers to begin with: new, with a log, and leading.
fn beginnings(settings: Settings) -> Vec<Server> {
    let new = || server(settings);
    let timeout = (0..settings.election_timeout_max).map(|_| Input::Tick);
    let granted = || {
        let votes =
            [Body::PreVoteReply { granted: true }, Body::RequestVoteReply { granted: true }];
        votes.into_iter().zip(1..).map(|(body, term)| message(term, body))
    };
    let leader = after(after(new(), [append(1, 2, 1)]), timeout.chain(granted()));
    let reply = AppendReply::Success { matched: LogIndex::new(3) };
    let committed = message(2, Body::AppendEntriesReply { reply, round: 1 });
    let ruling = after(leader.clone(), [committed]);
    vec![new(), after(new(), [append(1, 2, 1)]), leader, ruling]
}

#[test]
fn servers_with_one_fingerprint_behave_alike() {
    let mut compared = 0;
    for number in 0..8 {
        let mut numbers = Numbers(number);
        let settings = Settings {
            election_timeout_min: 3,
            election_timeout_max: 4,
            heartbeat_interval: 2,
            pre_vote: number & 1 > 0,
            check_quorum: number & 2 > 0,
            lease_drift: (number & 2 > 0).then_some(10),
            apply_limit: (number & 4 > 0).then_some(1),
            snapshot_chunk: 1,
            ..Settings::default()
        };
        let mut pool = beginnings(settings);
        let mut met: BTreeMap<Vec<u8>, usize> =
            (0..).zip(&pool).map(|(at, server)| (fingerprint(&server.node), at)).collect();
        for _ in 0..3_000 {
            let mut server = pool[numbers.below(pool.len())].clone();
            let Some(seen) = happen(&mut server, numbers.below(EVENTS)) else { continue };
            let Some(&at) = met.get(&seen.fingerprint) else {
                met.insert(seen.fingerprint, pool.len());
                pool.push(server);
                continue;
            };
            let (one, other) = (format!("{:?}", pool[at].node), format!("{:?}", server.node));
            if one == other {
                continue;
            }
            compared += 1;
            for event in 0..EVENTS {
                let (mut known, mut server) = (pool[at].clone(), server.clone());
                let (known, server) = (happen(&mut known, event), happen(&mut server, event));
                assert_eq!(known, server, "event {event}\n{one}\n{other}");
            }
        }
    }
    assert!(compared > 1_000, "only {compared} pairs of servers had the same fingerprint");
}
