//! Logs as drawn in the figures, and who has declared which label.

use std::collections::BTreeMap;

use super::words::{Cursor, LARGEST, Mention};
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source};
use crate::scenario::syntax::{DrawnEntry, Label};
use crate::words::Term;

/// Drawn entries, where each stands in the text, and whether `...` follows them.
#[derive(Default)]
pub(super) struct DrawnLog {
    /// The entries in order.
    pub(super) entries: Vec<DrawnEntry>,
    /// One for every entry.
    pub(super) places: Vec<Place>,
    /// Whether `...` follows.
    pub(super) open: bool,
}

/// Reads `1 1 2:x`, `1 1 2:x ...` or `none`. It ends at the first word that is no part of a log.
pub(super) fn drawn_log(cursor: &mut Cursor<'_>) -> Result<DrawnLog, ParseError> {
    let mut log = DrawnLog::default();
    if cursor.take_word("none") {
        return Ok(log);
    }
    while let Some(word) =
        cursor.peek().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    {
        let (term, label) = match word.split_once(':') {
            Some((term, label)) => (term, Some(label)),
            None => (word, None),
        };
        let term =
            Term(cursor.number_in(term, "an entry's term, as in `2` or `2:x`", 1..=LARGEST)?);
        let label = label.map(|label| cursor.label_in(label)).transpose()?;
        log.places.push(cursor.place());
        log.entries.push(DrawnEntry { term, label });
        cursor.take();
    }
    if log.entries.is_empty() {
        return Err(cursor.unexpected("a log: entries such as `1 1 2:x`, or `none`"));
    }
    log.open = cursor.take_word("...");
    Ok(log)
}

/// The labels declared so far, and those used.
#[derive(Default)]
pub(super) struct Labels {
    declared: BTreeMap<Label, Declared>,
    used: Vec<Mention>,
}

/// Where a label was first declared.
struct Declared {
    line: u32,
    /// Index and term, if it is a drawn entry. A proposal finds its place only in the run.
    entry: Option<(u64, Term)>,
}

impl Labels {
    /// Notes that the labels read in a line must be declared somewhere.
    pub(super) fn used(&mut self, mentions: Vec<Mention>) {
        self.used.extend(mentions);
    }

    /// A client proposes these commands.
    pub(super) fn proposed(
        &mut self,
        source: &Source,
        mentions: &[Mention],
    ) -> Result<(), ParseError> {
        for (label, place) in mentions {
            if let Some(declared) = self.declared.get(label) {
                let message = format!(
                    "the label `{}` is declared already, in line {}",
                    label.0, declared.line
                );
                let help = "expected a new label: every command is proposed once";
                return Err(ParseError::new(source, place, message).with_help(help));
            }
            self.declared.insert(label.clone(), Declared { line: place.line, entry: None });
        }
        Ok(())
    }

    /// These entries are drawn, the first of them at this index. A label names one entry, so that it must
    /// stand at the same index with the same term wherever it is drawn.
    pub(super) fn drawn(
        &mut self,
        source: &Source,
        first: u64,
        entries: &[DrawnEntry],
        places: &[Place],
    ) -> Result<(), ParseError> {
        for ((index, entry), place) in (first..).zip(entries).zip(places) {
            let Some(label) = &entry.label else { continue };
            let here = (index, entry.term);
            match self.declared.get(label) {
                Some(Declared { line, entry: Some(there) }) if *there != here => {
                    let message = format!(
                        "`{}` is the entry of term {} at index {} in line {line}, \
                         but here of term {} at index {index}",
                        label.0, there.1, there.0, entry.term,
                    );
                    let help = "expected the same index and term: a label names one entry";
                    return Err(ParseError::new(source, place, message).with_help(help));
                }
                Some(_) => {}
                None => {
                    let declared = Declared { line: place.line, entry: Some(here) };
                    self.declared.insert(label.clone(), declared);
                }
            }
        }
        Ok(())
    }

    /// Every label used is declared somewhere in the file, be it later.
    pub(super) fn check_used(&self, source: &Source) -> Result<(), ParseError> {
        for (label, place) in &self.used {
            if !self.declared.contains_key(label) {
                let message = format!("no command is labelled `{}`", label.0);
                let known = self.declared.keys().map(|label| label.0.as_str());
                let error = ParseError::new(source, place, message);
                return Err(match super::vocabulary::nearest(&label.0, known) {
                    Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
                    None => error.with_help(
                        "expected a label that a `given` log, a `propose` or a `forge` declares",
                    ),
                });
            }
        }
        Ok(())
    }
}
