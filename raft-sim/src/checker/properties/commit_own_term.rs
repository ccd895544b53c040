//! Commit Own Term (8).

use super::Property;
use crate::checker::properties::hooks::{Checker, Commit, Context};
use crate::checker::properties::violation::{Verdict, Violation, violated};
use crate::checker::record::Record;

/// Commit in Own Term (Figure 2, §5.4.2): only log entries from the leader's current term are
/// committed by counting replicas. So the entry at its new commit index is of its term.
#[derive(Debug)]
pub(in crate::checker) struct CommitOwnTerm;

impl Checker for CommitOwnTerm {
    fn new(_: &Record) -> CommitOwnTerm {
        CommitOwnTerm
    }

    #[inline]
    fn commits(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        if !commit.leads {
            return Ok(());
        }
        at.count(Property::CommitOwnTerm);
        let (id, term, to) = (at.id(), commit.term, commit.to);
        let committed = || format!("{id}, leader of term {term}, committed up to index {to}");
        match at.server().log.at(to) {
            Some(link) if link.term == term => Ok(()),
            Some(link) => {
                let detail = format!("{}, an entry of term {}", committed(), link.term);
                violated(Property::CommitOwnTerm, id, detail)
            }
            None => {
                let detail = format!("{}, past its log", committed());
                Err(Violation::new(Property::CommitOwnTerm, id, detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent};

    #[test]
    fn commit_own_term_counts_an_old_entry() {
        // Figure 8 (c): S1 is back in term 4 and finds its entry of term 2 on a majority.
        let mut history = History::given(&[
            (&[1, 2], 3, None),
            (&[1, 2], 2, None),
            (&[1, 2], 2, None),
            (&[1], 2, None),
            (&[1, 3], 3, None),
        ]);
        history.elect(1, 4, &[2, 3]);
        let verdict = history.commit(1, 2);
        let words = "S1, leader of term 4, committed up to index 2, an entry of term 2";
        raises(verdict, Property::CommitOwnTerm, words);
    }

    #[test]
    fn commit_own_term_old_entry_by_way_of_a_new_one() {
        let mut history =
            History::given(&[(&[1, 2], 3, None), (&[1, 2], 2, None), (&[1], 2, None)]);
        history.elect(1, 4, &[2]);
        history.propose(1);
        history.replicate(1, 2);
        silent(history.commit(1, 3));
        assert_eq!(history.exercised(Property::CommitOwnTerm), 1);
        assert_eq!(history.committed_len(), 3);
    }
}
