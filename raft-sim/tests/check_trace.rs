//! `raft-sim check-trace` as its user meets it: verdicts, output, exit codes, files that are no traces, the traces
//! that `run --trace` writes, and the examples in `docs/traces.md`.

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{said, shows};

const START: &str = r#"{"server":1,"event":"start","currentTerm":3,"lastLogIndex":0}"#;
const LEADER: &str = r#"{"server":1,"event":"leader","term":3}"#;
const APPEND: &str = r#"{"server":1,"event":"append","from":1,"entries":[{"term":3}]}"#;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check-trace").join(test);
    fs::create_dir_all(&folder).expect("a folder is made");
    folder
}

/// Exit code and output for a file with these bytes.
fn check(test: &str, bytes: &[u8]) -> (i32, String, String) {
    let folder = folder(test);
    fs::write(folder.join("t.jsonl"), bytes).expect("a file is written");
    said(&folder, &["check-trace", "t.jsonl"])
}

#[test]
fn the_page_shows_the_real_output() {
    assert!(shows("docs/traces.md") >= 2, "the page has fewer commands");
}

#[test]
fn a_run_is_traced_and_its_trace_holds_in_one_file_or_one_for_each_server() {
    let folder = folder("run");
    let (code, ..) =
        said(&folder, &["run", "--seed", "42", "--servers", "3", "--trace", "t.jsonl", "--force"]);
    assert_eq!(code, 0);
    let (code, out, _) = said(&folder, &["check-trace", "t.jsonl"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.lines().next().is_some_and(|line| line.ends_with("all held")), "{out}");
    let text = fs::read_to_string(folder.join("t.jsonl")).expect("it was written");
    for server in 1..=4 {
        let own = format!("{{\"server\":{server},");
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&own)).collect();
        assert!(lines.len() > 10, "S{server} tells {} events", lines.len());
        fs::write(folder.join(format!("{server}.jsonl")), lines.join("\n")).expect("it is written");
    }
    let parts = said(&folder, &["check-trace", "3.jsonl", "1.jsonl", "4.jsonl", "2.jsonl"]);
    assert_eq!(parts, (0, out, String::new()));
    let (code, _, err) = said(&folder, &["run", "--seed", "5", "--trace", "no/such/folder/t"]);
    assert_eq!(code, 2);
    assert!(err.contains("no/such/folder/t: cannot be written: "), "{err}");
}

#[test]
fn exit_codes_and_verdicts() {
    let two = LEADER.replace(":1,", ":2,");
    for (test, text, code, expected) in [
        ("held", LEADER.to_owned(), 0, "1 event of 1 server: all held\n"),
        ("violated", format!("{LEADER}\n{two}\n"), 1, "Election Safety violated\n"),
        (
            "nothing",
            r#"{"server":1,"event":"durable","events":1}"#.to_owned(),
            4,
            "nothing could be checked\n",
        ),
        ("cut", format!("{LEADER}\n{}", &two[..30]), 0, "t.jsonl:2: the last line is cut off"),
    ] {
        let (found, out, err) = check(test, text.as_bytes());
        assert_eq!((found, err.as_str()), (code, ""), "{test}: {out}");
        assert!(out.contains(expected), "{test}: {out}");
    }
    let violated = folder("violated");
    let (_, out, _) = said(&violated, &["check-trace", "t.jsonl"]);
    let events =
        "  t.jsonl:1: S1 becomes leader of term 3\n  t.jsonl:2: S2 becomes leader of term 3\n";
    assert!(out.contains(events), "{out}");
    let (code, out, _) = said(&violated, &["check-trace", "--format", "json", "t.jsonl"]);
    let document: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!((code, &document["verdict"]), (1, &"violated".into()));
    assert_eq!(document["property"], "election-safety");
    assert_eq!(document["events"][1]["line"], 2);
    let (code, out, err) = said(&violated, &["check-trace", "--format", "json", "t.jsonl", "none"]);
    assert_eq!(code, 2);
    assert!(out.contains("\"unusable\"") && err.contains("none: cannot be read: "), "{out}{err}");
}

#[test]
fn an_error_in_a_file_is_reported_with_its_place() {
    let seq = |line: &str, seq: u32| line.replace(":1,", &format!(":1,\"seq\":{seq},"));
    for (what, text, place, expected) in [
        ("empty", String::new(), ":1:1", "the trace is empty"),
        ("prose", "hello\n".to_owned(), ":1:1", "not JSON"),
        ("list", format!("[{LEADER}]"), ":1:1", "not an event"),
        ("cut within", format!("{}\n{LEADER}\n", &LEADER[..20]), ":1:21", "ends in the middle"),
        ("unknown event", LEADER.replace("leader", "king"), ":1:21", "unknown event `king`"),
        ("unknown field", LEADER.replace("term", "trem"), ":1:1", "no `leader` has a field `trem`"),
        ("no term", LEADER.replace(",\"term\":3", ""), ":1:1", "the event has no `term`"),
        ("no server", LEADER.replace("\"server\":1,", ""), ":1:1", "the event has no `server`"),
        (
            "no event",
            LEADER.replace("\"event\":\"leader\",", ""),
            ":1:1",
            "the event has no `event`",
        ),
        ("term is text", LEADER.replace(":3", ":\"3\""), ":1:37", "a strange `term`"),
        ("term below 0", LEADER.replace(":3", ":-3"), ":1:37", "a whole number from 0 on"),
        ("term too large", LEADER.replace(":3", ":9223372036854775807"), ":1:37", "too large"),
        ("index 0", APPEND.replace("from\":1", "from\":0"), ":1:37", "there is no index 0"),
        ("strange entries", APPEND.replace("[{\"term\":3}]", "[7]"), ":1:50", "strange entries"),
        (
            "entry field",
            APPEND.replace("{\"term\"", "{\"x\":1,\"term\""),
            ":1:53",
            "unknown field `x`",
        ),
        (
            "two contents",
            APPEND.replace(":3}", ":3,\"command\":\"x\",\"digest\":\"y\"}"),
            ":1:49",
            "not several",
        ),
        (
            "a gap",
            format!("{START}\n{}", APPEND.replace("from\":1", "from\":3")),
            ":2:1",
            "behind a log that ends at 0: an event is missing",
        ),
        (
            "too durable",
            format!("{START}\n{{\"server\":1,\"event\":\"durable\",\"events\":2}}"),
            ":2:1",
            "2 events durable, of 1",
        ),
        ("some seq", format!("{}\n{LEADER}", seq(START, 1)), ":2:1", "but not in this one"),
        ("twice", format!("{}\n{}", seq(START, 1), seq(LEADER, 1)), ":2:1", "after line 1"),
        (
            "last of a later term",
            START.replace("lastLogIndex\":0", "lastLogIndex\":1,\"lastLogTerm\":4"),
            ":1:1",
            "a later term than the server",
        ),
        (
            "other voters",
            [",\"voters\":[1]}", ",\"voters\":[1,2]}"]
                .map(|end| START.replace('}', end))
                .join("\n"),
            ":2:1",
            "differ from those of an event before",
        ),
        (
            "many servers",
            (1..=65)
                .map(|n| LEADER.replace(":1,", &format!(":\"n{n}\",")))
                .collect::<Vec<_>>()
                .join("\n"),
            ":65:1",
            "more than 64 servers",
        ),
    ] {
        let (code, out, err) = check("wrong", text.as_bytes());
        assert_eq!((code, out.as_str()), (2, ""), "{what}: {err}");
        assert!(err.contains(&format!("t.jsonl{place}\n")), "{what}: {err}");
        assert!(err.contains(expected), "{what}: {err}");
    }
    let (code, _, err) = check("wrong", b"{\"server\":1}\n\xff");
    assert_eq!(code, 2);
    assert!(err.contains("t.jsonl:2:1\n") && err.contains("not UTF-8"), "{err}");
    let long = APPEND.replace("{\"term\":3}", &vec!["{\"term\":3}"; 100_000].join(","));
    assert_eq!(check("long", long.as_bytes()).0, 0);
    let (code, _, err) = check("long", &long.as_bytes()[..500_000]);
    assert!(code == 2 && err.contains("the trace is empty"), "{err}");
}
