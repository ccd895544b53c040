//! The texts that all formats share: headings, names with their sections, and counts.

use super::{
    Cell, Conformance, Example, Exercised, Judged, Mark, Row, Source, Subject, Weight, Wrong,
};
use crate::report::Summary;

/// The title of the report.
pub(super) const TITLE: &str = "Raft conformance";
/// The headings of its parts.
pub(super) const WRONG: &str = "What is wrong";
pub(super) const SEEN: &str = "How it was seen";
pub(super) const DIFFERENCES: &str = "Where they differ";
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

/// `1,234,567`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The parts that are not 0, joined: `2 failed, 5 passed`.
fn parts(parts: &[(u64, &str)]) -> String {
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts
        .map(|(number, what)| format!("{} {what}", thousands(*number)))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn summary(summary: &Summary) -> String {
    let Summary { passed, failed, skipped, unusable } = *summary;
    let text = parts(&[
        (failed as u64, "failed"),
        (unusable as u64, "unusable"),
        (passed as u64, "passed"),
        (skipped as u64, "skipped"),
    ]);
    if text.is_empty() { "none".to_owned() } else { text }
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
        if self.wrong.is_empty() { Mark::Passed } else { Mark::Failed }
    }

    /// The results of its scenarios, as text.
    pub(super) fn of_scenarios(&self) -> String {
        format!("scenarios: {}", summary(&self.scenarios))
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

impl Wrong {
    /// Its place in the paper, in brackets; may be empty.
    pub(super) fn stated(&self) -> String {
        if self.paper.is_empty() { String::new() } else { format!(" ({})", self.paper) }
    }

    /// The number of scenarios and seeds that show it: `3 scenarios, 12 of 1,000 seeds`.
    pub(super) fn shown_by(&self, subject: &Subject) -> String {
        let mut by = Vec::new();
        if self.scenarios > 0 {
            by.push(count(self.scenarios as u64, "scenario"));
        }
        if self.seeds > 0 {
            by.push(format!("{} of {}", thousands(self.seeds), count(subject.seeds, "seed")));
        }
        by.join(", ")
    }
}

impl Example {
    /// The evidence in one line, without the name of the problem.
    pub(super) fn gist(&self, wrong: &Wrong) -> String {
        let first = self.message.lines().next().unwrap_or_default();
        let named = format!("{}{}: ", wrong.name, wrong.stated());
        if let Some(seen) = first.strip_prefix(&named) {
            return seen.to_owned();
        }
        match &self.source {
            Source::Scenario { text, .. } if !text.is_empty() => {
                let labels: Vec<&str> = text.split_whitespace().collect();
                format!("{}: {first}", labels.join(" "))
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
    /// The lacking capabilities, in brackets with a space before them; may be empty.
    fn lacks(&self) -> String {
        match self.lacking.as_slice() {
            [] => String::new(),
            lacking => format!(" ({})", lacking.join(", ")),
        }
    }

    /// `2 failed, 5 passed`.
    pub(super) fn text(&self) -> String {
        let mut scenarios = summary(&self.scenarios);
        // Where all was skipped that is all there is to say.
        if self.mark == Mark::Skipped {
            scenarios += &self.lacks();
        }
        match (self.seeds, self.mark) {
            (0, _) => scenarios,
            (seeds, _) if self.scenarios == Summary::default() => {
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
            (Mark::Untested, _) => NEVER.to_owned(),
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
