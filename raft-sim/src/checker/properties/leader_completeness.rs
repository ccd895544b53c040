//! Leader Completeness (5).

use super::Property;
use crate::checker::properties::hooks::{Checker, Commit, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::Record;
use crate::checker::server::Server;
use crate::model::Term;
use crate::subject::Role;

/// Leader Completeness (Figure 3, §5.4): if a log entry is committed in a given term, then that
/// entry will be present in the logs of the leaders for all higher-numbered terms.
///
/// "In a given term" is the term of the leader that committed it, not the term of the entry. And a leader need not
/// have the entries of terms above its own: it may win its election late.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct LeaderCompleteness;

impl LeaderCompleteness {
    /// The leader of a term has what was committed in lower ones.
    pub(in crate::checker) fn check(at: &mut Context<'_>, term: Term) -> Verdict {
        let ledger = &at.record.ledger;
        let required = ledger.committed_before(term);
        if required == ledger.base() {
            return Ok(());
        }
        at.count(Property::LeaderCompleteness);
        if at.server.log.at(required) == ledger.at(required) {
            return Ok(());
        }
        let id = at.id();
        let detail = format!(
            "{id} became leader of term {term} without the entries that were committed up to index \
             {required} in lower terms"
        );
        violated(Property::LeaderCompleteness, id, detail)
    }

    /// Leaders of higher terms that were elected before a leader learned that its entry is committed must have had
    /// the entry all along.
    pub(in crate::checker) fn check_higher_leaders(
        at: &mut Context<'_>,
        to: u64,
        term: Term,
    ) -> Verdict {
        let (record, link) = (at.record, at.server.log.at(to));
        let leads = |other: &&Server| other.view.role == Role::Leader && other.view.term > term;
        let higher = record.servers.iter().filter(leads);
        if let Some(other) = higher.clone().find(|other| other.log.at(to) != link) {
            let detail = format!(
                "{} leads term {} without the entries up to index {to} that {} committed in \
                 term {term}",
                other.id,
                other.view.term,
                at.id()
            );
            violated(Property::LeaderCompleteness, other.id, detail)?;
        }
        higher.for_each(|_| at.count(Property::LeaderCompleteness));
        Ok(())
    }
}

impl Checker for LeaderCompleteness {
    fn new(_: &Record) -> LeaderCompleteness {
        LeaderCompleteness
    }

    #[inline]
    fn elected(&mut self, at: &mut Context<'_>, term: Term) -> Verdict {
        LeaderCompleteness::check(at, term)
    }

    #[inline]
    fn committed(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        LeaderCompleteness::check_higher_leaders(at, commit.to, commit.term)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::{History, heartbeat, raises, silent};
    use crate::model::Term;
    use crate::subject::Role;

    #[test]
    fn leader_completeness_new_leader_without_a_committed_entry() {
        let mut history = History::two_committed();
        history.stand(3, 2);
        history.grant(2, 3, 2);
        let verdict = history.lead(3);
        raises(verdict, Property::LeaderCompleteness, "S3 became leader of term 2 without");
    }

    #[test]
    fn leader_completeness_shows_when_the_commit_is_learned_late() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        history.replicate(1, 2);
        // S1 has not learned of it when S2 votes for a candidate with an empty log.
        history.elect(3, 2, &[2]);
        let verdict = history.commit(1, 1);
        raises(verdict, Property::LeaderCompleteness, "S3 leads term 2 without the entries");
    }

    #[test]
    fn leader_completeness_new_leader_with_everything() {
        let mut history = History::two_committed();
        history.elect(2, 2, &[3]);
        assert_eq!(history.exercised(Property::LeaderCompleteness), 1);
    }

    /// Votes may arrive late: S1 wins term 2 when term 3 has committed what S1 does not have.
    #[test]
    fn leader_of_an_older_term_elected_late_lacks_newer_commits() {
        let mut history = History::new(5);
        history.stand(1, 2);
        history.grant(2, 1, 2);
        history.grant(3, 1, 2);
        history.elect(4, 3, &[2, 3]);
        history.propose(4);
        history.replicate(4, 2);
        history.replicate(4, 3);
        silent(history.commit(4, 1));
        silent(history.lead(1));
        silent(history.send(1, 5, 2, heartbeat()));
        assert_eq!(history.exercised(Property::ElectionSafety), 2);
    }

    /// Leader Completeness goes by the term of the commit: S2's entry of term 1 is committed in term 3, and the
    /// leader of term 2, elected late, need not have it.
    #[test]
    fn entry_of_a_lower_term_committed_in_a_higher_one() {
        let mut history = History::given(&[(&[], 1, None), (&[1], 1, None), (&[], 1, None)]);
        // S1 wins the vote of S3 for term 2, and learns it only at the end.
        history.stand(1, 2);
        history.grant(3, 1, 2);
        history.elect(2, 3, &[3]);
        history.propose(2);
        history.replicate(2, 3);
        silent(history.commit(2, 2));
        silent(history.lead(1));
        // The leader of term 4 must have the entry.
        silent(history.enter(1, Role::Follower, 3, None));
        history.stand(1, 4);
        raises(history.lead(1), Property::LeaderCompleteness, "up to index 2 in lower terms");
    }

    /// Two leaders commit the same entries, the one of the lower term last: from then on they count as
    /// committed in the lower term, and the leader of the higher one had them all along.
    #[test]
    fn old_leader_learns_late_that_its_entry_is_committed() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        history.replicate(1, 2);
        history.elect(2, 2, &[3]);
        history.propose(2);
        history.replicate(2, 3);
        silent(history.commit(2, 2));
        assert_eq!(history.exercised(Property::LeaderCompleteness), 0);
        silent(history.commit(1, 1));
        assert_eq!(history.exercised(Property::LeaderCompleteness), 1);
        assert_eq!(history.committed_len(), 2);
        // Leaders from term 2 on must have entry 1 now, and leaders from term 3 on entry 2.
        let ledger = &history.checkers.record.ledger;
        assert_eq!([2, 3].map(|term| ledger.committed_before(Term(term))), [1, 2]);
    }
}
