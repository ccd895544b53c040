//! Committed Never Truncated (7).

use super::Property;
use crate::checker::properties::hooks::{Checker, Context, New};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::model::length;
use crate::subject::{LogWrite, View};

/// Committed Never Truncated (§5.3): committed entries are durable, so no server replaces or cuts
/// off what it knows to be committed. Writing the same entry again is no change.
///
/// Only the server's own commit index counts, as it was when the step began, in this life: what it does not know to be
/// committed, an old leader's late AppendEntries may make it drop.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct CommittedNeverTruncated;

impl Checker for CommittedNeverTruncated {
    fn new(_: &Record) -> CommittedNeverTruncated {
        CommittedNeverTruncated
    }

    #[inline]
    fn writes_log(&mut self, at: &mut Context<'_>, write: &LogWrite, _: &View) -> Verdict {
        if write.from.get() <= at.server.log.len() {
            at.count(Property::CommittedNeverTruncated);
        }
        Ok(())
    }

    #[inline]
    fn appends(&mut self, at: &mut Context<'_>, new: &New<'_>, _: &View) -> Verdict {
        let (server, index) = (at.server, new.index);
        let committed = length(server.view.commit);
        if index > committed || server.log.at(index) == Some(new.link) {
            return Ok(());
        }
        let id = server.id;
        let detail = format!(
            "{id} replaced the entry at index {index}, at or below its commit index {committed}"
        );
        violated(Property::CommittedNeverTruncated, id, detail)
    }

    #[inline]
    fn wrote_log(&mut self, at: &mut Context<'_>, end: u64) -> Verdict {
        let committed = length(at.server.view.commit);
        if end >= committed {
            return Ok(());
        }
        let id = at.id();
        let detail = format!("{id} cut its log to {end}, below its commit index {committed}");
        violated(Property::CommittedNeverTruncated, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent};
    use crate::subject::Role;

    #[test]
    fn committed_never_truncated_other_entry() {
        let mut history = History::two_committed();
        silent(history.commit(2, 2));
        silent(history.enter(2, Role::Follower, 2, None));
        let verdict = history.write(2, 2, &[2]);
        raises(verdict, Property::CommittedNeverTruncated, "S2 replaced the entry at index 2");
    }

    #[test]
    fn committed_never_truncated_shorter_log() {
        let mut history = History::two_committed();
        silent(history.commit(2, 2));
        let verdict = history.write(2, 1, &[1]);
        raises(verdict, Property::CommittedNeverTruncated, "S2 cut its log to 1, below");
    }

    #[test]
    fn committed_never_truncated_same_entries_written_again() {
        let mut history = History::two_committed();
        silent(history.commit(2, 2));
        silent(history.write(2, 1, &[1, 1]));
        assert_eq!(history.exercised(Property::CommittedNeverTruncated), 1);
    }

    /// S2's entry 1/1 is committed in term 3 by others, S2 does not know, and gets the late AppendEntries
    /// of the leader of term 2, which has another entry there.
    #[test]
    fn old_leaders_append_truncates_what_was_committed_elsewhere() {
        let mut history = History::given(&[
            (&[], 1, None),
            (&[1], 1, None),
            (&[1], 1, None),
            (&[], 1, None),
            (&[], 1, None),
        ]);
        history.elect(1, 2, &[4, 5]);
        history.propose(1);
        history.elect(3, 3, &[4, 5]);
        history.propose(3);
        history.replicate(3, 4);
        history.replicate(3, 5);
        silent(history.commit(3, 2));
        history.replicate(1, 2);
        assert_eq!(history.exercised(Property::CommittedNeverTruncated), 1);
        // In the end it takes the committed entries, and commits them.
        history.replicate(3, 2);
        silent(history.commit(2, 2));
    }
}
