//! From a scenario's text to [`Scenario`], or to the first error in it.
//!
//! What comes out is consistent: servers exist, labels are declared, the starting state is one that
//! Raft can reach. Whether a subject does what the scenario says is not decided here.

mod condition;
mod given;
mod header;
mod labels;
mod log;
mod message;
mod settings;
mod statement;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;

use header::Draft;
use labels::Labels;
use vocabulary::{COMMANDS, HEADER};
use words::Cursor;

use super::error::ParseError;
use super::source::{Place, Source, SourceLine, Word};
use super::syntax::{Header, Line, Scenario, Step};

pub(crate) use vocabulary::nearest;

/// Reads a scenario.
///
/// # Errors
/// The first error of the file, with its place and what was expected there.
pub fn parse(source: &Source) -> Result<Scenario, ParseError> {
    let mut draft = Draft::default();
    let mut header: Option<Header> = None;
    let mut settings = Vec::new();
    let mut labels = Labels::default();
    let mut scenario_lines = Vec::new();
    let mut steps = Vec::new();
    let mut end = Place { line: 1, column: 1, span: 0..0 };
    for line in source.lines() {
        scenario_lines.push(layout(&line));
        let Some(first) = line.words.first().cloned() else {
            continue;
        };
        if let Some(last) = line.words.last() {
            end = last.place.clone();
        }
        let of_next_boot = first.text == "settings" && !steps.is_empty();
        if HEADER.contains(&first.text) && !of_next_boot {
            check_above(source, &first, &steps)?;
            draft.line(source, line, &mut labels)?;
        } else if statement::is_command(first.text) {
            let known = match header.take() {
                Some(header) => header,
                None => {
                    let known = std::mem::take(&mut draft).finish(source, &first.place)?;
                    settings.clone_from(&known.settings);
                    known
                }
            };
            let known = header.insert(known);
            let mut cursor = Cursor::behind_first(source, line, &known.servers);
            let statement = statement::statement(&mut cursor, source, &mut settings, &mut labels)?;
            steps.push(Step { line: cursor.line(), statement });
        } else {
            return Err(unknown(source, &first, header.is_some()));
        }
    }
    let header = match header {
        Some(header) => header,
        None => draft.finish(source, &end)?,
    };
    labels.check_used(source)?;
    Ok(Scenario { lines: scenario_lines, header, steps })
}

/// What is needed to write a line back.
fn layout(line: &SourceLine<'_>) -> Line {
    match (line.words.is_empty(), line.comment) {
        (true, None) => Line::Blank,
        (true, Some(comment)) => Line::Comment(comment.to_owned()),
        (false, comment) => {
            let words = line.words.iter().map(|word| word.text.to_owned()).collect();
            Line::Words(words, comment.map(str::to_owned))
        }
    }
}

/// A header line must not stand below a statement.
fn check_above(source: &Source, word: &Word<'_>, steps: &[Step]) -> Result<(), ParseError> {
    let Some(step) = steps.first() else {
        return Ok(());
    };
    let message = format!("a header line, `{}`, below a statement", word.text);
    let help = format!("expected it above line {}", step.line);
    Err(ParseError::new(source, &word.place, message).with_help(help))
}

/// A line that begins with no word of the language.
fn unknown(source: &Source, word: &Word<'_>, in_body: bool) -> ParseError {
    let what = if in_body { "command" } else { "header line or command" };
    let error = ParseError::new(source, &word.place, format!("unknown {what} `{}`", word.text));
    let header = if in_body { &[] } else { HEADER };
    match nearest(word.text, header.iter().chain(COMMANDS).copied()) {
        Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
        None => error.with_help(format!("expected a {what}")),
    }
}
