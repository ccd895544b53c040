//! Output that several commands share.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use super::Error;
use crate::history::ReadError;
use crate::scenario::corpus::{LoadError, load};
use crate::scenario::error::ParseError;
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::timeline::ends;

pub(super) use crate::report::{BAD, GOOD, LAST_STEPS};

/// The style of a heading.
pub(super) const HEADING: Style = Style::new().bold();
/// The style of text that is not a result.
pub(super) const ASIDE: Style = AnsiColor::BrightBlack.on_default();

/// The most lines that are printed of one timeline.
const MOST_LINES: usize = 40;

/// Writes a heading with an empty line before it.
pub(super) fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{HEADING}{text}{HEADING:#}")
}

/// Writes a timeline, shortened in the middle, with `margin` before each line.
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

/// Loads a scenario, or writes the reason why it can't be loaded to `err`.
pub(super) fn load_or_report(
    path: &Path,
    err: &mut dyn Write,
) -> io::Result<Option<(Source, Scenario)>> {
    match load(path) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) => report(&error, err).map(|()| None),
    }
}

/// Writes the reason why a file is no scenario, with the line of the error if it has one.
pub(super) fn report(error: &LoadError, err: &mut dyn Write) -> io::Result<()> {
    match error {
        LoadError::Read(error) => writeln!(err, "raft-sim: error: {error}"),
        // The stream removes colour where it does not belong.
        LoadError::Parse(..) => writeln!(err, "{}", error.render(true)),
    }
}

/// Makes a file, which must not exist yet.
pub(super) fn new_file(path: &Path) -> Result<fs::File, Error> {
    fs::File::create_new(path).map_err(|error| {
        let name = path.display();
        Error::Message(if error.kind() == io::ErrorKind::AlreadyExists {
            format!("{name}: exists; remove it, or name another file")
        } else {
            format!("{name}: cannot be written: {error}")
        })
    })
}

/// Reads a file, or writes the reason why it can't be read to `err` and returns it.
pub(super) fn read_or_report(
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

/// Writes the error in a file that was read, with its line. Returns the error in one line.
pub(super) fn report_wrong(
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
