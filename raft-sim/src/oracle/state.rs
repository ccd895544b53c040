//! What the oracles remember of the servers. Nothing here judges.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chain::{Chain, Table};
use crate::subject::{LogWrite, View};
use crate::words::{HardState, Membership, NodeId, Payload, Term};

/// Who made the entries of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// The server that led the term when the first of them was written.
    Leader(NodeId),
    /// No leader was seen making them.
    Unknown,
    /// They were in a log from which the run began.
    Given,
}

/// The votes that a candidate was sent in the last term in which it stood.
#[derive(Debug)]
pub(super) struct Election {
    pub(super) term: Term,
    /// The configuration that it had when it stood: it counts its votes by this one.
    pub(super) configuration: Arc<Membership>,
    /// One bit for each server that voted for it.
    pub(super) voters: u64,
}

/// What was durable when a disk began to lie.
#[derive(Debug)]
struct Truth {
    hard_state: HardState,
    log: Chain,
    snapshot: u64,
}

/// What is remembered about one server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) id: NodeId,
    /// Whether it booted before, so that its disk is known.
    pub(super) known: bool,
    /// Its state after its last step; the default one while it is down.
    pub(super) view: View,
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
    /// Its term and vote as last handed to its disk.
    pub(super) written: HardState,
    /// How many entries its state machine has.
    pub(super) applied: u64,
    /// The index of the last one that it has executed; 0 if none.
    pub(super) holds: u64,
    /// matchIndex of each server, as far as it showed them in its last leadership.
    pub(super) matched: Vec<u64>,
    /// Every vote it gave away, never forgotten; the last one is also in `last_vote`.
    pub(super) votes: BTreeMap<Term, NodeId>,
    pub(super) last_vote: Option<(Term, NodeId)>,
    /// The votes it was sent.
    pub(super) election: Election,
    /// The last term that is on record as led by it: spares looking that up for every message.
    pub(super) led: Option<Term>,
    /// The last term of whose entries it wrote one: its author is on record.
    pub(super) authored: Option<Term>,
}

impl Server {
    /// A server, of so many, that did not boot yet.
    pub(super) fn new(id: NodeId, servers: usize, first: &Arc<Membership>) -> Server {
        Server {
            id,
            known: false,
            view: View::default(),
            first: first.clone(),
            log: Chain::new(first.clone()),
            durable_log: Chain::new(first.clone()),
            snapshot: 0,
            durable_snapshot: 0,
            durable: HardState::default(),
            truth: None,
            written: HardState::default(),
            applied: 0,
            holds: 0,
            matched: vec![0; servers],
            votes: BTreeMap::new(),
            last_vote: None,
            election: Election { term: Term(0), configuration: first.clone(), voters: 0 },
            led: None,
            authored: None,
        }
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
        self.written = self.durable;
    }

    /// Its disk begins to lie, or what it said is true.
    pub(super) fn lied_to(&mut self, lies: bool) {
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

    /// It stands for election, with the last of the first so many configurations of its log.
    pub(super) fn stand(&mut self, term: Term, configured: usize) {
        let configuration = self.log.configurations.nth(configured).1.clone();
        self.election = Election { term, configuration, voters: 0 };
    }

    /// A write of the log is durable. One that the table does not know raised an alarm when it was
    /// made, and is not followed further.
    pub(super) fn log_persisted(&mut self, write: &LogWrite, table: &Table) {
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
