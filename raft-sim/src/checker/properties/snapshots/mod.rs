//! Snapshots (16).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::Property;
use super::leader_append_only::LeaderAppendOnly;
use crate::checker::properties::hooks::{Boot, Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::names;
use crate::checker::record::Record;
use crate::mix::mix_bytes;
use crate::model::{Position, Snapshot, length};
use crate::subject::{View, Write};

/// Snapshots (§7): one stands for committed entries, has the latest configuration up to there, and two
/// of the same entries are the same. It is followed by the log behind it.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct Snapshots {
    /// A hash of the data of the snapshots up to each index.
    data: BTreeMap<u64, u64>,
}

impl Snapshots {
    /// A snapshot stands for entries up to here, which are committed.
    pub(in crate::checker) fn check_committed(at: &Context<'_>, last: Position) -> Verdict {
        if at.record.ledger.at(last.index.get()).is_some_and(|link| link.term == last.term) {
            return Ok(());
        }
        let id = at.id();
        let detail = format!("{id} has a snapshot up to {last}, an entry that was never committed");
        violated(Property::Snapshots, id, detail)
    }

    #[cold]
    fn check(&mut self, at: &mut Context<'_>, snapshot: &Snapshot) -> Verdict {
        at.count(Property::Snapshots);
        Snapshots::check_committed(at, snapshot.last)?;
        let (position, last) = (snapshot.last, snapshot.last.index.get());
        let id = at.id();
        let configuration = at.record.ledger.configurations.up_to(last);
        let data = mix_bytes(0, &snapshot.data);
        let breach = if snapshot.membership != *configuration {
            let (theirs, ours) = (names(&snapshot.membership), names(configuration));
            format!(
                "the snapshot of {id} up to {position} has the configuration {theirs}, not {ours}"
            )
        } else if *self.data.entry(last).or_insert(data) != data {
            format!("the snapshot of {id} up to {position} is not the same as another up to there")
        } else {
            return Ok(());
        };
        violated(Property::Snapshots, id, breach)
    }

    /// One stands for what is applied, which is committed, which is in the log. It does not
    /// go back, and is not shown before it is written.
    #[inline]
    fn check_order(at: &Context<'_>, after: &View) -> Verdict {
        let server = at.server;
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

impl Checker for Snapshots {
    fn new(_: &Record) -> Snapshots {
        Snapshots { data: BTreeMap::new() }
    }

    /// A server boots from its snapshot and shows it. The state machine cannot be behind.
    #[inline]
    fn booted(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        if boot.view.snapshot == boot.snapshot {
            return Snapshots::check_order(at, boot.view);
        }
        let id = at.id();
        let (shown, found) = (length(boot.view.snapshot), length(boot.snapshot));
        let detail =
            format!("{id} started with a snapshot up to index {shown}, where its disk has {found}");
        violated(Property::Snapshots, id, detail)
    }

    /// If the log has the snapshot's last entry, the log behind it stays (§7, Figure 13, step 6). If not, the snapshot takes
    /// the place of the whole log (step 7), whose end the same write cuts off.
    #[cold]
    fn writes_snapshot(
        &mut self,
        at: &mut Context<'_>,
        snapshot: &Snapshot,
        write: &Write,
        after: &View,
    ) -> Verdict {
        let (position, last) = (snapshot.last, snapshot.last.index.get());
        let server = at.server;
        let id = server.id;
        if last < server.snapshot {
            let old = server.snapshot;
            let detail =
                format!("{id} replaced its snapshot up to index {old} by one up to {last}");
            violated(Property::Snapshots, id, detail)?;
        }
        if server.log.at(last).is_some_and(|link| link.term == position.term) {
            return Ok(());
        }
        if at.leads(after) {
            LeaderAppendOnly::replaced(id, position)?;
        }
        let cut = write.log.as_ref().is_some_and(|log| log.from.get() <= last + 1);
        if server.log.len() > last && !cut {
            let detail = format!(
                "{id} kept the log behind its snapshot up to {position}, which it does not follow"
            );
            violated(Property::Snapshots, id, detail)?;
        }
        Snapshots::check_committed(at, position)
    }

    #[inline]
    fn has_snapshot(&mut self, at: &mut Context<'_>, snapshot: &Snapshot) -> Verdict {
        self.check(at, snapshot)
    }

    /// The state machine goes on behind it (§7), and does not go back.
    #[cold]
    fn restores(&mut self, at: &mut Context<'_>, snapshot: &Snapshot) -> Verdict {
        self.check(at, snapshot)?;
        let (id, last, applied) = (at.id(), snapshot.last.index.get(), at.server.applied);
        if last >= applied {
            return Ok(());
        }
        let detail = format!("{id} took its state back from index {applied} to {last}");
        violated(Property::Snapshots, id, detail)
    }

    #[inline]
    fn shows(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        Snapshots::check_order(at, after)
    }
}
