//! Histories as Jepsen writes them, in EDN: maps of events, one behind the other or in one vector.
//!
//! ```text
//! {:type :invoke, :f :write, :value 3, :process 0, :time 1, :index 0}
//! {:type :ok, :f :read, :value [:x 3], :process 1}
//! ```
//!
//! A value may be one of `jepsen.independent`: a key and the value itself in a vector. A read or a write whose value is
//! a vector has a key; a cas has one if the second in its vector is a vector itself: `[1 2]` is a cas from 1 to 2, and
//! `[1 [2 3]]` is one from 2 to 3 at the key 1. With a field `:key` a value has no key in front.
//!
//! Events whose process is not a number, such as those of the nemesis, are skipped; so are fields not named here.
//!
//! The reader is our own. Of the other readers, one has another license and gives the places of values in an unstable
//! interface only; the rest are abandoned, or bring a dozen packages for numbers and dates. A history needs only
//! maps, vectors, whole numbers and words.

mod form;

use std::ops::Range;

use super::call::{self, Given};
use super::node::{Form, Node};
use super::read::{Reading, Wrong};
use super::{Event, Key, Kind};
use form::Reader;

/// Reads all events.
pub(super) fn parse(text: &str, reading: &mut Reading) -> Result<(), Wrong> {
    let mut reader = Reader::new(text);
    while let Some(node) = reader.next()? {
        if let Some(event) = Fields::new(text, &node)?.event(reading)? {
            reading.push(event, node.span)?;
        }
    }
    Ok(())
}

const NUMBER: &str = "a whole number from 0 on";

/// The fields of an event.
struct Fields<'t> {
    text: &'t str,
    span: Range<usize>,
    /// Keyword and value in turn.
    fields: &'t [Node],
}

impl<'t> Fields<'t> {
    fn new(text: &'t str, node: &'t Node) -> Result<Fields<'t>, Wrong> {
        match &node.form {
            Form::Map(fields) => Ok(Fields { text, span: node.span.clone(), fields }),
            Form::Nil
            | Form::Number(_)
            | Form::Keyword
            | Form::Text(_)
            | Form::List(_)
            | Form::Other => {
                let expected = "a map, as {:process 0, :type :invoke, :f :read, :value nil}";
                Err(Wrong::expected(node.span.clone(), "not an event", expected))
            }
        }
    }

    /// The event, if it belongs to a client.
    fn event(&self, reading: &Reading) -> Result<Option<Event>, Wrong> {
        let process = self.field(":process").ok_or_else(|| self.missing(":process", NUMBER))?;
        let process = match process.form {
            Form::Number(number) => u64::try_from(number)
                .map_err(|_| Wrong::expected(process.span.clone(), "a negative process", NUMBER))?,
            Form::Nil
            | Form::Keyword
            | Form::Text(_)
            | Form::List(_)
            | Form::Map(_)
            | Form::Other => {
                return Ok(None);
            }
        };
        let kind = self.kind()?;
        let function =
            self.field(":f").ok_or_else(|| self.missing(":f", ":read, :write or :cas"))?;
        let name = self.of(function);
        let given = Given {
            span: self.span.clone(),
            function: (name.strip_prefix(':').unwrap_or(name), function.span.clone()),
            process,
            kind,
            key: self.key(),
            in_front: true,
            value: self.field(":value"),
            saw: self.field(":saw"),
            version: self.number(":version").and_then(|version| u32::try_from(version).ok()),
            // For drawings only.
            time: self.number(":time").and_then(|time| u64::try_from(time).ok()),
        };
        call::event(self.text, &given, reading).map(Some)
    }

    fn kind(&self) -> Result<Kind, Wrong> {
        const EXPECTED: &str = ":invoke, :ok, :fail or :info";
        let node = self.field(":type").ok_or_else(|| self.missing(":type", EXPECTED))?;
        let name = self.of(node);
        let kind = name.strip_prefix(':').and_then(Kind::named);
        kind.ok_or_else(|| {
            Wrong::expected(node.span.clone(), format!("unknown type `{name}`"), EXPECTED)
        })
    }

    /// The key that has a field of its own: a string's text, any other form as it is written.
    fn key(&self) -> Option<Key> {
        let node = self.field(":key")?;
        match &node.form {
            Form::Nil => None,
            Form::Text(text) => Some(text.as_str().into()),
            Form::Number(_) | Form::Keyword | Form::List(_) | Form::Map(_) | Form::Other => {
                Some(self.of(node).into())
            }
        }
    }

    /// A number; anything else is skipped.
    fn number(&self, name: &str) -> Option<i64> {
        self.field(name).and_then(Node::number)
    }

    fn field(&self, name: &str) -> Option<&'t Node> {
        let fields = self.fields.chunks_exact(2);
        fields.into_iter().find(|pair| self.of(&pair[0]) == name).map(|pair| &pair[1])
    }

    /// A node as it is written.
    fn of(&self, node: &Node) -> &'t str {
        &self.text[node.span.clone()]
    }

    fn missing(&self, name: &str, expected: &str) -> Wrong {
        Wrong::expected(self.span.clone(), format!("the event has no {name}"), expected)
    }
}
