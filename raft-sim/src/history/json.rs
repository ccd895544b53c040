//! Histories as JSON lines: one event a line.
//!
//! ```text
//! {"process":0,"type":"invoke","f":"write","key":"x","value":1,"time":12}
//! {"process":0,"type":"ok","f":"write","key":"x","value":1,"time":15}
//! ```
//!
//! Nothing else may stand in a line but `index` and `error`, which are passed over: a field whose name has a slip must
//! not go unnoticed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::read::{Reading, Wrong};
use super::{Call, Event, History, Key, Kind, Operation, Outcome};

/// A value as it is written.
#[derive(Serialize)]
#[serde(untagged)]
enum Written {
    One(Option<i64>),
    Two(i64, i64),
}

#[derive(Serialize)]
struct Line<'e> {
    process: u64,
    r#type: &'static str,
    f: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'e str>,
    value: Written,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
}

/// Writes a history as JSON lines, which [`read()`](super::read()) takes back.
///
/// # Errors
/// What keeps `out` from being written.
pub fn write(history: &History, out: &mut dyn Write) -> io::Result<()> {
    for Event { process, kind, key, call, time } in history.events() {
        let (f, value) = written(*call, *kind);
        let r#type = kind.name();
        let line = Line { process: *process, r#type, f, key: key.as_deref(), value, time: *time };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

/// What is asked for, in the words of a file; only a read that completed ok has seen something.
fn written(call: Call, kind: Kind) -> (&'static str, Written) {
    match call {
        Call::Read(seen) => ("read", Written::One(seen.filter(|_| kind == Kind::Ok))),
        Call::Write(value) => ("write", Written::One(Some(value))),
        Call::Cas(old, new) => ("cas", Written::Two(old, new)),
    }
}

/// An operation in the words of its last event, with the numbers of its events, from 1.
#[derive(Serialize)]
struct Whole<'o> {
    process: u64,
    r#type: &'static str,
    f: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'o str>,
    value: Written,
    invoked: usize,
    completed: Option<usize>,
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self.outcome {
            Outcome::Ok(_) => Kind::Ok,
            Outcome::Failed(_) => Kind::Fail,
            Outcome::Unknown => Kind::Info,
        };
        let (f, value) = written(self.call, kind);
        let whole = Whole {
            process: self.process,
            r#type: kind.name(),
            f,
            key: self.key.as_deref(),
            value,
            invoked: self.invoked + 1,
            completed: self.completed().map(|event| event + 1),
        };
        whole.serialize(serializer)
    }
}

/// Reads all lines. Empty ones are passed over.
pub(super) fn parse(text: &str, reading: &mut Reading) -> Result<(), Wrong> {
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim();
        let from = start + (whole.len() - whole.trim_start().len());
        start += whole.len();
        if !line.is_empty() {
            let fields = Fields::new(line, from)?;
            reading.push(fields.event()?, from..from + line.len())?;
        }
    }
    Ok(())
}

const KNOWN: [&str; 8] = ["process", "type", "f", "key", "value", "time", "index", "error"];
const NUMBER: &str = "a whole number from 0 on";

/// The fields of a line, each as it stands there.
struct Fields<'l> {
    line: &'l str,
    /// Where the line begins.
    from: usize,
    fields: BTreeMap<Cow<'l, str>, &'l RawValue>,
}

impl<'l> Fields<'l> {
    fn new(line: &'l str, from: usize) -> Result<Fields<'l>, Wrong> {
        let fields: BTreeMap<Cow<'l, str>, &'l RawValue> =
            serde_json::from_str(line).map_err(|error| not_an_object(line, from, &error))?;
        if let Some(name) = fields.keys().find(|name| !KNOWN.contains(&name.as_ref())) {
            let message = format!("no event has a field `{name}`");
            let known = "process, type, f, key, value or time";
            return Err(Wrong::expected(from..from + line.len(), message, known));
        }
        Ok(Fields { line, from, fields })
    }

    fn event(&self) -> Result<Event, Wrong> {
        let kind = self.kind()?;
        Ok(Event {
            process: self.number("process")?.ok_or_else(|| self.missing("process", NUMBER))?,
            kind,
            key: self.key()?,
            call: self.call(kind)?,
            time: self.number("time")?,
        })
    }

    fn kind(&self) -> Result<Kind, Wrong> {
        const EXPECTED: &str = "invoke, ok, fail or info";
        let name = self.word("type", EXPECTED)?;
        Kind::named(&name)
            .ok_or_else(|| self.wrong("type", format!("unknown type `{name}`"), EXPECTED))
    }

    fn call(&self, kind: Kind) -> Result<Call, Wrong> {
        const EXPECTED: &str = "read, write or cas";
        let function = self.word("f", EXPECTED)?;
        match &*function {
            "read" => {
                const EXPECTED: &str = "the number it saw, or null if there was none";
                if kind == Kind::Ok && !self.fields.contains_key("value") {
                    return Err(self.missing("value", EXPECTED));
                }
                Ok(Call::Read(self.field("value", EXPECTED)?))
            }
            "write" => {
                const EXPECTED: &str = "the number it writes";
                let value = self.field("value", EXPECTED)?;
                value.map(Call::Write).ok_or_else(|| self.missing("value", EXPECTED))
            }
            "cas" => {
                const EXPECTED: &str = "two numbers, as [old,new]";
                let value = self.field("value", EXPECTED)?;
                let (old, new) = value.ok_or_else(|| self.missing("value", EXPECTED))?;
                Ok(Call::Cas(old, new))
            }
            _ => Err(self.wrong("f", format!("unknown operation `{function}`"), EXPECTED)),
        }
    }

    fn key(&self) -> Result<Option<Key>, Wrong> {
        const EXPECTED: &str = "a text or a whole number";
        let Some(raw) = self.fields.get("key") else { return Ok(None) };
        let number = serde_json::from_str::<i64>(raw.get()).map(|number| number.to_string());
        match number.or_else(|_| serde_json::from_str::<String>(raw.get())) {
            Ok(key) => Ok(Some(key.into())),
            Err(_) => Err(self.wrong("key", "a strange key", EXPECTED)),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        self.field(name, NUMBER)
    }

    fn word(&self, name: &str, expected: &str) -> Result<String, Wrong> {
        self.field(name, expected)?.ok_or_else(|| self.missing(name, expected))
    }

    /// A field's value; `None` if it is null or missing.
    fn field<T: for<'d> Deserialize<'d>>(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Wrong> {
        let Some(raw) = self.fields.get(name) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map_err(|_| self.wrong(name, format!("a strange `{name}`"), expected))
    }

    fn wrong(&self, name: &str, message: impl Into<String>, expected: &str) -> Wrong {
        Wrong::expected(self.span(name), message, expected)
    }

    fn missing(&self, name: &str, expected: &str) -> Wrong {
        Wrong::expected(self.span(name), format!("the event has no `{name}`"), expected)
    }

    /// Where a field's value stands; the line if there is none.
    fn span(&self, name: &str) -> Range<usize> {
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

fn not_an_object(line: &str, from: usize, error: &serde_json::Error) -> Wrong {
    let end = from + line.len();
    match error.classify() {
        Category::Eof => Wrong::expected(
            end..end,
            "the line ends in the middle of an event",
            "a whole event in each line",
        ),
        Category::Data => {
            Wrong::expected(from..end, "not an event", "an object, as {\"process\":0,…}")
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
