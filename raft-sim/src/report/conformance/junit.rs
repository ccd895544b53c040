//! A report as JUnit's XML: for each subject a suite of the scenarios, and one of the properties that its seeds
//! were judged by. It has no times: a replay takes no time that matters.

use std::collections::BTreeSet;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Cause, Conformance, Example, Mark, Source, Subject, labels};

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Report::new(report.program.clone());
    for (at, subject) in report.subjects.iter().enumerate() {
        document.add_test_suite(scenarios(report, subject, at));
        document.add_test_suite(seeds(report, subject, at));
        document.add_test_suites(hidden(subject));
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
            Mark::NotSetUp => match shown(subject, &row.name).first() {
                Some((_, example)) => skipped(&format!("not set up: {}", example.headline())),
                None => skipped("not set up"),
            },
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
            Mark::Skipped | Mark::Untested | Mark::Unusable | Mark::NotSetUp => {
                skipped(&cell.text(judged, subject.seeds))
            }
        };
        suite.add_test_case(case(judged.title, judged.paper, status));
    }
    let known = |name: &str| report.properties.iter().any(|judged| judged.title == name);
    let others = subject.causes.iter().filter(|cause| cause.seeds > 0 && !known(&cause.name));
    let names: BTreeSet<&str> = others.map(|cause| cause.name.as_str()).collect();
    for name in names {
        let status = failed(NonSuccessKind::Error, &found(subject, name));
        suite.add_test_case(case(name, labels::TITLE, status));
    }
    suite
}

/// The suite of the causes that others hide, if there are any.
fn hidden(subject: &Subject) -> Option<TestSuite> {
    let causes = subject.causes.iter().filter(|cause| !cause.set_aside.is_empty());
    let cases = causes.map(|cause| {
        let examples: Vec<(&Cause, &Example)> =
            cause.examples.iter().map(|example| (cause, example)).collect();
        case(&cause.id, &cause.paper, failed(NonSuccessKind::Failure, &examples))
    });
    let cases: Vec<TestCase> = cases.collect();
    (!cases.is_empty()).then(|| {
        let mut suite = TestSuite::new(format!("{}: with what hides them set aside", subject.name));
        suite.add_test_cases(cases);
        suite
    })
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

/// A failure that these examples show; none if all of their causes are known.
fn failed(kind: NonSuccessKind, examples: &[(&Cause, &Example)]) -> TestCaseStatus {
    let new: Vec<&Example> =
        examples.iter().filter(|(cause, _)| !cause.known).map(|(_, example)| *example).collect();
    let Some(first) = new.first() else { return skipped("its causes are known") };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(first.headline());
    let texts: Vec<String> = new.iter().map(|example| text(example)).collect();
    status.set_description(texts.join("\n\n"));
    status
}

/// The examples that everything judged shows in a scenario.
fn shown<'s>(subject: &'s Subject, path: &str) -> Vec<(&'s Cause, &'s Example)> {
    let of_it = |example: &Example| match &example.source {
        Source::Scenario { file, .. } => file == path,
        Source::Seed { .. } => false,
    };
    examples(subject).filter(|(_, example)| of_it(example)).collect()
}

/// The examples of causes of this name that seeds show.
fn found<'s>(subject: &'s Subject, name: &str) -> Vec<(&'s Cause, &'s Example)> {
    let of_seed = |example: &Example| match example.source {
        Source::Seed { .. } => true,
        Source::Scenario { .. } => false,
    };
    let all = examples(subject).filter(|(cause, example)| cause.name == name && of_seed(example));
    all.collect()
}

/// The examples of all causes that were found with everything judged.
fn examples(subject: &Subject) -> impl Iterator<Item = (&Cause, &Example)> {
    let causes = subject.causes.iter().filter(|cause| cause.set_aside.is_empty());
    causes.flat_map(|cause| cause.examples.iter().map(move |example| (cause, example)))
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
