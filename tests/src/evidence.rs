//! What notices a bug that was planted, as data: scenarios that fail, campaigns that find it, and what a
//! finding is shrunk to.

use std::{fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::root;

/// The results in a file, a line for each, by its path from the root of the repository; none if there is no such file
/// yet.
///
/// # Errors
/// A file that can't be read, or a line that is none.
pub fn load<T: DeserializeOwned>(data: &str) -> Result<Vec<T>, String> {
    let text = match fs::read_to_string(root().join(data)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{data}: {error}")),
    };
    let row = |(number, line)| {
        serde_json::from_str(line).map_err(|error| format!("{data}: line {number}: {error}"))
    };
    (1..).zip(text.lines()).map(row).collect()
}

/// Writes results into a file, and the page that is made of them.
///
/// # Errors
/// What can't be written.
pub fn save<T: Serialize>(rows: &[T], data: &str, page: &str, text: String) -> Result<(), String> {
    let mut lines = String::new();
    for row in rows {
        lines += &serde_json::to_string(row).map_err(|error| error.to_string())?;
        lines.push('\n');
    }
    for (path, text) in [(data, lines), (page, text)] {
        fs::write(root().join(path), text).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

/// A scenario that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Its path from the root of the repository.
    pub path: String,
    /// What noticed.
    pub by: By,
}

/// What noticed, in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Something the scenario says.
    Expectation,
    /// An oracle.
    Checker,
    /// The program came to a bad end: it had to be stopped, or a signal ended it.
    Crash,
}

/// What came of one campaign that went on to its first finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunt {
    /// Its first seed.
    pub base: u64,
    /// How many seeds it ran, the finding's included.
    pub seeds: u64,
    /// How many steps these were.
    pub steps: u64,
    /// How long that took, in milliseconds of the machine that made the page.
    pub millis: u64,
    /// What it found, if anything.
    pub found: Option<Found>,
}

impl Hunt {
    /// The seed that violated a property.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        match self.found {
            Some(Found::Violation { seed, .. }) => Some(seed),
            Some(Found::Stuck) | None => None,
        }
    }
}

/// What ended a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// A property was violated.
    Violation {
        /// By this seed.
        seed: u64,
        /// The property's name.
        property: String,
    },
    /// A run went on without end, within one step.
    Stuck,
}

/// What a finding was shrunk to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shrunk {
    /// The property's name.
    pub property: String,
    /// Faults, tasks and requests that were left of the plan.
    pub atoms: u64,
    /// Statements of the scenario.
    pub steps: u64,
    /// Runs and replays that it took.
    pub replays: u64,
    /// How long that took, in milliseconds of the machine that made the page.
    pub millis: u64,
}
