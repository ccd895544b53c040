//! Statements: one command or expectation per line.

use super::condition::condition;
use super::labels::{Labels, Names};
use super::message::{forged, links_if_any, no_kind, selection, stream};
use super::settings::next_boot;
use super::vocabulary::COMMANDS;
use super::words::Cursor;
use crate::scenario::error::ParseError;
use crate::scenario::source::Source;
use crate::scenario::syntax::{Forged, ForgedBody, Selector, Settings, Statement};
use crate::words::NodeId;

/// Reads what follows the first word, which is one of [`COMMANDS`], to the end of the line. `settings` are those
/// of each server's next boot.
pub(super) fn statement(
    cursor: &mut Cursor<'_>,
    source: &Source,
    settings: &mut [Settings],
    labels: &mut Labels,
) -> Result<Statement, ParseError> {
    let word = cursor.first();
    let statement = if word == "forge" {
        forge(cursor, source, labels)?
    } else if word == "settings" {
        next_boot(cursor, source, settings)?
    } else if let Some(fault) = fault(cursor, word)? {
        fault
    } else if let Some(request) = request(cursor, word)? {
        request
    } else if let Some(expectation) = expectation(cursor, word)? {
        expectation
    } else {
        command(cursor, word, settings)?
    };
    cursor.expect_end()?;
    labels.declared(source, std::mem::take(&mut cursor.declared))?;
    labels.used(std::mem::take(&mut cursor.used));
    Ok(statement)
}

/// Reads what a client or an administrator asks of a server, if the word begins that.
fn request(cursor: &mut Cursor<'_>, word: &str) -> Result<Option<Statement>, ParseError> {
    Ok(Some(match word {
        "propose" => propose(cursor)?,
        "retry" => Statement::Retry(cursor.server()?, cursor.label(Names::Proposal)?),
        "register" => Statement::Register(cursor.server()?, cursor.new_label(Names::Session)?),
        "read" => Statement::Read(cursor.server()?, cursor.new_label(Names::Read)?),
        "change" => change(cursor)?,
        "transfer" => {
            let server = cursor.server()?;
            let label = cursor.new_label(Names::Transfer)?;
            cursor.expect_word("to")?;
            Statement::Transfer { server, label, to: cursor.server()? }
        }
        _ => return Ok(None),
    }))
}

/// Reads `S1 x y [session alice]`.
fn propose(cursor: &mut Cursor<'_>) -> Result<Statement, ParseError> {
    let server = cursor.server()?;
    let mut commands = vec![cursor.new_label(Names::Proposal)?];
    while cursor.at_label() {
        commands.push(cursor.new_label(Names::Proposal)?);
    }
    let in_session = cursor.take_word("session");
    let session = in_session.then(|| cursor.label(Names::Session)).transpose()?;
    Ok(Statement::Propose { server, commands, session })
}

/// Reads `S1 c1 to S1 S2 [learners S3]`, or `to none` with or without learners.
fn change(cursor: &mut Cursor<'_>) -> Result<Statement, ParseError> {
    let server = cursor.server()?;
    let label = cursor.new_label(Names::Change)?;
    cursor.expect_word("to")?;
    let voters = cursor.servers_as_written()?;
    let learners =
        if cursor.take_word("learners") { cursor.servers_as_written()? } else { Vec::new() };
    Ok(Statement::Change { server, label, voters, learners })
}

/// Reads a statement with a condition, if the word begins one.
fn expectation(cursor: &mut Cursor<'_>, word: &str) -> Result<Option<Statement>, ParseError> {
    Ok(Some(match word {
        "expect" => Statement::Expect(condition(cursor)?),
        "never" => Statement::Never(condition(cursor)?),
        "reach" => Statement::Reach(condition(cursor)?),
        "within" => {
            let duration = cursor.duration()?;
            Statement::Within(duration, condition(cursor)?)
        }
        _ => return Ok(None),
    }))
}

/// Reads a fault of a server, its disk or its links, if the word begins one.
fn fault(cursor: &mut Cursor<'_>, word: &str) -> Result<Option<Statement>, ParseError> {
    Ok(Some(match word {
        "crash" => crash(cursor)?,
        "restart" => Statement::Restart(cursor.servers_or_all()?),
        "stall" => Statement::Stall(cursor.server()?),
        "sync" => {
            let server = cursor.server()?;
            if cursor.take_word("newest") {
                Statement::SyncNewest(server)
            } else {
                Statement::Sync(server)
            }
        }
        "flush" => {
            let server = cursor.server()?;
            let writes =
                cursor.peek().map(|_| cursor.small("a number of writes", 1)).transpose()?;
            Statement::Flush(server, writes.unwrap_or(1))
        }
        "tell" => {
            let server = cursor.server()?;
            let which = cursor.ordinal("a write's number, as in `#2`")?;
            Statement::Tell(server, which.unwrap_or(1))
        }
        "unstall" => Statement::Unstall(cursor.server()?),
        "lie" => Statement::Lie(cursor.server()?),
        "wipe" => Statement::Wipe(cursor.server()?),
        "partition" => Statement::Partition(groups(cursor)?),
        "isolate" => Statement::Isolate(cursor.servers_or_all()?),
        "cut" => Statement::Cut(cursor.arrow_or_line()?),
        "heal" => Statement::Heal(links_if_any(cursor)?),
        _ => return Ok(None),
    }))
}

/// Reads `S1 S2 …`, or `S1 torn N`.
fn crash(cursor: &mut Cursor<'_>) -> Result<Statement, ParseError> {
    let servers = cursor.servers_or_all()?;
    let place = cursor.place();
    if !cursor.take_word("torn") {
        return Ok(Statement::Crash(servers));
    }
    let &[server] = servers.as_slice() else {
        let error = cursor.error_at(&place, "torn writes of several servers");
        return Err(error.with_help("expected one server"));
    };
    Ok(Statement::CrashTorn(server, cursor.small("a number of entries", 0)?))
}

/// Reads a command that declares and uses no label, and is no fault.
fn command(
    cursor: &mut Cursor<'_>,
    word: &str,
    settings: &[Settings],
) -> Result<Statement, ParseError> {
    Ok(match word {
        "timeout" => Statement::Timeout(cursor.servers_or_all()?),
        "elect" => Statement::Elect(cursor.server()?),
        "heartbeat" => Statement::Heartbeat(cursor.server()?),
        "tick" => {
            let servers = cursor.servers_or_all()?;
            let ticks = cursor.peek().map(|_| cursor.small("a number of ticks", 1)).transpose()?;
            Statement::Tick(servers, ticks.unwrap_or(1))
        }
        "settle" => Statement::Settle,
        "run" => Statement::Run(cursor.duration()?),
        "deliver" => Statement::Deliver(selection(cursor)?),
        "drop" => Statement::Drop(selection(cursor)?),
        "duplicate" => Statement::Duplicate(selection(cursor)?),
        "hold" => Statement::Hold(whole_stream(cursor)?),
        "release" => Statement::Release(whole_stream(cursor)?),
        "compact" => Statement::Compact(cursor.servers_or_all()?),
        "pause-apply" => Statement::PauseApply(lagging(cursor, settings)?),
        "apply" => Statement::Apply(lagging(cursor, settings)?),
        "resume-apply" => Statement::ResumeApply(lagging(cursor, settings)?),
        _ => {
            let place = cursor.last_place();
            return Err(cursor.error_at(&place, format!("unknown command `{word}`")));
        }
    })
}

/// Reads a server whose state machine may lag behind.
fn lagging(cursor: &mut Cursor<'_>, settings: &[Settings]) -> Result<NodeId, ParseError> {
    let server = cursor.server()?;
    let mut all = cursor.servers.iter().zip(settings);
    if all.any(|(&of, settings)| of == server && settings.apply_queue.is_some()) {
        return Ok(server);
    }
    let message = format!("{server} has no `apply-queue`: what is committed is applied at once");
    let error = cursor.error_at(&cursor.last_place(), message);
    Err(error.with_help("expected a line such as `settings apply-queue 8` in the header"))
}

/// Reads `S1 S2 | S3 …`.
fn groups(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<NodeId>>, ParseError> {
    let mut groups = vec![group(cursor)?];
    while cursor.take_word("|") {
        groups.push(group(cursor)?);
    }
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("a server or `|`"));
    }
    Ok(groups)
}

fn group(cursor: &mut Cursor<'_>) -> Result<Vec<NodeId>, ParseError> {
    if matches!(cursor.peek(), None | Some("|")) {
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
        labels.drawn(source, first, entries, &log.places)?;
    }
    Ok(Statement::Forge(forged))
}

/// Whether a word begins a statement.
pub(super) fn is_command(word: &str) -> bool {
    COMMANDS.contains(&word)
}
