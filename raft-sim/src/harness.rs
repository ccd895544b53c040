//! Tests for the crate of a Raft: each scenario under its own name, and a short campaign, all from `cargo test`. Needs
//! the feature `harness`.
//!
//! A test target has `harness = false` in its `Cargo.toml`, and this in its file:
//!
//! ```no_run
//! # use raft_sim::reference::Reference as MyRaft;
//! fn main() -> std::process::ExitCode {
//!     raft_sim::harness::main(&MyRaft)
//! }
//! ```
//!
//! The scenarios are the [packaged](crate::scenario::packaged) ones; no file is read.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::campaign::{Caller, Ending, Limits, Options, Runner};
use crate::report::{Case, Result as CaseResult, human};
use crate::scenario::packaged::PACKAGED;
use crate::scenario::parse::parse;
use crate::scenario::source::Source;
use crate::subject::Implementation;

/// The number of seeds of the campaign: enough to find most bugs, and few enough for every run of the tests.
const SEEDS: u64 = 300;

/// The implementation under test, which lives as long as the program.
pub type Tested = &'static (dyn Implementation + Sync);

/// Runs [`scenarios`] and the [`campaign`]. The program's arguments select among them, as with any test of Rust: by part
/// of a name, for one. The commands in a failure are those of a crate whose example `raft-sim` calls
/// [`main_with`](crate::cli::main_with).
#[must_use]
pub fn main(implementation: Tested) -> ExitCode {
    let program = "cargo run --example raft-sim --";
    let mut trials = scenarios(program, implementation);
    trials.push(campaign(program, implementation));
    run(trials)
}

/// Runs the tests that the program's arguments select, and ends as tests of Rust do.
#[must_use]
pub fn run(trials: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test for each scenario that comes with the library: `scenarios/5.4.2-commit/figure-8-e.raft` is
/// `scenarios::5_4_2_commit::figure_8_e`. `program` is the beginning of the commands in a failure.
#[must_use]
pub fn scenarios(program: &'static str, implementation: Tested) -> Vec<Trial> {
    let trial = |file: &str, source| scenario(&test_name(file), source, program, implementation);
    PACKAGED.iter().map(|packaged| trial(packaged.path, packaged.source())).collect()
}

/// A test of one scenario. If the implementation lacks a capability that the scenario requires, the test is ignored and
/// names it. `program` is as in [`scenarios`].
#[must_use]
pub fn scenario(
    name: &str,
    source: Source,
    program: &'static str,
    implementation: Tested,
) -> Trial {
    Trial::ignorable_test(name, move || judged(&source, program, implementation))
}

fn judged(
    source: &Source,
    program: &str,
    implementation: &dyn Implementation,
) -> Result<Completion, Failed> {
    let scenario = parse(source).map_err(|error| error.render(source, false))?;
    let case = Case::judge(source, &scenario, implementation);
    match &case.result {
        CaseResult::Passed => Ok(Completion::Completed),
        CaseResult::Skipped(skip) => Ok(Completion::ignored_with(skip.to_string())),
        CaseResult::Failed(failed) => {
            let caller = Caller { program: program.to_owned(), subject: None, host: false };
            let mut text = Vec::new();
            human::failure(&case, failed, &caller, &mut text)?;
            Err(plain(&String::from_utf8_lossy(&text)))
        }
        CaseResult::Unusable { message, .. } => Err(Failed::from(message)),
    }
}

/// A test of seeds 0 to 299, as `raft-sim fuzz` runs them; it fails with the first finding, shrunk to a scenario.
/// `program` is as in [`scenarios`].
#[must_use]
pub fn campaign(program: &'static str, implementation: Tested) -> Trial {
    Trial::test(format!("campaign::seeds_0_to_{}", SEEDS - 1), move || {
        match first_finding(program, implementation, SEEDS)? {
            None => Ok(()),
            Some(text) => Err(plain(&text)),
        }
    })
}

/// Runs `seeds` seeds and returns the report of the first finding, if any.
fn first_finding(
    program: &str,
    implementation: &(dyn Implementation + Sync),
    seeds: u64,
) -> Result<Option<String>, Failed> {
    let limits = Limits { findings: Some(1), ..Limits::default() };
    let options = Options { part: (0..seeds).into(), limits, ..Options::default() };
    let caller = Caller { program: program.to_owned(), subject: None, host: false };
    let ended = Runner::new(options, implementation).caller(caller).run(&mut ())?;
    if let Ending::Failed { seed, why } = ended.ending {
        return Err(format!("seed {seed}: {why}").into());
    }
    let Some(finding) = ended.campaign.findings.distinct().next() else { return Ok(None) };
    let mut text = Vec::new();
    human::finding(&ended.header, finding, None, &mut text)?;
    human::scenario(finding, None, &mut text)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// A failure without colours, since failures of tests in Rust have none.
fn plain(text: &str) -> Failed {
    Failed::from(anstream::adapter::strip_str(text))
}

fn test_name(file: &str) -> String {
    file.trim_end_matches(".raft").replace(['.', '-'], "_").replace('/', "::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;
    use crate::subject::{Boot, Capability, Effects, Event, Subject, View};

    /// A server that stays a follower and does nothing.
    struct Idle;

    impl Implementation for Idle {
        fn name(&self) -> &str {
            "idle"
        }

        fn capabilities(&self) -> &[Capability] {
            &[]
        }

        fn boot(&self, _: Boot) -> Result<(Box<dyn Subject>, View), String> {
            Ok((Box::new(Idle), View::default()))
        }
    }

    impl Subject for Idle {
        fn step(&mut self, _: Event, _: &mut Effects) {}
    }

    const HEADER: &str = "scenario  A leader is elected\npaper     §5.2\nservers   S1 S2 S3\n";

    fn judged(text: &str, implementation: &dyn Implementation) -> Result<Completion, Failed> {
        super::judged(&Source::new("own.raft", text), "cargo run --", implementation)
    }

    #[test]
    fn a_failure_has_its_line_the_situation_and_the_command_to_explain_it() {
        let text = format!("{HEADER}\nexpect    no leader\nelect     S1\n");
        assert!(matches!(judged(&text, &Reference), Ok(Completion::Completed)));
        let Err(failed) = judged(&text, &Idle) else { panic!("no server leads") };
        let text = failed.message().unwrap_or_default();
        for part in [
            "own.raft:6  A leader is elected (§5.2)",
            "S1 did not stand for election",
            "S1  follower",
            "6 | elect     S1",
            "To see all of it: cargo run -- explain own.raft",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_lacking_capability_is_named_and_is_no_success() {
        let text = format!("{HEADER}requires  forge\n\nelect     S1\n");
        let Ok(Completion::Ignored { reason }) = judged(&text, &Idle) else {
            panic!("it is skipped")
        };
        assert_eq!(reason.as_deref(), Some("requires forge"));
    }

    #[test]
    fn a_campaign_fails_with_its_first_finding_and_nothing_else() {
        let found = first_finding("cargo run --", &Idle, 20).expect("it comes to its end");
        let failed = plain(&found.expect("no server ever leads"));
        let text = failed.message().unwrap_or_default();
        assert!(text.starts_with("seed ") && text.contains("  cargo run -- run --seed "), "{text}");
        assert!(text.contains("\n    scenario  ") && !text.contains("In numbers"), "{text}");
        assert!(first_finding("cargo run --", &Reference, 2).is_ok_and(|found| found.is_none()));
    }

    #[test]
    fn each_scenario_is_a_test_of_its_own_name() {
        let trials = scenarios("cargo run --", &Reference);
        let names: std::collections::BTreeSet<&str> = trials.iter().map(Trial::name).collect();
        assert_eq!(names.len(), PACKAGED.len());
        assert!(names.contains("scenarios::5_4_2_commit::figure_8_e"));
    }
}
