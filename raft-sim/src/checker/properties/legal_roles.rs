//! Legal Roles (15).

use super::Property;
use crate::checker::properties::hooks::{Boot, Checker, Context, Step, made};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::record::{InForce, Record};
use crate::model::{Body, Message, NodeId, Term, length};
use crate::subject::{Role, View};

/// Legal Roles (Figure 4, §5.1): a server starts up as follower; a follower that times out starts
/// an election in a new term; a candidate that receives a majority of the votes becomes leader
/// of that term; a leader stays leader of its term until it steps down to follower.
///
/// A step may take several arrows: a leader that learns of a later term follows it, and may stand in one after that.
/// The votes of others take messages, so only the only voter of its configuration stands and leads in one step.
///
/// A learner waits (dissertation §4.2.1): it neither stands nor leads. It may have voted in the configuration
/// before, and then it is the one to stand (§4.2.2 there), until it knows that its own is committed. If it is not
/// reported when a configuration is in force, the server may not have applied that one, and is not judged.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct LegalRoles {
    /// The sender and the term of a message of a later term that a candidate takes.
    called: Option<(NodeId, Term)>,
}

impl LegalRoles {
    fn check(at: &mut Context<'_>, after: &View) -> Verdict {
        let server = at.server;
        let before = &server.view;
        if before.role == after.role && before.term == after.term {
            return check_own_vote(at, after);
        }
        let configured = at.record.in_force(at.slot, after);
        let (old, new) = (before.term, after.term);
        let (index, configuration) = server.log.configurations.nth(configured);
        let alone = at.record.is_alone(at.slot, after);
        let learns = at.record.in_force != InForce::Unreported
            && configuration.learners.contains(&server.id)
            && !configuration.outgoing.contains(&server.id)
            && index <= length(after.commit);
        // The first term in which it can stand: a leader has to learn of a later one first.
        let stands = if before.role == Role::Leader { old.next().next() } else { old.next() };
        let breach = match (before.role, after.role) {
            (Role::Follower | Role::Candidate | Role::Leader, Role::Follower) => None,
            (_, Role::Candidate | Role::Leader) if learns && before.role != Role::Leader => {
                Some(format!("stood for election in term {new}, and is a learner"))
            }
            (Role::Candidate, Role::Candidate) => None,
            (Role::Follower | Role::Leader, Role::Candidate) if new >= stands => None,
            (Role::Follower, Role::Candidate) => {
                Some(format!("went from follower to candidate without a new term (still {new})"))
            }
            (Role::Leader, Role::Candidate) => {
                Some(format!("went from leader of term {old} to candidate of term {new}"))
            }
            (Role::Candidate, Role::Leader) if new == old => None,
            (Role::Follower | Role::Candidate | Role::Leader, Role::Leader)
                if alone && new >= stands =>
            {
                None
            }
            (Role::Follower, Role::Leader) => {
                Some(format!("went from follower to leader of term {new} without an election"))
            }
            (Role::Candidate, Role::Leader) => {
                Some(format!("stood for term {old} and became leader of term {new}"))
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
        LegalRoles { called: None }
    }

    #[inline]
    fn boots(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        LegalRoles::check(at, boot.view)
    }

    #[inline]
    fn receives(&mut self, at: &mut Context<'_>, message: &Message) {
        let view = &at.server.view;
        let later = view.role == Role::Candidate && message.term > view.term;
        self.called = later.then_some((message.from, message.term));
    }

    #[inline]
    fn turns(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        LegalRoles::check(at, after)
    }

    /// A candidate that learns of a later term follows (§5.1). One that stands in just this term by itself asks for
    /// votes in it.
    #[inline]
    fn stepped(&mut self, at: &mut Context<'_>, step: &Step<'_>) -> Verdict {
        let Some((from, term)) = self.called else { return Ok(()) };
        self.called = None;
        let view = &step.effects.view;
        if (view.role, view.term) != (Role::Candidate, term) {
            return Ok(());
        }
        let asks = |message: &Message| {
            message.term == term && matches!(message.body, Body::RequestVote { .. })
        };
        if made(step.effects).any(asks) {
            return Ok(());
        }
        let id = at.id();
        let detail =
            format!("{id}, a candidate, learned of term {term} from {from}, and stays one in it");
        violated(Property::LegalRoles, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, raises, silent, writing};
    use crate::model::{Body, HardState, Message, NodeId, Term};
    use crate::subject::{Event, Role, View, Write};

    #[test]
    fn legal_roles_leader_becomes_candidate() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        let verdict = history.enter(1, Role::Candidate, 2, Some(1));
        raises(verdict, Property::LegalRoles, "from leader of term 1 to candidate of term 2");
    }

    /// A leader learns of term 2 and stands in term 3, told by TimeoutNow or by two messages in one step.
    #[test]
    fn leader_follows_and_stands_in_one_step() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        silent(history.enter(1, Role::Candidate, 3, Some(1)));
        assert_eq!(history.exercised(Property::LegalRoles), 3);
    }

    #[test]
    fn only_voter_follows_stands_and_leads_in_one_step() {
        let mut history = History::new(1);
        silent(history.enter(1, Role::Leader, 1, Some(1)));
        silent(history.enter(1, Role::Leader, 3, Some(1)));
        raises(
            history.enter(1, Role::Leader, 4, Some(1)),
            Property::LegalRoles,
            "stayed leader when its term went from 3 to 4",
        );
    }

    #[test]
    fn candidate_that_learns_of_a_later_term_follows() {
        let stays = |term, asks: bool| {
            let mut history = History::new(3);
            history.stand(1, 1);
            let request = |from, to| {
                let body = Body::RequestVote { last: None, transfer: false };
                Message::new(NodeId(from), NodeId(to), Term(2), body)
            };
            history.event = Some(Event::Receive(request(2, 1)));
            let hard_state = HardState { term: Term(term), voted_for: Some(NodeId(1)) };
            history.step(1, |effects| {
                effects.view.term = hard_state.term;
                effects.writes.push(Write { hard_state: Some(hard_state), ..writing(None) });
                if asks {
                    effects.sends.push(request(1, 3));
                }
            })
        };
        raises(stays(2, false), Property::LegalRoles, "learned of term 2 from S2, and stays one");
        // Its timer ran out in the same step.
        silent(stays(2, true));
        silent(stays(3, false));
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

    /// A library that takes the timeout and two votes in one step reports the candidate in between.
    #[test]
    fn states_within_a_step_are_judged_as_steps() {
        let leader = View {
            role: Role::Leader,
            term: Term(1),
            voted_for: Some(NodeId(1)),
            leader: Some(NodeId(1)),
            ..View::default()
        };
        let candidate = View { role: Role::Candidate, leader: None, ..leader };
        let through = |passed: &[View]| {
            let mut history = History::new(3);
            history.grant(2, 1, 1);
            history.step(1, |effects| {
                effects.passed = passed.to_vec();
                effects.view = leader;
                let hard_state = HardState { term: Term(1), voted_for: Some(NodeId(1)) };
                effects.writes.push(Write { hard_state: Some(hard_state), ..writing(None) });
            })
        };
        silent(through(&[candidate]));
        raises(through(&[]), Property::LegalRoles, "to leader of term 1 without an election");
        let later = View { term: Term(2), ..candidate };
        raises(through(&[later]), Property::Monotonicity, "");
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
