//! States that look wrong and are legal: every one of them is a false alarm that an oracle stated a
//! little too strongly would raise.

use super::Property;
use super::tests_history::{History, entry, heartbeat, raises, silent, success};
use crate::subject::{Role, View};
use crate::words::{LogIndex, NodeId, Term};

/// Votes may arrive late: S1 wins term 2 when term 3 has committed what S1 does not have.
#[test]
fn leader_of_an_older_term_elected_late_lacks_newer_commits() {
    let mut history = History::new(5);
    history.stand(1, 2);
    history.grant(2, 1, 2);
    history.grant(3, 1, 2);
    history.elect(4, 3, &[2, 3]);
    history.propose(4);
    history.replicate(4, 2);
    history.replicate(4, 3);
    silent(history.commit(4, 1));
    silent(history.lead(1));
    silent(history.send(1, 5, 2, heartbeat()));
    assert_eq!(history.exercised(Property::ElectionSafety), 2);
}

/// Leader Completeness goes by the term of the commit: S2's entry of term 1 is committed in term 3,
/// and the leader of term 2, elected late, owes it nothing.
#[test]
fn entry_of_a_lower_term_committed_in_a_higher_one() {
    let mut history = History::given(&[(&[], 1, None), (&[1], 1, None), (&[], 1, None)]);
    // S1 wins the vote of S3 for term 2, and learns it only at the end.
    history.stand(1, 2);
    history.grant(3, 1, 2);
    history.elect(2, 3, &[3]);
    history.propose(2);
    history.replicate(2, 3);
    silent(history.commit(2, 2));
    silent(history.lead(1));
    // In term 4 the entry is owed.
    silent(history.enter(1, Role::Follower, 3, None));
    history.stand(1, 4);
    raises(history.lead(1), Property::LeaderCompleteness, "up to index 2 in lower terms");
}

/// Two leaders commit the same entries, the one of the lower term last: from then on they count as
/// committed in the lower term, and the leader of the higher one had them all along.
#[test]
fn old_leader_learns_late_that_its_entry_is_committed() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    history.propose(1);
    history.replicate(1, 2);
    history.elect(2, 2, &[3]);
    history.propose(2);
    history.replicate(2, 3);
    silent(history.commit(2, 2));
    assert_eq!(history.exercised(Property::LeaderCompleteness), 0);
    silent(history.commit(1, 1));
    assert_eq!(history.exercised(Property::LeaderCompleteness), 1);
    assert_eq!(history.committed_len(), 2);
    // Entry 1 is owed from term 2 on now, entry 2 from term 3 on.
    let ledger = &history.oracles.ledger;
    assert_eq!([2, 3].map(|term| ledger.committed_before(Term(term))), [1, 2]);
}

/// A majority of disks commits, and the leader's own need not be among them.
#[test]
fn leaders_own_disk_lacks_the_committed_entry() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    silent(history.write(1, 1, &[1]));
    history.replicate(1, 2);
    history.replicate(1, 3);
    silent(history.commit(1, 1));
    // It loses the entry, and still must not win over those who have it.
    history.crash(1);
    silent(history.restart(1));
    assert_eq!(history.last(1), None);
    history.elect(2, 2, &[1]);
}

/// commitIndex and lastApplied are volatile: both start over, and entries are applied anew.
#[test]
fn commit_and_applied_go_back_over_a_restart() {
    let mut history = History::two_committed();
    silent(history.apply(1, &[entry(1, 1), entry(2, 1)]));
    history.crash(1);
    silent(history.restart(1));
    assert_eq!(history.committed(1), 0);
    silent(history.commit(1, 1));
    silent(history.apply(1, &[entry(1, 1)]));
    // With the commit index behind, an entry that others committed is still where it was.
    silent(history.write(1, 2, &[1]));
}

/// A state machine that survives crashes boots with what it has applied, and goes on from there.
#[test]
fn durable_state_machine_goes_on_after_a_restart() {
    let mut history = History::two_committed();
    silent(history.apply(1, &[entry(1, 1)]));
    history.crash(1);
    let first = LogIndex::new(1);
    let view = View {
        term: Term(1),
        voted_for: Some(NodeId(1)),
        commit: first,
        applied: first,
        ..View::default()
    };
    silent(history.restart_as(1, view));
    silent(history.commit(1, 2));
    silent(history.apply(1, &[entry(2, 1)]));
}

/// S2's entry 1/1 is committed in term 3 by others, S2 does not know, and gets the late AppendEntries
/// of the leader of term 2, which has another entry there.
#[test]
fn old_leaders_append_truncates_what_was_committed_elsewhere() {
    let mut history = History::given(&[
        (&[], 1, None),
        (&[1], 1, None),
        (&[1], 1, None),
        (&[], 1, None),
        (&[], 1, None),
    ]);
    history.elect(1, 2, &[4, 5]);
    history.propose(1);
    history.elect(3, 3, &[4, 5]);
    history.propose(3);
    history.replicate(3, 4);
    history.replicate(3, 5);
    silent(history.commit(3, 2));
    history.replicate(1, 2);
    assert_eq!(history.exercised(Property::CommittedNeverTruncated), 1);
    // In the end it takes the committed entries, and commits them.
    history.replicate(3, 2);
    silent(history.commit(2, 2));
}

/// An acknowledgement waits for the disk, and leaves when its server follows a later leader that
/// made it drop the acknowledged entry.
#[test]
fn held_acknowledgement_leaves_in_a_later_term() {
    let mut history = History::new(5);
    history.elect(1, 1, &[2, 3]);
    history.propose(1);
    history.elect(4, 2, &[3, 5]);
    history.propose(4);
    silent(history.write(2, 1, &[1]));
    history.flush(2);
    silent(history.enter(2, Role::Follower, 2, None));
    silent(history.write(2, 1, &[2]));
    // Term 1 is what the disk has, term 2 what the server is in.
    silent(history.send(2, 1, 1, success(1)));
    history.flush(2);
    silent(history.send(2, 1, 1, success(1)));
}

/// Votes and requests for them that waited for the disk leave when their server has moved on.
#[test]
fn held_vote_leaves_in_a_later_term() {
    let mut history = History::new(3);
    silent(history.enter(1, Role::Candidate, 1, Some(1)));
    silent(history.enter(2, Role::Follower, 1, Some(1)));
    history.flush(1);
    history.flush(2);
    silent(history.enter(1, Role::Candidate, 2, Some(1)));
    silent(history.enter(2, Role::Candidate, 2, Some(2)));
    silent(history.ask(1, 1));
    history.flush(1);
    silent(history.ask(1, 2));
    history.flush(2);
    silent(history.vote(2, 1, 1));
    // The vote for term 1 does not count in the election of term 2.
    assert_eq!(history.exercised(Property::NoRivalEntry), 0);
}

/// A crash takes back a vote that was on its way to the disk and not sent: the server may give it to
/// another.
#[test]
fn vote_that_was_never_durable_is_given_again() {
    let mut history = History::new(3);
    silent(history.enter(2, Role::Follower, 1, Some(1)));
    history.crash(2);
    silent(history.restart(2));
    history.stand(3, 1);
    history.grant(2, 3, 1);
    silent(history.lead(3));
}

/// Logs that a crash cut back may grow again with other entries, under the next leader.
#[test]
fn entries_that_were_never_durable_are_replaced() {
    let mut history = History::new(3);
    history.elect(1, 1, &[2]);
    silent(history.write(1, 1, &[1, 1]));
    history.crash(1);
    silent(history.restart(1));
    history.elect(1, 2, &[3]);
    history.propose(1);
    assert_eq!(history.last(1).map(|last| last.to_string()), Some("1/2".to_owned()));
    history.replicate(1, 3);
    silent(history.commit(1, 1));
}

/// A run may begin with entries of a term that a server has still to reach.
#[test]
fn given_entries_are_nobodys_rivals() {
    let given: &[(&[u64], u64, Option<u32>)] =
        &[(&[3], 3, None), (&[], 2, None), (&[], 2, None), (&[], 2, None), (&[], 2, None)];
    let mut history = History::given(given);
    history.stand(3, 3);
    history.grant(4, 3, 3);
    history.elect(1, 4, &[2, 4]);
    history.replicate(1, 2);
    // S2 wrote the given entry of term 3, as a follower of term 4: still not a rival's.
    history.grant(5, 3, 3);
    assert_eq!(history.exercised(Property::NoRivalEntry), 2);
}

/// With two leaders at once the one of the lower term is deposed without knowing: it goes on sending
/// and appending, and commits nothing.
#[test]
fn deposed_leader_goes_on_in_its_term() {
    let mut history = History::two_committed();
    history.elect(2, 2, &[3]);
    history.propose(1);
    silent(history.send(1, 3, 1, heartbeat()));
    raises(history.commit(1, 3), Property::QuorumDurability, "1 servers of 3");
}
