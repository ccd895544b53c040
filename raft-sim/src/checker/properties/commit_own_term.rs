//! Commit Own Term (8).

use super::Property;
use crate::checker::chain::Link;
use crate::checker::properties::hooks::{Checker, Commit, Context};
use crate::checker::properties::violation::{Verdict, Violation, violated};
use crate::checker::quorum::{all_voters, is_alone};
use crate::checker::record::Record;

/// Commit in Own Term (Figure 2, §5.4.2): only log entries from the leader's current term are
/// committed by counting replicas. So the entry at its new commit index is of its term.
///
/// An entry on the disks of all voters is safe, since each server that can be elected has it. So is an entry in a cluster
/// of one.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct CommitOwnTerm;

impl CommitOwnTerm {
    /// Checks the last entry that a leader commits; `by_all` tells if all voters have it, or may have it.
    pub(in crate::checker) fn check(
        at: &mut Context<'_>,
        commit: &Commit,
        by_all: impl Fn(Link) -> bool,
    ) -> Verdict {
        at.count(Property::CommitOwnTerm);
        let (id, term, to) = (at.id(), commit.term, commit.to);
        let committed = || format!("{id}, leader of term {term}, committed up to index {to}");
        match at.server.log.at(to) {
            Some(link) if link.term == term || by_all(link) => Ok(()),
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

impl Checker for CommitOwnTerm {
    fn new(_: &Record) -> CommitOwnTerm {
        CommitOwnTerm
    }

    #[inline]
    fn commits(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        if !commit.leads {
            return Ok(());
        }
        let (record, server) = (at.record, at.server);
        let configuration = server.log.configurations.nth(commit.configured.start).1;
        CommitOwnTerm::check(at, commit, |link| {
            let waits = |voter| record.waits && voter == server.id;
            is_alone(configuration, server.id)
                || all_voters(configuration, |voter| {
                    waits(voter) || record.is_durable(voter, commit.to, link)
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, raises, silent};
    use crate::subject::Role;

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

    /// Each server that can be elected has it, so Figure 8 cannot follow.
    #[test]
    fn old_entry_on_every_disk_may_be_committed() {
        let everywhere = |third: &[u64]| {
            let logs = [(&[1, 2][..], 3, None), (&[1, 2], 2, None), (third, 2, None)];
            let mut history = History::given(&logs);
            history.elect(1, 4, &[2]);
            history
        };
        silent(everywhere(&[1, 2]).commit(1, 2));
        raises(everywhere(&[1]).commit(1, 2), Property::CommitOwnTerm, "an entry of term 2");
        // What is on its way to the disk may be lost.
        let mut history = everywhere(&[1]);
        silent(history.enter(3, Role::Follower, 4, None));
        silent(history.write(3, 2, &[2]));
        raises(history.commit(1, 2), Property::CommitOwnTerm, "an entry of term 2");
    }

    #[test]
    fn old_entry_in_a_cluster_of_one_may_be_committed() {
        let mut history = History::given(&[(&[1, 2], 3, None)]);
        silent(history.enter(1, Role::Leader, 4, Some(1)));
        silent(history.commit(1, 2));
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
