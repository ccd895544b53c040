//! Values that header lines and settings have in common.

use super::cursor::{Cursor, LARGEST};
use crate::scenario::error::ParseError;

/// The value that the next word sets must not be set yet.
pub(super) fn check_unset(cursor: &Cursor<'_>, is_set: bool) -> Result<(), ParseError> {
    if !is_set {
        return Ok(());
    }
    let word = cursor.peek().unwrap_or_default();
    Err(cursor.error(format!("`{word}` is set twice")))
}

/// Reads `N%`.
pub(super) fn percent(cursor: &mut Cursor<'_>) -> Result<u32, ParseError> {
    let what = "a percentage, as in `5%`";
    let Some(digits) = cursor.peek().and_then(|word| word.strip_suffix('%')) else {
        return Err(cursor.unexpected(what));
    };
    let percent = cursor.number_in(digits, what, 0..=100)?;
    cursor.take();
    Ok(narrow(percent))
}

/// A number that is [`LARGEST`] at most, in 32 bits.
pub(super) fn narrow(number: u64) -> u32 {
    u32::try_from(number.min(LARGEST)).unwrap_or(u32::MAX)
}
