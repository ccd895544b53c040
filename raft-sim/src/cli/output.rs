//! What several commands print alike.

use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::scenario::corpus::{LoadError, load};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::story::ends;

pub(super) use crate::report::{BAD, GOOD};

/// What a heading looks like.
pub(super) const HEADING: Style = Style::new().bold();
/// What is no result looks like.
pub(super) const ASIDE: Style = AnsiColor::BrightBlack.on_default();

/// Most lines of one story.
const MOST_LINES: usize = 40;

/// How many steps before a violation or a failure are told.
pub(super) const LAST_STEPS: usize = 20;

/// A heading with an empty line before it.
pub(super) fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{HEADING}{text}{HEADING:#}")
}

/// A story, shortened in the middle, with this before each line.
pub(super) fn story(out: &mut dyn Write, lines: &[String], margin: &str) -> io::Result<()> {
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
