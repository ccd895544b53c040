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
use std::ops::Range;

use serde::{Serialize, Serializer};

use super::call::{self, Given};
use super::fields::{Fields, NUMBER};
use super::node::{Form, Node};
use super::read::{Reading, Wrong};
use super::{Call, Event, History, Key, Kind, Operation, Outcome, Step, Value};

/// A value as a file has it.
#[derive(Serialize)]
#[serde(untagged)]
enum Written<'c> {
    One(Option<&'c Value>),
    Two(&'c Option<Value>, &'c Option<Value>),
    Steps(Vec<(&'static str, Option<&'c str>, Option<&'c Value>)>),
}

#[derive(Serialize)]
struct Line<'e> {
    process: u64,
    r#type: &'static str,
    f: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'e str>,
    value: Written<'e>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saw: Option<&'e Option<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
}

/// Writes a history as JSON lines, which [`read()`](super::read()) takes back.
///
/// # Errors
/// The error of `out`.
pub fn write(history: &History, out: &mut dyn Write) -> io::Result<()> {
    for Event { process, kind, key, call, version, time } in history.events() {
        let key = key.as_deref();
        let (f, value) = written(call, key, *kind);
        let line = Line {
            process: *process,
            r#type: kind.name(),
            f,
            // The steps of a transaction have the key.
            key: key.filter(|_| f != "txn"),
            value,
            saw: saw(call),
            version: *version,
            time: *time,
        };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

/// The function and value of a call as a file has them. Only a read that completed ok has seen a value.
fn written<'c>(call: &'c Call, key: Option<&'c str>, kind: Kind) -> (&'static str, Written<'c>) {
    let seen = |seen: &'c Option<Value>| seen.as_ref().filter(|_| kind == Kind::Ok);
    match call {
        Call::Read(value) => ("read", Written::One(seen(value))),
        Call::Write(value) => ("write", Written::One(value.as_ref())),
        Call::Cas(old, new) | Call::Refused { old, new, .. } => ("cas", Written::Two(old, new)),
        Call::Append(more) => ("append", Written::One(Some(more))),
        Call::Acquire(owner) => ("acquire", Written::One(owner.as_ref())),
        Call::Release(owner) => ("release", Written::One(owner.as_ref())),
        Call::Transaction(steps) => {
            let step = |step: &'c Step| match step {
                Step::Append(Value::List(list)) => ("append", key, list.first()),
                Step::Append(more) => ("append", key, Some(more)),
                Step::Read(value) => ("r", key, seen(value)),
            };
            ("txn", Written::Steps(steps.iter().map(step).collect()))
        }
    }
}

/// The value that a refused compare-and-set saw.
fn saw(call: &Call) -> Option<&Option<Value>> {
    match call {
        Call::Refused { saw, .. } => Some(saw),
        Call::Read(_)
        | Call::Write(_)
        | Call::Cas(..)
        | Call::Append(_)
        | Call::Acquire(_)
        | Call::Release(_)
        | Call::Transaction(_) => None,
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
    value: Written<'o>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saw: Option<&'o Option<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
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
        let (f, value) = written(&self.call, self.key.as_deref(), kind);
        let whole = Whole {
            process: self.process,
            r#type: kind.name(),
            f,
            key: self.key.as_deref(),
            value,
            saw: saw(&self.call),
            version: self.version,
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
            fields.only(&KNOWN, "event", "process, type, f, key, value, saw, version or time")?;
            let span = from..from + line.len();
            reading.push(event(text, &fields, span.clone(), reading)?, span)?;
        }
    }
    Ok(())
}

const KNOWN: [&str; 10] =
    ["process", "type", "f", "key", "value", "saw", "version", "time", "index", "error"];

fn event(
    text: &str,
    fields: &Fields<'_>,
    span: Range<usize>,
    reading: &Reading,
) -> Result<Event, Wrong> {
    let function = fields.word("f", "read, write or cas")?;
    let [value, saw] = ["value", "saw"].map(|name| node(fields, name));
    let given = Given {
        span,
        function: (&function, fields.span("f")),
        process: fields.number("process")?.ok_or_else(|| fields.missing("process", NUMBER))?,
        kind: kind(fields)?,
        key: key(fields)?,
        in_front: false,
        value: value.as_ref(),
        saw: saw.as_ref(),
        version: fields.field("version", NUMBER)?,
        time: fields.number("time")?,
    };
    call::event(text, &given, reading)
}

/// A field's value as EDN would have it.
fn node(fields: &Fields<'_>, name: &str) -> Option<Node> {
    let value: serde_json::Value = serde_json::from_str(fields.raw(name)?).unwrap_or_default();
    Some(as_node(value, &fields.span(name)))
}

fn as_node(value: serde_json::Value, span: &Range<usize>) -> Node {
    let form = match value {
        serde_json::Value::Null => Form::Nil,
        serde_json::Value::Number(number) => number.as_i64().map_or(Form::Other, Form::Number),
        serde_json::Value::String(text) => Form::Text(text),
        serde_json::Value::Array(values) => {
            Form::List(values.into_iter().map(|value| as_node(value, span)).collect())
        }
        serde_json::Value::Bool(_) | serde_json::Value::Object(_) => Form::Other,
    };
    Node { span: span.clone(), form }
}

fn kind(fields: &Fields<'_>) -> Result<Kind, Wrong> {
    const EXPECTED: &str = "invoke, ok, fail or info";
    let name = fields.word("type", EXPECTED)?;
    Kind::named(&name)
        .ok_or_else(|| fields.wrong("type", format!("unknown type `{name}`"), EXPECTED))
}

fn key(fields: &Fields<'_>) -> Result<Option<Key>, Wrong> {
    const EXPECTED: &str = "a text or a whole number";
    fields.name("key", EXPECTED)
}
