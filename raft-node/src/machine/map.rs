//! An ordered map that can be frozen: a copy of it takes little time and memory, since it shares its leaves with the
//! original until one of them is changed.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Entries of a leaf, at most.
const LEAF: usize = 256;

/// A map from `K` to `V`, in the order of `K`.
///
/// Leaves are sorted and none is empty. Each is found under a key that is no greater than its own ones and greater than all
/// before; the first under any.
#[derive(Clone, Debug)]
pub(super) struct Map<K, V> {
    leaves: BTreeMap<K, Arc<Vec<(K, V)>>>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Map<K, V> {
        Map { leaves: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    /// The value of a key.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let (_, leaf) = self.leaves.range(..=key).next_back()?;
        let at = leaf.binary_search_by(|(held, _)| held.cmp(key)).ok()?;
        leaf.get(at).map(|(_, value)| value)
    }

    /// Sets the value of a key; returns the one that it had.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let home = self.leaves.range(..=&key).next_back().or_else(|| self.leaves.iter().next());
        let Some(name) = home.map(|(name, _)| name.clone()) else {
            self.leaves.insert(key.clone(), Arc::new(vec![(key, value)]));
            return None;
        };
        // A key before all others gives the first leaf its name.
        let name = if key < name {
            let leaf = self.leaves.remove(&name)?;
            self.leaves.insert(key.clone(), leaf);
            key.clone()
        } else {
            name
        };
        let leaf = Arc::make_mut(self.leaves.get_mut(&name)?);
        match leaf.binary_search_by(|(held, _)| held.cmp(&key)) {
            Ok(at) => Some(std::mem::replace(&mut leaf[at].1, value)),
            Err(at) => {
                let split = LEAF / 2;
                if leaf.len() < LEAF {
                    leaf.insert(at, (key, value));
                } else if at == LEAF {
                    // Keys that come in order fill their leaves.
                    self.leaves.insert(key.clone(), Arc::new(vec![(key, value)]));
                } else {
                    let mut upper = leaf.split_off(split);
                    if at <= split {
                        leaf.insert(at, (key, value));
                    } else {
                        upper.insert(at - split, (key, value));
                    }
                    self.leaves.insert(upper[0].0.clone(), Arc::new(upper));
                }
                None
            }
        }
    }

    /// Removes a key; returns its value.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (name, leaf) = self.leaves.range_mut(..=key).next_back()?;
        let at = leaf.binary_search_by(|(held, _)| held.cmp(key)).ok()?;
        let leaf = Arc::make_mut(leaf);
        let (_, value) = leaf.remove(at);
        if leaf.is_empty() {
            let name = name.clone();
            self.leaves.remove(&name);
        }
        Some(value)
    }

    /// The entries from a key on, in order.
    pub(super) fn from<'a>(&'a self, begin: Bound<&'a K>) -> impl Iterator<Item = &'a (K, V)> {
        let name = match begin {
            Bound::Included(key) | Bound::Excluded(key) => {
                self.leaves.range(..=key).next_back().map(|(name, _)| name)
            }
            Bound::Unbounded => None,
        };
        let leaves = (name.map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded);
        let before = move |(key, _): &&(K, V)| match begin {
            Bound::Included(begin) => key < begin,
            Bound::Excluded(begin) => key <= begin,
            Bound::Unbounded => false,
        };
        let entries = self.leaves.range::<K, _>(leaves).flat_map(|(_, leaf)| leaf.iter());
        entries.skip_while(before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It does what a map of the standard library does, and a copy keeps what it has.
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((any::<bool>(), 0..2_000_u32), 0..3_000)) {
            let (mut map, mut model) = (Map::default(), BTreeMap::new());
            let mut kept = None;
            for (nth, (insert, key)) in steps.iter().enumerate() {
                if nth == steps.len() / 2 {
                    kept = Some((map.clone(), model.clone()));
                }
                if *insert {
                    prop_assert_eq!(map.insert(*key, nth), model.insert(*key, nth));
                } else {
                    prop_assert_eq!(map.remove(key), model.remove(key));
                }
                prop_assert_eq!(map.get(key), model.get(key));
            }
            for (map, model) in kept.into_iter().chain([(map, model)]) {
                for begin in [Bound::Unbounded, Bound::Included(&777), Bound::Excluded(&777)] {
                    let found: Vec<_> = map.from(begin).copied().collect();
                    let expected: Vec<_> =
                        model.range((begin, Bound::Unbounded)).map(|(key, value)| (*key, *value)).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
