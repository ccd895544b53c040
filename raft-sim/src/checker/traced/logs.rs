//! The observations of logs in a trace: their content, what is committed, and what is applied.

use super::{May, Quorum, Traced};
use crate::checker::chain::Link;
use crate::checker::properties::Property;
use crate::checker::properties::commit_own_term::CommitOwnTerm;
use crate::checker::properties::hooks::Commit;
use crate::checker::properties::leader_append_only::LeaderAppendOnly;
use crate::checker::properties::leader_completeness::LeaderCompleteness;
use crate::checker::properties::monotonicity::Monotonicity;
use crate::checker::properties::quorum_durability::QuorumDurability;
use crate::checker::properties::snapshots::Snapshots;
use crate::checker::properties::state_machine_safety::StateMachineSafety;
use crate::checker::properties::violation::{Verdict, Violation};
use crate::checker::quorum::{all_voters, is_alone};
use crate::checker::record::Record;
use crate::checker::server::Server;
use crate::model::{Entry, LogIndex, NodeId, Payload, Position, Term, length};
use crate::subject::{LogWrite, Role, View, Write};

impl Traced {
    /// A server changes its log, as it sees it.
    ///
    /// # Errors
    /// Leader Append-Only, Log Matching, Log Terms, Committed Never Truncated, Configurations.
    pub fn wrote(&mut self, server: NodeId, write: &LogWrite) -> Result<(), Violation> {
        let slot = self.slot(server);
        let after = self.known(slot).view;
        let result = self.checkers.write_log(slot, write, &after);
        self.checkers.list.no_rival_entry.forget_unknown(slot);
        result
    }

    /// A write is durable now. Those of one server come in the order in which it made them.
    pub fn persisted(&mut self, server: NodeId, write: &Write) {
        self.checkers.persisted(server, write);
    }

    /// A server commits up to here.
    ///
    /// # Errors
    /// Monotonicity, and of a leader Commit Own Term, Quorum Durability, Leader Completeness; of a follower, if no
    /// other server may have committed it before, and of both State Machine Safety.
    pub fn committed(
        &mut self,
        server: NodeId,
        to: LogIndex,
        may: May<'_>,
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        let after = View { commit: Some(to), ..self.known(slot).view };
        Monotonicity::check_forward(&mut self.at(slot), &after)?;
        let to = to.get();
        // A server may report several steps at once: what it committed as a leader comes after its next term then.
        let led = self.led[slot].filter(|led| {
            self.knows_committed() < to
                && self.known(slot).log.at(to).is_some_and(|at| at.term == *led)
        });
        let leads = after.role == Role::Leader || led.is_some();
        let term = if after.role == Role::Leader { after.term } else { led.unwrap_or(after.term) };
        if to <= self.base() || to <= length(self.known(slot).view.commit) {
            self.known_mut(slot).view = after;
            return Ok(());
        }
        let commit = &Commit { to, term, leads, configured: 0..0 };
        if leads {
            self.check_commit(slot, commit, may)?;
        }
        let committed = self.knows_committed();
        if committed.min(to) > self.base() {
            self.at(slot).count(Property::StateMachineSafety);
        }
        let mut others = self.checkers.record.servers.iter();
        if !leads && committed < to && !others.any(|other| may(other.id)) {
            StateMachineSafety::undecided(server, to)?;
        }
        StateMachineSafety::check_agreed(&self.at(slot), to)?;
        if leads || committed < to {
            self.checkers.record.commit(slot, to, term);
            LeaderCompleteness::check_higher_leaders(&mut self.at(slot), to, term)?;
        }
        self.known_mut(slot).view = after;
        Ok(())
    }

    /// True if all voters have an entry on their disks, or may have it, or the leader is the only voter. Where the
    /// configuration is unknown, the servers that vote are its voters.
    fn is_harmless(&self, slot: usize, index: u64, link: Link, may: May<'_>) -> bool {
        let Record { servers, .. } = &self.checkers.record;
        let holds = |voter| may(voter) || self.checkers.record.is_durable(voter, index, link);
        let votes = |server: &Server| server.view.voted_for.is_some();
        self.any_configuration(slot, |configuration| match configuration.voters.is_empty() {
            true => servers.iter().filter(|server| votes(server)).all(|server| holds(server.id)),
            false => is_alone(configuration, servers[slot].id) || all_voters(configuration, holds),
        })
    }

    /// An entry that a leader commits is of its term, and on the disks of a quorum as far as can be known.
    fn check_commit(&mut self, slot: usize, commit: &Commit, may: May<'_>) -> Verdict {
        let link = self.known(slot).log.at(commit.to);
        let is_harmless = link.is_some_and(|link| self.is_harmless(slot, commit.to, link, may));
        CommitOwnTerm::check(&mut self.at(slot), commit, |_| is_harmless)?;
        let leader = self.known(slot);
        match (leader.log.at(commit.to), self.holds(leader.id, commit.to, may)) {
            (None, _) | (_, Quorum::Unknown | Quorum::Possible) => Ok(()),
            (Some(_), Quorum::Reached) => {
                self.at(slot).count(Property::QuorumDurability);
                Ok(())
            }
            (Some(link), Quorum::Impossible) => {
                let at = self.at(slot);
                let configuration = at.server.log.configurations.latest().1;
                QuorumDurability::short(&at, (commit.to, link), configuration)
            }
        }
    }

    /// A server applies the entry at this index; it reports its term, or all of it, or nothing.
    ///
    /// # Errors
    /// State Machine Safety.
    pub fn applied(
        &mut self,
        server: NodeId,
        index: LogIndex,
        term: Option<Term>,
        payload: Option<&Payload>,
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        let at = index.get();
        self.apply(slot, index, length(self.known(slot).view.commit))?;
        let ledger = &self.checkers.record.ledger;
        let (Some(previous), Some(link)) = (ledger.at(at - 1), ledger.at(at)) else {
            return Ok(());
        };
        if at <= self.base() {
            return Ok(());
        }
        let term = term.unwrap_or(link.term);
        let same = match payload {
            Some(payload) => {
                previous.then(&Entry { index, term, payload: payload.clone() }) == link
            }
            None => term == link.term,
        };
        if same { Ok(()) } else { StateMachineSafety::another(server, at) }
    }

    /// A server applies this index: the next one, up to its commit index.
    fn apply(&mut self, slot: usize, index: LogIndex, commit: u64) -> Verdict {
        StateMachineSafety::check_next(&mut self.at(slot), index.get(), commit)?;
        let known = self.known_mut(slot);
        known.applied = index.get();
        known.view.applied = Some(index);
        Ok(())
    }

    /// A server applies an entry, in a trace without logs, and maybe without commit indexes.
    ///
    /// # Errors
    /// State Machine Safety.
    pub fn applied_unlogged(
        &mut self,
        server: NodeId,
        index: LogIndex,
        reported: (Option<Term>, Option<&Payload>),
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        let at = index.get();
        let commit = self.known(slot).view.commit.map_or(u64::MAX, LogIndex::get);
        self.apply(slot, index, commit)?;
        let known = self.unlogged.entry(at).or_default();
        let same_term = reported.0.is_none_or(|term| *known.0.get_or_insert(term) == term);
        let same_payload = reported
            .1
            .is_none_or(|payload| known.1.get_or_insert_with(|| payload.clone()) == payload);
        if same_term && same_payload {
            return Ok(());
        }
        StateMachineSafety::another(server, at)
    }

    /// A server's commit index, in a trace without logs.
    ///
    /// # Errors
    /// Monotonicity.
    pub fn advanced(&mut self, server: NodeId, to: LogIndex) -> Result<(), Violation> {
        let slot = self.slot(server);
        let after = View { commit: Some(to), ..self.known(slot).view };
        Monotonicity::check_forward(&mut self.at(slot), &after)?;
        self.known_mut(slot).view = after;
        Ok(())
    }

    /// Takes what a server applied for committed, in a trace without commit indexes.
    ///
    /// # Errors
    /// State Machine Safety.
    pub fn took_for_committed(&mut self, server: NodeId, to: LogIndex) -> Result<(), Violation> {
        let slot = self.slot(server);
        if to.get() <= self.base() {
            return Ok(());
        }
        StateMachineSafety::check_agreed(&self.at(slot), to.get())?;
        if self.knows_committed() < to.get() {
            let term = self.known(slot).view.term;
            self.checkers.record.commit(slot, to.get(), term);
        }
        Ok(())
    }

    /// The content of a server's log is unknown from now on.
    pub fn forget_log(&mut self, server: NodeId) {
        let slot = self.slot(server);
        let base = self.base();
        let server = self.known_mut(slot);
        server.log.truncate(base);
        server.durable_log.truncate(base);
        server.view = View { role: Role::Follower, ..server.view };
    }

    /// The next entry that a server applies is behind this index: it started, or it did not report what it had
    /// applied before.
    pub fn resumes(&mut self, server: NodeId, applied: u64) {
        let slot = self.slot(server);
        self.known_mut(slot).applied = applied;
    }

    /// A server takes a snapshot of its own up to here.
    ///
    /// # Errors
    /// Snapshots: it was never committed.
    pub fn snapshotted(&mut self, server: NodeId, last: Position) -> Result<(), Violation> {
        let slot = self.slot(server);
        self.at(slot).count(Property::Snapshots);
        self.check_snapshot_of(slot, last)
    }

    /// A server installs a snapshot up to here, in place of its log if that does not have the snapshot's last
    /// entry. False if its content was not reported.
    ///
    /// # Errors
    /// Snapshots: it was never committed. Leader Append-Only: a leader replaced its log.
    pub fn installed(&mut self, server: NodeId, last: Position) -> Result<bool, Violation> {
        let slot = self.slot(server);
        let index = last.index.get();
        self.at(slot).count(Property::Snapshots);
        if index > self.knows_committed() {
            let Some(other) = self.copy_of(last) else { return Ok(false) };
            // A snapshot stands for what is committed.
            let term = self.known(slot).view.term;
            self.checkers.record.commit(other, index, term);
        }
        self.check_snapshot_of(slot, last)?;
        let Record { servers, ledger, .. } = &mut self.checkers.record;
        let server = &mut servers[slot];
        let kept = server.log.at(index).is_some_and(|link| link.term == last.term);
        if !kept {
            if server.view.role == Role::Leader {
                LeaderAppendOnly::replaced(server.id, last)?;
            }
            server.log.truncate(index);
            server.log.adopt(ledger, index);
        }
        server.applied = server.applied.max(index);
        server.view.applied = LogIndex::new(server.applied);
        Ok(true)
    }

    fn check_snapshot_of(&mut self, slot: usize, last: Position) -> Verdict {
        if last.index.get() <= self.base() || last.index.get() > self.knows_committed() {
            return Ok(());
        }
        Snapshots::check_committed(&self.at(slot), last)
    }
}
