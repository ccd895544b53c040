//! A search for an order of the operations on one register: that of Wing and Gong (1993), with Lowe's memory of
//! visited configurations (2017).
//!
//! The calls and returns are a linked list in the order of time. An operation can be next if it was called before the
//! first return that is left. It is lifted out, and put back if no order follows. A configuration that was visited is
//! not searched again. It is identified by the first return that is left, the register's state, and the set of
//! operations under way that have been taken: operations that returned before have been taken, and those that were
//! called after have not.
//!
//! Five rules make it shorter. None of them changes its result:
//!
//! - A read that fits is next, and nothing else is tried: it changes nothing, so it is never too early.
//! - A write whose value no operation needs before the next write is *silent*. It may as well happen right before any
//!   later write that begins before it returns. So a write that need not return yet is taken only if an operation under
//!   way needs its value, and that one is next.
//! - A write that returns next is taken, or silently put before the last write that was taken, if that came after its
//!   call: then the register's state stays as it is.
//! - An optional operation is next only if the one after it needs the state that it makes.
//! - Of optional operations that do the same, the one called first is first.
//!
//! Nothing here is recursive: a long history takes memory, but no stack.

use std::collections::{BTreeMap, BTreeSet};

use super::Limits;
use super::model::{Does, Item, Model, State};
use super::needed::needed;
use super::seen::{Inserted, Seen};

/// The largest number of places that are looked at to see which value is needed first.
const AHEAD: usize = 64;

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is an order.
    Order,
    /// There is none.
    None {
        /// The event that ends a beginning without an order: a return. Without it the beginning is known to have an
        /// order, or nothing is known about it.
        at: usize,
        /// The states that the register can be in by then, in any order of what came before.
        held: BTreeSet<State>,
    },
    /// The memory did not suffice.
    Unknown {
        /// The event that ends the longest beginning with a known order, but is not part of it: a return.
        at: usize,
        /// The number of different configurations that it visited.
        configurations: usize,
    },
}

/// Searches for an order of these operations on a register that is in one of these states at first. No two items may
/// have an event in common, except optional ones.
pub(super) fn search(model: &Model, items: &[Item], initial: &[State], limits: &Limits) -> Found {
    let mut search = Search::new(model, items, limits);
    for &state in initial {
        match search.explore(state) {
            Explored::Nothing => {}
            Explored::Order => return Found::Order,
            Explored::Full => {
                let configurations = search.seen.count();
                return Found::Unknown { at: search.furthest, configurations };
            }
        }
    }
    Found::None { at: search.furthest, held: search.held }
}

/// The result of the search from one initial state.
enum Explored {
    Order,
    Nothing,
    Full,
}

/// An operation in the list.
struct Operation {
    does: Does,
    /// True if it never changes the state.
    only_sees: bool,
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

/// A way to go on: the operation that is next.
#[derive(Clone, Copy)]
struct Move {
    operation: u32,
    /// True for a write that is put before the last one that was taken.
    silent: bool,
}

/// The part of a configuration that a move changes, beside the list.
#[derive(Clone, Copy)]
struct Now {
    state: State,
    /// True if the next operation must need the state.
    wanted: bool,
    /// The place that was the first return when the last write was taken; 0 if none was.
    written: u32,
}

/// An operation that was taken, with what to restore when it is given up.
struct Taken {
    operation: u32,
    before: Now,
    /// The place from which on moves are alternatives to it.
    moves: usize,
}

struct Search<'m> {
    model: &'m Model,
    operations: Vec<Operation>,
    places: Vec<Place>,
    /// The linked list: the places that are left, in order. The last one is its head and its end.
    next: Vec<u32>,
    previous: Vec<u32>,
    seen: Seen,
    stack: Vec<Taken>,
    /// The moves not yet tried, of all configurations on the stack, the best one last.
    moves: Vec<Move>,
    /// The number of operations that must still happen, and of those among them that never change the state.
    left: usize,
    reads_left: usize,
    now: Now,
    done: Vec<bool>,
    /// The place and the number of writes that can be silent, the state, then a bit for each operation under way. It is
    /// flipped whenever an operation in its place is taken. An operation that returned has been taken, so the bit
    /// stands for the one that has not.
    key: Vec<u64>,
    furthest: usize,
    held: BTreeSet<State>,
}

impl<'m> Search<'m> {
    fn new(model: &'m Model, items: &[Item], limits: &Limits) -> Search<'m> {
        let kept = needed(model, items);
        let mut places = Vec::with_capacity(kept.len() * 2);
        for (operation, item) in (0..).zip(&kept) {
            places.push(Place { event: item.from, operation, is_return: false });
            places.extend(item.until.map(|event| Place { event, operation, is_return: true }));
        }
        places.sort_by_key(|place| place.event);
        let new = |item: &Item| Operation {
            does: item.does,
            only_sees: model.only_sees(item.does),
            optional: item.until.is_none(),
            behind: None,
            bit: 0,
            call: 0,
            returns: None,
        };
        let mut operations: Vec<Operation> = kept.iter().map(new).collect();
        let bits = lay_out(&mut operations, &places);
        let head = places.len() as u32;
        let width = 2 + bits.div_ceil(u64::BITS) as usize;
        let required = operations.iter().filter(|operation| !operation.optional);
        Search {
            model,
            left: required.clone().count(),
            reads_left: required.filter(|operation| operation.only_sees).count(),
            done: vec![false; operations.len()],
            operations,
            next: (0..head).map(|place| place + 1).chain([0]).collect(),
            previous: [head].into_iter().chain(0..head).collect(),
            places,
            seen: Seen::new(width, limits.memory),
            stack: Vec::new(),
            moves: Vec::new(),
            now: Now { state: 0, wanted: false, written: 0 },
            key: vec![0; width],
            furthest: 0,
            held: BTreeSet::new(),
        }
    }

    /// Searches from a state. Without a result nothing but the memory is changed.
    fn explore(&mut self, state: State) -> Explored {
        self.now = Now { state, wanted: false, written: 0 };
        loop {
            if let Some(operation) = self.forced() {
                self.take(Move { operation, silent: false }, self.moves.len());
                continue;
            }
            if self.left == 0 {
                return Explored::Order;
            }
            let mut base = self.moves.len();
            match self.arrive() {
                Inserted::Full => return Explored::Full,
                Inserted::New => self.add_moves(),
                Inserted::Known => {}
            }
            let next = loop {
                if self.moves.len() > base
                    && let Some(next) = self.moves.pop()
                {
                    break next;
                }
                let Some(before) = self.give_up() else { return Explored::Nothing };
                base = before;
            };
            self.take(next, base);
        }
    }

    /// The first place that is left; the head if there is none.
    fn first(&self) -> u32 {
        self.next[self.places.len()]
    }

    /// The first return that is left. There is one as long as something must happen.
    fn first_return(&self) -> u32 {
        let mut place = self.first();
        while !self.places[place as usize].is_return {
            place = self.next[place as usize];
        }
        place
    }

    /// The operations called before the first return that is left.
    fn callable(&self) -> impl Iterator<Item = u32> {
        let mut place = self.first();
        std::iter::from_fn(move || {
            let there = self.places.get(place as usize).filter(|there| !there.is_return)?;
            place = self.next[place as usize];
            Some(there.operation)
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
            self.held.insert(self.now.state);
        }
        // Which writes can be silent matters, and not since when. Places begin at 1, so that the word is not 0.
        let silent = self.callable().filter(|&operation| self.can_be_silent(operation)).count();
        self.key[0] =
            u64::from(place + 1) << 32 | (silent as u64) << 1 | u64::from(self.now.wanted);
        self.key[1] = self.now.state;
        self.seen.insert(&self.key)
    }

    /// An operation that must happen, leaves the state as it is, and is as good as any.
    fn forced(&self) -> Option<u32> {
        let Now { state, .. } = self.now;
        let is_lost = self.model.is_lost(state);
        self.callable().find(|&number| {
            let Operation { does, only_sees, optional, .. } = self.operations[number as usize];
            (only_sees || is_lost && !optional) && self.model.step(does, state) == Some(state)
        })
    }

    /// Adds the moves from a configuration that was not visited before, the best one last.
    fn add_moves(&mut self) {
        let due = self.places[self.first_return() as usize].operation;
        let base = self.moves.len();
        let callable: Vec<u32> = self.callable().collect();
        let others = callable.iter().copied().filter(|&number| number != due);
        let mut moves: Vec<Move> = others
            .filter(|&number| self.may_be_next(number, &callable))
            .map(|operation| Move { operation, silent: false })
            .collect();
        moves.reverse();
        let due_does = self.operations[due as usize].does;
        if !is_write(due_does) {
            // The most promising one leads to a state in which the operation that is due can happen.
            let leads = |&Move { operation, .. }: &Move| {
                let does = self.operations[operation as usize].does;
                let state = self.model.step(does, self.now.state);
                state.is_some_and(|state| self.model.step(due_does, state).is_some())
            };
            if let Some(place) = moves.iter().rposition(leads) {
                let promising = moves.remove(place);
                moves.push(promising);
            }
            if self.fits(due) {
                moves.push(Move { operation: due, silent: false });
            }
        } else if !self.now.wanted {
            let keeps = self.can_be_silent(due);
            let seen_first = keeps && self.needed_first(due_does);
            moves.push(Move { operation: due, silent: keeps && !seen_first });
            if keeps {
                moves.push(Move { operation: due, silent: seen_first });
                let last = moves.len() - 1;
                moves.swap(last - 1, last);
            }
        }
        debug_assert_eq!(base, self.moves.len());
        self.moves.append(&mut moves);
    }

    /// True if an operation that need not return yet may be next.
    fn may_be_next(&self, number: u32, callable: &[u32]) -> bool {
        let operation = &self.operations[number as usize];
        match operation.does {
            Does::Sets(state) => {
                let needs = |&other: &u32| {
                    let does = self.operations[other as usize].does;
                    other != number && !is_write(does) && self.model.step(does, state).is_some()
                };
                let useless = operation.optional && state == self.now.state;
                !(self.now.wanted || useless)
                    && self.is_first_of_its_kind(operation)
                    && callable.iter().any(needs)
            }
            Does::Sees(_) | Does::Swaps(..) | Does::Other(_) => self.fits(number),
        }
    }

    /// True if an operation other than a write can happen, and is of use.
    fn fits(&self, number: u32) -> bool {
        let operation = &self.operations[number as usize];
        let Some(state) = self.model.step(operation.does, self.now.state) else { return false };
        let useless = match operation.optional {
            true => state == self.now.state || !self.is_first_of_its_kind(operation),
            false => false,
        };
        !useless && !(self.model.is_lost(state) && (operation.optional || self.reads_left > 0))
    }

    fn is_first_of_its_kind(&self, operation: &Operation) -> bool {
        operation.behind.is_none_or(|first| self.done[first as usize])
    }

    /// True for a write that must happen and may be put before the last one that was taken.
    fn can_be_silent(&self, number: u32) -> bool {
        let operation = &self.operations[number as usize];
        is_write(operation.does) && !operation.optional && operation.call < self.now.written
    }

    /// True if the value of this write is needed before the value that the register holds, as far as one looks.
    fn needed_first(&self, write: Does) -> bool {
        let Some(made) = self.model.step(write, self.now.state) else { return false };
        let mut place = self.first();
        for _ in 0..AHEAD {
            let Some(there) = self.places.get(place as usize) else { return false };
            let does = self.operations[there.operation as usize].does;
            if !there.is_return && !is_write(does) {
                if self.model.step(does, self.now.state).is_some() {
                    return false;
                }
                if self.model.step(does, made).is_some() {
                    return true;
                }
            }
            place = self.next[place as usize];
        }
        false
    }

    fn take(&mut self, Move { operation: number, silent }: Move, moves: usize) {
        self.stack.push(Taken { operation: number, before: self.now, moves });
        let Operation { does, only_sees, optional, bit, call, returns, .. } =
            self.operations[number as usize];
        if !silent {
            let first_return = self.first_return();
            let is_early = is_write(does) && returns != Some(first_return);
            self.now.state = self.model.step(does, self.now.state).unwrap_or(self.now.state);
            self.now.wanted = optional || is_early;
            if is_write(does) {
                self.now.written = first_return;
            }
        }
        self.left -= usize::from(!optional);
        self.reads_left -= usize::from(!optional && only_sees);
        self.done[number as usize] = true;
        self.turn(bit);
        for place in [Some(call), returns].into_iter().flatten() {
            let (before, after) = (self.previous[place as usize], self.next[place as usize]);
            self.next[before as usize] = after;
            self.previous[after as usize] = before;
        }
    }

    /// Puts back the operation that was taken last. Returns the place from which on the moves are alternatives to it,
    /// or `None` if none was taken.
    fn give_up(&mut self) -> Option<usize> {
        let Taken { operation, before, moves } = self.stack.pop()?;
        let Operation { only_sees, optional, bit, call, returns, .. } =
            self.operations[operation as usize];
        self.now = before;
        self.left += usize::from(!optional);
        self.reads_left += usize::from(!optional && only_sees);
        self.done[operation as usize] = false;
        self.turn(bit);
        // In the opposite order, so that each finds its neighbours.
        for place in [returns, Some(call)].into_iter().flatten() {
            let (before, after) = (self.previous[place as usize], self.next[place as usize]);
            self.next[before as usize] = place;
            self.previous[after as usize] = place;
        }
        Some(moves)
    }

    fn turn(&mut self, bit: u32) {
        self.key[2 + (bit / u64::BITS) as usize] ^= 1 << (bit % u64::BITS);
    }
}

/// True if an operation makes a state without needing one.
fn is_write(does: Does) -> bool {
    match does {
        Does::Sets(_) => true,
        Does::Sees(_) | Does::Swaps(..) | Does::Other(_) => false,
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
            operation.behind = alike.insert(operation.does, place.operation);
        }
    }
    bits
}
