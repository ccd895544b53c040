//! A copy of the workspace in which bugs are planted, and the questions put to the program that is built there. The
//! copy is below `target/`; the core itself is never touched.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use raft_sim::campaign::{Sums, load};
use raft_sim::checker::Property;
use serde_json::Value;

use crate::evidence::{By, Failed, Found, Hunt, Shrunk};
use crate::root;

/// The time limit of shrinking: one that takes longer will not end.
const SHRINK_LIMIT: Duration = Duration::from_secs(60);

/// The time after the limit of a campaign at which it counts as stuck within a run.
const STUCK: Duration = Duration::from_secs(30);

/// The time limit of the scenarios: all of them together take well under a second. A core in an endless loop may take
/// a great deal of memory meanwhile.
const LIMIT: Duration = Duration::from_secs(3);

/// The files and folders that are copied.
const COPIED: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "clippy.toml",
    "raft-core",
    "raft-sim",
    "subjects/rust",
    "subjects/rust-example",
    "tests",
];

/// The environment of builds. Quick builds matter more here than fast programs.
const QUICK: [(&str, &str); 5] = [
    ("CARGO_INCREMENTAL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "64"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
];

/// A place in the sources, and the text that replaces it when a bug is planted.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// The file, from the root of the repository.
    pub file: &'a str,
    /// The text to replace, which occurs there exactly once.
    pub find: &'a str,
    /// The replacement.
    pub replace: &'a str,
}

/// The copy.
#[derive(Debug)]
pub struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// Makes a copy of this name, in place of an earlier one, and builds it.
    ///
    /// # Errors
    /// A file that can't be copied, or the errors of the build.
    pub fn open(name: &str) -> Result<Workshop, String> {
        let folder = root().join("target/workshops").join(name);
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

    /// Builds the program; the compiler's output if that fails.
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

    /// Makes the edits, builds, calls `ask`, and takes the edits back.
    ///
    /// # Errors
    /// An edit that does not fit or does not build, a file that can't be read or written, and the error of `ask`.
    pub fn planted<T>(
        &self,
        edits: &[Edit<'_>],
        ask: impl FnOnce(&Workshop) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut files: BTreeMap<&str, (String, String)> = BTreeMap::new();
        for &Edit { file, find, replace } in edits {
            let (_, text) = match files.entry(file) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(place) => {
                    let whole = fs::read_to_string(self.folder.join(file));
                    let whole = whole.map_err(|error| format!("{file}: {error}"))?;
                    place.insert((whole.clone(), whole))
                }
            };
            if text.matches(find).count() != 1 {
                return Err(format!("{file}: this does not stand there exactly once:\n{find}"));
            }
            *text = text.replacen(find, replace, 1);
        }
        let write = |which: fn(&(String, String)) -> &String| {
            files.iter().try_for_each(|(file, texts)| {
                fs::write(self.folder.join(file), which(texts))
                    .map_err(|error| format!("{file}: {error}"))
            })
        };
        let made = write(|(_, edited)| edited)
            .and_then(|()| self.build().map_err(|error| format!("it does not build:\n{error}")))
            .and_then(|()| ask(self));
        write(|(whole, _)| whole)?;
        made
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
        let ended = self.raft_sim(&[&["test", "--format", "json"], files].concat(), LIMIT)?;
        let results = ended.json()["scenarios"].as_array().cloned();
        Ok(results.filter(|results| results.len() == files.len()))
    }

    /// Runs a campaign of `seeds` seeds from `base` on, up to its first finding: `raft-sim fuzz` with these
    /// additional arguments, for at most `limit`.
    ///
    /// # Errors
    /// Why the program can't be run.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a hunt takes is what is asked; no run knows of it"
    )]
    pub fn hunt(
        &self,
        base: u64,
        seeds: u64,
        args: &[&str],
        limit: Duration,
    ) -> Result<Hunt, String> {
        let range = format!("{base}..{}", base + seeds);
        let file = self.folder.join("target/campaign.jsonl");
        let out = file.to_string_lossy().into_owned();
        let time = format!("{}ms", limit.as_millis());
        let all = ["fuzz", "--seeds", &range, "--time", &time, "--findings", "1", "--no-shrink"];
        // The file of an earlier campaign does not belong to this one.
        let cleared = if file.exists() { fs::remove_file(&file) } else { Ok(()) };
        cleared.map_err(|error| format!("{out}: {error}"))?;
        let began = Instant::now();
        let patience = limit + STUCK;
        let ended = self.raft_sim(&[&all[..], &["--out", &out], args].concat(), patience)?;
        let millis = began.elapsed().as_millis() as u64;
        // 0: all held; 1 and 3: a finding; 4: no seed was run in time; any other code is an error of the program itself.
        if !matches!(ended.code, None | Some(0 | 1 | 3 | 4)) {
            return Err(format!("raft-sim fuzz {all:?} {args:?} ends with {:?}", ended.code));
        }
        // A program that had to be ended may not have written anything yet.
        let campaign = load(&file).map(|loaded| loaded.campaign).unwrap_or_default();
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
        let ended = self.raft_sim(&[&all[..], args].concat(), SHRINK_LIMIT)?;
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

/// The exit code and the output of a program.
struct Ended {
    /// `None` if it had to be ended, or a signal ended it.
    code: Option<i32>,
    out: String,
}

impl Ended {
    /// The output as JSON; null if it is not JSON.
    fn json(&self) -> Value {
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
