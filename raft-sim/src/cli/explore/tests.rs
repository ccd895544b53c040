//! Explorations from the command line.

mod save;

use std::sync::atomic::AtomicBool;

use clap::Parser;

use super::*;
use crate::cli::subject::Target;
use crate::reference::Reference;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// The end of an exploration with these options, and its standard output.
fn explored(line: &str, target: &Target<'_>) -> (Result<End, String>, String) {
    let words = std::iter::once("explore").chain(line.split_whitespace());
    let args = match Line::try_parse_from(words) {
        Ok(Line { args }) => args,
        Err(error) => return (Err(error.to_string()), String::new()),
    };
    let never = AtomicBool::new(false);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let end = explore(&args, target, &never, &mut out, &mut err);
    let end = end.map_err(|error| match error {
        Error::Message(message) => message,
        Error::Output(error) => error.to_string(),
    });
    (end, String::from_utf8(out).expect("it is text"))
}

#[test]
fn the_smallest_bounds_are_exhausted() {
    let (end, out) = explored("--servers 1 --terms 1", &Target::of(&Reference));
    assert_eq!(end, Ok(End::Held));
    insta::assert_snapshot!(out);
}

#[test]
fn the_counts_for_programs_are_those_for_readers() {
    let (end, out) =
        explored("--servers 2 --terms 1 --entries 1 --format json", &Target::of(&Reference));
    assert_eq!(end, Ok(End::Held));
    let json: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    let (_, text) = explored("--servers 2 --terms 1 --entries 1", &Target::of(&Reference));
    let states = format!(
        "{} distinct, {} generated, depth {}",
        json["distinct"], json["generated"], json["depth"]
    );
    assert!(text.contains(&states), "{text}\n{states}");
    assert_eq!(json["end"], "exhausted");
}

#[test]
fn bounds_that_make_no_sense_are_refused() {
    let target = Target::of(&Reference);
    for (line, expected) in [
        ("--servers 0", "0 is not in 1..=9"),
        ("--terms 0", "0 is not in 1..=1000"),
        ("--crashes 8", "8 is not in 0..=7"),
        ("--settings pre-votes", "pre-votes"),
        ("--settings pre-vote", "give a bound of timeouts"),
        ("--servers 6 --joiners 4", "--servers 6 and --joiners 4 are 10; expected at most 9"),
        ("--members 1 --to S9", "configuration `S9`: unknown server `S9`; expected S1 to S3"),
        ("--members 1 --to none", "configuration `none`: it has no voters"),
        ("--members 1 --to S1 --to S1", "configuration `S1`: it is in the list already"),
        ("--to S1", "--members <N>"),
        ("--members 1 --to S1 --symmetry", "cannot be used with"),
    ] {
        let (end, out) = explored(line, &target);
        let error = end.expect_err(line);
        assert!(error.contains(expected), "{line}: {error}");
        assert_eq!(out, "");
    }
}

#[test]
fn a_limit_of_memory_ends_it_with_what_held_so_far() {
    let (end, out) = explored("--terms 2 --entries 1 --memory 1", &Target::of(&Reference));
    assert_eq!(end, Ok(End::Undecided));
    assert!(
        out.starts_with("not exhausted: the states take more than 1 MiB; all held so far\n"),
        "{out}"
    );
}

#[test]
fn states_that_wait_in_files_are_the_same() {
    let folder = std::env::temp_dir().join(format!("raft-sim-{}-spill", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for files");
    let bounds = Line::try_parse_from("explore --servers 2 --terms 2 --entries 1".split(' '));
    let bounds = bounds.expect("it is well-formed").args.bounds.bounds().expect("they make sense");
    let memory = Options::new(bounds);
    // All of them are in files.
    let spill = Some(Spill { folder: folder.clone(), memory: 0 });
    let files = Options { spill, ..memory.clone() };
    let explored = |options| search(&Reference, options, &mut |_| false).expect("it is explored");
    let (in_memory, in_files) = (explored(&memory), explored(&files));
    assert!(matches!(in_files.end, Ended::Exhausted));
    let counts = |reach: Reach| (reach.generated, reach.distinct, reach.depth);
    assert_eq!(counts(in_memory.reach), counts(in_files.reach));
    // No file is left.
    std::fs::remove_dir(&folder).expect("the folder is empty");
    let Ended::Failed(why) = explored(&files).end else { panic!("there is no folder") };
    assert!(why.contains("No such file"), "{why}");
}
