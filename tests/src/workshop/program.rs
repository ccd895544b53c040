//! A program of a workshop, and the questions that are put to it: which scenarios fail, when a campaign finds something,
//! and how short that becomes.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use raft_sim::campaign::{Sums, load};
use raft_sim::checker::Property;
use serde_json::Value;

use crate::evidence::{By, Failed, Found, Hunt, Shrunk};

/// The time limit of shrinking: one that takes longer will not end.
const SHRINK_LIMIT: Duration = Duration::from_secs(60);

/// The time limit of the scenarios: all of them together take about a second. A core in an endless loop may take
/// a great deal of memory meanwhile.
const LIMIT: Duration = Duration::from_secs(20);

/// A program of the workshop, with the variants that are in force. Its questions can be put by several threads, but
/// campaigns of one program one after the other.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// The folder that it runs in.
    pub folder: PathBuf,
    /// The variables that put variants in force.
    pub environment: Vec<(&'static str, String)>,
    /// The file of the results of its campaigns, which it must not share with another; `None` if it is asked for none.
    pub results: Option<PathBuf>,
}

impl Program {
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

    /// Checks that all scenarios pass where nothing is planted: otherwise a failure proves nothing.
    ///
    /// # Errors
    /// The first scenario that fails, or why the program can't be run.
    pub fn check(&self, suite: &[(String, String)]) -> Result<(), String> {
        match self.failed(suite, "")?.first() {
            Some(failed) => Err(format!("{} fails although nothing is planted", failed.path)),
            None => Ok(()),
        }
    }

    /// The result of `raft-sim test` for each of these files; `None` if the program crashed.
    fn results(&self, files: &[&str]) -> Result<Option<Vec<Value>>, String> {
        let ended = self.run(&[&["test", "--format", "json"], files].concat(), LIMIT)?;
        let results = ended.json()["scenarios"].as_array().cloned();
        Ok(results.filter(|results| results.len() == files.len()))
    }

    /// Runs a campaign on one thread from the seed `base` on, up to its first finding: `raft-sim fuzz` with these
    /// additional arguments.
    ///
    /// # Errors
    /// Why the program can't be run.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a hunt takes is a remark in the table; no run knows of it"
    )]
    pub fn hunt(&self, base: u64, bound: Bound, args: &[&str]) -> Result<Hunt, String> {
        let Bound { seeds, steps, patience } = bound;
        let (range, steps) = (format!("{base}..{}", base + seeds), steps.to_string());
        let results = self.results.as_ref().ok_or("no file for the results of a campaign")?;
        let out = results.to_string_lossy().into_owned();
        let all = ["fuzz", "--seeds", &range, "--steps", &steps, "--findings", "1", "--no-shrink"];
        // The file of an earlier campaign does not belong to this one.
        let cleared = if results.exists() { fs::remove_file(results) } else { Ok(()) };
        cleared.map_err(|error| format!("{out}: {error}"))?;
        let began = Instant::now();
        let alone = ["--jobs", "1", "--out", &out];
        let ended = self.run(&[&all[..], &alone, args].concat(), patience)?;
        let millis = began.elapsed().as_millis() as u64;
        // 0: all held; 1 and 3: a finding; any other code is an error of the program itself.
        if !matches!(ended.code, None | Some(0 | 1 | 3 | 4)) {
            return Err(format!("raft-sim fuzz {all:?} {args:?} ends with {:?}", ended.code));
        }
        // A program that had to be ended may not have written anything yet.
        let campaign = load(results).map(|loaded| loaded.campaign).unwrap_or_default();
        let found = campaign.findings.distinct().next().map(|finding| Found::Violation {
            seed: finding.seed,
            property: finding.kind.name().to_owned(),
        });
        let found = match ended.code {
            // It had to be stopped, or a signal ended it.
            None => found.or(Some(Found::Stuck)),
            Some(_) => found,
        };
        let Sums { seeds, steps, .. } = campaign.sums;
        Ok(Hunt { base, seeds, steps, millis, found })
    }

    /// Shrinks a seed that violates a property, and measures how long that takes.
    ///
    /// # Errors
    /// Why the program can't be run.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long shrinking takes is what is asked; no run knows of it"
    )]
    pub fn shrunk(&self, seed: u64, args: &[&str]) -> Result<Option<Shrunk>, String> {
        let began = Instant::now();
        let seed = seed.to_string();
        let all = ["shrink", "--seed", &seed, "--format", "json"];
        let ended = self.run(&[&all[..], args].concat(), SHRINK_LIMIT)?;
        let millis = began.elapsed().as_millis() as u64;
        let reply = ended.json();
        let number = |name: &str| reply[name].as_u64();
        Ok(reply["property"].as_str().zip(number("steps")).map(|(property, steps)| Shrunk {
            property: property.to_owned(),
            atoms: number("atoms").unwrap_or_default(),
            steps,
            replays: number("replays").unwrap_or_default(),
            millis,
        }))
    }

    /// Runs the program with these arguments; if it takes longer than `limit`, ends it.
    ///
    /// # Errors
    /// Why the program can't be run.
    pub fn run(&self, args: &[&str], limit: Duration) -> Result<Ended, String> {
        let failed = |error: io::Error| format!("{}: {error}", self.path.display());
        let mut child = Command::new(&self.path)
            .args(args)
            .envs(self.environment.iter().map(|(name, number)| (name, number)))
            .current_dir(&self.folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let (sender, receiver) = mpsc::channel();
        if let Some(mut stdout) = child.stdout.take() {
            thread::spawn(move || {
                let mut out = String::new();
                // If the receiver is gone, the child has been ended.
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

/// The bounds of a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The largest number of seeds.
    pub seeds: u64,
    /// The number of steps after which no other seed begins.
    pub steps: u64,
    /// The time after which a run goes on without end: many times what a campaign takes, even on a slow machine.
    pub patience: Duration,
}

/// The exit code and the output of a program.
#[derive(Clone, Debug)]
pub struct Ended {
    /// `None` if it had to be ended, or a signal ended it.
    pub code: Option<i32>,
    /// The standard output; empty if it had to be ended.
    pub out: String,
}

impl Ended {
    /// The output as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_default()
    }
}

/// The way in which a scenario failed; `None` if it passed.
fn by(result: &Value) -> Option<By> {
    let message = result["message"].as_str().unwrap_or_default();
    let alarm = |property: &Property| message.starts_with(&format!("{} (", property.title()));
    match result["verdict"].as_str() {
        Some("passed" | "skipped") => None,
        Some("failed") if Property::ALL.iter().any(alarm) => Some(By::Checker),
        Some("failed") => Some(By::Expectation),
        Some(_) | None => Some(By::Crash),
    }
}
