//! The bugs of the zoo under exploration: for each the smallest of a list of bounds within which it is found.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::evidence::{filled, load};
use crate::workshop::Workshop;
use crate::zoo::{Bug, Judge, tables};

/// The file of the results, a line for each bug, from the root of the repository.
pub const DATA: &str = "tests/data/explored-bugs.jsonl";

/// The page that has the table of them, between two lines that say so.
pub const PAGE: &str = "docs/exploration.md";

/// The lines around the table.
const MARKS: [&str; 2] = ["<!-- explored bugs -->\n", "<!-- end of explored bugs -->\n"];

/// The bounds, in the order in which they are tried: `raft-sim explore` with these options.
pub const BOUNDS: [&str; 28] = [
    "--terms 1 --entries 1 --crashes 1",
    "--servers 2 --terms 2 --entries 1 --crashes 1",
    "--servers 2 --terms 1 --entries 2 --heartbeats 1 --duplicates 1",
    "--servers 4 --terms 1 --duplicates 1",
    "--servers 2 --terms 2 --entries 1 --crashes 1 --slow-disks",
    "--servers 2 --terms 1 --entries 1 --snapshots 1 --heartbeats 1 --crashes 1",
    "--servers 1 --joiners 1 --terms 2 --members 2",
    "--servers 2 --terms 2 --reads 1 --heartbeats 1",
    "--servers 2 --terms 2 --transfers 1 --entries 1",
    "--terms 2",
    "--terms 1 --slow-disks --crashes 1",
    "--terms 2 --timeouts 3 --settings pre-vote",
    "--terms 2 --heartbeats 1 --timeouts 2 --settings check-quorum",
    "--terms 1 --members 1 --entries 1",
    "--terms 2 --members 1 --timeouts 2",
    "--terms 1 --entries 1 --snapshots 2 --heartbeats 1",
    "--terms 2 --reads 1 --timeouts 2",
    "--terms 3 --entries 1 --timeouts 3",
    "--servers 1 --joiners 1 --terms 2 --members 1 --heartbeats 2 --transfers 1 --to 'S1 learners S2'",
    "--servers 1 --joiners 1 --terms 2 --members 2 --heartbeats 1 --crashes 1 --to 'S1 learners S2' --to 'S1 S2'",
    "--servers 1 --joiners 2 --terms 2 --members 1 --heartbeats 1 --to 'S1 S2 S3'",
    "--terms 1 --members 2",
    "--servers 2 --terms 2 --entries 1 --live",
    "--servers 2 --terms 2 --members 1 --live",
    "--servers 2 --joiners 1 --terms 2 --members 1 --heartbeats 1 --to 'S2 S3' --live",
    "--servers 2 --terms 2 --entries 1 --reads 1 --heartbeats 1",
    "--terms 2 --snapshots 1 --timeouts 2",
    "--servers 1 --joiners 1 --terms 1 --entries 1 --members 1 --heartbeats 3 --snapshots 1 --crashes 1 --settings 'chunk 1' --live",
];

/// The states after which the next bounds are tried.
const STATES: &str = "400000";

/// The time after which an exploration goes on without end: many times what one takes.
const LIMIT: Duration = Duration::from_secs(900);

/// What the exploration of a bug found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The bug.
    pub id: String,
    /// What was found, and within which bounds.
    pub found: Option<Found>,
    /// The number of [`BOUNDS`] that were tried, in their order.
    pub tried: usize,
}

/// A shortest history that shows a bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The bounds: one of [`BOUNDS`].
    pub bounds: String,
    /// The property that it violates; `None` if a server does not boot, or for a trap.
    pub property: Option<String>,
    /// True if nothing is violated, but a state is reached with no way out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trap: bool,
    /// The number of its actions.
    pub actions: u64,
    /// The number of distinct states by then.
    pub states: u64,
    /// True if its scenario fails when it is replayed.
    pub fails: bool,
}

/// Explores a bug within one bound after the other, until it is found. Those that were tried before are not tried again.
///
/// # Errors
/// A program that fails.
pub fn explored(bug: &Bug, tried: usize, workshop: &Workshop) -> Result<Row, String> {
    let program = bug.planted(workshop, Judge::Rules);
    let row = |found, tried| Row { id: bug.id.to_owned(), found, tried };
    for (place, bounds) in BOUNDS.iter().enumerate().skip(tried) {
        let all = ["explore", "--states", STATES, "--format", "json"].into_iter();
        let args: Vec<&str> = all.chain(words(bounds)).collect();
        let ended = program.run(&args, LIMIT)?;
        match ended.code {
            // It is not found there: all is exhausted, there are more states, or it takes too long.
            Some(0 | 4) | None => {}
            Some(1) => {
                let json = ended.json();
                let found = &json["found"];
                let found = Found {
                    bounds: (*bounds).to_owned(),
                    property: found["property"].as_str().map(str::to_owned),
                    trap: found["trap"] == true,
                    actions: found["actions"].as_u64().unwrap_or_default(),
                    states: json["distinct"].as_u64().unwrap_or_default(),
                    fails: found["replay_fails"] == true,
                };
                return Ok(row(Some(found), place + 1));
            }
            Some(code) => return Err(format!("{}: explore {bounds} ends with {code}", bug.id)),
        }
    }
    Ok(row(None, BOUNDS.len()))
}

/// The options of some bounds, one by one. What stands between quotes is one of them.
fn words(bounds: &str) -> impl Iterator<Item = &str> {
    bounds.split('\'').enumerate().flat_map(|(place, part)| {
        let separator = if place % 2 == 0 { ' ' } else { '\'' };
        part.split(separator).filter(|word| !word.is_empty())
    })
}

/// The recorded results.
///
/// # Errors
/// A file that can't be read, or a line that is not a result.
pub fn rows() -> Result<Vec<Row>, String> {
    load(DATA)
}

/// The page with the table of these results in place of the one that it has.
///
/// # Errors
/// A page that can't be read, or has no place for a table.
pub fn page(rows: &[Row]) -> Result<String, String> {
    filled(PAGE, MARKS, &table(rows))
}

fn table(rows: &[Row]) -> String {
    let found = rows.iter().filter(|row| row.found.is_some()).count();
    let mut table = format!(
        "Of the {} bugs {} are recorded so far, and {found} of these were found.\n\n| bug | bounds | property | actions | states |\n|---|---|---|---:|---:|\n",
        tables().iter().map(|(_, bugs)| bugs.len()).sum::<usize>(),
        rows.len()
    );
    for bug in tables().iter().flat_map(|(_, bugs)| *bugs) {
        let Some(row) = rows.iter().find(|row| row.id == bug.id) else { continue };
        let id = &row.id;
        table += &match &row.found {
            Some(Found { bounds, property, trap, actions, states, .. }) => {
                let otherwise = if *trap { "a trap" } else { "does not boot" };
                let property = property.as_deref().unwrap_or(otherwise);
                format!("| `{id}` | `{bounds}` | {property} | {actions} | {states} |\n")
            }
            None => format!("| `{id}` | not found | | | |\n"),
        };
    }
    table
}
