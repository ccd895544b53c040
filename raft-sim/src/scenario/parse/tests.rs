//! The parser's results for correct texts; `refused` has the errors for wrong ones, and `mangled` shows that no
//! text causes worse than an error.

mod mangled;
mod messages;
mod refused;

use super::parse;
use crate::checker::Property;
use crate::model::{NodeId, Term};
use crate::scenario::error::ParseError;
use crate::scenario::source::Source;
use crate::scenario::syntax::*;
use crate::scenario::vocabulary;
use crate::subject;

const HEAD: &str = "scenario A title\npaper §5.2\nservers S1 S2 S3\n";

fn parsed(text: &str) -> Result<Scenario, ParseError> {
    parse(&Source::new("t.raft", text))
}

/// The last statement of a body. The entries x and y are drawn above it, the proposal p, the read r1 and
/// the session alice are asked for, and the state machine of S1 may lag behind.
fn statement(line: &str) -> Statement {
    let text = format!(
        "{HEAD}settings S1 apply-queue 1\ngiven S3 log 1:x 1:y\n\
         propose S1 p\nread S1 r1\nregister S1 alice\n{line}\n"
    );
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

fn some(numbers: &[u32]) -> Servers {
    s(numbers).into()
}

fn all() -> Servers {
    Servers::all(s(&[1, 2, 3]))
}

/// Lines that set what is not the default.
fn set(settings: subject::Settings) -> Settings {
    Settings::change(subject::Settings::default(), settings)
}

fn link(from: u32, to: u32) -> Link {
    Link { from: NodeId(from), to: NodeId(to) }
}

fn label(name: &str) -> Label {
    Label(name.to_owned())
}

fn x() -> Label {
    label("x")
}

fn drawn(term: u64, label: Option<Label>) -> DrawnEntry {
    DrawnEntry { term: Term(term), label }
}

#[test]
fn a_header() {
    let text = "scenario Two  words # not this\npaper dissertation §9.6\nservers S1 S2 S3\n\
        requires no-op forge\nrequires fast-backup\nrequires not pre-vote\nviolates leader-completeness\nset-aside match-index\n\
        settings heartbeat 2 election-timeout 5..5 uncommitted-limit 3\n\
        network delay 100..2000 us seed 18446744073709551615 loss 5%\nstate-machine durable\n\
        given S1 S2 log 1 2:x term 3 vote S3\ngiven S3 term 1\n";
    let header = parsed(text).expect("it parses").header;
    let given = |server, log: &[DrawnEntry], term, vote| Given {
        line: if server == 3 { 13 } else { 12 },
        server: NodeId(server),
        log: log.to_vec(),
        term: Term(term),
        vote,
    };
    let log = [drawn(1, None), drawn(2, Some(x()))];
    let settings = set(subject::Settings {
        election_timeout: (5, 5),
        heartbeat: 2,
        uncommitted_limit: 3,
        ..subject::Settings::default()
    });
    assert_eq!(
        header,
        Header {
            title: "Two words".to_owned(),
            paper: "dissertation §9.6".to_owned(),
            servers: s(&[1, 2, 3]),
            requires: vec![Capability::NoOp, Capability::Forge, Capability::FastBackup],
            requires_not: vec![Capability::PreVote],
            violates: Some("leader-completeness".to_owned()),
            set_aside: vec![Property::MatchIndex],
            outside: Vec::new(),
            settings: vec![settings; 3],
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

/// Of two `settings` lines that set the same the later one counts, and a line may be for some servers only.
#[test]
fn settings_of_servers() {
    let text = format!(
        "settings heartbeat 12 pre-vote\n{HEAD}outside S3\nsettings election-timeout 20..30\n\
         settings S1 S2 window 1 bytes-per-message 2 chunk 3 catch-up-rounds 4 apply-queue 5 sessions 6\n\
         settings S2 lease-reads 10% changes joint window 7\nsettings all check-quorum\n\
         settings S3 changes single\n"
    );
    let header = parsed(&text).expect("it parses").header;
    let all = subject::Settings {
        election_timeout: (20, 30),
        heartbeat: 12,
        pre_vote: true,
        check_quorum: true,
        ..subject::Settings::default()
    };
    let first = subject::Settings {
        window: 1,
        bytes_per_message: 2,
        snapshot_chunk: 3,
        catch_up_rounds: 4,
        apply_limit: Some(5),
        sessions: 6,
        ..all
    };
    let second =
        subject::Settings { window: 7, lease_drift: Some(10), changes: Changes::Joint, ..first };
    let third = subject::Settings { changes: Changes::Single, ..all };
    assert_eq!(header.settings, [first, second, third].map(set));
    assert_eq!(header.outside, s(&[3]));
}

#[test]
fn comments_and_blank_lines_are_kept_with_the_line_behind_them() {
    let text = format!("  # drawn  \n{HEAD}\n#1\nelect  S1 # c\n\n# end\n");
    let scenario = parsed(&text).expect("it parses");
    let lines = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<String>>();
    assert_eq!(scenario.header_lines[0].trivia.above, lines(&["# drawn"]));
    assert_eq!(scenario.header_lines[1].trivia, Trivia::default());
    let step = &scenario.steps[0];
    assert_eq!(step.trivia.above, lines(&["", "#1"]));
    assert_eq!(step.trivia.behind.as_deref(), Some("# c"));
    assert_eq!(step.line, 7);
    assert_eq!(scenario.end, lines(&["", "# end"]));
}

#[test]
fn commands_about_servers_and_time() {
    let five = Duration { count: 5, unit: Unit::ElectionTimeouts };
    let windowed =
        set(subject::Settings { window: 2, pre_vote: true, ..subject::Settings::default() });
    for (line, meant) in [
        ("timeout S2 S1", Statement::Timeout(some(&[2, 1]))),
        ("elect S1", Statement::Elect(NodeId(1))),
        ("heartbeat S1", Statement::Heartbeat(NodeId(1).into())),
        ("tick all 3", Statement::Tick(all(), 3)),
        ("tick S1", Statement::Tick(some(&[1]), 1)),
        ("settle", Statement::Settle),
        ("run 5 election-timeouts", Statement::Run(five)),
        ("run 1 heartbeat", Statement::Run(Duration { count: 1, unit: Unit::Heartbeats })),
        ("run 2 ticks", Statement::Run(Duration { count: 2, unit: Unit::Ticks })),
        ("run 9 ms", Statement::Run(Duration { count: 9, unit: Unit::Milliseconds })),
        ("restart S3", Statement::Restart(some(&[3]))),
        ("crash S2 torn 0", Statement::CrashTorn(NodeId(2).into(), Torn::Entries(0))),
        ("crash leader torn snapshot", Statement::CrashTorn(Target::Leader, Torn::Snapshot)),
        ("crash the leader", Statement::Crash(Servers::leader())),
        ("pause S1 S2", Statement::Pause(some(&[1, 2]))),
        ("resume all", Statement::Resume(all())),
        ("clock S1 150%", Statement::Clock(some(&[1]), 150)),
        ("flush S1 to 3", Statement::FlushTo(NodeId(1).into(), 3)),
        ("crash all", Statement::Crash(all())),
        ("settings S2 S1 window 2 pre-vote", Statement::Settings(some(&[2, 1]), windowed)),
        ("settings all window 2 pre-vote", Statement::Settings(all(), windowed)),
        ("stall S1", Statement::Stall(NodeId(1).into())),
        ("flush S1", Statement::Flush(NodeId(1).into(), 1)),
        ("flush S1 3", Statement::Flush(NodeId(1).into(), 3)),
        ("tell S1", Statement::Tell(NodeId(1).into(), 1)),
        ("tell S1 #2", Statement::Tell(NodeId(1).into(), 2)),
        ("lie S1", Statement::Lie(NodeId(1))),
        ("apply S1", Statement::Apply(NodeId(1))),
        ("sync S1", Statement::Sync(NodeId(1).into())),
        ("unstall S1", Statement::Unstall(NodeId(1).into())),
        ("wipe S1", Statement::Wipe(NodeId(1))),
        ("partition S1 S2 | S2 S3", Statement::Partition(vec![s(&[1, 2]), s(&[2, 3])])),
        ("isolate S1", Statement::Isolate(some(&[1]))),
        ("cut S1 -> S2 S3", Statement::Cut(vec![link(1, 2), link(1, 3)])),
        ("cut S1 -- S2", Statement::Cut(vec![link(1, 2), link(2, 1)])),
        ("heal", Statement::Heal(None)),
        ("heal S2 S3 -> S1", Statement::Heal(Some(vec![link(2, 1), link(3, 1)]))),
        ("sync S1 newest", Statement::SyncNewest(NodeId(1).into())),
        ("compact S3 S1", Statement::Compact(some(&[3, 1]))),
        ("pause-apply S1", Statement::PauseApply(NodeId(1))),
        ("resume-apply S1", Statement::ResumeApply(NodeId(1))),
        (
            "repeat 2 settle then tick S1",
            Statement::Repeat(2, vec![Statement::Settle, Statement::Tick(some(&[1]), 1)]),
        ),
        ("never quiet", Statement::Never(Condition::Quiet)),
        ("reach quiet", Statement::Reach(Condition::Quiet)),
        ("within 5 election-timeout a leader", Statement::Within(five, Condition::ALeader)),
    ] {
        assert_eq!(statement(line), meant, "{line}");
    }
}

#[test]
fn requests() {
    let server = Target::Server(NodeId(2));
    let change =
        |voters, learners| Statement::Change { server, label: label("c"), voters, learners };
    let commands = vec![label("z"), label("z-2")];
    for (line, meant) in [
        (
            "propose S2 z z-2",
            Statement::Propose { server, commands: commands.clone(), session: None },
        ),
        (
            "propose S2 z z-2 session alice",
            Statement::Propose { server, commands, session: Some(label("alice")) },
        ),
        (
            "propose the leader z",
            Statement::Propose {
                server: Target::Leader,
                commands: vec![label("z")],
                session: None,
            },
        ),
        ("retry S2 p", Statement::Retry(server, label("p"))),
        ("register S2 bob", Statement::Register(server, label("bob"))),
        ("read S2 r", Statement::Read(server, label("r"))),
        ("change S2 c to S1 S3", change(some(&[1, 3]), some(&[]))),
        ("change S2 c to S1 S1 learners S3 S3", change(some(&[1, 1]), some(&[3, 3]))),
        ("change S2 c to all learners none", change(all(), some(&[]))),
        ("change S2 c to none", change(some(&[]), some(&[]))),
        ("change S2 c to none learners S3", change(some(&[]), some(&[3]))),
        ("transfer S2 t to S3", Statement::Transfer { server, label: label("t"), to: NodeId(3) }),
    ] {
        assert_eq!(statement(line), meant, "{line}");
    }
}

#[test]
fn conditions() {
    let number = |value, bound| Number { value, bound };
    let log = |entries: &[DrawnEntry], open| Fact::Log { entries: entries.to_vec(), open };
    let one = |fact| Condition::Servers(some(&[1]), vec![fact]);
    let both = vec![x(), label("y")];
    for (line, meant) in [
        (
            "S1 S2 follower term 3 log 1 1:x ... commit 2 at most",
            Condition::Servers(
                some(&[1, 2]),
                vec![
                    Fact::Role(RoleWord::Follower),
                    Fact::Term(number(3, Bound::Exactly)),
                    log(&[drawn(1, None), drawn(1, Some(x()))], true),
                    Fact::Commit(number(2, Bound::AtMost)),
                ],
            ),
        ),
        ("all up", Condition::Servers(all(), vec![Fact::Up])),
        ("S1 down", one(Fact::Down)),
        (
            "S1 unsynced or not leader up or quiet",
            Condition::Any(vec![
                one(Fact::Unsynced),
                Condition::Not(Box::new(Condition::Servers(Servers::leader(), vec![Fact::Up]))),
                Condition::Quiet,
            ]),
        ),
        ("S1 durable 2 at most", one(Fact::Durable(number(2, Bound::AtMost)))),
        ("S1 next S2 2", one(Fact::Next(NodeId(2), number(2, Bound::Exactly)))),
        ("S1 match S2 2", one(Fact::Match(NodeId(2), number(2, Bound::Exactly)))),
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
                some(&[1]),
                vec![
                    Fact::Holds(both.clone()),
                    Fact::Lacks(both.clone()),
                    Fact::Committed(both.clone()),
                    Fact::Applied(both),
                ],
            ),
        ),
        ("S1 applied none", one(Fact::Applied(Vec::new()))),
        (
            "S1 members S1 S3 learners S2 joint snapshot 3 at least",
            Condition::Servers(
                some(&[1]),
                vec![
                    Fact::Members(some(&[1, 3])),
                    Fact::Learners(some(&[2])),
                    Fact::Joint,
                    Fact::Snapshot(number(3, Bound::AtLeast)),
                ],
            ),
        ),
        ("S1 members none", one(Fact::Members(some(&[])))),
        ("S1 members all", one(Fact::Members(all()))),
        ("S1 learners none", one(Fact::Learners(some(&[])))),
        ("a leader", Condition::ALeader),
        ("no leader", Condition::NoLeader),
        ("not x on a majority", Condition::Not(Box::new(Condition::OnMajority(x())))),
        ("x on S2 S3", Condition::On(x(), some(&[2, 3]))),
        ("x committed", Condition::Committed(x())),
        ("p acknowledged", Condition::Answered(label("p"), Answer::Acknowledged)),
        ("r1 refused", Condition::Answered(label("r1"), Answer::Refused)),
        ("p failed", Condition::Answered(label("p"), Answer::Failed)),
        ("alice pending", Condition::Answered(label("alice"), Answer::Pending)),
        ("p unknown", Condition::Answered(label("p"), Answer::Unknown)),
        ("p expired", Condition::Answered(label("p"), Answer::Expired)),
        ("r1 sees x p", Condition::Sees(label("r1"), vec![x(), label("p")])),
        ("not r1 misses x", Condition::Not(Box::new(Condition::Misses(label("r1"), vec![x()])))),
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
fn a_label_may_be_used_above_its_declaration() {
    parsed(&format!("{HEAD}never not-yet committed\npropose S1 not-yet\n")).expect("it parses");
}
