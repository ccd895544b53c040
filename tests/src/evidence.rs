//! Evidence that a planted bug is noticed, as data: scenarios that fail, campaigns that find it, and the result of
//! shrinking a finding.

use std::{fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::root;

/// Reads the results in a file, one per line, by its path from the root of the repository; none if there is no such
/// file yet.
///
/// # Errors
/// A file that can't be read, or a line that is not a result.
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

/// Writes results into a file, and the page made from them.
///
/// # Errors
/// A file that can't be written.
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

/// A page with this text in place of the one between two lines.
///
/// # Errors
/// A page that can't be read, or does not have the two lines.
pub fn filled(page: &str, [begin, end]: [&str; 2], text: &str) -> Result<String, String> {
    let old = fs::read_to_string(root().join(page)).map_err(|error| format!("{page}: {error}"))?;
    let parts =
        old.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?)));
    let (before, (_, after)) = parts.ok_or_else(|| format!("{page} has no {begin}"))?;
    Ok([before, begin, text, end, after].concat())
}

/// A scenario that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Its path from the root of the repository.
    pub path: String,
    /// The way in which it failed.
    pub by: By,
}

/// The way in which a scenario fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// An expectation of the scenario.
    Expectation,
    /// A checker.
    Checker,
    /// A crash of the program: it had to be stopped, or a signal ended it.
    Crash,
}

/// The result of one campaign that ran until its first finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunt {
    /// Its first seed.
    pub base: u64,
    /// The number of seeds that it ran, the finding's included.
    pub seeds: u64,
    /// The number of their steps.
    pub steps: u64,
    /// The time that took, in milliseconds on the machine that made the page.
    pub millis: u64,
    /// The finding, if any.
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

/// The end of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// A property was violated.
    Violation {
        /// The seed that violated it.
        seed: u64,
        /// The property's name.
        property: String,
    },
    /// A run went on without end, within one step.
    Stuck,
}

/// The result of shrinking a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shrunk {
    /// The property's name.
    pub property: String,
    /// The number of faults, admin operations and requests left in the plan.
    pub atoms: u64,
    /// The number of statements of the scenario.
    pub steps: u64,
    /// The number of runs and replays that it took.
    pub replays: u64,
    /// The time that took, in milliseconds on the machine that made the page.
    pub millis: u64,
}
