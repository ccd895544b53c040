//! A subject in its own process: it behaves as a linked one, and one that can't be used or is nondeterministic is
//! detected quickly.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use raft_sim::plan::{Plan, PlanOptions};
use raft_sim::process::Process;
use raft_sim::reference::Reference;
use raft_sim::run::run;
use raft_sim::subject::{Capability, Implementation};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_raft-sim");

/// The command that makes the reference core a child.
fn core() -> String {
    format!("{} serve", shlex::try_quote(PROGRAM).expect("a path without null"))
}

fn raft_sim(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(PROGRAM).args(args).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_core_does_the_same_in_a_process_of_its_own() {
    let child = Process::start(&core()).expect("the core serves");
    assert_eq!(child.name(), Reference.name());
    assert_eq!(child.capabilities(), Capability::ALL);
    let mut features = Vec::new();
    for seed in 0..60 {
        let plan = Plan::draw(seed, &PlanOptions::default());
        let here = run(&plan, &Reference, true, &mut ()).expect("the core boots");
        let there = run(&plan, &child, true, &mut ()).expect("the core boots in a child");
        assert_eq!(there.violation, None, "seed {seed}");
        assert_eq!((there.digest, there.steps), (here.digest, here.steps), "seed {seed}");
        features.resize(here.features.len(), 0);
        features.iter_mut().zip(&here.features).for_each(|(sum, count)| *sum += count);
    }
    assert!(
        features.iter().filter(|count| **count > 0).count() * 10 > features.len() * 9,
        "{features:?}"
    );
}

#[test]
fn threads_have_a_child_each_and_find_the_same() {
    let output = |subject: &[&str]| {
        let args = ["fuzz", "--seeds", "0..24", "--jobs", "3", "--duration", "100"];
        raft_sim(&[&args[..], subject].concat())
    };
    let (code, out, _) = output(&["--subject", &core()]);
    assert_eq!((code, out), (Some(0), output(&[]).1));
}

#[test]
fn a_scenario_is_played_to_a_child() {
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/5.4.2-commit");
    let (code, out, err) = raft_sim(&["test", files, "--subject", &core()]);
    assert_eq!(code, Some(0), "{out}{err}");
}

#[test]
fn a_subject_that_can_not_be_started_is_an_error_in_one_line() {
    let (code, out, err) = raft_sim(&["run", "--seed", "1", "--subject", "/nowhere/at-all"]);
    assert_eq!((code, &*out), (Some(2), ""));
    assert_eq!(
        err,
        "raft-sim: error: the subject `/nowhere/at-all`: there is no program `/nowhere/at-all`\n"
    );
}

/// The result of two runs of a child that says this whenever a clock ticks.
fn twice(says: &str) -> (Option<i32>, String) {
    let script = r#"while read -r line; do n=$((n+1)); case $line in
        *'"do":"hello"'*) echo '{"protocol":1,"name":"counts"}';; *'"do":"reset"'*) echo '{}';;
        *'"do":"boot"'*) echo '{"view":{}}';;
        *'"do":"tick"'*) echo '{"messages":[{"type":"Other","to":1,"what":"SAYS"}]}';;
        *) echo '{}';; esac; done"#;
    let script = script.replace("SAYS", &format!("'{says}'"));
    let subject = format!("sh -c {}", shlex::try_quote(&script).expect("no null in it"));
    let quick = ["--seeds", "0..1", "--servers", "2", "--duration", "20", "--faults", "none"];
    let args = ["fuzz", "--check-determinism", "--no-shrink", "--subject", &subject];
    let (code, out, err) = raft_sim(&[&args[..], &quick].concat());
    (code, out + &err)
}

#[test]
fn a_nondeterministic_subject_is_reported() {
    // It depends on requests of another cluster, or on the process.
    for says in ["request $n", "process $$"] {
        let (code, out) = twice(says);
        assert_eq!(code, Some(5), "{out}");
        assert!(out.contains("seed 0  Not Repeatable"), "{out}");
        assert!(out.contains("two more runs part at step 1:"), "{out}");
    }
    let (code, out) = twice("the same");
    assert_ne!(code, Some(5), "{out}");
}

/// An exploration of a subject by `args`, with its result as JSON.
fn explored(subject: &str, args: &[&str]) -> (Option<i32>, Value) {
    let bounds = ["explore", "--servers", "2", "--format", "json", "--subject", subject];
    let (code, out, err) = raft_sim(&[&bounds[..], args].concat());
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
}

#[test]
fn a_child_is_explored_by_doing_again_what_happened_to_its_servers() {
    let args = ["--terms", "1", "--entries", "1", "--crashes", "1"];
    let (code, child) = explored(&core(), &args);
    assert_eq!(code, Some(0), "{child}");
    let (_, out, _) =
        raft_sim(&[&["explore", "--servers", "2", "--format", "json"][..], &args].concat());
    let linked: Value = serde_json::from_str(&out).expect("JSON");
    // Its servers have more states, since their histories are told apart.
    assert_eq!(child["depth"], linked["depth"]);
    assert!(child["distinct"].as_u64() > linked["distinct"].as_u64(), "{child} {linked}");
}

#[test]
fn a_child_that_breaks_a_rule_is_found_by_a_shortest_history() {
    let broken = format!("python3 {}/../subjects/python/broken.py", env!("CARGO_MANIFEST_DIR"));
    let (code, found) = explored(&broken, &["--terms", "2", "--entries", "1", "--crashes", "1"]);
    assert_eq!(code, Some(1), "{found}");
    assert_eq!(found["found"]["property"], "justified-vote", "{found}");
    assert_eq!(found["found"]["replay_fails"], true, "{found}");
}

#[test]
fn a_child_that_does_something_else_when_it_is_done_again_is_no_state() {
    let script = r#"while read -r line; do case $line in
        *'"do":"hello"'*) echo '{"protocol":1,"name":"process","capabilities":[]}';;
        *'"do":"reset"'*) echo '{}';; *'"do":"boot"'*) echo '{"view":{}}'; n=0;;
        *'"do":"tick"'*) n=$((n+1)); echo '{"messages":[{"type":"Other","to":2,"what":"'$$ $((RANDOM))'"}]}';;
        *) echo '{}';; esac; done"#;
    let subject = format!("bash -c {}", shlex::try_quote(script).expect("no null in it"));
    let (code, found) = explored(&subject, &["--terms", "1"]);
    assert_eq!(code, Some(1), "{found}");
    let detail = found["found"]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("it is not deterministic: its 1. step"), "{found}");
}

/// Ctrl-C reaches all processes of the terminal's group: the campaign ends, and its children must not end before. SIGTERM
/// does the same to it, and is not ignored where tests run in the background.
#[test]
fn ctrl_c_is_the_campaign_s_alone() {
    let mut command = Command::new(PROGRAM);
    let quick = ["--servers", "1", "--duration", "20", "--jobs", "2"];
    command.args(["fuzz", "--time", "1m", "--subject", &core()]).args(quick);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut campaign = command.spawn().expect("it starts");
    let mut out = BufReader::new(campaign.stdout.take().expect("it is piped"));
    let mut text = String::new();
    out.read_line(&mut text).expect("it prints");
    assert_eq!(text, "seeds 0..\n");
    let group = i32::try_from(campaign.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process_group(group, Signal::TERM).expect("it runs");
    out.read_to_string(&mut text).expect("it is text");
    let code = campaign.wait_with_output().expect("it ends").status.code();
    assert_eq!(code, Some(130), "{text}");
    assert!(text.ends_with("\nall held\n"), "{text}");
}

/// A campaign that is killed can't end its children, and one of them is busy for ever.
#[test]
fn no_child_outlives_a_campaign_that_is_killed() {
    let script = r#"while read -r line; do case $line in
        *'"do":"hello"'*) echo '{"protocol":1,"name":"busy","capabilities":[]}';;
        *'"do":"reset"'*) echo '{}';;
        *) echo busy >&2; while :; do :; done;; esac; done"#;
    let subject = format!("sh -c {}", shlex::try_quote(script).expect("no null in it"));
    let mut command = Command::new(PROGRAM);
    command.args(["fuzz", "--seeds", "0..1", "--no-shrink", "--subject", &subject]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut campaign = command.spawn().expect("it starts");
    let mut text = String::new();
    let mut err = BufReader::new(campaign.stderr.take().expect("it is piped"));
    err.read_line(&mut text).expect("it prints");
    campaign.kill().expect("it runs");
    campaign.wait().expect("it ends");
    // The child has the pipe as well: the pipe ends when its last writer is gone.
    err.read_to_string(&mut text).expect("it is text");
    assert_eq!(text, "busy\n");
}
