//! The texts that all formats share: headings, names with their sections, and counts.

use super::causes::statements;
use super::{
    Cause, Cell, Conformance, Example, Exercised, Judged, Mark, Results, Row, Source, Subject,
    Weight,
};
use crate::checker::Property;
use crate::report::thousands;

/// The title of the report.
pub(super) const TITLE: &str = "Raft conformance";
/// The headings of its parts.
pub(super) const CAUSES: &str = "Causes";
const BEHIND: &str = "Behind them, with what was found set aside; these may follow from it";
const MIXED: &str = "Only where servers have different settings";
const KNOWN: &str = "Known";
pub(super) const SEEN: &str = "Each cause";
pub(super) const DIFFERENCES: &str = "Where they differ";
pub(super) const SUBJECT: &str = "The subject";
pub(super) const SHORT_SECTIONS: &str = "Scenarios that passed, by section";
pub(super) const SECTIONS: &str = "The paper, section by section";
pub(super) const SKIPPED: &str = "What was not tested";
pub(super) const PROPERTIES: &str = "What was judged after every step";
pub(super) const REQUIREMENTS: &str = "Every requirement";
pub(super) const SCENARIOS: &str = "Every scenario";
/// The text in place of an empty table.
pub(super) const NOTHING: &str = "nothing";
/// The text for a property that no seed put to the test.
pub(super) const NEVER: &str = "not exercised";

/// `1 seed`, `2 seeds`.
pub(super) fn count(number: u64, one: &str) -> String {
    let number_text = thousands(number);
    if number == 1 { format!("{number_text} {one}") } else { format!("{number_text} {one}s") }
}

/// The parts that are not 0, joined: `2 failed, 5 passed`.
fn parts(parts: &[(u64, &str)]) -> String {
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts
        .map(|(number, what)| format!("{} {what}", thousands(*number)))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn results(results: &Results) -> String {
    let Results { passed, failed, not_set_up, skipped, unusable } = *results;
    let text = parts(&[
        (failed as u64, "failed"),
        (unusable as u64, "unusable"),
        (not_set_up as u64, "not set up"),
        (passed as u64, "passed"),
        (skipped as u64, "skipped"),
    ]);
    if text.is_empty() { "none".to_owned() } else { text }
}

/// Properties as a text: `Match Index and Voting`; of many the first ones.
pub(super) fn titles(properties: &[Property]) -> String {
    const MOST: usize = 3;
    let titles: Vec<&str> = properties.iter().map(|property| property.title()).collect();
    match titles.as_slice() {
        [one] => (*one).to_owned(),
        [some @ .., last] if titles.len() <= MOST => format!("{} and {last}", some.join(", ")),
        all => format!("{} and {} more", all[..MOST].join(", "), all.len() - MOST),
    }
}

impl Conformance {
    /// The scope: `406 scenarios, seeds 0..1000`.
    pub(super) fn of_what(&self) -> String {
        format!("{}, seeds {}", count(self.scenarios.len() as u64, "scenario"), self.seeds)
    }

    /// True if the report compares several subjects.
    pub(super) fn compares(&self) -> bool {
        self.subjects.len() > 1
    }
}

impl Subject {
    /// Its mark as a whole.
    pub(super) fn mark(&self) -> Mark {
        let new = self.causes.iter().filter(|cause| !cause.known && cause.weight != Weight::SetUp);
        if new.count() == 0 { Mark::Passed } else { Mark::Failed }
    }

    /// The results of its scenarios, as text.
    pub(super) fn of_scenarios(&self) -> String {
        format!("scenarios: {}", results(&self.scenarios))
    }

    /// The results of its seeds, as text.
    pub(super) fn of_seeds(&self) -> String {
        let seeds = count(self.seeds, "seed");
        let found = match self.seeds_with_findings {
            0 => "nothing found".to_owned(),
            some => format!("something found in {}", thousands(some)),
        };
        let cut = if self.is_whole { "" } else { "; interrupted before all were judged" };
        format!("{seeds}, {}: {found}{cut}", count(self.steps, "step"))
    }

    /// The capabilities that it claims, as text.
    pub(super) fn claims(&self) -> String {
        match self.capabilities.as_slice() {
            [] => "nothing beyond §5".to_owned(),
            claimed => claimed.join(", "),
        }
    }
}

impl Cause {
    /// Its place in the paper, in brackets; may be empty.
    pub(super) fn stated(&self) -> String {
        if self.paper.is_empty() { String::new() } else { format!(" ({})", self.paper) }
    }

    /// The number of scenarios and seeds that show it: `3 scenarios, 12 seeds`.
    pub(super) fn shown_by(&self) -> String {
        let mut by = Vec::new();
        if self.scenarios > 0 {
            by.push(count(self.scenarios as u64, "scenario"));
        }
        if self.seeds > 0 {
            by.push(count(self.seeds, "seed"));
        }
        by.join(", ")
    }

    /// What else is to be said of it: that it is known, and what it was found without; may be empty.
    pub(super) fn notes(&self) -> Vec<String> {
        let known = self.known.then(|| "known".to_owned());
        let mixed = "only where servers have different settings";
        let mixed = self.mixed_settings.then(|| mixed.to_owned());
        let set_aside = &self.set_aside;
        let aside =
            (!set_aside.is_empty()).then(|| format!("with {} set aside", titles(set_aside)));
        known.into_iter().chain(mixed).chain(aside).collect()
    }

    /// The evidence of its plainest example, in one line.
    pub(super) fn gist(&self) -> String {
        self.examples.first().map_or(String::new(), |example| example.gist(self))
    }

    /// True if it is a statement that was not met or could not be carried out.
    fn is_statement(&self) -> bool {
        self.id.starts_with("scenario: ") || self.id.starts_with("set-up: ")
    }

    /// The number of lines of its scenario: `its scenario, 9 lines`.
    pub(super) fn of_scenario(&self) -> Option<String> {
        let text = self.scenario.as_ref()?;
        Some(format!("A scenario of {}", count(statements(text) as u64, "line")))
    }
}

/// Causes under their headings: those of the first round, those behind them, those that come with different settings only,
/// what could not be set up, and those that are known.
pub(super) fn groups_of(causes: &[Cause]) -> Vec<(&'static str, Vec<&Cause>)> {
    let heading = |cause: &Cause| {
        if cause.known {
            KNOWN
        } else if cause.weight == Weight::SetUp {
            cause.weight.title()
        } else if cause.mixed_settings {
            MIXED
        } else if cause.is_behind() {
            BEHIND
        } else {
            CAUSES
        }
    };
    let headings = [CAUSES, BEHIND, MIXED, Weight::SetUp.title(), KNOWN];
    let of = |name: &'static str| {
        (name, causes.iter().filter(|cause| heading(cause) == name).collect::<Vec<_>>())
    };
    headings.map(of).into_iter().filter(|(_, causes)| !causes.is_empty()).collect()
}

/// All causes in the order of their groups: as they are numbered.
pub(super) fn in_groups(causes: &[Cause]) -> impl Iterator<Item = &Cause> {
    groups_of(causes).into_iter().flat_map(|(_, causes)| causes)
}

impl Example {
    /// The evidence in one line, behind the statement that was not met.
    pub(super) fn gist(&self, cause: &Cause) -> String {
        let first = self.message.lines().next().unwrap_or_default();
        match &self.source {
            Source::Scenario { text, .. } if cause.is_statement() => {
                let said = text.split('#').next().unwrap_or_default();
                let words: Vec<&str> = said.split_whitespace().collect();
                format!("{}: {first}", words.join(" "))
            }
            Source::Scenario { .. } | Source::Seed { .. } => first.to_owned(),
        }
    }

    /// The place and the evidence, in one line.
    pub(super) fn headline(&self) -> String {
        let first = self.message.lines().next().unwrap_or_default();
        match &self.source {
            // What is wrong with a file begins with its name.
            Source::Scenario { file, .. } if first.starts_with(file) => first.to_owned(),
            Source::Scenario { .. } | Source::Seed { .. } => {
                format!("{}: {first}", self.source.place())
            }
        }
    }
}

impl Source {
    /// `FILE:LINE`, or `seed 7`.
    pub(super) fn place(&self) -> String {
        match self {
            Source::Scenario { file, line: Some(line), .. } => format!("{file}:{line}"),
            Source::Scenario { file, line: None, .. } => file.clone(),
            Source::Seed { seed, .. } => format!("seed {seed}"),
        }
    }
}

impl Cell {
    /// The lacking capabilities, of many the first one, in brackets with a space before them; may be empty.
    fn lacks(&self) -> String {
        match self.lacking.as_slice() {
            [] => String::new(),
            [first, _, more @ ..] if !more.is_empty() => {
                format!(" ({first} and {} more)", more.len() + 1)
            }
            lacking => format!(" ({})", lacking.join(", ")),
        }
    }

    /// `2 failed, 5 passed`.
    pub(super) fn text(&self) -> String {
        let mut scenarios = results(&self.scenarios);
        // Where all was skipped that is all there is to say.
        if self.mark == Mark::Skipped {
            scenarios += &self.lacks();
        }
        match (self.seeds, self.mark) {
            (0, _) => scenarios,
            (seeds, _) if self.scenarios == Results::default() => {
                format!("violated in {}", count(seeds, "seed"))
            }
            (seeds, _) => format!("violated in {}, {scenarios}", count(seeds, "seed")),
        }
    }
}

impl Exercised {
    /// The number of times that it was exercised, or the reason why it was not.
    pub(super) fn text(&self, judged: &Judged, of: u64) -> String {
        match (self.mark, self.violated) {
            (Mark::Failed, 0) => "violated in a scenario".to_owned(),
            (Mark::Failed, seeds) => {
                format!("violated in {} of {}", thousands(seeds), count(of, "seed"))
            }
            (Mark::Passed, _) => {
                format!("{}, in {}", count(self.times, "time"), count(self.seeds, "seed"))
            }
            (Mark::Skipped | Mark::Unusable, _) => {
                let claims: Vec<String> =
                    judged.claims.iter().map(|it| format!("`{it}`")).collect();
                format!("not judged: does not claim {}", claims.join(" or "))
            }
            (Mark::Untested | Mark::NotSetUp, _) => NEVER.to_owned(),
        }
    }
}

/// A row of a table: a name, the result of each subject, and a statement.
#[derive(Clone, Debug)]
pub(super) struct Line<'c> {
    pub(super) name: &'c str,
    pub(super) cells: Vec<(Mark, String)>,
    pub(super) says: String,
}

/// Groups of rows, with their headings.
pub(super) type Groups<'r> = Vec<(&'r str, Vec<Line<'r>>)>;

pub(super) fn line(row: &Row) -> Line<'_> {
    let cells = row.cells.iter().map(|cell| (cell.mark, cell.text())).collect();
    Line { name: &row.name, cells, says: row.says.clone() }
}

pub(super) fn property_line<'c>(judged: &'c Judged, report: &Conformance) -> Line<'c> {
    let cells = report.subjects.iter().zip(&judged.cells);
    let cells =
        cells.map(|(subject, cell)| (cell.mark, cell.text(judged, subject.seeds))).collect();
    let says = format!("{} ({})", judged.says, judged.paper);
    Line { name: judged.title, cells, says }
}

/// The row of one scenario, which has marks in place of counts.
fn scenario_line(row: &Row) -> Line<'_> {
    let cell = |cell: &Cell| (cell.mark, format!("{}{}", cell.mark.word(), cell.lacks()));
    Line { name: &row.name, cells: row.cells.iter().map(cell).collect(), says: row.says.clone() }
}

/// The sections in short: how many of their scenarios passed, of those that were replayed.
pub(super) fn sections(report: &Conformance, at: usize) -> Vec<(Mark, String)> {
    let short = |row: &Row| {
        let cell = &row.cells[at];
        let Results { passed, failed, not_set_up, unusable, .. } = cell.scenarios;
        let replayed = passed + failed + not_set_up + unusable;
        let share = if replayed == 0 { "–".to_owned() } else { format!("{passed}/{replayed}") };
        (cell.mark, format!("{} {share}", row.name))
    };
    report.sections.iter().map(short).collect()
}

/// The requirements, in their groups.
pub(super) fn requirements(report: &Conformance) -> Groups<'_> {
    groups(&report.requirements, line)
}

/// The scenarios, by their sections.
pub(super) fn scenarios(report: &Conformance) -> Groups<'_> {
    groups(&report.scenarios, scenario_line)
}

fn groups<'r>(rows: &'r [Row], line: fn(&'r Row) -> Line<'r>) -> Groups<'r> {
    let groups = rows.chunk_by(|one, other| one.group == other.group);
    let name = |rows: &'r [Row]| rows.first().map_or("", |row| row.group.as_str());
    groups.map(|rows| (name(rows), rows.iter().map(line).collect())).collect()
}

/// The properties, by their weight.
pub(super) fn properties(report: &Conformance) -> Groups<'_> {
    let of = |weight: Weight| {
        let rows = report.properties.iter().filter(|judged| judged.weight == weight);
        (weight.title(), rows.map(|judged| property_line(judged, report)).collect())
    };
    [Weight::Safety, Weight::Rules, Weight::Progress].map(of).into()
}

/// The rows in which subjects differ, properties before requirements: first those that fail with some subjects, then
/// those that were not tested on all.
pub(super) fn differences(report: &Conformance) -> Groups<'_> {
    let properties = report.properties.iter().filter(|judged| judged.differs());
    let properties = properties.map(|judged| property_line(judged, report));
    let requirements = report.requirements.iter().filter(|row| row.differs()).map(line);
    let fails = |line: &Line<'_>| line.cells.iter().any(|(mark, _)| *mark == Mark::Failed);
    let (failing, others): (Vec<_>, Vec<_>) = properties.chain(requirements).partition(fails);
    let groups = [("What fails with some", failing), ("What was not tested on all", others)];
    groups.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// The heading of a part that belongs to one subject; with several subjects, its name comes first.
pub(super) fn heading(report: &Conformance, subject: &Subject, what: &str) -> String {
    if report.compares() { format!("{}: {what}", subject.name) } else { what.to_owned() }
}
