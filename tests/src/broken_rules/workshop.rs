//! A copy of the workspace in which rules are broken, and what is asked of the program that is built there. It
//! is below `target/`; the core itself is never touched.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use raft_sim::oracle::Property;
use serde_json::Value;

use super::BrokenRule;
use super::row::{By, CAMPAIGNS, Campaign, Failed, Row, SEEDS, Shrunk, base};
use crate::root;

/// A campaign that takes longer than this will not end.
const CAMPAIGN_LIMIT: Duration = Duration::from_secs(180);

/// So does shrinking.
const SHRINK_LIMIT: Duration = Duration::from_secs(120);

/// Scenarios that take longer than this will not end: all of them take well under a second. A core that goes
/// round in circles may take a great deal of memory meanwhile.
const LIMIT: Duration = Duration::from_secs(3);

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

/// The copy.
#[derive(Debug)]
pub struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// Makes a copy of this name, in place of one that is there, and builds it.
    ///
    /// # Errors
    /// What can't be copied or built.
    pub fn open(name: &str) -> Result<Workshop, String> {
        let folder = root().join("target/broken-rules").join(name);
        for name in COPIED {
            let (from, to) = (root().join(name), folder.join(name));
            let cleared = if to.is_dir() { fs::remove_dir_all(&to) } else { Ok(()) };
            let copied = cleared.and_then(|()| copy(&from, &to));
            copied.map_err(|error| format!("{} can't be copied: {error}", from.display()))?;
        }
        let workshop = Workshop { folder };
        workshop.build().map_err(|error| format!("the copy does not build:\n{error}"))?;
        Ok(workshop)
    }

    /// Builds the program; the compiler's words if it can't.
    fn build(&self) -> Result<(), String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
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

    /// Breaks a rule, asks what notices, and mends it.
    ///
    /// # Errors
    /// An edit that does not fit or does not build, a file or a program that fails.
    pub fn broken(&self, rule: &BrokenRule, suite: &[(String, String)]) -> Result<Row, String> {
        let path = self.folder.join("raft-core/src").join(rule.file);
        let failed = |error: io::Error| format!("{}: {error}", rule.file);
        let whole = fs::read_to_string(&path).map_err(failed)?;
        if whole.matches(rule.find).count() != 1 {
            return Err(format!("{}: its `find` does not stand exactly once", rule.id));
        }
        fs::write(&path, whole.replacen(rule.find, rule.replace, 1)).map_err(failed)?;
        let built = self.build().map_err(|error| format!("{} does not build:\n{error}", rule.id));
        let row = built.and_then(|()| self.row(rule, suite));
        fs::write(&path, whole).map_err(failed)?;
        row
    }

    fn row(&self, rule: &BrokenRule, suite: &[(String, String)]) -> Result<Row, String> {
        let scenarios = self.failed(suite, rule.rule)?;
        let campaigns = (0..CAMPAIGNS).map(|number| self.campaign(base(number)));
        let campaigns = campaigns.collect::<Result<Vec<Campaign>, String>>()?;
        let first = campaigns.iter().find_map(|campaign| match campaign {
            Campaign::Found { seed, .. } => Some(*seed),
            Campaign::Nothing | Campaign::Stopped => None,
        });
        let shrunk = first.map_or(Ok(None), |seed| self.shrunk(seed))?;
        Ok(Row { id: rule.id.to_owned(), scenarios, campaigns, shrunk })
    }

    /// The scenarios that fail, those about the rule first. One process runs them all; if the broken core
    /// takes that down, each gets a process of its own.
    ///
    /// # Errors
    /// Why the program can't be run.
    pub fn failed(&self, suite: &[(String, String)], rule: &str) -> Result<Vec<Failed>, String> {
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
        let results = ended.json()["scenarios"].as_array().cloned();
        Ok(results.filter(|results| results.len() == files.len()))
    }

    /// A campaign from this seed on, up to its first finding.
    fn campaign(&self, from: u64) -> Result<Campaign, String> {
        let seeds = format!("{from}..{}", from + SEEDS);
        let file = self.folder.join("target/campaign.jsonl");
        let out = file.to_string_lossy().into_owned();
        let args = ["fuzz", "--seeds", &seeds, "--findings", "1", "--no-shrink", "--jobs", "1"];
        // What an earlier campaign wrote is not this one's.
        let cleared = if file.exists() { fs::remove_file(&file) } else { Ok(()) };
        cleared.map_err(|error| format!("{out}: {error}"))?;
        let ended = self.raft_sim(&[&args[..], &["--out", &out]].concat(), CAMPAIGN_LIMIT)?;
        if ended.code == Some(0) {
            return Ok(Campaign::Nothing);
        }
        let lines = fs::read_to_string(&file).unwrap_or_default();
        let findings = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let found = findings.filter_map(|line| {
            let finding = line.get("finding").unwrap_or(&line);
            let seed = finding.get("seed")?.as_u64()?;
            let property = finding.get("property")?.as_str()?.to_owned();
            Some(Campaign::Found { seed, after: seed - from + 1, property })
        });
        Ok(found.min_by_key(Campaign::after).unwrap_or(Campaign::Stopped))
    }

    /// What a seed that violates something is shrunk to, and how long that takes.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long shrinking takes is what is asked; no run knows of it"
    )]
    fn shrunk(&self, seed: u64) -> Result<Option<Shrunk>, String> {
        let began = Instant::now();
        let seed = seed.to_string();
        let ended =
            self.raft_sim(&["shrink", "--seed", &seed, "--format", "json"], SHRINK_LIMIT)?;
        let millis = began.elapsed().as_millis() as u64;
        let told = ended.json();
        let number = |name: &str| told[name].as_u64();
        Ok(told["property"].as_str().zip(number("steps")).map(|(property, steps)| Shrunk {
            property: property.to_owned(),
            atoms: number("atoms").unwrap_or_default(),
            steps,
            replays: number("replays").unwrap_or_default(),
            millis,
        }))
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
            Ok(out) => Ended { code: status.code(), out },
            Err(_) => Ended { code: None, out: String::new() },
        })
    }
}

/// How a program ended, and what it printed.
struct Ended {
    /// `None` if it had to be ended, or a signal ended it.
    code: Option<i32>,
    out: String,
}

impl Ended {
    /// What it printed as JSON; null if it is none.
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_default()
    }
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
