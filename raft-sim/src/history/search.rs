//! A search for an order of the operations on one register: that of Wing and Gong (1993), with Lowe's memory of
//! visited configurations (2017).
//!
//! The calls and returns are a linked list in the order of time. An operation can be next if it was called before the
//! first return that is left. It is lifted out, and put back if no order follows. A configuration that was visited is
//! not searched again. It is identified by the first return that is left, the register's value, and the set of
//! operations under way that have been taken: operations that returned before have been taken, and those that were
//! called after have not.
//!
//! Five rules make it shorter. None of them changes its result:
//!
//! - A read that fits is next, and nothing else is tried: it changes nothing, so it is never too early.
//! - An optional operation whose value no other operation needs does not happen.
//! - An optional operation happens right before one that needs its value, or not at all.
//! - Of optional operations that do the same, the one called first is first.
//! - A cas from a value to the same value is a read.
//!
//! Nothing here is recursive: a long history takes memory, but no stack.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::{Inserted, Seen};
use super::{Call, Limits};

/// A register's value; `None` is one that was never written.
pub(super) type Value = Option<i64>;

/// An operation as the search sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its call; a read has the value that it saw.
    pub call: Call,
    /// It happens after this event.
    pub from: usize,
    /// It has happened before this event; `None`: at any time, or never.
    pub until: Option<usize>,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is an order.
    Order,
    /// There is none.
    None {
        /// The event that ends the longest beginning with an order, but is not part of it: a return.
        at: usize,
        /// The values that the register can hold by then, in any order of what came before.
        held: BTreeSet<Value>,
    },
    /// The memory did not suffice.
    Unknown {
        /// The event that ends the longest beginning with a known order, but is not part of it: a return.
        at: usize,
        /// The number of different configurations that it visited.
        configurations: usize,
    },
}

/// Searches for an order of these operations on a register that holds one of these values at first. No two items may
/// have an event in common, except optional ones.
pub(super) fn search(items: &[Item], initial: &[Value], limits: &Limits) -> Found {
    let mut search = Search::new(items, initial, limits);
    for &value in initial {
        search.value = search.numbers[&value];
        match search.explore() {
            Explored::Nothing => {}
            Explored::Order => return Found::Order,
            Explored::Full => {
                let configurations = search.seen.count();
                return Found::Unknown { at: search.furthest, configurations };
            }
        }
    }
    let named: BTreeMap<u32, Value> = search.numbers.iter().map(|(&v, &n)| (n, v)).collect();
    let held = search.held.iter().map(|number| named[number]).collect();
    Found::None { at: search.furthest, held }
}

/// The result of the search from one initial value.
enum Explored {
    Order,
    Nothing,
    Full,
}

/// An operation with its values as numbers.
struct Operation {
    /// The value that the register must hold.
    needs: Option<u32>,
    /// The value that it holds afterwards; `None` if it is unchanged.
    makes: Option<u32>,
    /// True if it is optional: it need not happen.
    optional: bool,
    /// An optional operation that does the same as this optional one, and must happen before it.
    behind: Option<u32>,
    /// Its place among the operations under way at the same time.
    bit: u32,
    /// Its places in the list.
    call: u32,
    returns: Option<u32>,
}

/// A place in the list: the call or the return of an operation.
#[derive(Clone, Copy)]
struct Place {
    event: usize,
    operation: u32,
    is_return: bool,
}

/// An operation that was taken, with the state to restore when it is given up.
struct Taken {
    operation: u32,
    value: u32,
    wanted: bool,
    choice: Choice,
}

/// The reason why an operation was taken, which decides the alternatives to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// It is as good as any: no alternative.
    Forced,
    /// It is the most promising: all others are alternatives.
    Promising,
    /// It was its turn: those behind it are alternatives.
    Turn,
}

struct Search {
    operations: Vec<Operation>,
    places: Vec<Place>,
    /// The linked list: the places that are left, in order. The last one is its head and its end.
    next: Vec<u32>,
    previous: Vec<u32>,
    /// The values by number.
    numbers: BTreeMap<Value, u32>,
    seen: Seen,
    stack: Vec<Taken>,
    /// The number of operations that must still happen.
    left: usize,
    value: u32,
    /// True if the next operation must need the value, since an optional operation made it.
    wanted: bool,
    done: Vec<bool>,
    /// First the first return, the value and `wanted`; then a bit for each operation under way. It is flipped
    /// whenever an operation in its place is taken. An operation that returned has been taken, so the bit stands for
    /// the one that has not.
    key: Vec<u64>,
    furthest: usize,
    held: BTreeSet<u32>,
}

impl Search {
    fn new(items: &[Item], initial: &[Value], limits: &Limits) -> Search {
        let kept = needed(items);
        let mut values: BTreeSet<Value> = initial.iter().copied().collect();
        values.extend(kept.iter().flat_map(|item| {
            let (needs, makes) = effect(item.call);
            needs.into_iter().chain(makes)
        }));
        let numbers: BTreeMap<Value, u32> = values.into_iter().zip(0..).collect();
        let mut places = Vec::with_capacity(kept.len() * 2);
        for (operation, item) in (0..).zip(&kept) {
            places.push(Place { event: item.from, operation, is_return: false });
            places.extend(item.until.map(|event| Place { event, operation, is_return: true }));
        }
        places.sort_by_key(|place| place.event);
        let mut operations: Vec<Operation> =
            kept.iter().map(|item| Operation::new(item, &numbers)).collect();
        let bits = lay_out(&mut operations, &places);
        let head = places.len() as u32;
        let width = 1 + bits.div_ceil(u64::BITS) as usize;
        Search {
            left: operations.iter().filter(|operation| !operation.optional).count(),
            done: vec![false; operations.len()],
            operations,
            next: (0..head).map(|place| place + 1).chain([0]).collect(),
            previous: [head].into_iter().chain(0..head).collect(),
            places,
            numbers,
            seen: Seen::new(width, limits.memory),
            stack: Vec::new(),
            value: 0,
            wanted: false,
            key: vec![0; width],
            furthest: 0,
            held: BTreeSet::new(),
        }
    }

    fn head(&self) -> u32 {
        self.places.len() as u32
    }

    /// Searches from here. Without a result the state is unchanged.
    fn explore(&mut self) -> Explored {
        loop {
            if let Some(read) = self.fitting_read() {
                self.take(read, Choice::Forced);
                continue;
            }
            if self.left == 0 {
                return Explored::Order;
            }
            match self.arrive() {
                Inserted::Full => return Explored::Full,
                Inserted::New => {
                    if let Some(operation) = self.promising() {
                        self.take(operation, Choice::Promising);
                        continue;
                    }
                    if let Some(operation) = self.candidate(self.next[self.head() as usize]) {
                        self.take(operation, Choice::Turn);
                        continue;
                    }
                }
                Inserted::Known => {}
            }
            loop {
                let Some(from) = self.give_up() else { return Explored::Nothing };
                if let Some(operation) = self.candidate(from) {
                    self.take(operation, Choice::Turn);
                    break;
                }
            }
        }
    }

    /// The first return that is left. There is one as long as something must happen.
    fn first_return(&self) -> u32 {
        let mut place = self.next[self.head() as usize];
        while !self.places[place as usize].is_return {
            place = self.next[place as usize];
        }
        place
    }

    /// The operation that leads to the first return at once: the one that returns, or one that makes its value.
    fn promising(&self) -> Option<u32> {
        let due = self.places[self.first_return() as usize].operation;
        if self.may_be_next(due) {
            return Some(due);
        }
        let needs = self.operations[due as usize].needs;
        self.callable(self.next[self.head() as usize]).find(|&number| {
            self.operations[number as usize].makes == needs && self.may_be_next(number)
        })
    }

    /// Notes that this configuration is visited.
    fn arrive(&mut self) -> Inserted {
        let place = self.first_return();
        let event = self.places[place as usize].event;
        if event > self.furthest {
            self.furthest = event;
            self.held.clear();
        }
        if event == self.furthest {
            self.held.insert(self.value);
        }
        // 31 bits for the place and one for `wanted`; places begin at 1, so that the word is not 0.
        let first =
            u64::from(place + 1) << 33 | u64::from(self.value) << 1 | u64::from(self.wanted);
        self.key[0] = first;
        self.seen.insert(&self.key)
    }

    /// A read, called before the first return that is left, that sees the current value.
    fn fitting_read(&self) -> Option<u32> {
        self.callable(self.next[self.head() as usize]).find(|&operation| {
            let Operation { needs, makes, .. } = self.operations[operation as usize];
            makes.is_none() && needs == Some(self.value)
        })
    }

    /// The first operation from this place on that may be next, except the most promising one.
    fn candidate(&self, from: u32) -> Option<u32> {
        let promising = self.promising();
        self.callable(from).find(|&number| Some(number) != promising && self.may_be_next(number))
    }

    /// True if an operation that was called may be next, changes something, and is of use.
    fn may_be_next(&self, number: u32) -> bool {
        let operation = &self.operations[number as usize];
        let fits = match operation.needs {
            Some(needs) => needs == self.value,
            None => !self.wanted,
        };
        let useful = !operation.optional
            || (operation.makes != Some(self.value)
                && operation.behind.is_none_or(|first| self.done[first as usize]));
        operation.makes.is_some() && fits && useful
    }

    /// The operations called from this place on, up to the first return that is left.
    fn callable(&self, from: u32) -> impl Iterator<Item = u32> {
        let mut place = from;
        std::iter::from_fn(move || {
            let there = self.places.get(place as usize).filter(|there| !there.is_return)?;
            place = self.next[place as usize];
            Some(there.operation)
        })
    }

    fn take(&mut self, number: u32, choice: Choice) {
        let Operation { makes, optional, bit, call, returns, .. } =
            self.operations[number as usize];
        let (value, wanted) = (self.value, self.wanted);
        self.stack.push(Taken { operation: number, value, wanted, choice });
        self.value = makes.unwrap_or(value);
        self.wanted = optional;
        self.left -= usize::from(!optional);
        self.done[number as usize] = true;
        self.turn(bit);
        for place in [Some(call), returns].into_iter().flatten() {
            let (before, after) = (self.previous[place as usize], self.next[place as usize]);
            self.next[before as usize] = after;
            self.previous[after as usize] = before;
        }
    }

    /// Puts back the operation that was taken last, all before it that were forced, and one that was not. Returns the
    /// place from which on others may be tried, or `None` if there is none.
    fn give_up(&mut self) -> Option<u32> {
        while let Some(Taken { operation, value, wanted, choice }) = self.stack.pop() {
            let Operation { optional, bit, call, returns, .. } =
                self.operations[operation as usize];
            self.value = value;
            self.wanted = wanted;
            self.left += usize::from(!optional);
            self.done[operation as usize] = false;
            self.turn(bit);
            // In the opposite order, so that each finds its neighbours.
            for place in [returns, Some(call)].into_iter().flatten() {
                let (before, after) = (self.previous[place as usize], self.next[place as usize]);
                self.next[before as usize] = place;
                self.previous[after as usize] = place;
            }
            match choice {
                Choice::Forced => {}
                Choice::Promising => return Some(self.next[self.head() as usize]),
                Choice::Turn => return Some(self.next[call as usize]),
            }
        }
        None
    }

    fn turn(&mut self, bit: u32) {
        self.key[1 + (bit / u64::BITS) as usize] ^= 1 << (bit % u64::BITS);
    }
}

impl Operation {
    fn new(item: &Item, numbers: &BTreeMap<Value, u32>) -> Operation {
        let (needs, makes) = effect(item.call);
        Operation {
            needs: needs.map(|value| numbers[&value]),
            makes: makes.map(|value| numbers[&value]),
            optional: item.until.is_none(),
            behind: None,
            bit: 0,
            call: 0,
            returns: None,
        }
    }
}

/// The value that must be in the register, and the value afterwards if it is another one.
pub(super) fn effect(call: Call) -> (Option<Value>, Option<Value>) {
    match call {
        Call::Read(seen) => (Some(seen), None),
        Call::Write(value) => (None, Some(Some(value))),
        Call::Cas(old, new) if old == new => (Some(Some(old)), None),
        Call::Cas(old, new) => (Some(Some(old)), Some(Some(new))),
    }
}

/// The items without optional ones that have no visible effect.
pub(super) fn needed(items: &[Item]) -> Vec<Item> {
    let mut kept: Vec<Item> = items.to_vec();
    loop {
        let before = kept.len();
        let read: BTreeSet<Value> = kept.iter().filter_map(|item| effect(item.call).0).collect();
        kept.retain(|item| {
            item.until.is_some() || effect(item.call).1.is_some_and(|made| read.contains(&made))
        });
        if kept.len() == before {
            return kept;
        }
    }
}

/// Assigns each operation its places in the list, and its place among those under way at the same time. Returns the
/// number of the latter places.
fn lay_out(operations: &mut [Operation], places: &[Place]) -> u32 {
    let mut free = Vec::new();
    let mut bits = 0;
    let mut alike = BTreeMap::new();
    for (at, place) in (0..).zip(places) {
        let operation = &mut operations[place.operation as usize];
        if place.is_return {
            operation.returns = Some(at);
            free.push(operation.bit);
            continue;
        }
        operation.call = at;
        operation.bit = free.pop().unwrap_or_else(|| {
            bits += 1;
            bits - 1
        });
        if operation.optional {
            let does = (operation.needs, operation.makes);
            operation.behind = alike.insert(does, place.operation);
        }
    }
    bits
}
