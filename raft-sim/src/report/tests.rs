use super::*;
use crate::subject::Capability;

fn case(file: &str, result: Result) -> Case {
    Case {
        file: file.to_owned(),
        title: "A <title> & more".to_owned(),
        paper: "§5.2".to_owned(),
        is_mixed: false,
        result,
    }
}

fn failed(kind: FailureKind) -> Result {
    Result::Failed(Failed {
        failure: Failure {
            line: 8,
            kind,
            property: None,
            message: "this does not hold\nS1 leader".to_owned(),
        },
        text: "expect    S2 leader".to_owned(),
        steps: vec![Line { time: 0, statement: Some(7), text: "S1  crashes".to_owned() }],
        short: None,
    })
}

fn unusable() -> Result {
    Result::Unusable { line: Some(1), message: "d.raft:1:1: unknown command".to_owned() }
}

fn whole() -> Report {
    Report {
        caller: Caller::default(),
        cases: vec![
            case("a.raft", Result::Passed),
            case(
                "long.raft",
                Result::Skipped(Skip::Lacks(vec![Capability::Forge, Capability::NoOp])),
            ),
            case("it's.raft", failed(FailureKind::Violation)),
            case("d.raft", unusable()),
        ],
    }
}

fn written(write: impl Fn(&Report, &mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&whole(), &mut out).expect("memory takes it");
    let text = String::from_utf8(out).expect("it is text");
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn the_worst_case_decides_how_it_ends() {
    let end = |results: Vec<Result>| {
        let cases = results.into_iter().map(|result| case("t.raft", result));
        let report = Report { caller: Caller::default(), cases: cases.collect() };
        report.end().code()
    };
    assert_eq!(end(vec![]), 0);
    assert_eq!(end(vec![Result::Passed, Result::Skipped(Skip::Lacks(vec![]))]), 0);
    assert_eq!(end(vec![failed(FailureKind::Liveness), Result::Passed]), 3);
    let both = vec![failed(FailureKind::Violation), failed(FailureKind::Liveness)];
    assert_eq!(end(both), 1);
    assert_eq!(end(vec![failed(FailureKind::Statement)]), 1);
    assert_eq!(end(vec![unusable(), failed(FailureKind::Violation)]), 2);
}

#[test]
fn a_reader_gets_a_line_for_each_and_what_led_to_a_failure() {
    assert_eq!(
        written(human::write),
        "\
passed   a.raft     A <title> & more
skipped  long.raft  A <title> & more: requires forge, no-op
FAILED   it's.raft  line 8: this does not hold
ERROR    d.raft     1:1: unknown command

it's.raft:8  A <title> & more (§5.2)
  this does not hold
  S1 leader

     8 | expect    S2 leader

  The last steps before it:
  S1  crashes

  To see all of it: raft-sim explain 'it'\\''s.raft'

1 passed, 1 failed, 1 skipped, 1 that could not be read
"
    );
}

#[test]
fn json_has_all_of_it() {
    let json: serde_json::Value =
        serde_json::from_str(&written(|report, out| json::write(report, &[], out)))
            .expect("it is JSON");
    assert_eq!(
        json["summary"],
        serde_json::json!({"passed": 1, "failed": 1, "skipped": 1, "unusable": 1})
    );
    assert_eq!(
        json["scenarios"][2],
        serde_json::json!({
            "file": "it's.raft",
            "title": "A <title> & more",
            "paper": "§5.2",
            "verdict": "failed",
            "line": 8,
            "message": "this does not hold\nS1 leader",
        })
    );
    assert_eq!(json["scenarios"][0]["line"], serde_json::Value::Null);
}

#[test]
fn junit_counts_and_escapes() {
    let second = std::time::Duration::from_secs(1);
    let xml = written(|report, out| junit::write(report, &[second], out));
    assert!(xml.contains(r#"<testcase name="a.raft" classname="§5.2" time="1.000"/>"#), "{xml}");
    assert!(
        xml.contains(
            r#"<testsuites name="raft-sim" tests="4" skipped="1" failures="1" errors="1">"#
        ),
        "{xml}"
    );
    assert!(xml.contains("S1  crashes"), "{xml}");
    assert!(xml.contains("requires forge, no-op"), "{xml}");
    assert!(!xml.contains("<title>"), "{xml}");
}
