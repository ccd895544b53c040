//! The fields of a JSON object on a line of its own, each with its place, for error messages.
//!
//! It knows JSON, not the meaning of the fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::read::Wrong;

/// The expected form of a number.
pub(crate) const NUMBER: &str = "a whole number from 0 on";

/// The fields of a line, as they stand there.
pub(crate) struct Fields<'l> {
    line: &'l str,
    /// The place where the line begins.
    from: usize,
    fields: BTreeMap<Cow<'l, str>, &'l RawValue>,
}

impl<'l> Fields<'l> {
    /// The fields of a line that begins at byte `from` of the text. It must be an object; `example` shows one.
    pub(crate) fn new(line: &'l str, from: usize, example: &str) -> Result<Fields<'l>, Wrong> {
        match serde_json::from_str(line) {
            Ok(fields) => Ok(Fields { line, from, fields }),
            Err(error) => Err(not_an_object(line, from, example, &error)),
        }
    }

    /// Rejects fields that are not `known`, as no `what` has them; `expected` lists those that may be meant.
    pub(crate) fn only(&self, known: &[&str], what: &str, expected: &str) -> Result<(), Wrong> {
        let Some(name) = self.fields.keys().find(|name| !known.contains(&name.as_ref())) else {
            return Ok(());
        };
        let span = self.from..self.from + self.line.len();
        Err(Wrong::expected(span, format!("no {what} has a field `{name}`"), expected))
    }

    /// True if there is a field with this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A field as it stands there.
    pub(crate) fn raw(&self, name: &str) -> Option<&'l str> {
        self.fields.get(name).map(|raw| raw.get())
    }

    /// The same as [`Fields::name`], but `None` if it is null.
    pub(crate) fn name_or_null(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<Arc<str>>, Wrong> {
        if self.raw(name) == Some("null") { Ok(None) } else { self.name(name, expected) }
    }

    /// A name: a text, or a whole number, which is the same as its text.
    pub(crate) fn name(&self, name: &str, expected: &str) -> Result<Option<Arc<str>>, Wrong> {
        let Some(raw) = self.fields.get(name) else { return Ok(None) };
        let number = serde_json::from_str::<i64>(raw.get()).map(|number| number.to_string());
        match number.or_else(|_| serde_json::from_str::<String>(raw.get())) {
            Ok(text) => Ok(Some(text.into())),
            Err(_) => Err(self.wrong(name, format!("a strange {name}"), expected)),
        }
    }

    /// A number; `None` if it is null or missing.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        self.field(name, NUMBER)
    }

    /// A text that is required.
    pub(crate) fn word(&self, name: &str, expected: &str) -> Result<String, Wrong> {
        self.field(name, expected)?.ok_or_else(|| self.missing(name, expected))
    }

    /// A field's value; `None` if it is null or missing.
    pub(crate) fn field<T: for<'d> Deserialize<'d>>(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Wrong> {
        let Some(raw) = self.fields.get(name) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map_err(|_| self.wrong(name, format!("a strange `{name}`"), expected))
    }

    /// An error: the field's value is wrong.
    pub(crate) fn wrong(&self, name: &str, message: impl Into<String>, expected: &str) -> Wrong {
        Wrong::expected(self.span(name), message, expected)
    }

    /// An error: the field is missing.
    pub(crate) fn missing(&self, name: &str, expected: &str) -> Wrong {
        Wrong::expected(self.span(name), format!("the event has no `{name}`"), expected)
    }

    /// The place of a field's value, or of the line if there is none.
    pub(crate) fn span(&self, name: &str) -> Range<usize> {
        match self.fields.get(name) {
            Some(raw) => {
                // The raw value is a piece of the line.
                let start = raw.get().as_ptr() as usize - self.line.as_ptr() as usize + self.from;
                start..start + raw.get().len()
            }
            None => self.from..self.from + self.line.len(),
        }
    }
}

fn not_an_object(line: &str, from: usize, example: &str, error: &serde_json::Error) -> Wrong {
    let end = from + line.len();
    match error.classify() {
        Category::Eof => Wrong::expected(
            end..end,
            "the line ends in the middle of an event",
            "a whole event in each line",
        ),
        Category::Data => {
            Wrong::expected(from..end, "not an event", &format!("an object, as {example}"))
        }
        Category::Syntax | Category::Io => {
            // A line has columns from 1 on, in bytes.
            let at = from + error.column().saturating_sub(1).min(line.len());
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            Wrong::new(at..at + 1, format!("not JSON: {said}"))
        }
    }
}
