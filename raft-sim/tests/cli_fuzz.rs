//! Campaigns as processes: killed, interrupted, on a full disk, as a shard of several.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_raft-sim");
/// Seeds that are run quickly.
const QUICK: [&str; 6] = ["--servers", "1", "--duration", "20", "--jobs", "2"];

/// A folder of its own for one test, empty.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of the last run goes");
    }
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

fn fuzz(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).arg("fuzz").args(QUICK).args(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    printed(&fuzz(folder, args).output().expect("it starts"))
}

fn printed(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is text");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.expect("there is kill").success());
}

/// A campaign that would go on for an hour, and has run some seeds.
fn under_way(folder: &Path, args: &[&str]) -> (Child, BufReader<impl Read + use<>>) {
    let mut child = fuzz(folder, args).spawn().expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut first = String::new();
    out.read_line(&mut first).expect("it prints");
    assert_eq!(first, "seeds 0..\n");
    (child, out)
}

#[test]
fn ctrl_c_ends_a_campaign_and_prints_its_findings() {
    let folder = folder("interrupted");
    // As `timeout` does, each signal is sent twice; SIGHUP comes when the terminal is closed.
    for how in ["-INT", "-TERM", "-HUP"] {
        let (child, mut out) = under_way(&folder, &["--time", "1h"]);
        signal(&child, how);
        signal(&child, how);
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("it is text");
        let (code, _, err) = printed(&child.wait_with_output().expect("it ends"));
        assert_eq!(code, Some(130), "{err}");
        assert!(rest.ends_with("\nall held\n"), "{rest}");
        assert!(err.contains("\ninterrupted before seed "), "{err}");
    }
}

#[test]
fn below_nohup_a_closed_terminal_ends_nothing() {
    let script = format!("trap '' HUP; exec '{PROGRAM}' fuzz {} --time 1s", QUICK.join(" "));
    let mut command = Command::new("bash");
    command.args(["-c", &script]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("there is a shell");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    out.read_line(&mut String::new()).expect("it prints");
    signal(&child, "-HUP");
    let (code, _, err) = printed(&child.wait_with_output().expect("it ends"));
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn a_second_process_does_not_write_the_same_results() {
    let folder = folder("locked");
    let (mut child, _out) = under_way(&folder, &["--time", "1h", "--out", "r.jsonl"]);
    for more in [&["--resume"][..], &[]] {
        let args = [&["--time", "1h", "--out", "r.jsonl"], more].concat();
        let (code, out, err) = ended(&folder, &args);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert_eq!(err, "raft-sim: error: r.jsonl: another process is writing it\n");
    }
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    let (code, _, err) = ended(&folder, &["--time", "10ms", "--out", "r.jsonl", "--resume"]);
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn the_time_ends_the_seed_under_way_and_progress_is_told_meanwhile() {
    // One seed, which would take minutes.
    let mut command = Command::new(PROGRAM);
    command.args(["fuzz", "--seeds", "0..1", "--duration", "3600000", "--time", "11s"]);
    let (code, out, err) = printed(&command.output().expect("it starts"));
    assert_eq!(code, Some(4), "{err}");
    assert!(out.ends_with("\nno seed was run, so nothing was checked\n"), "{out}");
    assert!(err.starts_with("0 seeds, 0 findings, 0 seeds per second, "), "{err}");
}

#[test]
fn a_run_of_more_steps_than_it_may_take_is_told_in_one_line() {
    let folder = folder("steps");
    let (code, out, err) = ended(&folder, &["--seeds", "0..2", "--most-steps", "10"]);
    assert_eq!(code, Some(1), "{err}");
    let (_, finding) =
        out.split_once("\nseed 0  Bounded Steps  raft-sim run --seed 0 ").expect(&out);
    let mut lines = finding.lines();
    assert!(lines.next().is_some_and(|command| command.ends_with(" --most-steps 10")), "{out}");
    let told = "  the run took more than the 10 steps that it may take (--most-steps): ";
    assert!(lines.next().is_some_and(|detail| detail.starts_with(told)), "{out}");
    assert!(out.contains("no scenario: its run has no end, which steps can't show"), "{out}");
}

#[test]
fn a_campaign_that_was_killed_goes_on_where_it_was() {
    let folder = folder("killed");
    let endless = ["--time", "1h", "--out", "r.jsonl"];
    let (mut child, _out) = under_way(&folder, &endless);
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    let (code, out, err) = ended(&folder, &["--time", "100ms", "--out", "r.jsonl", "--resume"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("r.jsonl: continues at seed "), "{err}");
    assert!(!err.contains("continues at seed 0\n"), "{err}");
    let seeds = out.lines().find_map(|line| line.split_once(" seeds, "));
    let seeds = seeds.expect("it says how many").0;
    let (code, whole, _) = ended(&folder, &["--seeds", &format!("0..{seeds}")]);
    assert_eq!(code, Some(0));
    assert_eq!(out.replacen("seeds 0..", &format!("seeds 0..{seeds}"), 1), whole);
}

#[test]
fn a_full_disk_is_reported_once_and_findings_are_still_printed() {
    let folder = folder("full");
    let (code, out, err) = ended(&folder, &["--seeds", "0..9", "--out", "/dev/full"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.starts_with("raft-sim: error: /dev/full: cannot be written: "), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    // The disk has space for the first lines only. The shell turns the signal into an error.
    let small = "--seeds 0..99 --findings 1 --out r.jsonl";
    let script =
        format!("ulimit -f 1; trap '' XFSZ; exec '{PROGRAM}' fuzz {} {small}", QUICK.join(" "));
    let full = Command::new("bash").current_dir(&folder).args(["-c", &script]).output();
    let (code, out, err) = printed(&full.expect("there is a shell"));
    assert_eq!(code, Some(2), "{err}");
    assert!(out.ends_with("all held\n"), "{out}");
    assert_eq!(err.matches("error: r.jsonl: cannot be written: ").count(), 1, "{err}");
    let small: Vec<&str> = small.split(' ').collect();
    let (code, resumed, err) = ended(&folder, &[&small[..], &["--resume"]].concat());
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("do not count"), "{err}");
    assert_eq!(resumed, ended(&folder, &small[..4]).1);
}

#[test]
fn a_shard_can_come_from_the_environment_and_the_option_wins() {
    let folder = folder("shard");
    let run = |args: &[&str]| {
        let mut command = fuzz(&folder, args);
        command.env("SLURM_ARRAY_TASK_ID", "3");
        command.env("SLURM_ARRAY_TASK_MIN", "1").env("SLURM_ARRAY_TASK_MAX", "4");
        printed(&command.output().expect("it starts"))
    };
    let (_, out, err) = run(&["--seeds", "0..40"]);
    assert!(out.starts_with("seeds 0..40, shard 2/4\n") && out.contains("\n10 seeds, "), "{out}");
    assert!(err.starts_with("shard 2/4, from SLURM_ARRAY_TASK_ID\n"), "{err}");
    let (_, out, err) = run(&["--seeds", "0..40", "--shard", "0/1"]);
    assert!(out.starts_with("seeds 0..40\n"), "{out}");
    assert!(!err.contains("SLURM"), "{err}");
}

#[test]
fn memory_does_not_grow_with_the_number_of_seeds() {
    let folder = folder("memory");
    let peak = |seeds: &str| {
        let (_, _, err) = ended(&folder, &["--seeds", seeds]);
        let (_, peak) = err.rsplit_once(", ")?;
        peak.strip_suffix(" MiB of memory at most\n")?.parse::<u64>().ok()
    };
    // Only Linux reports it.
    if let (Some(few), Some(many)) = (peak("0..600"), peak("0..6000")) {
        assert!(many <= few + 4, "{few} MiB for 600 seeds, {many} MiB for 6,000");
    }
}

#[test]
fn shrink_says_if_there_is_nothing_to_shrink() {
    let mut command = Command::new(PROGRAM);
    let output = command.args(["shrink", "--seed", "1", "--duration", "200"]).output();
    let (code, out, err) = printed(&output.expect("it starts"));
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_eq!(err, "seed 1 violates nothing: there is nothing to shrink\n");
}
