//! The storage from which raft-rs reads its log: all entries that were handed to the disk, durable or not, as its
//! asynchronous way of writing requires. And the state machine, from which snapshots are taken when they are needed.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use raft::eraftpb::{Entry as Native, EntryType, HardState, Snapshot as NativeSnapshot};
use raft::{GetEntriesContext, RaftState, Storage, StorageError, util};
use raft_sim::model::{Entries, Entry, Membership, Payload, Position, Snapshot, length};
use raft_sim::reference::machine::Machine;
use raft_sim::subject::{Applied, Boot};

use crate::{configuration, entry};

/// The log and the state machine of one server.
pub(crate) struct Store {
    /// The state that raft-rs begins with.
    initial: HardState,
    /// The last entry that is not in the log any more: index and term, both 0 before the first.
    base: (u64, u64),
    log: VecDeque<Slot>,
    /// The snapshot that the log was last compacted to.
    snapshot: Option<Arc<Snapshot>>,
    /// The configuration before the log, and those of its entries, each with its index.
    configurations: VecDeque<(u64, Arc<Membership>)>,
    machine: Machine,
    /// The index up to which the state machine has applied the log.
    applied: u64,
    /// The largest number of entries in one message.
    per_message: usize,
}

/// An entry of raft-rs, and the run of testbed entries that it is a part of.
struct Slot {
    native: Native,
    run: Entries,
    /// Its place in the run.
    at: u32,
}

impl Store {
    /// The store that a server boots with.
    ///
    /// # Errors
    /// The reason why its snapshot can't be read.
    pub(crate) fn new(boot: &Boot) -> Result<Store, String> {
        let (base, first, machine) = match &boot.snapshot {
            Some(snapshot) => {
                let Position { index, term } = snapshot.last;
                let machine = Machine::load(snapshot)?;
                ((index.get(), term.0), snapshot.membership.clone(), machine)
            }
            None => {
                let first = Membership { voters: boot.servers.clone(), ..Membership::default() };
                ((0, 0), Arc::new(first), Machine::new(boot.settings.sessions))
            }
        };
        let initial = HardState {
            term: boot.hard_state.term.0,
            vote: boot.hard_state.voted_for.map_or(0, |server| u64::from(server.0)),
            // It may have applied entries behind its durable commit index.
            commit: length(boot.commit.max(boot.applied)).max(base.0),
            ..HardState::default()
        };
        let mut store = Store {
            initial,
            base,
            log: VecDeque::new(),
            snapshot: boot.snapshot.clone(),
            configurations: VecDeque::from([(base.0, first)]),
            machine,
            applied: base.0,
            per_message: boot.settings.entries_per_message.max(1) as usize,
        };
        let run = Entries::from(&boot.log[..]);
        for (at, entry) in (0..).zip(run.iter()) {
            let native = entry::native(entry, store.latest());
            store.push(Slot { native, run: run.clone(), at });
        }
        for entry in run.iter().take_while(|entry| Some(entry.index) <= boot.applied) {
            store.apply(entry.index.get());
        }
        Ok(store)
    }

    /// The state that raft-rs begins with.
    pub(crate) fn initial(&self) -> &HardState {
        &self.initial
    }

    /// Index of the last entry.
    fn last(&self) -> u64 {
        self.base.0 + self.log.len() as u64
    }

    fn slot(&self, index: u64) -> Option<&Slot> {
        self.log.get(usize::try_from(index.checked_sub(self.base.0 + 1)?).ok()?)
    }

    /// Index of the last entry that its snapshot stands for; 0 if it has none.
    pub(crate) fn base(&self) -> u64 {
        self.base.0
    }

    /// The index up to which the state machine has applied the log.
    pub(crate) fn applied(&self) -> u64 {
        self.applied
    }

    /// A digest of the state machine's state.
    pub(crate) fn digest(&self) -> u64 {
        self.machine.digest()
    }

    /// The latest configuration of the log.
    fn latest(&self) -> &Arc<Membership> {
        self.up_to(u64::MAX).1
    }

    /// The latest configuration of the log before an index.
    pub(crate) fn before(&self, index: u64) -> &Arc<Membership> {
        self.up_to(index.saturating_sub(1)).1
    }

    /// The configuration in force, and the index of its entry: the latest that is applied.
    pub(crate) fn in_force(&self) -> (u64, &Arc<Membership>) {
        self.up_to(self.applied)
    }

    fn up_to(&self, index: u64) -> (u64, &Arc<Membership>) {
        let latest = self.configurations.len() - 1;
        // There are few after it. The one before the log is always there.
        let at = (1..=latest).rfind(|&at| self.configurations[at].0 <= index).unwrap_or(0);
        let (index, membership) = &self.configurations[at];
        (*index, membership)
    }

    /// The testbed's entry at an index, if the log has it.
    pub(crate) fn entry(&self, index: u64) -> Option<&Entry> {
        self.slot(index).and_then(|slot| slot.run.get(slot.at as usize))
    }

    /// Up to `count` testbed entries from an index on, as far as the log has them.
    pub(crate) fn run(&self, from: u64, count: usize) -> Entries {
        let Some(first) = self.slot(from) else { return Entries::default() };
        // The first of them is in the log.
        let skip = (from - self.base.0 - 1) as usize;
        let end = skip.saturating_add(count).min(self.log.len());
        let rest = first.run.skip(first.at as usize);
        // The rest of its run may have been cut off the log since.
        if rest.len() == count && rest.last().map(|last| last.term.0) == self.last_term(end) {
            return rest;
        }
        let slots = self.log.range(skip..end);
        slots.map(|slot| slot.run[slot.at as usize].clone()).collect()
    }

    /// Takes entries that raft-rs writes, in place of the log from the first of them on. Returns them as testbed
    /// entries, which are `known` if they came with a message or were just proposed.
    pub(crate) fn append(&mut self, natives: Vec<Native>, known: Option<&Entries>) -> Entries {
        let Some(first) = natives.first().map(|native| native.index) else {
            return Entries::default();
        };
        let keep = first.saturating_sub(self.base.0 + 1);
        self.log.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        while self.configurations.len() > 1
            && self.configurations.back().is_some_and(|(index, _)| *index >= first)
        {
            self.configurations.pop_back();
        }
        let run = known.and_then(|known| part(known, &natives));
        let run = run.unwrap_or_else(|| self.translate(&natives));
        for (at, native) in (0..).zip(natives) {
            self.push(Slot { native, run: run.clone(), at });
        }
        run
    }

    /// The testbed's entries for those of raft-rs.
    fn translate(&self, natives: &[Native]) -> Entries {
        let mut before = self.latest().clone();
        let entries = natives.iter().map(|native| {
            let entry = entry::from_native(native, &before);
            if let Payload::Membership(membership) = &entry.payload {
                before = membership.clone();
            }
            entry
        });
        entries.collect()
    }

    /// The term of the last of the first `count` entries of the log, if there is one.
    fn last_term(&self, count: usize) -> Option<u64> {
        self.log.get(count.checked_sub(1)?).map(|slot| slot.native.term)
    }

    fn push(&mut self, slot: Slot) {
        if slot.native.get_entry_type() != EntryType::EntryNormal
            && let Some(entry) = slot.run.get(slot.at as usize)
            && let Payload::Membership(membership) = &entry.payload
        {
            self.configurations.push_back((slot.native.index, membership.clone()));
        }
        self.log.push_back(slot);
    }

    /// Applies the entry at an index to the state machine, if the log has it.
    pub(crate) fn apply(&mut self, index: u64) -> Option<Applied> {
        let place = usize::try_from(index.checked_sub(self.base.0 + 1)?).ok()?;
        let slot = self.log.get(place)?;
        let applied = self.machine.apply(slot.run.get(slot.at as usize)?);
        self.applied = index;
        Some(applied)
    }

    /// The state machine's state, as a snapshot of its applied entries; `None` if there are none.
    pub(crate) fn saved(&self) -> Option<Snapshot> {
        let term = self.term(self.applied).ok()?;
        let last = entry::position(self.applied, term)?;
        let membership = self.in_force().1.clone();
        Some(Snapshot { last, membership, cluster: 1, data: self.machine.save() })
    }

    /// Puts a snapshot in the place of the log up to the snapshot's last entry, which is applied.
    pub(crate) fn compact(&mut self, snapshot: Arc<Snapshot>) {
        let last = snapshot.last;
        self.snapshot = Some(snapshot);
        let gone = last.index.get().saturating_sub(self.base.0);
        self.log.drain(..self.log.len().min(usize::try_from(gone).unwrap_or(usize::MAX)));
        self.base = (last.index.get(), last.term.0);
        while self.configurations.get(1).is_some_and(|(index, _)| *index <= self.base.0) {
            self.configurations.pop_front();
        }
        if let Some((index, _)) = self.configurations.front_mut() {
            *index = self.base.0;
        }
    }

    /// Puts a snapshot in the place of the whole log and of the state machine's state.
    ///
    /// # Errors
    /// The reason why it can't be read.
    pub(crate) fn restore(&mut self, snapshot: &Arc<Snapshot>) -> Result<(), String> {
        self.machine = Machine::load(snapshot)?;
        self.applied = snapshot.last.index.get();
        self.base = (snapshot.last.index.get(), snapshot.last.term.0);
        self.snapshot = Some(snapshot.clone());
        self.log.clear();
        self.configurations.clear();
        self.configurations.push_back((self.base.0, snapshot.membership.clone()));
        Ok(())
    }
}

/// The part of a run that has these entries; `None` if there is none.
fn part(run: &Entries, natives: &[Native]) -> Option<Entries> {
    let skip = natives.first()?.index.checked_sub(run.first()?.index.get())?;
    let part = run.skip(usize::try_from(skip).ok()?);
    let (last, native) = (part.last()?, natives.last()?);
    let same = part.len() == natives.len()
        && last.index.get() == native.index
        && last.term.0 == native.term;
    same.then_some(part)
}

/// A snapshot of raft-rs.
pub(crate) fn native(snapshot: &Snapshot) -> NativeSnapshot {
    let data = Bytes::copy_from_slice(&snapshot.data);
    let mut native = NativeSnapshot { data, ..NativeSnapshot::default() };
    let metadata = native.mut_metadata();
    metadata.index = snapshot.last.index.get();
    metadata.term = snapshot.last.term.0;
    metadata.set_conf_state(configuration::conf_state(&snapshot.membership));
    native
}

/// A snapshot of the testbed.
pub(crate) fn from_native(native: &NativeSnapshot) -> Option<Snapshot> {
    let metadata = native.get_metadata();
    Some(Snapshot {
        last: entry::position(metadata.index, metadata.term)?,
        membership: Arc::new(configuration::membership(metadata.get_conf_state())),
        cluster: 1,
        data: Arc::from(&native.data[..]),
    })
}

impl Storage for Store {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(RaftState::new(self.initial.clone(), configuration::conf_state(self.in_force().1)))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        context: GetEntriesContext,
    ) -> raft::Result<Vec<Native>> {
        if low <= self.base.0 {
            return Err(raft::Error::Store(StorageError::Compacted));
        }
        // A read for sending may return fewer entries, as many as fit one message.
        let limit = if context.can_async() { self.per_message } else { usize::MAX };
        let wanted = usize::try_from(high.saturating_sub(low)).unwrap_or(usize::MAX).min(limit);
        let skip = usize::try_from(low - self.base.0 - 1).unwrap_or(usize::MAX);
        let end = skip.saturating_add(wanted).min(self.log.len());
        let slots = self.log.range(skip.min(end)..end);
        let mut entries: Vec<Native> = slots.map(|slot| slot.native.clone()).collect();
        // raft-rs limits this itself, except where it did not ask for all entries.
        if (entries.len() as u64) < high - low {
            util::limit_size(&mut entries, max_size.into());
        }
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index == self.base.0 {
            return Ok(self.base.1);
        }
        match self.slot(index) {
            Some(slot) => Ok(slot.native.term),
            None if index < self.base.0 => Err(raft::Error::Store(StorageError::Compacted)),
            None => Err(raft::Error::Store(StorageError::Unavailable)),
        }
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.base.0 + 1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.last())
    }

    fn snapshot(&self, request_index: u64, to: u64) -> raft::Result<NativeSnapshot> {
        let unavailable = || raft::Error::Store(StorageError::SnapshotTemporarilyUnavailable);
        // raft-rs's followers ignore a snapshot with a configuration without them: a server that was added since it
        // was taken needs a new one.
        let of_use = |snapshot: &&Snapshot| {
            let Membership { voters, outgoing, learners } = &*snapshot.membership;
            let mut all = [voters, outgoing, learners].into_iter().flatten();
            snapshot.last.index.get() >= request_index
                && all.any(|server| u64::from(server.0) == to)
        };
        match self.snapshot.as_deref().filter(of_use) {
            Some(snapshot) => Ok(native(snapshot)),
            None => self.saved().as_ref().map(native).ok_or_else(unavailable),
        }
    }
}
