//! Statements: one command or expectation per line.

use super::condition::condition;
use super::cursor::{Cursor, LARGEST};
use super::labels::{Labels, Names};
use super::message::{forged, links_if_any, no_kind, selection, stream};
use super::settings::next_boot;
use super::value::narrow;
use crate::model::NodeId;
use crate::scenario::error::ParseError;
use crate::scenario::source::Source;
use crate::scenario::syntax::{
    Forged, ForgedBody, ForgedEntries, Selector, Servers, Settings, Statement, Target, Torn,
};
use crate::scenario::vocabulary::{Command, FactWord, Particle, Sign, Words};

/// Reads what follows the first word, which is `command`, to the end of the line. `settings` are those of each
/// server's next boot.
pub(super) fn statement(
    cursor: &mut Cursor<'_>,
    command: Command,
    source: &Source,
    settings: &mut [Settings],
    labels: &mut Labels,
) -> Result<Statement, ParseError> {
    let statement = match command {
        Command::Timeout => Statement::Timeout(cursor.servers_or_all()?),
        Command::Elect => Statement::Elect(cursor.server()?),
        Command::Heartbeat => Statement::Heartbeat(cursor.target()?),
        Command::Tick => Statement::Tick(cursor.targets()?, count(cursor, "a number of ticks")?),
        Command::Pause => Statement::Pause(cursor.targets()?),
        Command::Resume => Statement::Resume(cursor.targets()?),
        Command::Clock => Statement::Clock(cursor.targets()?, rate(cursor)?),
        Command::Settle => Statement::Settle,
        Command::Run => Statement::Run(cursor.duration()?),
        Command::Deliver => Statement::Deliver(selection(cursor)?),
        Command::Drop => Statement::Drop(selection(cursor)?),
        Command::Duplicate => Statement::Duplicate(selection(cursor)?),
        Command::Hold => Statement::Hold(whole_stream(cursor)?),
        Command::Release => Statement::Release(whole_stream(cursor)?),
        Command::Forge => forge(cursor, source, labels)?,
        Command::Crash => crash(cursor)?,
        Command::Restart => Statement::Restart(cursor.servers_or_all()?),
        Command::Settings => next_boot(cursor, source, settings)?,
        Command::Stall => Statement::Stall(cursor.target()?),
        Command::Sync => {
            let server = cursor.target()?;
            if cursor.take_word(Particle::Newest) {
                Statement::SyncNewest(server)
            } else {
                Statement::Sync(server)
            }
        }
        Command::Flush => {
            let server = cursor.target()?;
            if cursor.take_word(Particle::To) {
                Statement::FlushTo(server, cursor.number("an index", 1..=LARGEST)?)
            } else {
                Statement::Flush(server, count(cursor, "a number of writes, or `to` an index")?)
            }
        }
        Command::Tell => {
            let server = cursor.target()?;
            let which = cursor.ordinal("a write's number, as in `#2`")?;
            Statement::Tell(server, which.unwrap_or(1))
        }
        Command::Unstall => Statement::Unstall(cursor.target()?),
        Command::Lie => Statement::Lie(cursor.server()?),
        Command::Wipe => Statement::Wipe(cursor.server()?),
        Command::Partition => Statement::Partition(groups(cursor)?),
        Command::Isolate => Statement::Isolate(cursor.targets()?),
        Command::Cut => Statement::Cut(cursor.arrow_or_line()?),
        Command::Heal => Statement::Heal(links_if_any(cursor)?),
        Command::Propose => propose(cursor)?,
        Command::Retry => Statement::Retry(cursor.target()?, cursor.label(Names::Proposal)?),
        Command::Register => {
            Statement::Register(cursor.target()?, cursor.new_label(Names::Session)?)
        }
        Command::Read => Statement::Read(cursor.target()?, cursor.new_label(Names::Read)?),
        Command::Change => change(cursor)?,
        Command::Transfer => transfer(cursor)?,
        Command::Compact => Statement::Compact(cursor.targets()?),
        Command::PauseApply => Statement::PauseApply(lagging(cursor, settings)?),
        Command::Apply => Statement::Apply(lagging(cursor, settings)?),
        Command::ResumeApply => Statement::ResumeApply(lagging(cursor, settings)?),
        Command::Repeat => repeat(cursor, source, settings, labels)?,
        Command::Expect => Statement::Expect(condition(cursor)?),
        Command::Never => Statement::Never(condition(cursor)?),
        Command::Reach => Statement::Reach(condition(cursor)?),
        Command::Within => Statement::Within(cursor.duration()?, condition(cursor)?),
    };
    cursor.expect_end()?;
    labels.declared(source, std::mem::take(&mut cursor.declared))?;
    labels.used(std::mem::take(&mut cursor.used));
    Ok(statement)
}

/// Reads a number from 1, if there is one; 1 is the default.
fn count(cursor: &mut Cursor<'_>, what: &str) -> Result<u32, ParseError> {
    if cursor.peek().is_some() { cursor.small(what, 1) } else { Ok(1) }
}

/// Reads `S1 t1 to S2`.
fn transfer(cursor: &mut Cursor<'_>) -> Result<Statement, ParseError> {
    let server = cursor.target()?;
    let label = cursor.new_label(Names::Transfer)?;
    cursor.expect_word(Particle::To)?;
    Ok(Statement::Transfer { server, label, to: cursor.server()? })
}

/// Reads `S1 x y [session alice]`.
fn propose(cursor: &mut Cursor<'_>) -> Result<Statement, ParseError> {
    let server = cursor.target()?;
    let mut commands = vec![cursor.new_label(Names::Proposal)?];
    while cursor.at_label() {
        commands.push(cursor.new_label(Names::Proposal)?);
    }
    let in_session = cursor.take_word(Particle::Session);
    let session = in_session.then(|| cursor.label(Names::Session)).transpose()?;
    Ok(Statement::Propose { server, commands, session })
}

/// Reads `S1 c1 to S1 S2 [learners S3]`, or `to none` with or without learners.
fn change(cursor: &mut Cursor<'_>) -> Result<Statement, ParseError> {
    let server = cursor.target()?;
    let label = cursor.new_label(Names::Change)?;
    cursor.expect_word(Particle::To)?;
    let voters = cursor.servers_as_written()?;
    let learners = if cursor.take_word(FactWord::Learners) {
        cursor.servers_as_written()?
    } else {
        Servers::default()
    };
    Ok(Statement::Change { server, label, voters, learners })
}

/// Reads `S1 S2 …`, `S1 torn N` or `S1 torn snapshot`.
fn crash(cursor: &mut Cursor<'_>) -> Result<Statement, ParseError> {
    let servers = cursor.targets()?;
    let place = cursor.place();
    if !cursor.take_word(Particle::Torn) {
        return Ok(Statement::Crash(servers));
    }
    let target = match *servers {
        [] => Target::Leader,
        [server] => Target::Server(server),
        [..] => {
            let error = cursor.error_at(&place, "torn writes of several servers");
            return Err(error.with_help("expected one server"));
        }
    };
    let torn = if cursor.take_word(FactWord::Snapshot) {
        Torn::Snapshot
    } else {
        Torn::Entries(cursor.small("a number of entries, or `snapshot`", 0)?)
    };
    Ok(Statement::CrashTorn(target, torn))
}

/// Reads `N%`, which is more than 0.
fn rate(cursor: &mut Cursor<'_>) -> Result<u32, ParseError> {
    const WHAT: &str = "the rate of a clock, as in `150%`";
    let Some(digits) = cursor.peek().and_then(|word| word.strip_suffix('%')) else {
        return Err(cursor.unexpected(WHAT));
    };
    let percent = cursor.number_in(digits, WHAT, 1..=10_000)?;
    cursor.take();
    Ok(narrow(percent))
}

/// The reason why a statement of this kind can't be repeated, if it can't.
fn only_once(command: Command) -> Option<&'static str> {
    const DECLARE: [Command; 6] = [
        Command::Propose,
        Command::Register,
        Command::Read,
        Command::Change,
        Command::Transfer,
        Command::Forge,
    ];
    if DECLARE.contains(&command) {
        Some("a label names one thing")
    } else if [Command::Never, Command::Reach].contains(&command) {
        Some("it counts to the end anyway")
    } else if command == Command::Settings {
        Some("once is enough")
    } else {
        (command == Command::Repeat).then_some("it is one already")
    }
}

/// Reads `N STATEMENT [then STATEMENT] …`.
fn repeat(
    cursor: &mut Cursor<'_>,
    source: &Source,
    settings: &mut [Settings],
    labels: &mut Labels,
) -> Result<Statement, ParseError> {
    let times = cursor.small("a number of times", 1)?;
    if cursor.peek().is_none() || cursor.at(Particle::Then) {
        return Err(cursor.unexpected("a statement, as in `repeat 3 heartbeat S1 then settle`"));
    }
    let mut statements = Vec::new();
    for mut part in cursor.parts(Particle::Then) {
        let place = part.first_place();
        if part.first().is_empty() {
            let error = cursor.error_at(&cursor.last_place(), "a `then` without a statement");
            return Err(error.with_help("expected a statement before and behind each `then`"));
        }
        let Some(command) = Command::named(part.first()) else {
            let what = format!("unknown command `{}`", part.first());
            let error = part.error_at(&place, what);
            return Err(error.with_help("expected a statement between two `then`"));
        };
        let once = only_once(command);
        if let Some(why) = once {
            let error = part.error_at(&place, format!("`{command}` can't be repeated: {why}"));
            return Err(error.with_help("expected another statement"));
        }
        statements.push(statement(&mut part, command, source, settings, labels)?);
    }
    Ok(Statement::Repeat(times, statements))
}

/// Reads a server whose state machine may lag behind.
fn lagging(cursor: &mut Cursor<'_>, settings: &[Settings]) -> Result<NodeId, ParseError> {
    let server = cursor.server()?;
    let mut all = cursor.servers.iter().zip(settings);
    if all.any(|(&of, settings)| of == server && settings.values().apply_limit.is_some()) {
        return Ok(server);
    }
    let message = format!("{server} has no `apply-queue`: what is committed is applied at once");
    let error = cursor.error_at(&cursor.last_place(), message);
    Err(error.with_help("expected a line such as `settings apply-queue 8` in the header"))
}

/// Reads `S1 S2 | S3 …`.
fn groups(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<NodeId>>, ParseError> {
    let mut groups = vec![group(cursor)?];
    while cursor.take_word(Sign::Group) {
        groups.push(group(cursor)?);
    }
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("a server or `|`"));
    }
    Ok(groups)
}

fn group(cursor: &mut Cursor<'_>) -> Result<Vec<NodeId>, ParseError> {
    if cursor.peek().is_none() || cursor.at(Sign::Group) {
        return Err(cursor.error("an empty group").with_help("expected a server"));
    }
    cursor.servers()
}

/// Reads `LINKS [KIND]` and nothing else.
fn whole_stream(cursor: &mut Cursor<'_>) -> Result<Selector, ParseError> {
    let stream = stream(cursor)?;
    if stream.kind.is_none() && cursor.peek().is_some() {
        return Err(no_kind(cursor));
    }
    Ok(stream)
}

/// Reads a forged message. The labels of its entries are declared by it, if nothing has done so.
fn forge(
    cursor: &mut Cursor<'_>,
    source: &Source,
    labels: &mut Labels,
) -> Result<Statement, ParseError> {
    let (forged, log) = forged(cursor)?;
    let Forged { body, .. } = &forged;
    if let ForgedBody::AppendEntries { prev, entries, commit: _ } = body {
        let first = prev.map_or(1, |prev| prev.index.saturating_add(1));
        if let ForgedEntries::Drawn(entries) = entries {
            labels.drawn(source, first, entries, &log.places)?;
        }
    }
    Ok(Statement::Forge(forged))
}
