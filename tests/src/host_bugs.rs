//! Bugs of a host, each planted in a copy of `raft-host` by a small edit, hunted over its disk of bytes, and shrunk.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::evidence::{Found, Hunt, Shrunk, filled, load};
use crate::workshop::{Bound, Edit, Switch, Variant, Workshop};

/// The file of the results, a line for each bug, from the root of the repository.
pub const DATA: &str = "tests/data/host-bugs.jsonl";

/// The page that has the table of them, between two lines that say so.
pub const PAGE: &str = "docs/host.md";

/// The lines around the table.
const MARKS: [&str; 2] = ["<!-- host bugs -->\n", "<!-- end of host bugs -->\n"];

/// The number of campaigns that look for a bug.
pub const CAMPAIGNS: u64 = 3;

/// The bounds of a campaign.
const BOUND: Bound = Bound { seeds: 2_000, steps: 20_000_000, patience: Duration::from_secs(120) };

/// A bug of a host.
#[derive(Clone, Copy, Debug)]
pub struct HostBug {
    /// Its name.
    pub id: &'static str,
    /// The mistake of the host.
    pub does: &'static str,
    /// The edit that plants it.
    pub edit: Edit<'static>,
}

/// All of them.
pub const ALL: [HostBug; 5] = [
    HostBug {
        id: "receipt-before-sync",
        does: "what waits for a write leaves when the write is handed to the disk, and not when it is synced",
        edit: Edit {
            file: "raft-host/src/journal.rs",
            find: "        self.give(Work::Write { file, at, bytes: bytes.into() }, Done::Nothing);
        let done = Done::Durable(writes);
",
            replace: "        self.give(Work::Write { file, at, bytes: bytes.into() }, Done::Durable(writes));
        let done = Done::Nothing;
",
        },
    },
    HostBug {
        id: "vote-and-term-in-two-records",
        does: "a vote is one record and the term that it is given in the next",
        edit: Edit {
            file: "raft-host/src/journal.rs",
            find: "        let changes: Vec<Record> = writes.iter().map(change).collect();
",
            replace: "        let term = self.tail.hard_state.term;
        let vote = |write: &Write| {
            let hard_state = Some(HardState { term, ..write.hard_state()? });
            Some(Record::Change(Change { hard_state, snapshot: None, log: None }))
        };
        let records = |write: &Write| vote(write).into_iter().chain([change(write)]);
        let changes: Vec<Record> = writes.iter().flat_map(records).collect();
",
        },
    },
    HostBug {
        id: "damage-taken-for-a-torn-end",
        does: "a record that is not as it was written is taken for the torn end of the log, and left out",
        edit: Edit {
            file: "raft-host/src/recovery.rs",
            find: "                let torn =
                    !record::was_durable(bytes, at, number) && record::is_torn(bytes, at, number);
",
            replace: "                let torn = true;
",
        },
    },
    HostBug {
        id: "snapshot-renamed-before-its-sync",
        does: "the file of a snapshot gets its name before what it holds is synced",
        edit: Edit {
            file: "raft-host/src/host/snapshots.rs",
            find: "        if taking.handle.is_some() {
            self.disk.bulk(Work::Sync { file: partial }, Purpose::Nothing, outputs);
            self.disk.bulk(Work::Rename { file: partial, to: file }, Purpose::Nothing, outputs);
            return self.disk.bulk(Work::SyncDirectory, Purpose::Taken, outputs);
        }
",
            replace: "        if taking.handle.is_some() {
            self.disk.bulk(Work::Rename { file: partial, to: file }, Purpose::Nothing, outputs);
            self.disk.bulk(Work::SyncDirectory, Purpose::Taken, outputs);
            return self.disk.bulk(Work::Sync { file }, Purpose::Nothing, outputs);
        }
",
        },
    },
    HostBug {
        id: "reply-tracked-past-a-leadership",
        does: "a client whose entry another leader has replaced is told the outcome of the entry in its place",
        edit: Edit {
            file: "raft-host/src/host/requests.rs",
            find: "            Answer::Superseded => Reply::Superseded,
",
            replace: "            Answer::Superseded => self
                .node
                .applied()
                .map_or(Reply::Superseded, |index| Reply::Applied(index, None)),
",
        },
    },
];

/// What was found of a bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The bug.
    pub id: String,
    /// The campaigns.
    pub hunts: Vec<Hunt>,
    /// The result of shrinking the first finding.
    pub shrunk: Option<Shrunk>,
}

/// The results.
///
/// # Errors
/// A file that can't be read.
pub fn rows() -> Result<Vec<Row>, String> {
    load(DATA)
}

/// Builds one program with all bugs.
///
/// # Errors
/// An edit that does not fit, or the errors of the build.
pub fn workshop() -> Result<Workshop, String> {
    let variants = ALL.iter().map(|bug| Variant::new(bug.id, Switch::Planted, &[bug.edit], &[]));
    Workshop::open("host-bugs", variants.collect::<Result<_, _>>()?)
}

impl HostBug {
    /// Hunts it, and shrinks the first finding.
    ///
    /// # Errors
    /// The reason why its program can't be run.
    pub fn hunt(&self, workshop: &Workshop) -> Result<Row, String> {
        let program = workshop.program(&[self.id]);
        let hunt = |nth| program.hunt(nth * 1_000_000, BOUND, &["--host"]);
        let hunts: Vec<Hunt> = (0..CAMPAIGNS).map(hunt).collect::<Result<_, _>>()?;
        let shrunk = match hunts.iter().find_map(Hunt::seed) {
            Some(seed) => program.shrunk(seed, &["--host"])?,
            None => None,
        };
        Ok(Row { id: self.id.to_owned(), hunts, shrunk })
    }
}

/// The page with the table of these results in place of the one that it has.
///
/// # Errors
/// A page that can't be read, or has no place for a table.
pub fn page(rows: &[Row]) -> Result<String, String> {
    filled(PAGE, MARKS, &table(rows))
}

fn table(rows: &[Row]) -> String {
    let mut table =
        "| bug | the host | found by | after seeds | shrunk to |\n|---|---|---|---|---|\n"
            .to_owned();
    for (bug, row) in ALL.iter().zip(rows) {
        let mut found: Vec<&str> = Vec::new();
        for hunt in &row.hunts {
            match &hunt.found {
                Some(Found::Violation { property, .. }) if !found.contains(&property.as_str()) => {
                    found.push(property);
                }
                Some(Found::Violation { .. } | Found::Stuck) | None => {}
            }
        }
        let seeds: Vec<String> = row.hunts.iter().map(|hunt| hunt.seeds.to_string()).collect();
        let shrunk = row.shrunk.as_ref().map_or("nothing".to_owned(), |shrunk| {
            format!("{} statements, {} replays", shrunk.steps, shrunk.replays)
        });
        let (id, does, seeds) = (bug.id, bug.does, seeds.join(", "));
        table += &format!("| `{id}` | {does} | {} | {seeds} | {shrunk} |\n", found.join(", "));
    }
    table
}
