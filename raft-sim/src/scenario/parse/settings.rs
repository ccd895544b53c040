//! `settings` lines: what differs from the defaults, on all servers or on some; below the header, what changes
//! with the next boot of some.

use super::cursor::Cursor;
use super::value::{check_unset, narrow, percent};
use crate::model::NodeId;
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source};
use crate::scenario::syntax::{Servers, Settings, Statement};
use crate::scenario::vocabulary::{SETTINGS, Value};

/// One `settings` line.
pub(super) struct SettingsLine {
    /// The servers it is for; `None` for all.
    pub(super) servers: Option<Servers>,
    /// The settings in it.
    pub(super) settings: Settings,
    /// The place of a setting of the clock, if there is one.
    clock: Option<Place>,
    /// The place of `lease-reads`, if it is there.
    lease: Option<Place>,
}

/// Reads what follows `settings`.
pub(super) fn settings(cursor: &mut Cursor<'_>) -> Result<SettingsLine, ParseError> {
    let mut servers = None;
    if cursor.at_servers() {
        cursor.expect_servers_line()?;
        servers = Some(cursor.servers_or_all()?);
    }
    let mut settings = Settings::default();
    let (mut clock, mut lease) = (None, None);
    while settings == Settings::default() || cursor.peek().is_some() {
        let word = cursor.place();
        let before = settings;
        set(cursor, &mut settings)?;
        let clock_of = |of: Settings| (of.election_timeout, of.heartbeat);
        if clock_of(settings) != clock_of(before) {
            clock = Some(cursor.last_place());
        }
        if settings.lease_reads != before.lease_reads {
            lease = Some(word);
        }
    }
    Ok(SettingsLine { servers, settings, clock, lease })
}

/// Reads one setting with its value, if it has one.
fn set(cursor: &mut Cursor<'_>, settings: &mut Settings) -> Result<(), ParseError> {
    let word = cursor.peek().unwrap_or_default();
    let Some(setting) = SETTINGS.iter().find(|setting| setting.word == word) else {
        return Err(cursor.none_of("a setting", &SETTINGS.map(|setting| setting.word)));
    };
    check_unset(cursor, setting.value.is_set(*settings))?;
    cursor.take();
    match setting.value {
        Value::Ticks(field) => {
            let (from, to) = cursor.range("ticks, as in `10..20`", 1)?;
            *field(settings) = Some((narrow(from), narrow(to)));
        }
        Value::Count(what, field) => *field(settings) = Some(cursor.small(what, 1)?),
        Value::Percent(field) => *field(settings) = Some(percent(cursor)?),
        Value::Flag(field) => *field(settings) = true,
        Value::Changes(field) => {
            *field(settings) = Some(cursor.expect_one("how configurations change")?);
        }
    }
    Ok(())
}

/// Returns the settings of each of these servers, in order; the later of two lines counts.
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
