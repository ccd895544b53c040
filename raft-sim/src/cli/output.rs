//! What several commands print alike.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::history::ReadError;
use crate::scenario::corpus::{LoadError, load};
use crate::scenario::error::ParseError;
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::timeline::ends;

pub(super) use crate::report::{BAD, GOOD, LAST_STEPS};

/// What a heading looks like.
pub(super) const HEADING: Style = Style::new().bold();
/// What is no result looks like.
pub(super) const ASIDE: Style = AnsiColor::BrightBlack.on_default();

/// Most lines of one story.
const MOST_LINES: usize = 40;

/// A heading with an empty line before it.
pub(super) fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{HEADING}{text}{HEADING:#}")
}

/// A story, shortened in the middle, with this before each line.
pub(super) fn timeline(out: &mut dyn Write, lines: &[String], margin: &str) -> io::Result<()> {
    let (head, left_out, tail) = ends(lines, MOST_LINES);
    for line in head {
        writeln!(out, "{margin}{line}")?;
    }
    if left_out > 0 {
        writeln!(out, "{margin}{ASIDE}… {left_out} more{ASIDE:#}")?;
    }
    for line in tail {
        writeln!(out, "{margin}{line}")?;
    }
    Ok(())
}

/// Loads a scenario; if that fails the reader is told why.
pub(super) fn load_or_tell(
    path: &Path,
    err: &mut dyn Write,
) -> io::Result<Option<(Source, Scenario)>> {
    match load(path) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) => tell(&error, err).map(|()| None),
    }
}

/// Tells why a file is no scenario, with its line drawn where there is one.
pub(super) fn tell(error: &LoadError, err: &mut dyn Write) -> io::Result<()> {
    match error {
        LoadError::Read(error) => writeln!(err, "raft-sim: error: {error}"),
        // Where colour does not belong the stream takes it out.
        LoadError::Parse(..) => writeln!(err, "{}", error.render(true)),
    }
}

/// Reads a file; if that fails the reader is told why.
pub(super) fn read_or_tell(
    path: &Path,
    err: &mut dyn Write,
) -> io::Result<Result<Vec<u8>, String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(error) => {
            let message = format!("{}: cannot be read: {error}", path.display());
            writeln!(err, "raft-sim: error: {message}")?;
            Ok(Err(message))
        }
    }
}

/// Tells what is wrong with a file that was read, with its line drawn. The same in one line.
pub(super) fn tell_wrong(
    file: &str,
    bytes: &[u8],
    error: ReadError,
    err: &mut dyn Write,
) -> io::Result<String> {
    let ReadError { line, column, span, message, help } = error;
    let error = ParseError { file: file.to_owned(), line, column, span, message, help };
    let source = Source::new(file, &String::from_utf8_lossy(bytes));
    writeln!(err, "{}", error.render(&source, true))?;
    Ok(error.to_string())
}
