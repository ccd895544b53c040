//! `raft-sim check` as its user meets it: files of both forms, wrong files, verdicts and exit codes, and the examples
//! in `docs/histories.md`.

mod program;

use std::fs;
use std::path::Path;

use program::{root, said, shows};

/// Runs `raft-sim check` on a file with these bytes and returns its exit code, standard output and standard error.
fn check(test: &str, name: &str, bytes: &[u8], options: &[&str]) -> (i32, String, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check").join(test);
    fs::create_dir_all(&folder).expect("a folder is made");
    fs::write(folder.join(name), bytes).expect("a file is written");
    said(&folder, &[&["check", name], options].concat())
}

#[test]
fn the_page_shows_the_real_output() {
    assert!(shows("docs/histories.md") >= 3, "the page has fewer commands");
}

#[test]
fn the_exit_code_is_that_of_the_worst_file() {
    let (legal, illegal) = ("docs/histories/legal.edn", "docs/histories/stale-read.jsonl");
    assert_eq!(said(&root(), &["check", legal]).0, 0);
    assert_eq!(said(&root(), &["check", legal, illegal]).0, 1);
    let (code, out, err) = said(&root(), &["check", "no-such-file", illegal, legal]);
    assert_eq!(code, 2);
    assert!(
        out.contains("not linearizable")
            && out.contains("legal.edn: 5 operations, 2 keys: linearizable"),
        "{out}"
    );
    assert!(err.contains("no-such-file: cannot be read: "), "{err}");
    assert_eq!(said(&root(), &["check"]).0, 2);
}

#[test]
fn as_json() {
    let files = ["docs/histories/legal.edn", "docs/histories/stale-read.jsonl", "no-such-file"];
    let (code, out, _) = said(&root(), &[&["check", "--format", "json"], &files[..]].concat());
    assert_eq!(code, 2);
    let document: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    let verdict = |at: usize| document["histories"][at]["verdict"].as_str().unwrap_or_default();
    assert_eq!([0, 1, 2].map(verdict), ["linearizable", "illegal", "unusable"]);
    let illegal = &document["histories"][1];
    assert_eq!((&illegal["key"], &illegal["events"]), (&"x".into(), &9.into()));
    assert_eq!(illegal["core"].as_array().map(Vec::len), Some(3), "{illegal}");
    assert_eq!(document["histories"][0]["operations"], 5);
}

#[test]
fn pages_show_the_histories() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check-pages");
    let _ = fs::remove_dir_all(&folder);
    let folder = folder.to_str().expect("a path in UTF-8");
    let stale = "docs/histories/stale-read.jsonl";
    let (code, out, _) = said(&root(), &["check", stale, stale, "--view", folder]);
    assert_eq!(code, 1);
    for name in ["stale-read.html", "stale-read-2.html"] {
        let path = Path::new(folder).join(name);
        assert!(out.contains(&format!("drawn in {}", path.display())), "{out}");
        let page = fs::read_to_string(path).expect("the page is there");
        assert!(page.contains("\"conflict\":{\"reason\":\""), "it has the explanation");
    }
    let (code, _, err) = said(&root(), &["check", stale, "--view", folder]);
    assert_eq!(code, 2);
    assert!(err.contains("is not empty; expected a new folder for the pages"), "{err}");
}

/// Thirty writes at once of a register with versions, and a read of a version that it can't have: too many orders for one
/// mebibyte.
#[test]
fn a_search_that_takes_too_much_memory_has_no_verdict() {
    let mut text = String::new();
    for kind in ["invoke", "ok"] {
        for process in 0..30 {
            text += &format!(
                "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"write\",\"value\":{process}}}\n"
            );
        }
    }
    text += "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n";
    text += "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1,\"version\":31}\n";
    let (code, out, _) = check("gave-up", "h.jsonl", text.as_bytes(), &["--memory", "1"]);
    let expected = "h.jsonl: 31 operations, 1 key: no verdict\n\
                the search gave up after 8192 configurations: more don't fit into 1 MiB (--memory)\n\
                of the first 61 events an order is known\n";
    assert_eq!((code, out.as_str()), (4, expected));
}

#[test]
fn an_error_in_a_file_is_reported_with_its_place() {
    let invoke = r#"{"process":0,"type":"invoke","f":"write","value":1}"#;
    let read = r#"{"process":0,"type":"invoke","f":"read"}"#;
    for (what, text, place, expected) in [
        ("unknown type", invoke.replace("invoke", "done"), ":1:21", "unknown type `done`"),
        ("unknown f", invoke.replace("write", "touch"), ":1:34", "unknown operation `touch`"),
        ("unknown field", invoke.replace("value", "val"), ":1:1", "no event has a field `val`"),
        ("no value", invoke.replace(",\"value\":1", ""), ":1:1", "the event has no `value`"),
        ("a fraction", invoke.replace(":1}", ":1.5}"), ":1:50", "a whole number of 64 bits"),
        ("saw", invoke.replace(":1}", ":1,\"saw\":2}"), ":1:58", "at a cas that failed"),
        (
            "half a transaction",
            r#"{"process":0,"type":"invoke","f":"txn","value":[["append","x"]]}"#.to_owned(),
            ":1:48",
            "expected steps",
        ),
        (
            "two keys",
            r#"{"process":0,"type":"invoke","f":"txn","value":[["r","x",null],["r","y",null]]}"#
                .to_owned(),
            ":1:48",
            "a transaction of several keys",
        ),
        ("completion alone", invoke.replace("invoke", "ok"), ":1:1", "has not invoked anything"),
        (
            "twice",
            format!("{invoke}\n\n {invoke}\n"),
            ":3:2",
            "before its last operation completed",
        ),
        (
            "another value",
            format!("{invoke}\n{}", invoke.replace("invoke", "ok").replace(":1}", ":2}")),
            ":2:1",
            "completes what it did not invoke",
        ),
        (
            "another key",
            format!("{invoke}\n{}", invoke.replace("invoke", "ok").replace('}', ",\"key\":\"k\"}")),
            ":2:1",
            "completes what it did not invoke",
        ),
        (
            "a read without value",
            format!("{read}\n{}", read.replace("invoke", "ok")),
            ":2:1",
            "the event has no `value`",
        ),
        (
            "after info",
            format!("{invoke}\n{}\n{read}", invoke.replace("invoke", "info")),
            ":3:1",
            "another process number",
        ),
        ("cut off", format!("{invoke}\n{}", &invoke[..30]), ":2:31", "ends in the middle"),
        ("not JSON", invoke.replace("\"type\"", "type"), ":1:14", "not JSON"),
        ("a list", format!("[{invoke}]"), ":1:1", "no brackets"),
        ("empty", String::new(), ":1:1", "the history is empty"),
        ("prose", "hello".to_owned(), ":1:1", "not a history"),
        ("EDN cut off", "{:process 0, :type :invoke, :f".to_owned(), ":1:31", "ends in the middle"),
        (
            "EDN type",
            "{:process 0, :type :maybe, :f :read}".to_owned(),
            ":1:20",
            "unknown type `:maybe`",
        ),
        (
            "EDN f",
            "{:process 0, :type :invoke, :f :cut, :value 1}".to_owned(),
            ":1:32",
            "unknown operation `cut`",
        ),
        (
            "EDN value",
            "[{:process 0, :type :invoke, :f :write, :value [:x 1/2]}]".to_owned(),
            ":1:52",
            "a whole number of 64 bits",
        ),
        ("EDN bracket", "[{:process 0]".to_owned(), ":1:13", "`]` closes what was not opened"),
        (
            "nemesis alone",
            "{:process :nemesis, :type :info, :f :kill}".to_owned(),
            ":1:43",
            "no client does anything",
        ),
    ] {
        let (code, out, err) = check("wrong", "h", text.as_bytes(), &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{what}: {err}");
        assert!(err.contains(&format!("--> h{place}\n")), "{what}: {err}");
        assert!(err.contains(expected), "{what}: {err}");
    }
    let (code, _, err) = check("wrong", "h", &[invoke.as_bytes(), b"\n{\"\xff"].concat(), &[]);
    assert!(code == 2 && err.contains("--> h:2:3") && err.contains("not UTF-8"), "{err}");
}

#[test]
fn jepsen_s_forms() {
    let bare = "{:type :invoke, :f :cas, :value [1 2], :process 0}{:type :fail, :f :cas, :value [1 2], :process 0}";
    let vector = format!("[{bare}]");
    let tagged = bare.replace("{:", "#jepsen.history.Op{:extra {:a #{1 \\] \"]\"}}, #_ ignored :");
    let keyed = bare.replace("[1 2]", "[\"k\" [1 2]]");
    for text in [bare, vector.as_str(), tagged.as_str(), keyed.as_str()] {
        let (code, out, err) = check("jepsen", "h", text.as_bytes(), &[]);
        assert_eq!((code, out.as_str()), (0, "h: 1 operation, 1 key: linearizable\n"), "{err}");
    }
}

/// Runs `raft-sim check` on a case and returns its exit code and the first lines of its verdict.
fn case(name: &str) -> (i32, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (code, out, err) = said(&folder, &["check", name]);
    assert_eq!(err, "", "{name}");
    let verdict = out.split("\n\n").next().unwrap_or_default();
    (code, verdict.trim_end().strip_prefix(name).expect("it is named").to_owned())
}

/// Recordings of other tools say why an operation is unknown, or nothing, in the place of its value.
#[test]
fn an_unknown_operation_is_that_of_its_invocation() {
    for name in ["unknown-with-a-reason.edn", "unknown-without-a-value.edn"] {
        assert_eq!(case(name), (0, ": 2 operations, 1 key: linearizable".to_owned()));
    }
}

#[test]
fn a_refused_compare_and_set_counts_if_it_names_what_it_saw() {
    assert_eq!(case("refused-cas.jsonl"), (0, ": 2 operations, 1 key: linearizable".to_owned()));
    let (code, verdict) = case("refused-cas-saw-another-value.jsonl");
    let expected = ": 2 operations, 1 key: not linearizable\n\
                    client 1 was refused a change of 1 because it saw 3, which was never written before";
    assert_eq!((code, verdict.as_str()), (1, expected));
}

#[test]
fn values_are_numbers_texts_or_nothing() {
    assert_eq!(
        case("nothing-and-texts.jsonl"),
        (0, ": 4 operations, 1 key: linearizable".to_owned())
    );
}

/// One read alone shows that it is stale: a write of another value lies between it and all writes of its value. No
/// search could tell in the memory that there is.
#[test]
fn a_stale_read_among_many_clients_needs_no_search() {
    let (code, verdict) = case("stale-read-of-40-clients.jsonl");
    assert_eq!(code, 1, "{verdict}");
    insta::assert_snapshot!(verdict);
}

#[test]
fn the_value_that_a_register_holds_instead_is_named() {
    let (code, verdict) = case("many-writes-of-few-values.jsonl");
    assert_eq!(code, 1, "{verdict}");
    assert!(!verdict.contains("holds  by then"), "{verdict}");
    insta::assert_snapshot!(verdict);
}

#[test]
fn locks_texts_lists_and_versions() {
    assert_eq!(case("texts-that-grow.edn").0, 0);
    for (name, expected) in [
        (
            "lock-taken-twice.jsonl",
            "client 2 took the lock and the operations below contradict each other",
        ),
        (
            "list-read-in-two-orders.edn",
            "client 2 read [1 2], but in each order of what was before, the register holds nothing or [1] or [2] by then",
        ),
        (
            "version-made-twice.jsonl",
            "client 1 wrote \"b\" and the operations below contradict each other",
        ),
    ] {
        let (code, verdict) = case(name);
        assert_eq!(code, 1, "{name}: {verdict}");
        assert!(verdict.contains(expected), "{name}: {verdict}");
    }
}
