//! The checker against small histories whose verdict is known.

use super::*;

/// A history of lines such as `0 w1`, `0 ok`, `1 r`, `1 ok 3`, `2 c1,2`, `2 info`: a process, and its invocation or
/// completion.
pub(super) fn history(events: &[&str]) -> History {
    let mut history = History::default();
    let mut open: BTreeMap<u64, Call> = BTreeMap::new();
    for event in events {
        let words: Vec<&str> = event.split(' ').collect();
        let process = words[0].parse().expect("a process");
        let number = |text: &str| Some(Value::from(text.parse::<i64>().expect("a number")));
        let (kind, call) = match words[1].split_at(1) {
            ("r", "") => (Kind::Invoke, Call::Read(None)),
            ("w", value) => (Kind::Invoke, Call::Write(number(value))),
            ("c", pair) => {
                let (old, new) = pair.split_once(',').expect("two values");
                (Kind::Invoke, Call::Cas(number(old), number(new)))
            }
            _ => {
                let seen = words.get(2).and_then(|seen| number(seen));
                let asked = open[&process].clone();
                let call = if asked == Call::Read(None) { Call::Read(seen) } else { asked };
                (Kind::named(words[1]).expect("a type"), call)
            }
        };
        open.insert(process, call.clone());
        let event = Event { process, kind, key: None, call, version: None, time: None };
        history.push(event).expect("it makes sense");
    }
    history
}

fn verdict(events: &[&str]) -> Verdict {
    check(&history(events), &Limits::default())
}

/// The explanation of an illegal history: the number of events, the processes, and the reason.
fn explained(events: &[&str]) -> String {
    match verdict(events) {
        Verdict::Illegal(explanation) => {
            let Explanation { events, operations, reason, key: _ } = *explanation;
            let processes: Vec<String> =
                operations.iter().map(|one| one.process.to_string()).collect();
            format!("{events}: {}: {reason}", processes.join(" "))
        }
        other @ (Verdict::Linearizable | Verdict::GaveUp(_)) => panic!("{other:?}: {events:?}"),
    }
}

/// Where the memory ends at a write, nothing after it needs a value: it fits behind any.
#[test]
fn a_legal_history_is_not_accused_where_the_memory_ends() {
    let pair =
        |n: i32| [format!("0 w{n}"), "0 ok".to_owned(), format!("0 c{n},-{n}"), "0 ok".to_owned()];
    let events: Vec<String> = (1..=60).flat_map(pair).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let mut gave_up = 0;
    for until in (2..=events.len()).step_by(2) {
        match check(&history(&events[..until]), &Limits { memory: 1 }) {
            Verdict::Linearizable => {}
            Verdict::GaveUp(_) => gave_up += 1,
            Verdict::Illegal(explanation) => panic!("{until}: {explanation:?}"),
        }
    }
    assert!(gave_up > 30, "{gave_up}");
    assert_eq!(verdict(&events), Verdict::Linearizable);
}

#[test]
fn legal_histories() {
    for events in [
        &["0 r", "0 ok"][..],
        &["0 w1", "1 r", "1 ok", "0 ok"],
        &["0 w1", "1 r", "1 ok 1", "0 ok"],
        &["0 w1", "0 info", "1 r", "1 ok", "1 r", "1 ok 1"],
        &["0 w1", "0 info", "1 w2", "1 ok", "1 r", "1 ok 2", "1 r", "1 ok 1"],
        &["0 w1", "0 info", "1 r", "1 ok", "1 r", "1 ok"],
        &["0 w1", "0 fail", "1 r", "1 ok"],
        &["0 w1", "0 ok", "1 c1,2", "2 r", "2 ok 2", "1 ok", "3 c1,5", "3 fail"],
        &["0 w1", "1 w2", "0 ok", "1 ok", "2 r", "3 r", "2 ok 1", "3 ok 1"],
        &["0 c1,2", "0 info", "1 w1", "1 ok", "2 r", "2 ok 2"],
        &["0 w1", "0 ok", "1 w1", "1 info", "0 w2", "0 ok", "0 r", "0 ok 1"],
        &["0 r", "1 w1"],
    ] {
        assert_eq!(verdict(events), Verdict::Linearizable, "{events:?}");
    }
}

#[test]
fn illegal_histories_and_why() {
    for (what, events, expected) in [
        (
            "stale read",
            &["0 w1", "0 ok", "1 w2", "1 ok", "2 r", "2 ok 1", "0 r", "0 ok 2"][..],
            "6: 0 1 2: client 2 read 1, but client 1 had completed its write of 2 before that began",
        ),
        (
            "lost write",
            &["0 w1", "0 ok", "1 r", "1 ok"],
            "4: 0 1: client 1 read nothing, but client 0 had completed its write of 1 before that began",
        ),
        (
            "a value never written",
            &["0 w1", "0 ok", "1 r", "1 ok 7"],
            "4: 1: client 1 read 7, which was never written before",
        ),
        (
            "a read before the write",
            &["1 r", "1 ok 7", "0 w7", "0 ok"],
            "2: 1: client 1 read 7, which was never written before",
        ),
        (
            "a cas that should have failed",
            &["0 w1", "0 ok", "1 c2,3", "1 ok"],
            "4: 1: client 1 changed 2 to 3, which was never written before",
        ),
        (
            "two cas from one value",
            &["0 w1", "0 ok", "1 c1,2", "2 c1,3", "1 ok", "2 ok"],
            "6: 0 1 2: client 2 changed 1 to 3, but in each order of what was before, the register holds 2 by then",
        ),
        (
            "a failed write seen",
            &["0 w1", "0 fail", "1 r", "1 ok 1"],
            "4: 0 1: client 1 read 1, but the write of 1 of client 0 failed",
        ),
        (
            "a write seen before it failed",
            &["0 w1", "1 r", "1 ok 1", "1 r", "1 ok 1", "0 fail", "1 r", "1 ok 1"],
            "6: 0 1: client 1 read 1, but the write of 1 of client 0 failed",
        ),
        (
            "an unknown write unseen after it was seen",
            &["0 w1", "0 info", "1 r", "1 ok 1", "2 r", "2 ok"],
            "6: 1 2: client 2 read nothing, but client 1 had read 1 before that began",
        ),
        (
            "an unknown write that happens twice",
            &["0 w1", "0 info", "1 r", "1 ok 1", "1 w2", "1 ok", "1 r", "1 ok 1"],
            "8: 1 1 1: client 1 read 1, but in each order of what was before, the register holds 2 by then",
        ),
        (
            "reads at the same time as two writes disagree on their order",
            &["0 w1", "1 w2", "2 r", "2 ok 1", "3 r", "3 ok 2", "2 r", "2 ok 1", "0 ok", "1 ok"],
            "8: 2 3 2: client 2 read 1, but in each order of what was before, the register holds 2 by then",
        ),
    ] {
        assert_eq!(explained(events), expected, "{what}");
    }
}
