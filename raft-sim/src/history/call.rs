//! The operations of a history's file, which are the same in both forms.

use std::ops::Range;
use std::sync::Arc;

use super::node::{Form, Node};
use super::read::{Reading, Wrong};
use super::{Call, Event, Key, Kind, Step, Value};

/// The operations that there are.
const NAMES: &str = "read, write, cas, get, put, append, acquire, release or txn";

/// An event's fields as a file has them.
pub(super) struct Given<'n> {
    /// The event.
    pub span: Range<usize>,
    /// The name of the operation, and where it stands.
    pub function: (&'n str, Range<usize>),
    pub process: u64,
    pub kind: Kind,
    /// The key, if it has a field of its own.
    pub key: Option<Key>,
    /// True if a key may stand in front of a value.
    pub in_front: bool,
    pub value: Option<&'n Node>,
    /// The value that a refused compare-and-set saw.
    pub saw: Option<&'n Node>,
    pub version: Option<u32>,
    pub time: Option<u64>,
}

/// Reads an event. The operation of one that failed or is unknown is that of its invocation: what stands there instead
/// is a reason, or nothing. The same holds for one that completed ok and does not repeat what it did.
pub(super) fn event(text: &str, given: &Given<'_>, reading: &Reading) -> Result<Event, Wrong> {
    let Given { function: (name, place), process, kind, version, time, .. } = given;
    let operation = NAMED.iter().find(|(named, _)| named == name).map(|&(_, operation)| operation);
    let Some(operation) = operation else {
        return Err(Wrong::expected(place.clone(), format!("unknown operation `{name}`"), NAMES));
    };
    let invoked = reading.history.open(*process).filter(|open| operation.is_of(&open.call));
    let says_nothing = match kind {
        Kind::Invoke => false,
        Kind::Ok => given.value.is_none() && operation != Named::Read && operation != Named::Get,
        Kind::Fail | Kind::Info => true,
    };
    let (key, call) = match invoked {
        Some(open) if says_nothing => (open.key.clone(), open.call.clone()),
        Some(_) | None => Taking { text, given }.call(operation)?,
    };
    let call = match (given.saw, call) {
        (None, call) => call,
        (Some(saw), Call::Cas(old, new)) if *kind == Kind::Fail => {
            Call::Refused { old, new, saw: Taking { text, given }.value(saw)? }
        }
        (Some(saw), _) => {
            let expected = "it at a cas that failed: the value that it saw instead";
            return Err(Wrong::expected(saw.span.clone(), "`saw` has no meaning here", expected));
        }
    };
    Ok(Event { process: *process, kind: *kind, key, call, version: *version, time: *time })
}

/// The operations by their names in files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Read,
    Write,
    Cas,
    Get,
    Put,
    Append,
    Acquire,
    Release,
    Txn,
}

const NAMED: [(&str, Named); 9] = [
    ("read", Named::Read),
    ("write", Named::Write),
    ("cas", Named::Cas),
    ("get", Named::Get),
    ("put", Named::Put),
    ("append", Named::Append),
    ("acquire", Named::Acquire),
    ("release", Named::Release),
    ("txn", Named::Txn),
];

impl Named {
    /// True if a call has this name.
    fn is_of(self, call: &Call) -> bool {
        match call {
            Call::Read(_) => self == Named::Read || self == Named::Get,
            Call::Write(_) => self == Named::Write || self == Named::Put,
            Call::Cas(..) | Call::Refused { .. } => self == Named::Cas,
            Call::Append(_) => self == Named::Append,
            Call::Acquire(_) => self == Named::Acquire,
            Call::Release(_) => self == Named::Release,
            Call::Transaction(_) => self == Named::Txn,
        }
    }
}

/// What is taken from the fields of an event.
struct Taking<'t, 'n> {
    text: &'t str,
    given: &'t Given<'n>,
}

impl Taking<'_, '_> {
    fn call(&self, operation: Named) -> Result<(Option<Key>, Call), Wrong> {
        let some = |expected| {
            self.given.value.ok_or_else(|| {
                Wrong::expected(self.given.span.clone(), "the event has no `value`", expected)
            })
        };
        match operation {
            Named::Read | Named::Get => {
                let expected = "the value it saw, or nothing: null, or nil";
                let value = match self.given.kind {
                    Kind::Ok => Some(some(expected)?),
                    Kind::Invoke | Kind::Fail | Kind::Info => self.given.value,
                };
                let Some(value) = value else {
                    return Ok((self.given.key.clone(), Call::Read(None)));
                };
                let (key, value) = self.keyed(value);
                Ok((key, Call::Read(self.of(operation, value)?)))
            }
            Named::Write | Named::Put => {
                let (key, value) = self.keyed(some("the value it writes")?);
                Ok((key, Call::Write(self.of(operation, value)?)))
            }
            Named::Cas => {
                const EXPECTED: &str = "two values: old and new, as [1,2]";
                let value = some(EXPECTED)?;
                let (key, pair) = match value.pair() {
                    Some((key, pair)) if self.in_front() && pair.list().is_some() => {
                        (Some(self.key(key)), pair)
                    }
                    Some(_) | None => (self.given.key.clone(), value),
                };
                let (old, new) = pair.pair().ok_or_else(|| strange(pair, EXPECTED))?;
                Ok((key, Call::Cas(self.value(old)?, self.value(new)?)))
            }
            Named::Append => {
                let (key, value) = self.keyed(some("the text or the elements that it appends")?);
                Ok((key, Call::Append(self.more(value)?)))
            }
            Named::Acquire | Named::Release => {
                let (key, owner) = match self.given.value {
                    Some(value) => {
                        let (key, owner) = self.keyed(value);
                        (key, self.value(owner)?)
                    }
                    None => (self.given.key.clone(), None),
                };
                let is_taken = operation == Named::Acquire;
                Ok((key, if is_taken { Call::Acquire(owner) } else { Call::Release(owner) }))
            }
            Named::Txn => self.transaction(some(STEPS)?),
        }
    }

    /// A transaction of steps that all have the same key, which may be null.
    fn transaction(&self, value: &Node) -> Result<(Option<Key>, Call), Wrong> {
        let steps = value.list().filter(|steps| !steps.is_empty());
        let steps = steps.ok_or_else(|| strange(value, STEPS))?;
        let mut keys: Option<Option<Key>> = None;
        let mut taken = Vec::new();
        for step in steps {
            let Some([name, key, value]) = step.list() else { return Err(strange(step, STEPS)) };
            taken.push(match self.name(name).as_str() {
                "append" => Step::Append(self.element(value)?),
                "r" => Step::Read(self.value(value)?),
                _ => return Err(strange(name, "the name of a step: append or r")),
            });
            let key = (key.form != Form::Nil).then(|| self.key(key));
            if keys.get_or_insert_with(|| key.clone()) != &key {
                let message = "a transaction of several keys, each of which is judged by itself";
                return Err(Wrong::expected(step.span.clone(), message, "steps of one key"));
            }
        }
        Ok((keys.flatten(), Call::Transaction(taken.into())))
    }

    fn in_front(&self) -> bool {
        self.given.in_front && self.given.key.is_none()
    }

    /// The key of an operation, if it has one, and its value.
    fn keyed<'v>(&self, value: &'v Node) -> (Option<Key>, &'v Node) {
        match value.pair().filter(|_| self.in_front()) {
            Some((key, value)) => (Some(self.key(key)), value),
            None => (self.given.key.clone(), value),
        }
    }

    /// The name of a key: a text without its quotes, any other form as it is written.
    fn key(&self, node: &Node) -> Key {
        self.name(node).as_str().into()
    }

    fn name(&self, node: &Node) -> String {
        match &node.form {
            Form::Text(text) => text.clone(),
            Form::Number(number) => number.to_string(),
            Form::Keyword => self.written(node).trim_start_matches(':').to_owned(),
            Form::Nil | Form::List(_) | Form::Map(_) | Form::Other => self.written(node).to_owned(),
        }
    }

    /// The value of an operation. The empty text of `get` and `put` is nothing.
    fn of(&self, operation: Named, node: &Node) -> Result<Option<Value>, Wrong> {
        let value = self.value(node)?;
        let of_texts = operation == Named::Get || operation == Named::Put;
        Ok(value.filter(|value| !of_texts || *value != Value::from("")))
    }

    fn value(&self, node: &Node) -> Result<Option<Value>, Wrong> {
        const EXPECTED: &str =
            "a whole number of 64 bits, a text, a list of these, or nothing: null, or nil";
        match &node.form {
            Form::Nil => Ok(None),
            Form::Number(number) => Ok(Some(Value::Number(*number))),
            Form::Text(text) => Ok(Some(text.as_str().into())),
            Form::Keyword => Ok(Some(self.written(node).into())),
            Form::List(nodes) => {
                let elements: Result<Arc<[Value]>, Wrong> = nodes
                    .iter()
                    .map(|node| self.value(node)?.ok_or_else(|| strange(node, "an element")))
                    .collect();
                Ok(Some(Value::List(elements?)))
            }
            Form::Map(_) | Form::Other => Err(strange(node, EXPECTED)),
        }
    }

    /// The text or the elements that an operation appends.
    fn more(&self, node: &Node) -> Result<Value, Wrong> {
        match self.value(node)? {
            Some(more @ (Value::Text(_) | Value::List(_))) => Ok(more),
            Some(Value::Number(_)) => self.element(node),
            None => Err(strange(node, "the text or the elements that it appends")),
        }
    }

    /// A list of one element.
    fn element(&self, node: &Node) -> Result<Value, Wrong> {
        let element = self.value(node)?.ok_or_else(|| strange(node, "the element it appends"))?;
        Ok(Value::List([element].into()))
    }

    fn written(&self, node: &Node) -> &str {
        self.text.get(node.span.clone()).unwrap_or_default()
    }
}

const STEPS: &str = "steps, as [[\"append\",\"x\",1],[\"r\",\"x\",[1]]]";

fn strange(node: &Node, expected: &str) -> Wrong {
    Wrong::expected(node.span.clone(), "a strange value", expected)
}
