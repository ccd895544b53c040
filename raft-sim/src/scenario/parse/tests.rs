//! What parses into what; in `refused`, what is refused with which words; in
//! `mangled`, that no text is worse than refused.

mod mangled;
mod refused;

use super::{parse, vocabulary};
use crate::scenario::error::ParseError;
use crate::scenario::source::Source;
use crate::scenario::syntax::*;
use crate::words::{NodeId, Term};

const HEAD: &str = "scenario A title\npaper §5.2\nservers S1 S2 S3\n";

fn parsed(text: &str) -> Result<Scenario, ParseError> {
    parse(&Source::new("t.raft", text))
}

/// The one statement of a body of one line, in which the labels x and y are declared.
fn statement(line: &str) -> Statement {
    let text = format!("{HEAD}given S3 log 1:x 1:y\n{line}\n");
    match parsed(&text) {
        Ok(mut scenario) => scenario.steps.pop().expect("one step").statement,
        Err(error) => panic!("{error}"),
    }
}

/// Every word of the language stands in a complete example of its page; the suite replays those.
#[test]
fn every_word_has_an_example() {
    let page = include_str!("../../../../docs/scenario-language.md");
    let examples = page.split("```raft\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown: Vec<&str> = examples
        .flat_map(str::lines)
        .filter_map(|line| line.split('#').next())
        .flat_map(str::split_whitespace)
        .collect();
    let missing: Vec<&str> = vocabulary::all().filter(|word| !shown.contains(word)).collect();
    assert_eq!(missing, [""; 0]);
}

fn s(numbers: &[u32]) -> Vec<NodeId> {
    numbers.iter().copied().map(NodeId).collect()
}

fn link(from: u32, to: u32) -> Link {
    Link { from: NodeId(from), to: NodeId(to) }
}

fn x() -> Label {
    Label("x".to_owned())
}

fn drawn(term: u64, label: Option<Label>) -> DrawnEntry {
    DrawnEntry { term: Term(term), label }
}

#[test]
fn a_header() {
    let text = "scenario Two  words # not this\npaper dissertation §9.6\nservers S1 S2 S3\n\
        requires no-op forge\nrequires fast-backup\nviolates leader-completeness\n\
        settings heartbeat 2 election-timeout 5..5 uncommitted-limit 3\n\
        network delay 100..2000 us seed 18446744073709551615 loss 5%\nstate-machine durable\n\
        given S1 S2 log 1 2:x term 3 vote S3\ngiven S3 term 1\n";
    let header = parsed(text).expect("it parses").header;
    let given = |server, log: &[DrawnEntry], term, vote| Given {
        line: if server == 3 { 11 } else { 10 },
        server: NodeId(server),
        log: log.to_vec(),
        term: Term(term),
        vote,
    };
    let log = [drawn(1, None), drawn(2, Some(x()))];
    assert_eq!(
        header,
        Header {
            title: "Two words".to_owned(),
            paper: "dissertation §9.6".to_owned(),
            servers: s(&[1, 2, 3]),
            requires: vec![Capability::NoOp, Capability::Forge, Capability::FastBackup],
            violates: Some("leader-completeness".to_owned()),
            settings: Settings {
                election_timeout: Some((5, 5)),
                heartbeat: Some(2),
                entries_per_message: None,
                uncommitted_limit: Some(3),
            },
            network: Network { delay: (100, 2000), loss: 5, duplicate: 0, seed: u64::MAX },
            durable_state_machine: true,
            given: vec![
                given(1, &log, 3, Some(NodeId(3))),
                given(2, &log, 3, Some(NodeId(3))),
                given(3, &[], 1, None),
            ],
        }
    );
}

#[test]
fn lines_are_kept_for_writing_them_back() {
    let scenario = parsed(&format!("  # drawn  \n{HEAD}\nelect  S1 # c\n")).expect("it parses");
    assert_eq!(scenario.lines.first(), Some(&Line::Comment("# drawn  ".to_owned())));
    assert_eq!(scenario.lines.get(4), Some(&Line::Blank));
    let words = vec!["elect".to_owned(), "S1".to_owned()];
    assert_eq!(scenario.lines.get(5), Some(&Line::Words(words, Some("# c".to_owned()))));
    assert_eq!(scenario.steps.first().map(|step| step.line), Some(6));
}

#[test]
fn commands_about_servers_and_time() {
    let all = s(&[1, 2, 3]);
    let five = Duration { count: 5, unit: Unit::ElectionTimeouts };
    for (line, meant) in [
        ("timeout S2 S1", Statement::Timeout(s(&[2, 1]))),
        ("elect S1", Statement::Elect(NodeId(1))),
        ("heartbeat S1", Statement::Heartbeat(NodeId(1))),
        ("tick all 3", Statement::Tick(all.clone(), 3)),
        ("tick S1", Statement::Tick(s(&[1]), 1)),
        ("settle", Statement::Settle),
        ("run 5 election-timeouts", Statement::Run(five)),
        ("run 1 heartbeat", Statement::Run(Duration { count: 1, unit: Unit::Heartbeats })),
        ("run 2 ticks", Statement::Run(Duration { count: 2, unit: Unit::Ticks })),
        ("run 9 ms", Statement::Run(Duration { count: 9, unit: Unit::Milliseconds })),
        ("crash all", Statement::Crash(all.clone())),
        ("restart S3", Statement::Restart(s(&[3]))),
        ("stall S1", Statement::Stall(NodeId(1))),
        ("sync S1", Statement::Sync(NodeId(1))),
        ("unstall S1", Statement::Unstall(NodeId(1))),
        ("wipe S1", Statement::Wipe(NodeId(1))),
        ("partition S1 S2 | S2 S3", Statement::Partition(vec![s(&[1, 2]), s(&[2, 3])])),
        ("isolate S1", Statement::Isolate(s(&[1]))),
        ("cut S1 -> S2 S3", Statement::Cut(vec![link(1, 2), link(1, 3)])),
        ("cut S1 -- S2", Statement::Cut(vec![link(1, 2), link(2, 1)])),
        ("heal", Statement::Heal(None)),
        ("heal S2 S3 -> S1", Statement::Heal(Some(vec![link(2, 1), link(3, 1)]))),
        (
            "propose S1 z z-2",
            Statement::Propose(NodeId(1), ["z", "z-2"].map(|l| Label(l.to_owned())).to_vec()),
        ),
        ("never quiet", Statement::Never(Condition::Quiet)),
        ("reach quiet", Statement::Reach(Condition::Quiet)),
        ("within 5 election-timeout a leader", Statement::Within(five, Condition::ALeader)),
    ] {
        assert_eq!(statement(line), meant, "{line}");
    }
}

#[test]
fn commands_about_messages() {
    let all = |links: &[Link], kind, details: &[Detail], which| Selection {
        selector: Selector { links: links.to_vec(), kind, details: details.to_vec() },
        which,
    };
    let prev = Some(Drawn { index: 3, term: Term(2) });
    for (line, meant) in [
        ("deliver S1 -> S2", Statement::Deliver(all(&[link(1, 2)], None, &[], Which::Only))),
        (
            "deliver S1 -> S2 S3 AppendEntries prev 3/2 entries 0 commit 4 term 5 #2",
            Statement::Deliver(all(
                &[link(1, 2), link(1, 3)],
                Some(Kind::AppendEntries),
                &[Detail::Prev(prev), Detail::Entries(0), Detail::Commit(4), Detail::Term(Term(5))],
                Which::Ordinal(2),
            )),
        ),
        (
            "drop S2 S3 -> S1 AppendEntriesReply success match 0 all",
            Statement::Drop(all(
                &[link(2, 1), link(3, 1)],
                Some(Kind::AppendEntriesReply),
                &[Detail::Success, Detail::Match(0)],
                Which::All,
            )),
        ),
        (
            "duplicate S1 -> S2 RequestVote last none",
            Statement::Duplicate(all(
                &[link(1, 2)],
                Some(Kind::RequestVote),
                &[Detail::Last(None)],
                Which::Only,
            )),
        ),
        (
            "hold S1 -> S2 Heartbeat",
            Statement::Hold(all(&[link(1, 2)], Some(Kind::Heartbeat), &[], Which::Only).selector),
        ),
        (
            "release S1 -> S2",
            Statement::Release(all(&[link(1, 2)], None, &[], Which::Only).selector),
        ),
    ] {
        assert_eq!(statement(line), meant, "{line}");
    }
}

#[test]
fn forged_messages() {
    let prev = Some(Drawn { index: 2, term: Term(1) });
    for (line, body) in [
        ("RequestVote term 4 last 2/1", ForgedBody::RequestVote(prev)),
        ("RequestVoteReply term 4 granted", ForgedBody::RequestVoteReply { granted: true }),
        ("RequestVoteReply term 4 refused", ForgedBody::RequestVoteReply { granted: false }),
        (
            "AppendEntries term 4 prev 2/1 entries 2 2:z commit 1",
            ForgedBody::AppendEntries {
                prev,
                entries: vec![drawn(2, None), drawn(2, Some(Label("z".to_owned())))],
                commit: 1,
            },
        ),
        (
            "AppendEntries term 4 prev none entries none commit 0",
            ForgedBody::AppendEntries { prev: None, entries: Vec::new(), commit: 0 },
        ),
        (
            "AppendEntriesReply term 4 success match 7",
            ForgedBody::AppendEntriesReply { matched: Some(7) },
        ),
        ("AppendEntriesReply term 4 refused", ForgedBody::AppendEntriesReply { matched: None }),
    ] {
        let meant = Statement::Forge(Forged { link: link(1, 2), term: Term(4), body });
        assert_eq!(statement(&format!("forge S1 -> S2 {line}")), meant, "{line}");
    }
}

#[test]
fn conditions() {
    let number = |value, bound| Number { value, bound };
    let log = |entries: &[DrawnEntry], open| Fact::Log { entries: entries.to_vec(), open };
    let one = |fact| Condition::Servers(s(&[1]), vec![fact]);
    let both = vec![x(), Label("y".to_owned())];
    for (line, meant) in [
        (
            "S1 S2 follower term 3 log 1 1:x ... commit 2 at most",
            Condition::Servers(
                s(&[1, 2]),
                vec![
                    Fact::Role(RoleWord::Follower),
                    Fact::Term(number(3, Bound::Exactly)),
                    log(&[drawn(1, None), drawn(1, Some(x()))], true),
                    Fact::Commit(number(2, Bound::AtMost)),
                ],
            ),
        ),
        ("all up", Condition::Servers(s(&[1, 2, 3]), vec![Fact::Up])),
        ("S1 down", one(Fact::Down)),
        ("S1 reported", one(Fact::Reported)),
        ("S1 leader", one(Fact::Role(RoleWord::Leader))),
        ("S1 candidate", one(Fact::Role(RoleWord::Candidate))),
        ("S1 term 4 at least", one(Fact::Term(number(4, Bound::AtLeast)))),
        ("S1 term as S2", one(Fact::TermAs(NodeId(2)))),
        ("S1 vote S2", one(Fact::Vote(Some(NodeId(2))))),
        ("S1 vote none", one(Fact::Vote(None))),
        ("S1 log none", one(log(&[], false))),
        ("S1 log as S2", one(Fact::LogAs(NodeId(2)))),
        (
            "S1 holds x y lacks x y committed x y applied x y",
            Condition::Servers(
                s(&[1]),
                vec![
                    Fact::Holds(both.clone()),
                    Fact::Lacks(both.clone()),
                    Fact::Committed(both.clone()),
                    Fact::Applied(both),
                ],
            ),
        ),
        ("S1 applied none", one(Fact::Applied(Vec::new()))),
        ("a leader", Condition::ALeader),
        ("no leader", Condition::NoLeader),
        ("not x on a majority", Condition::Not(Box::new(Condition::OnMajority(x())))),
        ("x on S2 S3", Condition::On(x(), s(&[2, 3]))),
        ("x committed", Condition::Committed(x())),
        ("x acknowledged", Condition::Answered(x(), Answer::Acknowledged)),
        ("x refused", Condition::Answered(x(), Answer::Refused)),
        ("x failed", Condition::Answered(x(), Answer::Failed)),
        ("x pending", Condition::Answered(x(), Answer::Pending)),
        (
            "message S2 -> S1 RequestVoteReply granted",
            Condition::InFlight(Selector {
                links: vec![link(2, 1)],
                kind: Some(Kind::RequestVoteReply),
                details: vec![Detail::Granted],
            }),
        ),
        ("quiet", Condition::Quiet),
    ] {
        assert_eq!(statement(&format!("expect {line}")), Statement::Expect(meant), "{line}");
    }
}

#[test]
fn every_command_is_known_to_the_parser() {
    for word in super::vocabulary::COMMANDS {
        if let Err(error) = parsed(&format!("{HEAD}{word}\n")) {
            assert!(!error.message.starts_with("unknown"), "{error}");
        }
    }
}

#[test]
fn a_label_may_be_used_above_its_declaration() {
    parsed(&format!("{HEAD}never not-yet committed\npropose S1 not-yet\n")).expect("it parses");
}
