//! Explanations of illegal histories: the shortest illegal beginning, and a few operations that are illegal by
//! themselves.
//!
//! An operation that is left out of an explanation is not removed: without a write, a read of its value would look
//! like an error. It is set free instead: it may happen at any time or never. What remains illegal then rests on the
//! operations that were not set free.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::operation::{of_key, until};
use super::reason::reason;
use super::search::{Found, Item, Value, effect, search};
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
    let operations = of_key(&history.events()[..events], &key);
    let part_of = match zones(&items(&operations)) {
        Zones::Conflict(values) => {
            let on = |value: Option<Value>| value.is_some_and(|value| values.contains(&value));
            let mut some = operations.clone();
            some.retain(|one| on(effect(one.call).0) || on(effect(one.call).1));
            some
        }
        Zones::Order | Zones::Unclear => operations.clone(),
    };
    let (core, held) = Part::of(&part_of).core();
    let (reason, context) = reason(&operations, &core, &held);
    let mut shown = core;
    shown.extend(context);
    shown.sort_by_key(|operation| operation.invoked);
    Explanation { key, events, operations: shown, reason }
}

/// Tells if there is an order of the operations of a register.
///
/// The search has one dead end for each order of what came before the contradiction. So if it finds nothing soon, the
/// end of the part without an order is searched, as if anything could have come before. As a rule that has no order
/// either, and the second search takes no time.
pub(super) fn judge(operations: &[Operation], limits: &Limits) -> Found {
    let all = items(operations);
    match zones(&all) {
        Zones::Unclear => {}
        Zones::Order => return Found::Order,
        Zones::Conflict(_) => {
            let illegal = |events: usize| match zones(&items(&until(operations, events))) {
                Zones::Conflict(_) => true,
                Zones::Order | Zones::Unclear => false,
            };
            let last = operations.iter().filter_map(Operation::completed).max().unwrap_or_default();
            let at = first(0, last + 1, illegal) - 1;
            return Found::None { at, held: BTreeSet::new() };
        }
    }
    let little = Limits { memory: limits.memory.min(LITTLE.memory) };
    let found = search(&all, &[None], &little);
    let Found::Unknown { at, .. } = found else { return found };
    match Part::all(&until(operations, at + 1)).end() {
        Some(_) => Found::None { at, held: BTreeSet::new() },
        None => search(&all, &[None], limits),
    }
}

/// The number of events that are illegal. The judgement leaves out operations that fail. Until the failure is
/// reported they may still happen, so that more events may be needed.
fn shortest(history: &History, key: &Option<Key>, at: usize, limits: &Limits) -> usize {
    let illegal =
        |events: usize| is_none(&judge(&of_key(&history.events()[..events], key), limits));
    if illegal(at + 1) {
        return at + 1;
    }
    first(at + 1, history.events().len(), illegal)
}

fn items(operations: &[Operation]) -> Vec<Item> {
    operations.iter().filter_map(Operation::item).collect()
}

fn is_none(found: &Found) -> bool {
    match found {
        Found::None { .. } => true,
        Found::Order | Found::Unknown { .. } => false,
    }
}

/// The part of a register's operations that is searched.
struct Part<'o> {
    operations: &'o [Operation],
    /// The event from which on operations count, with any value that the register held by then; `None` means all
    /// operations, on a register that held nothing at first.
    from: Option<usize>,
    /// The candidates, by their places, the last completed first.
    candidates: Vec<usize>,
}

impl<'o> Part<'o> {
    /// All operations.
    fn all(operations: &'o [Operation]) -> Part<'o> {
        let mut candidates: Vec<usize> = (0..operations.len()).collect();
        candidates.retain(|&place| operations[place].item().is_some());
        // An unknown operation never completes, so it comes last.
        candidates.sort_by_key(|&place| {
            let Operation { invoked, .. } = operations[place];
            let completed = operations[place].completed();
            (completed.is_none(), Reverse(completed.unwrap_or(invoked)))
        });
        Part { operations, from: None, candidates }
    }

    /// A small part of illegal operations that is illegal by itself.
    fn of(operations: &'o [Operation]) -> Part<'o> {
        let all = Part::all(operations);
        all.source().or_else(|| all.end()).unwrap_or(all)
    }

    /// All operations on the value of the last completed operation, if they are illegal: it was read before it was
    /// written, or was never written.
    fn source(&self) -> Option<Part<'o>> {
        let last = self.operations.iter().max_by_key(|operation| operation.completed())?;
        let (needs, makes) = effect(last.call);
        let value = match last.outcome {
            Outcome::Failed(_) => makes,
            Outcome::Ok(_) | Outcome::Unknown => needs,
        }?;
        let candidates = self.candidates.iter().copied().filter(|&place| {
            let (needs, makes) = effect(self.operations[place].call);
            needs == Some(value) || makes == Some(value)
        });
        let part = Part { candidates: candidates.collect(), ..*self };
        is_none(&part.search(&part.candidates)).then_some(part)
    }

    /// The shortest end that is illegal, whatever the register held at its beginning.
    fn end(&self) -> Option<Part<'o>> {
        let invoked: Vec<usize> =
            self.operations.iter().rev().map(|operation| operation.invoked).collect();
        let last = |count: usize| {
            let from = invoked[count - 1];
            let mut candidates = self.candidates.clone();
            candidates.retain(|&place| self.operations[place].invoked >= from);
            Part { from: Some(from), candidates, ..*self }
        };
        let illegal = |count: usize| {
            let part = last(count);
            is_none(&part.search(&part.candidates))
        };
        // The last 1, 2, 4, … of them until they are illegal, then the smallest number between.
        let mut known = 1;
        while !illegal(known) {
            if known == invoked.len() {
                return None;
            }
            known = (known * 2).min(invoked.len());
        }
        Some(last(first(known / 2, known, illegal)))
    }

    /// Operations that are illegal with all others set free, and the values that the register can hold by their end.
    /// None of them could be set free as well, unless that takes too long a search.
    fn core(&self) -> (Vec<Operation>, BTreeSet<Value>) {
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
                break BTreeSet::new();
            }
            let illegal = |count: usize| {
                searches += 1;
                is_none(&self.search(&[&kept, &self.candidates[..count]].concat()))
            };
            most = first(0, most, illegal) - 1;
            kept.push(self.candidates[most]);
        };
        (kept.into_iter().map(|place| self.operations[place].clone()).collect(), held)
    }

    /// Searches for an order in which these are as they were, and all others free.
    fn search(&self, kept: &[usize]) -> Found {
        let from = self.from.unwrap_or(0);
        let mut is_kept = vec![false; self.operations.len()];
        for &place in kept {
            is_kept[place] = true;
        }
        let items: Vec<Item> = self
            .operations
            .iter()
            .zip(is_kept)
            .filter_map(|(operation, is_kept)| {
                let item = operation.item()?;
                let over = item.until.is_some_and(|until| until < from);
                let free = Item { from, until: None, ..item };
                (!over).then_some(if is_kept { item } else { free })
            })
            .collect();
        let initial = match self.from {
            None => BTreeSet::from([None]),
            // A value that no operation needs is as good as any other.
            Some(_) => items.iter().filter_map(|item| effect(item.call).0).collect(),
        };
        let initial: Vec<Value> = initial.into_iter().collect();
        search(&items, &initial, &LITTLE)
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
