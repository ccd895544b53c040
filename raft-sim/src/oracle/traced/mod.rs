//! What the trace of a cluster tells, one event at a time: into the same books and past the same checks as the steps
//! of a run.
//!
//! A trace tells less than a run, and in no order between servers. So here each check stands alone, and whoever reads
//! the trace makes it when the order can't matter any more: what must have been before has been told, or can't come.
//! Nothing here waits, and nothing here is guessed: a check that lacks what it needs is not made.

mod restart;

use super::chain::Chain;
use super::configuration::{InForce, has_quorum};
use super::property::violated;
use super::state::{Author, Server};
use super::{Oracles, Property, Violation};
use crate::subject::{LogWrite, Role, View};
use crate::words::{
    Entry, HardState, LogIndex, Membership, NodeId, Payload, Position, Term, length,
};

pub use restart::{Came, Found};

/// Whether a quorum agrees to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// It does.
    Reached,
    /// It would, if those agree of whom it may be.
    Possible,
    /// It does not and never did.
    Impossible,
    /// Nobody knows the configuration.
    Unknown,
}

/// Of whom a trace may not tell all that they did in time.
type May<'a> = &'a dyn Fn(NodeId) -> bool;

impl Oracles {
    /// Oracles over the servers of a trace, none of which has told anything. These are the voters of the first
    /// configuration; none, if nobody knows. What logs hold up to `base` nobody knows, and it is taken to be the
    /// same in all of them and committed.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn of_trace(servers: &[NodeId], voters: &[NodeId], base: u64) -> Oracles {
        let mut oracles = Oracles::with_members(servers, voters);
        oracles.in_force = InForce::Untold;
        for server in &mut oracles.servers {
            server.log.begin_behind(base);
            server.durable_log.begin_behind(base);
        }
        oracles.table.begin_behind(base);
        oracles.ledger.begin_behind(base);
        oracles
    }

    /// A server tells for the first time, and that it has found this on its found. What its log has it does not say.
    pub fn began(&mut self, server: NodeId, found: &Found) {
        let slot = self.slot(server);
        let voted_for = found.voted_for.flatten();
        let server = &mut self.servers[slot];
        server.durable = HardState { term: found.term, voted_for };
        server.written = server.durable;
        if let Some(candidate) = voted_for {
            server.votes.insert(found.term, candidate);
        }
        server.view = View { term: found.term, voted_for, ..View::default() };
    }

    /// A server tells something without having told how it started. Its term is at most this; of its disk nothing is
    /// known.
    pub fn appeared(&mut self, server: NodeId, term: Term) {
        let slot = self.slot(server);
        self.servers[slot].view = View { term, ..View::default() };
    }

    /// A server whose log has this entry now.
    pub(super) fn copy_of(&self, at: Position) -> Option<usize> {
        let has = |log: &Chain| {
            let link = log.at(at.index.get()).filter(|_| at.index.get() > self.ledger.base());
            link.is_some_and(|link| link.term == at.term)
        };
        self.servers.iter().position(|server| has(&server.log))
    }

    /// A server is in this term at least, and does not lead it: it says nothing of the terms that it comes to.
    pub fn came_to(&mut self, server: NodeId, term: Term) {
        let slot = self.slot(server);
        let view = &mut self.servers[slot].view;
        if term > view.term {
            *view = View { role: Role::Follower, term, voted_for: None, ..*view };
        }
    }

    /// A server takes a role in a term, and votes for itself unless it follows.
    ///
    /// # Errors
    /// Monotonicity, Legal Roles, Election Safety.
    pub fn moved(&mut self, server: NodeId, role: Role, term: Term) -> Result<(), Violation> {
        let slot = self.slot(server);
        let before = self.servers[slot].view;
        let voted_for = match role {
            Role::Candidate | Role::Leader => Some(server),
            Role::Follower => before.voted_for.filter(|_| before.term == term),
        };
        let after = View { role, term, voted_for, ..before };
        self.check_forward(slot, &after)?;
        self.check_roles(slot, &after)?;
        if role == Role::Leader && (before.role, before.term) != (role, term) {
            self.check_new_leader(slot, term)?;
        }
        self.servers[slot].view = after;
        Ok(())
    }

    /// A server that became leader of a term has all that was committed in lower ones.
    ///
    /// # Errors
    /// Leader Completeness.
    pub fn completes(&mut self, server: NodeId, term: Term) -> Result<(), Violation> {
        let slot = self.slot(server);
        self.check_complete(slot, term)
    }

    /// A server was elected, and what it does is not judged as a leader's: nobody says how long it leads, or what its
    /// log had.
    pub fn only_elected(&mut self, server: NodeId) {
        let slot = self.slot(server);
        self.servers[slot].view.role = Role::Candidate;
    }

    /// A server votes, or takes its vote to be given.
    ///
    /// # Errors
    /// Monotonicity.
    pub fn voted(
        &mut self,
        server: NodeId,
        term: Term,
        candidate: NodeId,
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        let before = self.servers[slot].view;
        let role = if term > before.term { Role::Follower } else { before.role };
        let after = View { role, term, voted_for: Some(candidate), ..before };
        self.check_forward(slot, &after)?;
        self.servers[slot].view = after;
        Ok(())
    }

    /// A vote is durable, and will not be taken back.
    ///
    /// # Errors
    /// One Vote per Term, No Rival Entry.
    pub fn gave(&mut self, server: NodeId, term: Term, candidate: NodeId) -> Result<(), Violation> {
        let slot = self.slot(server);
        self.check_vote(slot, term, candidate)
    }

    /// Whether a quorum voted for a server in its term, of any configuration that may be in force on it: the latest
    /// that its log had when it stood (§6), or, as some do it, the latest that it has applied.
    #[must_use]
    pub fn votes_for(&self, server: NodeId, term: Term, may: May<'_>) -> Quorum {
        let slot = self.slot(server);
        self.any_quorum(slot, may, |voter| {
            let voter = self.find(voter).map(|slot| &self.servers[slot].votes);
            voter.is_some_and(|votes| votes.get(&term) == Some(&server))
        })
    }

    /// Whether a quorum agrees, of any configuration in the log of a server from the last one on that it is known to
    /// have applied.
    fn any_quorum(&self, slot: usize, may: May<'_>, is: impl Fn(NodeId) -> bool) -> Quorum {
        let Server { log, view, .. } = &self.servers[slot];
        let applied = length(view.applied);
        let mut best = Quorum::Impossible;
        for nth in (0..=log.configurations.len()).rev() {
            let (at, configuration) = log.configurations.nth(nth);
            match self.quorum(configuration, may, &is) {
                Quorum::Impossible => {}
                Quorum::Possible => best = Quorum::Possible,
                found @ (Quorum::Reached | Quorum::Unknown) => return found,
            }
            if at <= applied {
                break;
            }
        }
        best
    }

    fn quorum(
        &self,
        configuration: &Membership,
        may: May<'_>,
        is: &impl Fn(NodeId) -> bool,
    ) -> Quorum {
        match () {
            () if configuration.voters.is_empty() => Quorum::Unknown,
            () if has_quorum(configuration, is) => Quorum::Reached,
            () if has_quorum(configuration, |server| is(server) || may(server)) => Quorum::Possible,
            () => Quorum::Impossible,
        }
    }

    /// Legal Roles (Figure 4, §5.2): a candidate becomes leader when it has received votes from a majority, and
    /// this one has not.
    ///
    /// # Errors
    /// Always.
    pub fn not_elected(&self, server: NodeId, term: Term) -> Result<(), Violation> {
        let detail =
            format!("{server} became leader of term {term} without the votes of a majority");
        violated(Property::LegalRoles, server, detail)
    }

    /// A server changes its log, as it sees it.
    ///
    /// # Errors
    /// Leader Append-Only, Log Matching, Log Terms, Committed Never Truncated, Configurations.
    pub fn wrote(&mut self, server: NodeId, write: &LogWrite) -> Result<(), Violation> {
        let slot = self.slot(server);
        let after = self.servers[slot].view;
        let result = self.check_log_write(slot, write, &after);
        // Who made an entry may not have told it yet.
        self.authors.retain(|_, author| *author != Author::Unknown);
        self.servers[slot].authored = None;
        result
    }

    /// Whether what a leader commits up to here is durable on a quorum, of any configuration that was in force on
    /// it since it had the entry.
    #[must_use]
    pub fn holds(&self, server: NodeId, to: u64, may: May<'_>) -> Quorum {
        let slot = self.slot(server);
        let Some(link) = self.servers[slot].log.at(to) else { return Quorum::Unknown };
        self.any_quorum(slot, may, |voter| self.is_durable(voter, to, link))
    }

    /// A server commits up to here.
    ///
    /// # Errors
    /// Monotonicity, and of a leader Commit Own Term, Quorum Durability, Leader Completeness; of a follower, if
    /// nobody else may have committed it before, and of both State Machine Safety.
    pub fn committed(
        &mut self,
        server: NodeId,
        to: LogIndex,
        may: May<'_>,
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        let after = View { commit: Some(to), ..self.servers[slot].view };
        self.check_forward(slot, &after)?;
        let to = to.get();
        let leads = after.role == Role::Leader;
        if to <= self.ledger.base() || to <= length(self.servers[slot].view.commit) {
            self.servers[slot].view = after;
            return Ok(());
        }
        if leads {
            let link = self.check_own_term(slot, to, after.term)?;
            match self.holds(server, to, may) {
                Quorum::Unknown | Quorum::Possible => {}
                Quorum::Reached => self.count(Property::QuorumDurability),
                Quorum::Impossible => {
                    let configuration = self.servers[slot].log.configurations.latest().1;
                    self.short_of_a_quorum(slot, (to, link), configuration)?;
                }
            }
        }
        if self.ledger.len().min(to) > self.ledger.base() {
            self.count(Property::StateMachineSafety);
        }
        if !leads && self.ledger.len() < to && !self.servers.iter().any(|other| may(other.id)) {
            self.check_decided(slot, to)?;
        }
        self.check_agreed(slot, to)?;
        if leads || self.ledger.len() < to {
            self.ledger.commit(&self.servers[slot].log, to, after.term);
            self.check_higher_leaders(slot, to, after.term)?;
        }
        self.servers[slot].view = after;
        Ok(())
    }

    /// A server applies the entry at this index, of which it tells its term, or all, or nothing.
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
        self.check_next(slot, at, length(self.servers[slot].view.commit))?;
        self.servers[slot].view.applied = Some(index);
        let (Some(previous), Some(link)) = (self.ledger.at(at - 1), self.ledger.at(at)) else {
            return Ok(());
        };
        if at <= self.ledger.base() {
            return Ok(());
        }
        let term = term.unwrap_or(link.term);
        let same = match payload {
            Some(payload) => {
                previous.then(&Entry { index, term, payload: payload.clone() }) == link
            }
            None => term == link.term,
        };
        if same { Ok(()) } else { self.applied_another(slot, at) }
    }

    /// A server applies an entry, in a trace that tells nothing of logs, and maybe nothing of commit indexes.
    ///
    /// # Errors
    /// State Machine Safety.
    pub fn applied_unlogged(
        &mut self,
        server: NodeId,
        index: LogIndex,
        told: (Option<Term>, Option<&Payload>),
    ) -> Result<(), Violation> {
        let slot = self.slot(server);
        let at = index.get();
        let commit = self.servers[slot].view.commit.map_or(u64::MAX, LogIndex::get);
        self.check_next(slot, at, commit)?;
        self.servers[slot].view.applied = Some(index);
        let known = self.unlogged.entry(at).or_default();
        let same_term = told.0.is_none_or(|term| *known.0.get_or_insert(term) == term);
        let same_payload =
            told.1.is_none_or(|payload| known.1.get_or_insert_with(|| payload.clone()) == payload);
        if same_term && same_payload {
            return Ok(());
        }
        self.applied_another(slot, at)
    }

    /// A server's commit index, in a trace that tells nothing of logs.
    ///
    /// # Errors
    /// Monotonicity.
    pub fn advanced(&mut self, server: NodeId, to: LogIndex) -> Result<(), Violation> {
        let slot = self.slot(server);
        let after = View { commit: Some(to), ..self.servers[slot].view };
        self.check_forward(slot, &after)?;
        self.servers[slot].view = after;
        Ok(())
    }

    /// What a server applied is taken for committed, in a trace that tells nothing of commit indexes.
    ///
    /// # Errors
    /// State Machine Safety.
    pub fn took_for_committed(&mut self, server: NodeId, to: LogIndex) -> Result<(), Violation> {
        let slot = self.slot(server);
        if to.get() <= self.ledger.base() {
            return Ok(());
        }
        self.check_agreed(slot, to.get())?;
        if self.ledger.len() < to.get() {
            let term = self.servers[slot].view.term;
            self.ledger.commit(&self.servers[slot].log, to.get(), term);
        }
        Ok(())
    }

    /// What is in a server's log nobody knows any more.
    pub fn forget_log(&mut self, server: NodeId) {
        let slot = self.slot(server);
        let base = self.ledger.base();
        let server = &mut self.servers[slot];
        server.log.truncate(base);
        server.durable_log.truncate(base);
        server.view = View { role: Role::Follower, ..server.view };
    }

    /// A server of whose log nobody knows what is in it becomes leader.
    ///
    /// # Errors
    /// Election Safety.
    pub fn led(&mut self, server: NodeId, term: Term) -> Result<(), Violation> {
        let slot = self.slot(server);
        self.check_new_leader(slot, term)
    }

    /// A server's state, as far as it is told.
    #[must_use]
    pub fn view_of(&self, server: NodeId) -> View {
        self.servers[self.slot(server)].view
    }

    /// Up to which index nobody knows what is in the logs.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.ledger.base()
    }

    /// What a server applies next is behind this index: it started, or nobody told what it had applied before.
    pub fn resumes(&mut self, server: NodeId, applied: u64) {
        let slot = self.slot(server);
        self.servers[slot].applied = applied;
    }

    /// How much is committed.
    #[must_use]
    pub fn knows_committed(&self) -> u64 {
        self.ledger.len()
    }

    /// A server takes a snapshot of its own up to here.
    ///
    /// # Errors
    /// Snapshots: it was never committed.
    pub fn snapshotted(&mut self, server: NodeId, last: Position) -> Result<(), Violation> {
        let slot = self.slot(server);
        self.count(Property::Snapshots);
        self.check_snapshot_of(slot, last)
    }

    /// A server installs a snapshot up to here, in place of its log if that does not have the snapshot's last entry.
    /// False if nobody told what it stands for.
    ///
    /// # Errors
    /// Snapshots: it was never committed. Leader Append-Only: a leader replaced its log.
    pub fn installed(&mut self, server: NodeId, last: Position) -> Result<bool, Violation> {
        let slot = self.slot(server);
        let index = last.index.get();
        self.count(Property::Snapshots);
        if index > self.ledger.len() {
            let Some(other) = self.copy_of(last) else { return Ok(false) };
            // A snapshot stands for what is committed.
            let term = self.servers[slot].view.term;
            self.ledger.commit(&self.servers[other].log, index, term);
        }
        self.check_snapshot_of(slot, last)?;
        let server = &mut self.servers[slot];
        let kept = server.log.at(index).is_some_and(|link| link.term == last.term);
        if !kept {
            if server.view.role == Role::Leader {
                let id = server.id;
                let detail = format!("{id}, a leader, replaced its log by a snapshot up to {last}");
                violated(Property::LeaderAppendOnly, id, detail)?;
            }
            server.log.truncate(index);
            server.log.adopt(&self.ledger, index);
        }
        server.applied = server.applied.max(index);
        server.view.applied = LogIndex::new(server.applied);
        Ok(true)
    }

    fn check_snapshot_of(&self, slot: usize, last: Position) -> Result<(), Violation> {
        if last.index.get() <= self.ledger.base() || last.index.get() > self.ledger.len() {
            return Ok(());
        }
        self.check_committed(slot, last)
    }
}
