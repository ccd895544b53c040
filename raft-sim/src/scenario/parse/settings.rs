//! `settings` lines: what differs from the defaults, on all servers or on some; below the header, what changes
//! with the next boot of some.

use super::header::{narrow, one_of, percent};
use super::words::Cursor;
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source};
use crate::scenario::syntax::{Changes, Settings, Statement};
use crate::words::NodeId;

const WORDS: &[&str] = &[
    "election-timeout",
    "heartbeat",
    "entries-per-message",
    "uncommitted-limit",
    "window",
    "bytes-per-message",
    "chunk",
    "pre-vote",
    "check-quorum",
    "lease-reads",
    "changes",
    "catch-up-rounds",
    "apply-queue",
    "sessions",
];

/// One `settings` line.
pub(super) struct SettingsLine {
    /// Whom it is for; `None` for all.
    servers: Option<Vec<NodeId>>,
    /// What it sets.
    settings: Settings,
    /// Where a setting of the clock stands, if one does.
    clock: Option<Place>,
    /// Where `lease-reads` stands, if it does.
    lease: Option<Place>,
}

/// Reads what follows `settings`.
pub(super) fn settings(cursor: &mut Cursor<'_>) -> Result<SettingsLine, ParseError> {
    let named = cursor.at_server() || cursor.peek() == Some("all");
    let mut servers = None;
    if named {
        cursor.expect_servers_line()?;
        servers = Some(cursor.servers_or_all()?);
    }
    let mut line =
        SettingsLine { servers, settings: Settings::default(), clock: None, lease: None };
    let mut seen = Vec::new();
    while seen.is_empty() || cursor.peek().is_some() {
        let word = one_of(cursor, "a setting", WORDS, &mut seen)?;
        match word {
            "election-timeout" | "heartbeat" => line.clock = Some(cursor.place()),
            "lease-reads" => line.lease = Some(cursor.last_place()),
            _ => {}
        }
        set(cursor, word, &mut line.settings)?;
    }
    Ok(line)
}

/// Reads the value of a setting, if it has one.
fn set(cursor: &mut Cursor<'_>, word: &str, settings: &mut Settings) -> Result<(), ParseError> {
    let entries = "a number of entries";
    let bytes = "a number of bytes";
    match word {
        "election-timeout" => {
            let (from, to) = cursor.range("ticks, as in `10..20`", 1)?;
            settings.election_timeout = Some((narrow(from), narrow(to)));
        }
        "heartbeat" => settings.heartbeat = Some(cursor.small("ticks", 1)?),
        "entries-per-message" => settings.entries_per_message = Some(cursor.small(entries, 1)?),
        "uncommitted-limit" => settings.uncommitted_limit = Some(cursor.small(entries, 1)?),
        "window" => settings.window = Some(cursor.small(entries, 1)?),
        "bytes-per-message" => settings.bytes_per_message = Some(cursor.small(bytes, 1)?),
        "chunk" => settings.chunk = Some(cursor.small(bytes, 1)?),
        "pre-vote" => settings.pre_vote = true,
        "check-quorum" => settings.check_quorum = true,
        "lease-reads" => settings.lease_reads = Some(percent(cursor)?),
        "changes" => settings.changes = Some(changes(cursor)?),
        "catch-up-rounds" => {
            settings.catch_up_rounds = Some(cursor.small("a number of rounds", 1)?)
        }
        "apply-queue" => settings.apply_queue = Some(cursor.small(entries, 1)?),
        _ => settings.sessions = Some(cursor.small("a number of sessions", 1)?),
    }
    Ok(())
}

fn changes(cursor: &mut Cursor<'_>) -> Result<Changes, ParseError> {
    const WAYS: [(&str, Changes); 3] =
        [("single", Changes::Single), ("joint", Changes::Joint), ("shortest", Changes::Shortest)];
    match WAYS.into_iter().find(|(word, _)| cursor.take_word(word)) {
        Some((_, changes)) => Ok(changes),
        None => Err(cursor.none_of("how configurations change", &WAYS.map(|(word, _)| word))),
    }
}

/// The settings of each of these servers, in order: of two lines the later one counts.
pub(super) fn of_each(
    source: &Source,
    servers: &[NodeId],
    lines: &[SettingsLine],
) -> Result<Vec<Settings>, ParseError> {
    let of_server = |server: &NodeId| {
        let concerns =
            |line: &&SettingsLine| line.servers.as_ref().is_none_or(|some| some.contains(server));
        let own: Vec<&SettingsLine> = lines.iter().filter(concerns).collect();
        let settings =
            own.iter().fold(Settings::default(), |earlier, line| earlier.then(line.settings));
        if let Some(place) = own.iter().rev().find_map(|line| line.clock.as_ref()) {
            check_clock(source, place, &settings)?;
        }
        if let Some(place) = own.iter().rev().find_map(|line| line.lease.as_ref()) {
            check_lease(source, place, *server, &settings)?;
        }
        Ok(settings)
    };
    servers.iter().map(of_server).collect()
}

/// Reads what follows `settings` below the header: the servers, and what their next boot has beside what they
/// had, which is `known` for each server of the header, in order.
pub(super) fn next_boot(
    cursor: &mut Cursor<'_>,
    source: &Source,
    known: &mut [Settings],
) -> Result<Statement, ParseError> {
    let all = cursor.servers;
    let SettingsLine { servers, settings, clock, lease } = settings(cursor)?;
    let Some(servers) = servers else {
        let error = cursor.error_at(&cursor.first_place(), "`settings` of all below a statement");
        return Err(error.with_help("expected servers, which are down, or a line of the header"));
    };
    for (server, known) in all.iter().zip(known) {
        if servers.contains(server) {
            *known = known.then(settings);
            clock.as_ref().map_or(Ok(()), |place| check_clock(source, place, known))?;
            lease.as_ref().map_or(Ok(()), |place| check_lease(source, place, *server, known))?;
        }
    }
    Ok(Statement::Settings(servers, settings))
}

/// A lease rests on CheckQuorum. `place` is where it was last set.
fn check_lease(
    source: &Source,
    place: &Place,
    server: NodeId,
    settings: &Settings,
) -> Result<(), ParseError> {
    if settings.check_quorum {
        return Ok(());
    }
    let message = format!("lease-reads without check-quorum on {server}");
    let help = "expected `check-quorum` there: a lease rests on it";
    Err(ParseError::new(source, place, message).with_help(help))
}

/// A heartbeat is shorter than any election timeout. `place` is where the clock was last set.
fn check_clock(source: &Source, place: &Place, settings: &Settings) -> Result<(), ParseError> {
    /// What a server takes where the lines say nothing.
    const SHORTEST_ELECTION_TIMEOUT: u32 = 10;
    const HEARTBEAT: u32 = 1;
    let heartbeat = settings.heartbeat.unwrap_or(HEARTBEAT);
    let shortest = settings.election_timeout.map_or(SHORTEST_ELECTION_TIMEOUT, |(from, _)| from);
    if heartbeat < shortest {
        return Ok(());
    }
    let message = format!(
        "a heartbeat every {heartbeat} ticks is too rare for election timeouts from {shortest} ticks on"
    );
    let help = format!(
        "expected a heartbeat below {shortest}; it is {HEARTBEAT} and election timeouts are 10..20 unless set"
    );
    Err(ParseError::new(source, place, message).with_help(help))
}
