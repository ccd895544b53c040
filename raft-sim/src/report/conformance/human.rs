//! A report for a reader at a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::labels::{self, Line, NOTHING};
use super::{Conformance, Example, Lacking, Mark, Source, Subject, Wrong};
use crate::report::{BAD, GOOD, width};

const HEADING: Style = Style::new().bold();
const ASIDE: Style = AnsiColor::BrightBlack.on_default();
const MIDDLING: Style = AnsiColor::Yellow.on_default();

/// The most examples that are printed of one problem; the other formats have all.
const MOST_EXAMPLES: usize = 3;

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{}{HEADING:#}  {}, by {}",
        labels::TITLE,
        report.of_what(),
        report.program
    )?;
    verdicts(report, out)?;
    if report.compares() {
        tables(report, labels::DIFFERENCES, labels::differences(report), out)?;
    }
    let with_wrong = report.subjects.iter().filter(|subject| !subject.wrong.is_empty());
    for subject in with_wrong.clone() {
        heading(out, &labels::heading(report, subject, labels::WRONG))?;
        subject.wrong.iter().try_for_each(|wrong| one_wrong(wrong, subject, out))?;
    }
    for subject in with_wrong {
        heading(out, &labels::heading(report, subject, labels::SEEN))?;
        subject.wrong.iter().try_for_each(|wrong| seen(wrong, out))?;
    }
    heading(out, labels::SECTIONS)?;
    table(report, &report.sections.iter().map(labels::line).collect::<Vec<_>>(), out)?;
    skipped(report, out)?;
    tables(report, labels::PROPERTIES, labels::properties(report), out)?;
    tables(report, labels::REQUIREMENTS, labels::requirements(report), out)?;
    if report.subjects.iter().any(|subject| !subject.wrong.is_empty()) {
        verdicts(report, out)?;
    }
    Ok(())
}

/// Writes the verdict on each subject.
///
/// # Errors
/// Those of `out`.
pub fn verdicts(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    for subject in &report.subjects {
        let style = style(subject.mark());
        let Subject { name, verdict, .. } = subject;
        writeln!(out, "\n{HEADING}{name}{HEADING:#} {style}{verdict}{style:#}")?;
        writeln!(out, "  {}", subject.of_scenarios())?;
        writeln!(out, "  {}", subject.of_seeds())?;
        if let Some(command) = &subject.command {
            writeln!(out, "  {ASIDE}{command}{ASIDE:#}")?;
        }
        writeln!(out, "  {ASIDE}claims {}{ASIDE:#}", subject.claims())?;
        writeln!(out, "  {ASIDE}digest {}{ASIDE:#}", subject.digest)?;
    }
    Ok(())
}

fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{HEADING}{text}{HEADING:#}")
}

/// Writes a problem, and the command of its plainest example.
fn one_wrong(wrong: &Wrong, subject: &Subject, out: &mut dyn Write) -> io::Result<()> {
    let Wrong { weight, name, says, examples, .. } = wrong;
    let (weight, stated, shown_by) = (weight.title(), wrong.stated(), wrong.shown_by(subject));
    writeln!(out, "\n  {BAD}{name}{BAD:#}{stated}: {says}")?;
    writeln!(out, "    {weight}; shown by {shown_by}")?;
    let Some(first) = examples.first() else { return Ok(()) };
    let (gist, replay) = (first.gist(wrong), &first.replay);
    writeln!(out, "    {gist}\n    {GOOD}{replay}{GOOD:#}")
}

/// Writes the first examples of a problem in full.
fn seen(wrong: &Wrong, out: &mut dyn Write) -> io::Result<()> {
    let Wrong { name, examples, .. } = wrong;
    writeln!(out, "\n  {BAD}{name}{BAD:#}{}", wrong.stated())?;
    examples.iter().take(MOST_EXAMPLES).try_for_each(|example| one_example(example, out))?;
    match examples.len().saturating_sub(MOST_EXAMPLES) {
        0 => Ok(()),
        more => writeln!(out, "\n    {ASIDE}… and {more} more like it{ASIDE:#}"),
    }
}

fn one_example(example: &Example, out: &mut dyn Write) -> io::Result<()> {
    let Example { source, message, replay } = example;
    let place = source.place();
    match source {
        Source::Scenario { title, line, text, steps, .. } => {
            let space = if title.is_empty() { "" } else { "  " };
            writeln!(out, "\n    {HEADING}{place}{HEADING:#}{space}{title}")?;
            indented(out, "      ", message)?;
            if let (Some(line), false) = (line, text.is_empty()) {
                writeln!(out, "      {line:>4} | {text}")?;
            }
            if !steps.is_empty() {
                writeln!(out, "      {ASIDE}the last steps before it:{ASIDE:#}")?;
            }
            steps.iter().try_for_each(|step| writeln!(out, "        {step}"))?;
        }
        Source::Seed { scenario, .. } => {
            writeln!(out, "\n    {HEADING}{place}{HEADING:#}")?;
            indented(out, "      ", message)?;
            if let Some(scenario) = scenario {
                indented(out, "        ", scenario)?;
            }
        }
    }
    writeln!(out, "      {GOOD}{replay}{GOOD:#}")
}

fn indented(out: &mut dyn Write, margin: &str, text: &str) -> io::Result<()> {
    text.lines().try_for_each(|line| match line {
        "" => writeln!(out),
        line => writeln!(out, "{margin}{line}"),
    })
}

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Passed => GOOD,
        Mark::Failed | Mark::Unusable => BAD,
        Mark::Skipped => MIDDLING,
        Mark::Untested => ASIDE,
    }
}

/// Writes a table; with several subjects, under their names.
fn table(report: &Conformance, lines: &[Line<'_>], out: &mut dyn Write) -> io::Result<()> {
    let names = width(lines.iter().map(|line| line.name));
    let widths: Vec<usize> = (report.subjects.iter().enumerate())
        .map(|(at, subject)| {
            let cells = lines.iter().map(|line| line.cells[at].1.as_str());
            width(cells.chain(report.compares().then_some(subject.name.as_str())))
        })
        .collect();
    if report.compares() {
        write!(out, "    {:<names$}", "")?;
        for (subject, width) in report.subjects.iter().zip(&widths) {
            write!(out, "  {HEADING}{:<width$}{HEADING:#}", subject.name)?;
        }
        writeln!(out)?;
    }
    for Line { name, cells, says } in lines {
        write!(out, "    {name:<names$}")?;
        for ((mark, text), width) in cells.iter().zip(&widths) {
            let style = style(*mark);
            write!(out, "  {style}{text:<width$}{style:#}")?;
        }
        writeln!(out, "  {says}")?;
    }
    Ok(())
}

/// Writes tables under their headings.
fn tables(
    report: &Conformance,
    what: &str,
    groups: labels::Groups<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    heading(out, what)?;
    if groups.is_empty() {
        writeln!(out, "  {NOTHING}")?;
    }
    for (group, lines) in groups {
        writeln!(out, "\n  {HEADING}{group}{HEADING:#}")?;
        table(report, &lines, out)?;
    }
    Ok(())
}

fn skipped(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    for subject in report.subjects.iter().filter(|subject| !subject.skipped.is_empty()) {
        heading(out, &labels::heading(report, subject, labels::SKIPPED))?;
        let names = width(subject.skipped.iter().map(|lacking| lacking.capability));
        for Lacking { capability, scenarios } in &subject.skipped {
            let scenarios = labels::count(*scenarios as u64, "scenario");
            writeln!(out, "    {MIDDLING}{capability:<names$}{MIDDLING:#}  {scenarios}")?;
        }
    }
    Ok(())
}
