//! A quick decision for registers on which each value is written once, without cas (Gibbons and Korach 1997).
//!
//! The value of an operation on such a register shows the write that it belongs to. The register holds a value from
//! its write to its last read, and never again. If one operation on the value ends before another begins, the
//! register certainly holds it between the first end and the last beginning: no other value can be there in that
//! time. Otherwise all of the value's operations are under way at some instant, and it suffices that one such instant
//! is free.

use std::collections::BTreeMap;

use super::model::{Item, Model, NOTHING, State};
use super::needed::{needed, states};

/// The result of a look at the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Zones {
    /// Some value is written twice, or by a cas: a search is needed.
    Unclear,
    /// There is an order.
    Order,
    /// There is none, even without all operations on other values.
    Conflict(Vec<State>),
}

/// All operations on one value. Times are events, from 1 on.
#[derive(Clone, Copy)]
struct Zone {
    /// The time when the first of them ends.
    first_end: usize,
    /// The time when the last of them begins.
    last_begin: usize,
    /// The time when the first read ends.
    read: usize,
    /// The time when the write begins, if there is one.
    write: Option<usize>,
}

const NEVER: usize = usize::MAX;
const EMPTY: Zone = Zone { first_end: NEVER, last_begin: 0, read: NEVER, write: None };

/// Tells if there is an order of these operations on a register that holds nothing at first.
pub(super) fn zones(model: &Model, items: &[Item]) -> Zones {
    if !model.is_plain() {
        return Zones::Unclear;
    }
    // The empty register counts as a write before all else.
    let nothing = Zone { first_end: 0, write: Some(0), ..EMPTY };
    let mut zones: BTreeMap<State, Zone> = BTreeMap::from([(NOTHING, nothing)]);
    for Item { does, from, until } in needed(model, items) {
        let (begin, end) = (from + 1, until.map_or(NEVER, |until| until + 1));
        let (needs, makes) = states(does);
        let value = match (needs, makes) {
            (Some(value), None) | (None, Some(value)) => value,
            (Some(_), Some(_)) | (None, None) => return Zones::Unclear,
        };
        let zone = zones.entry(value).or_insert(EMPTY);
        zone.first_end = zone.first_end.min(end);
        zone.last_begin = zone.last_begin.max(begin);
        if makes.is_none() {
            zone.read = zone.read.min(end);
        } else if zone.write.replace(begin).is_some() {
            return Zones::Unclear;
        }
    }
    let unwritten = |zone: &Zone| zone.write.is_none_or(|write| zone.read < write);
    if let Some((&value, _)) = zones.iter().find(|(_, zone)| unwritten(zone)) {
        return Zones::Conflict(vec![value]);
    }
    overlap(&zones).map_or(Zones::Order, |(one, other)| Zones::Conflict(vec![one, other]))
}

/// Two values that would have to be in the register at the same time.
fn overlap(zones: &BTreeMap<State, Zone>) -> Option<(State, State)> {
    let lasts = |zone: &Zone| zone.first_end < zone.last_begin;
    let mut lasting: Vec<(usize, usize, State)> = zones
        .iter()
        .filter(|(_, zone)| lasts(zone))
        .map(|(&value, zone)| (zone.first_end, zone.last_begin, value))
        .collect();
    lasting.sort_unstable();
    let mut neighbours = lasting.iter().zip(lasting.iter().skip(1));
    if let Some(((_, _, one), (_, _, other))) = neighbours.find(|(one, other)| other.0 < one.1) {
        return Some((*one, *other));
    }
    zones.iter().filter(|(_, zone)| !lasts(zone)).find_map(|(&value, zone)| {
        let before = lasting.partition_point(|&(begin, _, _)| begin < zone.last_begin);
        let &(_, end, other) = lasting.get(before.checked_sub(1)?)?;
        (zone.first_end < end).then_some((other, value))
    })
}
