//! Committing: new leaders hold what was committed (5), everybody commits and applies the same (6),
//! leaders count replicas of their own term's entries (8), and count what is on disks (9).

use super::state::Link;
use super::{Oracles, Property, Violation};
use crate::subject::{Role, View};
use crate::words::{Entry, Term, length};

impl Oracles {
    /// Leader Completeness (Figure 3, §5.4): if a log entry is committed in a given term, then that
    /// entry will be present in the logs of the leaders for all higher-numbered terms.
    ///
    /// "In a given term" is the term of the leader that committed it, not the term of the entry. And
    /// a leader owes nothing to terms above its own: it may win its election late.
    pub(super) fn check_complete(&mut self, slot: usize, term: Term) -> Result<(), Violation> {
        let owed = self.ledger.committed_before(term);
        if owed == 0 {
            return Ok(());
        }
        self.count(Property::LeaderCompleteness);
        let server = &self.servers[slot];
        if server.log.at(owed) == self.ledger.at(owed) {
            return Ok(());
        }
        let id = server.id;
        let detail = format!(
            "{id} became leader of term {term} without the entries that were committed up to index \
             {owed} in lower terms"
        );
        Err(Violation::new(Property::LeaderCompleteness, id, detail))
    }

    /// State Machine Safety, on commit (Figure 3, §5.4.3): what one server commits at an index is
    /// what every server commits there. Only a leader can decide that something is committed;
    /// everybody else commits what a leader committed before.
    pub(super) fn check_commit(&mut self, slot: usize, after: &View) -> Result<(), Violation> {
        let to = length(after.commit);
        if to <= length(self.servers[slot].view.commit) {
            return Ok(());
        }
        let leads = after.role == Role::Leader;
        if leads {
            let link = self.check_own_term(slot, to, after.term)?;
            self.check_quorum(slot, to, link)?;
        }
        let known = to.min(self.ledger.len());
        if known > 0 || !leads {
            self.count(Property::StateMachineSafety);
        }
        let server = &self.servers[slot];
        let id = server.id;
        let breach = if known < to && !leads {
            format!("{id} committed up to index {to}, where no leader has committed anything")
        } else if server.log.len() < to {
            format!("{id} committed up to index {to}, past its last entry")
        } else if server.log.at(known) != self.ledger.at(known) {
            format!("{id} committed up to index {to} what differs from what was committed before")
        } else {
            if leads {
                self.ledger.commit(&server.log, to, after.term);
                return self.check_higher_leaders(slot, to, after.term);
            }
            return Ok(());
        };
        Err(Violation::new(Property::StateMachineSafety, id, breach))
    }

    /// Commit in Own Term (Figure 2, §5.4.2): only log entries from the leader's current term are
    /// committed by counting replicas. So the entry at its new commit index is of its term.
    fn check_own_term(&mut self, slot: usize, to: u64, term: Term) -> Result<Link, Violation> {
        self.count(Property::CommitOwnTerm);
        let server = &self.servers[slot];
        let id = server.id;
        let detail = match server.log.at(to) {
            Some(link) if link.term == term => return Ok(link),
            Some(link) => format!(
                "{id}, leader of term {term}, committed up to index {to}, an entry of term {}",
                link.term
            ),
            None => {
                format!("{id}, leader of term {term}, committed up to index {to}, past its log")
            }
        };
        Err(Violation::new(Property::CommitOwnTerm, id, detail))
    }

    /// Quorum Durability (Figure 2, §5.3): a log entry is committed once the leader has replicated it
    /// on a majority of the servers, each of which has it on stable storage before it says so.
    ///
    /// Any majority will do: the leader's own disk need not be part of it (dissertation §10.2.1).
    fn check_quorum(&mut self, slot: usize, to: u64, link: Link) -> Result<(), Violation> {
        self.count(Property::QuorumDurability);
        let holds = self.servers.iter().filter(|s| s.durable_log.at(to) == Some(link)).count();
        if holds >= self.majority as usize {
            return Ok(());
        }
        let id = self.servers[slot].id;
        let detail = format!(
            "{id} committed up to index {to}, which is on the disks of {holds} servers of {}",
            self.servers.len()
        );
        Err(Violation::new(Property::QuorumDurability, id, detail))
    }

    /// Leader Completeness once more, for those who were elected into a higher term before this
    /// leader learned that its entry is committed: they must have had it all along.
    fn check_higher_leaders(&mut self, slot: usize, to: u64, term: Term) -> Result<(), Violation> {
        let link = self.servers[slot].log.at(to);
        let mut tested = 0;
        for other in &self.servers {
            if other.view.role != Role::Leader || other.view.term <= term {
                continue;
            }
            tested += 1;
            if other.log.at(to) != link {
                let id = other.id;
                let detail = format!(
                    "{id} leads term {} without the entries up to index {to} that {} committed in \
                     term {term}",
                    other.view.term, self.servers[slot].id
                );
                return Err(Violation::new(Property::LeaderCompleteness, id, detail));
            }
        }
        self.exercised[Property::LeaderCompleteness as usize] += tested;
        Ok(())
    }

    /// State Machine Safety, on apply (Figure 3, §5.4.3): if a server has applied a log entry at a
    /// given index to its state machine, no other server will ever apply a different log entry for
    /// the same index. Each applies in log order, without a gap and without a repeat, and nothing
    /// above its commit index (§5.3).
    #[inline]
    pub(super) fn check_applied(
        &mut self,
        slot: usize,
        applied: &[Entry],
        after: &View,
    ) -> Result<(), Violation> {
        for entry in applied {
            let index = entry.index.get();
            let server = &mut self.servers[slot];
            let next = server.applied + 1;
            let commit = length(after.commit);
            if index != next || index > commit {
                let id = server.id;
                let detail = format!(
                    "{id} applied index {index} where index {next} is next and {commit} its commit \
                     index"
                );
                return Err(Violation::new(Property::StateMachineSafety, id, detail));
            }
            server.applied = index;
            self.exercised[Property::StateMachineSafety as usize] += 1;
            let link = self.ledger.at(index - 1).map(|previous| previous.then(entry));
            if link != self.ledger.at(index) {
                let id = server.id;
                let detail = format!(
                    "{id} applied at index {index} something else than what was committed there"
                );
                return Err(Violation::new(Property::StateMachineSafety, id, detail));
            }
        }
        Ok(())
    }
}
