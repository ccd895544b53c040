//! `settings` lines: what differs from the defaults, on all servers or on some; below the header, what changes
//! with the next boot of some.

use super::cursor::Cursor;
use super::value::{check_unset, narrow, percent};
use crate::model::NodeId;
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source};
use crate::scenario::syntax::{Servers, Settings, Statement};
use crate::subject::{self, Field, SETTINGS, Setting};

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
        let setting = set(cursor, &mut settings)?;
        match setting.word {
            "election-timeout" | "heartbeat" => clock = Some(cursor.last_place()),
            "lease-reads" => lease = Some(word),
            _ => {}
        }
    }
    Ok(SettingsLine { servers, settings, clock, lease })
}

/// Reads one setting with its value, if it has one.
fn set(cursor: &mut Cursor<'_>, settings: &mut Settings) -> Result<&'static Setting, ParseError> {
    let word = cursor.peek().unwrap_or_default();
    let Some(setting) = Setting::named(word) else {
        return Err(cursor.none_of("a setting", &SETTINGS.map(|setting| setting.word)));
    };
    check_unset(cursor, settings.sets(setting))?;
    cursor.take();
    let number = |cursor: &mut Cursor<'_>, of| cursor.small(&format!("a number of {of}"), 1);
    let mut values = settings.values();
    match setting.field {
        Field::Ticks(place) => {
            let (from, to) = cursor.range("ticks, as in `10..20`", 1)?;
            *place(&mut values) = (narrow(from), narrow(to));
        }
        Field::Number(of, place) => *place(&mut values) = number(cursor, of)?,
        Field::Limit(of, place) => *place(&mut values) = Some(number(cursor, of)?),
        Field::Percent(place) => *place(&mut values) = Some(percent(cursor)?),
        Field::Flag(place) => *place(&mut values) = true,
        Field::Changes(place) => {
            *place(&mut values) = cursor.expect_one("how configurations change")?;
        }
    }
    settings.set(setting, values);
    Ok(setting)
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

/// A lease rests on CheckQuorum, and holds for a tick at least. `place` is where it was last set.
fn check_lease(
    source: &Source,
    place: &Place,
    server: NodeId,
    settings: &Settings,
) -> Result<(), ParseError> {
    let subject::Settings { check_quorum, lease_drift, election_timeout: (shortest, _), .. } =
        settings.values();
    if !check_quorum {
        let message = format!("lease-reads without check-quorum on {server}");
        let help = "expected `check-quorum` there: a lease rests on it";
        return Err(ParseError::new(source, place, message).with_help(help));
    }
    // Others keep still for the shortest election timeout, the first tick of which may be just due.
    let drift = u64::from(lease_drift.unwrap_or(0));
    if u64::from(shortest - 1) * 100 >= 100 + drift {
        return Ok(());
    }
    let message =
        format!("election timeouts from {shortest} ticks on leave no time for a lease on {server}");
    let help = "expected longer election timeouts, or clocks that differ by less";
    Err(ParseError::new(source, place, message).with_help(help))
}

/// A heartbeat is shorter than any election timeout. `place` is where the clock was last set.
fn check_clock(source: &Source, place: &Place, settings: &Settings) -> Result<(), ParseError> {
    let (default, set) = (subject::Settings::default(), settings.values());
    let (heartbeat, (shortest, _)) = (set.heartbeat, set.election_timeout);
    if heartbeat < shortest {
        return Ok(());
    }
    let message = format!(
        "a heartbeat every {heartbeat} ticks is too rare for election timeouts from {shortest} ticks on"
    );
    let help = format!(
        "expected a heartbeat below {shortest}; it is {} and election timeouts are {}..{} unless set",
        default.heartbeat, default.election_timeout.0, default.election_timeout.1
    );
    Err(ParseError::new(source, place, message).with_help(help))
}
