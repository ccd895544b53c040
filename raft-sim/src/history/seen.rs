//! The configurations that a search has visited: a set of keys that never takes more memory than its limit.
//!
//! A table of our own, so that its size is known to the byte. No result depends on its order.

use crate::mix::mix;

/// The least number of places. At most half of the places are taken.
const LEAST: usize = 64;

/// A set of keys, each of the same number of words, none of which begins with a zero.
pub(super) struct Seen {
    /// Words in a key.
    width: usize,
    /// The places, of `width` words each; their number is a power of two. A zero at the beginning is an empty place.
    words: Vec<u64>,
    /// Keys in the set.
    count: usize,
    /// The largest number of words.
    most: usize,
}

/// The result of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    /// It is new.
    New,
    /// It was there.
    Known,
    /// It is new, and there is no memory for it.
    Full,
}

impl Seen {
    /// An empty set for keys of `width` words, of at most `memory` bytes while it grows, but room for a few keys.
    pub(super) fn new(width: usize, memory: usize) -> Seen {
        // While it grows, the old places and the new are there: half as much again.
        let most = memory / size_of::<u64>() / 3 * 2;
        Seen { width, words: vec![0; LEAST * width], count: 0, most }
    }

    /// Keys in the set.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn insert(&mut self, key: &[u64]) -> Inserted {
        let place = self.place(key);
        if self.words[place] != 0 {
            return Inserted::Known;
        }
        if (self.count + 1) * 2 <= self.words.len() / self.width {
            self.words[place..place + self.width].copy_from_slice(key);
            self.count += 1;
            return Inserted::New;
        }
        if self.words.len() * 2 > self.most {
            return Inserted::Full;
        }
        self.grow();
        self.insert_new(key);
        self.count += 1;
        Inserted::New
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.words);
        self.words = vec![0; old.len() * 2];
        for key in old.chunks_exact(self.width).filter(|key| key[0] != 0) {
            self.insert_new(key);
        }
    }

    fn insert_new(&mut self, key: &[u64]) {
        let place = self.place(key);
        self.words[place..place + self.width].copy_from_slice(key);
    }

    /// The place of the key, or the empty place where it belongs.
    fn place(&self, key: &[u64]) -> usize {
        let mask = self.words.len() / self.width - 1;
        let mut at = key.iter().fold(0, |state, &word| mix(state, word)) as usize & mask;
        loop {
            let place = at * self.width;
            let there = &self.words[place..place + self.width];
            if there[0] == 0 || there == key {
                return place;
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_known_while_it_grows() {
        let mut seen = Seen::new(2, 1 << 20);
        for number in 0..1_000 {
            assert_eq!(seen.insert(&[1 + number % 7, number]), Inserted::New);
            assert_eq!(seen.insert(&[1, 0]), Inserted::Known);
        }
        assert_eq!(seen.count(), 1_000);
        assert!((0..1_000).all(|number| seen.insert(&[1 + number % 7, number]) == Inserted::Known));
    }

    #[test]
    fn it_is_full_before_it_takes_more_than_it_may() {
        let memory = 30_000;
        let mut seen = Seen::new(3, memory);
        let taken = (1..).take_while(|&number| seen.insert(&[number; 3]) == Inserted::New).count();
        assert_eq!(taken, seen.count());
        assert!(seen.words.len() * 8 * 3 / 2 <= memory, "with the half of it that was before");
        assert!(taken * 3 * 8 * 8 > memory, "and not much before: {taken}");
        assert_eq!(seen.insert(&[1; 3]), Inserted::Known);
        assert_eq!(seen.insert(&[u64::MAX; 3]), Inserted::Full);
    }
}
