//! A report as Markdown, for a comment on a pull request, a wiki or the summary of a build. Its top is short; details are
//! folded, and left out where it would become longer than such a comment may be.

use std::io::{self, Write};

use super::labels::{self, Line, NOTHING};
use super::{Cause, Conformance, Example, Mark, Source, Subject};

/// The most bytes of a report: what a comment may have.
const MOST_BYTES: usize = 64 * 1_024;
/// The bytes of the note about what was left out.
const NOTE: usize = 512;
/// The most causes of a subject in the table at the top.
const MOST_CAUSES: usize = 20;
/// The most examples of a cause.
const MOST_EXAMPLES: usize = 3;

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Conformance, out: &mut dyn Write) -> io::Result<()> {
    let mut parts = vec![(String::new(), part(|out| top(report, out))?)];
    for subject in &report.subjects {
        for (number, cause) in (1..).zip(labels::in_groups(&subject.causes)) {
            let name = labels::heading(report, subject, &format!("cause {number}"));
            parts.push((name, part(|out| folded_cause(number, cause, out))?));
        }
    }
    if report.compares() {
        let differences = labels::differences(report);
        parts.push(folded(labels::DIFFERENCES, |out| tables(report, differences, out))?);
    }
    let sections: Vec<Line<'_>> = report.sections.iter().map(labels::line).collect();
    parts.push(folded(labels::SECTIONS, |out| table(report, &sections, out))?);
    for subject in report.subjects.iter().filter(|subject| !subject.skipped.is_empty()) {
        let name = labels::heading(report, subject, labels::SKIPPED);
        parts.push(folded(&name, |out| skipped(subject, out))?);
    }
    for subject in &report.subjects {
        let name = labels::heading(report, subject, labels::SUBJECT);
        parts.push(folded(&name, |out| {
            writeln!(out, "- claims {}", plain(&subject.claims()))?;
            writeln!(out, "- digest {}", subject.digest)
        })?);
    }
    for (name, groups) in [
        (labels::PROPERTIES, labels::properties(report)),
        (labels::REQUIREMENTS, labels::requirements(report)),
        (labels::SCENARIOS, labels::scenarios(report)),
    ] {
        parts.push(folded(name, |out| tables(report, groups, out))?);
    }
    out.write_all(bounded(parts).as_bytes())
}

/// The parts that fit, and the names of those that do not.
fn bounded(parts: Vec<(String, String)>) -> String {
    let (mut text, mut left_out) = (String::new(), Vec::new());
    for (name, part) in parts {
        if text.len() + part.len() + NOTE <= MOST_BYTES {
            text += &part;
        } else {
            left_out.push(name);
        }
    }
    if let (Some(first), more) = (left_out.first(), left_out.len().saturating_sub(1)) {
        let more = if more > 0 { format!(" and {more} more parts") } else { String::new() };
        let first: String = first.chars().take(100).collect();
        text += &format!(
            "\nLeft out, so that this fits into a comment: {}{more}. `--format html` has all.\n",
            plain(&first)
        );
    }
    text
}

fn part(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<String> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// A part that is folded, and its name.
fn folded(
    name: &str,
    write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<(String, String)> {
    let text = part(|out| {
        writeln!(out, "\n<details><summary>{}</summary>\n", plain(name))?;
        write(out)?;
        writeln!(out, "\n</details>")
    })?;
    Ok((name.to_owned(), text))
}

/// Writes the verdicts, the causes with one command each, and the sections.
fn top(report: &Conformance, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, "# {}\n", labels::TITLE)?;
    writeln!(out, "{}, by {}.", plain(&report.of_what()), plain(&report.program))?;
    for (at, subject) in report.subjects.iter().enumerate() {
        let Subject { name, verdict, command, .. } = subject;
        writeln!(out, "\n## {} {} {verdict}\n", mark(subject.mark()), plain(name))?;
        writeln!(out, "{}; {}.", subject.of_scenarios(), subject.of_seeds())?;
        if let Some(command) = command {
            writeln!(out, "{}", code(command))?;
        }
        causes(subject, out)?;
        let sections = labels::sections(report, at).into_iter();
        let sections: Vec<String> =
            sections.map(|(of, text)| format!("{} {}", mark(of), plain(&text))).collect();
        writeln!(out, "\n{}: {}", labels::SHORT_SECTIONS, sections.join(" · "))?;
    }
    Ok(())
}

/// Writes the table of causes.
fn causes(subject: &Subject, out: &mut Vec<u8>) -> io::Result<()> {
    let causes: Vec<&Cause> = labels::in_groups(&subject.causes).collect();
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| | {} | shown by | |\n|---|---|---|---|", labels::CAUSES)?;
    for (number, cause) in (1..).zip(&causes).take(MOST_CAUSES) {
        let (name, stated) = (plain(&cause.name), plain(&cause.stated()));
        let (gist, notes) = (plain(&cause.gist()), plain(&cause.notes().join("; ")));
        let notes = if notes.is_empty() { notes } else { format!("<br>*{notes}*") };
        let (by, replay) = (cause.shown_by(), code(&cause.replay).replace('|', "\\|"));
        writeln!(out, "| {number} | **{name}**{stated}<br>{gist}{notes} | {by} | {replay} |")?;
    }
    match causes.len().saturating_sub(MOST_CAUSES) {
        0 => {}
        more => writeln!(out, "\nAnd {more} more below.")?,
    }
    for line in &subject.known_unused {
        writeln!(out, "\nKnown, and not found any more: {}", code(line))?;
    }
    Ok(())
}

fn folded_cause(number: usize, cause: &Cause, out: &mut Vec<u8>) -> io::Result<()> {
    let Cause { weight, name, says, look_at, examples, id, replay, .. } = cause;
    let (weight, name, stated) = (weight.title(), plain(name), plain(&cause.stated()));
    writeln!(out, "\n<details><summary>{number}. {weight}: {name}{stated}</summary>\n")?;
    let shown_by = std::iter::once(format!("shown by {}", cause.shown_by()));
    let notes: Vec<String> = shown_by.chain(cause.notes()).collect();
    writeln!(out, "{}; {}. Look at {}.\n", plain(says), plain(&notes.join("; ")), plain(look_at))?;
    block("sh", replay, out)?;
    if let Some(page) = &cause.page {
        writeln!(out, "\n[See it](<{page}>)")?;
    }
    if let (Some(scenario), Some(lines)) = (&cause.scenario, cause.of_scenario()) {
        writeln!(out, "\n{lines}:\n")?;
        block("raft", scenario.trim_end(), out)?;
    }
    examples.iter().take(MOST_EXAMPLES).try_for_each(|example| one_example(example, out))?;
    match examples.len().saturating_sub(MOST_EXAMPLES) {
        0 => {}
        more => writeln!(out, "\n… and {more} more like it.")?,
    }
    writeln!(out, "\nIn a file of known causes: {}\n\n</details>", code(id))
}

fn one_example(example: &Example, out: &mut Vec<u8>) -> io::Result<()> {
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
            writeln!(out)?;
        }
        Source::Seed { .. } => {
            writeln!(out, "\n{} {}\n", code(&source.place()), plain(message))?;
        }
    }
    block("sh", replay, out)
}

fn skipped(subject: &Subject, out: &mut Vec<u8>) -> io::Result<()> {
    for lacking in &subject.skipped {
        let scenarios = labels::count(lacking.scenarios as u64, "scenario");
        writeln!(out, "- {} for want of {}", scenarios, code(lacking.capability))?;
    }
    Ok(())
}

fn table(report: &Conformance, lines: &[Line<'_>], out: &mut Vec<u8>) -> io::Result<()> {
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

fn tables(report: &Conformance, groups: labels::Groups<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    if groups.is_empty() {
        writeln!(out, "{NOTHING}")?;
    }
    for (group, lines) in groups {
        writeln!(out, "### {}\n", plain(group))?;
        table(report, &lines, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Passed => "✓",
        Mark::Failed | Mark::Unusable => "✗",
        Mark::Skipped | Mark::NotSetUp => "○",
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
fn block(language: &str, text: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    writeln!(out, "{fence}{language}\n{text}\n{fence}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|sign| sign != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_into_a_comment_and_names_what_does_not() {
        let part = |name: &str, bytes: usize| (name.to_owned(), "x".repeat(bytes));
        let text = bounded(vec![part("top", 30_000), part("one", 40_000), part("two", 30_000)]);
        assert!(text.len() > 60_000 && text.len() <= MOST_BYTES, "{}", text.len());
        assert!(
            text.ends_with("a comment: one. `--format html` has all.\n"),
            "{}",
            &text[60_000..]
        );
        let text = bounded(vec![part("top", 60_000), part("one", 10_000), part("two", 10_000)]);
        assert!(text.contains(": one and 1 more parts."), "{}", &text[60_000..]);
        assert_eq!(bounded(vec![part("top", 30_000)]).len(), 30_000);
    }
}
