//! The way back from a statement to the words of its line.

use super::header::set_words;
use crate::scenario::syntax::{
    Answer, Bound, Condition, Detail, Drawn, DrawnEntry, Duration, Fact, Forged, ForgedBody, Label,
    Link, Number, RoleWord, Selection, Selector, Statement, Unit, Which,
};
use crate::words::NodeId;

/// The words of a statement, with a space between two. `all` are the servers of the header.
pub(super) fn statement(statement: &Statement, all: &[NodeId]) -> String {
    let some = |servers: &[NodeId]| some_or_all(servers, all);
    match statement {
        Statement::Timeout(servers) => format!("timeout {}", some(servers)),
        Statement::Elect(server) => format!("elect {server}"),
        Statement::Heartbeat(server) => format!("heartbeat {server}"),
        Statement::Tick(servers, 1) => format!("tick {}", some(servers)),
        Statement::Tick(servers, count) => format!("tick {} {count}", some(servers)),
        Statement::Settle => "settle".to_owned(),
        Statement::Run(time) => format!("run {}", duration(*time)),
        Statement::Deliver(messages) => format!("deliver {}", selection(messages)),
        Statement::Drop(messages) => format!("drop {}", selection(messages)),
        Statement::Duplicate(messages) => format!("duplicate {}", selection(messages)),
        Statement::Hold(messages) => format!("hold {}", selector(messages)),
        Statement::Release(messages) => format!("release {}", selector(messages)),
        Statement::Forge(message) => format!("forge {}", forged(message)),
        Statement::Crash(servers) => format!("crash {}", some(servers)),
        Statement::CrashTorn(server, count) => format!("crash {server} torn {count}"),
        Statement::Restart(servers) => format!("restart {}", some(servers)),
        Statement::Settings(of, set) => {
            format!("settings {} {}", servers(of), set_words(*set).join(" "))
        }
        Statement::Stall(server) => format!("stall {server}"),
        Statement::Sync(server) => format!("sync {server}"),
        Statement::SyncNewest(server) => format!("sync {server} newest"),
        Statement::Flush(server, 1) => format!("flush {server}"),
        Statement::Flush(server, count) => format!("flush {server} {count}"),
        Statement::Tell(server, 1) => format!("tell {server}"),
        Statement::Tell(server, place) => format!("tell {server} #{place}"),
        Statement::Lie(server) => format!("lie {server}"),
        Statement::Unstall(server) => format!("unstall {server}"),
        Statement::Wipe(server) => format!("wipe {server}"),
        Statement::Partition(groups) => {
            let groups: Vec<String> = groups.iter().map(|group| servers(group)).collect();
            format!("partition {}", groups.join(" | "))
        }
        Statement::Isolate(servers) => format!("isolate {}", some(servers)),
        Statement::Cut(cut) => format!("cut {}", links(cut)),
        Statement::Heal(Some(healed)) => format!("heal {}", links(healed)),
        Statement::Heal(None) => "heal".to_owned(),
        Statement::Propose { server, commands, session: None } => {
            format!("propose {server} {}", labels(commands))
        }
        Statement::Propose { server, commands, session: Some(session) } => {
            format!("propose {server} {} session {}", labels(commands), session.0)
        }
        Statement::Retry(server, label) => format!("retry {server} {}", label.0),
        Statement::Register(server, label) => format!("register {server} {}", label.0),
        Statement::Read(server, label) => format!("read {server} {}", label.0),
        Statement::Change { server, label, voters, learners } => {
            let learners = match learners.is_empty() {
                true => String::new(),
                false => format!(" learners {}", servers(learners)),
            };
            format!("change {server} {} to {}{learners}", label.0, servers(voters))
        }
        Statement::Transfer { server, label, to } => {
            format!("transfer {server} {} to {to}", label.0)
        }
        Statement::Compact(servers) => format!("compact {}", some(servers)),
        Statement::PauseApply(server) => format!("pause-apply {server}"),
        Statement::Apply(server) => format!("apply {server}"),
        Statement::ResumeApply(server) => format!("resume-apply {server}"),
        Statement::Expect(holds) => format!("expect {}", condition(holds, all)),
        Statement::Never(holds) => format!("never {}", condition(holds, all)),
        Statement::Reach(holds) => format!("reach {}", condition(holds, all)),
        Statement::Within(time, holds) => {
            format!("within {} {}", duration(*time), condition(holds, all))
        }
    }
}

/// Words with a space between two, or `none`.
fn joined<T>(items: &[T], word: impl Fn(&T) -> String) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    items.iter().map(word).collect::<Vec<String>>().join(" ")
}

/// Servers as they are, or `none`.
pub(super) fn servers(servers: &[NodeId]) -> String {
    joined(servers, NodeId::to_string)
}

fn some_or_all(some: &[NodeId], all: &[NodeId]) -> String {
    if some == all && all.len() > 1 { "all".to_owned() } else { servers(some) }
}

fn labels(labels: &[Label]) -> String {
    joined(labels, |label| label.0.clone())
}

/// A log as it is drawn.
pub(super) fn log(entries: &[DrawnEntry]) -> String {
    joined(entries, |DrawnEntry { term, label }| match label {
        Some(label) => format!("{term}:{}", label.0),
        None => term.to_string(),
    })
}

fn duration(Duration { count, unit }: Duration) -> String {
    let (one, many) = match unit {
        Unit::ElectionTimeouts => ("election-timeout", "election-timeouts"),
        Unit::Heartbeats => ("heartbeat", "heartbeats"),
        Unit::Ticks => ("tick", "ticks"),
        Unit::Milliseconds => ("ms", "ms"),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `S1 -> S2 S3`: every server before the arrow to every one behind it. `S1 -- S2` if they go both ways.
fn links(links: &[Link]) -> String {
    let both_ways = links
        .chunks(2)
        .all(|pair| matches!(pair, [one, other] if (one.from, one.to) == (other.to, other.from)));
    let there: Vec<&Link> = links.iter().step_by(if both_ways { 2 } else { 1 }).collect();
    let arrow = if both_ways { "--" } else { "->" };
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for link in there {
        if !from.contains(&link.from) {
            from.push(link.from);
        }
        if !to.contains(&link.to) {
            to.push(link.to);
        }
    }
    format!("{} {arrow} {}", servers(&from), servers(&to))
}

fn selector(Selector { links: between, kind, details }: &Selector) -> String {
    let kind = kind.map(|kind| kind.word().to_owned());
    let words = std::iter::once(links(between)).chain(kind);
    words.chain(details.iter().map(|said| detail(*said))).collect::<Vec<String>>().join(" ")
}

fn selection(Selection { selector: messages, which }: &Selection) -> String {
    let which = match which {
        Which::Only => String::new(),
        Which::Ordinal(ordinal) => format!(" #{ordinal}"),
        Which::All => " all".to_owned(),
    };
    selector(messages) + &which
}

fn drawn(drawn: Option<Drawn>) -> String {
    drawn.map_or_else(|| "none".to_owned(), |Drawn { index, term }| format!("{index}/{term}"))
}

fn detail(detail: Detail) -> String {
    match detail {
        Detail::Term(term) => format!("term {term}"),
        Detail::Granted => "granted".to_owned(),
        Detail::Refused => "refused".to_owned(),
        Detail::Success => "success".to_owned(),
        Detail::Prev(prev) => format!("prev {}", drawn(prev)),
        Detail::Last(last) => format!("last {}", drawn(last)),
        Detail::Entries(count) => format!("entries {count}"),
        Detail::Commit(index) => format!("commit {index}"),
        Detail::Match(index) => format!("match {index}"),
        Detail::Transfer => "transfer".to_owned(),
        Detail::Offset(bytes) => format!("offset {bytes}"),
        Detail::Received(bytes) => format!("received {bytes}"),
        Detail::Index(index) => format!("index {index}"),
    }
}

fn forged(Forged { link, term, body }: &Forged) -> String {
    let granted = |granted: &bool| if *granted { "granted" } else { "refused" };
    let (kind, rest) = match body {
        ForgedBody::RequestVote { last, transfer } => {
            let transfer = if *transfer { " transfer" } else { "" };
            ("RequestVote", format!(" last {}{transfer}", drawn(*last)))
        }
        ForgedBody::RequestVoteReply { granted: vote } => {
            ("RequestVoteReply", format!(" {}", granted(vote)))
        }
        ForgedBody::AppendEntries { prev, entries, commit } => {
            let (prev, entries) = (drawn(*prev), log(entries));
            ("AppendEntries", format!(" prev {prev} entries {entries} commit {commit}"))
        }
        ForgedBody::AppendEntriesReply { matched: Some(index) } => {
            ("AppendEntriesReply", format!(" success match {index}"))
        }
        ForgedBody::AppendEntriesReply { matched: None } => {
            ("AppendEntriesReply", " refused".to_owned())
        }
        ForgedBody::PreVote(last) => ("PreVote", format!(" last {}", drawn(*last))),
        ForgedBody::PreVoteReply { granted: vote } => {
            ("PreVoteReply", format!(" {}", granted(vote)))
        }
        ForgedBody::TimeoutNow => ("TimeoutNow", String::new()),
    };
    format!("{link} {kind} term {term}{rest}")
}

fn condition(holds: &Condition, all: &[NodeId]) -> String {
    match holds {
        Condition::Not(other) => format!("not {}", condition(other, all)),
        Condition::Servers(servers, facts) => {
            let facts: Vec<String> = facts.iter().map(fact).collect();
            format!("{} {}", some_or_all(servers, all), facts.join(" "))
        }
        Condition::ALeader => "a leader".to_owned(),
        Condition::NoLeader => "no leader".to_owned(),
        Condition::OnMajority(label) => format!("{} on a majority", label.0),
        Condition::On(label, servers) => format!("{} on {}", label.0, some_or_all(servers, all)),
        Condition::Committed(label) => format!("{} committed", label.0),
        Condition::Answered(label, answer) => {
            let answer = match answer {
                Answer::Acknowledged => "acknowledged",
                Answer::Refused => "refused",
                Answer::Failed => "failed",
                Answer::Pending => "pending",
                Answer::Unknown => "unknown",
                Answer::Expired => "expired",
            };
            format!("{} {answer}", label.0)
        }
        Condition::Sees(label, commands) => format!("{} sees {}", label.0, labels(commands)),
        Condition::Misses(label, commands) => format!("{} misses {}", label.0, labels(commands)),
        Condition::InFlight(messages) => format!("message {}", selector(messages)),
        Condition::Quiet => "quiet".to_owned(),
    }
}

fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Role(RoleWord::Follower) => "follower".to_owned(),
        Fact::Role(RoleWord::Candidate) => "candidate".to_owned(),
        Fact::Role(RoleWord::Leader) => "leader".to_owned(),
        Fact::Up => "up".to_owned(),
        Fact::Down => "down".to_owned(),
        Fact::Term(term) => format!("term {}", number(*term)),
        Fact::TermAs(server) => format!("term as {server}"),
        Fact::Vote(Some(server)) => format!("vote {server}"),
        Fact::Vote(None) => "vote none".to_owned(),
        Fact::Log { entries, open } => {
            format!("log {}{}", log(entries), if *open { " ..." } else { "" })
        }
        Fact::LogAs(server) => format!("log as {server}"),
        Fact::Holds(commands) => format!("holds {}", labels(commands)),
        Fact::Lacks(commands) => format!("lacks {}", labels(commands)),
        Fact::Commit(index) => format!("commit {}", number(*index)),
        Fact::Committed(commands) => format!("committed {}", labels(commands)),
        Fact::Reported => "reported".to_owned(),
        Fact::Applied(commands) => format!("applied {}", labels(commands)),
        Fact::Members(voters) => format!("members {}", servers(voters)),
        Fact::Learners(learners) => format!("learners {}", servers(learners)),
        Fact::Joint => "joint".to_owned(),
        Fact::Snapshot(index) => format!("snapshot {}", number(*index)),
    }
}

fn number(Number { value, bound }: Number) -> String {
    match bound {
        Bound::Exactly => value.to_string(),
        Bound::AtLeast => format!("{value} at least"),
        Bound::AtMost => format!("{value} at most"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;
    use crate::scenario::source::Source;

    /// Statements of every kind.
    const LINES: &[&str] = &[
        "timeout S1 S2",
        "elect S1",
        "heartbeat S1",
        "tick S1",
        "tick all 3",
        "settle",
        "run 1 election-timeout",
        "run 50 ms",
        "deliver S1 -> S2 S3 AppendEntries term 2 prev 1/1 entries 2 commit 0",
        "deliver S2 S3 -> S1 RequestVoteReply granted all",
        "drop S1 -> S2 RequestVote last none transfer #2",
        "duplicate S2 -> S1 AppendEntriesReply success match 3",
        "deliver S1 -> S2 InstallSnapshot offset 64",
        "deliver S2 -> S1 InstallSnapshotReply received 64",
        "deliver S2 -> S1 ReadIndexReply index 4",
        "hold S1 -> S2 AppendEntries",
        "release S1 -> S2",
        "forge S1 -> S2 AppendEntries term 2 prev none entries 1 2:forged commit 1",
        "forge S1 -> S2 AppendEntriesReply term 2 success match 1",
        "forge S1 -> S2 AppendEntriesReply term 2 refused",
        "forge S1 -> S2 RequestVote term 2 last 1/1 transfer",
        "forge S1 -> S2 RequestVoteReply term 2 granted",
        "forge S1 -> S2 PreVote term 2 last none",
        "forge S1 -> S2 PreVoteReply term 2 refused",
        "forge S1 -> S2 TimeoutNow term 2",
        "crash S1 S2",
        "crash S1 torn 2",
        "restart all",
        "settings S1 S2 heartbeat 2 pre-vote",
        "stall S1",
        "sync S1",
        "sync S1 newest",
        "flush S1",
        "flush S1 2",
        "tell S1",
        "tell S1 #2",
        "lie S1",
        "unstall S1",
        "wipe S1",
        "partition S1 S2 | S2 S3",
        "isolate S3",
        "cut S1 -> S2 S3",
        "cut S1 -- S2 S3",
        "heal S1 S2 -- S3",
        "heal",
        "register S1 alice",
        "propose S1 x y",
        "propose S1 z session alice",
        "retry S2 x",
        "read S2 r1",
        "change S1 c1 to S1 S1 S2 learners S3",
        "change S1 c2 to none",
        "transfer S1 t1 to S2",
        "compact S1",
        "pause-apply S1",
        "apply S1",
        "resume-apply S1",
        "expect not S1 leader up term 2 at least vote none",
        "expect S1 follower term as S2 vote S2 log 1 2:x ... holds x lacks y",
        "expect all candidate down log as S1 commit 0 at most committed x reported",
        "expect S1 applied none members S1 S2 learners none joint snapshot 3",
        "expect S1 applied x y log none",
        "never x on a majority",
        "never x on all",
        "reach x committed",
        "expect x acknowledged",
        "expect t1 refused",
        "expect x failed",
        "expect x pending",
        "expect x unknown",
        "expect alice expired",
        "expect r1 sees x y",
        "expect r1 misses z",
        "expect message S1 -> S2 Heartbeat",
        "expect quiet",
        "within 5 election-timeouts a leader",
        "within 1 heartbeat no leader",
        "within 20 ticks x on S1",
    ];

    #[test]
    fn a_statement_is_written_as_it_was_read() {
        let header = "scenario t\npaper §5.2\nservers S1 S2 S3\nsettings apply-queue 8\n";
        let source = Source::new("t.raft", &(header.to_owned() + &LINES.join("\n")));
        let scenario = parse(&source).unwrap_or_else(|error| panic!("{error}"));
        let all = &scenario.header.servers;
        let written: Vec<String> =
            scenario.steps.iter().map(|step| statement(&step.statement, all)).collect();
        assert_eq!(written, LINES);
    }
}
