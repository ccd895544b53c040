//! Committing: new leaders hold what was committed (5), everybody commits and applies the same (6),
//! leaders count replicas of their own term's entries (8), and count what is on disks (9).

use std::ops::Range;

use super::chain::Link;
use super::configuration::{has_quorum, is_majority};
use super::property::violated;
use super::{Oracles, Property, Violation};
use crate::subject::{Applied, Effects, Role, View};
use crate::words::{Membership, NodeId, Payload, Term, length};

impl Oracles {
    /// Leader Completeness (Figure 3, §5.4): if a log entry is committed in a given term, then that
    /// entry will be present in the logs of the leaders for all higher-numbered terms.
    ///
    /// "In a given term" is the term of the leader that committed it, not the term of the entry. And
    /// a leader owes nothing to terms above its own: it may win its election late.
    pub(super) fn check_complete(&mut self, slot: usize, term: Term) -> Result<(), Violation> {
        let owed = self.ledger.committed_before(term);
        if owed == self.ledger.base() {
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
        violated(Property::LeaderCompleteness, id, detail)
    }

    /// State Machine Safety, on commit (Figure 3, §5.4.3): what one server commits at an index is
    /// what every server commits there. Only a leader can decide that something is committed;
    /// everybody else commits what a leader committed before.
    ///
    /// `configured` is how many configurations of the server's log had come into force when the step began.
    pub(super) fn check_commit(
        &mut self,
        slot: usize,
        after: &View,
        configured: usize,
    ) -> Result<(), Violation> {
        let to = length(after.commit);
        if to <= length(self.servers[slot].view.commit) {
            return Ok(());
        }
        let leads = self.leads(slot, after);
        if leads {
            let link = self.check_own_term(slot, to, after.term)?;
            self.check_quorum(slot, to, link, configured..self.in_force(slot, after))?;
        }
        let known = to.min(self.ledger.len());
        if known > 0 || !leads {
            self.count(Property::StateMachineSafety);
        }
        if known < to && !leads {
            return self.check_decided(slot, to);
        }
        self.check_agreed(slot, to)?;
        if leads {
            self.ledger.commit(&self.servers[slot].log, to, after.term);
            return self.check_higher_leaders(slot, to, after.term);
        }
        Ok(())
    }

    /// State Machine Safety, on commit: a server that does not lead commits up to here, which no leader has.
    #[cold]
    pub(super) fn check_decided(&self, slot: usize, to: u64) -> Result<(), Violation> {
        let id = self.servers[slot].id;
        let detail =
            format!("{id} committed up to index {to}, where no leader has committed anything");
        violated(Property::StateMachineSafety, id, detail)
    }

    /// State Machine Safety, on commit: what a server commits is in its log, and no other than what was committed
    /// before.
    pub(super) fn check_agreed(&self, slot: usize, to: u64) -> Result<(), Violation> {
        let known = to.min(self.ledger.len());
        let server = &self.servers[slot];
        let id = server.id;
        let breach = if server.log.len() < to {
            format!("{id} committed up to index {to}, past its last entry")
        } else if server.log.at(known) != self.ledger.at(known) {
            format!("{id} committed up to index {to} what differs from what was committed before")
        } else {
            return Ok(());
        };
        violated(Property::StateMachineSafety, id, breach)
    }

    /// Commit in Own Term (Figure 2, §5.4.2): only log entries from the leader's current term are
    /// committed by counting replicas. So the entry at its new commit index is of its term.
    pub(super) fn check_own_term(
        &mut self,
        slot: usize,
        to: u64,
        term: Term,
    ) -> Result<Link, Violation> {
        self.count(Property::CommitOwnTerm);
        let server = &self.servers[slot];
        let id = server.id;
        let committed = format!("{id}, leader of term {term}, committed up to index {to}");
        match server.log.at(to) {
            Some(link) if link.term == term => Ok(link),
            Some(link) => {
                let detail = format!("{committed}, an entry of term {}", link.term);
                violated(Property::CommitOwnTerm, id, detail).map(|()| link)
            }
            None => {
                let detail = format!("{committed}, past its log");
                Err(Violation::new(Property::CommitOwnTerm, id, detail))
            }
        }
    }

    /// Quorum Durability (Figure 2, §5.3): a log entry is committed once the leader has replicated it
    /// on a majority of the servers, each of which has it on stable storage before it says so. In joint
    /// consensus it takes separate majorities of the old and the new configuration (§6).
    ///
    /// Any majority will do: the leader's own disk need not be part of it (dissertation §10.2.1), nor need
    /// the leader itself be among the voters (§6). It is one of the configuration that was in force when the
    /// step began. In one step a leader may as well commit C_old,new by that, append C_new, and commit more by
    /// C_new, which is in force then.
    fn check_quorum(
        &mut self,
        slot: usize,
        to: u64,
        link: Link,
        configured: Range<usize>,
    ) -> Result<(), Violation> {
        self.count(Property::QuorumDurability);
        if self.on_a_quorum(slot, (to, link), configured.start) {
            return Ok(());
        }
        self.check_later_quorum(slot, (to, link), configured)
    }

    /// Whether an entry is on the disks of a quorum. The configuration is the last of the first so many in a
    /// server's log.
    fn on_a_quorum(&self, slot: usize, (index, link): (u64, Link), configured: usize) -> bool {
        let configuration = self.servers[slot].log.configurations.nth(configured).1;
        has_quorum(configuration, |voter| {
            let waits = self.waits && self.servers[slot].id == voter;
            waits && self.servers[slot].log.at(index) == Some(link)
                || self.is_durable(voter, index, link)
        })
    }

    #[inline]
    pub(super) fn is_durable(&self, server: NodeId, index: u64, link: Link) -> bool {
        let slot = self.find(server);
        slot.is_some_and(|slot| self.servers[slot].durable_log.at(index) == Some(link))
    }

    /// The same by a configuration that came into force in this step, once the leader had committed the one
    /// before.
    #[cold]
    fn check_later_quorum(
        &self,
        slot: usize,
        (to, link): (u64, Link),
        configured: Range<usize>,
    ) -> Result<(), Violation> {
        let leader = &self.servers[slot];
        let configurations = &leader.log.configurations;
        for appended in configured.clone() {
            let (at, _) = configurations.nth(appended);
            let committed = at <= length(leader.view.commit)
                || leader
                    .log
                    .at(at)
                    .is_some_and(|link| self.on_a_quorum(slot, (at, link), appended));
            if !committed {
                break;
            }
            if self.on_a_quorum(slot, (to, link), appended + 1) {
                return Ok(());
            }
        }
        self.short_of_a_quorum(slot, (to, link), configurations.nth(configured.start).1)
    }

    /// An entry that a leader committed is not on the disks of a quorum.
    #[cold]
    pub(super) fn short_of_a_quorum(
        &self,
        slot: usize,
        (to, link): (u64, Link),
        configuration: &Membership,
    ) -> Result<(), Violation> {
        let Membership { voters, outgoing, learners: _ } = configuration;
        let count = |servers: &[NodeId]| {
            servers.iter().filter(|&&server| self.is_durable(server, to, link)).count()
        };
        let (servers, half) = match outgoing.is_empty() {
            true => (voters, ""),
            false if is_majority(count(voters), voters) => (outgoing, " of C_old"),
            false => (voters, " of C_new"),
        };
        let (id, holds, all) = (self.servers[slot].id, count(servers), servers.len());
        let detail = format!(
            "{id} committed up to index {to}, which is on the disks of {holds} servers of {all}{half}"
        );
        violated(Property::QuorumDurability, id, detail)
    }

    /// Leader Completeness once more, for those who were elected into a higher term before this
    /// leader learned that its entry is committed: they must have had it all along.
    pub(super) fn check_higher_leaders(
        &mut self,
        slot: usize,
        to: u64,
        term: Term,
    ) -> Result<(), Violation> {
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
                violated(Property::LeaderCompleteness, id, detail)?;
            }
        }
        self.exercised[Property::LeaderCompleteness as usize] += tested;
        Ok(())
    }

    /// State Machine Safety, on apply (Figure 3, §5.4.3): if a server has applied a log entry at a
    /// given index to its state machine, no other server will ever apply a different log entry for
    /// the same index. Each applies in log order, without a gap and without a repeat, and nothing
    /// above its commit index (§5.3). A snapshot that takes the place of the state machine's state takes
    /// that of the entries up to its last (§7).
    #[inline]
    pub(super) fn check_applied(
        &mut self,
        slot: usize,
        effects: &Effects,
        after: &View,
    ) -> Result<(), Violation> {
        if let Some(snapshot) = &effects.restored {
            self.check_restored(slot, snapshot)?;
        }
        for Applied { entry, outcome } in &effects.applied {
            let index = entry.index.get();
            self.check_next(slot, index, length(after.commit))?;
            let link = self.ledger.at(index - 1).map(|previous| previous.then(entry));
            if link != self.ledger.at(index) {
                self.applied_another(slot, index)?;
            }
            self.execute(slot, entry, *outcome);
            if let Payload::Once(once) = &entry.payload {
                self.check_once(slot, index, once, *outcome)?;
            }
        }
        let server = &self.servers[slot];
        if server.applied == length(after.applied) {
            return Ok(());
        }
        let (id, applied, shown) = (server.id, server.applied, length(after.applied));
        let detail = format!("{id} has applied up to index {applied}, and shows {shown}");
        violated(Property::StateMachineSafety, id, detail)
    }

    /// A server applies this index: it is the next, and committed.
    #[inline]
    pub(super) fn check_next(
        &mut self,
        slot: usize,
        index: u64,
        commit: u64,
    ) -> Result<(), Violation> {
        let server = &mut self.servers[slot];
        let next = server.applied + 1;
        if index != next || index > commit {
            let id = server.id;
            let detail = format!(
                "{id} applied index {index} where index {next} is next and {commit} its commit index"
            );
            violated(Property::StateMachineSafety, id, detail)?;
        }
        server.applied = index;
        self.exercised[Property::StateMachineSafety as usize] += 1;
        Ok(())
    }

    #[cold]
    pub(super) fn applied_another(&self, slot: usize, index: u64) -> Result<(), Violation> {
        let id = self.servers[slot].id;
        let detail =
            format!("{id} applied at index {index} something else than what was committed there");
        violated(Property::StateMachineSafety, id, detail)
    }

    /// State Machine Safety, by results (§5.4.3): state machines are deterministic, so those that have
    /// applied as much are in the same state, whether they came there by entries or by a snapshot.
    #[inline]
    pub(super) fn check_state(&mut self, slot: usize, view: &View) -> Result<(), Violation> {
        if view.state == 0 {
            return Ok(());
        }
        let applied = length(view.applied) as usize;
        if self.states.len() <= applied {
            self.states.resize(applied + 1, 0);
        }
        let known = self.states[applied];
        if known == 0 {
            self.states[applied] = view.state;
            return Ok(());
        }
        self.count(Property::StateMachineSafety);
        if known == view.state {
            return Ok(());
        }
        let id = self.servers[slot].id;
        let detail = format!(
            "the state of {id}'s state machine after index {applied} is not what another's was there"
        );
        violated(Property::StateMachineSafety, id, detail)
    }
}
