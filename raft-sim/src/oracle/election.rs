//! Elections: one leader in a term (1), one vote in a term (2), no rival's entries (14), and the
//! arrows between the roles (15).

use super::configuration::{InForce, has_quorum};
use super::property::violated;
use super::state::Author;
use super::{Oracles, Property, Violation};
use crate::subject::{Role, View};
use crate::words::{NodeId, Term, length};

impl Oracles {
    /// Legal Roles (Figure 4, §5.1): a server starts up as follower; a follower that times out starts
    /// an election in a new term; a candidate that receives a majority of the votes becomes leader
    /// of that term; a leader stays leader of its term until it steps down to follower.
    ///
    /// The only voter of its configuration needs nobody else's vote: a step takes it from follower to leader.
    ///
    /// A learner waits (dissertation §4.2.1): it neither stands nor leads. It may have voted in the configuration
    /// before, and then it is the one to stand (§4.2.2 there), until it knows that its own is committed. Where nobody
    /// says when a configuration is in force it may not have applied that, and is not judged.
    pub(super) fn check_roles(&mut self, slot: usize, after: &View) -> Result<(), Violation> {
        let configured = self.in_force(slot, after);
        let knows_in_force = self.knows_in_force(slot, after);
        let server = &self.servers[slot];
        let before = &server.view;
        if before.role == after.role && before.term == after.term {
            return self.check_own_vote(slot, after);
        }
        let (old, new) = (before.term, after.term);
        let (at, configuration) = server.log.configurations.nth(configured);
        let alone = has_quorum(configuration, |voter| voter == server.id);
        let learns = self.in_force != InForce::Untold
            && configuration.learners.contains(&server.id)
            && !configuration.outgoing.contains(&server.id)
            && at <= length(after.commit);
        let breach = match (before.role, after.role) {
            (Role::Follower | Role::Candidate, Role::Candidate | Role::Leader) if learns => {
                Some(format!("stood for election in term {new}, and is a learner"))
            }
            (Role::Follower | Role::Candidate, Role::Follower) | (Role::Leader, Role::Follower) => {
                None
            }
            (Role::Follower, Role::Candidate) if new > old => None,
            (Role::Follower, Role::Candidate) => {
                Some(format!("went from follower to candidate without a new term (still {new})"))
            }
            (Role::Candidate, Role::Candidate) => None,
            (Role::Follower, Role::Leader) if alone => None,
            (Role::Follower, Role::Leader) => {
                Some(format!("went from follower to leader of term {new} without an election"))
            }
            (Role::Candidate, Role::Leader) if alone || new == old => None,
            (Role::Candidate, Role::Leader) => {
                Some(format!("stood for term {old} and became leader of term {new}"))
            }
            (Role::Leader, Role::Candidate) => {
                Some(format!("went from leader of term {old} to candidate of term {new}"))
            }
            (Role::Leader, Role::Leader) => {
                Some(format!("stayed leader when its term went from {old} to {new}"))
            }
        };
        if before.role != after.role {
            self.count(Property::LegalRoles);
        }
        if after.role == Role::Candidate && knows_in_force {
            self.servers[slot].stand(new, configured);
        }
        let server = self.servers[slot].id;
        match breach {
            None => self.check_own_vote(slot, after),
            Some(what) => violated(Property::LegalRoles, server, format!("{server} {what}")),
        }
    }

    /// Legal Roles (§5.2): who stands in a term, or leads it, has voted for itself in it.
    fn check_own_vote(&self, slot: usize, after: &View) -> Result<(), Violation> {
        let id = self.servers[slot].id;
        if after.role == Role::Follower || after.voted_for == Some(id) {
            return Ok(());
        }
        let role = if after.role == Role::Leader { "leader" } else { "candidate" };
        let detail = format!("{id} is {role} of term {} without its own vote", after.term);
        violated(Property::LegalRoles, id, detail)
    }

    /// Election Safety (Figure 3, §5.2): at most one leader can be elected in a given term. Here a
    /// server becomes leader.
    pub(super) fn check_new_leader(&mut self, slot: usize, term: Term) -> Result<(), Violation> {
        self.count(Property::ElectionSafety);
        self.servers[slot].matched.fill(0);
        self.record_leader(slot, term, "became leader of")
    }

    /// Election Safety, seen from outside: only the leader of a term sends `what`, such as its AppendEntries.
    #[inline]
    pub(super) fn check_sender(
        &mut self,
        slot: usize,
        term: Term,
        what: &str,
    ) -> Result<(), Violation> {
        if self.servers[slot].led == Some(term) {
            return Ok(());
        }
        self.record_leader(slot, term, what)
    }

    fn record_leader(&mut self, slot: usize, term: Term, what: &str) -> Result<(), Violation> {
        let server = &mut self.servers[slot];
        let id = server.id;
        let leader = *self.leaders.entry(term).or_insert(id);
        if leader == id {
            server.led = Some(term);
            return Ok(());
        }
        let detail = format!("{id} {what} term {term}, which {leader} already leads");
        violated(Property::ElectionSafety, id, detail)
    }

    /// One Vote per Term (Figure 2, §5.2): each server votes for at most one candidate in a given
    /// term. A RequestVote is its sender's vote for itself.
    ///
    /// Judged by the votes that left the server, which its crashes can't take back.
    #[inline]
    pub(super) fn check_vote(
        &mut self,
        slot: usize,
        term: Term,
        candidate: NodeId,
    ) -> Result<(), Violation> {
        let server = &mut self.servers[slot];
        if server.last_vote != Some((term, candidate)) {
            let id = server.id;
            let first = *server.votes.entry(term).or_insert(candidate);
            server.last_vote = Some((term, first));
            self.count(Property::OneVotePerTerm);
            if first != candidate {
                let detail =
                    format!("{id} voted for {candidate} in term {term}, after voting for {first}");
                violated(Property::OneVotePerTerm, id, detail)?;
            }
        }
        self.check_rivals(slot, term, candidate)
    }

    /// No Rival Entry (§5.2, §5.3): entries of a term are made by its leader, and the votes of a quorum make
    /// one leader. So when a quorum has voted for a candidate, no log can hold an entry of its term that it
    /// did not make itself.
    ///
    /// What a quorum is, the configuration says that the candidate had when it stood; one that it takes over
    /// from the leader it lost to says nothing about its votes.
    fn check_rivals(
        &mut self,
        voter: usize,
        term: Term,
        candidate: NodeId,
    ) -> Result<(), Violation> {
        let Some(slot) = self.find(candidate) else {
            return Ok(());
        };
        let election = &mut self.servers[slot].election;
        let (before, voters) = (election.voters, election.voters | 1 << voter);
        // A vote of a term that the candidate has left, or one that was counted.
        if term != election.term || voters == before {
            return Ok(());
        }
        election.voters = voters;
        let elects = |voters: u64| {
            let voted =
                |NodeId(number)| (1..=64).contains(&number) && voters >> (number - 1) & 1 == 1;
            has_quorum(&election.configuration, voted)
        };
        if elects(before) || !elects(voters) {
            return Ok(());
        }
        self.count(Property::NoRivalEntry);
        let whose = match self.authors.get(&term) {
            None | Some(Author::Given) => return Ok(()),
            Some(Author::Leader(author)) if *author == candidate => return Ok(()),
            Some(Author::Leader(author)) => format!("{author} made"),
            Some(Author::Unknown) => "no leader made".to_owned(),
        };
        let detail = format!(
            "a majority voted for {candidate} in term {term}, of which a log holds an entry that \
             {whose}"
        );
        violated(Property::NoRivalEntry, candidate, detail)
    }

    /// Remembers who made the entries of a term, for [`Property::NoRivalEntry`]: whoever leads the
    /// term when the first one is written.
    #[inline]
    pub(super) fn record_author(&mut self, slot: usize, term: Term, after: &View) {
        if self.servers[slot].authored == Some(term) {
            return;
        }
        let leads = after.term == term && self.leads(slot, after);
        let server = &mut self.servers[slot];
        server.authored = Some(term);
        let author = if leads { Author::Leader(server.id) } else { Author::Unknown };
        self.authors.entry(term).or_insert(author);
    }
}
