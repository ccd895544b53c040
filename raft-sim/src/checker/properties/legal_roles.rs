//! Legal Roles (15).

use super::Property;
use crate::checker::properties::hooks::{Boot, Checker, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::has_quorum;
use crate::checker::record::{InForce, Record};
use crate::model::length;
use crate::subject::{Role, View};

/// Legal Roles (Figure 4, §5.1): a server starts up as follower; a follower that times out starts
/// an election in a new term; a candidate that receives a majority of the votes becomes leader
/// of that term; a leader stays leader of its term until it steps down to follower.
///
/// The only voter of its configuration needs no other vote: a step takes it from follower to leader.
///
/// A learner waits (dissertation §4.2.1): it neither stands nor leads. It may have voted in the configuration
/// before, and then it is the one to stand (§4.2.2 there), until it knows that its own is committed. If it is not
/// reported when a configuration is in force, the server may not have applied that one, and is not judged.
#[derive(Debug)]
pub(in crate::checker) struct LegalRoles;

impl LegalRoles {
    fn check(at: &mut Context<'_>, after: &View) -> Verdict {
        let server = at.server();
        let before = &server.view;
        if before.role == after.role && before.term == after.term {
            return check_own_vote(at, after);
        }
        let configured = at.record.in_force(at.slot, after);
        let (old, new) = (before.term, after.term);
        let (index, configuration) = server.log.configurations.nth(configured);
        let alone = has_quorum(configuration, |voter| voter == server.id);
        let learns = at.record.in_force != InForce::Unreported
            && configuration.learners.contains(&server.id)
            && !configuration.outgoing.contains(&server.id)
            && index <= length(after.commit);
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
            at.count(Property::LegalRoles);
        }
        match breach {
            None => check_own_vote(at, after),
            Some(what) => {
                violated(Property::LegalRoles, server.id, format!("{} {what}", server.id))
            }
        }
    }
}

/// A server that stands in a term, or leads it, has voted for itself in it (§5.2).
#[inline]
fn check_own_vote(at: &Context<'_>, after: &View) -> Verdict {
    let id = at.id();
    if after.role == Role::Follower || after.voted_for == Some(id) {
        return Ok(());
    }
    let role = if after.role == Role::Leader { "leader" } else { "candidate" };
    let detail = format!("{id} is {role} of term {} without its own vote", after.term);
    violated(Property::LegalRoles, id, detail)
}

impl Checker for LegalRoles {
    fn new(_: &Record) -> LegalRoles {
        LegalRoles
    }

    #[inline]
    fn boots(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        LegalRoles::check(at, boot.view)
    }

    #[inline]
    fn moves(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        LegalRoles::check(at, after)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, raises, silent};
    use crate::model::{NodeId, Term};
    use crate::subject::{Role, View};

    #[test]
    fn legal_roles_leader_becomes_candidate() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        let verdict = history.enter(1, Role::Candidate, 2, Some(1));
        raises(verdict, Property::LegalRoles, "from leader of term 1 to candidate of term 2");
    }

    #[test]
    fn legal_roles_leader_takes_a_new_term_along() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        let verdict = history.enter(1, Role::Leader, 2, None);
        raises(verdict, Property::LegalRoles, "stayed leader when its term went from 1 to 2");
    }

    #[test]
    fn legal_roles_candidate_without_its_own_vote() {
        let mut history = History::new(3);
        let verdict = history.enter(1, Role::Candidate, 1, Some(2));
        raises(verdict, Property::LegalRoles, "S1 is candidate of term 1 without its own vote");
        let mut history = History::new(3);
        history.stand(1, 1);
        silent(history.enter(1, Role::Follower, 2, Some(2)));
        let verdict = history.enter(1, Role::Candidate, 3, None);
        raises(verdict, Property::LegalRoles, "S1 is candidate of term 3 without its own vote");
    }

    #[test]
    fn legal_roles_election_without_a_new_term() {
        let mut history = History::given(&[(&[], 1, None), (&[], 1, None), (&[], 1, None)]);
        let verdict = history.enter(1, Role::Candidate, 1, Some(1));
        raises(verdict, Property::LegalRoles, "to candidate without a new term");
    }

    #[test]
    fn legal_roles_leader_without_an_election() {
        let mut history = History::new(3);
        let verdict = history.enter(1, Role::Leader, 1, Some(1));
        raises(verdict, Property::LegalRoles, "leader of term 1 without an election");
        let mut history = History::new(3);
        history.stand(1, 1);
        let verdict = history.enter(1, Role::Leader, 2, Some(1));
        raises(verdict, Property::LegalRoles, "stood for term 1 and became leader of term 2");
    }

    #[test]
    fn legal_roles_start_as_leader() {
        let mut history = History::two_committed();
        history.crash(1);
        let view = View {
            role: Role::Leader,
            term: Term(1),
            voted_for: Some(NodeId(1)),
            ..View::default()
        };
        raises(history.restart_as(1, view), Property::LegalRoles, "without an election");
    }

    #[test]
    fn legal_roles_all_arrows_of_figure_4() {
        let mut history = History::new(3);
        history.stand(1, 1);
        history.stand(1, 2);
        silent(history.enter(1, Role::Follower, 3, None));
        history.elect(1, 4, &[2]);
        silent(history.enter(1, Role::Follower, 5, None));
        assert_eq!(history.exercised(Property::LegalRoles), 5);
    }

    #[test]
    fn legal_roles_server_alone_leads_in_one_step() {
        let mut history = History::new(1);
        silent(history.enter(1, Role::Leader, 1, Some(1)));
        assert_eq!(history.exercised(Property::LegalRoles), 1);
    }

    /// The only voter of its configuration is alone, however many servers there are.
    #[test]
    fn only_voter_leads_in_one_step() {
        let mut history = History::with_members(2, 1);
        silent(history.enter(1, Role::Leader, 1, Some(1)));
        let mut history = History::with_members(2, 2);
        let verdict = history.enter(1, Role::Leader, 1, Some(1));
        raises(verdict, Property::LegalRoles, "leader of term 1 without an election");
    }

    /// S3, a voter until now, is to be a learner: it may be the only one that can win, until it knows that this is
    /// committed.
    #[test]
    fn learner_that_knows_it_is_one_does_not_stand() {
        let learner = || {
            let mut history = History::led();
            let mut next = members(&[1, 2], &[]);
            next.learners = vec![NodeId(3)];
            silent(history.configure(1, &next));
            history.replicate(1, 2);
            history.replicate(1, 3);
            silent(history.commit(1, 2));
            history
        };
        let mut history = learner();
        silent(history.enter(3, Role::Candidate, 2, Some(3)));
        let mut history = learner();
        silent(history.commit(3, 2));
        let verdict = history.enter(3, Role::Candidate, 2, Some(3));
        raises(verdict, Property::LegalRoles, "S3 stood for election in term 2, and is a learner");
    }
}
