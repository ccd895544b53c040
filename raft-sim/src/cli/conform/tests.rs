//! Reports of a small corpus and of a few seeds with findings. The corpus has a scenario that passes, one that
//! violates a property, two that are not met, one that can't be set up, one that is skipped and one that can't be read.

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};
use crate::faulty::{Ashamed, Choosy, Forgetful, Nondeterministic, Twofold};
use crate::reference::Reference;
use crate::subject::{Boot, Capability, Implementation, Subject, View};

/// An implementation that, beyond §5, claims only these capabilities.
struct Claiming(&'static str, &'static [Capability], &'static (dyn Implementation + Sync));

/// An implementation with a bug and few capabilities.
const MODEST: Claiming = Claiming("modest", &[Capability::NoOp, Capability::SlowDisk], &Forgetful);
/// An implementation without a bug, and with one more capability.
const SOUND: Claiming =
    Claiming("sound", &[Capability::NoOp, Capability::SlowDisk, Capability::Sessions], &Reference);

impl Implementation for Claiming {
    fn name(&self) -> &str {
        self.0
    }

    fn capabilities(&self) -> &[Capability] {
        self.1
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        self.2.boot(boot)
    }
}

/// The output of a command, without colours, and its end.
fn printed(subjects: &[&(dyn Implementation + Sync)], line: &str) -> (End, String) {
    let words = ["raft-sim", "conform"].into_iter().chain(line.split(' '));
    let Command::Conform(args) = Cli::try_parse_from(words).expect(line).command else {
        panic!("it is `conform`");
    };
    let targets: Vec<Target<'_>> = subjects.iter().map(|subject| Target::of(*subject)).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let never = AtomicBool::new(false);
    let end = conform(&args, &targets, &never, &mut out, &mut err).expect("its files are there");
    (end, String::from_utf8(plain(out)).expect("it is text"))
}

#[test]
fn a_report_that_is_interrupted_has_what_was_judged() {
    let words = ["raft-sim", "conform", "tests/conformance", "--seeds", "0..3"];
    let Command::Conform(args) = Cli::try_parse_from(words).expect("it parses").command else {
        panic!("it is `conform`");
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let asked = AtomicBool::new(true);
    let targets = [Target::of(&SOUND), Target::of(&MODEST)];
    let end = conform(&args, &targets, &asked, &mut out, &mut err).expect("the files are there");
    assert_eq!(end, End::Interrupted);
    let text = String::from_utf8(plain(out)).expect("it is text");
    assert!(text.contains("\nsound conforms until it was interrupted\n"), "{text}");
    assert!(text.contains("0 seeds, 0 steps: nothing found; interrupted before all"), "{text}");
    assert!(!text.contains("modest"), "it was not begun: {text}");
}

/// A report of the small corpus on a subject with a bug.
fn one(format: &str) -> String {
    report(&[&MODEST], format)
}

/// The same on a subject without a bug, compared with it.
fn two(format: &str) -> String {
    report(&[&SOUND, &MODEST], format)
}

/// A report of the small corpus, without a version number.
fn report(subjects: &[&(dyn Implementation + Sync)], format: &str) -> String {
    let line = format!("tests/conformance --seeds 0..2 --format {format}");
    let (_, text) = printed(subjects, &line);
    text.replace(&format!("raft-sim {}", env!("CARGO_PKG_VERSION")), "raft-sim VERSION")
}

/// A page with each tag on a line of its own.
fn lines(page: &str) -> String {
    page.replace("><", ">\n<")
}

#[test]
fn a_reader_at_a_terminal() {
    insta::assert_snapshot!(one("human"));
}

#[test]
fn two_subjects_at_a_terminal() {
    insta::assert_snapshot!(two("human"));
}

#[test]
fn as_json() {
    insta::assert_snapshot!(one("json"));
}

#[test]
fn as_junit() {
    let text = one("junit");
    insta::assert_snapshot!(text);
    let report = quick_junit::Report::deserialize_from_str(&text).expect("it is JUnit's XML");
    assert_eq!((report.tests, report.failures, report.errors), (52, 6, 1));
}

#[test]
fn as_markdown() {
    insta::assert_snapshot!(one("markdown"));
}

#[test]
fn as_a_page() {
    insta::assert_snapshot!(lines(&one("html")));
}

#[test]
fn two_subjects_as_a_page() {
    insta::assert_snapshot!(lines(&two("html")));
}

/// The first tag that is open where it should not be, or closed where it should be open.
fn unbalanced(page: &str) -> Option<String> {
    const VOID: [&str; 1] = ["meta"];
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return Some(format!("<{tag}")) };
        let name = tag.split(' ').next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return Some(format!("<{tag}>")),
            Some(_) => {}
            None if name.starts_with('!') || VOID.contains(&name) => {}
            None => open.push(name),
        }
    }
    open.pop().map(|name| format!("<{name}> is left open"))
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_else() {
    let page = two("html");
    assert_eq!(unbalanced(&page), None);
    assert!(unbalanced("<p><b>x</p></b>").is_some() && unbalanced("<p>").is_some());
    for elsewhere in ["http", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert!(page.contains("Of &lt;three&gt; servers one leads &amp; the others"));
}

#[test]
fn markdown_escapes_signs_in_texts() {
    let page = one("markdown");
    assert!(page.contains(r"Of \<three\> servers one leads \& the others \*don't\* \| or do"));
    let mut columns = None;
    for line in page.lines() {
        let signs = line.replace(r"\|", "").matches('|').count();
        // The first row of a table has as many columns as all others.
        columns = line.starts_with('|').then(|| columns.unwrap_or(signs));
        assert!(columns.is_none_or(|columns| columns == signs), "{line}");
    }
}

#[test]
fn a_report_does_not_depend_on_how_many_threads_made_it() {
    let report = |jobs| {
        let line = format!("tests/conformance --seeds 0..2 --format json --jobs {jobs}");
        printed(&[&Reference, &MODEST], &line).1
    };
    assert_eq!(report(1), report(4));
}

#[test]
fn the_gravest_finding_is_the_verdict_and_the_exit_code() {
    let passes = "tests/conformance/elected-and-commits.raft --seeds 0..8";
    let verdict = |subject: &(dyn Implementation + Sync), line: &str| {
        let (end, text) = printed(&[subject], line);
        let verdict = text.lines().nth(2).unwrap_or_default().to_owned();
        (end.code(), verdict)
    };
    let is = |code: u8, verdict: &str| (code, verdict.to_owned());
    assert_eq!(verdict(&Reference, passes), is(0, "raft-core conforms"));
    assert_eq!(verdict(&MODEST, passes), is(1, "modest violates safety"));
    assert_eq!(
        verdict(
            &Nondeterministic::default(),
            "tests/conformance/elected-and-commits.raft --seeds 0..20"
        ),
        is(5, "nondeterministic is not repeatable")
    );
    assert_eq!(verdict(&Ashamed, passes), is(1, "ashamed does not boot"));
    let unmet = "tests/conformance/never-met.raft --seeds 0..1";
    assert_eq!(verdict(&Reference, unmet), is(1, "raft-core departs from the paper"));
    let late = "tests/conformance/never-in-time.raft --seeds 0..1";
    assert_eq!(verdict(&Reference, late), is(3, "raft-core does not make progress"));
    let unusable = "tests/conformance/unusable.raft --seeds 0..1";
    assert_eq!(verdict(&Reference, unusable), is(2, "raft-core was not tested on everything"));
    let skipped = "tests/conformance/needs-sessions.raft --seeds 0..1";
    assert_eq!(
        verdict(&Claiming("modest", &[], &Reference), skipped),
        is(0, "modest conforms in what it claims")
    );
}

#[test]
fn a_nondeterministic_step_is_shown_by_two_runs() {
    let line = "tests/conformance/elected-and-commits.raft --seeds 0..20";
    let (_, text) = printed(&[&Nondeterministic::default()], line);
    assert!(text.contains("raft-sim fuzz --check-determinism --seeds "), "{text}");
    assert!(!text.contains("raft-sim run --seed "), "{text}");
}

#[test]
fn with_a_file_for_the_report_the_verdicts_are_printed() {
    let path = std::env::temp_dir().join(format!("raft-sim-{}-conform.html", std::process::id()));
    let line = format!(
        "tests/conformance/elected-and-commits.raft --seeds 0..2 --format html --out {}",
        path.display()
    );
    let (_, text) = printed(&[&MODEST], &line);
    let report = fs::read_to_string(&path).expect("it was written");
    fs::remove_file(&path).expect("it can be removed");
    assert!(report.starts_with("<!DOCTYPE html>"), "{report}");
    assert_eq!(unbalanced(&report), None);
    assert!(text.contains("modest violates safety") && text.ends_with("conform.html\n"), "{text}");
    assert!(!text.contains("Each cause"), "{text}");
}

/// The report as data.
fn data(subject: &(dyn Implementation + Sync), line: &str) -> (End, serde_json::Value) {
    let (end, text) = printed(&[subject], &format!("{line} --format json"));
    (end, serde_json::from_str(&text).expect("it is JSON"))
}

fn causes(report: &serde_json::Value) -> Vec<serde_json::Value> {
    report["subjects"][0]["causes"].as_array().expect("there are causes").clone()
}

const PASSES: &str = "tests/conformance/elected-and-commits.raft";

#[test]
fn a_cause_that_stops_everything_hides_no_other() {
    let corpus = "tests/conformance/second-leader-knows-what-is-committed.raft";
    let (end, report) = data(&Twofold, &format!("{corpus} {PASSES} --seeds 0..1"));
    assert_eq!(end, End::Violated);
    let causes = causes(&report);
    let named = |name: &str| {
        let found = causes.iter().position(|cause| cause["name"] == name);
        (found.unwrap_or_else(|| panic!("{name}: {causes:#?}")), name.to_owned())
    };
    let (first, second) = (named("Persist before Send").0, named("Monotonicity").0);
    assert!(first < second && second < 10, "both are in the first screen");
    assert_eq!(causes[first]["set_aside"], serde_json::json!([]));
    let aside = causes[second]["set_aside"].as_array().expect("it is a list");
    assert!(aside.contains(&"persist-before-send".into()), "{aside:?}");
    for cause in [&causes[first], &causes[second]] {
        let scenario = cause["scenario"].as_str().expect("there is a scenario");
        let lines = scenario.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert!(lines <= 15, "{scenario}");
        let replay = cause["replay"].as_str().expect("there is a command");
        let is_aside = cause["set_aside"] != serde_json::json!([]);
        assert_eq!(replay.contains("--set-aside"), is_aside, "{replay}");
        assert_eq!(scenario.contains("\nset-aside "), is_aside, "{scenario}");
    }
}

#[test]
fn a_scenario_that_cannot_be_set_up_is_no_failure() {
    let unset = "tests/conformance/heartbeat-of-a-follower.raft";
    let (end, report) = data(&Reference, &format!("{PASSES} {unset} --seeds 0..2"));
    assert_eq!(end, End::Held);
    let subject = &report["subjects"][0];
    assert_eq!(subject["verdict"], "conforms where it could be set up");
    assert_eq!(subject["scenarios"]["not_set_up"], 1);
    assert_eq!(subject["scenarios"]["failed"], 0);
    assert_eq!(causes(&report)[0]["weight"], "set-up");
    let (end, _) = data(&Reference, &format!("{unset} --seeds 0..2"));
    assert_eq!(end, End::Undecided, "no scenario could be set up");
}

#[test]
fn known_causes_fail_no_build_and_new_ones_do() {
    let corpus =
        "tests/conformance/never-met.raft tests/conformance/never-in-time.raft --seeds 0..2";
    let (_, report) = data(&Reference, corpus);
    let ids: Vec<String> = causes(&report)
        .iter()
        .map(|cause| cause["id"].as_str().expect("text").to_owned())
        .collect();
    let path = std::env::temp_dir().join(format!("raft-sim-{}-known", std::process::id()));
    let known = |lines: &[&str]| {
        fs::write(&path, format!("# by design\n{}\n", lines.join("\n"))).expect("it can be");
        let (end, report) = data(&Reference, &format!("{corpus} --known {}", path.display()));
        (end, report["subjects"][0].clone())
    };
    let (end, subject) = known(&[&ids[0], &ids[1], "match-index"]);
    assert_eq!(end, End::Held);
    assert_eq!(subject["verdict"], "conforms but for what is known");
    assert_eq!(subject["known_unused"], serde_json::json!(["match-index"]));
    let (end, subject) = known(&[&ids[0]]);
    assert_eq!(end, End::Violated, "{ids:?}");
    assert_eq!(subject["verdict"], "departs from the paper");
    fs::remove_file(&path).expect("it can be");
}

#[test]
fn recorded_scenarios_fail_on_their_own() {
    let folder = std::env::temp_dir().join(format!("raft-sim-{}-recorded", std::process::id()));
    let corpus = "tests/conformance/second-leader-knows-what-is-committed.raft";
    let line = format!("{corpus} --seeds 0..1 --record {}", folder.display());
    let (_, report) = data(&Twofold, &line);
    let with_scenario =
        causes(&report).iter().filter(|cause| cause["scenario"].is_string()).count();
    let files = fs::read_dir(&folder).expect("it is there");
    let files: Vec<PathBuf> = files.map(|file| file.expect("it is a file").path()).collect();
    assert_eq!(files.len(), with_scenario);
    assert!(folder.join("monotonicity.raft").exists(), "{files:?}");
    let (end, text) = printed(&[&Twofold], &format!("{} --seeds 0..1", folder.display()));
    assert_eq!(end, End::Violated);
    assert!(text.contains(&format!("scenarios: {} failed", files.len())), "{text}");
    fs::remove_dir_all(&folder).expect("it can be");
}

#[test]
fn a_panic_is_one_cause() {
    let (_, report) = data(&Choosy, &format!("{PASSES} --seeds 0..4"));
    let panics: Vec<serde_json::Value> =
        causes(&report).into_iter().filter(|cause| cause["name"] == "No Panic").collect();
    let [one] = panics.as_slice() else { panic!("{panics:#?}") };
    assert!(one["id"].as_str().expect("text").starts_with("no-panic: "), "{one:#}");
}
