//! Operations of the disk that are under way, and what follows when they are done.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

use raft_core::{Input, NodeId, Position, Write};

use super::{Host, failed};
use crate::disk::{Lane, Operation, Work};
use crate::event::{Failure, Observation, Outputs};
use crate::machine::Machine;

/// The operations under way.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// The number of the last operation.
    last: u64,
    log: VecDeque<(u64, Work)>,
    bulk: VecDeque<(u64, Work, Purpose)>,
    /// Those for which there is no space.
    full: BTreeSet<u64>,
}

/// Purpose of an operation in the bulk lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nothing follows from it.
    Nothing,
    /// More of the snapshot that is being taken can be written.
    Take,
    /// The snapshot that was being taken is complete and durable.
    Taken,
    /// A part of the snapshot that is being fetched is written.
    Fetch,
    /// The snapshot that was being fetched is complete and durable.
    Fetched,
    /// A part of a snapshot is read for another server.
    Serve(NodeId, Position, u64),
    /// A part of the snapshot that the state machine is loaded from is read.
    Load(Position),
}

impl Disk {
    /// Gives out an operation of the log.
    pub(super) fn log(&mut self, work: Work, outputs: &mut Outputs) {
        self.last += 1;
        self.log.push_back((self.last, work.clone()));
        outputs.operations.push(Operation { id: self.last, lane: Lane::Log, work });
    }

    /// Gives out an operation about snapshots.
    pub(super) fn bulk(&mut self, work: Work, purpose: Purpose, outputs: &mut Outputs) {
        self.last += 1;
        self.bulk.push_back((self.last, work.clone(), purpose));
        outputs.operations.push(Operation { id: self.last, lane: Lane::Bulk, work });
    }

    /// True if an operation waits for space.
    pub(super) fn is_full(&self) -> bool {
        !self.full.is_empty()
    }

    /// True if an operation with this purpose is under way.
    pub(super) fn has(&self, mut wanted: impl FnMut(Purpose) -> bool) -> bool {
        self.bulk.iter().any(|(_, _, purpose)| wanted(*purpose))
    }
}

impl<M: Machine> Host<M> {
    /// An operation is done, or not.
    pub(super) fn done(
        &mut self,
        operation: u64,
        result: Result<Vec<u8>, Failure>,
        outputs: &mut Outputs,
    ) {
        let in_log = self.disk.log.front().is_some_and(|(id, ..)| *id == operation);
        let in_bulk = self.disk.bulk.front().is_some_and(|(id, ..)| *id == operation);
        if !in_log && !in_bulk {
            return;
        }
        let bytes = match result {
            Ok(bytes) => bytes,
            Err(failure) => {
                let log = self.disk.log.front().filter(|_| in_log).map(|(_, work)| work);
                let Some(work) = log.or(self.disk.bulk.front().map(|(_, work, _)| work)) else {
                    return;
                };
                let reason = match &failure {
                    Failure::NoSpace if work.can_be_repeated() => {
                        self.disk.full.insert(operation);
                        return;
                    }
                    Failure::NoSpace => "there is no space",
                    Failure::Io(reason) => reason,
                };
                let stopped = failed(work, reason);
                self.stop(stopped, outputs);
                return;
            }
        };
        self.disk.full.remove(&operation);
        if in_log {
            self.disk.log.pop_front();
            let writes = self.journal.done();
            self.are_durable(writes, outputs);
        } else if let Some((_, _, purpose)) = self.disk.bulk.pop_front() {
            match purpose {
                Purpose::Nothing => {}
                Purpose::Take => self.take_on(outputs),
                Purpose::Taken => self.taken(outputs),
                Purpose::Fetch => self.fetch_on(outputs),
                Purpose::Fetched => self.fetched(outputs),
                Purpose::Serve(to, snapshot, at) => self.served(to, snapshot, at, bytes, outputs),
                Purpose::Load(snapshot) => self.load_on(snapshot, &bytes, outputs),
            }
        }
    }

    /// Writes of the core are durable.
    fn are_durable(&mut self, writes: Vec<Write>, outputs: &mut Outputs) {
        if writes.is_empty() {
            return;
        }
        self.durable += writes.len() as u64;
        if self.options.observe {
            outputs.observations.push(Observation::Durable(self.durable));
        }
        let snapshot = writes.iter().rev().find_map(Write::snapshot).map(|snapshot| snapshot.last);
        for write in writes {
            self.step(Input::Persisted(write.persisted()), outputs);
        }
        if let Some(last) = snapshot {
            self.snapshots.in_force(last);
            self.clean(outputs);
        }
    }
}
