//! Logs as drawn in the figures.

use super::cursor::{Cursor, LARGEST};
use super::labels::{Mention, Names};
use crate::model::Term;
use crate::scenario::error::ParseError;
use crate::scenario::source::Place;
use crate::scenario::syntax::DrawnEntry;
use crate::scenario::vocabulary::{Particle, Sign};

/// Drawn entries, the place of each in the text, and whether `...` follows them.
#[derive(Default)]
pub(super) struct DrawnLog {
    /// The entries in order.
    pub(super) entries: Vec<DrawnEntry>,
    /// One for every entry.
    pub(super) places: Vec<Place>,
    /// True if `...` follows.
    pub(super) open: bool,
}

/// Reads `1 1 2:x`, `1 1 2:x ...` or `none`. It ends at the first word that is no part of a log.
pub(super) fn drawn_log(cursor: &mut Cursor<'_>) -> Result<DrawnLog, ParseError> {
    let mut log = DrawnLog::default();
    if cursor.take_word(Particle::None) {
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
        let names = Names::Command;
        cursor.used.extend(label.clone().map(|label| Mention {
            label,
            place: cursor.place(),
            names,
        }));
        log.places.push(cursor.place());
        log.entries.push(DrawnEntry { term, label });
        cursor.take();
    }
    if log.entries.is_empty() {
        return Err(cursor.unexpected("a log: entries such as `1 1 2:x`, or `none`"));
    }
    log.open = cursor.take_word(Sign::More);
    Ok(log)
}
