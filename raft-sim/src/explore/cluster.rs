//! The cluster of an exploration: a scenario's header, and the world that it describes.

use super::bounds::Bounds;
use super::judge::Judge;
use super::perform::TIMEOUT;
use crate::action::Action;
use crate::checker::Checkers;
use crate::observation::Observer;
use crate::scenario::parse::parse;
use crate::scenario::replay::design;
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::subject::Implementation;
use crate::world::{Halt, World};

/// The cluster of an exploration, as the header of a scenario. The settings are in the words of its language.
///
/// # Errors
/// The settings are no settings, or the bounds can't bound what they make possible.
pub(super) fn cluster(bounds: &Bounds, settings: &str) -> Result<Scenario, String> {
    let names = |from: u32, to: u32| {
        let names: Vec<String> = (from..=to).map(|server| format!("S{server}")).collect();
        names.join(" ")
    };
    let everyone = bounds.everyone();
    let outside = match bounds.joiners {
        0 => String::new(),
        _ => format!("outside {}\n", names(bounds.servers + 1, everyone)),
    };
    let servers = names(1, everyone);
    let text = format!(
        "scenario All holds\npaper §5\nservers {servers}\n{outside}settings election-timeout {TIMEOUT}..{TIMEOUT} {settings}\n"
    );
    let cluster = parse(&Source::new("settings", &text)).map_err(|error| error.to_string())?;
    let asks_first = cluster.header.settings.iter().any(|settings| settings.values().pre_vote);
    if asks_first && bounds.timeouts.is_none() {
        return Err(
            "a server may ask for pre-votes without end: give a bound of timeouts".to_owned()
        );
    }
    Ok(cluster)
}

/// A world that has booted, and the checkers that saw it. `observer` sees it as well.
///
/// # Errors
/// A server does not boot, or a property is violated already.
pub(super) fn booted<'a>(
    implementation: &'a (dyn Implementation + 'a),
    bounds: &Bounds,
    cluster: &Scenario,
    observer: &mut impl Observer,
) -> Result<(World<'a, dyn Implementation + 'a>, Judge), String> {
    let capabilities = implementation.capabilities();
    let header = &cluster.header;
    let design = design(header, capabilities);
    let settings = design.servers.iter().map(|server| server.settings).collect();
    let judge = Judge::new(Checkers::of(capabilities, &header.servers, &design.members, settings));
    let mut observers = (observer, judge);
    let world = World::new(implementation, design, &mut observers);
    let mut world = world.map_err(|halt| match halt {
        Halt::NoBoot { server, why } => format!("{server} does not boot: {why}"),
        Halt::Stopped => "a property is violated before anything happens".to_owned(),
    })?;
    if bounds.slow_disks {
        for server in world.ids() {
            let stalled = world.apply(Action::Stall { server, stalled: true }, &mut observers);
            stalled.map_err(|_| "a disk can't be stalled".to_owned())?;
        }
    }
    Ok((world, observers.1))
}
