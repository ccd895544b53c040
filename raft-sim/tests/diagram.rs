//! Space-time diagrams: golden pictures, and the bounds that hold of all of them.

#[expect(dead_code, reason = "the pages that show whole outputs are others' tests")]
mod program;

use program::{root, said};
use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::scenario::packaged::PACKAGED;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::scenario::source::Source;
use raft_sim::timeline::diagram::{Diagram, Look};

fn drawn(text: &str, look: Look) -> Vec<String> {
    let source = Source::new("test.raft", text);
    let scenario = parse(&source).unwrap_or_else(|error| panic!("{error}"));
    let mut diagram = Diagram::new(scenario.header.servers.len());
    let verdict = replay(&scenario, &Reference, &mut diagram);
    assert_eq!(verdict, Verdict::Passed, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    diagram.lines(look, 1, &|line| lines[line as usize - 1].trim().to_owned())
}

fn packaged(name: &str) -> &'static str {
    let of_name = |path: &str| path.ends_with(&format!("/{name}.raft"));
    PACKAGED.iter().find(|it| of_name(it.path)).expect("the scenario is packaged").text
}

#[test]
fn figure_8_e() {
    insta::assert_snapshot!(drawn(packaged("figure-8-e"), Look::default()).join("\n"));
}

#[test]
fn a_crash_before_the_disk_has_the_vote_in_ascii() {
    let text = packaged("crash-before-the-disk-has-the-vote");
    insta::assert_snapshot!(drawn(text, Look { ascii: true, ..Look::default() }).join("\n"));
}

/// A lost message, one that is held and released, and a copy look different from one that arrives.
#[test]
fn fates_of_messages() {
    let text = "scenario  Fates\npaper     §5.1\nservers   S1 S2 S3\n\n\
                hold      S1 -> S3\ntimeout   S1\nduplicate S1 -> S2 RequestVote\n\
                deliver   S1 -> S2 RequestVote all\n\
                drop      S2 -> S1 RequestVoteReply #2\n\
                release   S1 -> S3\nsettle\n";
    insta::assert_snapshot!(drawn(text, Look::default()).join("\n"));
}

#[test]
fn an_election_among_nine_servers() {
    let text =
        "scenario  Nine\npaper     §5.2\nservers   S1 S2 S3 S4 S5 S6 S7 S8 S9\n\nelect     S5\n";
    insta::assert_snapshot!(drawn(text, Look::default()).join("\n"));
}

#[test]
fn the_beginning_of_a_run() {
    let plan = Plan::draw(7, &PlanOptions::default());
    let mut diagram = Diagram::of(&plan);
    run(&plan, &Reference, true, &mut diagram).expect("it boots");
    let lines = diagram.lines(Look { width: 100, ..Look::default() }, 1, &|_| String::new());
    insta::assert_snapshot!(lines[..60].join("\n"));
}

#[test]
fn no_line_is_wider_than_it_may_be_and_ascii_is_ascii() {
    for scenario in PACKAGED {
        let ascii = drawn(scenario.text, Look { width: 80, ascii: true });
        let narrow = drawn(scenario.text, Look { width: 100, ascii: false });
        for (line, most) in
            ascii.iter().map(|line| (line, 80)).chain(narrow.iter().map(|line| (line, 100)))
        {
            assert!(line.chars().count() <= most, "{}: {line}", scenario.path);
        }
        assert!(ascii.iter().all(|line| line.is_ascii()), "{}", scenario.path);
    }
}

#[test]
fn the_page_shows_the_beginning_of_what_explain_draws() {
    let page =
        std::fs::read_to_string(root().join("docs/command-line.md")).expect("the page is there");
    let (_, shown) = page
        .split_once("\n$ raft-sim explain crash-before-the-disk-has-the-vote --diagram\n")
        .expect("the block");
    let (shown, _) = shown.split_once("…\n```").expect("its end");
    let args = ["explain", "crash-before-the-disk-has-the-vote", "--diagram"];
    let (code, out, _) = said(&root(), &args);
    assert!(code == 0 && out.starts_with(shown), "{out}");
    assert!(out.ends_with("\npassed\n"), "{out}");
}

#[test]
fn from_begins_at_a_line_and_keeps_the_roles() {
    let args = ["explain", "figure-8-e", "--diagram", "--ascii", "--from", "41"];
    let (_, out, _) = said(&root(), &args);
    let second = out.lines().nth(1).unwrap_or_default();
    assert_eq!(second.trim(), "41 elect S2");
    assert!(out.lines().any(|line| line.contains('#') && line.contains("LEADER 6")), "{out}");
}

#[test]
fn a_run_is_drawn_below_its_verdict() {
    let (code, out, _) = said(&root(), &["run", "--seed", "7", "--diagram"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("seed 7: all held\n"), "{out}");
    assert!(out.contains("LEADER 1") && !out.contains("What was planned"), "{out}");
}

#[test]
fn options_of_a_diagram_are_checked() {
    for (args, why) in [
        (&["explain", "figure-8-e", "--diagram", "--width", "20"][..], "20 is not in 40..=1000"),
        (&["explain", "figure-8-e", "--ascii"], "--diagram"),
        (&["explain", "figure-8-e", "--diagram", "--format", "json"], "cannot be used with"),
    ] {
        let (code, _, err) = said(&root(), args);
        assert!(code == 2 && err.contains(why), "{args:?}: {err}");
    }
}
