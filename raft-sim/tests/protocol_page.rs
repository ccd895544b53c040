//! docs/subject-protocol.md: its transcript is a conversation that `serve` has, and it has every field of the protocol.

use std::collections::BTreeSet;

use assert_cmd::Command;

const PAGE: &str = include_str!("../../docs/subject-protocol.md");
const WIRE: &str = include_str!("../../subjects/rust/src/protocol/wire.rs");

/// The first block of code below a heading.
fn block(heading: &str) -> &'static str {
    let (_, below) = PAGE.split_once(&format!("\n{heading}\n")).expect("the heading");
    let (_, block) = below.split_once("```text\n").expect("a block");
    block.split_once("```").expect("its end").0
}

/// True if a line is this text, in which `…` stands for anything.
fn is(line: &str, text: &str) -> bool {
    let (first, rest) = text.split_once('…').unwrap_or((text, ""));
    let Some(mut line) = line.strip_prefix(first) else { return false };
    for part in rest.split('…') {
        let Some(at) = line.find(part) else { return false };
        line = &line[at + part.len()..];
    }
    text.ends_with('…') || line.is_empty()
}

#[test]
fn the_election_can_be_pasted_into_serve() {
    let transcript = block("## One election");
    let folder = folder_of("election");
    let record = folder.join("record.txt");
    let served = Command::new(env!("CARGO_BIN_EXE_raft-sim"))
        .args(["serve", "--record"])
        .arg(&record)
        .write_stdin(transcript)
        .assert()
        .success();
    let said = String::from_utf8(served.get_output().stdout.clone()).expect("it is text");
    let expected: Vec<&str> =
        transcript.lines().filter_map(|line| line.strip_prefix("← ")).collect();
    assert!(expected.len() > 8, "{transcript}");
    assert_eq!(said.lines().count(), expected.len(), "{said}");
    for (line, expected) in said.lines().zip(expected) {
        assert!(is(line, expected), "{line}\nis not\n{expected}");
    }
    assert!(said.contains(r#""role":"leader""#) && said.contains(r#""applied":[{"index":1"#));

    // What was recorded is such a transcript, and is not overwritten.
    let recorded = std::fs::read_to_string(&record).expect("the record");
    let answers = recorded.lines().filter_map(|line| line.strip_prefix("← "));
    assert!(answers.eq(said.lines()), "{recorded}");
    let mut again = Command::new(env!("CARGO_BIN_EXE_raft-sim"));
    let again = again.arg("serve").write_stdin(recorded).assert().success();
    assert_eq!(String::from_utf8_lossy(&again.get_output().stdout), said);
    let mut twice = Command::new(env!("CARGO_BIN_EXE_raft-sim"));
    let twice = twice.args(["serve", "--record"]).arg(&record).assert().code(2);
    let error = String::from_utf8_lossy(&twice.get_output().stderr).into_owned();
    assert!(error.contains("record.txt: already exists; choose another name"), "{error}");
}

/// A folder of this test alone.
fn folder_of(test: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("protocol_page").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

#[test]
fn a_log_of_the_subject_has_what_was_said() {
    let log = folder_of("log").join("subject.log");
    let core = env!("CARGO_BIN_EXE_raft-sim");
    let scenario = "scenarios/5.2-election/vote-survives-a-crash.raft";
    let test = |log: &std::path::Path| {
        let mut test = Command::new(core);
        test.args(["test", scenario, "--subject", &format!("'{core}' serve"), "--subject-log"]);
        test.arg(log).assert()
    };
    test(&log).success();
    let lines = std::fs::read_to_string(&log).expect("the log");
    assert!(lines.starts_with("1 → {\"do\":\"hello\",\"protocol\":1}\n1 ← {\"protocol\":1,"));
    assert!(lines.contains(r#"1 → {"do":"boot","server":1,"#));
    let count = |arrow: &str| lines.lines().filter(|line| line.starts_with(arrow)).count();
    assert_eq!(count("1 → "), count("1 ← "));
    test(&log).code(2);
}

/// The names of the fields of an object in the source.
fn fields(object: &str) -> BTreeSet<String> {
    let start =
        [" {", "<'a> {"].iter().find_map(|end| WIRE.split_once(&format!("    {object}{end}\n")));
    let (_, below) = start.unwrap_or_else(|| panic!("there is no {object}"));
    let (body, _) = below.split_once("\n    }\n").expect("its end");
    let mut names = BTreeSet::new();
    let mut renamed = None;
    for line in body.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("#[serde(rename = \"") {
            renamed = name.split('"').next().map(str::to_owned);
        } else if let Some((name, _)) =
            line.split_once(": ").filter(|_| !line.starts_with(['/', '#']))
        {
            names.insert(renamed.take().unwrap_or_else(|| camel(name)));
        }
    }
    names
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(1);
        name + &head.to_uppercase() + tail
    })
}

#[test]
fn every_field_of_the_protocol_is_on_the_page() {
    let block = block("### All fields, and their types");
    let objects = [
        ("hello", "Hello"),
        ("answer", "Answer"),
        ("view", "View"),
        ("write", "Write"),
        ("entry", "Entry"),
        ("snapshot", "Snapshot"),
        ("reply", "Reply"),
        ("matched", "Matched"),
        ("message", "Message"),
        ("request", "Request"),
    ];
    for (name, object) in objects {
        let mut lines = block.lines().skip_while(|line| !line.starts_with(&format!("{name} ")));
        let first = lines.next().unwrap_or_else(|| panic!("no {name}"));
        let rest = lines.take_while(|line| line.starts_with(' '));
        let text: String = [first].into_iter().chain(rest).collect::<Vec<_>>().join(" ");
        let words: BTreeSet<&str> =
            text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        for field in fields(object) {
            let failed = object == "Hello" && (field == "status" || field == "reason");
            assert!(failed || words.contains(&*field), "{name} lacks {field}: {text}");
        }
    }
}
