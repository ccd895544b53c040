//! The record of one server. Nothing here judges.

use std::sync::Arc;

use super::chain::{Chain, Table};
use crate::model::{HardState, LogIndex, Membership, NodeId, Payload, Position, Term};
use crate::subject::{LogWrite, Settings, View};

/// The durable state when a disk began to lie.
#[derive(Clone, Debug, Hash)]
struct Truth {
    hard_state: HardState,
    log: Chain,
    snapshot: u64,
}

/// The record of one server.
#[derive(Clone, Debug, Hash)]
pub(super) struct Server {
    pub(super) id: NodeId,
    /// True if it booted before, so that its disk is known.
    pub(super) known: bool,
    /// Its state after its last step; the default one while it is down.
    pub(super) view: View,
    /// Its timing and limits.
    pub(super) settings: Settings,
    /// The configuration that it boots with from nothing; one without servers if it is added later.
    first: Arc<Membership>,
    /// Its log as it sees it, writes in flight included.
    pub(super) log: Chain,
    /// Its log as a power loss would leave it.
    pub(super) durable_log: Chain,
    /// The last entry that its snapshot stands for, and as a power loss would leave it.
    pub(super) snapshot: u64,
    pub(super) durable_snapshot: u64,
    /// Its term and vote as a power loss would leave them.
    pub(super) durable: HardState,
    /// While its disk lies: what is really durable.
    truth: Option<Box<Truth>>,
    /// The number of entries that its state machine has.
    pub(super) applied: u64,
    /// The last leader that it heard from.
    pub(super) heard: Option<Heard>,
}

/// A leader that a server heard from, by AppendEntries or InstallSnapshot.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Heard {
    pub(super) leader: NodeId,
    pub(super) term: Term,
    /// The server's own ticks since.
    pub(super) ticks: u32,
}

impl Server {
    /// A server that did not boot yet.
    pub(super) fn new(id: NodeId, first: &Arc<Membership>) -> Server {
        Server {
            id,
            known: false,
            view: View::default(),
            settings: Settings::default(),
            first: first.clone(),
            log: Chain::new(first.clone()),
            durable_log: Chain::new(first.clone()),
            snapshot: 0,
            durable_snapshot: 0,
            durable: HardState::default(),
            truth: None,
            applied: 0,
            heard: None,
        }
    }

    /// The last entry of its log.
    #[inline]
    pub(super) fn last(&self) -> Option<Position> {
        let len = self.log.len();
        let term = self.log.at(len)?.term;
        LogIndex::new(len).map(|index| Position { index, term })
    }

    /// True if a log that ends so is at least as up-to-date as this server's (§5.4.1): if the last entries have different
    /// terms, the log with the later one is more up-to-date; if they have the same, the longer log is.
    pub(super) fn accepts(&self, candidate: Option<Position>) -> bool {
        let order = |last: Option<Position>| last.map(|last| (last.term, last.index));
        order(candidate) >= order(self.last())
    }

    /// Only what is durable is left.
    pub(super) fn power_off(&mut self) {
        if let Some(truth) = self.truth.take() {
            self.durable = truth.hard_state;
            self.durable_log = truth.log;
            self.durable_snapshot = truth.snapshot;
        }
        self.view = View::default();
        self.log.copy(&self.durable_log);
        self.snapshot = self.durable_snapshot;
    }

    /// Its disk begins to lie, or what it said is true.
    pub(super) fn lies(&mut self, lies: bool) {
        self.truth = lies.then(|| {
            let mut log = Chain::new(self.first.clone());
            log.copy(&self.durable_log);
            Box::new(Truth { hard_state: self.durable, log, snapshot: self.durable_snapshot })
        });
    }

    /// Nothing is durable any more.
    pub(super) fn wipe(&mut self) {
        self.truth = None;
        self.durable = HardState::default();
        self.durable_log = Chain::new(self.first.clone());
        self.durable_snapshot = 0;
    }

    /// A write of the log is durable. One that the table does not know raised an alarm when it was
    /// made, and is not followed further.
    pub(super) fn log_durable(&mut self, write: &LogWrite, table: &Table) {
        let before = write.from.get() - 1;
        self.durable_log.truncate(before);
        for (index, entry) in (write.from.get()..).zip(write.entries.iter()) {
            let Some(link) = table.link(entry.position()) else {
                return;
            };
            self.durable_log.set(index, link);
            if let Payload::Membership(membership) = &entry.payload {
                self.durable_log.configurations.push(index, membership);
            }
        }
    }
}
