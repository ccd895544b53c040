//! Mutation testing with one build: the edits that [cargo-mutants](https://mutants.rs) makes up, planted in a copy of the
//! core behind a switch, and the tests that a broken core should not pass.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::root;
use crate::workshop::{Built, Change, PROFILE, Program, Switch, Variant, Workshop};

/// The configuration of cargo-mutants, which names the tests.
const CONFIGURATION: &str = ".cargo/mutants.toml";

/// A mutant, as `cargo mutants --list --json` names it.
#[derive(Clone, Debug, Deserialize)]
pub struct Mutant {
    /// Its place and what it does, in a line.
    pub name: String,
    file: String,
    span: Span,
    replacement: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// A place in a text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// The fate of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It does not compile.
    Unviable,
    /// A test fails: the name of its target.
    Caught(String),
    /// A test does not end in time, or a signal ends it: the name of its target.
    Stuck(String),
    /// All tests pass.
    Missed,
}

/// Lists all mutants whose name contains one of `parts`; all without any.
///
/// # Errors
/// cargo-mutants is not there, or its answer is not understood.
pub fn listed(parts: &[String]) -> Result<Vec<Mutant>, String> {
    let listed = Command::new("cargo")
        .args(["mutants", "--list", "--json"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo mutants: {error}"))?;
    if !listed.status.success() {
        return Err(format!("cargo mutants: {}", String::from_utf8_lossy(&listed.stderr)));
    }
    let all: Result<Vec<Mutant>, _> = serde_json::from_slice(&listed.stdout);
    let mut all = all.map_err(|error| format!("cargo mutants --list --json: {error}"))?;
    all.retain(|mutant| parts.is_empty() || parts.iter().any(|part| mutant.name.contains(part)));
    Ok(all)
}

impl Mutant {
    fn variant(&self) -> Result<Variant, String> {
        let text = fs::read_to_string(root().join(&self.file));
        let text = text.map_err(|error| format!("{}: {error}", self.file))?;
        let at = |place: Place| {
            let line = text.split_inclusive('\n').nth(place.line - 1)?;
            let before: usize = text.split_inclusive('\n').take(place.line - 1).map(str::len).sum();
            let column = line.char_indices().map(|(byte, _)| byte).nth(place.column - 1)?;
            Some(before + column)
        };
        let span = at(self.span.start).zip(at(self.span.end));
        let (start, end) = span.ok_or_else(|| format!("{}: no such place", self.name))?;
        let change = Change { at: start..end, with: self.replacement.clone() };
        Ok(Variant {
            name: self.name.clone(),
            switch: Switch::Planted,
            changes: [(self.file.clone(), vec![change])].into(),
            room: [].into(),
        })
    }
}

/// The copy in which the mutants are planted, with the tests that judge them.
#[derive(Debug)]
pub struct Trial {
    workshop: Workshop,
    /// The targets of the tests.
    targets: Vec<String>,
    /// The executables of the tests in which the mutants are switched.
    tests: Vec<PathBuf>,
    apart: Vec<usize>,
    unviable: Vec<usize>,
}

impl Trial {
    /// Makes the copy, and builds the tests with all mutants that can be switched.
    ///
    /// # Errors
    /// A file that can't be read or copied, a core that does not build without a mutant either, or a test that the sound
    /// core fails.
    pub fn open(mutants: &[Mutant], limit: Duration) -> Result<Trial, String> {
        let configuration = fs::read_to_string(root().join(CONFIGURATION));
        let configuration = configuration.map_err(|error| format!("{CONFIGURATION}: {error}"))?;
        let targets =
            configuration.lines().filter_map(|line| line.trim().strip_prefix("\"--test="));
        let targets = targets.map(|target| target.trim_end_matches("\",").to_owned()).collect();
        let variants = mutants.iter().map(Mutant::variant).collect::<Result<_, String>>()?;
        let workshop = Workshop::copied("mutants", variants)?;
        let apart = workshop.outside_of_functions()?;
        let mut trial = Trial { workshop, targets, tests: Vec::new(), apart, unviable: Vec::new() };
        let mut tests = Vec::new();
        trial.unviable = trial.workshop.together(&trial.apart, |workshop| {
            let built = trial.built(workshop)?;
            tests = built.programs;
            Ok(built.rejected)
        })?;
        trial.tests = tests;
        match trial.fate(&trial.tests, None, limit)? {
            Fate::Missed => Ok(trial),
            fate @ (Fate::Unviable | Fate::Caught(_) | Fate::Stuck(_)) => {
                Err(format!("the sound core does not pass: {fate:?}"))
            }
        }
    }

    /// Builds the tests, in the order of the configuration, and returns them with what the compiler rejects.
    fn built(&self, workshop: &Workshop) -> Result<Built, String> {
        let arguments = ["test", "--no-run", "--profile", PROFILE, "--package", "raft-tests"];
        let named = self.targets.iter().flat_map(|target| ["--test", target]);
        let mut built = workshop.cargo(&arguments.into_iter().chain(named).collect::<Vec<_>>())?;
        let place = |path: &PathBuf| self.targets.iter().position(|name| *name == target(path));
        // Cargo builds the programs of the package as well.
        built.programs.retain(|path| place(path).is_some());
        built.programs.sort_by_key(place);
        Ok(built)
    }

    /// The places of the mutants that were not built apart.
    #[must_use]
    pub fn switched(&self, count: usize) -> Vec<usize> {
        let apart: BTreeSet<&usize> = self.apart.iter().collect();
        (0..count).filter(|place| !apart.contains(place)).collect()
    }

    /// The fate of a mutant that stands behind the switch, by its place.
    ///
    /// # Errors
    /// A test that can't be run.
    pub fn of_switched(&self, place: usize, limit: Duration) -> Result<Fate, String> {
        if self.unviable.contains(&place) {
            return Ok(Fate::Unviable);
        }
        self.fate(&self.tests, Some(place), limit)
    }

    /// The mutants that can't stand behind a switch, each with its fate after a build of its own.
    ///
    /// # Errors
    /// A build that fails for another reason than the mutant, or a test that can't be run.
    pub fn of_others(&self, limit: Duration) -> Result<Vec<(usize, Fate)>, String> {
        let mut fates = Vec::new();
        for place in &self.apart {
            let mut tests = Vec::new();
            let rejected = self.workshop.apart(*place, |workshop| {
                let built = self.built(workshop)?;
                tests = built.programs;
                Ok(built.rejected)
            })?;
            let fate = match rejected.is_empty() {
                true => self.fate(&tests, None, limit)?,
                false => Fate::Unviable,
            };
            fates.push((*place, fate));
        }
        Ok(fates)
    }

    fn fate(
        &self,
        tests: &[PathBuf],
        place: Option<usize>,
        limit: Duration,
    ) -> Result<Fate, String> {
        let environment: Vec<_> =
            place.iter().map(|place| self.workshop.variable(*place)).collect();
        for path in tests {
            let program = Program {
                path: path.clone(),
                // What proptest writes down of a broken core stays in the copy.
                folder: self.workshop.folder.clone(),
                environment: environment.clone(),
                results: None,
            };
            match program.run(&[], limit)?.code {
                Some(0) => {}
                Some(_) => return Ok(Fate::Caught(target(path))),
                None => return Ok(Fate::Stuck(target(path))),
            }
        }
        Ok(Fate::Missed)
    }
}

/// The name of the target of a test: that of its executable, without the hash.
fn target(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    name.rsplit_once('-').map_or_else(|| name.to_string(), |(target, _)| target.to_owned())
}
