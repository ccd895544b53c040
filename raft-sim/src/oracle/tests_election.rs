//! The properties of elections, and of the list of all properties: for each a history that raises exactly its alarm, next to a
//! legal one that is close to it, stays silent, and does put the property to the test.

use super::Property;
use super::tests_history::{History, heartbeat, raises, silent};
use crate::subject::{Role, View};
use crate::words::{NodeId, Term};

#[test]
fn properties_are_told_by_number_name_and_section() {
    let mut names: Vec<&str> = Property::ALL.iter().map(|property| property.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Property::ALL.len());
    let numbers: Vec<u8> = Property::ALL.iter().map(|property| property.number()).collect();
    assert_eq!(numbers, Vec::from_iter(1..=42));
    for (place, property) in Property::ALL.into_iter().enumerate() {
        assert_eq!(property as usize, place);
        assert_eq!(property.title().to_lowercase().replace(' ', "-").len(), property.name().len());
    }
}

#[test]
fn election_safety_two_leaders_of_one_term() {
    let mut history = History::new(3);
    history.elect(1, 4, &[2]);
    silent(history.enter(3, Role::Candidate, 4, Some(3)));
    let verdict = history.lead(3);
    let words =
        "Election Safety (Figure 3, §5.2): S3 became leader of term 4, which S1 already leads";
    raises(verdict, Property::ElectionSafety, words);
}

#[test]
fn election_safety_append_entries_of_another_leaders_term() {
    let mut history = History::new(3);
    history.elect(1, 4, &[2]);
    let verdict = history.send(2, 3, 4, heartbeat());
    raises(verdict, Property::ElectionSafety, "S2 sent an AppendEntries of term 4");
}

#[test]
fn election_safety_leaders_of_different_terms_are_legal() {
    let mut history = History::new(3);
    history.elect(1, 4, &[2]);
    history.elect(3, 5, &[2]);
    silent(history.send(1, 2, 4, heartbeat()));
    silent(history.send(3, 2, 5, heartbeat()));
    silent(history.send(1, 2, 4, heartbeat()));
    assert_eq!(history.exercised(Property::ElectionSafety), 2);
}

#[test]
fn one_vote_per_term_second_candidate() {
    let mut history = History::new(3);
    history.stand(1, 1);
    history.grant(2, 1, 1);
    let verdict = history.vote(2, 3, 1);
    raises(verdict, Property::OneVotePerTerm, "S2 voted for S3 in term 1, after voting for S1");
}

#[test]
fn one_vote_per_term_own_candidacy_is_a_vote() {
    let mut history = History::new(3);
    history.stand(1, 1);
    let verdict = history.vote(1, 3, 1);
    raises(verdict, Property::OneVotePerTerm, "after voting for S1");
}

#[test]
fn one_vote_per_term_wiped_server_votes_again() {
    let mut history = History::new(3);
    history.stand(1, 1);
    history.grant(2, 1, 1);
    history.wipe(2);
    silent(history.restart(2));
    silent(history.enter(2, Role::Follower, 1, Some(3)));
    history.flush(2);
    raises(history.vote(2, 3, 1), Property::OneVotePerTerm, "after voting for S1");
}

#[test]
fn one_vote_per_term_given_vote_counts() {
    let mut history = History::given(&[(&[], 3, Some(3)), (&[], 3, None), (&[], 3, Some(3))]);
    let verdict = history.vote(1, 2, 3);
    raises(verdict, Property::OneVotePerTerm, "S1 voted for S2 in term 3, after voting for S3");
}

#[test]
fn one_vote_per_term_repeated_reply_and_next_term_are_legal() {
    let mut history = History::new(3);
    history.stand(1, 1);
    history.grant(2, 1, 1);
    silent(history.vote(2, 1, 1));
    history.crash(2);
    silent(history.restart(2));
    silent(history.vote(2, 1, 1));
    history.stand(3, 2);
    history.grant(2, 3, 2);
    assert_eq!(history.exercised(Property::OneVotePerTerm), 4);
}

#[test]
fn no_rival_entry_of_a_term_before_its_election() {
    let mut history = History::new(3);
    history.stand(1, 1);
    // S3 never stood for term 1, and still makes an entry of it.
    silent(history.enter(3, Role::Follower, 1, None));
    silent(history.write(3, 1, &[1]));
    silent(history.enter(2, Role::Follower, 1, Some(1)));
    history.flush(2);
    let verdict = history.vote(2, 1, 1);
    raises(verdict, Property::NoRivalEntry, "voted for S1 in term 1, of which a log holds");
}

#[test]
fn no_rival_entry_of_another_leader() {
    let mut history = History::new(3);
    history.stand(1, 1);
    silent(history.enter(3, Role::Candidate, 1, Some(3)));
    silent(history.lead(3));
    history.propose(3);
    silent(history.enter(2, Role::Follower, 1, Some(1)));
    history.flush(2);
    raises(history.vote(2, 1, 1), Property::NoRivalEntry, "an entry that S3 made");
}

#[test]
fn no_rival_entry_own_entries_and_lower_terms_are_legal() {
    let mut history = History::new(5);
    history.elect(1, 1, &[2, 3]);
    history.propose(1);
    history.replicate(1, 4);
    history.grant(5, 1, 1);
    history.elect(4, 2, &[2, 3]);
    assert_eq!(history.exercised(Property::NoRivalEntry), 2);
}

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
    let view =
        View { role: Role::Leader, term: Term(1), voted_for: Some(NodeId(1)), ..View::default() };
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
