//! The cluster that a scenario's header describes.

use crate::cluster::{Design, Start, TICK};
use crate::disk::SyncTime;
use crate::network::{Delay, Weather};
use crate::scenario::syntax::Header;
use crate::subject::Settings;
use crate::words::{Command, Entry, HardState, LogIndex, NodeId, Payload, Term};

pub(super) fn design(header: &Header) -> Design {
    let default = Settings::default();
    let settings = Settings {
        seed: header.network.seed,
        election_timeout: header.settings.election_timeout.unwrap_or(default.election_timeout),
        heartbeat: header.settings.heartbeat.unwrap_or(default.heartbeat),
        entries_per_message: header
            .settings
            .entries_per_message
            .unwrap_or(default.entries_per_message),
        window: default.window,
        uncommitted_limit: header.settings.uncommitted_limit.unwrap_or(default.uncommitted_limit),
    };
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
        Start { hard_state, log: entries.collect(), tick: TICK, first_tick: TICK }
    };
    let (shortest, longest) = header.network.delay;
    Design {
        servers: header.servers.iter().map(start).collect(),
        settings,
        seed: header.network.seed,
        weather: Weather {
            delay: Delay::Uniform(shortest, longest),
            loss_ppm: header.network.loss * 10_000,
            duplicate_ppm: header.network.duplicate * 10_000,
        },
        sync: SyncTime { min: 0, max: 0 },
        durable_state_machine: header.durable_state_machine,
        oracles: true,
    }
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
