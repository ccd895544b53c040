//! A follower whose core writes, and the states that its disk should have.

use std::sync::Arc;

use raft_core::{
    Body, Boot, Chunk, Command, Entry, HardState, Input, LogIndex, Membership, Message, Node,
    NodeId, Payload, Position, Request, Settings, Snapshot, Term, Write,
};
use raft_host::{JournalOptions, Recovered};

use super::disk::Numbers;

pub(crate) const OPTIONS: JournalOptions =
    JournalOptions { cluster: 7, server: NodeId(1), segment: 4_096 };

/// The durable state of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Durable {
    pub(crate) hard_state: HardState,
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    pub(crate) log: Vec<Entry>,
}

impl Durable {
    /// The state that was recovered.
    pub(crate) fn of(recovered: &Recovered) -> Durable {
        let Recovered { hard_state, snapshot, log, journal: _, torn: _ } = recovered;
        Durable { hard_state: *hard_state, snapshot: snapshot.clone(), log: log.clone() }
    }

    /// The state after a write.
    pub(crate) fn after(&self, write: &Write) -> Durable {
        let mut state = self.clone();
        state.hard_state = write.hard_state().unwrap_or(state.hard_state);
        if let Some(snapshot) = write.snapshot() {
            state.log.retain(|entry| entry.index > snapshot.last.index);
            state.snapshot = Some(snapshot.clone());
        }
        if let Some(log) = write.log() {
            state.log.retain(|entry| entry.index < log.from);
            state.log.extend(log.entries.iter().cloned());
        }
        state
    }

    pub(crate) fn boot(self) -> Node {
        let Durable { hard_state, snapshot, log } = self;
        let servers = (1..=3).map(NodeId).collect();
        let settings = Settings::default();
        let boot = Boot {
            id: NodeId(1),
            cluster: 7,
            servers,
            settings,
            hard_state,
            snapshot,
            log,
            applied: None,
        };
        Node::boot(boot).expect("a sound state")
    }
}

/// Something that happens to the follower. Its leaders, S2 and S3 in turns, have logs in which each command tells its index and term.
pub(crate) fn happen(node: &mut Node, numbers: &mut Numbers) -> Option<Write> {
    let term = node.hard_state().term;
    let last = node.log().last();
    let index = |number| LogIndex::new(number).expect("an index");
    let committed = node.commit().map_or(0, LogIndex::get);
    let end = last.map_or(0, |last| last.index.get());
    let later = Term(term.0 + numbers.below(2) as u64);
    let receive = |term: Term, body| {
        let from = NodeId(2 + (term.0 % 2) as u32);
        Input::Receive(Message { from, to: NodeId(1), term, body })
    };
    let input = match numbers.below(12) {
        0..8 if later > Term(0) => {
            // The leader of a later term may replace what is not committed.
            let prev = match later > term {
                true => committed + numbers.below((end - committed) as usize + 1) as u64,
                false => end,
            };
            let size = numbers.below(700);
            let entry = |at: u64| {
                let command = format!("{at}/{later} {}", "\0Z".repeat(size));
                let payload = Payload::Command(Command::from(command.as_bytes()));
                Entry { index: index(at), term: later, payload }
            };
            let count = numbers.below(4) as u64;
            let entries = (prev + 1..=prev + count).map(entry).collect();
            let prev = LogIndex::new(prev).and_then(|index| {
                let term = node.log().term_at(index)?;
                Some(Position { index, term })
            });
            let commit = LogIndex::new((committed + numbers.below(3) as u64).min(end));
            receive(later, Body::AppendEntries { prev, entries, commit, round: 0 })
        }
        8 => receive(Term(term.0 + 1), Body::RequestVote { last, transfer: false }),
        9 if later > Term(0) => {
            let last = Position { index: index(end + 3), term: later };
            let membership = Membership { voters: (1..=3).map(NodeId).collect(), ..<_>::default() };
            let (membership, data) =
                (membership.into(), Arc::from(vec![0; numbers.below(2_000) + 1]));
            let data: Arc<[u8]> = data;
            let size = data.len() as u64;
            let chunk = Arc::new(Chunk { last, membership, cluster: 7, offset: 0, size, data });
            receive(later, Body::InstallSnapshot { chunk, round: 0 })
        }
        10 => {
            let through = node.applied()?;
            let data = Arc::from(vec![numbers.below(3) as u8; numbers.below(2_000)]);
            Input::Compact { request: Request(numbers.0), through, data }
        }
        _ => Input::Tick,
    };
    node.step(input).write
}
