//! The state after a step, as the paper's figures show it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{AppendReply, Body, Entry, LogIndex, NodeId, Position, length};
use crate::network::MessageId;
use crate::observation::{Observation, Observer, Stop};
use crate::subject::Role;
use crate::time::Micros;
use crate::timeline;
use crate::world::{Launch, World};

/// The state of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// The step.
    pub step: usize,
    /// Its time, in virtual microseconds.
    pub time: Micros,
    /// The servers, S1 first.
    pub servers: Vec<ServerState>,
    /// The messages in flight, oldest first.
    pub flights: Vec<Flight>,
}

/// The state of one server; if it is down, its state before the crash, but for its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerState {
    /// The server.
    pub server: NodeId,
    /// True if it runs.
    pub up: bool,
    /// True if it is paused.
    pub paused: bool,
    /// Its role.
    pub role: Role,
    /// currentTerm
    pub term: u64,
    /// votedFor
    pub vote: Option<NodeId>,
    /// The leader that it knows.
    pub leader: Option<NodeId>,
    /// commitIndex
    pub commit: u64,
    /// lastApplied
    pub applied: u64,
    /// The last entry that its snapshot stands for.
    pub snapshot: Option<Position>,
    /// The log behind the snapshot, as the server sees it; of one that is down, as its disk has it.
    pub log: Vec<Cell>,
    /// The number of entries that are on its disk as the server sees them.
    pub durable: u64,
    /// The number of its writes that are not durable.
    pub unsynced: usize,
    /// nextIndex of a leader: for each server the index behind what was last sent to it.
    pub next: BTreeMap<NodeId, u64>,
    /// matchIndex of a leader, as far as the implementation says.
    #[serde(rename = "match")]
    pub matched: BTreeMap<NodeId, u64>,
}

/// An entry as a cell of a drawn log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Its index.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// Its content in words, with its index and term: `5/3:x`.
    pub text: String,
}

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flight {
    /// Its number among all messages.
    pub number: u64,
    /// Its sender.
    pub from: NodeId,
    /// Its receiver.
    pub to: NodeId,
    /// True if it is held back.
    pub held: bool,
    /// True if its link is cut.
    pub cut: bool,
    /// It in words.
    pub text: String,
    /// Its identity, for actions.
    pub message: MessageId,
}

/// What leaders sent and learned: a fold, since no server shows it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    next: Vec<BTreeMap<NodeId, u64>>,
    matched: Vec<BTreeMap<NodeId, u64>>,
}

impl Sent {
    pub(super) fn new(servers: usize) -> Sent {
        let none = || vec![BTreeMap::new(); servers];
        Sent { next: none(), matched: none() }
    }
}

impl Observer for Sent {
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::Stepped { server, before, effects, .. } = observation {
            let slot = server.0 as usize - 1;
            let after = &effects.view;
            if (before.role, before.term) != (after.role, after.term) {
                self.next[slot].clear();
                self.matched[slot].clear();
            }
            if let Some((follower, index)) = effects.matched {
                self.matched[slot].insert(follower, index.get());
            }
        }
        if let Observation::Sent { message } = observation
            && let Body::AppendEntries { prev, entries, .. } = &message.body
        {
            let last = length(prev.map(|prev| prev.index)) + entries.len() as u64;
            self.next[message.from.0 as usize - 1].insert(message.to, last + 1);
        }
        if let Observation::Delivered { content, .. } = observation
            && let Body::AppendEntriesReply { reply: AppendReply::Refused { prev, .. }, .. } =
                &content.body
            && let Some(next) = self.next[content.to.0 as usize - 1].get_mut(&content.from)
        {
            *next = (*next).min(length(*prev).max(1));
        }
        if let Observation::Crashed { server, .. } = observation {
            self.next[server.0 as usize - 1].clear();
            self.matched[server.0 as usize - 1].clear();
        }
        Ok(())
    }
}

impl State {
    pub(super) fn of<L: Launch + ?Sized>(step: usize, world: &World<'_, L>, sent: &Sent) -> State {
        let flights = world.network().in_flight().into_iter().map(|flight| Flight {
            number: flight.id.number,
            from: flight.message.from,
            to: flight.message.to,
            held: flight.held,
            cut: world.network().is_cut(flight.message.from, flight.message.to),
            text: timeline::message(&flight.message),
            message: flight.id,
        });
        State {
            step,
            time: world.now(),
            servers: world.ids().map(|id| server(id, world, sent)).collect(),
            flights: flights.collect(),
        }
    }
}

fn server<L: Launch + ?Sized>(id: NodeId, world: &World<'_, L>, sent: &Sent) -> ServerState {
    let (server, slot) = (world.server(id), id.0 as usize - 1);
    let (view, disk, up) = (server.view(), server.disk(), server.is_up());
    let (snapshot, log) = if up {
        (disk.written_snapshot(), disk.written_log())
    } else {
        (disk.snapshot(), disk.log().to_vec())
    };
    let base = snapshot.map(|snapshot| snapshot.last);
    let same = std::iter::zip(&log, disk.log()).take_while(|(one, other)| one == other).count();
    let leads = up && view.role == Role::Leader;
    let known = |of: &BTreeMap<NodeId, u64>| if leads { of.clone() } else { BTreeMap::new() };
    let hard = disk.hard_state();
    ServerState {
        server: id,
        up,
        paused: server.is_paused(),
        role: view.role,
        term: if up { view.term.0 } else { hard.term.0 },
        vote: if up { view.voted_for } else { hard.voted_for },
        leader: view.leader.filter(|_| up),
        commit: length(view.commit),
        applied: length(view.applied),
        snapshot: base,
        durable: length(base.map(|base| base.index))
            .min(on_disk(disk.snapshot().map(|it| it.last)))
            + same as u64,
        log: log.iter().map(cell).collect(),
        unsynced: disk.unsynced(),
        next: known(&sent.next[slot]),
        matched: known(&sent.matched[slot]),
    }
}

fn on_disk(last: Option<Position>) -> u64 {
    length(last.map(|last| last.index))
}

fn cell(entry: &Entry) -> Cell {
    Cell { index: entry.index.get(), term: entry.term.0, text: timeline::entry(entry) }
}

/// What two runs of one cluster have in common if they led to the same: all of a server but the contents of commands, which
/// have other names in a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gist(Vec<GistOfServer>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct GistOfServer {
    up: bool,
    role: Role,
    term: u64,
    vote: Option<NodeId>,
    commit: u64,
    applied: u64,
    durable: u64,
    snapshot: Option<LogIndex>,
    terms: Vec<u64>,
}

impl Gist {
    pub(super) fn of(state: &State) -> Gist {
        let servers = state.servers.iter().map(|it| GistOfServer {
            up: it.up,
            // A server that is down has forgotten its role, and what it had committed and applied.
            role: if it.up { it.role } else { Role::Follower },
            term: it.term,
            vote: it.vote,
            commit: if it.up { it.commit } else { 0 },
            applied: if it.up { it.applied } else { 0 },
            durable: it.durable,
            snapshot: it.snapshot.map(|last| last.index),
            terms: it.log.iter().map(|cell| cell.term).collect(),
        });
        Gist(servers.collect())
    }
}
