//! Histories as Jepsen writes them, in EDN: maps of events, one behind the other or in one vector.
//!
//! ```text
//! {:type :invoke, :f :write, :value 3, :process 0, :time 1, :index 0}
//! {:type :ok, :f :read, :value [:x 3], :process 1}
//! ```
//!
//! A value may be one of `jepsen.independent`: a key and the value itself in a vector. A read or a write whose value is
//! a vector has a key; a cas has one if the second in its vector is a vector itself: `[1 2]` is a cas from 1 to 2, and
//! `[1 [2 3]]` is one from 2 to 3 at the key 1.
//!
//! Events whose process is not a number, such as those of the nemesis, are skipped; so are fields not named here.
//!
//! The reader is our own. Of the other readers, one has another license and gives the places of values in an unstable
//! interface only; the rest are abandoned, or bring a dozen packages for numbers and dates. A history needs only
//! maps, vectors, whole numbers and words.

mod form;

use std::ops::Range;

use super::read::{Reading, Wrong};
use super::{Call, Event, Key, Kind};
use form::{Form, Node, Reader};

/// Reads all events.
pub(super) fn parse(text: &str, reading: &mut Reading) -> Result<(), Wrong> {
    let mut reader = Reader::new(text);
    while let Some(node) = reader.next()? {
        if let Some(event) = Fields::new(text, &node)?.event()? {
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
    fn event(&self) -> Result<Option<Event>, Wrong> {
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
        let (key, call) = self.call(kind)?;
        Ok(Some(Event { process, kind, key, call, time: self.time() }))
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

    fn call(&self, kind: Kind) -> Result<(Option<Key>, Call), Wrong> {
        const EXPECTED: &str = ":read, :write or :cas";
        let function = self.field(":f").ok_or_else(|| self.missing(":f", EXPECTED))?;
        match self.of(function) {
            ":read" => {
                const EXPECTED: &str = "the number it saw, or nil if there was none";
                let Some(value) = self.field(":value") else {
                    return match kind {
                        Kind::Ok => Err(self.missing(":value", EXPECTED)),
                        Kind::Invoke | Kind::Fail | Kind::Info => Ok((None, Call::Read(None))),
                    };
                };
                let (key, value) = self.keyed(value);
                match value.form {
                    Form::Nil => Ok((key, Call::Read(None))),
                    Form::Number(seen) => Ok((key, Call::Read(Some(seen)))),
                    Form::Keyword | Form::Text(_) | Form::List(_) | Form::Map(_) | Form::Other => {
                        Err(strange(value, EXPECTED))
                    }
                }
            }
            ":write" => {
                const EXPECTED: &str = "the number it writes";
                let value = self.field(":value").ok_or_else(|| self.missing(":value", EXPECTED))?;
                let (key, value) = self.keyed(value);
                Ok((key, Call::Write(value.number().ok_or_else(|| strange(value, EXPECTED))?)))
            }
            ":cas" => {
                const EXPECTED: &str = "two numbers, as [old new]";
                let value = self.field(":value").ok_or_else(|| self.missing(":value", EXPECTED))?;
                let (key, pair) = match value.pair() {
                    Some((key, pair)) if matches!(pair.form, Form::List(_)) => {
                        (Some(self.key(key)), pair)
                    }
                    Some(_) | None => (None, value),
                };
                let numbers =
                    pair.pair().and_then(|(old, new)| Some((old.number()?, new.number()?)));
                let (old, new) = numbers.ok_or_else(|| strange(pair, EXPECTED))?;
                Ok((key, Call::Cas(old, new)))
            }
            name => {
                let message = format!("unknown operation `{name}`");
                Err(Wrong::expected(function.span.clone(), message, EXPECTED))
            }
        }
    }

    /// The key of a read or a write, if it has one, and its value.
    fn keyed<'n>(&self, value: &'n Node) -> (Option<Key>, &'n Node) {
        match value.pair() {
            Some((key, value)) => (Some(self.key(key)), value),
            None => (None, value),
        }
    }

    /// The name of a key: a string without its quotes, any other form as it is written.
    fn key(&self, node: &Node) -> Key {
        match &node.form {
            Form::Text(text) => text.as_str().into(),
            Form::Nil
            | Form::Number(_)
            | Form::Keyword
            | Form::List(_)
            | Form::Map(_)
            | Form::Other => self.of(node).into(),
        }
    }

    /// The time, for drawings only. Anything but a number is skipped.
    fn time(&self) -> Option<u64> {
        self.field(":time").and_then(Node::number).and_then(|time| u64::try_from(time).ok())
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

fn strange(value: &Node, expected: &str) -> Wrong {
    Wrong::expected(value.span.clone(), "a strange value", expected)
}
