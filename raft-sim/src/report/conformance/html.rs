//! A report as one HTML page without scripts, fonts, pictures or network access. Long parts are folded.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::labels::{self, Line, NOTHING};
use super::{Conformance, Example, Mark, Source, Subject, Wrong};
use crate::report::Summary;

const STYLE: &str = include_str!("style.css");

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = report.subjects.iter().map(|subject| subject.name.as_str()).collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (labels::TITLE) ": " (names.join(", ")) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body(report)) }
        }
    };
    writeln!(out, "{}", page.into_string())
}

fn body(report: &Conformance) -> Markup {
    html! {
        header {
            h1 { (labels::TITLE) }
            p.aside { (report.of_what()) ", by " (report.program) }
        }
        main {
            div.subjects { @for subject in &report.subjects { (verdict(subject)) } }
            @if report.compares() {
                (sorted(report, labels::DIFFERENCES, labels::differences(report)))
            }
            @for subject in report.subjects.iter().filter(|subject| !subject.wrong.is_empty()) {
                section {
                    h2 { (labels::heading(report, subject, labels::WRONG)) }
                    @for wrong in &subject.wrong { (one_wrong(wrong, subject)) }
                }
            }
            section {
                h2 { (labels::SECTIONS) }
                (table(report, &report.sections.iter().map(labels::line).collect::<Vec<_>>()))
            }
            @for subject in report.subjects.iter().filter(|subject| !subject.skipped.is_empty()) {
                (skipped(report, subject))
            }
            (sorted(report, labels::PROPERTIES, labels::properties(report)))
            (sorted(report, labels::REQUIREMENTS, labels::requirements(report)))
            (sorted(report, labels::SCENARIOS, labels::scenarios(report)))
        }
    }
}

fn class(mark: Mark) -> &'static str {
    mark.word()
}

fn verdict(subject: &Subject) -> Markup {
    html! {
        article class={ "subject " (class(subject.mark())) } {
            p.name { (subject.name) }
            p.verdict { (subject.verdict) }
            (bar(&subject.scenarios))
            p { (subject.of_scenarios()) }
            p { (subject.of_seeds()) }
            @if let Some(command) = &subject.command { pre { code { (command) } } }
            p.aside { "claims " (subject.claims()) }
            p.aside { "digest " (subject.digest) }
        }
    }
}

/// A bar that shows the share of each result.
fn bar(summary: &Summary) -> Markup {
    let Summary { passed, failed, skipped, unusable } = *summary;
    let parts =
        [(failed + unusable, Mark::Failed), (passed, Mark::Passed), (skipped, Mark::Skipped)];
    html! {
        div.bar aria-hidden="true" {
            @for (number, mark) in parts.into_iter().filter(|(number, _)| *number > 0) {
                span class=(class(mark)) style={ "flex-grow:" (number) } {}
            }
        }
    }
}

fn one_wrong(wrong: &Wrong, subject: &Subject) -> Markup {
    let Wrong { weight, name, says, paper, examples, .. } = wrong;
    html! {
        article.wrong {
            p.weight { (weight.title()) }
            h3 { (name) @if !paper.is_empty() { " " span.aside { (paper) } } }
            p.says { (says) }
            p.aside { "Shown by " (wrong.shown_by(subject)) ":" }
            @if let Some(first) = examples.first() {
                p.message { (first.gist(wrong)) }
                pre.replay { code { (first.replay) } }
            }
            @for example in examples { (one_example(example)) }
        }
    }
}

/// The details of an example.
fn one_example(example: &Example) -> Markup {
    let Example { source, message, replay } = example;
    html! {
        details {
            summary {
                code { (source.place()) }
                @if let Source::Scenario { title, .. } = source { " " (title) }
            }
            pre.message { (message) }
            @match source {
                Source::Scenario { line, text, steps, .. } => {
                    @if let (Some(line), false) = (line, text.is_empty()) {
                        pre { code { (format!("{line:>4} | {text}")) } }
                    }
                    @if !steps.is_empty() {
                        p.aside { "The last steps before it:" }
                        pre { code { (steps.join("\n")) } }
                    }
                }
                Source::Seed { scenario: Some(scenario), .. } => {
                    p.aside { "Shrunk to a scenario, which fails on its own:" }
                    pre { code { (scenario.trim_end()) } }
                }
                Source::Seed { scenario: None, .. } => { p.aside { "It was not shrunk to a scenario." } }
            }
            pre.replay { code { (replay) } }
        }
    }
}

fn skipped(report: &Conformance, subject: &Subject) -> Markup {
    html! {
        section {
            h2 { (labels::heading(report, subject, labels::SKIPPED)) }
            p.aside { "Scenarios that need what the subject does not claim. One may need several." }
            div.scroll {
                table {
                    @for lacking in &subject.skipped {
                        tr {
                            th scope="row" { code { (lacking.capability) } }
                            td { (labels::count(lacking.scenarios as u64, "scenario")) }
                        }
                    }
                }
            }
        }
    }
}

fn table(report: &Conformance, lines: &[Line<'_>]) -> Markup {
    html! {
        div.scroll {
            table {
                @if report.compares() {
                    thead {
                        tr {
                            td {}
                            @for subject in &report.subjects { th scope="col" { (subject.name) } }
                        }
                    }
                }
                tbody {
                    @for Line { name, cells, says } in lines {
                        tr {
                            th scope="row" { (name) " " span.aside { (says) } }
                            @for (mark, text) in cells { td class=(class(*mark)) { (text) } }
                        }
                    }
                }
            }
        }
    }
}

/// Tables, each folded unless something fails in it. The heading counts the rows that did not pass.
fn sorted(report: &Conformance, what: &str, groups: labels::Groups<'_>) -> Markup {
    html! {
        section {
            h2 { (what) }
            @if groups.is_empty() { p { (NOTHING) } }
            @for (group, lines) in groups {
                details open[with(&lines, Mark::Failed) > 0] {
                    summary { (group) " " (tally(&lines)) }
                    (table(report, &lines))
                }
            }
        }
    }
}

/// The number of rows, and of those that did not pass with every subject.
fn tally(lines: &[Line<'_>]) -> Markup {
    html! {
        @for mark in [Mark::Failed, Mark::Unusable, Mark::Skipped, Mark::Untested] {
            @let number = with(lines, mark);
            @if number > 0 { span class=(class(mark)) { (number) " " (mark.word()) } " " }
        }
        span.aside { "of " (lines.len()) }
    }
}

/// The number of rows in which some subject has this mark.
fn with(lines: &[Line<'_>], mark: Mark) -> usize {
    lines.iter().filter(|line| line.cells.iter().any(|(cell, _)| *cell == mark)).count()
}
