//! Statements drawn at random: all that the language has, with labels that the scenario declares.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use raft_sim::model::{NodeId, Term};
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::source::Source;
use raft_sim::scenario::syntax::{
    Answer, Bound, Condition, Detail, Drawn, DrawnEntry, Duration, Fact, Forged, ForgedBody,
    ForgedEntries, Kind, Label, Link, Number, RoleWord, Selection, Selector, Servers, Statement,
    Target, Torn, Unit, Which,
};

use super::{cluster, servers, settings};

/// The number of servers.
pub(crate) const CLUSTER: u32 = 4;
/// The largest number of the language.
const LARGEST: u64 = 1_000_000;

/// Statements, and behind them those that declare the labels which they use.
pub(crate) fn statements() -> impl Strategy<Value = Vec<Statement>> {
    vec(statement(), 0..12).prop_map(|drawn| {
        let own = |(number, statement)| labelled(statement, number);
        // `settings` in the first place would belong to the header.
        let mut statements = vec![Statement::Settle];
        statements.extend((1..).zip(drawn).map(own));
        let server = Target::Server(NodeId(1));
        let commands = COMMANDS.map(label).to_vec();
        statements.extend([
            Statement::Propose { server, commands, session: None },
            Statement::Read(server, label(READ)),
            Statement::Register(server, label(SESSION)),
            Statement::Transfer { server, label: label(TRANSFER), to: NodeId(2) },
        ]);
        statements
    })
}

const COMMANDS: [&str; 3] = ["p", "q", "long-name-2"];
const READ: &str = "r";
const SESSION: &str = "alice";
const TRANSFER: &str = "t";

fn label(name: &str) -> Label {
    Label(name.to_owned())
}

/// The statement with new names for what it declares.
fn labelled(mut statement: Statement, number: u32) -> Statement {
    if let Statement::Propose { commands, .. } = &mut statement {
        for (place, command) in commands.iter_mut().enumerate() {
            *command = Label(format!("x{number}-{place}"));
        }
    }
    if let Statement::Register(_, label)
    | Statement::Read(_, label)
    | Statement::Change { label, .. }
    | Statement::Transfer { label, .. } = &mut statement
    {
        *label = Label(format!("n{number}"));
    }
    if let Statement::Forge(Forged { body: ForgedBody::AppendEntries { entries, .. }, .. }) =
        &mut statement
        && let ForgedEntries::Drawn(entries) = entries
    {
        for (place, entry) in entries.iter_mut().enumerate() {
            let name = Label(format!("f{number}-{place}"));
            entry.label = entry.label.as_ref().map(|_| name);
        }
    }
    statement
}

fn server() -> impl Strategy<Value = NodeId> {
    select(cluster())
}

/// A server, or the one that leads.
fn target() -> impl Strategy<Value = Target> {
    prop_oneof![3 => server().prop_map(Target::Server), 1 => Just(Target::Leader)]
}

/// Servers, or the one that leads.
fn targets() -> impl Strategy<Value = Servers> {
    prop_oneof![3 => servers(), 1 => Just(Servers::leader())]
}

fn commands() -> impl Strategy<Value = Vec<Label>> {
    subsequence(COMMANDS.map(label).to_vec(), 1..=COMMANDS.len())
}

fn command() -> impl Strategy<Value = Label> {
    select(COMMANDS.map(label).to_vec())
}

/// Small numbers mostly, up to the largest.
fn number(least: u64) -> impl Strategy<Value = u64> {
    prop_oneof![4 => least..least + 4, 1 => least..=LARGEST]
}

fn small(least: u64) -> impl Strategy<Value = u32> {
    number(least).prop_map(|number| number as u32)
}

fn term() -> impl Strategy<Value = Term> {
    number(1).prop_map(Term)
}

/// Links from some servers to others, one way or both.
fn links(both_ways: BoxedStrategy<bool>) -> impl Strategy<Value = Vec<Link>> {
    let ends = Just(cluster()).prop_shuffle();
    (ends, 1..CLUSTER as usize, 1..CLUSTER as usize, both_ways).prop_map(
        |(servers, from, to, both_ways)| {
            let (from, others) = servers.split_at(from);
            Link::between(from, &others[..to.min(others.len())], both_ways)
        },
    )
}

fn drawn() -> impl Strategy<Value = Option<Drawn>> {
    option::of((number(1), term()).prop_map(|(index, term)| Drawn { index, term }))
}

/// Details of each kind that a message may have.
fn details() -> impl Strategy<Value = Vec<Detail>> {
    let numbers = (small(0), number(0), number(0), number(0), number(0), number(0));
    (term(), drawn(), drawn(), numbers).prop_map(|(term, prev, last, numbers)| {
        let (entries, commit, matched, offset, received, index) = numbers;
        vec![
            Detail::Term(term),
            Detail::Granted,
            Detail::Refused,
            Detail::Success,
            Detail::Prev(prev),
            Detail::Last(last),
            Detail::Entries(entries),
            Detail::Commit(commit),
            Detail::Match(matched),
            Detail::Transfer,
            Detail::Offset(offset),
            Detail::Received(received),
            Detail::Index(index),
        ]
    })
}

fn selector() -> impl Strategy<Value = Selector> {
    let kind = option::of(select(Kind::ALL.to_vec()));
    let chosen = (details().prop_shuffle(), 0..=13_usize);
    (links(Just(false).boxed()), kind, chosen).prop_map(|(links, kind, (details, most))| {
        let mut selector = Selector { links, kind, details: Vec::new() };
        for detail in details.into_iter().take(most) {
            let mut more = selector.clone();
            more.details.push(detail);
            if can_be_said(&more) {
                selector = more;
            }
        }
        selector
    })
}

/// True if the parser takes it: each kind of message can have only some of the details, and none twice.
fn can_be_said(selector: &Selector) -> bool {
    let text = format!("scenario t\npaper §5\nservers S1 S2 S3 S4\ndrop {selector}\n");
    parse(&Source::new("t", &text)).is_ok()
}

fn stream() -> impl Strategy<Value = Selector> {
    (links(Just(false).boxed()), option::of(select(Kind::ALL.to_vec())))
        .prop_map(|(links, kind)| Selector { links, kind, details: Vec::new() })
}

fn selection() -> impl Strategy<Value = Selection> {
    let plain = select(vec![Which::Only, Which::All, Which::IfAny]);
    let which = prop_oneof![2 => plain, 1 => small(1).prop_map(Which::Ordinal)];
    (selector(), which).prop_map(|(selector, which)| Selection { selector, which })
}

/// A log of which entries may be labelled, to be given names.
fn log(least: usize) -> impl Strategy<Value = Vec<DrawnEntry>> {
    let entry = (term(), option::of(Just(label(COMMANDS[0]))))
        .prop_map(|(term, label)| DrawnEntry { term, label });
    vec(entry, least..4)
}

fn forged() -> impl Strategy<Value = Forged> {
    let body = prop_oneof![
        (drawn(), any::<bool>())
            .prop_map(|(last, transfer)| ForgedBody::RequestVote { last, transfer }),
        any::<bool>().prop_map(|granted| ForgedBody::RequestVoteReply { granted }),
        (drawn(), forged_entries(), number(0)).prop_map(|(prev, entries, commit)| {
            ForgedBody::AppendEntries { prev, entries, commit }
        }),
        option::of(number(0)).prop_map(|matched| ForgedBody::AppendEntriesReply { matched }),
        drawn().prop_map(ForgedBody::PreVote),
        any::<bool>().prop_map(|granted| ForgedBody::PreVoteReply { granted }),
        Just(ForgedBody::TimeoutNow),
    ];
    (links(Just(false).boxed()), term(), body).prop_map(|(links, term, body)| Forged {
        link: links[0],
        term,
        body,
    })
}

fn forged_entries() -> impl Strategy<Value = ForgedEntries> {
    let as_logged = (server(), 1..9_u64, 0..9_u64)
        .prop_map(|(server, from, more)| ForgedEntries::As(server, from, from + more));
    prop_oneof![3 => log(0).prop_map(ForgedEntries::Drawn), 1 => as_logged]
}

fn bounded() -> impl Strategy<Value = Number> {
    let exactly = |value| Number { value, bound: Bound::Exactly };
    let at_most = |value| Number { value, bound: Bound::AtMost };
    let at_least = |value| Number { value, bound: Bound::AtLeast };
    prop_oneof![
        number(0).prop_map(exactly),
        number(0).prop_map(at_most),
        // At least 0 is always true, and refused.
        number(1).prop_map(at_least),
    ]
}

fn servers_or_none() -> impl Strategy<Value = Servers> {
    prop_oneof![1 => Just(Servers::default()), 3 => servers()]
}

fn fact() -> impl Strategy<Value = Fact> {
    let role = select(vec![RoleWord::Follower, RoleWord::Candidate, RoleWord::Leader]);
    let whole = log(0).prop_map(|entries| Fact::Log { entries, open: false });
    let open = log(1).prop_map(|entries| Fact::Log { entries, open: true });
    let about = prop_oneof![
        role.prop_map(Fact::Role),
        Just(Fact::Up),
        Just(Fact::Down),
        Just(Fact::Reported),
        Just(Fact::Joint),
        bounded().prop_map(Fact::Term),
        server().prop_map(Fact::TermAs),
        option::of(server()).prop_map(Fact::Vote),
        bounded().prop_map(Fact::Commit),
        bounded().prop_map(Fact::Snapshot),
        Just(Fact::Unsynced),
        bounded().prop_map(Fact::Durable),
        (server(), bounded()).prop_map(|(of, number)| Fact::Next(of, number)),
        (server(), bounded()).prop_map(|(of, number)| Fact::Match(of, number)),
    ];
    let held = prop_oneof![
        whole,
        open,
        server().prop_map(Fact::LogAs),
        commands().prop_map(Fact::Holds),
        commands().prop_map(Fact::Lacks),
        commands().prop_map(Fact::Committed),
        commands().prop_map(Fact::Applied),
        Just(Fact::Applied(Vec::new())),
        servers_or_none().prop_map(Fact::Members),
        servers_or_none().prop_map(Fact::Learners),
    ];
    prop_oneof![about, held]
}

fn condition() -> impl Strategy<Value = Condition> {
    let answers = vec![
        Answer::Acknowledged,
        Answer::Refused,
        Answer::Failed,
        Answer::Pending,
        Answer::Unknown,
        Answer::Expired,
    ];
    let request = select([&COMMANDS[..], &[READ, SESSION, TRANSFER]].concat());
    let positive = prop_oneof![
        4 => (targets(), vec(fact(), 1..4))
            .prop_map(|(servers, facts)| Condition::Servers(servers, facts)),
        1 => Just(Condition::ALeader),
        1 => Just(Condition::NoLeader),
        1 => Just(Condition::Quiet),
        1 => command().prop_map(Condition::OnMajority),
        1 => (command(), servers()).prop_map(|(label, on)| Condition::On(label, on)),
        1 => command().prop_map(Condition::Committed),
        2 => (request, select(answers))
            .prop_map(|(name, answer)| Condition::Answered(label(name), answer)),
        1 => commands().prop_map(|commands| Condition::Sees(label(READ), commands)),
        1 => commands().prop_map(|commands| Condition::Misses(label(READ), commands)),
        2 => selector().prop_map(Condition::InFlight),
    ];
    let simple = (positive, any::<bool>()).prop_map(|(condition, not)| match not {
        true => Condition::Not(Box::new(condition)),
        false => condition,
    });
    vec(simple, 1..4).prop_map(|mut conditions| match conditions.len() {
        1 => conditions.remove(0),
        _ => Condition::Any(conditions),
    })
}

fn duration() -> impl Strategy<Value = Duration> {
    let units = vec![Unit::ElectionTimeouts, Unit::Heartbeats, Unit::Ticks, Unit::Milliseconds];
    (small(1), select(units)).prop_map(|(count, unit)| Duration { count, unit })
}

fn statement() -> impl Strategy<Value = Statement> {
    let once = || prop_oneof![of_servers(), of_one_server(), of_the_network(), of_what_holds()];
    let repeated = once().prop_filter("it can be repeated", |statement| {
        !matches!(
            statement,
            Statement::Settings(..)
                | Statement::Forge(_)
                | Statement::Never(_)
                | Statement::Reach(_)
        )
    });
    let repeat = (small(1), vec(repeated, 1..4))
        .prop_map(|(times, statements)| Statement::Repeat(times, statements));
    prop_oneof![8 => once(), 2 => of_clients(), 1 => repeat]
}

fn of_servers() -> impl Strategy<Value = Statement> {
    prop_oneof![
        servers().prop_map(Statement::Timeout),
        (targets(), small(1)).prop_map(|(servers, count)| Statement::Tick(servers, count)),
        targets().prop_map(Statement::Pause),
        targets().prop_map(Statement::Resume),
        (targets(), 1..=10_000_u32).prop_map(|(servers, rate)| Statement::Clock(servers, rate)),
        targets().prop_map(Statement::Crash),
        servers().prop_map(Statement::Restart),
        (servers(), settings()).prop_map(|(of, settings)| Statement::Settings(of, settings)),
        targets().prop_map(Statement::Isolate),
        targets().prop_map(Statement::Compact),
    ]
}

fn of_one_server() -> impl Strategy<Value = Statement> {
    let plain: Vec<fn(NodeId) -> Statement> = vec![
        Statement::Elect,
        Statement::Lie,
        Statement::Wipe,
        Statement::PauseApply,
        Statement::Apply,
        Statement::ResumeApply,
    ];
    let of_target: Vec<fn(Target) -> Statement> = vec![
        Statement::Heartbeat,
        Statement::Stall,
        Statement::Sync,
        Statement::SyncNewest,
        Statement::Unstall,
    ];
    let torn = prop_oneof![small(0).prop_map(Torn::Entries), Just(Torn::Snapshot)];
    prop_oneof![
        2 => (select(plain), server()).prop_map(|(say, server)| say(server)),
        2 => (select(of_target), target()).prop_map(|(say, target)| say(target)),
        1 => (target(), torn).prop_map(|(of, torn)| Statement::CrashTorn(of, torn)),
        1 => (target(), small(1)).prop_map(|(of, count)| Statement::Flush(of, count)),
        1 => (target(), number(1)).prop_map(|(of, index)| Statement::FlushTo(of, index)),
        1 => (target(), small(1)).prop_map(|(of, count)| Statement::Tell(of, count)),
    ]
}

fn of_the_network() -> impl Strategy<Value = Statement> {
    let group = || subsequence(cluster(), 1..=CLUSTER as usize);
    let links = || links(any::<bool>().boxed());
    prop_oneof![
        Just(Statement::Settle),
        duration().prop_map(Statement::Run),
        selection().prop_map(Statement::Deliver),
        selection().prop_map(Statement::Drop),
        selection().prop_map(Statement::Duplicate),
        stream().prop_map(Statement::Hold),
        stream().prop_map(Statement::Release),
        forged().prop_map(Statement::Forge),
        vec(group(), 1..4).prop_map(Statement::Partition),
        links().prop_map(Statement::Cut),
        option::of(links()).prop_map(Statement::Heal),
    ]
}

fn of_clients() -> impl Strategy<Value = Statement> {
    let session = option::of(Just(label(SESSION)));
    // Each proposed command gets its own name, and so does every other request.
    let new = || Just(label("new"));
    prop_oneof![
        (target(), commands(), session).prop_map(|(server, commands, session)| {
            Statement::Propose { server, commands, session }
        }),
        (target(), command()).prop_map(|(server, label)| Statement::Retry(server, label)),
        (target(), new()).prop_map(|(server, label)| Statement::Register(server, label)),
        (target(), new()).prop_map(|(server, label)| Statement::Read(server, label)),
        (target(), new(), servers_or_none(), servers_or_none()).prop_map(
            |(server, label, voters, learners)| Statement::Change {
                server,
                label,
                voters,
                learners
            }
        ),
        (target(), new(), server()).prop_map(|(server, label, to)| Statement::Transfer {
            server,
            label,
            to
        }),
    ]
}

fn of_what_holds() -> impl Strategy<Value = Statement> {
    prop_oneof![
        condition().prop_map(Statement::Expect),
        condition().prop_map(Statement::Never),
        condition().prop_map(Statement::Reach),
        (duration(), condition()).prop_map(|(time, holds)| Statement::Within(time, holds)),
    ]
}
