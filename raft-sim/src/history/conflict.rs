//! Contradictions that need no search, on a register that is read, written and compared.
//!
//! An operation that *needs* a value finds it in the register, and some write of that value came before. The *window*
//! of that write is known: it begins when the last operation begins that shows another value and is over before the
//! needing one begins, and ends when the needing one ends. If no write of the value is under way in the window the
//! history is illegal: one read alone shows it.
//!
//! Two needs of a value are *apart* if it was replaced in between: an operation that shows another value lies between
//! them, or both compare and set. Needs that are apart from each other need as many writes. So each gets a write of
//! its own that is under way in its window, or the history is illegal.
//!
//! Both take n log n steps. A history without such a contradiction can be illegal all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Item, NOTHING, Register, State};
use super::needed::states;

const NEVER: usize = usize::MAX;

/// Operations that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    /// Their places: of those that need the value, of those that show that it had been replaced, and of the writes of
    /// the value that count.
    pub places: Vec<usize>,
    /// The value that one of them needs and no operation can have written by then; `None` if several need more writes of it
    /// than there are.
    pub value: Option<State>,
    /// The event from which on operations count; `None` means all.
    pub from: Option<usize>,
}

/// An operation that needs a value. Times are events, from 1 on; 0 is before all.
#[derive(Clone, Copy)]
struct Need {
    item: usize,
    end: usize,
    /// The last operation that shows another value and is over before this begins: its beginning, and the item.
    other: Option<(usize, usize)>,
    /// True if the operation replaces the value.
    replaces: bool,
}

/// A write of a value; the empty register has one before all else that is no item.
#[derive(Clone, Copy)]
struct Write {
    item: Option<usize>,
    begin: usize,
    end: usize,
}

/// The needs of a value and the writes of it, in the order of their beginnings.
#[derive(Default)]
struct OfValue {
    needs: Vec<Need>,
    writes: Vec<Write>,
}

/// A contradiction among the operations of a register, if there is one that needs no search.
pub(super) fn conflict(register: &Register) -> Option<Conflict> {
    if !register.model.is_plain() {
        return None;
    }
    let placed = register.items.iter().enumerate();
    let (places, items): (Vec<usize>, Vec<Item>) =
        placed.filter_map(|(place, item)| Some((place, (*item)?))).unzip();
    let of_values = by_value(&items);
    if let Some(need) = first_unwritten(&of_values) {
        let other = need.other.map(|(_, item)| item);
        let from = other.map(|other| items[other].from);
        let conflict = other.into_iter().chain([need.item]);
        let places = conflict.map(|item| places[item]).collect();
        return Some(Conflict { places, value: states(items[need.item].does).0, from });
    }
    of_values.values().find_map(|of_value| {
        let apart = of_value.apart().into_iter().find(|needs| !of_value.suffices(needs))?;
        let others = apart.iter().filter_map(|need| need.other.map(|(_, item)| item));
        let needs = apart.iter().map(|need| need.item);
        let writes = of_value.writes.iter().filter_map(|write| write.item);
        let conflict = others.chain(needs).chain(writes);
        let places = conflict.map(|item| places[item]).collect();
        Some(Conflict { places, value: None, from: None })
    })
}

/// Tells if these items of a register that is read, written and compared contradict each other.
pub(super) fn is_in_conflict(items: &[Item]) -> bool {
    let of_values = by_value(items);
    let suffice =
        |of_value: &OfValue| of_value.apart().iter().all(|needs| of_value.suffices(needs));
    first_unwritten(&of_values).is_some() || !of_values.values().all(suffice)
}

/// Of the operations that need a value that no operation can have written by then, the one that ends first.
fn first_unwritten(of_values: &BTreeMap<State, OfValue>) -> Option<Need> {
    let unwritten = of_values.values().filter_map(OfValue::unwritten);
    unwritten.min_by_key(|need| need.end)
}

/// All needs and writes by value.
fn by_value(items: &[Item]) -> BTreeMap<State, OfValue> {
    let mut of_values: BTreeMap<State, OfValue> = BTreeMap::new();
    // The empty register counts as a write before all else.
    of_values.entry(NOTHING).or_default().writes.push(Write { item: None, begin: 0, end: 0 });
    let mut order: Vec<(usize, bool, usize)> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        order.push((item.from + 1, false, place));
        order.extend(item.until.map(|until| (until + 1, true, place)));
    }
    order.sort_unstable();
    let mut over = Over::default();
    for (_, is_end, place) in order {
        let Item { does, from, until } = items[place];
        let (needs, makes) = states(does);
        let (begin, end) = (from + 1, until.map_or(NEVER, |until| until + 1));
        if is_end {
            over.add(begin, place, needs.xor(makes));
            continue;
        }
        if let (Some(state), true) = (needs, end < NEVER) {
            let other = over.other_than(state);
            let need = Need { item: place, end, other, replaces: makes.is_some() };
            of_values.entry(state).or_default().needs.push(need);
        }
        if let Some(state) = makes {
            of_values.entry(state).or_default().writes.push(Write {
                item: Some(place),
                begin,
                end,
            });
        }
    }
    of_values
}

/// The operations that are over: of those that show a value, the last to begin, and the last that shows another. One
/// that replaces a value by another shows any to be replaced.
#[derive(Default)]
struct Over {
    last: Option<(usize, usize, Option<State>)>,
    before: Option<(usize, usize, Option<State>)>,
}

impl Over {
    fn add(&mut self, begin: usize, item: usize, shows: Option<State>) {
        let this = Some((begin, item, shows));
        let value = |of: Option<(usize, usize, Option<State>)>| of.map(|(_, _, shows)| shows);
        if this > self.last {
            if value(self.last) != Some(shows) {
                self.before = self.last;
            }
            self.last = this;
        } else if value(self.last) != Some(shows) && this > self.before {
            self.before = this;
        }
    }

    /// The last to begin that shows a value other than this.
    fn other_than(&self, state: State) -> Option<(usize, usize)> {
        let shows_other = |&&(_, _, shows): &&(usize, usize, Option<State>)| shows != Some(state);
        let last = self.last.iter().find(|of| shows_other(of)).or(self.before.as_ref());
        last.map(|&(begin, item, _)| (begin, item))
    }
}

impl Need {
    /// The time when the window begins, if anything shows that it does.
    fn since(&self) -> Option<usize> {
        self.other.map(|(begin, _)| begin)
    }
}

impl OfValue {
    /// The first need without any write in its window.
    fn unwritten(&self) -> Option<Need> {
        // Of the writes that begin before a need ends, the last to end decides. They are in the order of beginnings.
        let mut latest = 0;
        let ends: Vec<usize> = self
            .writes
            .iter()
            .map(|write| {
                latest = latest.max(write.end);
                latest
            })
            .collect();
        let admitted = |need: &&Need| {
            let begun = self.writes.partition_point(|write| write.begin < need.end);
            begun.checked_sub(1).is_some_and(|last| Some(ends[last]) > need.since())
        };
        let need = self.needs.iter().filter(|need| !admitted(need)).min_by_key(|need| need.end)?;
        // Without any write before its end it needs nothing else to be illegal.
        let is_written = self.writes.iter().any(|write| write.begin < need.end);
        Some(Need { other: need.other.filter(|_| is_written), ..*need })
    }

    /// Sets of needs that are apart from each other: those that replace the value, and as many as time alone tells
    /// apart.
    fn apart(&self) -> [Vec<Need>; 2] {
        let replace = self.needs.iter().filter(|need| need.replaces).copied().collect();
        let mut by_end = self.needs.clone();
        by_end.sort_by_key(|need| need.end);
        let mut in_time: Vec<Need> = Vec::new();
        for need in by_end {
            if in_time.last().is_none_or(|last| Some(last.end) < need.since()) {
                in_time.push(need);
            }
        }
        [replace, in_time]
    }

    /// True if each of these needs can have a write of its own. Whatever ends first is matched with the one that ends
    /// first of those under way then: all that are left end later, so that one has the fewest partners.
    fn suffices(&self, needs: &[Need]) -> bool {
        let mut times: Vec<(usize, bool, bool, usize)> = Vec::new();
        let mut add = |is_need, place, begin, end| {
            times.extend([(begin, false, is_need, place), (end, true, is_need, place)]);
        };
        for (place, need) in needs.iter().enumerate() {
            add(true, place, need.since().unwrap_or(0), need.end);
        }
        for (place, write) in self.writes.iter().enumerate() {
            add(false, place, write.begin, write.end);
        }
        times.sort_unstable();
        // Those under way without a partner, by their ends: writes, and needs.
        let mut open: [BTreeSet<(usize, usize)>; 2] = Default::default();
        let end_of = |is_need: bool, place: usize| match is_need {
            true => needs[place].end,
            false => self.writes[place].end,
        };
        for (time, is_end, is_need, place) in times {
            let (mine, partners) = (usize::from(is_need), usize::from(!is_need));
            if !is_end {
                open[mine].insert((end_of(is_need, place), place));
            } else if open[mine].remove(&(time, place))
                && open[partners].pop_first().is_none()
                && is_need
            {
                return false;
            }
        }
        true
    }
}
