//! A report as JUnit's XML: for each subject a suite of the scenarios, and one of the properties that its seeds
//! were judged by. It has no times: a replay takes no time that matters.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Conformance, Example, Mark, Source, Subject, labels};

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Report::new(report.program.clone());
    for (at, subject) in report.subjects.iter().enumerate() {
        document.add_test_suite(scenarios(report, subject, at));
        document.add_test_suite(seeds(report, subject, at));
    }
    // By way of a string, so that an error of `out` keeps its kind.
    let text = document.to_string().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

fn scenarios(report: &Conformance, subject: &Subject, at: usize) -> TestSuite {
    let mut suite = TestSuite::new(format!("{}: scenarios", subject.name));
    for row in &report.scenarios {
        let cell = &row.cells[at];
        let status = match cell.mark {
            Mark::Passed | Mark::Untested => TestCaseStatus::success(),
            Mark::Skipped => skipped(&format!("requires {}", cell.lacking.join(", "))),
            Mark::Failed => failed(NonSuccessKind::Failure, &shown(subject, &row.name)),
            Mark::Unusable => failed(NonSuccessKind::Error, &shown(subject, &row.name)),
        };
        suite.add_test_case(case(&row.name, &row.group, status));
    }
    suite
}

/// The suite of the campaign: a case for each property, and one for each finding that is no property.
fn seeds(report: &Conformance, subject: &Subject, at: usize) -> TestSuite {
    let mut suite = TestSuite::new(format!("{}: seeds {}", subject.name, report.seeds));
    for judged in &report.properties {
        let cell = &judged.cells[at];
        let status = match cell.mark {
            Mark::Failed if cell.violated > 0 => {
                failed(NonSuccessKind::Failure, &found(subject, judged.title))
            }
            // The scenario that violates it fails in its own suite.
            Mark::Passed | Mark::Failed => TestCaseStatus::success(),
            Mark::Skipped | Mark::Untested | Mark::Unusable => {
                skipped(&cell.text(judged, subject.seeds))
            }
        };
        suite.add_test_case(case(judged.title, judged.paper, status));
    }
    let known = |name: &str| report.properties.iter().any(|judged| judged.title == name);
    for wrong in subject.wrong.iter().filter(|wrong| wrong.seeds > 0 && !known(&wrong.name)) {
        let status = failed(NonSuccessKind::Error, &found(subject, &wrong.name));
        suite.add_test_case(case(&wrong.name, labels::TITLE, status));
    }
    suite
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn failed(kind: NonSuccessKind, examples: &[&Example]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    if let Some(first) = examples.first() {
        status.set_message(first.headline());
    }
    let texts: Vec<String> = examples.iter().map(|example| text(example)).collect();
    status.set_description(texts.join("\n\n"));
    status
}

/// The examples that a scenario shows.
fn shown<'s>(subject: &'s Subject, path: &str) -> Vec<&'s Example> {
    let examples = subject.wrong.iter().flat_map(|wrong| &wrong.examples);
    let of_it = |example: &&Example| match &example.source {
        Source::Scenario { file, .. } => file == path,
        Source::Seed { .. } => false,
    };
    examples.filter(of_it).collect()
}

/// The examples that seeds show.
fn found<'s>(subject: &'s Subject, name: &str) -> Vec<&'s Example> {
    let wrong = subject.wrong.iter().filter(|wrong| wrong.name == name);
    let of_seed = |example: &&Example| match example.source {
        Source::Seed { .. } => true,
        Source::Scenario { .. } => false,
    };
    wrong.flat_map(|wrong| &wrong.examples).filter(of_seed).collect()
}

fn text(example: &Example) -> String {
    let Example { source, message, replay } = example;
    let message = message.trim_end();
    let more = match source {
        Source::Scenario { line: Some(line), text, steps, .. } => {
            format!("{line:>4} | {text}\n\n{}", steps.join("\n"))
        }
        Source::Scenario { .. } => String::new(),
        Source::Seed { scenario, .. } => scenario.clone().unwrap_or_default(),
    };
    format!("{message}\n{}\n\n{replay}", more.trim_end())
}
