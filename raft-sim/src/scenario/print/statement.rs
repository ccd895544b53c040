//! The words of statements.

use std::fmt::{self, Display, Formatter};

use super::message::Links;
use super::{List, words};
use crate::scenario::syntax::{Duration, Statement, Torn};
use crate::scenario::vocabulary::{Command, FactWord, Particle, Sign};

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Statement::Timeout(servers) => words(f, &[&Command::Timeout, servers]),
            Statement::Elect(server) => words(f, &[&Command::Elect, server]),
            Statement::Heartbeat(server) => words(f, &[&Command::Heartbeat, server]),
            Statement::Tick(servers, 1) => words(f, &[&Command::Tick, servers]),
            Statement::Tick(servers, count) => words(f, &[&Command::Tick, servers, count]),
            Statement::Pause(servers) => words(f, &[&Command::Pause, servers]),
            Statement::Resume(servers) => words(f, &[&Command::Resume, servers]),
            Statement::Clock(servers, percent) => {
                words(f, &[&Command::Clock, servers, &format_args!("{percent}%")])
            }
            Statement::Settle => Command::Settle.fmt(f),
            Statement::Run(time) => words(f, &[&Command::Run, time]),
            Statement::Deliver(messages) => words(f, &[&Command::Deliver, messages]),
            Statement::Drop(messages) => words(f, &[&Command::Drop, messages]),
            Statement::Duplicate(messages) => words(f, &[&Command::Duplicate, messages]),
            Statement::Hold(messages) => words(f, &[&Command::Hold, messages]),
            Statement::Release(messages) => words(f, &[&Command::Release, messages]),
            Statement::Forge(message) => words(f, &[&Command::Forge, message]),
            Statement::Crash(servers) => words(f, &[&Command::Crash, servers]),
            Statement::CrashTorn(server, Torn::Entries(count)) => {
                words(f, &[&Command::Crash, server, &Particle::Torn, count])
            }
            Statement::CrashTorn(server, Torn::Snapshot) => {
                words(f, &[&Command::Crash, server, &Particle::Torn, &FactWord::Snapshot])
            }
            Statement::Settings(servers, settings) => {
                words(f, &[&Command::Settings, servers, settings])
            }
            Statement::Restart(servers) => words(f, &[&Command::Restart, servers]),
            Statement::Stall(server) => words(f, &[&Command::Stall, server]),
            Statement::Sync(server) => words(f, &[&Command::Sync, server]),
            Statement::SyncNewest(server) => words(f, &[&Command::Sync, server, &Particle::Newest]),
            Statement::Flush(server, 1) => words(f, &[&Command::Flush, server]),
            Statement::Flush(server, writes) => words(f, &[&Command::Flush, server, writes]),
            Statement::FlushTo(server, index) => {
                words(f, &[&Command::Flush, server, &Particle::To, index])
            }
            Statement::Tell(server, 1) => words(f, &[&Command::Tell, server]),
            Statement::Tell(server, ordinal) => {
                words(f, &[&Command::Tell, server, &format_args!("#{ordinal}")])
            }
            Statement::Unstall(server) => words(f, &[&Command::Unstall, server]),
            Statement::Lie(server) => words(f, &[&Command::Lie, server]),
            Statement::Wipe(server) => words(f, &[&Command::Wipe, server]),
            Statement::Partition(groups) => {
                Command::Partition.fmt(f)?;
                groups.iter().enumerate().try_for_each(|(place, group)| {
                    if place > 0 {
                        write!(f, " {}", Sign::Group)?;
                    }
                    write!(f, " {}", List(group))
                })
            }
            Statement::Isolate(servers) => words(f, &[&Command::Isolate, servers]),
            Statement::Cut(links) => words(f, &[&Command::Cut, &Links(links)]),
            Statement::Heal(None) => Command::Heal.fmt(f),
            Statement::Heal(Some(links)) => words(f, &[&Command::Heal, &Links(links)]),
            Statement::Propose { server, commands, session: None } => {
                words(f, &[&Command::Propose, server, &List(commands)])
            }
            Statement::Propose { server, commands, session: Some(session) } => {
                words(f, &[&Command::Propose, server, &List(commands), &Particle::Session, session])
            }
            Statement::Retry(server, label) => words(f, &[&Command::Retry, server, label]),
            Statement::Register(server, label) => words(f, &[&Command::Register, server, label]),
            Statement::Read(server, label) => words(f, &[&Command::Read, server, label]),
            Statement::Change { server, label, voters, learners } => {
                words(f, &[&Command::Change, server, label, &Particle::To, voters])?;
                if learners.is_empty() {
                    return Ok(());
                }
                write!(f, " {} {learners}", FactWord::Learners)
            }
            Statement::Transfer { server, label, to } => {
                words(f, &[&Command::Transfer, server, label, &Particle::To, to])
            }
            Statement::Compact(servers) => words(f, &[&Command::Compact, servers]),
            Statement::PauseApply(server) => words(f, &[&Command::PauseApply, server]),
            Statement::Apply(server) => words(f, &[&Command::Apply, server]),
            Statement::ResumeApply(server) => words(f, &[&Command::ResumeApply, server]),
            Statement::Repeat(times, statements) => {
                words(f, &[&Command::Repeat, times])?;
                for (place, statement) in statements.iter().enumerate() {
                    if place > 0 {
                        write!(f, " {}", Particle::Then)?;
                    }
                    write!(f, " {statement}")?;
                }
                Ok(())
            }
            Statement::Expect(condition) => words(f, &[&Command::Expect, condition]),
            Statement::Never(condition) => words(f, &[&Command::Never, condition]),
            Statement::Reach(condition) => words(f, &[&Command::Reach, condition]),
            Statement::Within(time, condition) => words(f, &[&Command::Within, time, condition]),
        }
    }
}

impl Display for Duration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [one, many] = self.unit.words();
        words(f, &[&self.count, if self.count == 1 { &one } else { &many }])
    }
}

#[cfg(test)]
mod tests {
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
        "crash S1 torn snapshot",
        "crash leader",
        "pause S1 S2",
        "resume leader",
        "clock S1 150%",
        "flush leader to 3",
        "repeat 3 heartbeat S1 then settle then expect S1 leader or S2 leader",
        "deliver S1 -> S2 AppendEntries if any",
        "forge S1 -> S2 AppendEntries term 2 prev 1/1 entries as S3 2..3 commit 1",
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
        "propose leader w",
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
        "expect S1 unsynced durable 2 at least next S2 3 match S3 2 at most",
        "expect leader term 2 at least",
        "expect not x committed or all holds x y or not message S1 -> S2 Heartbeat or quiet",
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
        let written: Vec<String> =
            scenario.steps.iter().map(|step| step.statement.to_string()).collect();
        assert_eq!(written, LINES);
    }
}
