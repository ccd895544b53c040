//! Configurations, and what counts by them: for each a history that raises exactly its alarm, next to a legal
//! one that is close to it, stays silent, and does put the property to the test.

use super::Property;
use super::tests_history::{History, Verdict, raises, silent, writing};
use super::tests_moves::{configuration, members};
use crate::subject::{LogWrite, Role};
use crate::words::{Body, LogIndex, NodeId};

/// S1 leads term 1 of S1, S2 and S3, with an entry that it committed with S2's help; S4 and S5 are not members.
fn led() -> History {
    let mut history = History::with_members(5, 3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    silent(history.commit(1, 1));
    history
}

/// The same, with C_old,new from S1 S2 S3 to S3 S4 S5 at index 2, on the disk of S1.
fn joint() -> History {
    let mut history = led();
    silent(history.configure(1, &members(&[3, 4, 5], &[1, 2, 3])));
    history
}

#[test]
fn configurations_before_the_last_is_committed() {
    let mut history = led();
    silent(history.configure(1, &members(&[1, 2, 3, 4], &[])));
    let verdict = history.configure(1, &members(&[1, 2, 3, 4, 5], &[]));
    raises(verdict, Property::Configurations, "while that at index 2 is not committed");
}

#[test]
fn configurations_before_an_entry_of_the_own_term_is_committed() {
    let mut history = led();
    silent(history.commit(2, 1));
    history.elect(2, 2, &[3]);
    let verdict = history.configure(2, &members(&[1, 2], &[]));
    raises(verdict, Property::Configurations, "before it has committed an entry of its term 2");
}

#[test]
fn configurations_whose_quorums_may_not_meet() {
    let verdict = led().configure(1, &members(&[1, 2, 3, 4, 5], &[]));
    let words = "S1 appended the configuration S1 S2 S3 S4 S5 at index 2, whose quorums need not share a \
                 server with those of S1 S2 S3";
    raises(verdict, Property::Configurations, words);
    let verdict = led().configure(1, &members(&[3, 4, 5], &[1, 2, 4]));
    raises(verdict, Property::Configurations, "S3 S4 S5 with C_old S1 S2 S4");
    let mut history = joint();
    history.replicate(1, 3);
    history.replicate(1, 4);
    silent(history.commit(1, 2));
    let verdict = history.configure(1, &members(&[1, 4], &[]));
    raises(verdict, Property::Configurations, "whose quorums need not share a server");
}

#[test]
fn configurations_one_voter_or_joint_consensus_at_a_time() {
    for next in [
        members(&[1, 2, 3, 4], &[]),
        members(&[1, 2], &[]),
        members(&[1, 2, 3], &[]),
        members(&[3, 4, 5], &[1, 2, 3]),
        members(&[4, 5], &[1, 2, 3]),
    ] {
        let mut history = led();
        silent(history.configure(1, &next));
        assert_eq!(history.exercised(Property::Configurations), 1);
    }
}

#[test]
fn configurations_other_than_the_latest_in_use() {
    let mut history = joint();
    let verdict = history.show(1, |view| view.configuration = None);
    raises(
        verdict,
        Property::Configurations,
        "S1 uses the configuration at index 0, and the latest",
    );
    let verdict = led().show(1, |view| view.configuration = LogIndex::new(1));
    raises(verdict, Property::Configurations, "uses the configuration at index 1");
}

/// A configuration that was never committed goes with its entry, and the one before is in force again.
#[test]
fn configurations_are_rolled_back() {
    let mut history = joint();
    history.elect(2, 2, &[3]);
    history.propose(2);
    history.replicate(2, 1);
    assert_eq!(history.at(1).view.configuration, None);
    silent(history.commit(2, 2));
    // A crash rolls back what was not durable.
    let next = configuration(3, 2, &members(&[2, 3], &[]));
    silent(history.write_entries(2, 3, &[next]));
    history.crash(2);
    silent(history.restart(2));
    assert_eq!(history.at(2).view.configuration, None);
}

#[test]
fn quorum_durability_needs_both_halves_of_joint_consensus() {
    let mut history = joint();
    history.replicate(1, 2);
    let words = "which is on the disks of 0 servers of 3 of C_new";
    raises(history.commit(1, 2), Property::QuorumDurability, words);
    let mut history = joint();
    history.replicate(1, 4);
    history.replicate(1, 5);
    let words = "which is on the disks of 1 servers of 3 of C_old";
    raises(history.commit(1, 2), Property::QuorumDurability, words);
}

#[test]
fn quorum_durability_counts_no_learner() {
    let mut history = led();
    let mut next = members(&[1, 2, 3], &[]);
    next.learners = vec![NodeId(4)];
    silent(history.configure(1, &next));
    history.replicate(1, 4);
    raises(history.commit(1, 2), Property::QuorumDurability, "on the disks of 1 servers of 3");
}

/// The leader's commit index moves, and it appends a configuration, in one step.
fn commit_and_configure(history: &mut History, commit: u64, voters: &[u32]) -> Verdict {
    let index = history.at(1).log.len() as u64 + 1;
    let next = configuration(index, 1, &members(voters, &[]));
    history.step(1, |effects| {
        let log = LogWrite { from: next.index, entries: next.into() };
        effects.writes.push(writing(Some(log)));
        effects.view.commit = LogIndex::new(commit);
    })
}

/// C_old,new counts for its own commit, though C_new is in the log when the step ends.
#[test]
fn leader_commits_joint_consensus_and_appends_the_new_configuration_in_one_step() {
    let mut history = joint();
    history.replicate(1, 3);
    history.replicate(1, 4);
    silent(commit_and_configure(&mut history, 2, &[3, 4, 5]));
    assert_eq!(history.exercised(Property::Configurations), 2);
    let mut history = joint();
    history.replicate(1, 4);
    history.replicate(1, 5);
    let verdict = commit_and_configure(&mut history, 2, &[3, 4, 5]);
    raises(verdict, Property::QuorumDurability, "1 servers of 3 of C_old");
}

/// C_new = S1 commits index 3 by itself, in the step in which S1 committed C_old,new, at index 2, with S2.
#[test]
fn leader_commits_by_two_configurations_in_one_step() {
    let alone = || {
        let mut history = led();
        silent(history.configure(1, &members(&[1], &[1, 2, 3])));
        history
    };
    let mut history = alone();
    history.replicate(1, 2);
    history.propose(1);
    silent(commit_and_configure(&mut history, 3, &[1]));
    let mut history = alone();
    history.propose(1);
    let verdict = commit_and_configure(&mut history, 3, &[1]);
    raises(
        verdict,
        Property::QuorumDurability,
        "up to index 3, which is on the disks of 1 servers of 3",
    );
}

/// A leader that is not part of C_new commits it without counting itself, and steps down.
#[test]
fn leader_outside_the_new_configuration_commits_it() {
    let mut history = led();
    silent(history.configure(1, &members(&[2, 3], &[])));
    history.replicate(1, 2);
    raises(history.commit(1, 2), Property::QuorumDurability, "on the disks of 1 servers of 2");
    let mut history = led();
    silent(history.configure(1, &members(&[2, 3], &[])));
    history.replicate(1, 2);
    history.replicate(1, 3);
    // It commits as a leader, though it is none when the step ends.
    silent(history.show(1, |view| {
        view.commit = LogIndex::new(2);
        view.role = Role::Follower;
    }));
    assert_eq!(history.committed_len(), 2);
    history.elect(3, 2, &[2]);
}

/// Alone is who is the only voter of its configuration, however many servers there are.
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
        let mut history = led();
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

/// S4 votes when it is asked, though it is no voter: that elects nobody.
#[test]
fn vote_from_outside_the_configuration_elects_nobody() {
    let mut history = led();
    history.replicate(1, 3);
    history.stand(2, 2);
    silent(history.enter(3, Role::Candidate, 2, Some(3)));
    silent(history.lead(3));
    history.propose(3);
    history.grant(4, 2, 2);
    silent(history.enter(1, Role::Follower, 2, Some(2)));
    history.flush(1);
    raises(history.vote(1, 2, 2), Property::NoRivalEntry, "an entry that S3 made");
}

/// S5 lost the election to S1, and then took over a configuration in which its votes are a majority: the last
/// of them waited for a disk.
#[test]
fn votes_count_in_the_configuration_of_their_election() {
    let mut history = History::new(5);
    history.stand(5, 1);
    silent(history.enter(4, Role::Follower, 1, Some(5)));
    history.flush(4);
    history.elect(1, 1, &[2, 3]);
    history.propose(1);
    for (others, next) in [([2, 3], [1, 3, 4, 5].as_slice()), ([3, 4], [1, 4, 5].as_slice())] {
        others.into_iter().for_each(|other| history.replicate(1, other));
        let last = history.at(1).log.len() as u64;
        silent(history.commit(1, last));
        silent(history.configure(1, &members(next, &[])));
    }
    silent(history.enter(5, Role::Follower, 1, Some(5)));
    history.replicate(1, 5);
    assert_eq!(history.at(5).view.configuration, LogIndex::new(3));
    silent(history.vote(4, 5, 1));
    // S1 was elected, S5 was not.
    assert_eq!(history.exercised(Property::NoRivalEntry), 1);
}

#[test]
fn match_index_beyond_the_followers_disk() {
    let mut history = led();
    history.propose(1);
    raises(history.matched(1, 2, 2), Property::MatchIndex, "the matchIndex 2 of S1 for S2 is not");
    let log = history.at(1).log.clone();
    let mut history = led();
    history.propose(1);
    silent(history.write_entries(2, 2, &log[1..]));
    // Written is not durable.
    raises(history.matched(1, 2, 2), Property::MatchIndex, "is not what that has on its disk");
}

#[test]
fn match_index_beyond_the_leaders_log() {
    let mut history = History::given(&[(&[1], 1, None), (&[1, 1], 1, None), (&[], 1, None)]);
    history.elect(1, 2, &[3]);
    raises(history.matched(1, 2, 2), Property::MatchIndex, "is not what that has on its disk");
}

#[test]
fn match_index_goes_back() {
    let mut history = led();
    history.propose(1);
    history.replicate(1, 2);
    silent(history.matched(1, 2, 2));
    raises(history.matched(1, 2, 1), Property::MatchIndex, "for S2 went back from 2");
}

/// Figure 2: matchIndex is initialized after each election.
#[test]
fn match_index_starts_over_in_a_new_leadership() {
    let mut history = led();
    history.propose(1);
    history.replicate(1, 2);
    silent(history.matched(1, 2, 2));
    history.elect(2, 2, &[3]);
    silent(history.enter(1, Role::Follower, 2, None));
    history.elect(1, 3, &[2]);
    silent(history.matched(1, 2, 1));
    silent(history.matched(1, 2, 1));
    assert_eq!(history.exercised(Property::MatchIndex), 2);
}

/// The acknowledgement of a follower arrives when that follows another leader, which made it drop the
/// entry: the old leader can't know.
#[test]
fn match_index_of_a_deposed_leader_is_history() {
    let mut history = led();
    history.propose(1);
    history.replicate(1, 3);
    history.elect(2, 2, &[3]);
    history.propose(2);
    history.replicate(2, 3);
    silent(history.matched(1, 3, 2));
    assert_eq!(history.exercised(Property::MatchIndex), 0);
}

/// A server goes and comes back in one leadership: a late acknowledgement is all that the leader knows of it.
#[test]
fn match_index_starts_over_when_a_server_comes_back() {
    let mut history = led();
    history.replicate(1, 3);
    silent(history.matched(1, 3, 1));
    silent(history.configure(1, &members(&[1, 2], &[])));
    history.replicate(1, 2);
    history.replicate(1, 3);
    silent(history.matched(1, 3, 2));
    silent(history.commit(1, 2));
    silent(history.matched(1, 3, 1));
    silent(history.configure(1, &members(&[1, 2, 3], &[])));
    silent(history.matched(1, 3, 1));
}

#[test]
fn election_safety_snapshots_and_transfers_come_from_the_leader() {
    let mut history = led();
    silent(history.send(1, 2, 1, Body::TimeoutNow));
    silent(history.enter(3, Role::Follower, 1, None));
    history.flush(3);
    let verdict = history.send(3, 2, 1, Body::TimeoutNow);
    raises(
        verdict,
        Property::ElectionSafety,
        "S3 sent a TimeoutNow of term 1, which S1 already leads",
    );
}
