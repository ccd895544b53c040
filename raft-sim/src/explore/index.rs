//! A map from numbers to numbers, for the inner loop.

use crate::mix::mix;

/// No key.
const FREE: u64 = u64::MAX;

/// A map from numbers of 64 bits, all but the largest, to ones of 32: a table with open addresses.
pub(super) struct Index {
    keys: Vec<u64>,
    values: Vec<u32>,
    len: usize,
}

impl Index {
    pub(super) fn new() -> Index {
        Index { keys: vec![FREE; 1 << 12], values: vec![0; 1 << 12], len: 0 }
    }

    /// The place of a key, or the free place where it belongs.
    #[inline]
    fn place(keys: &[u64], key: u64) -> usize {
        let mask = keys.len() - 1;
        let mut place = mix(0, key) as usize & mask;
        while keys[place] != key && keys[place] != FREE {
            place = (place + 1) & mask;
        }
        place
    }

    #[inline]
    pub(super) fn get(&self, key: u64) -> Option<u32> {
        let place = Index::place(&self.keys, key);
        (self.keys[place] == key).then(|| self.values[place])
    }

    pub(super) fn insert(&mut self, key: u64, value: u32) {
        if self.len * 2 >= self.keys.len() {
            self.grow();
        }
        let place = Index::place(&self.keys, key);
        self.len += usize::from(self.keys[place] == FREE);
        (self.keys[place], self.values[place]) = (key, value);
    }

    #[cold]
    fn grow(&mut self) {
        let size = self.keys.len() * 2;
        let keys = std::mem::replace(&mut self.keys, vec![FREE; size]);
        let values = std::mem::replace(&mut self.values, vec![0; size]);
        for (key, value) in std::iter::zip(keys, values).filter(|(key, _)| *key != FREE) {
            let place = Index::place(&self.keys, key);
            (self.keys[place], self.values[place]) = (key, value);
        }
    }
}
