//! Whether operations on one register can be put in an order: the search of Wing and Gong (1993), with Lowe's memory
//! of where it has been (2017).
//!
//! The calls and returns are a linked list in the order of time. An operation can be next if it was called before the
//! first return that is left; it is lifted out, and put back if nothing follows. Where the search has been it need
//! not go again: that is known by the first return that is left, the register's value, and which of the operations
//! that are under way have been taken. What returned before has been, and what was called after has not.
//!
//! Five things make it shorter, and none of them changes what it finds:
//!
//! - A read that fits is next, and nothing else is tried: it changes nothing, so it is never too early for it.
//! - An operation that need not happen, and whose value no other one needs, does not happen.
//! - One that need not happen does so right before one that needs its value, else it is left out.
//! - Of those that need not happen and do the same, the one called first is first.
//! - A cas from a value to the same value is a read.
//!
//! Nothing here calls itself: a long history takes memory, but no stack.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::{Inserted, Seen};
use super::{Call, Limits};

/// A register's value; `None` is one that was never written.
pub(super) type Value = Option<i64>;

/// An operation, as the search sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// What it does; of a read, what it saw.
    pub call: Call,
    /// It happens after this event.
    pub from: usize,
    /// It has happened before this event; `None`: at any time, or never.
    pub until: Option<usize>,
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is an order.
    Order,
    /// There is none.
    None {
        /// The event up to which there is one, but not with it: a return.
        at: usize,
        /// What the register can hold by then, in any order of what was before.
        held: BTreeSet<Value>,
    },
    /// The memory did not suffice.
    Unknown {
        /// The event up to which there is an order, but no order was found with it yet: a return.
        at: usize,
        /// Where it has been: different configurations.
        configurations: usize,
    },
}

/// Looks for an order of these operations on a register that holds one of these values at first. No two items may
/// have an event in common, but for those that need not happen.
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

/// What came of the search from one initial value.
enum Explored {
    Order,
    Nothing,
    Full,
}

/// An operation with its values as numbers.
struct Operation {
    /// What the register must hold.
    needs: Option<u32>,
    /// What it holds afterwards; `None`: what it did before.
    makes: Option<u32>,
    /// Whether it need not happen.
    optional: bool,
    /// Another one that must have happened before: it does the same, and neither need happen.
    behind: Option<u32>,
    /// Its place among those under way at the same time.
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

/// An operation that was taken, and what to put back when it is given up.
struct Taken {
    operation: u32,
    value: u32,
    wanted: bool,
    choice: Choice,
}

/// Why an operation was taken, and so what is to be tried in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// It is as good as any: nothing.
    Forced,
    /// It is the most promising: all others.
    Promising,
    /// It was its turn: those behind it.
    Turn,
}

struct Search {
    operations: Vec<Operation>,
    places: Vec<Place>,
    /// The linked list: what is left, in order. The last one is its head and its end.
    next: Vec<u32>,
    previous: Vec<u32>,
    /// The values by number.
    numbers: BTreeMap<Value, u32>,
    seen: Seen,
    stack: Vec<Taken>,
    /// What must still happen.
    left: usize,
    value: u32,
    /// Whether the value must be needed by the next operation, since what made it need not have happened.
    wanted: bool,
    done: Vec<bool>,
    /// First the first return, the value and `wanted`; then a bit for each operation under way, turned over whenever
    /// one of its place is taken: what returned has been taken, so that the bit tells of the one that has not.
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

    /// Searches from here; if there is nothing, all is as it was.
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

    /// What leads to the first return at once: the operation that returns, or one that makes what it needs.
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

    /// Notes where the search is.
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

    /// A read, called before the first return that is left, that sees what is there.
    fn fitting_read(&self) -> Option<u32> {
        self.callable(self.next[self.head() as usize]).find(|&operation| {
            let Operation { needs, makes, .. } = self.operations[operation as usize];
            makes.is_none() && needs == Some(self.value)
        })
    }

    /// The first operation from this place on that may be next, but for the most promising one.
    fn candidate(&self, from: u32) -> Option<u32> {
        let promising = self.promising();
        self.callable(from).find(|&number| Some(number) != promising && self.may_be_next(number))
    }

    /// Whether an operation that was called may be next, changes something, and is of use.
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

    /// Puts back what was taken last and all before it that was forced, and one that was not: gives the place from which
    /// on others may be tried, or nothing if there is none.
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

/// What must be in the register, and what is in it afterwards if that is something else.
pub(super) fn effect(call: Call) -> (Option<Value>, Option<Value>) {
    match call {
        Call::Read(seen) => (Some(seen), None),
        Call::Write(value) => (None, Some(Some(value))),
        Call::Cas(old, new) if old == new => (Some(Some(old)), None),
        Call::Cas(old, new) => (Some(Some(old)), Some(Some(new))),
    }
}

/// The items without those that need not happen and that nobody could tell from not having happened.
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

/// Tells the operations their places in the list and those among what is under way at the same time; gives the number
/// of the latter.
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
