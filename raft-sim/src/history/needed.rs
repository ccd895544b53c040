//! The effects of operations on a register that is read, written and compared, and the operations that have none.

use std::collections::BTreeSet;

use super::model::{Does, Item, Model, State};

/// The items without optional ones that have no visible effect.
pub(super) fn needed(model: &Model, items: &[Item]) -> Vec<Item> {
    let mut kept: Vec<Item> = items.to_vec();
    kept.retain(|item| item.until.is_some() || !model.only_sees(item.does));
    // What else an operation makes of a state is not known before.
    while model.is_plain() {
        let before = kept.len();
        let read: BTreeSet<State> = kept.iter().filter_map(|item| states(item.does).0).collect();
        kept.retain(|item| {
            item.until.is_some() || states(item.does).1.is_some_and(|made| read.contains(&made))
        });
        if kept.len() == before {
            break;
        }
    }
    kept
}

/// The state that an operation needs, and the state that it makes, on a register that is read, written and compared.
pub(super) fn states(does: Does) -> (Option<State>, Option<State>) {
    match does {
        Does::Sees(state) => (Some(state), None),
        Does::Sets(state) => (None, Some(state)),
        Does::Swaps(old, new) => (Some(old), Some(new)),
        Does::Other(_) => (None, None),
    }
}
