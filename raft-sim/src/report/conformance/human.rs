//! A report for a reader at a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::labels::{self, Line, NOTHING};
use super::{Cause, Conformance, Example, Lacking, Mark, Source, Subject};
use crate::report::{BAD, GOOD, width};

const HEADING: Style = Style::new().bold();
const ASIDE: Style = AnsiColor::BrightBlack.on_default();
const MIDDLING: Style = AnsiColor::Yellow.on_default();

/// The most causes in the first screen, and the fewest of each subject for which there is room.
const MOST_CAUSES: usize = 10;
const FEWEST_CAUSES: usize = 3;
/// The most examples that are printed of one cause; the other formats have all.
const MOST_EXAMPLES: usize = 2;
/// The greatest width of a subject's column beside others.
const COLUMN: usize = 32;
/// The width of the first screen.
const WIDTH: usize = 100;

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    top(report, out)?;
    if report.compares() {
        tables(report, labels::DIFFERENCES, labels::differences(report), out)?;
    }
    for subject in report.subjects.iter().filter(|subject| !subject.causes.is_empty()) {
        heading(out, &labels::heading(report, subject, labels::SEEN))?;
        let mut number = 0;
        for (title, causes) in labels::groups_of(&subject.causes) {
            writeln!(out, "\n  {HEADING}{title}{HEADING:#}")?;
            for cause in causes {
                number += 1;
                whole_cause(number, cause, out)?;
            }
        }
        for line in &subject.known_unused {
            writeln!(out, "\n  {MIDDLING}known, and not found any more:{MIDDLING:#} {line}")?;
        }
    }
    for subject in &report.subjects {
        heading(out, &labels::heading(report, subject, labels::SUBJECT))?;
        writeln!(out, "    claims {}", subject.claims())?;
        writeln!(out, "    digest {}", subject.digest)?;
    }
    heading(out, labels::SECTIONS)?;
    table(report, &report.sections.iter().map(labels::line).collect::<Vec<_>>(), out)?;
    skipped(report, out)?;
    tables(report, labels::PROPERTIES, labels::properties(report), out)?;
    tables(report, labels::REQUIREMENTS, labels::requirements(report), out)?;
    Ok(())
}

/// Writes the first screen: of each subject the verdict, the causes, each with one command, and the sections.
///
/// # Errors
/// Those of `out`.
pub fn top(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    let (title, what, program) = (labels::TITLE, report.of_what(), &report.program);
    writeln!(out, "{HEADING}{title}{HEADING:#}  {what}, by {program}")?;
    let most = (MOST_CAUSES / report.subjects.len().max(1)).max(FEWEST_CAUSES);
    for (at, subject) in report.subjects.iter().enumerate() {
        let style = style(subject.mark());
        let Subject { name, verdict, .. } = subject;
        writeln!(out, "\n{HEADING}{name}{HEADING:#} {style}{verdict}{style:#}")?;
        writeln!(out, "  {}", subject.of_scenarios())?;
        writeln!(out, "  {}", subject.of_seeds())?;
        if let Some(command) = &subject.command {
            writeln!(out, "  {ASIDE}{command}{ASIDE:#}")?;
        }
        causes(subject, most, out)?;
        sections(report, at, out)?;
    }
    Ok(())
}

/// Writes the causes of a subject, two or three lines each.
fn causes(subject: &Subject, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut number = 0;
    for (title, causes) in labels::groups_of(&subject.causes) {
        if number < most {
            let count = causes.len();
            writeln!(out, "\n  {HEADING}{title}{HEADING:#} {ASIDE}({count}){ASIDE:#}")?;
        }
        for cause in causes {
            number += 1;
            if number <= most {
                short_cause(number, cause, out)?;
            }
        }
    }
    match number.saturating_sub(most) {
        0 => Ok(()),
        more => writeln!(out, "  {ASIDE}… and {more} more below{ASIDE:#}"),
    }
}

/// Writes a cause with its numbers, its evidence and the command that shows it.
fn short_cause(number: usize, cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    let (stated, shown_by) = (cause.stated(), cause.shown_by());
    let notes = cause.notes().join("; ");
    let notes = if notes.is_empty() { notes } else { format!("; {notes}") };
    let name = &cause.name;
    writeln!(out, "  {number:>2}  {BAD}{name}{BAD:#}{stated}: {shown_by}{ASIDE}{notes}{ASIDE:#}")?;
    writeln!(out, "      {}", cause.gist())?;
    writeln!(out, "      {GOOD}{}{GOOD:#}", cause.replay)
}

/// Writes the sections of one subject, as many in a line as fit.
fn sections(report: &Conformance, at: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  {HEADING}{}{HEADING:#}", labels::SHORT_SECTIONS)?;
    let mut used = 0;
    for (mark, text) in labels::sections(report, at) {
        let length = text.chars().count() + 2;
        if used == 0 || used + length > WIDTH {
            write!(out, "{}   ", if used == 0 { "" } else { "\n" })?;
            used = 2;
        }
        let style = style(mark);
        write!(out, "  {style}{text}{style:#}")?;
        used += length;
    }
    writeln!(out)
}

fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{HEADING}{text}{HEADING:#}")
}

/// Writes all of a cause: its rule, the code to look at, its scenario and its first examples.
fn whole_cause(number: usize, cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    let Cause { name, says, look_at, examples, id, replay, .. } = cause;
    writeln!(out, "\n  {number:>2}  {BAD}{name}{BAD:#}{}: {says}", cause.stated())?;
    let shown_by = std::iter::once(format!("shown by {}", cause.shown_by()));
    let notes: Vec<String> = shown_by.chain(cause.notes()).collect();
    writeln!(out, "      {}; {}", cause.weight.title(), notes.join("; "))?;
    writeln!(out, "      look at {look_at}")?;
    writeln!(out, "      {GOOD}{replay}{GOOD:#}")?;
    if let Some(page) = &cause.page {
        writeln!(out, "      see it: {page}")?;
    }
    if let (Some(scenario), Some(lines)) = (&cause.scenario, cause.of_scenario()) {
        writeln!(out, "      {ASIDE}{lines}:{ASIDE:#}")?;
        indented(out, "        ", scenario)?;
    }
    examples.iter().take(MOST_EXAMPLES).try_for_each(|example| one_example(example, out))?;
    match examples.len().saturating_sub(MOST_EXAMPLES) {
        0 => {}
        more => writeln!(out, "\n      {ASIDE}… and {more} more like it{ASIDE:#}")?,
    }
    writeln!(out, "      {ASIDE}in a file of known causes: {id}{ASIDE:#}")
}

fn one_example(example: &Example, out: &mut dyn Write) -> io::Result<()> {
    let Example { source, message, replay } = example;
    let place = source.place();
    match source {
        Source::Scenario { title, line, text, steps, .. } => {
            let space = if title.is_empty() { "" } else { "  " };
            writeln!(out, "\n      {HEADING}{place}{HEADING:#}{space}{title}")?;
            indented(out, "        ", message)?;
            if let (Some(line), false) = (line, text.is_empty()) {
                writeln!(out, "        {line:>4} | {text}")?;
            }
            if !steps.is_empty() {
                writeln!(out, "        {ASIDE}the last steps before it:{ASIDE:#}")?;
            }
            steps.iter().try_for_each(|step| writeln!(out, "          {step}"))?;
        }
        Source::Seed { .. } => {
            writeln!(out, "\n      {HEADING}{place}{HEADING:#}")?;
            indented(out, "        ", message)?;
        }
    }
    writeln!(out, "        {GOOD}{replay}{GOOD:#}")
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
        Mark::Skipped | Mark::NotSetUp => MIDDLING,
        Mark::Untested => ASIDE,
    }
}

/// A text that is no wider than a column may be beside others.
fn narrow(report: &Conformance, text: &str) -> String {
    if !report.compares() || text.chars().count() <= COLUMN {
        return text.to_owned();
    }
    text.chars().take(COLUMN - 1).chain(['…']).collect()
}

/// Writes a table; with several subjects, under their names, in columns of a bounded width.
fn table(report: &Conformance, lines: &[Line<'_>], out: &mut dyn Write) -> io::Result<()> {
    let names = width(lines.iter().map(|line| line.name));
    let subjects: Vec<String> =
        report.subjects.iter().map(|subject| narrow(report, &subject.name)).collect();
    let cells = |line: &Line<'_>| -> Vec<String> {
        line.cells.iter().map(|(_, text)| narrow(report, text)).collect()
    };
    let rows: Vec<Vec<String>> = lines.iter().map(cells).collect();
    let columns = subjects.iter().enumerate().map(|(at, subject)| {
        let cells = rows.iter().map(|cells| cells[at].as_str());
        width(cells.chain(report.compares().then_some(subject.as_str())))
    });
    let widths: Vec<usize> = columns.collect();
    if report.compares() {
        write!(out, "    {:<names$}", "")?;
        for (subject, width) in subjects.iter().zip(&widths) {
            write!(out, "  {HEADING}{subject:<width$}{HEADING:#}")?;
        }
        writeln!(out)?;
    }
    for (Line { name, cells, says }, texts) in lines.iter().zip(&rows) {
        write!(out, "    {name:<names$}")?;
        for (((mark, _), text), width) in cells.iter().zip(texts).zip(&widths) {
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
