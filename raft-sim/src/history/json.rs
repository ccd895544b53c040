//! Histories as JSON lines: one event per line.
//!
//! ```text
//! {"process":0,"type":"invoke","f":"write","key":"x","value":1,"time":12}
//! {"process":0,"type":"ok","f":"write","key":"x","value":1,"time":15}
//! ```
//!
//! A line may also have `index` and `error`, which are skipped. Any other field is an error, so that a misspelled
//! name is noticed.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::fields::{Fields, NUMBER};
use super::read::{Reading, Wrong};
use super::{Call, Event, History, Key, Kind, Operation, Outcome};

/// A value as a file has it.
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
/// The error of `out`.
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

/// The function and value of a call as a file has them. Only a read that completed ok has seen a value.
fn written(call: Call, kind: Kind) -> (&'static str, Written) {
    match call {
        Call::Read(seen) => ("read", Written::One(seen.filter(|_| kind == Kind::Ok))),
        Call::Write(value) => ("write", Written::One(Some(value))),
        Call::Cas(old, new) => ("cas", Written::Two(old, new)),
    }
}

/// An operation in the form of its last event, with the numbers of its events, from 1.
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

/// Reads all lines. Empty lines are skipped.
pub(super) fn parse(text: &str, reading: &mut Reading) -> Result<(), Wrong> {
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim();
        let from = start + (whole.len() - whole.trim_start().len());
        start += whole.len();
        if !line.is_empty() {
            let fields = Fields::new(line, from, "{\"process\":0,…}")?;
            fields.only(&KNOWN, "event", "process, type, f, key, value or time")?;
            reading.push(event(&fields)?, from..from + line.len())?;
        }
    }
    Ok(())
}

const KNOWN: [&str; 8] = ["process", "type", "f", "key", "value", "time", "index", "error"];

fn event(fields: &Fields<'_>) -> Result<Event, Wrong> {
    let kind = kind(fields)?;
    Ok(Event {
        process: fields.number("process")?.ok_or_else(|| fields.missing("process", NUMBER))?,
        kind,
        key: key(fields)?,
        call: call(fields, kind)?,
        time: fields.number("time")?,
    })
}

fn kind(fields: &Fields<'_>) -> Result<Kind, Wrong> {
    const EXPECTED: &str = "invoke, ok, fail or info";
    let name = fields.word("type", EXPECTED)?;
    Kind::named(&name)
        .ok_or_else(|| fields.wrong("type", format!("unknown type `{name}`"), EXPECTED))
}

fn call(fields: &Fields<'_>, kind: Kind) -> Result<Call, Wrong> {
    const EXPECTED: &str = "read, write or cas";
    let function = fields.word("f", EXPECTED)?;
    match &*function {
        "read" => {
            const EXPECTED: &str = "the number it saw, or null if there was none";
            if kind == Kind::Ok && !fields.has("value") {
                return Err(fields.missing("value", EXPECTED));
            }
            Ok(Call::Read(fields.field("value", EXPECTED)?))
        }
        "write" => {
            const EXPECTED: &str = "the number it writes";
            let value = fields.field("value", EXPECTED)?;
            value.map(Call::Write).ok_or_else(|| fields.missing("value", EXPECTED))
        }
        "cas" => {
            const EXPECTED: &str = "two numbers, as [old,new]";
            let value = fields.field("value", EXPECTED)?;
            let (old, new) = value.ok_or_else(|| fields.missing("value", EXPECTED))?;
            Ok(Call::Cas(old, new))
        }
        _ => Err(fields.wrong("f", format!("unknown operation `{function}`"), EXPECTED)),
    }
}

fn key(fields: &Fields<'_>) -> Result<Option<Key>, Wrong> {
    const EXPECTED: &str = "a text or a whole number";
    fields.name("key", EXPECTED)
}
