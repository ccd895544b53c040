//! The program `raft-sim` as a person or a build server meets it: its output and its exit codes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use assert_cmd::assert::Assert;

const PROGRAM: &str = env!("CARGO_BIN_EXE_raft-sim");

const PASSES: &str = "\
scenario  A leader is elected
paper     §5.2
servers   S1 S2 S3

elect     S1
propose   S1 x
settle
expect    x committed
";

/// A scenario whose line 8 fails.
const FAILS: &str = "\
scenario  A follower leads
paper     §5.2
servers   S1 S2 S3

elect     S1

settle
expect    S2 leader
heal
";

/// A folder of its own for one test, empty.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of the last run goes");
    }
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// A folder with these files.
fn files(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = folder(test);
    for (name, text) in files {
        let path = folder.join(name);
        let parent = path.parent().expect("it is in the folder");
        fs::create_dir_all(parent).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }
    folder
}

fn raft_sim(folder: &Path, args: &[&str]) -> Assert {
    Command::new(PROGRAM).current_dir(folder).args(args).assert()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("it is text")
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).expect("it is text")
}

fn run(args: &[&str]) -> Assert {
    raft_sim(Path::new("."), args)
}

#[test]
fn the_same_seed_prints_the_same_twice() {
    let seed = ["run", "--seed", "42", "--servers", "3", "--duration", "2000", "--stats"];
    let [one, other] = [run(&seed).success(), run(&seed).success()];
    let text = stdout(&one);
    assert_eq!(text, stdout(&other));
    assert_eq!(stderr(&one), "");
    for part in [
        "S3  its clock ticks every",
        "duration         2000.000 ms",
        "becomes leader of term 1",
        "Election Safety",
        "all held",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, digest) = text.rsplit_once("digest ").expect("there is a digest");
    let digest = digest.lines().next().unwrap_or_default();
    assert!(digest.len() == 16 && digest.chars().all(|digit| digit.is_ascii_hexdigit()));
    let next = stdout(&run(&["run", "--seed", "43", "--servers", "3"]).success());
    assert!(!next.contains(digest), "another seed is another run");
}

#[test]
fn faults_can_be_chosen() {
    let none = stdout(&run(&["run", "--seed", "5", "--faults", "none"]).success());
    assert!(none.contains("none lost, none twice"), "{none}");
    assert!(none.contains("faults           none"), "{none}");
    let crashes = ["run", "--seed", "5", "--servers", "3", "--faults", "crash,slow-disk"];
    let crashes = stdout(&run(&crashes).success());
    assert!(crashes.contains("  crash "), "{crashes}");
    assert!(crashes.contains("  restarts in term"), "{crashes}");
    assert!(!crashes.contains("partition"), "{crashes}");
}

#[test]
fn wrong_usage_is_reported_on_the_standard_error_and_exits_with_2() {
    let wrong: &[(&[&str], &str)] = &[
        (&[], "Usage: raft-sim"),
        (&["walk"], "unrecognized subcommand 'walk'"),
        (&["run"], "--seed <N>"),
        (&["run", "--seed", "18446744073709551616"], "from 0 to 18446744073709551615"),
        (&["run", "--seed", "-1"], "expected a whole number from 0 to"),
        (&["fuzz", "--seeds", "-1..3"], "expected a whole number from 0 to"),
        (&["run", "--seed", "1", "--servers", "-3"], "-3 is not in 1..=9"),
        (&["run", "--seed", "1", "--faults", "none,loss"], "`none` goes alone"),
        (&["run", "--seed", "1", "--servers", "10"], "10 is not in 1..=9"),
        (&["run", "--seed", "1", "--servers", "0"], "0 is not in 1..=9"),
        (&["run", "--seed", "1", "--duration", "0"], "0 is not in"),
        (&["run", "--seed", "1", "--faults", "flood"], "no class of faults is called `flood`"),
        (&["run", "--seed", "1", "--faults", ""], "--faults"),
        (&["fuzz", "--seeds", "9..3"], "backwards: 9 is after 3"),
        (&["fuzz", "--seeds", "3..3"], "the range has no seeds"),
        (&["fuzz", "--seeds", "3"], "expected a range"),
        (&["fuzz", "--seeds", "0..9", "--jobs", "0"], "number of threads from 1 to 256"),
        (&["fuzz"], "--seeds <A..B|A..>"),
        (&["fuzz", "--seeds", "3.."], "--seeds 3.. has no end"),
        (&["fuzz", "--seeds", "0..9", "--findings", "0"], "0 is not in 1.."),
        (&["fuzz", "--seeds", "0..9", "--shard", "2/2"], "no shard 2 of 2"),
        (&["fuzz", "--seeds", "0..9", "--shard", "2"], "expected a shard and their number"),
        (&["fuzz", "--seeds", "0..3", "--shard", "3/4"], "seeds 0..3, shard 3/4: there are none"),
        (&["fuzz", "--seeds", "0..9", "--resume"], "--out <FILE>"),
        (&["fuzz", "--seeds", "0..9", "--out", "gone/r.jsonl"], "gone/r.jsonl: cannot be written"),
        (&["fuzz", "--seeds", "0..9", "--resume", "--out", "gone.jsonl"], "cannot be read"),
        (&["fuzz", "--time", "0s"], "expected a time above 0 with its unit"),
        (&["fuzz", "--time", "60"], "expected a time above 0 with its unit"),
        (&["merge"], "<FILE>"),
        (&["merge", "gone.jsonl"], "gone.jsonl: cannot be read"),
        (&["merge", "Cargo.toml"], "Cargo.toml: is not a file of results"),
        (&["shrink"], "--seed <N>"),
        (&["test", "--format", "yaml"], "invalid value 'yaml'"),
        (&["fmt"], "<FILE>"),
        (&["explain"], "<FILE|NAME>"),
        (&["explain", "figure-8"], "no scenario of just this name; there are\n  scenarios/"),
        (&["test", "--name", "no such thing"], "no scenario has `no such thing`"),
        (&["check", "/dev/zero"], "/dev/zero: cannot be read: it is a device"),
        (&["explain", "/dev/zero"], "/dev/zero: cannot be read: it is a device"),
        (&["completions", "ash"], "invalid value 'ash'"),
    ];
    for (args, expected) in wrong {
        let assert = run(args).code(2);
        assert_eq!(stdout(&assert), "", "{args:?}");
        assert!(stderr(&assert).contains(expected), "{args:?}: {}", stderr(&assert));
    }
}

#[test]
fn help_is_no_failure() {
    for args in [&["--help"][..], &["help", "run"], &["fuzz", "--help"], &["--version"]] {
        let assert = run(args).success();
        assert!(!stdout(&assert).is_empty(), "{args:?}");
        assert_eq!(stderr(&assert), "", "{args:?}");
    }
}

#[test]
fn fuzz_prints_the_same_for_any_number_of_threads() {
    let fuzz = |jobs| {
        let seeds = ["fuzz", "--seeds", "0..12", "--duration", "1000", "--stats", "--jobs", jobs];
        run(&seeds).success()
    };
    let [one, four] = ["1", "4"].map(fuzz);
    assert_eq!(stdout(&one), stdout(&four));
    let text = stdout(&one);
    assert!(text.contains("12 seeds, "), "{text}");
    assert!(text.contains("Election Safety"), "{text}");
    assert!(text.ends_with("all held\n"), "{text}");
    assert!(stderr(&one).contains("steps per second"), "{}", stderr(&one));
}

#[test]
fn test_replays_a_folder_and_exits_with_1_if_something_fails() {
    let folder = files(
        "test_folder",
        &[("b/passes.raft", PASSES), ("a/fails.raft", FAILS), ("a/notes.txt", "no scenario")],
    );
    let assert = raft_sim(&folder, &["test", "--all", "."]).code(1);
    let text = stdout(&assert);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.starts_with("FAILED   ./a/fails.raft   line 8: "), "{text}");
    assert_eq!(lines.next(), Some("passed   ./b/passes.raft  A leader is elected"));
    for part in [
        "./a/fails.raft:8  A follower leads (§5.2)",
        "     8 | expect    S2 leader",
        "becomes leader of term 1",
        "raft-sim explain ./a/fails.raft",
        "\n1 passed, 1 failed, 0 skipped\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let threads = raft_sim(&folder, &["test", "--all", "--jobs", "3", "."]).code(1);
    assert_eq!(stdout(&threads), text);
    let failures = stdout(&raft_sim(&folder, &["test", "."]).code(1));
    assert_eq!(failures, text.replace("passed   ./b/passes.raft  A leader is elected\n", ""));
    raft_sim(&folder, &["test", "b"]).success();
}

#[test]
fn test_looks_into_the_folder_scenarios_by_default() {
    let folder = files("test_default", &[("scenarios/5.2-election/t.raft", PASSES)]);
    let text = stdout(&raft_sim(&folder, &["test", "--all"]).success());
    assert!(text.contains("scenarios/5.2-election/t.raft"), "{text}");
    // Where there is no such folder, those that come with the program.
    let text = stdout(&raft_sim(&folder.join("scenarios"), &["list"]).success());
    assert!(text.contains("scenarios/5.4.2-commit/figure-8-a-to-d.raft"), "{text}");
    let assert = raft_sim(&folder.join("scenarios"), &["test", "of-mine"]).code(2);
    let error = stderr(&assert);
    assert!(error.starts_with("raft-sim: error: of-mine: cannot be read: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn missing_progress_alone_exits_with_3() {
    let stuck = "\
scenario  No leader is elected by a minority
paper     §5.2
servers   S1 S2 S3

crash     S2 S3
within    3 election-timeouts a leader
";
    let folder = files("test_stuck", &[("stuck.raft", stuck), ("fails.raft", FAILS)]);
    raft_sim(&folder, &["test", "stuck.raft"]).code(3);
    raft_sim(&folder, &["explain", "stuck.raft"]).code(3);
    raft_sim(&folder, &["test", "."]).code(1);
}

#[test]
fn a_file_that_is_no_scenario_is_reported_and_the_others_still_run() {
    let wrong = PASSES.replace("settle", "settel");
    let folder = files("test_unusable", &[("wrong.raft", &wrong), ("passes.raft", PASSES)]);
    fs::write(folder.join("bytes.raft"), b"scenario \xff").expect("the file can be written");
    let assert = raft_sim(&folder, &["test", "--all", "."]).code(2);
    let (out, error) = (stdout(&assert), stderr(&assert));
    assert!(error.contains("./wrong.raft:7:1"), "{error}");
    assert!(error.contains("did you mean `settle`?"), "{error}");
    assert!(error.contains("./bytes.raft: is not UTF-8 text: bad byte at offset 9"), "{error}");
    assert!(!error.contains('\u{1b}'), "{error:?}");
    assert!(out.contains("passed   ./passes.raft"), "{out}");
    assert!(out.contains("1 passed, 0 failed, 0 skipped, 2 that could not be read"), "{out}");
    for command in ["explain", "list", "fmt"] {
        let assert = raft_sim(&folder, &[command, "wrong.raft"]).code(2);
        assert!(stderr(&assert).contains("wrong.raft:7:1"), "{command}");
    }
}

#[test]
fn a_path_without_scenarios_is_an_error() {
    let folder = folder("empty");
    fs::create_dir(folder.join("inner")).expect("the folder can be made");
    for command in ["test", "list", "fmt"] {
        let error = stderr(&raft_sim(&folder, &[command, "."]).code(2));
        assert!(error.starts_with("raft-sim: error: .: no scenario in this folder"), "{error}");
        let error = stderr(&raft_sim(&folder, &[command, "gone.raft"]).code(2));
        assert!(error.starts_with("raft-sim: error: gone.raft: cannot be read: "), "{error}");
    }
    let error = stderr(&raft_sim(&folder, &["explain", "gone.raft"]).code(2));
    assert!(error.starts_with("raft-sim: error: gone.raft: cannot be read: "), "{error}");
}

#[test]
fn json_and_junit_reports_are_well_formed() {
    let folder = files("formats", &[("a.raft", FAILS), ("b.raft", PASSES)]);
    let json = stdout(&raft_sim(&folder, &["test", "--format", "json", "."]).code(1));
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["summary"]["passed"], 1);
    assert_eq!(json["summary"]["failed"], 1);
    assert_eq!(json["scenarios"][0]["file"], "./a.raft");
    assert_eq!(json["scenarios"][0]["verdict"], "failed");
    assert_eq!(json["scenarios"][0]["line"], 8);
    assert_eq!(json["scenarios"][1]["paper"], "§5.2");
    assert_eq!(json["scenarios"][1]["message"], serde_json::Value::Null);
    assert!(json["scenarios"][1]["seconds"].as_f64() > Some(0.0), "{json}");
    let xml = stdout(&raft_sim(&folder, &["test", "--format", "junit", "."]).code(1));
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{xml}");
    assert!(xml.trim_end().ends_with("</testsuites>"), "{xml}");
    assert!(xml.contains("tests=\"2\" skipped=\"0\" errors=\"0\" failures=\"1\""), "{xml}");
    assert!(xml.contains("S1  election timeout elapses"), "{xml}");
}

#[test]
fn explain_shows_below_each_statement_what_happened() {
    let folder = files("explain", &[("fails.raft", FAILS), ("passes.raft", PASSES)]);
    let text = stdout(&raft_sim(&folder, &["explain", "passes.raft"]).success());
    let (_, elected) = text.split_once("   5  elect     S1\n").expect(&text);
    let (elected, proposed) = elected.split_once("   6  propose   S1 x\n").expect(&text);
    let timeout = "S1  election timeout elapses: becomes candidate in term 1, votes for itself";
    assert_eq!(elected.lines().next().map(str::trim), Some(timeout));
    assert!(elected.contains("S2 ← S1  RequestVote term 1, last none: "), "{elected}");
    assert!(elected.contains("grants its vote to S1 in term 1"), "{elected}");
    assert!(
        elected.contains("S1 ← S2  RequestVoteReply term 1, granted: becomes leader of term 1")
    );
    assert!(proposed.contains("S1  a client proposes x: appends 2/1:x"), "{proposed}");
    assert!(proposed.contains("commit index 1 → 2"), "{proposed}");
    assert!(text.ends_with("\n\npassed\n"), "{text}");
    let text = stdout(&raft_sim(&folder, &["explain", "fails.raft"]).code(1));
    assert!(text.contains("FAILED line 8: "), "{text}");
    assert!(text.contains("Line 9 and what follows was not reached."), "{text}");
}

#[test]
fn list_shows_where_the_paper_describes_each() {
    let forges = "\
scenario  A request of an old term is refused
paper     §5.1, Figure 2
servers   S1 S2
requires  forge

forge     S1 -> S2 RequestVote term 1 last none
";
    let folder = files("list", &[("b.raft", PASSES), ("a/forge.raft", forges)]);
    assert_eq!(
        stdout(&raft_sim(&folder, &["list", "."]).success()),
        "\
§5.1, Figure 2  ./a/forge.raft  A request of an old term is refused  (requires forge)
§5.2            ./b.raft        A leader is elected
"
    );
}

#[test]
fn fmt_changes_what_differs_once_and_check_changes_nothing() {
    let untidy = PASSES.replace("elect     S1", " elect  S1").replace('\n', "\r\n");
    let folder = files("fmt", &[("untidy.raft", &untidy), ("tidy.raft", PASSES)]);
    let read = || fs::read_to_string(folder.join("untidy.raft")).expect("it is there");
    let check = ["fmt", "--check", "untidy.raft", "tidy.raft"];
    assert_eq!(stdout(&raft_sim(&folder, &check).code(1)), "untidy.raft\n");
    assert_eq!(read(), untidy, "--check changes nothing");
    let fmt = ["fmt", "untidy.raft", "tidy.raft"];
    assert_eq!(stdout(&raft_sim(&folder, &fmt).success()), "untidy.raft\n");
    assert_eq!(read(), PASSES);
    assert_eq!(stdout(&raft_sim(&folder, &fmt).success()), "");
    assert_eq!(stdout(&raft_sim(&folder, &check).success()), "");
    let left = fs::read_dir(&folder).expect("it is there").count();
    assert_eq!(left, 2, "no temporary file is left");
}

#[test]
fn fmt_leaves_a_file_alone_that_does_not_parse() {
    let wrong = PASSES.replace("settle", "settel ");
    let untidy = PASSES.replace("propose  ", "propose");
    let folder = files("fmt_wrong", &[("wrong.raft", &wrong), ("untidy.raft", &untidy)]);
    raft_sim(&folder, &["fmt", "wrong.raft", "untidy.raft"]).code(2);
    let read = |name| fs::read_to_string(folder.join(name)).expect("it is there");
    assert_eq!(read("wrong.raft"), wrong);
    assert_eq!(read("untidy.raft"), PASSES, "the others are still formatted");
}

#[test]
fn output_to_a_pipe_has_no_colour() {
    let folder = files("colour", &[("fails.raft", FAILS)]);
    for args in [&["test", "."][..], &["explain", "fails.raft"], &["run", "--seed", "1"]] {
        let plain = Command::new(PROGRAM).current_dir(&folder).args(args).assert();
        assert!(!stdout(&plain).contains('\u{1b}'), "{args:?}");
        let forced = |name: &str, value: &str| {
            let mut command = Command::new(PROGRAM);
            command.current_dir(&folder).args(args).env(name, value);
            stdout(&command.assert())
        };
        assert!(forced("CLICOLOR_FORCE", "1").contains('\u{1b}'), "{args:?}");
        assert!(!forced("NO_COLOR", "1").contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn test_takes_some_of_the_scenarios_and_stops_at_a_failure_if_asked() {
    let folder = files("some", &[("a.raft", FAILS), ("b.raft", PASSES), ("c.raft", FAILS)]);
    let text = stdout(&raft_sim(&folder, &["test", ".", "--name", "elected"]).success());
    assert!(text.ends_with("\n1 passed, 0 failed, 0 skipped\n"), "{text}");
    let assert = raft_sim(&folder, &["test", ".", "--fail-fast", "--jobs", "3"]).code(1);
    let text = stdout(&assert);
    assert!(text.ends_with("\n0 passed, 1 failed, 0 skipped\n"), "{text}");
    let error = stderr(&assert);
    assert!(error.contains("stopped at a failure: 2 of 3 scenarios were not replayed"), "{error}");
}

#[test]
fn a_scenario_that_takes_too_long_fails_where_it_was() {
    let long = PASSES.replace("settle", "run       100000 ms");
    let folder = files("long", &[("long.raft", &long)]);
    let text = stdout(&raft_sim(&folder, &["test", ".", "--steps", "50"]).code(3));
    assert!(text.contains("line 7: it takes more than 50 steps (--steps)"), "{text}");
    raft_sim(&folder, &["test", "."]).success();
}

#[test]
fn the_standard_input_is_a_file_too() {
    let stdin = |args: &[&str], text: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(args).write_stdin(text).assert()
    };
    let untidy = PASSES.replace("elect     S1", " elect  S1");
    assert_eq!(stdout(&stdin(&["fmt", "-"], &untidy).success()), PASSES);
    stdin(&["fmt", "--check", "-"], &untidy).code(1);
    stdin(&["fmt", "--check", "-"], PASSES).success();
    let text = stdout(&stdin(&["test", "-", "--all"], PASSES).success());
    assert!(text.starts_with("passed   -  A leader is elected\n"), "{text}");
    let text = stdout(&stdin(&["explain", "-"], FAILS).code(1));
    assert!(text.contains("FAILED line 8: "), "{text}");
    let read = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n";
    let text = stdout(&stdin(&["check", "-"], read).success());
    assert_eq!(text, "-: 1 operation, 1 key: linearizable\n");
}

#[test]
fn no_file_is_overwritten_and_two_outputs_are_not_one_file() {
    let folder = files("outputs", &[("there", "something")]);
    let run = ["run", "--seed", "1", "--duration", "100"];
    let said =
        |args: &[&str], code: i32| stderr(&raft_sim(&folder, &[&run, args].concat()).code(code));
    let error = said(&["--history", "there"], 2);
    assert!(error.contains("--history there: already exists"), "{error}");
    assert_eq!(fs::read_to_string(folder.join("there")).expect("it is there"), "something");
    said(&["--history", "there", "--force"], 0);
    let error = said(&["--history", "new", "--trace", "./new"], 2);
    assert!(error.contains("--trace ./new: is the file of --history, too"), "{error}");
    let error = said(&["--trace", "-"], 2);
    assert!(error.contains("--trace -: is no file"), "{error}");
    said(&["--history", "/dev/null"], 0);
}

#[test]
fn explain_finds_a_scenario_by_its_name_and_shows_disks() {
    let stalls = "\
scenario  A stalled disk keeps its writes
paper     §5.2
servers   S1 S2 S3

stall     S1
timeout   S1
unstall   S1
settle
";
    let folder = files("explain_more", &[("stalls.raft", stalls)]);
    let text = stdout(&raft_sim(&folder, &["explain", "figure-8-e"]).success());
    assert!(text.contains("  scenario  ") && text.ends_with("\npassed\n"), "{text}");
    let text = stdout(&raft_sim(&folder, &["explain", "stalls.raft", "--from", "6"]).success());
    assert!(text.starts_with("   6  timeout   S1\n"), "{text}");
    let (stalled, rest) = text.split_once("   7  unstall   S1\n").expect(&text);
    assert!(stalled.contains("S1  disk: 1 write is not durable yet\n"), "{text}");
    assert!(rest.contains("S1  disk: all is durable\n"), "{text}");
    let json =
        stdout(&raft_sim(&folder, &["explain", "stalls.raft", "--format", "json"]).success());
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["verdict"], "passed");
    assert_eq!((&json["lines"][5]["line"], &json["lines"][5]["begun"]), (&6.into(), &true.into()));
    assert_eq!(json["lines"][5]["disks"][0], "S1  disk: 1 write is not durable yet");
}

#[test]
fn the_language_is_printed_and_a_new_scenario_passes() {
    let text = stdout(&run(&["syntax"]).success());
    assert!(text.contains("\nstatements\n") && text.contains("  elect "), "{text}");
    let text = stdout(&run(&["syntax", "elect"]).success());
    assert!(text.contains("\nelect  (statements)\n  form     elect"), "{text}");
    assert!(
        stderr(&run(&["syntax", "xyzzy"]).code(2)).contains("no word of the language is `xyzzy`")
    );
    let folder = folder("new");
    let new = ["new", "A leader's  first term is 1!", "--paper", "§5.1", "--servers", "5"];
    let name = stdout(&raft_sim(&folder, &new).success());
    assert_eq!(name, "a-leader-s-first-term-is-1.raft\n");
    raft_sim(&folder, &["fmt", "--check", name.trim()]).success();
    raft_sim(&folder, &["test", name.trim()]).success();
    let error = stderr(&raft_sim(&folder, &new).code(2));
    assert!(error.contains("already exists; name another file with --out"), "{error}");
}

#[test]
fn shells_and_man_know_every_command() {
    let bash = stdout(&run(&["completions", "bash"]).success());
    assert!(bash.contains("check-trace") && bash.contains("--regressions"), "{bash}");
    let folder = folder("man");
    raft_sim(&folder, &["man", "man1"]).success();
    for page in ["raft-sim.1", "raft-sim-fuzz.1", "raft-sim-explain.1"] {
        let page = fs::read_to_string(folder.join("man1").join(page)).expect(page);
        assert!(page.contains(".SH NAME"), "{page}");
    }
}

/// `raft-sim … | head -1`: the reader has read enough, which is neither a failure nor a reason to print an error.
#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let folder = files("pipe", &[("passes.raft", PASSES)]);
    for args in [
        &["run", "--seed", "1"][..],
        &["fuzz", "--seeds", "0..3", "--jobs", "1"],
        &["explain", "passes.raft"],
        &["run", "--help"],
    ] {
        let (reader, writer) = std::io::pipe().expect("there are pipes");
        drop(reader);
        let output = Process::new(PROGRAM)
            .current_dir(&folder)
            .args(args)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("it starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {error}");
        assert_eq!(error, "", "{args:?}");
    }
}

#[cfg(unix)]
#[test]
fn watch_replays_what_has_changed_until_ctrl_c() {
    let folder = files("watch", &[("one.raft", PASSES)]);
    let mut command = Process::new(PROGRAM);
    command.current_dir(&folder).args(["test", "one.raft", "--watch"]);
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut waits = || {
        let waiting = |line: &std::io::Result<String>| {
            line.as_ref().is_ok_and(|line| line.starts_with("waiting for a change of 1 files"))
        };
        assert!(lines.any(|line| waiting(&line)), "it replays, and waits");
    };
    waits();
    fs::write(folder.join("one.raft"), FAILS).expect("it can be written");
    waits();
    let sent = Process::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("there is kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "the end of the last replay");
}
