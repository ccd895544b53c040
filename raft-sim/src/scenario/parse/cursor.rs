//! A cursor over the words of one line, and the small phrases that many lines share: numbers, durations, labels.

use std::ops::RangeInclusive;

use super::labels::{Mention, Names};
use super::nearest::{listed, nearest};
use crate::model::{NodeId, Term};
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source, SourceLine, Word};
use crate::scenario::syntax::{Capability, Drawn, Duration, Label, Unit};
use crate::scenario::vocabulary::{Particle, Words, is_reserved};

/// The largest number a scenario may hold, seeds apart: large enough for any situation, small enough
/// that no sum of them overflows.
pub(super) const LARGEST: u64 = 1_000_000;

/// The words of a line, of which some are read already.
pub(super) struct Cursor<'s> {
    source: &'s Source,
    words: Vec<Word<'s>>,
    next: usize,
    line: u32,
    /// The servers of the header; none as long as it has not named them.
    pub(super) servers: &'s [NodeId],
    /// The labels read so far that must be declared somewhere, in order.
    pub(super) used: Vec<Mention>,
    /// The labels read so far that the line declares, in order.
    pub(super) declared: Vec<Mention>,
}

impl<'s> Cursor<'s> {
    /// A cursor at the second word of a line; the first one is the line's keyword.
    pub(super) fn behind_first(
        source: &'s Source,
        line: SourceLine<'s>,
        servers: &'s [NodeId],
    ) -> Cursor<'s> {
        let SourceLine { number, words, comment: _ } = line;
        Cursor {
            source,
            words,
            next: 1,
            line: number,
            servers,
            used: Vec::new(),
            declared: Vec::new(),
        }
    }

    /// Cursors over the rest of the line, cut at each of this word: at the second word of each part.
    pub(super) fn parts(&mut self, word: impl Words) -> Vec<Cursor<'s>> {
        let rest = self.words.get(self.next..).unwrap_or_default();
        let parts = rest.split(|other| other.text == word.word());
        let Cursor { source, line, servers, .. } = *self;
        let cursor = |words: &[Word<'s>]| {
            let (used, declared) = (Vec::new(), Vec::new());
            Cursor { source, words: words.to_vec(), next: 1, line, servers, used, declared }
        };
        let cursors = parts.map(cursor).collect();
        self.next = self.words.len();
        cursors
    }

    /// The line's number, from 1.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The word the line begins with.
    pub(super) fn first(&self) -> &'s str {
        self.words.first().map_or("", |word| word.text)
    }

    /// The place of the word with which the line begins.
    pub(super) fn first_place(&self) -> Place {
        self.words.first().map_or_else(|| self.place(), |word| word.place.clone())
    }

    /// The next word; it stays the next one.
    pub(super) fn peek(&self) -> Option<&'s str> {
        self.words.get(self.next).map(|word| word.text)
    }

    /// The next word, if it is one of these.
    pub(super) fn peek_one<W: Words>(&self) -> Option<W> {
        self.peek().and_then(W::named)
    }

    /// True if the next word is this one.
    pub(super) fn at(&self, word: impl Words) -> bool {
        self.peek() == Some(word.word())
    }

    /// The word behind the next one, if it is one of these.
    pub(super) fn peek_second<W: Words>(&self) -> Option<W> {
        self.words.get(self.next + 1).and_then(|word| W::named(word.text))
    }

    /// The next word, read.
    pub(super) fn take(&mut self) -> Option<&'s str> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// Reads the next word if it is this one.
    pub(super) fn take_word(&mut self, word: impl Words) -> bool {
        let found = self.at(word);
        self.next += usize::from(found);
        found
    }

    /// Reads the next word if it is one of these.
    pub(super) fn take_one<W: Words>(&mut self) -> Option<W> {
        let word = self.peek_one()?;
        self.next += 1;
        Some(word)
    }

    /// The place of the next word, or the end of the line if there is none.
    pub(super) fn place(&self) -> Place {
        match (self.words.get(self.next), self.words.last()) {
            (Some(word), _) => word.place.clone(),
            (None, Some(last)) => Place {
                line: self.line,
                column: last.place.column + last.text.chars().count(),
                span: last.place.span.end..last.place.span.end,
            },
            (None, None) => Place { line: self.line, column: 1, span: 0..0 },
        }
    }

    /// The place of the word before the next one.
    pub(super) fn last_place(&self) -> Place {
        let last = self.next.checked_sub(1).and_then(|last| self.words.get(last));
        last.map_or_else(|| self.place(), |word| word.place.clone())
    }

    /// The places of the last `count` words that were read.
    pub(super) fn last_places(&self, count: usize) -> impl Iterator<Item = &Place> {
        let first = self.next.saturating_sub(count);
        self.words.iter().skip(first).take(count).map(|word| &word.place)
    }

    /// An error at the next word.
    pub(super) fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError::new(self.source, &self.place(), message)
    }

    /// An error somewhere in the source.
    pub(super) fn error_at(&self, place: &Place, message: impl Into<String>) -> ParseError {
        ParseError::new(self.source, place, message)
    }

    /// The next word is not what it must be.
    pub(super) fn unexpected(&self, expected: impl AsRef<str>) -> ParseError {
        let message = match self.peek() {
            Some(word) => format!("unexpected `{word}`"),
            None => "the line ends too early".to_owned(),
        };
        self.error(message).with_help(format!("expected {}", expected.as_ref()))
    }

    /// Reads one of these words. `what` describes them for an error.
    pub(super) fn expect_one<W: Words>(&mut self, what: &str) -> Result<W, ParseError> {
        self.take_one().ok_or_else(|| self.none_of(what, &spelled(W::ALL)))
    }

    /// The next word is none of these, but may have been meant to be one.
    pub(super) fn none_of(&self, what: &str, words: &[&str]) -> ParseError {
        match self.peek().and_then(|word| nearest(word, words.iter().copied())) {
            Some(meant) => self.unexpected(format!("{what}; did you mean `{meant}`?")),
            None => self.unexpected(format!("{what}: {}", listed(words))),
        }
    }

    /// Reads this word.
    pub(super) fn expect_word(&mut self, word: impl Words) -> Result<(), ParseError> {
        if self.take_word(word) {
            return Ok(());
        }
        Err(self.unexpected(format!("`{}`", word.word())))
    }

    /// The end of the line.
    pub(super) fn expect_end(&self) -> Result<(), ParseError> {
        match self.peek() {
            None => Ok(()),
            Some(word) => {
                let error = self.unexpected("the end of the line");
                let comment = word.starts_with('#');
                Err(if comment {
                    error.with_help("a comment has a space behind its `#`")
                } else {
                    error
                })
            }
        }
    }

    /// Reads a number within limits. `what` describes it for an error.
    pub(super) fn number(
        &mut self,
        what: &str,
        limits: RangeInclusive<u64>,
    ) -> Result<u64, ParseError> {
        let word = self.peek().unwrap_or_default();
        let number = self.number_in(word, what, limits)?;
        self.next += 1;
        Ok(number)
    }

    /// The number that a word, or a part of the next word, writes.
    pub(super) fn number_in(
        &self,
        digits: &str,
        what: &str,
        limits: RangeInclusive<u64>,
    ) -> Result<u64, ParseError> {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected(what));
        }
        match digits.parse() {
            Ok(number) if limits.contains(&number) => Ok(number),
            Ok(_) | Err(_) => {
                let (least, most) = (limits.start(), limits.end());
                let error = self.error(format!("`{digits}` is out of range"));
                Err(error.with_help(format!("expected {what}, {least} to {most}")))
            }
        }
    }

    /// Reads a number that is kept in 32 bits.
    pub(super) fn small(&mut self, what: &str, least: u64) -> Result<u32, ParseError> {
        let number = self.number(what, least..=LARGEST)?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Reads `#N`, if it is there. `what` describes it for an error.
    pub(super) fn ordinal(&mut self, what: &str) -> Result<Option<u32>, ParseError> {
        let Some(digits) = self.peek().and_then(|word| word.strip_prefix('#')) else {
            return Ok(None);
        };
        let ordinal = self.number_in(digits, what, 1..=LARGEST)?;
        self.next += 1;
        Ok(Some(u32::try_from(ordinal).unwrap_or(u32::MAX)))
    }

    /// Reads `A..B`, not backwards.
    pub(super) fn range(&mut self, what: &str, least: u64) -> Result<(u64, u64), ParseError> {
        let word = self.peek().unwrap_or_default();
        let Some((from, to)) = word.split_once("..") else {
            return Err(self.unexpected(what));
        };
        let from = self.number_in(from, what, least..=LARGEST)?;
        let to = self.number_in(to, what, least..=LARGEST)?;
        if from > to {
            let error = self.error(format!("the range `{word}` is backwards"));
            return Err(error.with_help(format!("expected `{to}..{from}`")));
        }
        self.next += 1;
        Ok((from, to))
    }

    /// Reads the term of an election that has happened.
    pub(super) fn term(&mut self) -> Result<Term, ParseError> {
        self.number("a term", 1..=LARGEST).map(Term)
    }

    /// Reads `COUNT UNIT`.
    pub(super) fn duration(&mut self) -> Result<Duration, ParseError> {
        let count = self.small("a duration such as `5 election-timeouts`", 1)?;
        let word = self.peek().unwrap_or_default();
        let Some(unit) = Unit::ALL.into_iter().find(|unit| unit.words().contains(&word)) else {
            return Err(self.none_of("a unit", &Unit::ALL.map(|unit| unit.words()[1])));
        };
        self.next += 1;
        Ok(Duration { count, unit })
    }

    /// Reads `INDEX/TERM` or `none`.
    pub(super) fn drawn(&mut self) -> Result<Option<Drawn>, ParseError> {
        let what = "INDEX/TERM of an entry, as in `3/2`, or `none`";
        if self.take_word(Particle::None) {
            return Ok(None);
        }
        let Some((index, term)) = self.peek().unwrap_or_default().split_once('/') else {
            return Err(self.unexpected(what));
        };
        let index = self.number_in(index, what, 1..=LARGEST)?;
        let term = Term(self.number_in(term, what, 1..=LARGEST)?);
        self.next += 1;
        Ok(Some(Drawn { index, term }))
    }

    /// True if the next word has the form of a label and is no word of the language.
    pub(super) fn at_label(&self) -> bool {
        self.peek().is_some_and(|word| is_label(word) && !is_reserved(word))
    }

    /// True if the line, or the condition before an `or`, ends here.
    pub(super) fn at_end_of_condition(&self) -> bool {
        self.peek().is_none() || self.at(Particle::Or)
    }

    /// Reads the label of something that exists.
    pub(super) fn label(&mut self, names: Names) -> Result<Label, ParseError> {
        let mention = self.mention(names)?;
        let label = mention.label.clone();
        self.used.push(mention);
        Ok(label)
    }

    /// Reads the label of something that the line brings into being.
    pub(super) fn new_label(&mut self, names: Names) -> Result<Label, ParseError> {
        let mention = self.mention(names)?;
        let label = mention.label.clone();
        self.declared.push(mention);
        Ok(label)
    }

    fn mention(&mut self, names: Names) -> Result<Mention, ParseError> {
        let Some(word) = self.peek() else {
            return Err(self.unexpected("a label"));
        };
        let label = self.label_in(word)?;
        let place = self.place();
        self.next += 1;
        Ok(Mention { label, place, names })
    }

    /// Reads the label of a command, or several.
    pub(super) fn commands(&mut self) -> Result<Vec<Label>, ParseError> {
        let mut labels = vec![self.label(Names::Command)?];
        while self.at_label() {
            labels.push(self.label(Names::Command)?);
        }
        Ok(labels)
    }

    /// The label that the next word, or a part of it, is.
    pub(super) fn label_in(&self, text: &str) -> Result<Label, ParseError> {
        if text == Capability::NoOp.word() {
            let error =
                self.error("no command can be called `no-op`: a new leader's entry is (§8)");
            return Err(error.with_help("expected another label"));
        }
        if is_reserved(text) {
            let error = self.error(format!("`{text}` is a word of the language"));
            return Err(error.with_help("expected a label"));
        }
        if !is_label(text) {
            return Err(
                self.unexpected("a label: small letters, digits and `-`, beginning with a letter")
            );
        }
        Ok(Label(text.to_owned()))
    }
}

/// The words as they are written.
pub(super) fn spelled<W: Words>(words: &[W]) -> Vec<&'static str> {
    words.iter().map(|word| word.word()).collect()
}

/// Small letters, digits and `-`, beginning with a letter.
fn is_label(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
