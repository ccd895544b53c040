//! A report as Markdown, for a comment on a pull request, a wiki or the summary of a build.

use std::io::{self, Write};

use super::labels::{self, Line, NOTHING};
use super::{Conformance, Example, Mark, Source, Subject, Wrong};

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}\n", labels::TITLE)?;
    writeln!(out, "{}, by {}.\n", plain(&report.of_what()), plain(&report.program))?;
    verdicts(report, out)?;
    if report.compares() {
        tables(report, labels::DIFFERENCES, labels::differences(report), out)?;
    }
    for subject in report.subjects.iter().filter(|subject| !subject.wrong.is_empty()) {
        writeln!(out, "\n## {}", plain(&labels::heading(report, subject, labels::WRONG)))?;
        subject.wrong.iter().try_for_each(|wrong| one_wrong(wrong, subject, out))?;
    }
    writeln!(out, "\n## {}\n", labels::SECTIONS)?;
    table(report, &report.sections.iter().map(labels::line).collect::<Vec<_>>(), out)?;
    for subject in report.subjects.iter().filter(|subject| !subject.skipped.is_empty()) {
        writeln!(out, "\n## {}\n", plain(&labels::heading(report, subject, labels::SKIPPED)))?;
        for lacking in &subject.skipped {
            let scenarios = labels::count(lacking.scenarios as u64, "scenario");
            writeln!(out, "- {} for want of {}", scenarios, code(lacking.capability))?;
        }
    }
    tables(report, labels::PROPERTIES, labels::properties(report), out)?;
    tables(report, labels::REQUIREMENTS, labels::requirements(report), out)?;
    tables(report, labels::SCENARIOS, labels::scenarios(report), out)
}

fn verdicts(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    for subject in &report.subjects {
        let Subject { name, verdict, command, .. } = subject;
        writeln!(out, "- {} **{} {verdict}**", mark(subject.mark()), plain(name))?;
        writeln!(out, "  - {}", subject.of_scenarios())?;
        writeln!(out, "  - {}", subject.of_seeds())?;
        if let Some(command) = command {
            writeln!(out, "  - {}", code(command))?;
        }
        writeln!(out, "  - claims {}", plain(&subject.claims()))?;
        writeln!(out, "  - digest {}", subject.digest)?;
    }
    Ok(())
}

fn one_wrong(wrong: &Wrong, subject: &Subject, out: &mut dyn Write) -> io::Result<()> {
    let Wrong { weight, name, says, examples, .. } = wrong;
    let (name, stated, says) = (plain(name), plain(&wrong.stated()), plain(says));
    writeln!(out, "\n### {}: {name}{stated}\n", weight.title())?;
    writeln!(out, "{says}; shown by {}.", wrong.shown_by(subject))?;
    examples.iter().try_for_each(|example| one_example(example, out))
}

fn one_example(example: &Example, out: &mut dyn Write) -> io::Result<()> {
    let Example { source, message, replay } = example;
    match source {
        Source::Scenario { title, line, text, steps, .. } => {
            writeln!(out, "\n{} {}\n", code(&source.place()), plain(title))?;
            let mut block_text = message.trim_end().to_owned();
            if let (Some(line), false) = (line, text.is_empty()) {
                block_text += &format!("\n\n{line:>4} | {text}");
            }
            if !steps.is_empty() {
                block_text += &format!("\n\nthe last steps before it:\n{}", steps.join("\n"));
            }
            block("text", &block_text, out)?;
        }
        Source::Seed { scenario, .. } => {
            writeln!(out, "\n{} {}\n", code(&source.place()), plain(message))?;
            scenario.as_ref().map_or(Ok(()), |scenario| block("text", scenario.trim_end(), out))?;
        }
    }
    writeln!(out)?;
    block("sh", replay, out)
}

fn table(report: &Conformance, lines: &[Line<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "| |")?;
    for subject in &report.subjects {
        write!(out, " {} |", if report.compares() { plain(&subject.name) } else { String::new() })?;
    }
    writeln!(out, " |\n|---|{}---|", "---|".repeat(report.subjects.len()))?;
    for Line { name, cells, says } in lines {
        write!(out, "| {} |", plain(name))?;
        for (of, text) in cells {
            write!(out, " {} {} |", mark(*of), plain(text))?;
        }
        writeln!(out, " {} |", plain(says))?;
    }
    Ok(())
}

fn tables(
    report: &Conformance,
    what: &str,
    groups: labels::Groups<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "\n## {what}")?;
    if groups.is_empty() {
        writeln!(out, "\n{NOTHING}")?;
    }
    for (group, lines) in groups {
        writeln!(out, "\n### {}\n", plain(group))?;
        table(report, &lines, out)?;
    }
    Ok(())
}

fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Passed => "✓",
        Mark::Failed | Mark::Unusable => "✗",
        Mark::Skipped => "○",
        Mark::Untested => "–",
    }
}

/// Escapes text for Markdown, on one line.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for sign in text.chars() {
        match sign {
            '\n' => plain.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' => {
                plain.extend(['\\', sign]);
            }
            sign => plain.push(sign),
        }
    }
    plain
}

/// Text as code, within a line.
fn code(text: &str) -> String {
    let (fence, text) = ("`".repeat(longest_run(text) + 1), text.replace('\n', " "));
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Writes text as a block of code.
fn block(language: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    writeln!(out, "{fence}{language}\n{text}\n{fence}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|sign| sign != '`').map(str::len).max().unwrap_or_default()
}
