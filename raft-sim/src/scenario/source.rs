//! A scenario file as text: read from disk, cut into lines, and lines into words.
//!
//! Words are parted by white space. A `#` at the start of a line or after white space begins a comment,
//! except that `#` and digits behind other words (`#2`) is a word: it counts messages. Tabs, CRLF, a
//! byte order mark and a missing final newline are accepted. Nothing here knows what the words mean.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A scenario's text and its name in errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text under a name, which is the file's path where there is one. A byte order mark at the
    /// beginning of the text is dropped.
    #[must_use]
    pub fn new(name: impl Into<String>, text: &str) -> Source {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Source { name: name.into(), text: text.to_owned() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Source, ReadError> {
        let bytes = std::fs::read(path)
            .map_err(|cause| ReadError::Unreadable { path: path.to_owned(), cause })?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(path.display().to_string(), &text)),
            Err(error) => Err(ReadError::NotUtf8 {
                path: path.to_owned(),
                offset: error.utf8_error().valid_up_to(),
            }),
        }
    }

    /// The name errors give.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text. Spans are byte ranges of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines in order, each cut into its words. A final newline ends the last line and begins none.
    pub fn lines(&self) -> impl Iterator<Item = SourceLine<'_>> {
        let mut start = 0;
        self.text.split_inclusive('\n').enumerate().map(move |(before, whole)| {
            let line_start = start;
            start += whole.len();
            let text = whole.strip_suffix('\n').unwrap_or(whole);
            let text = text.strip_suffix('\r').unwrap_or(text);
            let number = u32::try_from(before.saturating_add(1)).unwrap_or(u32::MAX);
            SourceLine::cut(number, line_start, text)
        })
    }
}

/// The reason why a file could not become a [`Source`].
#[derive(Debug)]
pub enum ReadError {
    /// The operating system could not read it.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        cause: io::Error,
    },
    /// Its bytes are not UTF-8.
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The number of good bytes from the beginning.
        offset: usize,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Unreadable { path, cause } => {
                write!(f, "{}: cannot be read: {cause}", path.display())
            }
            ReadError::NotUtf8 { path, offset } => {
                write!(f, "{}: is not UTF-8 text: bad byte at offset {offset}", path.display())
            }
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Unreadable { cause, .. } => Some(cause),
            ReadError::NotUtf8 { .. } => None,
        }
    }
}

/// A place in a [`Source`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, counted in characters.
    pub column: usize,
    /// The bytes of the text; empty where something is missing.
    pub span: Range<usize>,
}

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'s> {
    /// The word, without white space.
    pub text: &'s str,
    /// Its place.
    pub place: Place,
}

/// One line, cut into words and comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine<'s> {
    /// Its number, from 1.
    pub number: u32,
    /// Its words in order; none in a blank line or a line of comment.
    pub words: Vec<Word<'s>>,
    /// The comment, from its `#` to the end of the line.
    pub comment: Option<&'s str>,
}

impl<'s> SourceLine<'s> {
    /// Cuts the text of one line, which stands `start` bytes into the whole.
    fn cut(number: u32, start: usize, text: &'s str) -> SourceLine<'s> {
        let mut line = SourceLine { number, words: Vec::new(), comment: None };
        let mut open = None;
        for (before, (at, character)) in text.char_indices().enumerate() {
            if character.is_whitespace() {
                if let Some((from, column)) = open.take() {
                    line.push(start, column, &text[from..at], from);
                }
            } else if open.is_none() {
                if character == '#' && (line.words.is_empty() || !is_ordinal(&text[at..])) {
                    line.comment = Some(&text[at..]);
                    return line;
                }
                open = Some((at, before + 1));
            }
        }
        if let Some((from, column)) = open {
            line.push(start, column, &text[from..], from);
        }
        line
    }

    fn push(&mut self, start: usize, column: usize, text: &'s str, from: usize) {
        let span = start + from..start + from + text.len();
        self.words.push(Word { text, place: Place { line: self.number, column, span } });
    }
}

/// True if a text that begins with `#` is `#` and digits alone, as in `#2`.
fn is_ordinal(text: &str) -> bool {
    let word = text.split(char::is_whitespace).next().unwrap_or_default();
    word.len() > 1 && word.chars().skip(1).all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(u32, usize, &str)> {
        let source = Source::new("t.raft", text);
        let mut found = Vec::new();
        for line in source.lines() {
            for word in line.words {
                let at = text.find(word.text).expect("the word is in the text");
                found.push((word.place.line, word.place.column, &text[at..at + word.text.len()]));
                assert_eq!(&source.text()[word.place.span.clone()], word.text);
            }
        }
        found
    }

    #[test]
    fn words_stand_where_they_are_written() {
        assert_eq!(
            words("a\tbc\r\n\n  d"),
            [(1, 1, "a"), (1, 3, "bc"), (3, 3, "d")],
            "tabs, CRLF and a missing final newline"
        );
        assert_eq!(words("ö§ x"), [(1, 1, "ö§"), (1, 4, "x")], "columns count characters");
        assert_eq!(words(""), []);
    }

    #[test]
    fn a_comment_begins_at_a_hash_that_begins_a_word() {
        let comments = |text: &str| -> Vec<(usize, Option<String>)> {
            let source = Source::new("t.raft", text);
            source.lines().map(|l| (l.words.len(), l.comment.map(str::to_owned))).collect()
        };
        for (text, words, comment) in [
            ("# all of it", 0, Some("# all of it")),
            ("  #1 at the start", 0, Some("#1 at the start")),
            ("a b # c d", 2, Some("# c d")),
            ("a #2 # c", 2, Some("# c")),
            ("a #2", 2, None),
            ("a #2nd", 1, Some("#2nd")),
            ("a #", 1, Some("#")),
            ("a#b", 1, None),
        ] {
            assert_eq!(comments(text), [(words, comment.map(str::to_owned))], "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        let missing = Source::read(Path::new("no/such/file.raft")).expect_err("no such file");
        assert!(missing.to_string().starts_with("no/such/file.raft: cannot be read: "));
        let bad = ReadError::NotUtf8 { path: PathBuf::from("x.raft"), offset: 7 };
        assert_eq!(bad.to_string(), "x.raft: is not UTF-8 text: bad byte at offset 7");
    }

    #[test]
    fn a_byte_order_mark_is_no_word() {
        assert_eq!(Source::new("t", "\u{feff}scenario").text(), "scenario");
    }
}
