//! The cluster that a scenario's header describes.

use crate::checker::Checkers;
use crate::disk::SyncTime;
use crate::model::{Command, Entry, HardState, LogIndex, NodeId, Payload, Term};
use crate::network::{Conditions, Delay};
use crate::scenario::syntax::{self, Header};
use crate::subject::{Capability, Settings};
use crate::time::TICK;
use crate::world::{Design, Start};

/// The voters of the first configuration.
pub(super) fn first_configuration(header: &Header) -> Vec<NodeId> {
    let inside = header.servers.iter().filter(|server| !header.outside.contains(server));
    inside.copied().collect()
}

/// The server's settings by these lines, as an implementation with these claims has them.
pub(super) fn settings(header: &Header, set: syntax::Settings, claims: &[Capability]) -> Settings {
    Settings { seed: header.network.seed, ..set.values() }.by_design(claims)
}

/// The settings of a server in the header.
pub(super) fn set_of(header: &Header, server: NodeId) -> syntax::Settings {
    header.settings.get(server.0 as usize - 1).copied().unwrap_or_default()
}

/// The cluster of a scenario's header, for an implementation with these claims.
#[must_use]
pub fn design(header: &Header, claims: &[Capability]) -> Design {
    let start = |&server: &NodeId| {
        let given = header.given.iter().find(|given| given.server == server);
        let hard_state = given.map_or(HardState::default(), |given| HardState {
            term: given.term,
            voted_for: given.vote,
        });
        let log = given.map_or(&[][..], |given| &given.log);
        let entries = log.iter().zip(1..).filter_map(|(drawn, index)| {
            let payload = Payload::Command(command(&labelled(header, index, drawn.term)));
            Some(Entry { index: LogIndex::new(index)?, term: drawn.term, payload })
        });
        Start {
            settings: settings(header, set_of(header, server), claims),
            hard_state,
            log: entries.collect(),
            tick: TICK,
            first_tick: TICK,
        }
    };
    let (shortest, longest) = header.network.delay;
    Design {
        servers: header.servers.iter().map(start).collect(),
        members: first_configuration(header),
        seed: header.network.seed,
        conditions: Conditions {
            delay: Delay::Uniform(shortest, longest),
            loss_ppm: header.network.loss * 10_000,
            duplicate_ppm: header.network.duplicate * 10_000,
        },
        sync: SyncTime { min: 0, max: 0, notice: 0 },
        apply_time: 0,
        durable_state_machine: header.durable_state_machine,
    }
}

/// The checkers of a scenario's replay, on the cluster that its header describes.
#[must_use]
pub fn checkers(header: &Header, design: &Design, claims: &[Capability]) -> Checkers {
    let settings = design.servers.iter().map(|server| server.settings).collect();
    Checkers::of(claims, &header.servers, &design.members, settings)
        .setting_aside(&header.set_aside)
}

/// The command in a box of a drawn log: the label it has on any server's log (the same index and term
/// are the same entry), or else a name that no label can have.
fn labelled(header: &Header, index: u64, term: Term) -> String {
    let boxes = header.given.iter().filter_map(|given| given.log.get(index as usize - 1));
    let mut labels =
        boxes.filter(|drawn| drawn.term == term).filter_map(|drawn| drawn.label.as_ref());
    labels.next().map_or_else(|| format!("{index}/{term}"), |label| label.0.clone())
}

/// The bytes of a command with this name.
pub(super) fn command(label: &str) -> Command {
    Command::from(label.as_bytes())
}

/// The command that an entry carries, in a session or not.
pub(super) fn command_in(entry: &Entry) -> Option<&Command> {
    match &entry.payload {
        Payload::Command(command) => Some(command),
        Payload::Once(once) => Some(&once.command),
        Payload::Noop | Payload::Membership(_) | Payload::Register => None,
    }
}
