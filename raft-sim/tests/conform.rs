//! `raft-sim conform` as a person or a build server meets it: its exit codes, its errors for wrong usage, and equal
//! verdicts for a child and for the same Raft linked in.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;

const PROGRAM: &str = env!("CARGO_BIN_EXE_raft-sim");
const PASSES: &str = "tests/conformance/elected-and-commits.raft";

fn conform(args: &[&str]) -> Assert {
    Command::new(PROGRAM).arg("conform").args(args).assert()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

/// The object of `--format json`.
fn report(args: &[&str]) -> serde_json::Value {
    let assert = conform(&[args, &["--format", "json"]].concat());
    serde_json::from_slice(&assert.get_output().stdout).expect("it is JSON")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn the_exit_code_is_the_verdict() {
    for (scenario, code) in
        [("elected-and-commits", 0), ("never-met", 1), ("unusable", 2), ("never-in-time", 3)]
    {
        let path = format!("tests/conformance/{scenario}.raft");
        conform(&[&path, "--seeds", "0..2"]).code(code);
    }
}

#[test]
fn wrong_usage_is_reported_before_anything_is_run() {
    for (args, expected) in [
        (vec![PASSES, "--seeds", "5.."], "it has no end: say where by 5..B"),
        (vec![PASSES, "--seeds", "5..5"], "the range has no seeds"),
        (vec!["tests/nowhere"], "tests/nowhere: cannot be read"),
        (vec![PASSES, "--out", "tests/nowhere/report.html"], "cannot be written"),
        (vec![PASSES, "--format", "pdf"], "html"),
        (vec![PASSES, "--subject", "tests/nowhere/raft"], "tests/nowhere/raft"),
    ] {
        let assert = conform(&args).code(2);
        let output = assert.get_output();
        assert!(text(&output.stderr).contains(expected), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{args:?}: {}", text(&output.stdout));
    }
}

#[test]
fn a_report_replaces_an_older_file() {
    let path = file("conform.md");
    fs::write(&path, "an older report, which was a good deal longer\n".repeat(1_000))
        .expect("it can be");
    let out = path.display().to_string();
    let args = [PASSES, "--seeds", "0..2", "--format", "markdown"];
    let printed = conform(&args).success();
    conform(&[&args[..], &["--out", &out]].concat()).success();
    let written = fs::read(&path).expect("it was written");
    assert_eq!(text(&written), text(&printed.get_output().stdout));
}

#[test]
fn a_child_is_judged_as_the_same_raft_in_the_program() {
    let own = report(&[PASSES, "--seeds", "0..3"]);
    let serve = format!("'{PROGRAM}' serve");
    let child = report(&[PASSES, "--seeds", "0..3", "--subject", &serve]);
    assert_eq!(own["subjects"][0]["digest"], child["subjects"][0]["digest"]);
    assert_eq!(own["properties"], child["properties"]);
    assert_eq!(child["subjects"][0]["command"], serve.as_str());
}

#[test]
fn subjects_are_compared_side_by_side() {
    let serve = format!("'{PROGRAM}' serve");
    let args = [PASSES, "--seeds", "0..2", "--subject", &serve, "--subject", &serve];
    let report = report(&args);
    let names = [0, 1].map(|at| report["subjects"][at]["name"].as_str().expect("it has a name"));
    assert_eq!(names, ["raft-core (1)", "raft-core (2)"]);
    for rows in ["sections", "requirements", "properties", "scenarios"] {
        for row in report[rows].as_array().expect("there are rows") {
            let cells = row["cells"].as_array().expect("there are cells");
            assert_eq!(cells.len(), 2, "{row}");
            assert_eq!(cells[0], cells[1], "{row}");
        }
    }
}
