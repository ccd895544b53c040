//! Explanations of illegal histories: the shortest illegal beginning, and a few operations that are illegal by
//! themselves.
//!
//! An operation that is left out of an explanation is not removed: without a write, a read of its value would look
//! like an error. It is set free instead: it may happen at any time or never. What remains illegal then rests on the
//! operations that were not set free.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::conflict::{Conflict, conflict, is_in_conflict};
use super::model::{Item, NOTHING, Register, State};
use super::needed::states;
use super::operation::of_key;
use super::reason::reason;
use super::search::{Found, search};
use super::zones::{Zones, zones};
use super::{History, Key, Limits, Operation, Outcome};

/// The memory limit of a search that is one of many.
const LITTLE: Limits = Limits { memory: 1 << 20 };

/// The largest number of searches for the operations of an explanation.
const SEARCHES: usize = 500;

/// The reason why a history is illegal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The register. If several are illegal, the one that is illegal first.
    pub key: Option<Key>,
    /// The shortest beginning of the history that is illegal, as a number of events. Operations under way at its end
    /// may happen at any time.
    pub events: usize,
    /// Operations that can't be put in an order, whatever the others do, in the order of their invocations. If the
    /// search is not too long, none can be left out. One that failed or came before may be added, to show whose value
    /// was read.
    pub operations: Vec<Operation>,
    /// The error, as a sentence without a full stop.
    pub reason: String,
}

/// Explains the register that is illegal first. Each of these registers was judged to have no order with its event.
pub(super) fn first_of(
    history: &History,
    mut illegal: Vec<(usize, Option<Key>)>,
    limits: &Limits,
) -> Option<Explanation> {
    illegal.sort();
    let mut first: Option<(usize, Option<Key>)> = None;
    for (at, key) in illegal {
        if first.as_ref().is_some_and(|(events, _)| *events <= at + 1) {
            break;
        }
        let events = shortest(history, &key, at, limits);
        if first.as_ref().is_none_or(|(least, _)| events < *least) {
            first = Some((events, key));
        }
    }
    first.map(|(events, key)| explain(history, events, key))
}

/// Explains why the first `events` events have no order on this register.
fn explain(history: &History, events: usize, key: Option<Key>) -> Explanation {
    let register = Register::new(of_key(&history.events()[..events], &key));
    let (core, held) = match zones(&register.model, &register.until(events)) {
        Zones::Conflict(values) => Part::of(Part::on(&register, &values)).core(),
        Zones::Order | Zones::Unclear => match conflict(&register) {
            Some(conflict) => Part::between(&register, &conflict).core_or_all(),
            None => Part::of(Part::all(&register, events)).core(),
        },
    };
    let held = held.into_iter().map(|state| register.model.held(state)).collect();
    let (reason, context) = reason(&register.operations, &core, &held);
    let mut shown = core;
    shown.extend(context);
    shown.sort_by_key(|operation| operation.invoked);
    Explanation { key, events, operations: shown, reason }
}

/// Tells if there is an order of the operations of a register.
///
/// Contradictions that need no search come first. The search has one dead end for each order of what came before a
/// contradiction. So if it finds nothing soon, the end of the part without an order is searched, as if anything could
/// have come before. As a rule that has no order either, and the second search takes no time.
pub(super) fn judge(register: &Register, limits: &Limits) -> Found {
    let model = &register.model;
    let last = register.operations.iter().filter_map(Operation::completed).max();
    let end = last.map_or(0, |last| last + 1);
    let all = register.until(usize::MAX);
    let little = Limits { memory: limits.memory.min(LITTLE.memory) };
    match zones(model, &all) {
        Zones::Order => return Found::Order,
        Zones::Conflict(_) => {
            let illegal = |events: usize| match zones(model, &register.until(events)) {
                Zones::Conflict(_) => true,
                Zones::Order | Zones::Unclear => false,
            };
            return Found::None { at: first(0, end, illegal) - 1, held: BTreeSet::new() };
        }
        Zones::Unclear => {}
    }
    if conflict(register).is_some() {
        let illegal = |events: usize| is_in_conflict(&register.until(events));
        let at = first(0, end, illegal) - 1;
        // Something may have been wrong before.
        return match search(model, &register.until(at), &[NOTHING], &little) {
            found @ Found::None { .. } => found,
            Found::Order | Found::Unknown { .. } => Found::None { at, held: BTreeSet::new() },
        };
    }
    let found = search(model, &all, &[NOTHING], &little);
    let Found::Unknown { at, .. } = found else { return found };
    match Part::all(register, at + 1).end() {
        Some(_) => Found::None { at, held: BTreeSet::new() },
        None => search(model, &all, &[NOTHING], limits),
    }
}

/// The number of events that are illegal. The judgement leaves out operations that fail. Until the failure is
/// reported they may still happen, so that more events may be needed.
fn shortest(history: &History, key: &Option<Key>, at: usize, limits: &Limits) -> usize {
    let illegal = |events: usize| {
        let operations = of_key(&history.events()[..events], key);
        is_none(&judge(&Register::new(operations), limits))
    };
    if illegal(at + 1) {
        return at + 1;
    }
    first(at + 1, history.events().len(), illegal)
}

fn is_none(found: &Found) -> bool {
    match found {
        Found::None { .. } => true,
        Found::Order | Found::Unknown { .. } => false,
    }
}

/// The part of a register's operations that is searched.
struct Part<'r> {
    register: &'r Register,
    /// The items that are part of it, by the places of their operations.
    items: Vec<Option<Item>>,
    /// The event from which on operations count, with any value that the register held by then; `None` means all
    /// operations, on a register that held nothing at first.
    from: Option<usize>,
    /// The candidates, by their places, the last completed first.
    candidates: Vec<usize>,
}

impl<'r> Part<'r> {
    /// All operations as known after the first `events` events.
    fn all(register: &'r Register, events: usize) -> Part<'r> {
        let items = register.items.iter().map(|item| item.and_then(|item| item.cut(events)));
        Part { register, items: items.collect(), from: None, candidates: Vec::new() }.ordered()
    }

    /// The operations on these values.
    fn on(register: &'r Register, values: &[State]) -> Part<'r> {
        let mut part = Part::all(register, usize::MAX);
        for item in &mut part.items {
            *item = item.filter(|item| {
                let (needs, makes) = states(item.does);
                [needs, makes].into_iter().flatten().any(|state| values.contains(&state))
            });
        }
        part.ordered()
    }

    /// The operations of a conflict.
    fn between(register: &'r Register, conflict: &Conflict) -> Part<'r> {
        let mut all = Part::all(register, usize::MAX);
        let mut candidates = all.candidates.clone();
        candidates.retain(|place| conflict.places.contains(place));
        if let Some(value) = conflict.value {
            // Nothing but a write of the value can help.
            for (place, item) in all.items.iter_mut().enumerate() {
                let writes = |item: &Item| states(item.does).1 == Some(value);
                *item = item.filter(|item| writes(item) || candidates.contains(&place));
            }
        }
        Part { from: conflict.from, candidates, ..all }
    }

    /// The same with all its items as candidates.
    fn ordered(mut self) -> Part<'r> {
        self.candidates =
            (0..self.items.len()).filter(|&place| self.items[place].is_some()).collect();
        // An unknown operation never completes, so it comes last.
        let items = &self.items;
        self.candidates.sort_by_key(|&place| {
            let (from, until) = items[place].map_or((0, None), |item| (item.from, item.until));
            (until.is_none(), Reverse(until.unwrap_or(from)))
        });
        self
    }

    /// A small part of illegal operations that is illegal by itself.
    fn of(all: Part<'r>) -> Part<'r> {
        all.source().or_else(|| all.end()).unwrap_or(all)
    }

    /// All operations on the value of the last completed operation, if they are illegal: it was read before it was
    /// written, or was never written.
    fn source(&self) -> Option<Part<'r>> {
        let operations = &self.register.operations;
        let last = operations.iter().max_by_key(|operation| operation.completed())?;
        let value = match last.outcome {
            Outcome::Failed(_) => last.call.makes(),
            Outcome::Ok(_) | Outcome::Unknown => last.call.needs(),
        }?;
        let candidates = self.candidates.iter().copied().filter(|&place| {
            let call = &operations[place].call;
            call.needs() == Some(value) || call.makes() == Some(value)
        });
        let part = self.with(self.from, candidates.collect());
        is_none(&part.search(&part.candidates)).then_some(part)
    }

    /// The same items with another beginning and other candidates.
    fn with(&self, from: Option<usize>, candidates: Vec<usize>) -> Part<'r> {
        Part { register: self.register, items: self.items.clone(), from, candidates }
    }

    /// The shortest end that is illegal, whatever the register held at its beginning. If there are too many states it
    /// is not looked for.
    fn end(&self) -> Option<Part<'r>> {
        if !self.register.model.is_plain() {
            return None;
        }
        let mut invoked: Vec<usize> = self.items.iter().flatten().map(|item| item.from).collect();
        invoked.reverse();
        let last = |count: usize| {
            let from = invoked[count - 1];
            let since = |place: &usize| self.items[*place].is_some_and(|item| item.from >= from);
            let candidates = self.candidates.iter().copied().filter(since);
            self.with(Some(from), candidates.collect())
        };
        let illegal = |count: usize| {
            let part = last(count);
            is_none(&part.search(&part.candidates))
        };
        // The last 1, 2, 4, … of them until they are illegal, then the smallest number between.
        let mut known = 1.min(invoked.len());
        while known == 0 || !illegal(known) {
            if known == invoked.len() {
                return None;
            }
            known = (known * 2).min(invoked.len());
        }
        Some(last(first(known / 2, known, illegal)))
    }

    /// The same as [`Part::core`], or all candidates if it takes too long a search to see that they are illegal.
    fn core_or_all(&self) -> (Vec<Operation>, BTreeSet<State>) {
        if is_none(&self.search(&self.candidates)) {
            return self.core();
        }
        let operations = &self.register.operations;
        let all = self.candidates.iter().map(|&place| operations[place].clone());
        (all.collect(), BTreeSet::new())
    }

    /// Operations that are illegal with all others set free, and the values that the register can hold by their end.
    /// None of them could be set free as well, unless that takes too long a search.
    fn core(&self) -> (Vec<Operation>, BTreeSet<State>) {
        let mut kept: Vec<usize> = Vec::new();
        let mut most = self.candidates.len();
        let mut searches = 0;
        // With the first `most` candidates it is illegal. One by one, the last candidate that is needed is found: the
        // first candidates up to it are illegal, and those before it are not.
        let held = loop {
            if let Found::None { held, .. } = self.search(&kept) {
                break held;
            }
            if most == 0 || searches > SEARCHES {
                kept.extend(&self.candidates[..most]);
                break match self.search(&kept) {
                    Found::None { held, .. } => held,
                    Found::Order | Found::Unknown { .. } => BTreeSet::new(),
                };
            }
            let illegal = |count: usize| {
                searches += 1;
                is_none(&self.search(&[&kept, &self.candidates[..count]].concat()))
            };
            most = first(0, most, illegal) - 1;
            kept.push(self.candidates[most]);
        };
        let operations = &self.register.operations;
        (kept.into_iter().map(|place| operations[place].clone()).collect(), held)
    }

    /// Searches for an order in which these are as they were, and all others free.
    fn search(&self, kept: &[usize]) -> Found {
        let from = self.from.unwrap_or(0);
        let mut is_kept = vec![false; self.items.len()];
        for &place in kept {
            is_kept[place] = true;
        }
        let items: Vec<Item> = self
            .items
            .iter()
            .zip(is_kept)
            .filter_map(|(item, is_kept)| {
                let item = (*item)?;
                let over = item.until.is_some_and(|until| until < from);
                let free = Item { from, until: None, ..item };
                (!over).then_some(if is_kept { item } else { free })
            })
            .collect();
        let mut initial: BTreeSet<State> = match self.from {
            None => BTreeSet::new(),
            // A value that no operation needs is as good as any other.
            Some(_) => items.iter().filter_map(|item| states(item.does).0).collect(),
        };
        if initial.is_empty() {
            initial.insert(NOTHING);
        }
        let initial: Vec<State> = initial.into_iter().collect();
        search(&self.register.model, &items, &initial, &LITTLE)
    }
}

/// The least number above `below` and up to `known` for which `so` is true. It must be true for `known`, and once
/// true for a number, for all above it.
fn first(below: usize, known: usize, mut so: impl FnMut(usize) -> bool) -> usize {
    let (mut below, mut known) = (below, known);
    while known - below > 1 {
        let middle = below.midpoint(known);
        if so(middle) {
            known = middle;
        } else {
            below = middle;
        }
    }
    known
}
