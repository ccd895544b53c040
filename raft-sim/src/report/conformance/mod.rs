//! A conformance report: the results of scenarios and seeds for one subject or several, requirement by requirement.
//!
//! [`Conformance`] is the report as plain data; all formats write the same. Causes come first, the gravest before all
//! others, each with one command that shows it again. Then follows what was tested and what was not, and why; then every
//! requirement and every scenario. A report is a function of the results: it has no time, no machine and no number of
//! threads in it.

mod advice;
mod causes;
mod gather;
pub mod html;
pub mod human;
pub mod junit;
mod known;
mod labels;
pub mod markdown;
mod place;
mod symptom;
mod weight;

use std::io::{self, Write};

use serde::Serialize;

use super::{End, Report};
use crate::campaign::{Campaign, Header};
use crate::checker::Property;
use crate::subject::Capability;

pub use known::Known;
pub use symptom::symptom;
pub use weight::Weight;

/// The version of the report as data. Fields are added without a new one.
const FORMAT: u32 = 2;

/// The results of one subject. All subjects of a report replay the same scenarios, in the same order, and run the same
/// seeds.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The name of the subject.
    pub name: String,
    /// The capabilities that it claims.
    pub capabilities: Vec<Capability>,
    /// The rounds: one in which everything is judged, then those in which the properties found violated are set aside.
    /// Never empty.
    pub rounds: Vec<Round>,
    /// False if it was interrupted: only the first scenarios and seeds were judged.
    pub is_whole: bool,
}

/// The scenarios and seeds of one round.
#[derive(Clone, Debug)]
pub struct Round {
    /// The properties that are set aside.
    pub set_aside: Vec<Property>,
    /// The results of its scenarios; behind the first round, of those that an earlier violation had stopped.
    pub scenarios: Report,
    /// The header of its campaign.
    pub header: Header,
    /// The results of its seeds.
    pub campaign: Campaign,
}

impl Trial {
    /// The round in which everything is judged.
    fn first(&self) -> &Round {
        &self.rounds[0]
    }
}

/// A conformance report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conformance {
    /// The version of this form: 2. Fields are added without a new one.
    pub format: u32,
    /// The program and its version.
    pub program: String,
    /// The seeds of the campaign: `0..1000`.
    pub seeds: String,
    /// The subjects.
    pub subjects: Vec<Subject>,
    /// The sections of the paper, in order; a scenario belongs to the first one that it names.
    pub sections: Vec<Row>,
    /// The rules and figures of the paper, and the sections of the dissertation, in order; a scenario belongs to all
    /// that it names, or to its section if it names none.
    pub requirements: Vec<Row>,
    /// The properties that are checked after every step.
    pub properties: Vec<Judged>,
    /// Every scenario, under its section.
    pub scenarios: Vec<Row>,
}

/// One subject, with the results that are its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Its name; with a number if others have the same.
    pub name: String,
    /// The command that starts it, if it is a process.
    pub command: Option<String>,
    /// The capabilities that it claims, as scenarios name them.
    pub capabilities: Vec<&'static str>,
    /// The verdict, in a few words: `violates safety`.
    pub verdict: &'static str,
    /// The exit code for this verdict.
    pub exit_code: u8,
    /// The end of the program if this is the only subject.
    #[serde(skip)]
    pub end: End,
    /// False if it was interrupted: only the first scenarios and seeds were judged.
    pub is_whole: bool,
    /// The number of scenarios with each result.
    pub scenarios: Results,
    /// The number of seeds that were run.
    pub seeds: u64,
    /// The number of seeds with findings.
    pub seeds_with_findings: u64,
    /// The number of steps of the seeds.
    pub steps: u64,
    /// The digest of these steps: another run of the same subject has the same digest.
    pub digest: String,
    /// The causes of all failures, the gravest first.
    pub causes: Vec<Cause>,
    /// The lines of the known causes that nothing showed.
    pub known_unused: Vec<String>,
    /// The skipped scenarios, by the capability that the subject does not claim.
    pub skipped: Vec<Lacking>,
}

/// One cause: a symptom, with every scenario and seed that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Its name in a file of known causes: the property and the claim that went wrong, without what varies from run to
    /// run.
    pub id: String,
    /// Its weight.
    pub weight: Weight,
    /// The property, or the expectation that was not met.
    pub name: String,
    /// The condition that does not hold, in short; may be empty.
    pub says: String,
    /// Its place in the paper; may be empty.
    pub paper: String,
    /// The code to look at, in a sentence.
    pub look_at: &'static str,
    /// True if the causes of this kind are known: they count for nothing.
    pub known: bool,
    /// True if it shows only where servers have different settings, as far as is known.
    pub mixed_settings: bool,
    /// The properties that were set aside when it was found.
    pub set_aside: Vec<Property>,
    /// The number of scenarios that show it.
    pub scenarios: usize,
    /// The number of seeds that show it.
    pub seeds: u64,
    /// The text of the shortest scenario that shows it, if there is one.
    pub scenario: Option<String>,
    /// The command that shows it again.
    pub replay: String,
    /// The page that shows the scenario, as the report links to it, if it was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Examples, the plainest first; never empty.
    pub examples: Vec<Example>,
}

impl Cause {
    /// True if it was found with other properties set aside, from which it may follow.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.set_aside.is_empty()
    }
}

/// The number of scenarios with each result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Results {
    /// Scenarios in which everything held.
    pub passed: usize,
    /// Scenarios in which something did not hold.
    pub failed: usize,
    /// Scenarios with a statement that could not be carried out.
    pub not_set_up: usize,
    /// Scenarios that require a capability which the subject lacks.
    pub skipped: usize,
    /// Scenarios whose file could not be used.
    pub unusable: usize,
}

/// One place where a cause shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The scenario or the seed.
    #[serde(flatten)]
    pub source: Source,
    /// The expected and the actual state, or the evidence of a violation; may have several lines.
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
        /// Its title: the claim that it makes; empty if the file could not be used.
        title: String,
        /// The line, from 1.
        line: Option<u32>,
        /// The text of that line.
        text: String,
        /// The last steps before it.
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

/// A capability that is lacking, and the number of scenarios that were skipped for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// The capability, as scenarios name it.
    pub capability: &'static str,
    /// The number of scenarios that need it, and perhaps other capabilities.
    pub scenarios: usize,
}

/// The result of one row for one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It was skipped for want of a capability.
    Skipped,
    /// A statement of the scenario could not be carried out.
    #[serde(rename = "not-set-up")]
    NotSetUp,
    /// The file could not be used.
    Unusable,
    /// Nothing put it to the test.
    Untested,
}

impl Mark {
    /// The mark in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Mark::Passed => "passed",
            Mark::Failed => "failed",
            Mark::Skipped => "skipped",
            Mark::NotSetUp => "not set up",
            Mark::Unusable => "unusable",
            Mark::Untested => "untested",
        }
    }
}

/// A section, a requirement or a scenario, with the result of each subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The figure or section that it belongs to; may be empty.
    pub group: String,
    /// Its name in the paper, or the scenario's file.
    pub name: String,
    /// Its statement; may be empty.
    pub says: String,
    /// One for each subject.
    pub cells: Vec<Cell>,
}

impl Row {
    /// True if the subjects have different results.
    #[must_use]
    pub fn differs(&self) -> bool {
        differ(self.cells.iter().map(|cell| cell.mark))
    }
}

/// The results of one subject in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The result as a whole.
    pub mark: Mark,
    /// The results of the scenarios.
    #[serde(flatten)]
    pub scenarios: Results,
    /// The capabilities that skipped scenarios need and the subject does not claim.
    pub lacking: Vec<&'static str>,
    /// The number of seeds that violate a property which the paper states here.
    pub seeds: u64,
}

/// A property, with the result of each subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Its name in scenarios.
    pub name: &'static str,
    /// Its name in the paper.
    pub title: &'static str,
    /// Its place in the paper.
    pub paper: &'static str,
    /// Its statement, in short.
    pub says: &'static str,
    /// The weight of a violation.
    pub weight: Weight,
    /// The capabilities of which a subject claims one, if the property is judged of it; of any subject if there are
    /// none.
    pub claims: Vec<&'static str>,
    /// One for each subject.
    pub cells: Vec<Exercised>,
}

impl Judged {
    /// True if the subjects have different results.
    #[must_use]
    pub fn differs(&self) -> bool {
        differ(self.cells.iter().map(|cell| cell.mark))
    }
}

/// The result of one subject for a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Exercised {
    /// The result as a whole.
    pub mark: Mark,
    /// The number of times that the campaign put it to the test.
    pub times: u64,
    /// The number of seeds that put it to the test.
    pub seeds: u64,
    /// The number of seeds that violate it.
    pub violated: u64,
}

fn differ(mut marks: impl Iterator<Item = Mark>) -> bool {
    let first = marks.next();
    marks.any(|mark| Some(mark) != first)
}

impl Conformance {
    /// The report of these trials. Causes that are `known` count for nothing.
    #[must_use]
    pub fn of(trials: &[Trial], known: &Known) -> Conformance {
        gather::conformance(trials, known)
    }

    /// The end of the program.
    #[must_use]
    pub fn end(&self) -> End {
        End::of(self.subjects.iter().map(|subject| subject.end))
    }
}

/// Writes a report as one JSON object.
///
/// # Errors
/// Those of `out`.
pub fn json(conformance: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, conformance)?;
    writeln!(out)
}
