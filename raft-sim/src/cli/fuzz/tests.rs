//! Campaigns: the same for any number of threads, stopped and resumed, shared and joined.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

use super::*;
use crate::cli::merge;
use crate::cli::{Cli, Command};
use crate::coverage::Feature;
use crate::faulty::{Ashamed, Forgetful, Nondeterministic, Rare};
use crate::run::run;
use crate::subject::Implementation;

struct Printed {
    end: Result<End, String>,
    out: String,
    err: String,
}

fn text(bytes: Vec<u8>) -> String {
    anstream::adapter::strip_str(&String::from_utf8(bytes).expect("it is text")).to_string()
}

fn command(line: &str) -> Command {
    let arguments = ["raft-sim"].into_iter().chain(line.split_whitespace());
    Cli::try_parse_from(arguments).expect(line).command
}

fn message(end: Result<End, Error>) -> Result<End, String> {
    end.map_err(|error| match error {
        Error::Message(message) => message,
        Error::Output(error) => error.to_string(),
    })
}

/// Runs `fuzz` with the arguments in `line`.
fn fuzzed(
    implementation: &(dyn Implementation + Sync),
    line: &str,
    asked_to_stop: &AtomicBool,
) -> Printed {
    let Command::Fuzz(args) = command(&format!("fuzz --duration 400 {line}")) else {
        panic!("it is `fuzz`");
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let end = message(fuzz(&args, &Target::of(implementation), asked_to_stop, &mut out, &mut err));
    Printed { end, out: text(out), err: text(err) }
}

fn printed(line: &str) -> Printed {
    fuzzed(&Forgetful, line, &AtomicBool::new(false))
}

fn merged(line: &str) -> Printed {
    let Command::Merge(args) = command(&format!("merge {line}")) else { panic!("it is `merge`") };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let end = message(merge::merge(&args, &mut out, &mut err));
    Printed { end, out: text(out), err: text(err) }
}

/// An empty folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("raft-sim-{}-{test}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder can be made");
        Folder(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that is left over does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("it is there")
}

#[test]
fn each_finding_is_printed_once_and_the_same_for_any_number_of_threads() {
    let one = printed("--seeds 0..40 --no-shrink --stats --jobs 1");
    assert_eq!(one.end, Ok(End::Violated));
    let findings: Vec<&str> = one.out.lines().filter(|line| line.starts_with("seed ")).collect();
    assert_eq!(findings.len(), 1, "{}", one.out);
    assert!(findings[0].contains("  Monotonicity  raft-sim run --seed "), "{}", one.out);
    for feature in Feature::ALL {
        assert!(one.out.contains(&format!("\n  {} ", feature.title())), "{feature:?}: {}", one.out);
    }
    let (_, found) = one.out.split_once("\nWhat was found").expect(&one.out);
    let seeds = found.lines().nth(1).and_then(|row| row.split_whitespace().rev().nth(2));
    let seeds: u64 = seeds.and_then(|seeds| seeds.parse().ok()).expect(found);
    assert!(seeds > 3, "the others are counted: {found}");
    assert!(one.out.ends_with(&format!("{seeds} seeds violated a property\n")), "{}", one.out);
    assert_eq!(printed("--seeds 0..40 --no-shrink --stats --jobs 3").out, one.out);
}

#[test]
fn seeds_that_failed_are_run_first_and_new_ones_are_added_to_their_file() {
    let folder = Folder::new("regressions");
    let file = folder.file("seeds.txt");
    let line = format!("--seeds 0..40 --no-shrink --regressions {}", file.display());
    assert_eq!(printed(&line).end, Ok(End::Violated));
    let seeds = read(&file);
    assert!(seeds.ends_with("  # Monotonicity\n") && seeds.lines().count() == 1, "{seeds}");
    let again = printed(&line);
    assert_eq!(read(&file), seeds, "it is there already");
    let first = format!("seed {}  Monotonicity  ", seeds.split(' ').next().unwrap_or_default());
    assert!(again.out.starts_with(&first), "{}", again.out);
    let held = fuzzed(&crate::reference::Reference, &line, &AtomicBool::new(false));
    assert_eq!(held.end, Ok(End::Held));
    assert!(held.out.contains(" holds\n"), "{}", held.out);
    fs::write(&file, "7\nseven # Monotonicity\n").expect("it can be written");
    let end = printed(&line).end;
    assert!(end.as_ref().is_err_and(|why| why.contains("seeds.txt: line 2: `seven`: ")), "{end:?}");
}

#[test]
fn a_campaign_that_is_done_can_be_extended_to_later_seeds() {
    let folder = Folder::new("extended");
    let file = folder.file("r.jsonl");
    let until =
        |end: u64| format!("--seeds 0..{end} --no-shrink --out {} --resume", file.display());
    printed(&until(10).replace(" --resume", ""));
    let longer = printed(&until(40));
    assert_eq!(longer.end, Ok(End::Violated));
    let verdict = |out: &str| out.lines().rev().take(2).collect::<Vec<_>>().join("\n");
    assert_eq!(verdict(&longer.out), verdict(&printed("--seeds 0..40 --no-shrink").out));
}

#[test]
fn a_finding_comes_with_a_scenario_that_shows_the_same() {
    let one = printed("--seeds 0..40 --jobs 1");
    let findings = one.out.lines().filter(|line| line.starts_with("seed ")).count();
    assert!((1..=crate::campaign::CLOSELY).contains(&findings), "{}", one.out);
    let (_, scenario) =
        one.out.split_once("\n    # Found by `raft-sim run --seed ").expect(&one.out);
    assert!(scenario.contains("\n    scenario  ") && scenario.contains("Monotonicity is violated"));
    assert_eq!(printed("--seeds 0..40 --jobs 3").out, one.out);
    let folder = Folder::new("scenario");
    let out = folder.file("found.jsonl");
    let filed = printed(&format!("--seeds 0..40 --out {}", out.display())).out;
    let file = filed.lines().find_map(|line| line.trim().strip_suffix(".raft")).expect(&filed);
    let text = read(Path::new(&format!("{file}.raft")));
    let margin: Vec<String> =
        text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
    assert!(one.out.contains(&margin.join("\n")), "{text}");
}

#[test]
fn a_campaign_that_was_killed_and_resumed_ends_as_one_that_was_not() {
    let folder = Folder::new("resumed");
    let file = folder.file("results.jsonl");
    let small = format!("--seeds 0..70 --findings 9 --out {}", file.display());
    let expected = printed(&small);
    let lines = read(&file);
    assert!(lines.lines().count() > 5, "{lines}");
    let ends: Vec<usize> = lines.match_indices('\n').map(|(at, _)| at + 1).collect();
    let middle = |end: &usize| [end - 1, *end, (end + 70).min(lines.len())];
    for at in ends[1..].iter().step_by(5).flat_map(middle).chain([ends[0]]) {
        fs::write(&file, &lines[..at]).expect("it can be written");
        let resumed = printed(&format!("{small} --resume"));
        assert_eq!(resumed.end, expected.end, "{at}");
        assert_eq!(resumed.out, expected.out, "{at}");
        assert_eq!(read(&file), lines, "{at}");
        let batch_ended = ends.contains(&at)
            && !lines[..at].lines().last().is_some_and(|it| it.contains("\"finding\""));
        assert_eq!(resumed.err.contains("do not count"), !batch_ended, "{at}: {}", resumed.err);
    }
}

#[test]
fn shards_that_are_joined_print_what_the_whole_prints() {
    let folder = Folder::new("shards");
    let file = |name: &str| folder.file(name).display().to_string();
    let [a, b, c, rest, all] = ["a", "b", "c", "rest", "all"].map(file);
    for (shard, path) in [(0, &a), (1, &b), (2, &c)] {
        let one = printed(&format!("--seeds 0..40 --shard {shard}/3 --out {path}"));
        assert!(one.out.starts_with(&format!("seeds 0..40, shard {shard}/3\n")), "{}", one.out);
    }
    let whole = printed("--seeds 0..40");
    let joined = merged(&format!("{c} {a} {b}"));
    assert_eq!(joined.end, Ok(End::Violated));
    assert_eq!(joined.out, whole.out);
    merged(&format!("{c} {a} {b} --out {all}")).end.expect("it can be written");
    assert_eq!(joined.err, "");
    printed(&format!("--seeds 40..50 --out {rest}"));
    assert_eq!(merged(&format!("{all} {rest}")).out, printed("--seeds 0..50").out);
    let two = merged(&format!("{a} {c}"));
    assert!(two.out.starts_with("seeds 0..40, shard 0/3; 0..40, shard 2/3\n"), "{}", two.out);
    for (files, why) in [
        (format!("{a} {b} {a}"), "overlap: seeds 0..40, shard 0/3"),
        (format!("{a} {all}"), "one is of 3 shards, the other of 1"),
        (format!("{rest} {rest}"), "overlap: seeds 40..50, and 40..50"),
    ] {
        let error = merged(&files).end.expect_err(&files);
        assert!(error.contains(why), "{error}");
    }
}

/// The first line of a file of version 1, in which options are texts.
fn of_version_1(each: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "{}{version}{}{each}{}",
        r#"{"format":"raft-sim results","version":1,"program":""#,
        r#"","caller":{"program":"raft-sim","subject":null},"implementation":"forgetful","wishes":"--duration 400","each":""#,
        r#"","parts":[{"from":0,"to":40,"shard":0,"of":2}]}"#,
    )
}

#[test]
fn a_file_of_an_older_program_can_be_resumed_and_joined() {
    let folder = Folder::new("older");
    let file = |name: &str| folder.file(name).display().to_string();
    let [old, new] = ["old", "new"].map(file);
    let first = format!("--seeds 0..40 --no-shrink --shard 0/2 --out {old}");
    let whole = printed(&first);
    let text = read(Path::new(&old));
    let lines = text.split_once('\n').expect(&text).1;
    fs::write(&old, of_version_1("run, not shrunk") + "\n").expect("it can be written");
    let resumed = printed(&format!("{first} --resume"));
    assert_eq!(resumed.out, whole.out);
    assert_eq!(read(Path::new(&old)), of_version_1("run, not shrunk") + "\n" + lines);
    printed(&format!("--seeds 0..40 --no-shrink --shard 1/2 --out {new}")).end.expect("written");
    assert_eq!(merged(&format!("{old} {new}")).out, printed("--seeds 0..40 --no-shrink").out);
    for (each, why) in [
        ("run, shrunk", "`run, shrunk` and `run, not shrunk`"),
        ("run, painted", "nothing that is done with a seed is called `painted`"),
    ] {
        fs::write(&old, of_version_1(each) + "\n" + lines).expect("it can be written");
        let error = printed(&format!("{first} --resume")).end.expect_err(each);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn files_that_do_not_belong_together_are_refused_with_a_reason() {
    let folder = Folder::new("refused");
    let file = |name: &str| folder.file(name).display().to_string();
    let [out, other, odd] = ["out", "other", "odd"].map(file);
    let first = format!("--seeds 0..10 --out {out}");
    printed(&first).end.expect("it can be written");
    printed(&format!("--seeds 10..20 --servers 3 --out {other}")).end.expect("it can be written");
    let joined = merged(&format!("{out} {other}")).end.expect_err("the plan options differ");
    let plan_options =
        "the set of plan options differs: `--duration 400` and `--servers 3 --duration 400`";
    assert!(joined.contains(plan_options), "{joined}");
    for (line, why) in [
        (first, "already exists"),
        (format!("--seeds 0..5 --out {out} --resume"), "the seeds differ: `0..10` and `0..5`"),
        (format!("--seeds 0..10 --shard 0/2 --out {out} --resume"), "`0..10, shard 0/2`"),
        (
            format!("--seeds 0..10 --no-shrink --out {out} --resume"),
            "`run, shrunk` and `run, not shrunk`",
        ),
        (
            format!("--seeds 0..10 --servers 3 --out {out} --resume"),
            "the set of plan options differs",
        ),
        (format!("--seeds 0..10 --out {out}.gone --resume"), "cannot be read"),
        (format!("--seeds 0..10 --out {out}/below"), "cannot be written"),
    ] {
        let error = printed(&line).end.expect_err(&line);
        assert!(error.contains(why), "{line}: {error}");
    }
    let nondeterministic = fuzzed(
        &Nondeterministic::default(),
        &format!("--seeds 0..10 --out {out} --resume"),
        &AtomicBool::new(false),
    );
    assert!(
        nondeterministic.end.expect_err("another").contains("`forgetful` and `nondeterministic`")
    );
    let text = read(Path::new(&out));
    for (wrong, why) in [
        (String::new(), "its first line is damaged"),
        (text[..30].to_owned(), "its first line is damaged"),
        (text.replacen("raft-sim results", "notes", 1), "its format is `notes`"),
        (text.replacen("\"version\":2", "\"version\":3", 1), "is of version 3 of the format"),
        (text.replacen("\"of\":1", "\"of\":0", 1), "these are no seeds"),
        (text.replacen("\"line\":\"finding\"", "\"line\":\"fundung\"", 1), "line 2 is damaged"),
        (text.replacen("monotonicity", "monotony", 1), "no property is called `monotony`"),
    ] {
        fs::write(&odd, wrong).expect("it can be written");
        for error in [
            merged(&odd).end.expect_err(why),
            printed(&format!("--seeds 0..10 --out {odd} --resume")).end.expect_err(why),
        ] {
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}

#[test]
fn findings_of_properties_that_are_judged_no_longer_are_reported_by_their_names() {
    let folder = Folder::new("former");
    let out = folder.file("out.jsonl");
    let found = printed(&format!("--seeds 0..10 --no-shrink --out {}", out.display()));
    assert_eq!(found.end, Ok(End::Violated));
    assert!(found.out.contains("\n  Monotonicity "), "{}", found.out);
    let old = read(&out).replace("\"monotonicity\"", "\"quorum-check\"");
    fs::write(&out, old).expect("it can be written");
    let read = merged(&out.display().to_string());
    assert_eq!(read.end, Ok(End::Violated));
    assert!(read.out.contains("\n  quorum-check "), "{}", read.out);
}

#[test]
fn it_stops_at_the_last_finding_that_is_wanted() {
    let folder = Folder::new("first");
    let out = folder.file("out.jsonl");
    let one = printed(&format!("--seeds 0..1000 --findings 1 --no-shrink --out {}", out.display()));
    assert_eq!(one.end, Ok(End::Violated));
    let found = read(&out);
    let finding = found.lines().nth(1).expect(&found);
    let finding: serde_json::Value = serde_json::from_str(finding).expect("it is JSON");
    let seed = finding["seed"].as_u64().expect("it has a seed");
    assert_eq!(finding["property"], "monotonicity");
    assert!(one.out.contains(&format!("\n{} seeds, ", seed + 1)), "{}", one.out);
}

#[test]
fn a_campaign_that_is_stopped_prints_its_results_so_far() {
    let asked = AtomicBool::new(true);
    let nothing = fuzzed(&Forgetful, "--seeds 0..10", &asked);
    assert_eq!(nothing.end, Ok(End::Interrupted));
    assert!(nothing.out.contains("\n0 seeds, "), "{}", nothing.out);
    assert!(nothing.err.contains("interrupted before seed 0"), "{}", nothing.err);
    let folder = Folder::new("asked");
    let out = folder.file("out.jsonl");
    printed(&format!("--seeds 0..2000 --findings 1 --out {}", out.display()));
    let line = format!("--seeds 0..2000 --findings 1 --resume --out {}", out.display());
    let found = fuzzed(&Forgetful, &line, &asked);
    assert_eq!(found.end, Ok(End::Violated), "what was found counts");
}

#[test]
fn the_time_is_up_in_the_middle_of_a_range_without_end() {
    let some = printed("--time 50ms");
    assert!(some.out.starts_with("seeds 0..\n"), "{}", some.out);
    assert!(some.end.is_ok());
    let error = printed("--seeds 5..").end.expect_err("it would never end");
    assert!(error.contains("--seeds 5.. has no end"), "{error}");
    let error = printed("--seeds 0..3 --shard 3/4").end.expect_err("nothing to do");
    assert!(error.contains("seeds 0..3, shard 3/4: there are none"), "{error}");
}

#[test]
fn a_nondeterministic_implementation_is_detected() {
    let all = fuzzed(
        &Nondeterministic::default(),
        "--seeds 0..3 --check-determinism --jobs 1",
        &AtomicBool::new(false),
    );
    assert_eq!(all.end, Ok(End::Unrepeatable));
    let (_, difference) = all
        .out
        .split_once("Not Repeatable  raft-sim fuzz --check-determinism --seeds 0..1")
        .expect(&all.out);
    let difference = difference.lines().nth(1).unwrap_or_default();
    assert!(difference.starts_with("  step ") && difference.contains(" takes "), "{difference}");
    let (_, lines) = all.out.split_once("\n  two more runs part at step ").expect(&all.out);
    let lines: Vec<&str> = lines.lines().skip(1).take(2).collect();
    assert!(lines[0] != lines[1] && lines.iter().all(|line| line.contains(": {")), "{lines:?}");
    let none = fuzzed(
        &crate::reference::Reference,
        "--seeds 0..3 --check-determinism",
        &AtomicBool::new(false),
    );
    assert!(!none.out.contains("Not Repeatable"), "{}", none.out);
}

#[test]
fn a_server_that_does_not_boot_is_a_finding_and_the_campaign_goes_on() {
    let all = fuzzed(&Ashamed, "--seeds 0..12 --faults crash", &AtomicBool::new(false));
    assert_eq!(all.end, Ok(End::Violated));
    assert!(all.out.contains("No Boot  raft-sim run --seed "), "{}", all.out);
    assert!(all.out.contains("it has voted for S"), "{}", all.out);
    assert!(all.out.contains("\n12 seeds, "), "{}", all.out);
}

#[test]
fn a_guided_campaign_is_the_same_for_any_number_of_threads() {
    let folder = Folder::new("guided");
    let campaign = |jobs: u32| {
        let file = folder.file(&format!("{jobs}/found.jsonl"));
        fs::create_dir_all(folder.file(&jobs.to_string())).expect("the folder can be made");
        let line = format!("--guided --seeds 0..400 --no-shrink --jobs {jobs} --out");
        let printed = printed(&format!("{line} {}", file.display()));
        (printed.out.replace(&format!("/{jobs}/"), "/"), read(&file))
    };
    let (one, other) = (campaign(1), campaign(3));
    assert_eq!(one, other);
    let (out, lines) = one;
    let states = out.lines().find_map(|line| line.trim().strip_prefix("abstract states reached"));
    let states: u64 = states.and_then(|states| states.trim().parse().ok()).expect(&out);
    assert!(states > 100, "{out}");
    let seeds = out.lines().find_map(|line| line.trim().strip_prefix("runs of seeds as drawn"));
    let seeds: u64 = seeds.and_then(|seeds| seeds.trim().parse().ok()).expect(&out);
    assert!((64..300).contains(&seeds), "{out}");
    assert!(lines.contains(r#""twice":false,"shrink":false,"guided":true}"#), "{lines}");
}

#[test]
fn a_guided_finding_is_a_plan_that_can_be_run_and_shrunk() {
    // It takes a while until one server leads four times in one run; most such plans are no seed's.
    let folder = Folder::new("guided-finding");
    let file = folder.file("found.jsonl");
    let found = fuzzed(
        &Rare,
        &format!("--guided --seeds 0..2000 --findings 1 --out {}", file.display()),
        &AtomicBool::new(false),
    );
    assert_eq!(found.end, Ok(End::Violated), "{}", found.out);
    let lines = read(&file);
    // The line before it was shrunk comes first.
    let finding = lines.lines().rfind(|line| line.contains(r#""line":"finding""#)).expect(&lines);
    let finding: serde_json::Value = serde_json::from_str(finding).expect("it is JSON");
    let runs = finding["runs"].as_u64().expect("how many runs");
    assert_eq!(finding["seed"].as_u64().map(|seed| seed + 1), Some(runs));
    let sums = lines.lines().rfind(|line| line.contains(r#""line":"progress""#)).expect(&lines);
    let sums: serde_json::Value = serde_json::from_str(sums).expect("it is JSON");
    assert_eq!(finding["steps"], sums["sums"]["steps"]);
    let (_, replay) = found.out.split_once("  raft-sim run --plan ").expect(&found.out);
    let path = replay.lines().next().expect("it has a name");
    let scenario = finding["scenario"].as_str().expect("it was shrunk");
    let found_by = format!("# Found by `raft-sim run --plan {path}` and shrunk;");
    assert!(scenario.starts_with(&found_by), "{scenario}");
    let plan: crate::plan::Plan = serde_json::from_str(&read(Path::new(path))).expect("a plan");
    assert_eq!(serde_json::to_value(&plan).expect("it is JSON"), finding["plan"]);
    let outcome = run(&plan, &Rare, true, &mut ()).expect("it boots");
    assert!(outcome.violation.is_some());
}

#[test]
fn a_guided_campaign_has_a_file_and_no_shards() {
    let parsed = |line: &str| {
        let arguments = ["raft-sim", "fuzz", "--guided"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(arguments).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(parsed("--seeds 0..9 --out f"), Ok(()));
    for (line, why) in [
        ("--seeds 0..9", "--out"),
        ("--seeds 0..9 --out f --resume", "--resume"),
        ("--seeds 0..9 --out f --check-determinism", "--check-determinism"),
    ] {
        let error = parsed(line).expect_err(line);
        assert!(error.contains(why), "{line}: {error}");
    }
    let folder = Folder::new("guided-shard");
    let out = folder.file("found.jsonl");
    let sharded = printed(&format!("--guided --seeds 0..9 --shard 1/3 --out {}", out.display()));
    assert!(sharded.end.is_err_and(|why| why.contains("has no shards")));
}
