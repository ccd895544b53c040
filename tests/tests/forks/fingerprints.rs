//! The state that is in a fingerprint, and the state that is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use raft_core::{
    AppendReply, Body, Boot, Chunk, Command, Input, LogIndex, Node, NodeId, Position, Request,
    Role, Settings, Term,
};

use super::server::{
    Server, after, append, fingerprint, first_boot, message, request_vote, server,
};

fn booted(boot: Boot) -> Server {
    Server { node: Node::boot(boot).expect("a first boot"), pending: Vec::new() }
}

fn assert_alike(one: &Server, two: &Server) {
    assert_eq!(fingerprint(&one.node), fingerprint(&two.node), "{:?}\n{:?}", one.node, two.node);
}

/// The first of two parts of a snapshot that stands for one entry.
fn part() -> Input {
    let last = Position { index: LogIndex::FIRST, term: Term(1) };
    let (membership, data) = (Arc::default(), Arc::from([1]));
    let chunk = Chunk { last, membership, cluster: 7, offset: 0, size: 2, data };
    message(1, Body::InstallSnapshot { chunk: Arc::new(chunk), round: 0 })
}

#[test]
fn state_that_no_later_step_depends_on_is_not_in_the_fingerprint() {
    let new = || server(Settings::default());
    // One write, and three.
    let direct = after(new(), [append(3, 0, 0)]);
    assert_alike(&direct, &after(new(), [append(1, 0, 0), append(2, 0, 0), append(3, 0, 0)]));
    // Messages that the host has not taken out.
    let mut left = direct.clone();
    assert!(!left.node.step(append(3, 0, 0)).messages.is_empty());
    assert_alike(&direct, &left);
    // A held message of an earlier term: a vote, or an acknowledgement.
    let [mut voter, mut follower] = [new(), new()];
    voter.step(request_vote(1));
    follower.step(append(1, 0, 0));
    voter.step(append(2, 0, 0));
    follower.step(append(2, 0, 0));
    assert_alike(&voter, &follower);
    // The time without a leader's message on a server that may not stand.
    let boot = Boot { servers: Vec::new(), ..first_boot(1, Settings::default()) };
    let learner =
        || Server { node: Node::boot(boot.clone()).expect("a boot"), pending: Vec::new() };
    let silence = |ticks| after(learner(), (0..ticks).map(|_| Input::Tick));
    let timeout = Settings::default().election_timeout(NodeId(1), Term(0));
    assert_alike(&silence(timeout - 1), &silence(60));
    // A part of a snapshot that holds nothing new.
    let committed = || after(new(), [append(1, 1, 1)]);
    assert_alike(&committed(), &after(new(), [append(1, 1, 0), part(), append(1, 1, 1)]));
}

/// A write that is durable behind one that is not makes no difference any more.
#[test]
fn a_later_write_that_is_durable_counts_no_more() {
    let (mut one, mut two) = (server(Settings::default()), server(Settings::default()));
    one.step(append(1, 2, 0));
    one.step(append(2, 2, 0));
    two.step(append(2, 2, 0));
    assert_ne!(fingerprint(&one.node), fingerprint(&two.node));
    one.persist(1);
    assert_alike(&one, &two);
    assert_eq!(one.persist(0), two.persist(0));
}

#[test]
fn state_that_later_steps_depend_on_is_in_the_fingerprint() {
    let settings = Settings::default();
    let ticks = |count| (0..count).map(|_| Input::Tick);
    let request = Request(1);
    let base = || after(server(settings), [append(1, 1, 0)]);
    let follower = |input| after(base(), [input]);
    let granted = || message(2, Body::RequestVoteReply { granted: true });
    let candidate = || after(base(), ticks(settings.election_timeout(NodeId(1), Term(1))));
    let leader = || after(candidate(), [granted()]);
    let leading = |input| after(leader(), [input]);
    let success = |matched| {
        let reply = AppendReply::Success { matched: LogIndex::new(matched) };
        message(2, Body::AppendEntriesReply { reply, round: 0 })
    };
    let change = |voters: &[u32]| {
        let voters = voters.iter().copied().map(NodeId).collect();
        Input::ChangeMembership { request, voters, learners: Vec::new() }
    };
    let committed = || after(leader(), [success(2)]);
    let ruling = |input| after(committed(), [input]);
    let propose = |command: &[u8]| Input::Propose { request, command: Command::from(command) };
    let transfer = |to| Input::TransferLeadership { request, to: NodeId(to) };
    let compact = || Input::Compact { request, through: LogIndex::FIRST, data: Arc::from([1]) };
    let unsynced = |input| {
        let mut server = base();
        server.step(input);
        server
    };
    let servers = [
        ("a follower", base()),
        ("another server", booted(first_boot(2, settings))),
        (
            "a cluster of two",
            booted(Boot { servers: vec![NodeId(1), NodeId(2)], ..first_boot(1, settings) }),
        ),
        ("an empty log", server(settings)),
        ("another seed", server(Settings { seed: 2, ..settings })),
        ("a tick", follower(Input::Tick)),
        ("a term", follower(append(2, 1, 0))),
        ("a vote", follower(request_vote(2))),
        ("an entry", follower(append(1, 2, 0))),
        ("an entry that is not durable", unsynced(append(1, 2, 0))),
        ("a term that is not durable", unsynced(append(2, 1, 0))),
        ("a committed entry", follower(append(1, 1, 1))),
        ("a snapshot", after(base(), [append(1, 1, 1), compact()])),
        ("a part of a snapshot", follower(part())),
        ("a read", follower(Input::Read { request })),
        ("another read", follower(Input::Read { request: Request(2) })),
        ("a candidate", candidate()),
        ("a leader", leader()),
        ("a leader's tick", leading(Input::Tick)),
        ("a client that waits", leading(propose(&[]))),
        ("a command", leading(propose(&[1]))),
        ("an early read", leading(Input::Read { request })),
        ("a follower's progress", leading(success(1))),
        ("a commit", committed()),
        ("a read that waits for a round", ruling(Input::Read { request })),
        ("a server that joins", ruling(change(&[1, 2, 3, 4]))),
        ("another that joins", ruling(change(&[1, 2, 3, 5]))),
        ("a transfer", ruling(transfer(2))),
        ("another transfer", ruling(transfer(3))),
    ];
    let mut met: BTreeMap<Vec<u8>, &str> = BTreeMap::new();
    for (name, server) in &servers {
        let other = met.insert(fingerprint(&server.node), name);
        assert_eq!(other, None, "{name}");
    }
}

/// Supporters of a server that needs more of them, and when a change or a handover began.
#[test]
fn what_is_under_way_is_in_the_fingerprint() {
    let settings = Settings { pre_vote: true, heartbeat_interval: 9, ..Settings::default() };
    let servers = (1..=5).map(NodeId).collect();
    let five = booted(Boot { servers, ..first_boot(1, settings) });
    let timeout = settings.election_timeout(NodeId(1), Term(0));
    let asking = after(five, (0..timeout).map(|_| Input::Tick));
    let supported = after(asking.clone(), [message(0, Body::PreVoteReply { granted: true })]);
    assert_ne!(fingerprint(&asking.node), fingerprint(&supported.node));

    let votes = || {
        let votes =
            [Body::PreVoteReply { granted: true }, Body::RequestVoteReply { granted: true }];
        (0..).zip(votes).map(|(term, body)| message(term, body))
    };
    let candidate = after(server(settings), (0..timeout).map(|_| Input::Tick));
    let reply = AppendReply::Success { matched: LogIndex::new(1) };
    let success = message(1, Body::AppendEntriesReply { reply, round: 0 });
    let leader = after(after(candidate, votes()), [success]);
    let request = Request(1);
    let transfer = || Input::TransferLeadership { request, to: NodeId(3) };
    let voters = || (1..=4).map(NodeId).collect();
    let change = || Input::ChangeMembership { request, voters: voters(), learners: Vec::new() };
    let led = |inputs| fingerprint(&after(leader.clone(), inputs).node);
    assert_ne!(led([transfer(), Input::Tick]), led([Input::Tick, transfer()]));
    assert_ne!(led([change(), Input::Tick]), led([Input::Tick, change()]));
}

/// What is under way counts its time from its own beginning, not from that of the leadership.
#[test]
fn the_age_of_a_leadership_is_not_in_the_fingerprint() {
    let (check_quorum, heartbeat_interval) = (true, 4);
    let settings = Settings { check_quorum, heartbeat_interval, ..Settings::default() };
    let ticks = |count| (0..count).map(|_| Input::Tick);
    let timeout = settings.election_timeout(NodeId(1), Term(0));
    let granted = message(1, Body::RequestVoteReply { granted: true });
    let reply = |round| {
        let reply = AppendReply::Success { matched: LogIndex::new(1) };
        message(1, Body::AppendEntriesReply { reply, round })
    };
    let leader = after(after(server(settings), ticks(timeout)), [granted, reply(0)]);
    let read = || Input::Read { request: Request(1) };
    // A round for a read at once, or that of a heartbeat four ticks later: the first that is answered.
    let young = after(leader.clone(), [read(), reply(1)]);
    let old = after(after(leader, ticks(4)), [reply(1)]);
    let transfer = || Input::TransferLeadership { request: Request(2), to: NodeId(3) };
    let change = || Input::ChangeMembership {
        request: Request(2),
        voters: (1..=4).map(NodeId).collect(),
        learners: Vec::new(),
    };
    for begin in [&read as &dyn Fn() -> Input, &transfer, &change] {
        let later =
            |leader: &Server| after(after(leader.clone(), [Input::Tick, begin()]), ticks(2));
        assert_alike(&later(&young), &later(&old));
    }
}

/// With CheckQuorum a leader steps down after a silence; without, the silence does not matter.
#[test]
fn a_leaders_silence_counts_where_it_ends_its_leadership() {
    let silent = |check_quorum, ticks| {
        let settings = Settings { check_quorum, heartbeat_interval: 9, ..Settings::default() };
        let timeout = settings.election_timeout(NodeId(1), Term(0));
        let leader = after(server(settings), (0..timeout).map(|_| Input::Tick));
        let granted = message(1, Body::RequestVoteReply { granted: true });
        let reply = AppendReply::Success { matched: LogIndex::new(1) };
        let reply = |round| message(1, Body::AppendEntriesReply { reply, round });
        // A round for a read at the first or the second tick, and a heartbeat at none of them.
        let read = Input::Read { request: Request(1) };
        let leader = after(leader, [granted, reply(0)]);
        let leader = after(leader, (0..ticks).map(|_| Input::Tick));
        let leader = after(leader, [read, reply(1)]);
        fingerprint(&after(leader, (ticks..6).map(|_| Input::Tick)).node)
    };
    assert_eq!(silent(false, 1), silent(false, 2));
    assert_ne!(silent(true, 1), silent(true, 2));
}

/// A handover that was given up leaves nothing but a lease that is void, where there is one.
#[test]
fn a_void_lease_is_in_the_fingerprint() {
    let led = |lease_drift, begin: Option<Input>| {
        let (election_timeout_min, election_timeout_max, heartbeat_interval) = (3, 4, 2);
        let settings = Settings {
            election_timeout_min,
            election_timeout_max,
            heartbeat_interval,
            check_quorum: true,
            lease_drift,
            ..Settings::default()
        };
        let candidate = after(server(settings), (0..4).map(|_| Input::Tick));
        let granted = message(1, Body::RequestVoteReply { granted: true });
        // Of the latest round, whichever that is.
        let success = || {
            let reply = AppendReply::Success { matched: LogIndex::new(1) };
            message(1, Body::AppendEntriesReply { reply, round: u64::MAX })
        };
        let leader = after(after(candidate, [granted, success()]), begin);
        let leader =
            after(leader, (0..8).map(|at| if at % 2 == 0 { Input::Tick } else { success() }));
        assert!(matches!(leader.node.role(), Role::Leader(_)));
        fingerprint(&leader.node)
    };
    let transfer = || Some(Input::TransferLeadership { request: Request(1), to: NodeId(3) });
    assert_ne!(led(Some(10), None), led(Some(10), transfer()));
    assert_eq!(led(None, None), led(None, transfer()));
}
