//! The two forms of a history, distinguished by its text.

use super::read::{ReadError, Reading, Wrong, text};
use super::{History, edn, json};

/// Reads a history of either form. The text decides: JSON lines begin with a brace and a quote, `{"`; EDN with a
/// bracket, with a brace and a colon, `{:`, or with a tag or a comment.
///
/// # Errors
/// The first error, with its place.
pub fn read(bytes: &[u8]) -> Result<History, ReadError> {
    let text = text(bytes)?;
    parse(text).map_err(|wrong| wrong.placed(text))
}

const FORMS: &str = "an event: JSON as {\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}, or Jepsen's EDN as \
                     {:process 0, :type :invoke, :f :read}";

fn parse(text: &str) -> Result<History, Wrong> {
    let start = text.len() - text.trim_start().len();
    let mut first = text[start..].chars();
    let begin = start..text.len().min(start + 1);
    let mut reading = Reading::default();
    match (first.next(), first.find(|c| !c.is_whitespace())) {
        (Some('{'), Some('"')) => json::parse(text, &mut reading)?,
        (Some('['), Some('{')) if first.find(|c| !c.is_whitespace()) == Some('"') => {
            let message = "a JSON list";
            return Err(Wrong::expected(
                begin,
                message,
                "JSON with one event a line, and no brackets around them",
            ));
        }
        (Some('{' | '[' | '(' | '#' | ';'), _) => edn::parse(text, &mut reading)?,
        (Some(_), _) => return Err(Wrong::expected(begin, "not a history", FORMS)),
        (None, _) => return Err(Wrong::expected(0..0, "the history is empty", FORMS)),
    }
    if reading.history.events().is_empty() {
        let message = "no client does anything in this history";
        return Err(Wrong::expected(text.len()..text.len(), message, FORMS));
    }
    Ok(reading.history)
}
