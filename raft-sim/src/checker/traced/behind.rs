//! The logs of a trace where their content is unknown: of the entries there the terms are known, and they must fit to
//! what follows them.

use super::Traced;
use crate::checker::properties::Property;
use crate::checker::properties::violation::{Violation, violated};
use crate::model::{Entry, LogIndex, NodeId, Position};

impl Traced {
    /// A server reports that its log ends here, or `None` if it is empty.
    pub fn ends(&mut self, server: NodeId, last: Option<Position>) {
        let slot = self.slot(server);
        self.behind[slot] = last;
    }

    /// A server puts entries into its log from this index on. The content of those up to `base` is unknown, or of all if
    /// it is `lost`.
    ///
    /// # Errors
    /// Log Terms; Log Matching: another log has the first entry whose content is known behind another one.
    pub fn continues(
        &mut self,
        server: NodeId,
        from: LogIndex,
        entries: &[Entry],
        lost: bool,
    ) -> Result<(), Violation> {
        let (slot, base) = (self.slot(server), self.base());
        let mut previous = self.behind[slot].filter(|last| last.index.get() + 1 == from.get());
        if self.behind[slot].is_some_and(|last| from <= last.index) {
            self.behind[slot] = None;
        }
        for entry in entries {
            let position = entry.position();
            if let Some(last) = previous
                && entry.term < last.term
            {
                let term = last.term;
                let detail =
                    format!("{server} wrote entry {position} behind an entry of term {term}");
                return violated(Property::LogTerms, server, detail);
            }
            if entry.index.get() > base && !lost {
                return match previous {
                    Some(last) => self.matches_before(server, last, position),
                    None => Ok(()),
                };
            }
            previous = Some(position);
            self.behind[slot] = previous;
        }
        Ok(())
    }

    /// The first entry whose content is known is behind the same one in all logs that have it.
    fn matches_before(
        &mut self,
        server: NodeId,
        last: Position,
        first: Position,
    ) -> Result<(), Violation> {
        if last.index.get() != self.base() {
            return Ok(());
        }
        let known = *self.before.entry(first.term).or_insert(last.term);
        if known == last.term {
            return Ok(());
        }
        let detail = format!(
            "{server} wrote entry {first} behind {last}, which another log has behind an entry of term {known}"
        );
        violated(Property::LogMatching, server, detail)
    }
}
