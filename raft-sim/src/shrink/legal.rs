//! Conditions without which no Raft keeps its guarantees, so that every candidate must satisfy them: settings that
//! servers must share, and the clocks on which a lease depends. `docs/faults.md` lists the settings that may differ.
//! Also, steps that no text can express.

use super::case::Case;
use super::plain::settings;
use crate::checker::Property;
use crate::model::NodeId;
use crate::scenario::replay::Move;
use crate::scenario::syntax::{Header, Settings, Statement};
use crate::subject::{Scope, Setting};

/// Settings that all servers must share, at least where there are leases.
pub(super) fn common() -> impl Iterator<Item = &'static Setting> {
    settings().into_iter().filter(|setting| setting.scope != Scope::Server)
}

/// Settings that may differ between servers.
pub(super) fn own() -> impl Iterator<Item = &'static Setting> {
    settings().into_iter().filter(|setting| setting.scope == Scope::Server)
}

/// Sets all servers to the defaults; those that restart with changed settings keep the differences that are allowed.
pub(super) fn plain(case: &mut Case) {
    case.scenario.header.settings.fill(Settings::default());
    common().for_each(|setting| everywhere(case, setting));
}

/// Resets a setting of all servers, including those that restart with changed settings.
pub(super) fn everywhere(case: &mut Case, setting: &Setting) {
    case.scenario.header.settings.iter_mut().for_each(|settings| settings.reset(setting));
    case.moves.retain_mut(|step| {
        let Move::Do(Statement::Settings(_, settings)) = step else { return true };
        settings.reset(setting);
        *settings != Settings::default()
    });
}

/// The steps without those about state machines that can't lag: they have no effect, and no text can express them.
pub(super) fn sayable(header: &Header, mut moves: Vec<Move>) -> Vec<Move> {
    let lags = |settings: &Settings| settings.values().apply_limit.is_some();
    let mut lagging: Vec<NodeId> = (1..)
        .map(NodeId)
        .zip(&header.settings)
        .filter_map(|(server, settings)| lags(settings).then_some(server))
        .collect();
    moves.retain(|step| {
        if let Move::Do(Statement::Settings(servers, settings)) = step
            && lags(settings)
        {
            lagging.extend(servers);
        }
        if let Move::Do(
            Statement::PauseApply(server)
            | Statement::Apply(server)
            | Statement::ResumeApply(server),
        ) = step
        {
            return lagging.contains(server);
        }
        true
    });
    moves
}

/// True if clock drift can violate this property without a bug: a read from a lease may then be stale.
pub(super) fn needs_clocks(property: Property, header: &Header) -> bool {
    let lease = |settings: &Settings| settings.values().lease_drift.is_some();
    let reads = matches!(property, Property::Reads | Property::Linearizability);
    reads && header.settings.iter().any(lease)
}

/// True if all clocks tick alike in both, and the same servers are up meanwhile: a server that is up and does not
/// tick drifts, too.
pub(super) fn keeps_time(moves: &[Move], others: &[Move]) -> bool {
    moves.iter().filter(|step| is_time(step)).eq(others.iter().filter(|step| is_time(step)))
}

fn is_time(step: &Move) -> bool {
    matches!(
        step,
        Move::Do(
            Statement::Tick(..)
                | Statement::Timeout(_)
                | Statement::Heartbeat(_)
                | Statement::Elect(_)
                | Statement::Crash(_)
                | Statement::CrashTorn(..)
                | Statement::Restart(_)
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;
    use crate::scenario::source::Source;
    use crate::subject;

    #[test]
    fn state_machines_that_cannot_lag_are_not_spoken_of() {
        let lines = "scenario t\npaper §5\nservers S1 S2\nsettings apply-queue 8\n\
                     pause-apply S1\npause-apply S2\ncrash S2\nresume-apply S1\n";
        let scenario = parse(&Source::new("t.raft", lines)).expect("it parses");
        let moves: Vec<Move> =
            scenario.steps.iter().map(|step| Move::Do(step.statement.clone())).collect();
        let mut header = scenario.header;
        assert_eq!(sayable(&header, moves.clone()), moves);
        header.settings[0] = Settings::default();
        assert_eq!(sayable(&header, moves.clone()), moves[1..3]);
    }

    #[test]
    fn what_all_have_in_common_goes_for_those_who_come_back_too() {
        let lines = [
            "scenario t",
            "paper §8",
            "servers S1 S2 S3",
            "settings sessions 2 heartbeat 3",
            "crash S1 S2",
            "settings S1 sessions 2 window 5",
            "settings S2 sessions 2",
        ];
        let source = Source::new("t.raft", &lines.join("\n"));
        let mut scenario = parse(&source).unwrap_or_else(|error| panic!("{error}"));
        let steps = std::mem::take(&mut scenario.steps);
        let moves = steps.into_iter().map(|step| Move::Do(step.statement)).collect();
        let mut case = Case { scenario, moves };
        plain(&mut case);
        assert!(case.scenario.header.settings.iter().all(|of| *of == Settings::default()));
        let default = subject::Settings::default();
        let window = Settings::change(default, subject::Settings { window: 5, ..default });
        let servers = case.scenario.header.servers.clone();
        let left = [
            Move::Do(Statement::Crash(servers[..2].to_vec().into())),
            Move::Do(Statement::Settings(servers[..1].to_vec().into(), window)),
        ];
        assert_eq!(case.moves, left);
    }
}
