//! The check of what a server found on its disk when it started again: all that was durable, and any beginning of
//! the rest.

use super::Traced;
use super::found::{Found, Restarted, torn};
use crate::checker::properties::Property;
use crate::checker::properties::monotonicity::Monotonicity;
use crate::checker::properties::violation::{Violation, violated};
use crate::model::{HardState, NodeId, length};
use crate::subject::{View, Write};

impl Traced {
    /// A server started again, with this on its disk; these writes it may have lost. They become durable as far as
    /// that explains what it found.
    ///
    /// # Errors
    /// It lost something that was durable: its term or its vote (Monotonicity), a part of its log (Persist before
    /// Send).
    pub fn restarted(
        &mut self,
        server: NodeId,
        found: &Found,
        pending: &[Write],
    ) -> Result<Restarted, Violation> {
        let slot = self.slot(server);
        let (durable, log) = (self.known(slot).durable, self.known(slot).durable_log.clone());
        let least = self.least_kept(slot, pending);
        let explained = self.find_on_disk(slot, found, pending);
        let server = self.known_mut(slot);
        if !explained {
            server.durable = durable;
            server.durable_log = log;
        }
        let voted_for = found.voted_for.unwrap_or_else(|| {
            server.durable.voted_for.filter(|_| server.durable.term == found.term)
        });
        let view = View { term: found.term, voted_for, ..View::default() };
        Monotonicity::check_restart(&mut self.at(slot), &view)?;
        self.at(slot).count(Property::PersistBeforeSend);
        let restarted =
            if explained { Restarted::Kept } else { self.lost_or_gained(slot, found, least)? };
        if let Some(candidate) = voted_for {
            self.checkers.list.one_vote_per_term.had_voted(slot, found.term, candidate);
        }
        let server = self.known_mut(slot);
        server.durable = HardState { term: found.term, voted_for };
        server.power_off();
        server.view = view;
        Ok(restarted)
    }

    /// The length of the durable log that a server can't have lost, whichever of these writes survived.
    fn least_kept(&self, slot: usize, pending: &[Write]) -> u64 {
        let cuts = pending.iter().filter_map(|write| write.log.as_ref()).map(|log| log.from.get());
        cuts.map(|from| from - 1).fold(self.known(slot).durable_log.len(), u64::min)
    }

    /// Makes writes durable until the disk is as the server found it. False if it never is.
    fn find_on_disk(&mut self, slot: usize, found: &Found, pending: &[Write]) -> bool {
        let id = self.known(slot).id;
        for write in pending {
            if self.is_on_disk(slot, found) {
                return true;
            }
            let before = self.known(slot).durable_log.clone();
            if let Some(torn) = torn(write, found) {
                self.checkers.persisted(id, &torn);
                if self.is_on_disk(slot, found) {
                    return true;
                }
                self.known_mut(slot).durable_log = before;
            }
            self.checkers.persisted(id, write);
        }
        self.is_on_disk(slot, found)
    }

    fn is_on_disk(&self, slot: usize, found: &Found) -> bool {
        let Found { term, voted_for, last } = found;
        let server = self.known(slot);
        let base = self.base();
        let length = last.map_or(0, |last| last.index.get()).max(base);
        let same_log = server.durable_log.len() == length
            && last.is_none_or(|last| {
                length == base
                    || server.durable_log.at(length).is_some_and(|it| it.term == last.term)
            });
        same_log
            && server.durable.term == *term
            && voted_for.is_none_or(|vote| vote == server.durable.voted_for)
    }

    /// A server started with a log that it never reported as durable: it has lost something, or it died before it
    /// could report.
    fn lost_or_gained(
        &mut self,
        slot: usize,
        found: &Found,
        least: u64,
    ) -> Result<Restarted, Violation> {
        let server = self.known(slot);
        let id = server.id;
        let base = self.base();
        let entries = length(found.last.map(|last| last.index));
        if entries.max(base) < least {
            let detail = format!(
                "{id} started from its disk with {entries} entries, after {least} had been durable there"
            );
            violated(Property::PersistBeforeSend, id, detail)?;
        }
        let Some(last) = found.last.filter(|_| entries > base) else {
            self.known_mut(slot).durable_log.truncate(base);
            return Ok(Restarted::Kept);
        };
        let index = last.index.get();
        let ours = server.durable_log.at(index);
        if index == least
            && let Some(link) = ours
            && link.term != last.term
        {
            let term = link.term;
            let detail = format!(
                "{id} started from its disk with {last} as its last entry, where an entry of term {term} \
                 had been durable"
            );
            violated(Property::PersistBeforeSend, id, detail)?;
        }
        if ours.is_some_and(|link| link.term == last.term) {
            self.known_mut(slot).durable_log.truncate(index);
            return Ok(Restarted::Kept);
        }
        Ok(match self.copy_of(last) {
            Some(other) => {
                let mut log = self.known(other).log.clone();
                log.truncate(index);
                self.known_mut(slot).durable_log = log;
                Restarted::Longer
            }
            None => Restarted::Unknown,
        })
    }
}
