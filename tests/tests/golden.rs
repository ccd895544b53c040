//! Golden traces: what the reference core does in a handful of scenarios, step by step. They show a change
//! of its behaviour that no rule forbids. They are about this core alone, and judge no other.

use raft_sim::reference::Reference;
use raft_sim::scenario::corpus::load;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::timeline::{Recorder, texts};

fn trace(scenario: &str) -> String {
    let (source, scenario) =
        load(&raft_tests::root().join("scenarios").join(scenario)).expect("the scenario parses");
    let mut recorder = Recorder::all();
    assert_eq!(replay(&scenario, &Reference, &mut recorder), Verdict::Passed);
    let statements: Vec<&str> = source.text().lines().collect();
    let lines = recorder.into_lines();
    let mut trace = Vec::new();
    let mut under = None;
    for (line, text) in lines.iter().zip(texts(&lines)) {
        if line.statement != under {
            under = line.statement;
            let statement = under.and_then(|number| statements.get(number as usize - 1));
            trace.push((*statement.unwrap_or(&"")).to_string());
        }
        trace.push(format!("    {text}"));
    }
    trace.join("\n")
}

#[test]
fn an_election() {
    insta::assert_snapshot!(trace("5.2-election/follower-times-out-and-is-elected.raft"));
}

#[test]
fn figure_7_f() {
    insta::assert_snapshot!(trace("5.3-replication/figure-7-f.raft"));
}

#[test]
fn figure_8() {
    insta::assert_snapshot!(trace("5.4.2-commit/figure-8-a-to-d.raft"));
}

#[test]
fn figure_9() {
    insta::assert_snapshot!(trace("5.4.3-safety/figure-9.raft"));
}

#[test]
fn a_crash_before_the_disk_has_the_vote() {
    insta::assert_snapshot!(trace("5.5-crashes/crash-before-the-disk-has-the-vote.raft"));
}
