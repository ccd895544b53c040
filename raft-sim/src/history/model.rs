//! A register as an automaton: the states that it can be in, and what each operation does to them.
//!
//! A state is a number, so that a search compares and stores nothing else. There are three kinds of registers:
//!
//! - One that is read, written and compared. A state is the number of a value. A lock is such a register, too.
//! - One whose text or list grows. A state is a prefix of some value that an operation needs. All that no such value
//!   begins with is one state, [`UNREADABLE`]: no operation can tell it apart.
//! - One with versions. A state is a version and the number of a value.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Call, Operation, Outcome, Step, Value};

/// A state of a register.
pub(super) type State = u64;

/// The state before all operations: the register holds nothing.
pub(super) const NOTHING: State = 0;

/// The state of a growing register that holds what no operation needs, nor the beginning of that.
const UNREADABLE: State = u64::MAX;

/// A state that no register is ever in.
const NEVER: State = u64::MAX - 1;

/// The effect of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Does {
    /// Needs this state and leaves it.
    Sees(State),
    /// Makes this state of any other.
    Sets(State),
    /// Makes the second state of the first.
    Swaps(State, State),
    /// Does what stands at this place of the model's table.
    Other(u32),
}

/// An effect that is not one of two states.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    /// Adds to a text or a list, encoded as a [`Growing`] register has it.
    Append(Vec<u8>),
    /// Does one after the other.
    Steps(Vec<Does>),
    /// Reads or changes a register with versions: the version that is seen or made, the number of the value that it
    /// needs, and of the value that it makes.
    Versioned { version: Option<u32>, needs: Option<u32>, makes: Option<u32> },
}

/// An operation as a search sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its effect.
    pub does: Does,
    /// It happens after this event.
    pub from: usize,
    /// It has happened before this event; `None`: at any time, or never.
    pub until: Option<usize>,
}

impl Item {
    /// The item as known after the first `events` events, if it has begun.
    pub(super) fn cut(self, events: usize) -> Option<Item> {
        let until = self.until.filter(|&until| until < events);
        (self.from < events).then_some(Item { until, ..self })
    }
}

/// The operations of a register, in the order of their invocations, each with its item if it matters to a search.
pub(super) struct Register {
    pub(super) operations: Vec<Operation>,
    pub(super) items: Vec<Option<Item>>,
    pub(super) model: Model,
}

impl Register {
    /// A register with all its operations.
    pub(super) fn new(operations: Vec<Operation>) -> Register {
        let mut model = Model::new(&operations);
        let items = operations.iter().map(|operation| model.item(operation)).collect();
        Register { operations, items, model }
    }

    /// The items as known after the first `events` events.
    pub(super) fn until(&self, events: usize) -> Vec<Item> {
        self.items.iter().flatten().filter_map(|item| item.cut(events)).collect()
    }
}

/// The states of a register and the effects of its operations.
pub(super) struct Model {
    kind: Kind,
    /// The values by number; nothing is number 0.
    values: Vec<Option<Value>>,
    numbers: BTreeMap<Option<Value>, u32>,
    others: Vec<Other>,
    places: BTreeMap<Other, u32>,
    /// True if each operation on a lock names its owner.
    owned: bool,
}

enum Kind {
    Plain,
    Growing(Growing),
    Versioned,
}

impl Model {
    fn new(operations: &[Operation]) -> Model {
        let calls = || operations.iter().map(|operation| &operation.call);
        let kind = if calls().any(grows) {
            Kind::Growing(Growing::new(calls()))
        } else if operations.iter().any(|operation| operation.version.is_some()) {
            Kind::Versioned
        } else {
            Kind::Plain
        };
        let unnamed = |call: &Call| *call == Call::Acquire(None) || *call == Call::Release(None);
        Model {
            kind,
            values: vec![None],
            numbers: BTreeMap::from([(None, 0)]),
            others: Vec::new(),
            places: BTreeMap::new(),
            owned: !calls().any(unnamed),
        }
    }

    /// True if the register is one that is read, written and compared, and nothing else.
    pub(super) fn is_plain(&self) -> bool {
        match self.kind {
            Kind::Plain => true,
            Kind::Growing(_) | Kind::Versioned => false,
        }
    }

    /// True for the state of a register that holds what no operation needs, and never will.
    pub(super) fn is_lost(&self, state: State) -> bool {
        match &self.kind {
            Kind::Growing(growing) => state == UNREADABLE && growing.only_grows,
            Kind::Plain | Kind::Versioned => false,
        }
    }

    /// The value that a register holds in this state; `None` if that is not known.
    pub(super) fn held(&self, state: State) -> Option<Option<Value>> {
        match &self.kind {
            Kind::Plain => Some(self.values[state as usize].clone()),
            Kind::Versioned => Some(self.values[state as u32 as usize].clone()),
            Kind::Growing(growing) => growing.held(state),
        }
    }

    /// The state after an operation; `None` if the operation can't happen in this state.
    pub(super) fn step(&self, does: Does, state: State) -> Option<State> {
        match does {
            Does::Sees(needs) => (state == needs).then_some(state),
            Does::Sets(makes) => Some(makes),
            Does::Swaps(needs, makes) => (state == needs).then_some(makes),
            Does::Other(place) => match (&self.others[place as usize], &self.kind) {
                (Other::Append(more), Kind::Growing(growing)) => growing.append(state, more),
                (Other::Append(_), Kind::Plain | Kind::Versioned) => None,
                (Other::Steps(steps), _) => {
                    steps.iter().try_fold(state, |state, &does| self.step(does, state))
                }
                (&Other::Versioned { version, needs, makes }, _) => {
                    let (before, value) = (state >> 32, state as u32);
                    let after = before + u64::from(makes.is_some());
                    let fits = needs.is_none_or(|needs| needs == value)
                        && version.is_none_or(|version| u64::from(version) == after);
                    fits.then_some(after << 32 | u64::from(makes.unwrap_or(value)))
                }
            },
        }
    }

    /// True if an operation never changes the state.
    pub(super) fn only_sees(&self, does: Does) -> bool {
        match does {
            Does::Sees(_) => true,
            Does::Sets(_) | Does::Swaps(..) => false,
            Does::Other(place) => match &self.others[place as usize] {
                Other::Append(_) => false,
                Other::Steps(steps) => steps.iter().all(|&does| self.only_sees(does)),
                Other::Versioned { makes, .. } => makes.is_none(),
            },
        }
    }

    /// The item of an operation, if it matters to a search.
    fn item(&mut self, operation: &Operation) -> Option<Item> {
        let until = match (operation.outcome, &operation.call) {
            (Outcome::Ok(event), _) | (Outcome::Failed(event), Call::Refused { .. }) => Some(event),
            (Outcome::Failed(_), _) => return None,
            (Outcome::Unknown, _) => None,
        };
        let does = self.does(&operation.call, operation.version);
        (until.is_some() || !self.only_sees(does)).then_some(Item {
            does,
            from: operation.invoked,
            until,
        })
    }

    fn does(&mut self, call: &Call, version: Option<u32>) -> Does {
        match call {
            Call::Read(seen) => self.changes(Some(seen), None, version),
            Call::Write(value) => self.changes(None, Some(value), version),
            Call::Cas(old, new) => self.changes(Some(old), Some(new), version),
            Call::Refused { old, saw, .. } if old == saw => Does::Sees(NEVER),
            Call::Refused { saw, .. } => self.changes(Some(saw), None, version),
            Call::Acquire(owner) => {
                let taken = self.taken(owner);
                self.changes(Some(&None), Some(&taken), None)
            }
            Call::Release(owner) => {
                let taken = self.taken(owner);
                self.changes(Some(&taken), Some(&None), None)
            }
            Call::Append(more) => self.append(more),
            Call::Transaction(steps) => {
                let steps = steps.iter().map(|step| match step {
                    Step::Append(more) => self.append(more),
                    Step::Read(seen) => self.changes(Some(seen), None, None),
                });
                let steps = steps.collect();
                self.other(Other::Steps(steps))
            }
        }
    }

    /// The effect of an operation that needs a value, makes one, or both.
    fn changes(
        &mut self,
        needs: Option<&Option<Value>>,
        makes: Option<&Option<Value>>,
        version: Option<u32>,
    ) -> Does {
        if let Kind::Versioned = self.kind {
            let needs = needs.map(|value| self.number(value));
            let makes = makes.map(|value| self.number(value));
            return self.other(Other::Versioned { version, needs, makes });
        }
        match (needs.map(|value| self.state(value)), makes.map(|value| self.state(value))) {
            (Some(needs), Some(makes)) if needs != makes => Does::Swaps(needs, makes),
            (Some(needs), _) => Does::Sees(needs),
            (None, makes) => Does::Sets(makes.unwrap_or(NOTHING)),
        }
    }

    fn append(&mut self, more: &Value) -> Does {
        let more = match &self.kind {
            Kind::Growing(growing) => growing.encode(&Some(more.clone())),
            Kind::Plain | Kind::Versioned => Vec::new(),
        };
        self.other(Other::Append(more))
    }

    /// The value of a lock that this owner has taken.
    fn taken(&self, owner: &Option<Value>) -> Option<Value> {
        Some(owner.clone().filter(|_| self.owned).unwrap_or_else(|| "taken".into()))
    }

    fn state(&mut self, value: &Option<Value>) -> State {
        match &self.kind {
            Kind::Growing(growing) => growing.find(&growing.encode(value)),
            Kind::Plain | Kind::Versioned => self.number(value).into(),
        }
    }

    fn number(&mut self, value: &Option<Value>) -> u32 {
        if let Some(&number) = self.numbers.get(value) {
            return number;
        }
        let number = self.values.len() as u32;
        self.values.push(value.clone());
        self.numbers.insert(value.clone(), number);
        number
    }

    fn other(&mut self, other: Other) -> Does {
        if let Some(&place) = self.places.get(&other) {
            return Does::Other(place);
        }
        let place = self.others.len() as u32;
        self.others.push(other.clone());
        self.places.insert(other, place);
        Does::Other(place)
    }
}

fn grows(call: &Call) -> bool {
    match call {
        Call::Append(_) | Call::Transaction(_) => true,
        Call::Read(_)
        | Call::Write(_)
        | Call::Cas(..)
        | Call::Refused { .. }
        | Call::Acquire(_)
        | Call::Release(_) => false,
    }
}

const TEXT: u8 = b'T';
const LIST: u8 = b'L';
const NUMBER: u8 = b'N';

/// A register whose text or list grows. A value is encoded as bytes so that what begins with a value begins with its
/// bytes: its kind, then the text, or four bytes for each element. The empty text and list are no bytes, as nothing.
struct Growing {
    /// The encoded values that operations need, sorted.
    needed: Vec<Vec<u8>>,
    /// The elements of lists, and their numbers.
    elements: Vec<Value>,
    numbers: BTreeMap<Value, u32>,
    /// True if no operation writes or compares: what is lost comes never back.
    only_grows: bool,
}

impl Growing {
    fn new<'c>(calls: impl Iterator<Item = &'c Call> + Clone) -> Growing {
        let mut values: Vec<Option<Value>> = Vec::new();
        let mut only_grows = true;
        let mut elements = BTreeSet::new();
        let mut list = |value: &Option<Value>| {
            if let Some(Value::List(list)) = value {
                elements.extend(list.iter().cloned());
            }
        };
        for call in calls {
            match call {
                Call::Read(seen) => values.push(seen.clone()),
                Call::Refused { saw, .. } => values.push(saw.clone()),
                Call::Cas(old, new) => {
                    only_grows = false;
                    values.push(old.clone());
                    list(new);
                }
                Call::Write(value) => {
                    only_grows = false;
                    list(value);
                }
                Call::Append(more) => list(&Some(more.clone())),
                Call::Acquire(_) | Call::Release(_) => only_grows = false,
                Call::Transaction(steps) => steps.iter().for_each(|step| match step {
                    Step::Append(more) => list(&Some(more.clone())),
                    Step::Read(seen) => values.push(seen.clone()),
                }),
            }
        }
        values.iter().for_each(list);
        let elements: Vec<Value> = elements.into_iter().collect();
        let numbers = elements.iter().cloned().zip(0..).collect();
        let mut growing = Growing { needed: Vec::new(), elements, numbers, only_grows };
        let needed: BTreeSet<Vec<u8>> = values.iter().map(|value| growing.encode(value)).collect();
        growing.needed = needed.into_iter().collect();
        growing
    }

    fn encode(&self, value: &Option<Value>) -> Vec<u8> {
        let Some(value) = value else { return Vec::new() };
        let mut bytes = Vec::new();
        match value {
            Value::Text(text) if text.is_empty() => {}
            Value::List(list) if list.is_empty() => {}
            Value::Text(text) => {
                bytes.push(TEXT);
                bytes.extend(text.as_bytes());
            }
            Value::List(list) => {
                bytes.push(LIST);
                // An element that is not known is that of a lock's owner, which no list has.
                let number = |element| self.numbers.get(element).copied().unwrap_or(u32::MAX);
                bytes.extend(list.iter().flat_map(|element| number(element).to_be_bytes()));
            }
            Value::Number(number) => {
                bytes.push(NUMBER);
                bytes.extend(number.to_be_bytes());
            }
        }
        bytes
    }

    /// The state of a register that holds this.
    fn find(&self, bytes: &[u8]) -> State {
        let first = self.needed.partition_point(|needed| needed.as_slice() < bytes);
        self.prefix(first, bytes.len(), |needed| needed.starts_with(bytes))
    }

    /// The state of a register that holds the first `length` bytes of the first needed value that begins with them.
    fn prefix(&self, first: usize, length: usize, begins: impl Fn(&[u8]) -> bool) -> State {
        match self.needed.get(first) {
            _ if length == 0 => NOTHING,
            Some(needed) if begins(needed) => (first as u64) << 32 | length as u64,
            Some(_) | None => UNREADABLE,
        }
    }

    fn append(&self, state: State, more: &[u8]) -> Option<State> {
        let Some((kind, rest)) = more.split_first() else { return Some(state) };
        if state == UNREADABLE {
            return Some(UNREADABLE);
        }
        let (first, length) = ((state >> 32) as usize, state as u32 as usize);
        if length == 0 {
            return Some(self.find(more));
        }
        let held = &self.needed[first][..length];
        if held[0] != *kind {
            return None;
        }
        let compare = |needed: &[u8]| match needed.split_at_checked(length) {
            Some((head, tail)) => head.cmp(held).then_with(|| tail.cmp(rest)),
            None => needed.cmp(held),
        };
        let later = &self.needed[first..];
        let next = first + later.partition_point(|needed| compare(needed) == Ordering::Less);
        let begins = |needed: &[u8]| needed.starts_with(held) && needed[length..].starts_with(rest);
        Some(self.prefix(next, length + rest.len(), begins))
    }

    fn held(&self, state: State) -> Option<Option<Value>> {
        if state == UNREADABLE {
            return None;
        }
        let (first, length) = ((state >> 32) as usize, state as u32 as usize);
        let Some((kind, rest)) = self.needed.get(first)?[..length].split_first() else {
            return Some(None);
        };
        Some(Some(match *kind {
            TEXT => Value::Text(String::from_utf8_lossy(rest).into()),
            LIST => {
                let element =
                    |number: &[u8; 4]| self.elements[u32::from_be_bytes(*number) as usize].clone();
                Value::List(rest.as_chunks().0.iter().map(element).collect())
            }
            _ => {
                let number = rest.first_chunk().copied().unwrap_or_default();
                Value::Number(i64::from_be_bytes(number))
            }
        }))
    }
}
