//! Breaks each rule in a copy of the reference core and prints who noticed:
//! `cargo run -p raft-tests --bin broken-rules > docs/broken-rules.md`. Names of broken rules as arguments
//! run those alone. The copy is below `target/`; the core itself is never touched.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use raft_sim::oracle::Property;
use raft_tests::broken_rules::page::{By, Campaign, Failed, Noticed, Raised, SEEDS, render};
use raft_tests::broken_rules::{BrokenRule, all};
use raft_tests::{root, scenarios};
use serde_json::Value;

/// A campaign that takes longer than this will not end.
const CAMPAIGN_LIMIT: Duration = Duration::from_secs(60);

/// Scenarios, or a seed, that take longer than this will not end: all of them take well under a second. A
/// core that goes round in circles may take a great deal of memory meanwhile.
const LIMIT: Duration = Duration::from_secs(3);

/// How a program that panicked ends. One that a signal ended is counted among them.
const PANICKED: i32 = 101;

/// What the copy is made of.
const COPIED: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "clippy.toml",
    "raft-core",
    "raft-sim",
    "tests",
];

/// Building often matters more here than running fast.
const QUICK: [(&str, &str); 5] = [
    ("CARGO_INCREMENTAL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "64"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
];

fn main() -> ExitCode {
    let named: Vec<String> = env::args().skip(1).collect();
    if let Some(unknown) = named.iter().find(|name| all().all(|rule| rule.id != **name)) {
        eprintln!("no broken rule is called {unknown}");
        return ExitCode::from(2);
    }
    match run(&named) {
        Ok(noticed) => {
            print!("{}", render(&noticed));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(named: &[String]) -> Result<Vec<Noticed>, String> {
    let suite: Vec<(String, String)> =
        scenarios()?.into_iter().map(|(path, scenario)| (path, scenario.header.paper)).collect();
    let workshop = Workshop::open().map_err(|error| format!("the copy can't be made: {error}"))?;
    workshop.build().map_err(|error| format!("the copy does not build:\n{error}"))?;
    let whole = workshop.failed(&suite, "")?;
    if let Some(Failed { path, .. }) = whole.first() {
        return Err(format!("{path} fails although nothing is broken"));
    }
    let mut noticed = Vec::new();
    for rule in all().filter(|rule| named.is_empty() || named.iter().any(|name| name == rule.id)) {
        let result = workshop.broken(rule, || {
            let scenarios = workshop.failed(&suite, rule.rule)?;
            Ok(Noticed { rule, scenarios, campaign: workshop.campaign()? })
        })?;
        eprintln!("{}: {} scenarios, {:?}", rule.id, result.scenarios.len(), result.campaign);
        noticed.push(result);
    }
    Ok(noticed)
}

/// The copy of the workspace in which rules are broken.
struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    fn open() -> io::Result<Workshop> {
        let folder = root().join("target/broken-rules");
        for name in COPIED {
            let (from, to) = (root().join(name), folder.join(name));
            if to.is_dir() {
                fs::remove_dir_all(&to)?;
            }
            copy(&from, &to)?;
        }
        Ok(Workshop { folder })
    }

    /// Builds the program; the compiler's words if it can't.
    fn build(&self) -> Result<(), String> {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--package", "raft-sim", "--target-dir"])
            .arg("target")
            .current_dir(&self.folder)
            .envs(QUICK)
            .output()
            .map_err(|error| error.to_string())?;
        if built.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&built.stderr).into_owned())
    }

    /// Does something while a rule is broken.
    fn broken<T>(
        &self,
        rule: &BrokenRule,
        act: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        let path = self.folder.join("raft-core/src").join(rule.file);
        let failed = |error: io::Error| format!("{}: {error}", rule.file);
        let whole = fs::read_to_string(&path).map_err(failed)?;
        if whole.matches(rule.find).count() != 1 {
            return Err(format!("{}: its `find` does not stand exactly once", rule.id));
        }
        fs::write(&path, whole.replacen(rule.find, rule.replace, 1)).map_err(failed)?;
        let built = self.build().map_err(|error| format!("{} does not build:\n{error}", rule.id));
        let result = built.and_then(|()| act());
        fs::write(&path, whole).map_err(failed)?;
        result
    }

    /// The scenarios that fail, those about the rule first. One process runs them all; if the broken core
    /// takes that down, each gets a process of its own.
    fn failed(&self, suite: &[(String, String)], rule: &str) -> Result<Vec<Failed>, String> {
        let all: Vec<&str> = suite.iter().map(|(path, _)| path.as_str()).collect();
        let together = self.results(&all)?;
        let mut found = Vec::new();
        for (at, (path, paper)) in suite.iter().enumerate() {
            let noticed = match &together {
                Some(results) => by(&results[at]),
                None => match self.results(&[path])? {
                    Some(results) => by(&results[0]),
                    None => Some(By::Crash),
                },
            };
            if let Some(by) = noticed {
                let about = paper.split(',').any(|item| item.trim() == rule);
                found.push((!about, Failed { path: path.clone(), by }));
            }
        }
        found.sort_by_key(|(other, _)| *other);
        Ok(found.into_iter().map(|(_, failed)| failed).collect())
    }

    /// What `raft-sim test` says of each of these files; `None` if it came to a bad end.
    fn results(&self, files: &[&str]) -> Result<Option<Vec<Value>>, String> {
        let ended = self.raft_sim(&[&["test", "--format", "json"], files].concat(), LIMIT)?;
        let report: Value = serde_json::from_str(&ended.out).unwrap_or_default();
        let results = report["scenarios"].as_array().cloned();
        Ok(results.filter(|results| results.len() == files.len()))
    }

    /// What the campaign sees. Its first seed is run alone before: if that does not end, nor will the rest.
    fn campaign(&self) -> Result<Campaign, String> {
        let mut ended = self.raft_sim(&["fuzz", "--seeds", "0..1"], LIMIT)?;
        if ended.code.is_some() {
            let seeds = format!("0..{SEEDS}");
            ended = self.raft_sim(&["fuzz", "--seeds", &seeds], CAMPAIGN_LIMIT)?;
        }
        Ok(match ended.code {
            Some(2) => Campaign::NoBoot,
            Some(PANICKED) => Campaign::Panicked,
            Some(_) => Campaign::Ended(raised(&ended.out)),
            None => Campaign::Stopped,
        })
    }

    /// Runs the program; if it takes too long, ends it.
    fn raft_sim(&self, args: &[&str], limit: Duration) -> Result<Ended, String> {
        let program = self.folder.join("target/release/raft-sim");
        let failed = |error: io::Error| format!("{}: {error}", program.display());
        let mut child = Command::new(&program)
            .args(args)
            .current_dir(root())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let (sender, receiver) = mpsc::channel();
        if let Some(mut stdout) = child.stdout.take() {
            thread::spawn(move || {
                let mut out = String::new();
                // If nobody listens any more, the child has been ended.
                let _ = stdout
                    .read_to_string(&mut out)
                    .and_then(|_| sender.send(out).map_err(io::Error::other));
            });
        }
        let out = receiver.recv_timeout(limit);
        if out.is_err() {
            child.kill().map_err(failed)?;
        }
        let status = child.wait().map_err(failed)?;
        Ok(match out {
            Ok(out) => Ended { code: status.code().or(Some(PANICKED)), out },
            Err(_) => Ended { code: None, out: String::new() },
        })
    }
}

/// How a program ended, and what it printed.
struct Ended {
    /// `None` if it had to be ended.
    code: Option<i32>,
    out: String,
}

/// What noticed in a scenario; `None` if it passed.
fn by(result: &Value) -> Option<By> {
    let message = result["message"].as_str().unwrap_or_default();
    let alarm = |property: &Property| message.starts_with(&format!("{} (", property.title()));
    match result["verdict"].as_str() {
        Some("passed" | "skipped") => None,
        Some("failed") if Property::ALL.iter().any(alarm) => Some(By::Oracle),
        Some("failed") => Some(By::Expectation),
        Some(_) | None => Some(By::Crash),
    }
}

/// The properties that the campaign printed, those that most seeds violated first.
fn raised(out: &str) -> Vec<Raised> {
    let mut found: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for line in out.lines().filter_map(|line| line.strip_prefix("seed ")) {
        let mut columns = line.split("  ");
        if let (Some(seed), Some(property)) = (columns.next(), columns.next()) {
            let first = seed.parse().unwrap_or_default();
            found.entry(property).or_insert((0, first)).0 += 1;
        }
    }
    let mut raised: Vec<Raised> = found
        .into_iter()
        .map(|(property, (seeds, first))| Raised { property: property.to_owned(), seeds, first })
        .collect();
    raised.sort_by_key(|raised| std::cmp::Reverse(raised.seeds));
    raised
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(|_| ())
}
