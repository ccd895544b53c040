//! A conformance report: what scenarios and seeds showed of one subject or of several, requirement by requirement.
//!
//! [`Conformance`] is all of it, as plain data; each format writes the same. What is wrong comes first, the gravest
//! before all, each with the one command that shows it again; then what was put to the test and what was not, and why;
//! then every requirement and every scenario. A report is a function of what was found: it knows no clock, no machine
//! and no number of threads.

mod gather;
pub mod html;
pub mod human;
pub mod junit;
mod labels;
pub mod markdown;
mod place;
mod wrong;

use std::io::{self, Write};

use serde::Serialize;

use super::{End, Report, Summary};
use crate::campaign::{Campaign, Header};
use crate::checker::Class;
use crate::subject::Capability;

/// What was asked of one subject, and what came of it. Of several subjects all were asked the same scenarios, in the
/// same order, and the same seeds.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How the subject calls itself.
    pub name: String,
    /// What it claims to support.
    pub capabilities: Vec<Capability>,
    /// What its scenarios came to.
    pub scenarios: Report,
    /// What the campaign was of.
    pub header: Header,
    /// What its seeds came to.
    pub campaign: Campaign,
    /// How all of it ended.
    pub end: End,
}

/// A conformance report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conformance {
    /// The program and its version.
    pub program: String,
    /// The seeds of the campaign: `0..1000`.
    pub seeds: String,
    /// Who was judged.
    pub subjects: Vec<Subject>,
    /// The sections of the paper, in order; a scenario belongs to the first one that it names.
    pub sections: Vec<Row>,
    /// The rules and figures of the paper, and the sections of the dissertation, in order; a scenario belongs to all
    /// that it names, or to its section if it names none.
    pub requirements: Vec<Row>,
    /// What oracles judge after every step.
    pub properties: Vec<Judged>,
    /// Every scenario, under its section.
    pub scenarios: Vec<Row>,
}

/// One subject, and what is to be said about it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Its name; with a number if others have the same.
    pub name: String,
    /// The command that starts it, if it is a process.
    pub command: Option<String>,
    /// What it claims to support, as scenarios name it.
    pub capabilities: Vec<&'static str>,
    /// What it comes to, in a few words: `violates safety`.
    pub verdict: &'static str,
    /// The exit code that this makes.
    pub exit_code: u8,
    /// How many scenarios ended in which way.
    pub scenarios: Summary,
    /// How many seeds were run.
    pub seeds: u64,
    /// With how many of them something is wrong.
    pub seeds_with_findings: u64,
    /// How many steps the seeds took.
    pub steps: u64,
    /// Stands for these steps: another run of the same makes the same.
    pub digest: String,
    /// What is wrong, the gravest first.
    pub wrong: Vec<Wrong>,
    /// What was not asked, and why: the scenarios that need something it does not claim.
    pub skipped: Vec<Lacking>,
}

/// How much something that is wrong weighs, the heaviest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Two runs of the same seed differ: what else is found may not show itself again.
    Repeatability,
    /// Something bad happened that no Raft may let happen.
    Safety,
    /// A server does not boot.
    Boot,
    /// In a situation of the paper something else came about than the paper says.
    Scenarios,
    /// A rule of Figure 2 or 13 is not kept to the letter, by one who claims to.
    Rules,
    /// What was owed did not come about in time.
    Progress,
    /// A scenario that can't be used: nobody knows what it would have shown.
    Files,
}

impl Weight {
    /// What stands over all that weighs as much.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Weight::Repeatability => "Not repeatable",
            Weight::Safety => "Safety",
            Weight::Boot => "Boot",
            Weight::Scenarios => "Situations of the paper",
            Weight::Rules => "Conduct",
            Weight::Progress => "Progress",
            Weight::Files => "Unusable files",
        }
    }

    /// The verdict on a subject with whom nothing weighs more.
    fn verdict(self) -> &'static str {
        match self {
            Weight::Repeatability => "is not repeatable",
            Weight::Safety => "violates safety",
            Weight::Boot => "does not boot",
            Weight::Scenarios => "departs from the paper",
            Weight::Rules => "breaks rules of conduct",
            Weight::Progress => "does not make progress",
            Weight::Files => "was not asked everything",
        }
    }

    fn of(class: Class) -> Weight {
        match class {
            Class::Safety => Weight::Safety,
            Class::Rules => Weight::Rules,
            Class::Liveness => Weight::Progress,
        }
    }
}

/// One thing that is wrong, whoever showed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// How much it weighs.
    pub weight: Weight,
    /// The property, rule or figure.
    pub name: String,
    /// What it says, in short; may be empty.
    pub says: String,
    /// Where the paper says so; may be empty.
    pub paper: String,
    /// How many scenarios show it.
    pub scenarios: usize,
    /// How many seeds do.
    pub seeds: u64,
    /// Those of them that were looked at, the plainest first; never empty.
    pub examples: Vec<Example>,
}

/// Where something wrong was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Where.
    #[serde(flatten)]
    pub source: Source,
    /// What was expected and what was found, or how a violation was seen; may have several lines.
    pub message: String,
    /// The command that shows it again.
    pub replay: String,
}

/// A scenario or a seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum Source {
    /// A scenario file.
    Scenario {
        /// Its path.
        file: String,
        /// What it says holds; empty if the file could not be used.
        title: String,
        /// Where in it, from 1.
        line: Option<u32>,
        /// The text of that line.
        text: String,
        /// The last steps before.
        steps: Vec<String>,
    },
    /// A seed of the campaign.
    Seed {
        /// The seed.
        seed: u64,
        /// The scenario that it was shrunk to, if it was.
        scenario: Option<String>,
    },
}

/// A capability that is lacking, and what was not asked because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// As scenarios name it.
    pub capability: &'static str,
    /// How many scenarios need it, and perhaps others.
    pub scenarios: usize,
}

/// How something stands with a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It was not asked, for want of a capability.
    Skipped,
    /// The file could not be used.
    Unusable,
    /// Nothing put it to the test.
    Untested,
}

impl Mark {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Mark::Passed => "passed",
            Mark::Failed => "failed",
            Mark::Skipped => "skipped",
            Mark::Unusable => "unusable",
            Mark::Untested => "untested",
        }
    }
}

/// A section, a requirement or a scenario, and how each subject stands with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it stands under: a figure or a section; may be empty.
    pub group: String,
    /// How the paper names it, or the scenario's file.
    pub name: String,
    /// What it says; may be empty.
    pub says: String,
    /// One for each subject.
    pub cells: Vec<Cell>,
}

impl Row {
    /// Whether subjects stand differently.
    #[must_use]
    pub fn differs(&self) -> bool {
        differ(self.cells.iter().map(|cell| cell.mark))
    }
}

/// How one subject stands with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// All in all.
    pub mark: Mark,
    /// Its scenarios.
    #[serde(flatten)]
    pub scenarios: Summary,
    /// What those that were skipped need and the subject does not claim.
    pub lacking: Vec<&'static str>,
    /// How many seeds violate a property that the paper states here.
    pub seeds: u64,
}

/// A property, and how each subject stands with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// As scenarios name it.
    pub name: &'static str,
    /// As the paper does.
    pub title: &'static str,
    /// Where.
    pub paper: &'static str,
    /// What must hold, in short.
    pub says: &'static str,
    /// How much a breach weighs.
    pub weight: Weight,
    /// One for each subject.
    pub cells: Vec<Exercised>,
}

impl Judged {
    /// Whether subjects stand differently.
    #[must_use]
    pub fn differs(&self) -> bool {
        differ(self.cells.iter().map(|cell| cell.mark))
    }
}

/// How one subject stands with a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Exercised {
    /// All in all.
    pub mark: Mark,
    /// How often the campaign put it to the test.
    pub times: u64,
    /// In how many of the seeds.
    pub seeds: u64,
    /// How many seeds violate it.
    pub violated: u64,
}

fn differ(mut marks: impl Iterator<Item = Mark>) -> bool {
    let first = marks.next();
    marks.any(|mark| Some(mark) != first)
}

impl Conformance {
    /// The report of these trials.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Conformance {
        gather::conformance(trials)
    }
}

/// Writes a report as one JSON object.
///
/// # Errors
/// What keeps `out` from being written.
pub fn json(conformance: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, conformance)?;
    writeln!(out)
}
