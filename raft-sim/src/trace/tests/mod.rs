//! Judgements of small traces, written by hand.

mod partial;
mod runs;

use super::*;
use crate::checker::Property;

/// A trace in short: `2 append 1 1:x 2` is S2's `append` from index 1 on, of an entry of term 1 with the command x and
/// a no-op of term 2. `1:=1,2/3` is a configuration with the voters S1 and S2 and the learner S3. Servers that start
/// report the first configuration, S1 to S3.
fn json(short: &str) -> String {
    let entry = |word: &str| match word.split_once(':') {
        Some((term, carried)) => match carried.strip_prefix('=') {
            Some(servers) => {
                let (voters, learners) = servers.split_once('/').unwrap_or((servers, ""));
                format!(r#""term":{term},"voters":[{voters}],"learners":[{learners}]"#)
            }
            None => format!(r#""term":{term},"command":"{carried}""#),
        },
        None => format!(r#""term":{word}"#),
    };
    let pair = |word: &str, index: &str, term: &str| {
        let (left, right) = word.split_once('/').expect("a position");
        format!(r#""{index}":{left},"{term}":{right}"#)
    };
    let words: Vec<&str> = short.split(' ').collect();
    let fields = match words[1..] {
        ["start"] => r#""currentTerm":0,"votedFor":null,"lastLogIndex":0,"voters":[1,2,3]"#.into(),
        ["start", term, vote, last] => {
            let last = pair(last, "lastLogIndex", "lastLogTerm");
            format!(r#""currentTerm":{term},"votedFor":{vote},{last}"#)
        }
        ["vote", term, candidate] => format!(r#""term":{term},"candidate":{candidate}"#),
        ["append", from, ref entries @ ..] => {
            let entries: Vec<String> =
                entries.iter().map(|word| format!("{{{}}}", entry(word))).collect();
            format!(r#""from":{from},"entries":[{}]"#, entries.join(","))
        }
        ["commit", index] => format!(r#""commitIndex":{index}"#),
        ["apply", index, word] => format!(r#""index":{index},{}"#, entry(word)),
        ["snapshot" | "install", last] => pair(last, "lastIncludedIndex", "lastIncludedTerm"),
        ["durable", events] => format!(r#""events":{events}"#),
        [_, term] => format!(r#""term":{term}"#),
        _ => panic!("{short}"),
    };
    format!(r#"{{"server":{},"event":"{}",{fields}}}"#, words[0], words[1])
}

fn parsed(lines: &str) -> Trace {
    let text: Vec<String> =
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(json).collect();
    read(&[("t".to_owned(), text.join("\n").into_bytes())]).expect(lines)
}

/// The property that a trace violates, with the lines of the events that show it.
fn violated(lines: &str) -> Option<(Property, Vec<u32>)> {
    let trace = parsed(lines);
    let (violation, events) = judge(&trace).violation?;
    Some((violation.property, events.iter().map(|at| trace.event(*at).line).collect()))
}

/// Three servers. S1 is elected, with the vote of S2, and appends a no-op that S2 has, too.
const BEGIN: &str = "1 start\n2 start\n3 start\n1 candidate 1\n2 vote 1 1\n3 follower 1\n1 leader 1\n1 append 1 1\n2 append 1 1\n";

#[test]
fn a_violation_of_each_property_is_found() {
    use Property::*;
    for (lines, property, at) in [
        ("1 candidate 1\n1 leader 1\n2 candidate 1\n2 leader 1", ElectionSafety, &[2, 4][..]),
        ("1 start\n2 vote 1 1\n2 vote 1 3", OneVotePerTerm, &[2, 3]),
        ("2 start\n2 vote 1 1\n2 start 1 3 0/0", Monotonicity, &[2, 3]),
        ("2 start\n2 vote 1 1\n2 start 0 null 0/0", Monotonicity, &[2, 3]),
        ("2 start\n2 follower 3\n2 start 2 null 0/0", Monotonicity, &[2, 3]),
        ("2 append 1 1 1\n2 commit 2\n2 commit 1", Monotonicity, &[2, 3]),
        (
            "1 follower 1\n1 append 1 1\n1 leader 2\n1 append 2 2 2\n1 append 3 2",
            LeaderAppendOnly,
            &[3, 5],
        ),
        ("1 append 1 1:x\n2 append 1 1:y", LogMatching, &[1, 2]),
        ("1 append 1 1:x 2:z\n2 append 1 1:x\n3 append 1 1:w 2:z", LogMatching, &[1, 3]),
        ("1 start\n1 follower 2\n1 append 1 3\n2 leader 1", LogTerms, &[2, 3]),
        ("1 append 1 3 2", LogTerms, &[1]),
        ("1 append 1 1:x 1:y\n1 commit 2\n1 append 2 2:z", CommittedNeverTruncated, &[2, 3]),
        (
            "1 append 1 1:x\n2 vote 1 3\n1 leader 2\n1 commit 1\n1 follower 3\n2 follower 3",
            CommitOwnTerm,
            &[3, 1, 4],
        ),
        ("1 append 1 1:x\n1 commit 1\n2 append 1 2:y\n2 commit 1", StateMachineSafety, &[2, 4]),
        ("1 append 1 1:x\n1 commit 1\n1 apply 1 1:y", StateMachineSafety, &[2, 3]),
        ("1 apply 1 1:x\n2 apply 1 1:y", StateMachineSafety, &[1, 2]),
        ("1 apply 1 1:x\n1 apply 3 1:y", StateMachineSafety, &[2]),
        ("1 start\n1 follower 1\n1 append 1 1\n1 apply 1 1\n1 commit 1", StateMachineSafety, &[4]),
        ("1 start\n1 follower 1\n1 append 1 1\n1 commit 2", StateMachineSafety, &[4]),
        ("1 start\n1 candidate 1\n1 leader 1\n1 candidate 2\n1 follower 2", LegalRoles, &[3, 4]),
        ("1 follower 1\n1 append 1 1\n1 start 1 null 0/0", PersistBeforeSend, &[2, 3]),
        (
            "1 start\n1 follower 2\n1 append 1 1 2\n1 start 2 null 2/1",
            PersistBeforeSend,
            &[1, 3, 4],
        ),
        (
            "2 start\n2 follower 1\n2 append 1 1:x\n2 commit 1\n3 start\n3 install 1/2",
            Snapshots,
            &[6],
        ),
    ] {
        assert_eq!(violated(lines), Some((property, at.to_vec())), "{lines}");
    }
}

#[test]
fn an_entry_becomes_durable_after_its_term() {
    let durable = |then: &str| {
        format!(
            "1 start\n1 durable 1\n1 candidate 1\n1 durable 3\n1 leader 1\n1 append 1 1\n1 durable 6\n\
             1 commit 1\n1 follower 2\n2 start\n2 durable 1\n2 follower 1\n2 vote 1 1\n2 durable 4\n\
             {then}3 start\n3 durable 1\n3 follower 2\n3 durable 3"
        )
    };
    // S2 acknowledges the entry when it is on its disk. It is a candidate of term 2 then.
    assert_eq!(violated(&durable("2 append 1 1\n2 candidate 2\n2 durable 7\n")), None);
    let never = violated(&durable("2 candidate 2\n2 append 1\n2 durable 6\n"));
    assert_eq!(never.map(|(property, _)| property), Some(Property::QuorumDurability));
}

#[test]
fn entries_of_unknown_content_have_terms_that_must_fit() {
    let property = |lines: &str| violated(lines).map(|(property, _)| property);
    let start =
        "1 start 1 null 1/1\n2 start 1 null 0/0\n1 follower 2\n2 follower 2\n1 append 2 2\n";
    // The entry at index 2 is behind one of term 1 here, and of term 2 there.
    let contradicts = format!("{start}2 append 1 2 2");
    assert_eq!(property(&contradicts), Some(Property::LogMatching));
    assert_eq!(property(&format!("{start}2 append 1 1 2")), None);
    // Behind the last entry of a log, or of a snapshot, no entry is of an older term.
    assert_eq!(property("1 start 3 null 2/3\n1 append 3 2"), Some(Property::LogTerms));
    assert_eq!(property("1 start 3 null 2/3\n1 append 3 3"), None);
    let installed = "1 start 2 null 0/0\n1 install 3/2\n";
    assert_eq!(property(&format!("{installed}1 append 4 1")), Some(Property::LogTerms));
    assert_eq!(property(&format!("{installed}1 append 4 2")), None);
}

#[test]
fn a_server_may_report_several_steps_at_once() {
    for lines in [
        // A leader has committed, and follows a later one; it says so in this order or the other.
        "1 commit 1\n1 follower 2\n2 follower 3\n3 follower 3",
        "1 follower 2\n1 commit 1\n2 follower 3\n3 follower 3",
        // A leader learns of term 2 and stands in term 3.
        "1 candidate 3",
        // An old entry on every disk is in no danger.
        "3 append 1 1\n2 follower 2\n1 follower 2\n1 candidate 3\n2 vote 3 1\n1 leader 3\n1 commit 1\n3 follower 4",
    ] {
        assert_eq!(violated(&format!("{BEGIN}{lines}")), None, "{lines}");
    }
    // The cluster may be one of one server.
    assert_eq!(violated("1 append 1 1:x\n1 leader 2\n1 commit 1\n1 follower 3"), None);
}

#[test]
fn violations_across_servers_are_found() {
    use Property::*;
    for (lines, property, at) in [
        // S2 and S3 come to a later term without the entry.
        (
            "1 append 2 1:x\n1 commit 2\n2 follower 2\n3 follower 2",
            QuorumDurability,
            &[7, 10, 11][..],
        ),
        // The same for the votes: none of the others voted.
        ("3 candidate 3\n3 leader 3\n1 follower 4\n2 follower 4", LegalRoles, &[10, 11]),
        // S3 is elected by its own vote and S2's, which had what S1 committed, and lacks it.
        ("1 commit 1\n2 vote 2 3\n3 candidate 2\n3 leader 2", LeaderCompleteness, &[10, 13]),
        // And if S1 learns late that it had been committed.
        (
            "3 candidate 2\n3 leader 2\n2 vote 2 3\n1 commit 1\n1 follower 5",
            LeaderCompleteness,
            &[13, 11],
        ),
        // A follower commits what no server committed: the others are in later terms.
        ("2 commit 1\n1 follower 2\n3 follower 2", StateMachineSafety, &[10]),
        // Figure 8: an entry of term 1 is on a majority and committed in term 3.
        (
            "2 follower 2\n1 follower 2\n1 candidate 3\n2 vote 3 1\n1 leader 3\n1 commit 1\n3 follower 4",
            CommitOwnTerm,
            &[14, 8, 15],
        ),
        ("2 candidate 2\n2 vote 2 3", OneVotePerTerm, &[10, 11]),
    ] {
        assert_eq!(violated(&format!("{BEGIN}{lines}")), Some((property, at.to_vec())), "{lines}");
    }
}

#[test]
fn events_that_may_have_had_another_order_are_not_accused() {
    for lines in [
        // The commit stands before what it rests on.
        "1 commit 1\n2 commit 1\n3 append 1 1\n3 commit 1",
        // S3 may have the entry, and not say so any more.
        "1 append 2 1:x\n1 commit 2\n2 follower 2",
        // S2 commits before its leader.
        "2 commit 1\n1 commit 1",
        // A leader lacks what was committed in a term above its own (a late vote).
        "2 vote 3 1\n1 vote 2 3\n1 candidate 3\n1 leader 3\n1 append 2 3\n2 append 2 3\n1 commit 2\n3 candidate 2\n3 leader 2",
        // A follower drops what it does not know to be committed.
        "1 append 2 1:x\n2 append 2 1:x\n1 commit 2\n3 append 1 1\n3 append 2\n3 append 2 1:x",
        // A server starts with what it could not say any more.
        "2 start 4 null 3/2\n2 follower 5",
        "1 append 2 1:x\n3 append 1 1\n3 start 1 1 2/1\n3 append 3 1:y\n1 append 3 1:y\n1 commit 3",
    ] {
        assert_eq!(violated(&format!("{BEGIN}{lines}")), None, "{lines}");
    }
}

#[test]
fn only_writes_that_are_not_durable_may_be_lost() {
    let lines = "1 start\n1 follower 2\n1 durable 2\n1 append 1 1 1:x\n1 append 2 2:y 2:z\n";
    for (start, seen) in [
        ("1 start 2 null 0/0", None),
        ("1 start 2 null 1/1", None),
        ("1 start 2 null 3/2", None),
        ("1 start 1 null 3/1", Some(Property::Monotonicity)),
        ("1 durable 4\n1 start 2 null 0/0", Some(Property::PersistBeforeSend)),
        ("1 durable 4\n1 start 2 null 1/1", None),
        ("1 durable 5\n1 start 2 null 2/2", Some(Property::PersistBeforeSend)),
    ] {
        let found = violated(&format!("{lines}{start}")).map(|(property, _)| property);
        assert_eq!(found, seen, "{start}");
    }
}

#[test]
fn missing_checks_are_reported() {
    for (lines, expected) in [
        ("1 leader 1", "no `append`: all about logs"),
        ("1 leader 1", "S1 does not report how it started"),
        ("1 start\n1 vote 1 2", "S2 reports nothing"),
        ("2 start 3 null 7/2\n2 append 8 3", "the entries up to index 7 are unknown"),
        (
            "1 start\n2 start\n3 start\n2 follower 1\n2 append 1 1\n2 commit 1",
            "a follower committed",
        ),
        ("1 start\n1 leader 1\n1 append 1 1\n1 commit 1\n1 follower 2", "a leader committed"),
        (
            "1 start\n1 follower 1\n1 append 1 1\n1 start 1 null 5/1",
            "it has entries that no server reported",
        ),
        ("1 start\n1 commit 1", "no server starts again"),
        ("1 start\n1 leader 1", "no `follower`: how long a server leads"),
        ("1 leader 1", "no `start`: it is assumed that no server started again"),
        ("1 start\n1 snapshot 1/1", "no `install`: it is assumed that no server installed"),
    ] {
        let unchecked = judge(&parsed(lines)).unchecked;
        assert!(unchecked.iter().any(|what| what.contains(expected)), "{lines}: {unchecked:?}");
    }
    let whole = format!("{BEGIN}1 commit 1\n2 start 1 1 1/1\n2 commit 1\n2 apply 1 1");
    let unchecked = judge(&parsed(&whole)).unchecked;
    assert_eq!(
        unchecked,
        ["no `command` and no `digest`: of entries only index and term are compared"]
    );
}

#[test]
fn a_number_tells_the_order_and_what_is_missing() {
    let with = |seq: u64, line: &str| format!("{{\"seq\":{seq},{}", &json(line)[1..]);
    let lines = [with(5, "1 commit 1"), with(2, "1 append 1 0"), with(1, "1 start")];
    let trace = read(&[("t".to_owned(), lines.join("\n").into_bytes())]).expect("it is a trace");
    let judged = judge(&trace);
    assert_eq!(judged.violation, None);
    let missing = "events of S1 are missing between the `seq` 2 and 5";
    assert!(judged.unchecked.iter().any(|what| what == missing), "{:?}", judged.unchecked);
}
