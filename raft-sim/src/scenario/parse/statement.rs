//! Statements: one command or expectation per line.

use super::condition::condition;
use super::log::Labels;
use super::message::{forged, links_if_any, no_kind, selection, stream};
use super::vocabulary::COMMANDS;
use super::words::Cursor;
use crate::scenario::error::ParseError;
use crate::scenario::source::Source;
use crate::scenario::syntax::{Forged, ForgedBody, Selector, Statement};
use crate::words::NodeId;

/// Reads what follows `word`, which is one of [`COMMANDS`], to the end of the line.
pub(super) fn statement(
    cursor: &mut Cursor<'_>,
    source: &Source,
    labels: &mut Labels,
) -> Result<Statement, ParseError> {
    let statement = match cursor.first() {
        "forge" => forge(cursor, source, labels)?,
        "propose" => {
            let server = cursor.server()?;
            let commands = cursor.labels()?;
            labels.proposed(source, &cursor.labels)?;
            Statement::Propose(server, commands)
        }
        word => match expectation(cursor, word)? {
            Some(expectation) => {
                labels.used(std::mem::take(&mut cursor.labels));
                expectation
            }
            None => command(cursor, word)?,
        },
    };
    cursor.expect_end()?;
    Ok(statement)
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

/// Reads a command that declares and uses no label.
fn command(cursor: &mut Cursor<'_>, word: &str) -> Result<Statement, ParseError> {
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
        "crash" => Statement::Crash(cursor.servers_or_all()?),
        "restart" => Statement::Restart(cursor.servers_or_all()?),
        "stall" => Statement::Stall(cursor.server()?),
        "sync" => Statement::Sync(cursor.server()?),
        "unstall" => Statement::Unstall(cursor.server()?),
        "wipe" => Statement::Wipe(cursor.server()?),
        "partition" => Statement::Partition(groups(cursor)?),
        "isolate" => Statement::Isolate(cursor.servers_or_all()?),
        "cut" => Statement::Cut(cursor.arrow_or_line()?),
        "heal" => Statement::Heal(links_if_any(cursor)?),
        _ => {
            let place = cursor.last_place();
            return Err(cursor.error_at(&place, format!("unknown command `{word}`")));
        }
    })
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
