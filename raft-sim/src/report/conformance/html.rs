//! A report as one HTML page without scripts, fonts, pictures or network access. Long parts are folded.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::labels::{self, Line, NOTHING};
use super::{Cause, Conformance, Example, Mark, Results, Source, Subject};

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
            @for (at, subject) in report.subjects.iter().enumerate() { (causes(report, at, subject)) }
            @if report.compares() {
                (sorted(report, labels::DIFFERENCES, labels::differences(report)))
            }
            @for subject in report.subjects.iter().filter(|subject| !subject.causes.is_empty()) {
                section {
                    h2 { (labels::heading(report, subject, labels::SEEN)) }
                    @for (number, cause) in (1..).zip(labels::in_groups(&subject.causes)) {
                        (one_cause(&anchor(report, subject, number), number, cause))
                    }
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
    match mark {
        Mark::NotSetUp => "skipped",
        Mark::Passed | Mark::Failed | Mark::Skipped | Mark::Unusable | Mark::Untested => {
            mark.word()
        }
    }
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
fn bar(results: &Results) -> Markup {
    let Results { passed, failed, not_set_up, skipped, unusable } = *results;
    let parts = [
        (failed + unusable, Mark::Failed),
        (passed, Mark::Passed),
        (not_set_up + skipped, Mark::Skipped),
    ];
    html! {
        div.bar aria-hidden="true" {
            @for (number, mark) in parts.into_iter().filter(|(number, _)| *number > 0) {
                span class=(class(mark)) style={ "flex-grow:" (number) } {}
            }
        }
    }
}

/// The first screen of a subject: its causes with one command each, and its sections.
fn causes(report: &Conformance, at: usize, subject: &Subject) -> Markup {
    let all: Vec<&Cause> = labels::in_groups(&subject.causes).collect();
    html! {
        section.causes {
            @if !all.is_empty() {
                h2 { (labels::heading(report, subject, labels::CAUSES)) }
                ol {
                    @for (number, cause) in (1..).zip(all) {
                        li {
                            a href={ "#" (anchor(report, subject, number)) } { (cause.name) } (cause.stated())
                            " " span.aside { (cause.shown_by()) }
                            @for note in cause.notes() { "; " span.aside { (note) } }
                            p.message { (cause.gist()) }
                            pre.replay { code { (cause.replay) } }
                        }
                    }
                }
                @for line in &subject.known_unused { p.aside { "Known, and not found any more: " code { (line) } } }
            }
            p.aside {
                (labels::SHORT_SECTIONS) ": "
                @for (mark, text) in labels::sections(report, at) { span class=(class(mark)) { (text) } " " }
            }
        }
    }
}

/// The name of a cause within the page.
fn anchor(report: &Conformance, subject: &Subject, number: usize) -> String {
    let at = report.subjects.iter().position(|other| std::ptr::eq(other, subject)).unwrap_or(0);
    format!("cause-{}-{number}", at + 1)
}

fn one_cause(anchor: &str, number: usize, cause: &Cause) -> Markup {
    let Cause { weight, name, says, paper, examples, look_at, replay, id, .. } = cause;
    html! {
        article.wrong id=(anchor) {
            p.weight { (weight.title()) @for note in cause.notes() { "; " (note) } }
            h3 { (number) ". " (name) @if !paper.is_empty() { " " span.aside { (paper) } } }
            p.says { (says) }
            p.aside { "Shown by " (cause.shown_by()) ":" }
            p.message { (cause.gist()) }
            p { "Look at " (look_at) "." }
            pre.replay { code { (replay) } }
            @if let Some(page) = &cause.page { p { a href=(page) { "See it" } } }
            @if let (Some(scenario), Some(lines)) = (&cause.scenario, cause.of_scenario()) {
                p.aside { (lines) ":" }
                pre { code { (scenario.trim_end()) } }
            }
            @for example in examples { (one_example(example)) }
            p.aside { "In a file of known causes: " code { (id) } }
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
                    p.aside { "Shrunk to a scenario:" }
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
        @for mark in [Mark::Failed, Mark::Unusable, Mark::NotSetUp, Mark::Skipped, Mark::Untested] {
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
