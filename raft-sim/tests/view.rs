//! `raft-sim view` as its user meets it: what can be drawn, the file, exit codes, and what is wrong with what can't be.

#[expect(dead_code, reason = "no page shows the output of this command: it writes files")]
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{root, said};
use serde_json::Value;

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("view").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder is made");
    folder
}

/// The data of the runs in a page.
fn runs(folder: &Path, name: &str) -> Vec<Value> {
    let page = fs::read_to_string(folder.join(name)).expect("the page was written");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    let blocks = page.split("class=\"run\" data-sum=\"").skip(1);
    let data = blocks.map(|block| {
        let (_, data) = block.split_once('>').expect("the element is closed");
        let (data, _) = data.split_once("</script>").expect("the block ends");
        serde_json::from_str(data).expect("it is JSON")
    });
    data.collect()
}

#[test]
fn a_page_names_nothing_outside_of_itself() {
    let folder = folder("alone");
    let (code, out, err) = said(&folder, &["view", "--seed", "42", "--servers", "3"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("seed 42: all held, "), "{out}");
    assert!(out.lines().last().is_some_and(|line| line.starts_with("run.html: ")), "{out}");
    let page = fs::read_to_string(folder.join("run.html")).expect("the page was written");
    for outside in ["src=", "href=\"http", "@import", "url(http", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let [run] = &runs(&folder, "run.html")[..] else { panic!("one run") };
    assert_eq!(run["title"], "seed 42");
    assert_eq!(run["replay"], "raft-sim run --seed 42 --servers 3");
    assert_eq!(run["violation"], Value::Null);
    assert!(run["tape"]["count"].as_u64() > Some(1_000));
}

#[test]
fn a_page_is_not_overwritten_without_a_word() {
    let folder = folder("overwritten");
    fs::write(folder.join("run.html"), "mine").expect("a file is written");
    let (code, _, err) = said(&folder, &["view", "--seed", "1"]);
    assert_eq!(code, 2);
    assert!(err.contains("--out run.html: already exists"), "{err}");
    assert_eq!(fs::read_to_string(folder.join("run.html")).expect("it is there"), "mine");
    assert_eq!(said(&folder, &["view", "--seed", "1", "--force"]).0, 0);
    assert_eq!(runs(&folder, "run.html").len(), 1);
}

#[test]
fn scenarios_plans_findings_and_traces_are_drawn() {
    let folder = folder("sources");
    let (code, out, _) = said(&folder, &["view", "figure-8-e", "--out", "scenario.html"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("figure-8-e.raft: passed, "), "{out}");
    let [run] = &runs(&folder, "scenario.html")[..] else { panic!("one run") };
    assert!(run["scenario"].as_array().is_some_and(|lines| lines.len() > 20));

    // A negative control shows its violation, and is no failure.
    let name = "lying-disk-loses-a-committed-entry";
    let (code, out, _) = said(&folder, &["view", name, "--out", "control.html"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("fails, as it is there to show, in line "), "{out}");
    let [run] = &runs(&folder, "control.html")[..] else { panic!("one run") };
    assert_ne!(run["violation"]["property"], "");

    let broken = format!("python3 {}/subjects/python/broken.py", root().display());
    let subject = ["--subject", &broken];
    let args = ["fuzz", "--seeds", "0..1", "--no-shrink", "--out", "found.jsonl"];
    assert_eq!(said(&folder, &[&args[..], &subject].concat()).0, 1);
    let args = ["view", "found.jsonl", "--out", "finding.html"];
    let (code, out, _) = said(&folder, &[&args[..], &subject].concat());
    assert_eq!(code, 1, "{out}");
    assert!(out.starts_with("seed 0, finding 1 of found.jsonl: violated: Justified Vote"), "{out}");
    let [run] = &runs(&folder, "finding.html")[..] else { panic!("one run") };
    assert_eq!(run["violation"]["section"], "Figure 2, §5.4.1");
    let (code, _, err) = said(&folder, &[&args[..2], &["--finding", "9"], &subject].concat());
    assert_eq!(code, 2);
    assert!(err.contains("found.jsonl: has one finding; there is no number 9"), "{err}");

    let trace = root().join("docs/traces/late-vote.jsonl");
    let trace = trace.to_str().expect("it is text");
    let (code, out, _) = said(&folder, &["view", trace, "--out", "trace.html"]);
    assert_eq!(code, 1, "{out}");
    let [run] = &runs(&folder, "trace.html")[..] else { panic!("one run") };
    assert_eq!(run["names"], serde_json::json!(["n1", "n2", "n3"]));
    assert_eq!(run["violation"]["property"], "Leader Completeness");
    assert_eq!(run["observations"], 17);
}

#[test]
fn two_runs_are_compared_on_one_page() {
    let folder = folder("compared");
    let args = ["view", "--seed", "7", "--servers", "3", "--compare", "8"];
    let (code, out, _) = said(&folder, &args);
    assert_eq!(code, 0, "{out}");
    assert_eq!(out.lines().count(), 3, "{out}");
    let titles: Vec<Value> =
        runs(&folder, "run.html").iter().map(|run| run["title"].clone()).collect();
    assert_eq!(titles, ["seed 7", "seed 8"]);
}

#[test]
fn what_is_no_run_is_refused_with_its_place() {
    let folder = folder("wrong");
    let event = r#"{"server":1,"event":"leader","term":3}"#;
    for (name, content, expected) in [
        ("cut.jsonl", format!("{event}\n{}\n{event}\n", &event[..20]), "cut.jsonl:2:"),
        ("other.jsonl", "{\"a\":1}\n".to_owned(), "other.jsonl:1:"),
        ("empty.raft", String::new(), "empty.raft"),
        ("none.raft", "no scenario\n".to_owned(), "none.raft:1:"),
        (
            "version.jsonl",
            "{\"format\":\"raft-sim results\",\"version\":99}\n".to_owned(),
            "version.jsonl: is of version 99",
        ),
    ] {
        fs::write(folder.join(name), content).expect("a file is written");
        let (code, out, err) = said(&folder, &["view", name]);
        assert_eq!((code, out.as_str()), (2, ""), "{name}: {err}");
        assert!(err.contains(expected), "{name}: {err}");
        assert!(!folder.join("run.html").exists(), "{name}");
    }
    for (args, expected) in [
        (&["view"][..], "required"),
        (&["view", "no-such-scenario"], "no-such-scenario"),
        (&["view", "--seed", "x"], "expected a whole number"),
        (&["view", "figure-8-e", "--finding", "1"], "--finding is for a file of results"),
        (&["view", "figure-8-e", "none.raft"], "several files are only those of one trace"),
        (&["view", "--seed", "1", "--out", "no/such/folder/x.html"], "cannot be written"),
        (&["view", "--seed", "1", "--compare-core"], "--subject"),
    ] {
        let (code, _, err) = said(&folder, args);
        assert_eq!(code, 2, "{args:?}");
        assert!(err.contains(expected), "{args:?}: {err}");
    }
}

#[test]
fn a_finding_of_another_raft_is_not_taken_for_one_of_this() {
    let folder = folder("other");
    let broken = format!("python3 {}/subjects/python/broken.py", root().display());
    let subject = ["--subject", &broken];
    let fuzz = ["fuzz", "--seeds", "0..1", "--no-shrink", "--out", "night.jsonl"];
    assert_eq!(said(&folder, &[&fuzz[..], &subject].concat()).0, 1);
    let view = ["view", "night.jsonl", "--force"];
    let (code, out, _) = said(&folder, &view);
    assert_eq!(code, 0);
    assert!(
        out.contains("all held by raft-core; it was found in broken example in Python (--subject)"),
        "{out}"
    );
    let (code, out, _) = said(&folder, &[&view[..], &subject].concat());
    assert_eq!(code, 1);
    assert!(out.contains("violated: Justified Vote") && !out.contains("--subject"), "{out}");
}

#[test]
fn a_campaign_and_a_report_have_pages_of_what_they_found() {
    let folder = folder("reports");
    let broken = format!("python3 {}/subjects/python/broken.py", root().display());
    let args = ["fuzz", "--seeds", "0..1", "--no-shrink", "--view", "pages", "--subject", &broken];
    let (code, out, err) = said(&folder, &args);
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        out.contains("See what was found\nseed 0  Justified Vote  pages/justified-vote-0.html")
    );
    let [run] = &runs(&folder, "pages/justified-vote-0.html")[..] else { panic!("one run") };
    assert_eq!(run["violation"]["property"], "Justified Vote");
    let (code, _, err) = said(&folder, &args);
    assert_eq!(code, 2);
    assert!(err.contains("pages: is not empty; expected a new folder for the pages"), "{err}");

    let scenarios = root().join("scenarios/5.4.1-restriction");
    let scenarios = scenarios.to_str().expect("it is text");
    let args = ["conform", scenarios, "--seeds", "0..1", "--shrink-time", "5s", "--format", "html"];
    let files = ["--out", "report.html", "--view", "causes", "--subject", &broken];
    let (code, out, err) = said(&folder, &[&args[..], &files].concat());
    assert_eq!(code, 1, "{out}{err}");
    let report = fs::read_to_string(folder.join("report.html")).expect("it was written");
    let (_, link) = report.split_once("href=\"causes/").expect("it links to a page");
    let (name, _) = link.split_once('"').expect("the link ends");
    let [run] = &runs(&folder, &format!("causes/{name}"))[..] else { panic!("one run") };
    assert_eq!(run["subject"], "broken example in Python");
}
