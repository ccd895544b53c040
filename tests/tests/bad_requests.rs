//! Requests that make no sense or can't be served are refused with a reason, and change nothing.

use std::sync::Arc;

use raft_core::{
    Answer, Body, Boot, Changes, Chunk, HardState, Input, LogIndex, Membership, Message, Node,
    NodeId, Once, Outcome, Payload, Position, Refusal, Rejection, Request, Role, SessionError,
    SessionId, Sessions, Settings, Term,
};

const REQUEST: Request = Request(1);

fn servers(numbers: &[u32]) -> Vec<NodeId> {
    numbers.iter().copied().map(NodeId).collect()
}

fn index(number: u64) -> LogIndex {
    LogIndex::new(number).expect("an index")
}

fn boot(settings: Settings) -> Node {
    let boot = Boot {
        id: NodeId(1),
        cluster: 7,
        servers: servers(&[1]),
        settings,
        hard_state: HardState::default(),
        snapshot: None,
        log: Vec::new(),
        applied: None,
    };
    Node::boot(boot).expect("a first boot")
}

/// Takes an input, and hands back the receipt of everything written at once. Returns the answers to clients.
fn ask(node: &mut Node, input: Input) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut inputs = vec![input];
    while let Some(input) = inputs.pop() {
        let output = node.step(input);
        answers.extend(output.answers.drain(..).map(|(_, answer)| answer));
        inputs.extend(output.write.map(|write| Input::Persisted(write.persisted())));
    }
    answers
}

/// A server that is its whole cluster, and leads it.
fn leader(settings: Settings) -> Node {
    let mut node = boot(settings);
    for _ in 0..settings.election_timeout_max {
        ask(&mut node, Input::Tick);
    }
    assert!(matches!(node.role(), Role::Leader(_)));
    node
}

fn rejection(node: &mut Node, input: Input) -> String {
    match ask(node, input)[..] {
        [Answer::Rejected(rejection)] => rejection.to_string(),
        ref other => format!("{other:?}"),
    }
}

fn change(voters: &[u32], learners: &[u32]) -> Input {
    let (voters, learners) = (servers(voters), servers(learners));
    Input::ChangeMembership { request: REQUEST, voters, learners }
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    let mut node = leader(Settings { changes: Changes::Single, ..Settings::default() });
    let none = "a configuration must have at least one voter";
    assert_eq!(rejection(&mut node, change(&[], &[1])), none);
    let twice = "the configuration names S2 twice";
    assert_eq!(rejection(&mut node, change(&[1, 2, 2], &[])), twice);
    assert_eq!(rejection(&mut node, change(&[1, 2], &[2])), twice);
    let many = "more than one voter would come or go at once";
    assert_eq!(rejection(&mut node, change(&[1, 2, 3], &[])), many);
    assert_eq!(rejection(&mut node, change(&[2], &[])), many);
    assert_eq!(node.membership().voters, servers(&[1]));

    assert_eq!(ask(&mut node, change(&[1, 2], &[])), []);
    let pending = "an earlier change of the configuration is not committed yet";
    assert_eq!(rejection(&mut node, change(&[1], &[])), pending);
}

#[test]
fn a_server_that_never_answers_is_not_added() {
    let settings = Settings { catch_up_rounds: 2, ..Settings::default() };
    let mut node = leader(settings);
    ask(&mut node, change(&[1, 2], &[]));
    let given_up = (0..2 * settings.election_timeout_max)
        .find_map(|_| ask(&mut node, Input::Tick).first().copied());
    let expected = Rejection::NotCaughtUp(NodeId(2));
    assert_eq!(given_up, Some(Answer::Rejected(expected)));
    assert_eq!(expected.to_string(), "S2 did not catch up in time");
    assert_eq!(node.membership().voters, servers(&[1]));
}

#[test]
fn leadership_is_transferred_to_other_voters_only() {
    let mut node = leader(Settings::default());
    ask(&mut node, change(&[1], &[2]));
    let mut to = |server| {
        rejection(&mut node, Input::TransferLeadership { request: REQUEST, to: NodeId(server) })
    };
    assert_eq!(to(1), "this server leads already");
    assert_eq!(to(2), "S2 is a learner");
    assert_eq!(to(3), "S3 is not in the configuration");
}

#[test]
fn a_snapshot_of_what_is_not_applied_or_already_discarded_is_refused() {
    let mut node = leader(Settings::default());
    let command = b"x".as_slice().into();
    ask(&mut node, Input::Propose { request: REQUEST, command });
    let compact = |through| {
        let data = Arc::from([]);
        Input::Compact { request: REQUEST, through: index(through), data }
    };
    let early = "the state machine has not applied entry 3 yet";
    assert_eq!(rejection(&mut node, compact(3)), early);
    assert_eq!(ask(&mut node, compact(2)), [Answer::Done]);
    let late = "there is a snapshot up to entry 1 already";
    assert_eq!(rejection(&mut node, compact(1)), late);
    assert_eq!(node.snapshot().map(|snapshot| snapshot.last.index), Some(index(2)));
}

/// The entry is in the log, but not applied.
#[test]
fn a_snapshot_of_what_is_only_in_the_log_is_refused() {
    let entry =
        |number| raft_core::Entry { index: index(number), term: Term(1), payload: Payload::Noop };
    let boot = Boot {
        id: NodeId(1),
        cluster: 7,
        servers: servers(&[1, 2]),
        settings: Settings::default(),
        hard_state: HardState { term: Term(1), voted_for: None },
        snapshot: None,
        log: vec![entry(1), entry(2)],
        applied: Some(index(1)),
    };
    let mut node = Node::boot(boot).expect("a sound state");
    let compact = |through| {
        let data = Arc::from([]);
        Input::Compact { request: REQUEST, through: index(through), data }
    };
    let early = "the state machine has not applied entry 2 yet";
    assert_eq!(rejection(&mut node, compact(2)), early);
    assert_eq!(ask(&mut node, compact(1)), [Answer::Done]);
}

/// The first configuration is in no log. Seed 183 of `raft-sim run` showed a server that was being added, and took
/// a snapshot without any.
#[test]
fn a_snapshot_that_can_not_tell_the_configuration_is_refused() {
    let boot = Boot {
        id: NodeId(2),
        cluster: 7,
        servers: Vec::new(),
        settings: Settings::default(),
        hard_state: HardState::default(),
        snapshot: None,
        log: Vec::new(),
        applied: None,
    };
    let mut node = Node::boot(boot).expect("it waits to be added");
    let mut append = |number, payload| {
        let entry = raft_core::Entry { index: index(number), term: Term(1), payload };
        let prev = LogIndex::new(number - 1).map(|index| Position { index, term: Term(1) });
        let commit = Some(index(number));
        let body = Body::AppendEntries { prev, entries: entry.into(), commit, round: 1 };
        let message = Message { from: NodeId(1), to: NodeId(2), term: Term(1), body };
        ask(&mut node, Input::Receive(message));
        let data = Arc::from([]);
        ask(&mut node, Input::Compact { request: REQUEST, through: index(number), data })
    };
    let unknown = Rejection::ConfigurationUnknown(index(1));
    assert_eq!(append(1, Payload::Noop), [Answer::Rejected(unknown)]);
    assert_eq!(unknown.to_string(), "the log up to entry 1 does not tell the configuration");
    let voters = servers(&[1, 2]);
    let membership = Membership { voters, ..Membership::default() };
    assert_eq!(append(2, Payload::Membership(Arc::new(membership))), [Answer::Done]);
}

#[test]
fn a_server_that_does_not_lead_takes_nothing() {
    let mut node = boot(Settings::default());
    let command = raft_core::Command::from(b"x".as_slice());
    let once = Once { session: SessionId(1), serial: 1, command: command.clone() };
    for input in [
        Input::Propose { request: REQUEST, command },
        Input::Register { request: REQUEST },
        Input::ProposeOnce { request: REQUEST, once },
        Input::Read { request: REQUEST },
        change(&[1, 2], &[]),
        Input::TransferLeadership { request: REQUEST, to: NodeId(1) },
    ] {
        assert_eq!(ask(&mut node, input), [Answer::NotLeader(None)]);
    }
}

#[test]
fn expired_sessions_and_sessions_never_opened_have_different_answers() {
    let mut sessions = Sessions::new(1);
    let mut apply = |payload| {
        let entry = raft_core::Entry { index: LogIndex::FIRST, term: Term(1), payload };
        sessions.apply(&entry, |_| Vec::new())
    };
    let once = |session| {
        let (session, command) = (SessionId(session), b"x".as_slice().into());
        Payload::Once(Arc::new(Once { session, serial: 1, command }))
    };
    let never = SessionError::NeverOpened(SessionId(1));
    assert_eq!(apply(once(1)), Outcome::Refused(never));
    assert_eq!(never.to_string(), "session 1 was never opened");
    assert_eq!(apply(Payload::Register), Outcome::Registered(SessionId(1)));
    assert_eq!(apply(once(1)), Outcome::Executed(Vec::new()));
    assert_eq!(apply(once(1)), Outcome::Repeated(Some(Vec::new())));
    assert_eq!(apply(Payload::Register), Outcome::Registered(SessionId(2)));
    let expired = SessionError::Expired(SessionId(1));
    assert_eq!(apply(once(1)), Outcome::Refused(expired));
    assert_eq!(expired.to_string(), "session 1 has expired");
}

#[test]
fn sessions_survive_a_snapshot_and_half_a_snapshot_is_refused() {
    let mut sessions = Sessions::new(3);
    for payload in [Payload::Register, Payload::Register] {
        let entry = raft_core::Entry { index: LogIndex::FIRST, term: Term(1), payload };
        sessions.apply(&entry, |_| Vec::new());
    }
    let once = Once { session: SessionId(2), serial: 4, command: b"x".as_slice().into() };
    let payload = Payload::Once(Arc::new(once));
    let entry = raft_core::Entry { index: LogIndex::FIRST, term: Term(1), payload };
    sessions.apply(&entry, |_| b"result".to_vec());

    let bytes = sessions.to_bytes();
    let (mut restored, rest) = Sessions::from_bytes(&bytes).expect("all of them");
    assert_eq!((&restored, rest), (&sessions, &[][..]));
    let again = restored.apply(&entry, |_| b"another".to_vec());
    assert_eq!(again, Outcome::Repeated(Some(b"result".to_vec())));
    for cut in 0..bytes.len() {
        let error = Sessions::from_bytes(&bytes[..cut]).expect_err("it is cut off");
        assert_eq!(error.to_string(), "the bytes are no sessions, or not all of them");
    }
}

#[test]
fn a_snapshot_of_another_cluster_or_of_impossible_size_is_refused() {
    let mut node = boot(Settings::default());
    let mut receive = |cluster, size| {
        let membership = Arc::new(Membership { voters: servers(&[2]), ..Membership::default() });
        let last = Position { index: index(3), term: Term(1) };
        let data = Arc::from(*b"state");
        let chunk = Arc::new(Chunk { last, membership, cluster, offset: 0, size, data });
        let body = Body::InstallSnapshot { chunk, round: 1 };
        let message = Message { from: NodeId(2), to: NodeId(1), term: Term(1), body };
        let output = node.step(Input::Receive(message));
        (output.refused, output.restore.is_some())
    };
    assert_eq!(receive(8, 5), (Some(Refusal::ForeignSnapshot(8)), false));
    assert_eq!(receive(7, 4), (Some(Refusal::MalformedSnapshot), false));
    assert_eq!(receive(7, 9), (None, false), "the rest is still to come");
    assert_eq!(receive(7, 5), (None, true));
}

#[test]
fn an_answer_from_a_server_that_was_asked_nothing_is_refused() {
    let mut node = leader(Settings::default());
    let body = Body::RequestVoteReply { granted: true };
    let message = Message { from: NodeId(9), to: NodeId(1), term: Term(50), body };
    let refused = node.step(Input::Receive(message)).refused;
    assert_eq!(refused, Some(Refusal::UnknownSender(NodeId(9))));
    assert!(matches!(node.role(), Role::Leader(_)), "it still leads its own term");
}
