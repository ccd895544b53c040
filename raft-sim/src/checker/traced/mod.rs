//! The checkers over the trace of a cluster: each event goes into the same record and to the same checkers as the
//! steps of a run.
//!
//! A trace reports less than a run, and has no order between servers. So each check is a method of its own. The
//! reader of the trace calls it when the order can't matter any more: everything that must come before has been
//! reported, or can't come. Nothing here waits, and nothing here is guessed: a check that lacks what it needs is
//! not made.

mod behind;
mod found;
mod logs;
mod restart;

use std::collections::BTreeMap;

use super::chain::Chain;
use super::checkers::Checkers;
use super::properties::Property;
use super::properties::hooks::{Checker, Context};
use super::properties::leader_completeness::LeaderCompleteness;
use super::properties::monotonicity::Monotonicity;
use super::properties::violation::{Violation, violated};
use super::quorum::has_quorum;
use super::record::InForce;
use super::server::Server;
use crate::model::{HardState, Membership, NodeId, Payload, Position, Term, length};
use crate::subject::{Role, View};

pub use found::{Found, Restarted};

/// The agreement of a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// A quorum agrees.
    Reached,
    /// A quorum would agree, together with the servers that may agree.
    Possible,
    /// No quorum agrees, or ever did.
    Impossible,
    /// The configuration is unknown.
    Unknown,
}

/// The servers for which a trace may lack some of what they did in time.
type May<'a> = &'a dyn Fn(NodeId) -> bool;

/// The checkers over what the trace of a cluster tells.
#[derive(Debug)]
pub struct Traced {
    checkers: Checkers,
    /// The last entry of each log, S1 first, whose content is unknown: where its known part begins.
    behind: Vec<Option<Position>>,
    /// The terms of the entries before the first ones whose content is known, by the terms of these.
    before: BTreeMap<Term, Term>,
    /// The last term that each server led, S1 first.
    led: Vec<Option<Term>>,
    /// Entries that were applied, in a trace that has no logs.
    unlogged: BTreeMap<u64, (Option<Term>, Option<Payload>)>,
}

impl Traced {
    /// Checkers over the servers of a trace, none of which has reported anything. `voters` are the voters of the
    /// first configuration; none, if they are unknown. The content of logs up to `base` is unknown, and is taken to
    /// be the same in all of them and committed.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn new(servers: &[NodeId], voters: &[NodeId], base: u64) -> Traced {
        let mut checkers = Checkers::with_members(servers, voters);
        checkers.record.in_force = InForce::Unreported;
        checkers.record.begin_behind(base);
        let count = servers.len();
        Traced {
            checkers,
            behind: vec![None; count],
            before: BTreeMap::new(),
            led: vec![None; count],
            unlogged: BTreeMap::new(),
        }
    }

    /// The number of times that a property was exercised.
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
        Context::of(record, slot, exercised)
    }

    /// A server reports for the first time, that it has found this on its disk. It does not report the content of
    /// its log.
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

    /// A server reports something without having reported its start. Its term is at most this; nothing is known of
    /// its disk.
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

    /// A server is in this term at least, and does not lead it: it does not report the terms that it enters.
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
        let at = &mut Context::of(record, slot, exercised);
        list.monotonicity.moves(at, &after)?;
        list.legal_roles.turns(at, &after)?;
        list.no_rival_entry.turns(at, &after)?;
        if role == Role::Leader && (before.role, before.term) != (role, term) {
            self.led(server, term)?;
        }
        if role == Role::Leader {
            self.led[slot] = Some(term);
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

    /// A server was elected, but is not judged as a leader: the trace does not report how long it leads, or the
    /// content of its log.
    pub fn only_elected(&mut self, server: NodeId) {
        let slot = self.slot(server);
        self.known_mut(slot).view.role = Role::Candidate;
    }

    /// A server votes, or assumes that its vote was given.
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
        let at = &mut Context::of(record, slot, exercised);
        list.one_vote_per_term.votes(at, term, candidate)?;
        list.no_rival_entry.votes(at, term, candidate)
    }

    /// The votes of a quorum for a server in its term, of any configuration that may be in force on it: the latest
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

    /// The agreement of a quorum, of any configuration in the log of a server from the last one on that it is known
    /// to have applied.
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

    /// True if something holds for a configuration in the log of a server, from the last one on that it is known to
    /// have applied.
    fn any_configuration(&self, slot: usize, is: impl Fn(&Membership) -> bool) -> bool {
        let Server { log, view, .. } = self.known(slot);
        let applied = length(view.applied);
        let in_log = (0..=log.configurations.len()).rev().map(|nth| log.configurations.nth(nth));
        let behind = in_log.clone().take_while(|(at, _)| *at > applied).count();
        in_log.take(behind + 1).any(|(_, configuration)| is(configuration))
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

    /// The durability on a quorum of what a leader commits up to here, of any configuration that was in force on it
    /// since it had the entry.
    #[must_use]
    pub fn holds(&self, server: NodeId, to: u64, may: May<'_>) -> Quorum {
        let slot = self.slot(server);
        let Some(link) = self.known(slot).log.at(to) else { return Quorum::Unknown };
        self.any_quorum(slot, may, |voter| self.checkers.record.is_durable(voter, to, link))
    }

    /// A server's state, as far as it is reported.
    #[must_use]
    pub fn view_of(&self, server: NodeId) -> View {
        self.known(self.slot(server)).view
    }

    /// The index up to which the content of the logs is unknown.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.checkers.record.ledger.base()
    }

    /// The index up to which entries are committed.
    #[must_use]
    pub fn knows_committed(&self) -> u64 {
        self.checkers.record.ledger.len()
    }

    /// A server whose log has unknown content becomes leader.
    ///
    /// # Errors
    /// Election Safety.
    pub fn led(&mut self, server: NodeId, term: Term) -> Result<(), Violation> {
        let slot = self.slot(server);
        let Checkers { record, list, exercised, .. } = &mut self.checkers;
        let at = &mut Context::of(record, slot, exercised);
        list.election_safety.elected(at, term)
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
