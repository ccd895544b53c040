//! From a scenario's text to [`Scenario`], or to the first error in it.
//!
//! The result is consistent: servers exist, labels are declared, the starting state is one that Raft can reach. The
//! replay decides whether a subject does what the scenario says.

mod condition;
mod cursor;
mod given;
mod header;
mod labels;
mod log;
mod message;
mod nearest;
mod servers;
mod settings;
mod statement;
#[cfg(test)]
mod tests;
mod value;

use cursor::{Cursor, spelled};
use header::Draft;
use labels::Labels;

use super::error::ParseError;
use super::source::{Place, Source, Word};
use super::syntax::{Header, Scenario, Step, Trivia};
use super::vocabulary::{Command, HeaderWord, Words};

pub(crate) use nearest::nearest;
use nearest::{listed, synonym};

/// Reads a scenario.
///
/// # Errors
/// The first error of the file, with its place and what was expected there.
pub fn parse(source: &Source) -> Result<Scenario, ParseError> {
    let mut draft = Draft::default();
    let mut header: Option<Header> = None;
    let mut settings = Vec::new();
    let mut labels = Labels::default();
    let mut steps = Vec::new();
    let mut above = Vec::new();
    let mut end = Place { line: 1, column: 1, span: 0..0 };
    for line in source.lines() {
        let comment = line.comment.map(|comment| comment.trim_end().to_owned());
        let Some(first) = line.words.first().cloned() else {
            above.push(comment.unwrap_or_default());
            continue;
        };
        let trivia = Trivia { above: std::mem::take(&mut above), behind: comment };
        if let Some(last) = line.words.last() {
            end = last.place.clone();
        }
        let word = HeaderWord::named(first.text)
            .filter(|word| *word != HeaderWord::Settings || steps.is_empty());
        if !matches!(word, Some(HeaderWord::Scenario | HeaderWord::Paper)) {
            check_commas(source, &line.words)?;
        }
        if let Some(word) = word {
            check_above(source, &first, &steps)?;
            draft.line(source, line, word, trivia, &mut labels)?;
        } else if let Some(command) = Command::named(first.text) {
            let known = match header.take() {
                Some(header) => header,
                None => {
                    let known = draft.finish(source, &first.place)?;
                    settings.clone_from(&known.settings);
                    known
                }
            };
            let known = header.insert(known);
            let mut cursor = Cursor::behind_first(source, line, &known.servers);
            let statement =
                statement::statement(&mut cursor, command, source, &mut settings, &mut labels)?;
            steps.push(Step { line: cursor.line(), statement, trivia });
        } else {
            return Err(unknown(source, &first, header.is_some()));
        }
    }
    let header = match header {
        Some(header) => header,
        None => draft.finish(source, &end)?,
    };
    labels.check_used(source)?;
    Ok(Scenario { header_lines: draft.lines, header, steps, end: above })
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
    let mut known = if in_body { Vec::new() } else { spelled(HeaderWord::ALL) };
    for command in spelled(Command::ALL) {
        // `settings` is both.
        if !known.contains(&command) {
            known.push(command);
        }
    }
    let synonym = synonym(word.text).map(Words::word);
    match synonym.or_else(|| nearest(word.text, known.iter().copied())) {
        Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
        None => error.with_help(format!("expected a {what}: {}", listed(&known))),
    }
}

/// A comma behind a word, where words are parted by white space alone.
fn check_commas(source: &Source, words: &[Word<'_>]) -> Result<(), ParseError> {
    let Some(word) = words.iter().find(|word| word.text.contains(',')) else { return Ok(()) };
    let without = word.text.replace(',', " ");
    let message = format!("unexpected `,` in `{}`", word.text);
    let help = format!("expected words parted by spaces: `{}`", without.trim());
    Err(ParseError::new(source, &word.place, message).with_help(help))
}
