//! Snapshots (16): one stands for what is committed and applied, says what that comes to, and is followed
//! by the log behind it.

use super::configuration::names;
use super::property::violated;
use super::{Oracles, Property, Violation};
use crate::mix::mix_bytes;
use crate::subject::{View, Write};
use crate::words::{LogIndex, Position, Snapshot, length};

impl Oracles {
    /// A server writes a snapshot, before the change of the log in the same write. If its log has the
    /// snapshot's last entry, the log behind it stays (§7, Figure 13, step 6). If not, the snapshot takes
    /// the place of the whole log (step 7), whose end the same write cuts off.
    #[cold]
    pub(super) fn check_snapshot_write(
        &mut self,
        slot: usize,
        write: &Write,
        snapshot: &Snapshot,
        after: &View,
    ) -> Result<(), Violation> {
        let (at, last) = (snapshot.last, snapshot.last.index.get());
        let leads = self.leads(slot, after);
        let server = &mut self.servers[slot];
        let id = server.id;
        if last < server.snapshot {
            let old = server.snapshot;
            let detail =
                format!("{id} replaced its snapshot up to index {old} by one up to {last}");
            violated(Property::Snapshots, id, detail)?;
        }
        server.snapshot = last;
        if server.log.at(last).is_some_and(|link| link.term == at.term) {
            return Ok(());
        }
        if leads {
            let detail = format!("{id}, a leader, replaced its log by a snapshot up to {at}");
            violated(Property::LeaderAppendOnly, id, detail)?;
        }
        let cut = write.log.as_ref().is_some_and(|log| log.from.get() <= last + 1);
        if server.log.len() > last && !cut {
            let detail = format!(
                "{id} kept the log behind its snapshot up to {at}, which it does not follow"
            );
            violated(Property::Snapshots, id, detail)?;
        }
        self.check_committed(slot, snapshot.last)?;
        self.servers[slot].log.adopt(&self.ledger, last);
        Ok(())
    }

    /// Snapshots (§7): one stands for committed entries, has the latest configuration up to there, and two
    /// of the same entries are the same.
    #[cold]
    pub(super) fn check_snapshot(
        &mut self,
        slot: usize,
        snapshot: &Snapshot,
    ) -> Result<(), Violation> {
        self.count(Property::Snapshots);
        self.check_committed(slot, snapshot.last)?;
        let (at, last) = (snapshot.last, snapshot.last.index.get());
        let id = self.servers[slot].id;
        let configuration = self.ledger.configurations.up_to(last);
        let data = mix_bytes(0, &snapshot.data);
        let breach = if snapshot.membership != *configuration {
            let (theirs, ours) = (names(&snapshot.membership), names(configuration));
            format!("the snapshot of {id} up to {at} has the configuration {theirs}, not {ours}")
        } else if *self.snapshots.entry(last).or_insert(data) != data {
            format!("the snapshot of {id} up to {at} is not the same as another up to there")
        } else {
            return Ok(());
        };
        violated(Property::Snapshots, id, breach)
    }

    pub(super) fn check_committed(&self, slot: usize, at: Position) -> Result<(), Violation> {
        if self.ledger.at(at.index.get()).is_some_and(|link| link.term == at.term) {
            return Ok(());
        }
        let id = self.servers[slot].id;
        let detail = format!("{id} has a snapshot up to {at}, an entry that was never committed");
        violated(Property::Snapshots, id, detail)
    }

    /// A snapshot takes the place of the state machine's state: what is applied goes on behind it (§7), and
    /// does not go back.
    #[cold]
    pub(super) fn check_restored(
        &mut self,
        slot: usize,
        snapshot: &Snapshot,
    ) -> Result<(), Violation> {
        self.check_snapshot(slot, snapshot)?;
        let server = &mut self.servers[slot];
        let (last, applied) = (snapshot.last.index.get(), server.applied);
        if last < applied {
            let id = server.id;
            let detail = format!("{id} took its state back from index {applied} to {last}");
            violated(Property::Snapshots, id, detail)?;
        }
        server.applied = last;
        self.resume(slot);
        Ok(())
    }

    /// A server boots from its snapshot and shows it. The state machine cannot be behind.
    pub(super) fn check_booted_snapshot(
        &self,
        slot: usize,
        snapshot: Option<LogIndex>,
        view: &View,
    ) -> Result<(), Violation> {
        if view.snapshot == snapshot {
            return self.check_order(slot, view);
        }
        let id = self.servers[slot].id;
        let (shown, found) = (length(view.snapshot), length(snapshot));
        let detail =
            format!("{id} started with a snapshot up to index {shown}, where its disk has {found}");
        violated(Property::Snapshots, id, detail)
    }

    /// Snapshots (§7): one stands for what is applied, which is committed, which is in the log. It does not
    /// go back, and is not shown before it is written.
    #[inline]
    pub(super) fn check_order(&self, slot: usize, after: &View) -> Result<(), Violation> {
        let server = &self.servers[slot];
        let [snapshot, applied, commit] = [after.snapshot, after.applied, after.commit].map(length);
        let last = server.log.len();
        if snapshot <= applied
            && applied <= commit
            && commit <= last
            && snapshot <= server.snapshot
            && after.snapshot >= server.view.snapshot
        {
            return Ok(());
        }
        let id = server.id;
        let (written, before) = (server.snapshot, length(server.view.snapshot));
        let detail = format!(
            "{id} shows a snapshot up to index {snapshot} ({before} before, {written} written), applied \
             {applied}, commit index {commit}, and {last} entries"
        );
        violated(Property::Snapshots, id, detail)
    }
}
