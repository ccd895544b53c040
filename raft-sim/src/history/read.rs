//! Files of histories: what was read, and the errors in a text.

use std::fmt;
use std::ops::Range;

use super::{Event, History};

/// The first error of a history's text. Displayed in one line: `line:column: message; help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, counted in characters.
    pub column: usize,
    /// The bytes in question, not counting a byte order mark; empty where something is missing.
    pub span: Range<usize>,
    /// The error.
    pub message: String,
    /// The expected text, if known.
    pub help: Option<String>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ReadError {}

/// An error at a place that is not yet known by line and column.
#[derive(Debug)]
pub(crate) struct Wrong {
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Wrong {
    /// An error at these bytes.
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Wrong {
        Wrong { span, message: message.into(), help: None }
    }

    /// The same, with the expected text.
    pub(crate) fn expected(span: Range<usize>, message: impl Into<String>, help: &str) -> Wrong {
        Wrong { help: Some(format!("expected {help}")), ..Wrong::new(span, message) }
    }

    /// The same error, with its line and column in the text.
    pub(crate) fn placed(self, text: &str) -> ReadError {
        let Wrong { span, message, help } = self;
        let before = &text[..text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        ReadError {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: before[line_start..].chars().count() + 1,
            span,
            message,
            help,
        }
    }
}

/// A history that is being read.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) history: History,
}

impl Reading {
    /// Adds an event that stands at `span`.
    pub(super) fn push(&mut self, event: Event, span: Range<usize>) -> Result<(), Wrong> {
        self.history.push(event).map_err(|message| Wrong::new(span, message))
    }
}

/// The text of a file, without a byte order mark.
///
/// # Errors
/// The first byte that is not UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, ReadError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let good = String::from_utf8_lossy(&bytes[..at]);
        Wrong::new(at..at, "a byte that is not UTF-8 text").placed(&good)
    })
}
