//! Partial traces: missing events accuse no server, and the rest is judged.

use super::*;

/// The property that is violated behind [`BEGIN`].
fn behind(lines: &str) -> Option<Property> {
    violated(&format!("{BEGIN}{lines}")).map(|(property, _)| property)
}

/// S1 leads term 1 and learns of no other leader; S2 leads term 2. No event says that a server follows.
const NO_FOLLOWER: &str = "1 start\n2 start\n3 start\n1 candidate 1\n2 vote 1 1\n1 leader 1\n1 append 1 1 1:x\n\
    2 candidate 2\n3 vote 2 2\n2 leader 2\n2 append 1 2\n3 append 1 2\n2 commit 1\n";

#[test]
fn a_server_without_follower_events_is_not_taken_for_a_leader() {
    for lines in [
        // It comes to its leader's term by an entry.
        "1 start\n2 start\n1 append 1 1\n2 append 1 1\n1 commit 1",
        // Its log is overwritten, and it commits what is not of its term.
        &format!("{NO_FOLLOWER}1 append 1 2\n1 commit 1"),
        // It stands again.
        &format!("{NO_FOLLOWER}1 candidate 3\n2 vote 3 1"),
        // S1 commits the entry of term 2 in term 4; the leader of term 3 did not need it.
        "1 start\n2 start\n3 start\n2 candidate 2\n1 vote 2 2\n2 leader 2\n2 append 1 2\n1 append 1 2\n\
         3 candidate 3\n2 vote 3 3\n3 leader 3\n1 commit 1",
    ] {
        assert_eq!(violated(lines), None, "{lines}");
    }
}

#[test]
fn properties_that_need_no_follower_events_are_judged_without_them() {
    use Property::*;
    for (lines, property) in [
        ("3 vote 2 1", OneVotePerTerm),
        ("1 append 1 2:y", LogMatching),
        ("3 append 2 1", LogTerms),
        ("3 append 1 3:z\n3 commit 1", StateMachineSafety),
        ("3 commit 1\n3 append 1 3:z", CommittedNeverTruncated),
        ("3 append 1 3:z\n3 candidate 3", LegalRoles),
        ("1 candidate 3\n1 leader 4", LegalRoles),
        ("1 candidate 3\n1 leader 3\n2 candidate 3\n2 leader 3", ElectionSafety),
    ] {
        let found = violated(&format!("{NO_FOLLOWER}{lines}")).map(|(property, _)| property);
        assert_eq!(found, Some(property), "{lines}");
    }
}

#[test]
fn a_configuration_may_be_in_force_when_it_is_applied() {
    // A leader appends one before it has committed an entry of its term.
    assert_eq!(behind("1 append 2 1:=1,2\n1 commit 1"), None);
    // A learner that has not applied that it is one stands for election.
    let learns =
        "1 append 2 1:=1,2/3\n2 append 2 1:=1,2/3\n1 commit 2\n3 append 1 1 1:=1,2/3\n3 commit 2\n";
    assert_eq!(behind(&format!("{learns}3 candidate 2")), None);
    // A leader counts by the one before.
    let counts = |between: &str| {
        let lines = format!(
            "4 start\n1 append 2 1:=1,2,3,4\n2 append 2 1:=1,2,3,4\n1 commit 2\n{between}1 append 3 1\n\
             2 append 3 1\n1 commit 3\n3 follower 2\n4 follower 2"
        );
        behind(&lines)
    };
    assert_eq!(counts(""), None);
    assert_eq!(counts("1 apply 1 1\n1 apply 2 1:=1,2,3,4\n"), Some(Property::QuorumDurability));
    // What both ask for is judged.
    assert_eq!(behind("1 append 2 1:=1,2 1:=1,2,3\n1 commit 1"), Some(Property::Configurations));
    assert_eq!(behind("1 append 2 1:=4,5,6\n1 commit 1"), Some(Property::Configurations));
}

/// S2 stands again, with a configuration that it has not applied. Of that it has the votes of a majority; but it counts
/// by the one before. S1 has not applied either of them, and is elected.
#[test]
fn votes_may_be_counted_by_a_configuration_before_the_latest() {
    let lines = "1 start\n2 start\n3 start\n4 start\n5 start\n2 candidate 1\n1 vote 1 2\n3 vote 1 2\n2 leader 1\n\
        2 append 1 1\n1 append 1 1\n2 commit 1\n2 append 2 1:=1,2,3,4\n1 append 2 1:=1,2,3,4\n2 commit 2\n\
        2 append 3 1:=1,2,3,4,5\n4 follower 1\n4 append 1 1 1:=1,2,3,4 1:=1,2,3,4,5\n5 follower 1\n\
        5 append 1 1 1:=1,2,3,4 1:=1,2,3,4,5\n2 start 1 2 3/1\n2 candidate 2\n4 vote 2 2\n5 vote 2 2\n\
        1 candidate 2\n3 vote 2 1\n1 leader 2\n1 append 3 2";
    assert_eq!(violated(lines), None);
}

#[test]
fn an_unreported_log_is_not_taken_to_be_empty() {
    let committed = "1 start\n1 candidate 1\n1 leader 1\n1 append 1 1\n1 commit 1\n1 follower 5\n";
    for lines in [
        "2 candidate 2\n2 leader 2",
        "2 leader 2",
        // What it applies says nothing of the end of its log.
        "2 apply 1 1\n2 candidate 2\n2 leader 2",
    ] {
        assert_eq!(violated(&format!("{committed}{lines}")), None, "{lines}");
    }
    // It leads when the commit of a leader before it becomes known.
    let late =
        "1 start\n1 candidate 2\n1 leader 2\n1 append 1 2\n2 leader 3\n1 commit 1\n2 follower 4";
    assert_eq!(violated(late), None);
    let with_log = format!("{committed}2 append 1 0\n2 leader 2");
    assert_eq!(
        violated(&with_log).map(|(property, _)| property),
        Some(Property::LeaderCompleteness)
    );
}

#[test]
fn a_vote_that_is_found_on_a_disk_is_counted() {
    let lines = |found: &str| {
        format!(
            "1 start\n2 start\n3 start\n1 candidate 1\n2 follower 1\n2 start 1 {found} 0/0\n1 leader 1\n\
             1 append 1 1\n2 vote 2 3\n3 follower 2\n1 follower 3"
        )
    };
    assert_eq!(violated(&lines("1")), None);
    let other = violated(&lines("null")).map(|(property, _)| property);
    assert_eq!(other, Some(Property::LegalRoles));
}

/// S1 installs a snapshot whose entries no server has, while some of its log is not durable, and dies before the
/// snapshot is.
#[test]
fn entries_that_a_log_lost_do_not_become_durable() {
    let lines = "2 start\n2 durable 1\n2 follower 3\n2 append 1 1:a 3:x\n1 start\n1 durable 1\n1 follower 2\n\
        1 append 1 1:a 1:b\n1 durable 4\n1 append 3 1:c 1:d 1:e\n1 append 3 2:f\n1 install 9/2\n\
        1 start 2 null 3/2\n1 durable 1\n1 follower 3\n1 append 2 3:x";
    assert_eq!(violated(lines), None);
}
