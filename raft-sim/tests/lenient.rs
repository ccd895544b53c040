//! Lenient replays: a step that no longer makes sense is left out, a delivery finds the message most similar to its
//! own, and the executed steps can be written as statements that a strict replay accepts.

use raft_sim::model::{Body, Message, NodeId, Term};
use raft_sim::reference::Reference;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Move, Verdict, attempt, durable, in_words, replay};
use raft_sim::scenario::source::Source;
use raft_sim::scenario::syntax::{Label, Scenario, Statement, Step, Trivia};

const S1: NodeId = NodeId(1);
const S2: NodeId = NodeId(2);
const S3: NodeId = NodeId(3);

/// A cluster of three, without statements.
fn three() -> Scenario {
    let source = Source::new("t.raft", "scenario t\npaper §5\nservers S1 S2 S3\nsettle\n");
    let mut scenario = parse(&source).expect("it parses");
    scenario.steps.clear();
    scenario
}

fn message(from: NodeId, to: NodeId, term: u64, body: Body) -> Move {
    Move::Deliver(Message::new(from, to, Term(term), body))
}

fn request(from: NodeId, to: NodeId, term: u64) -> Move {
    message(from, to, term, Body::RequestVote { last: None, transfer: false })
}

fn granted(from: NodeId, to: NodeId, term: u64) -> Move {
    message(from, to, term, Body::RequestVoteReply { granted: true })
}

fn timeout(server: NodeId) -> Move {
    Move::Do(Statement::Timeout(vec![server].into()))
}

fn propose(server: NodeId, label: &str) -> Move {
    let commands = vec![Label(label.to_string())];
    Move::Do(Statement::Propose { server: server.into(), commands, session: None })
}

/// An AppendEntries from S1 to S2, after `index` entries of term 1.
fn sent_behind(moves: &[Move], index: u64) -> Option<Message> {
    let behind = |step: &Move| {
        let Move::Deliver(message) = step else { return None };
        let Body::AppendEntries { prev, .. } = &message.body else { return None };
        (prev.map_or(0, |prev| prev.index.get()) == index).then(|| message.clone())
    };
    moves.iter().find_map(behind)
}

#[test]
fn a_step_that_makes_no_sense_is_left_out_and_the_rest_goes_on() {
    let moves = [
        granted(S2, S1, 1),
        Move::Do(Statement::Restart(vec![S2].into())),
        Move::Do(Statement::Heartbeat(S1.into())),
        timeout(S1),
        request(S1, S2, 1),
        granted(S3, S1, 1),
        granted(S2, S1, 1),
        Move::Do(Statement::Heartbeat(S1.into())),
    ];
    let tried = attempt(&three(), &moves, &Reference);
    assert_eq!(tried.alarm, None);
    assert_eq!(tried.left_out, 4, "{tried:?}");
    assert_eq!(tried.done, [&moves[3..5], &moves[6..]].concat());
    let again = attempt(&three(), &tried.done, &Reference);
    assert_eq!((again.left_out, &again.done), (0, &tried.done), "all of it has a meaning");
}

#[test]
fn a_delivery_takes_the_most_similar_message() {
    let shifted = [timeout(S1), timeout(S1), request(S1, S2, 7)];
    let tried = attempt(&three(), &shifted, &Reference);
    assert_eq!(tried.done[2], request(S1, S2, 2), "none is of term 7: the newest");
    let exact = [timeout(S1), timeout(S1), request(S1, S2, 1)];
    assert_eq!(attempt(&three(), &exact, &Reference).done, exact);
}

#[test]
fn a_message_is_identified_by_the_fewest_words() {
    let election = [timeout(S1), request(S1, S2, 1), granted(S2, S1, 1)];
    let proposed = [propose(S1, "a"), propose(S1, "b")];
    let all = [&election[..], &proposed].concat();
    // Two AppendEntries are on their way to S2: behind nothing (a no-op), and behind that.
    let probe = Body::AppendEntries {
        prev: None,
        entries: raft_sim::model::Entries::from(&[][..]),
        commit: None,
        round: 0,
    };
    let found = attempt(&three(), &[&all[..], &[message(S1, S2, 1, probe)]].concat(), &Reference);
    assert_eq!(found.left_out, 0);
    assert!(sent_behind(&found.done, 0).is_some());
    let statements = in_words(&three(), &found.done, &Reference);
    assert_eq!(statements.len(), found.done.len());
    assert_eq!(statements[1].to_string(), "deliver S1 -> S2 RequestVote");
    let trivia = Trivia::default();
    let step = |(line, statement)| Step { line, statement, trivia: trivia.clone() };
    let steps = (1..).zip(statements).map(step).collect();
    let strict = Scenario { steps, ..three() };
    assert_eq!(replay(&strict, &Reference, &mut ()), Verdict::Passed);
}

#[test]
fn the_durable_state_can_be_read() {
    let election = [timeout(S1), request(S1, S2, 1), granted(S2, S1, 1)];
    let disks = durable(&three(), &election, &Reference).expect("no server has a snapshot");
    let terms: Vec<u64> = disks.iter().map(|(state, _)| state.term.0).collect();
    assert_eq!(terms, [1, 1, 0]);
    assert_eq!(disks[0].1.len(), 1, "the leader's no-op");
}
