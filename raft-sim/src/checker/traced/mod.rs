//! What the trace of a cluster tells, one event at a time: into the same books and past the same checks as the steps
//! of a run.
//!
//! A trace tells less than a run, and in no order between servers. So here each check stands alone, and whoever reads
//! the trace makes it when the order can't matter any more: what must have been before has been told, or can't come.
//! Nothing here waits, and nothing here is guessed: a check that lacks what it needs is not made.

mod restart;

use std::collections::BTreeMap;

use super::chain::Chain;
use super::checkers::Checkers;
use super::hooks::{Checker, Commit, Context};
use super::properties::Property;
use super::properties::leader_append_only::LeaderAppendOnly;
use super::properties::leader_completeness::LeaderCompleteness;
use super::properties::monotonicity::Monotonicity;
use super::properties::quorum_durability::QuorumDurability;
use super::properties::snapshots::Snapshots;
use super::properties::state_machine_safety::StateMachineSafety;
use super::quorum::has_quorum;
use super::record::{InForce, Record};
use super::server::Server;
use super::violation::{Verdict, Violation, violated};
use crate::model::{
    Entry, HardState, LogIndex, Membership, NodeId, Payload, Position, Term, length,
};
use crate::subject::{LogWrite, Role, View, Write};

pub use restart::{Found, Restarted};

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

/// The checkers over what the trace of a cluster tells.
#[derive(Debug)]
pub struct Traced {
    checkers: Checkers,
    /// Entries that were applied, in a trace that has no logs.
    unlogged: BTreeMap<u64, (Option<Term>, Option<Payload>)>,
}

impl Traced {
    /// Checkers over the servers of a trace, none of which has told anything. These are the voters of the first
    /// configuration; none, if nobody knows. What logs hold up to `base` nobody knows, and it is taken to be the
    /// same in all of them and committed.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn new(servers: &[NodeId], voters: &[NodeId], base: u64) -> Traced {
        let mut checkers = Checkers::with_members(servers, voters);
        checkers.record.in_force = InForce::Unreported;
        checkers.record.begin_behind(base);
        Traced { checkers, unlogged: BTreeMap::new() }
    }

    /// How often a property was put to the test.
    #[must_use]
    pub fn exercised(&self, property: Property) -> u64 {
        self.checkers.exercised(property)
    }

    fn slot(&self, server: NodeId) -> usize {
        self.checkers.record.slot(server)
    }

    fn known(&self, slot: usize) -> &Server {
        &self.checkers.record.servers[slot]
    }

    fn known_mut(&mut self, slot: usize) -> &mut Server {
        &mut self.checkers.record.servers[slot]
    }

    fn at(&mut self, slot: usize) -> Context<'_> {
        let Checkers { record, exercised, .. } = &mut self.checkers;
        Context { record, slot, exercised }
    }

    /// A server tells for the first time, and that it has found this on its found. What its log has it does not say.
    pub fn began(&mut self, server: NodeId, found: &Found) {
        let slot = self.slot(server);
        let voted_for = found.voted_for.flatten();
        if let Some(candidate) = voted_for {
            self.checkers.list.one_vote_per_term.had_voted(slot, found.term, candidate);
        }
        let server = self.known_mut(slot);
        server.durable = HardState { term: found.term, voted_for };
        server.view = View { term: found.term, voted_for, ..View::default() };
    }

    /// A server tells something without having told how it started. Its term is at most this; of its disk nothing is
    /// known.
    pub fn appeared(&mut self, server: NodeId, term: Term) {
        let slot = self.slot(server);
        self.known_mut(slot).view = View { term, ..View::default() };
    }

    /// A server whose log has this entry now.
    fn copy_of(&self, at: Position) -> Option<usize> {
        let has = |log: &Chain| {
            let link = log.at(at.index.get()).filter(|_| at.index.get() > self.base());
            link.is_some_and(|link| link.term == at.term)
        };
        self.checkers.record.servers.iter().position(|server| has(&server.log))
    }

    /// A server is in this term at least, and does not lead it: it says nothing of the terms that it comes to.
    pub fn came_to(&mut self, server: NodeId, term: Term) {
        let slot = self.slot(server);
        let view = &mut self.known_mut(slot).view;
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
        let before = self.known(slot).view;
        let voted_for = match role {
            Role::Candidate | Role::Leader => Some(server),
            Role::Follower => before.voted_for.filter(|_| before.term == term),
        };
        let after = View { role, term, voted_for, ..before };
        let Checkers { record, list, exercised, .. } = &mut self.checkers;
        let at = &mut Context { record, slot, exercised };
        list.monotonicity.moves(at, &after)?;
        list.legal_roles.moves(at, &after)?;
        list.no_rival_entry.moves(at, &after)?;
        if role == Role::Leader && (before.role, before.term) != (role, term) {
            self.led(server, term)?;
        }
        self.known_mut(slot).view = after;
        Ok(())
    }

    /// A server that became leader of a term has all that was committed in lower ones.
    ///
    /// # Errors
    /// Leader Completeness.
    pub fn completes(&mut self, server: NodeId, term: Term) -> Result<(), Violation> {
        let slot = self.slot(server);
        LeaderCompleteness::check(&mut self.at(slot), term)
    }

    /// A server was elected, and what it does is not judged as a leader's: nobody says how long it leads, or what its
    /// log had.
    pub fn only_elected(&mut self, server: NodeId) {
        let slot = self.slot(server);
        self.known_mut(slot).view.role = Role::Candidate;
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
        let before = self.known(slot).view;
        let role = if term > before.term { Role::Follower } else { before.role };
        let after = View { role, term, voted_for: Some(candidate), ..before };
        Monotonicity::check_forward(&mut self.at(slot), &after)?;
        self.known_mut(slot).view = after;
        Ok(())
    }

    /// A vote is durable, and will not be taken back.
    ///
    /// # Errors
    /// One Vote per Term, No Rival Entry.
    pub fn gave(&mut self, server: NodeId, term: Term, candidate: NodeId) -> Result<(), Violation> {
        let slot = self.slot(server);
        let Checkers { record, list, exercised, .. } = &mut self.checkers;
        let at = &mut Context { record, slot, exercised };
        list.one_vote_per_term.gives(at, term, candidate)?;
        list.no_rival_entry.gives(at, term, candidate)
    }

    /// Whether a quorum voted for a server in its term, of any configuration that may be in force on it: the latest
    /// that its log had when it stood (§6), or, as some do it, the latest that it has applied.
    #[must_use]
    pub fn votes_for(&self, server: NodeId, term: Term, may: May<'_>) -> Quorum {
        let slot = self.slot(server);
        self.any_quorum(slot, may, |voter| {
            let Checkers { record, list, .. } = &self.checkers;
            let voted = |slot| list.one_vote_per_term.vote(slot, term) == Some(server);
            record.find(voter).is_some_and(voted)
        })
    }

    /// Whether a quorum agrees, of any configuration in the log of a server from the last one on that it is known to
    /// have applied.
    fn any_quorum(&self, slot: usize, may: May<'_>, is: impl Fn(NodeId) -> bool) -> Quorum {
        let Server { log, view, .. } = self.known(slot);
        let applied = length(view.applied);
        let mut best = Quorum::Impossible;
        for nth in (0..=log.configurations.len()).rev() {
            let (at, configuration) = log.configurations.nth(nth);
            match quorum(configuration, may, &is) {
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
        let after = self.known(slot).view;
        let result = self.checkers.write_log(slot, write, &after);
        self.checkers.list.no_rival_entry.forget_unknown(slot);
        result
    }

    /// A write is durable now. Those of one server come in the order in which it made them.
    pub fn persisted(&mut self, server: NodeId, write: &Write) {
        self.checkers.persisted(server, write);
    }

    /// Whether what a leader commits up to here is durable on a quorum, of any configuration that was in force on
    /// it since it had the entry.
    #[must_use]
    pub fn holds(&self, server: NodeId, to: u64, may: May<'_>) -> Quorum {
        let slot = self.slot(server);
        let Some(link) = self.known(slot).log.at(to) else { return Quorum::Unknown };
        self.any_quorum(slot, may, |voter| self.checkers.record.is_durable(voter, to, link))
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
        let after = View { commit: Some(to), ..self.known(slot).view };
        Monotonicity::check_forward(&mut self.at(slot), &after)?;
        let to = to.get();
        let leads = after.role == Role::Leader;
        if to <= self.base() || to <= length(self.known(slot).view.commit) {
            self.known_mut(slot).view = after;
            return Ok(());
        }
        let commit = &Commit { to, term: after.term, leads, configured: 0..0 };
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
            self.checkers.record.commit(slot, to, after.term);
            LeaderCompleteness::check_higher_leaders(&mut self.at(slot), to, after.term)?;
        }
        self.known_mut(slot).view = after;
        Ok(())
    }

    /// What a leader commits is of its term, and on the disks of a quorum as far as can be known.
    fn check_commit(&mut self, slot: usize, commit: &Commit, may: May<'_>) -> Verdict {
        let Checkers { record, list, exercised, .. } = &mut self.checkers;
        list.commit_own_term.commits(&mut Context { record, slot, exercised }, commit)?;
        let leader = self.known(slot);
        match (leader.log.at(commit.to), self.holds(leader.id, commit.to, may)) {
            (None, _) | (_, Quorum::Unknown | Quorum::Possible) => Ok(()),
            (Some(_), Quorum::Reached) => {
                self.at(slot).count(Property::QuorumDurability);
                Ok(())
            }
            (Some(link), Quorum::Impossible) => {
                let at = self.at(slot);
                let configuration = at.server().log.configurations.latest().1;
                QuorumDurability::short(&at, (commit.to, link), configuration)
            }
        }
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

    /// A server applies an entry, in a trace that tells nothing of logs, and maybe nothing of commit indexes.
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

    /// A server's commit index, in a trace that tells nothing of logs.
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

    /// What a server applied is taken for committed, in a trace that tells nothing of commit indexes.
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

    /// What is in a server's log nobody knows any more.
    pub fn forget_log(&mut self, server: NodeId) {
        let slot = self.slot(server);
        let base = self.base();
        let server = self.known_mut(slot);
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
        let Checkers { record, list, exercised, .. } = &mut self.checkers;
        let at = &mut Context { record, slot, exercised };
        list.election_safety.elected(at, term)
    }

    /// A server's state, as far as it is told.
    #[must_use]
    pub fn view_of(&self, server: NodeId) -> View {
        self.known(self.slot(server)).view
    }

    /// Up to which index nobody knows what is in the logs.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.checkers.record.ledger.base()
    }

    /// What a server applies next is behind this index: it started, or nobody told what it had applied before.
    pub fn resumes(&mut self, server: NodeId, applied: u64) {
        let slot = self.slot(server);
        self.known_mut(slot).applied = applied;
    }

    /// How much is committed.
    #[must_use]
    pub fn knows_committed(&self) -> u64 {
        self.checkers.record.ledger.len()
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

    /// A server installs a snapshot up to here, in place of its log if that does not have the snapshot's last entry.
    /// False if nobody told what it stands for.
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

fn quorum(configuration: &Membership, may: May<'_>, is: &impl Fn(NodeId) -> bool) -> Quorum {
    match () {
        () if configuration.voters.is_empty() => Quorum::Unknown,
        () if has_quorum(configuration, is) => Quorum::Reached,
        () if has_quorum(configuration, |server| is(server) || may(server)) => Quorum::Possible,
        () => Quorum::Impossible,
    }
}
