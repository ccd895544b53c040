//! A table that only grows, and is read by several threads without a lock.

use std::sync::OnceLock;

/// The first segment has this many places, each further one twice as many as the one before.
const FIRST: usize = 1 << 10;
/// Enough segments for all numbers of 32 bits.
const SEGMENTS: usize = 23;

/// A table that only grows. A number that was given out stays that of its element.
pub(super) struct Arena<T> {
    segments: [OnceLock<Box<[OnceLock<T>]>>; SEGMENTS],
}

impl<T> Arena<T> {
    pub(super) fn new() -> Arena<T> {
        Arena { segments: std::array::from_fn(|_| OnceLock::new()) }
    }

    /// Puts an element at a place that is empty.
    pub(super) fn put(&self, number: u32, element: T) {
        let (segment, place) = place(number);
        let made = || (0..FIRST << segment).map(|_| OnceLock::new()).collect();
        let filled = self.segments[segment].get_or_init(made)[place].set(element);
        debug_assert!(filled.is_ok(), "a number is given out once");
    }

    /// The element of a number that was given out.
    #[inline]
    pub(super) fn get(&self, number: u32) -> &T {
        let (segment, place) = place(number);
        let element = self.segments[segment].get().and_then(|segment| segment[place].get());
        element.expect("the number was given out")
    }
}

/// The segment of a number, and its place there.
#[inline]
fn place(number: u32) -> (usize, usize) {
    let shifted = number as usize + FIRST;
    let segment = (shifted.ilog2() - FIRST.ilog2()) as usize;
    (segment, shifted - (FIRST << segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own() {
        let arena = Arena::new();
        for number in 0..10_000 {
            arena.put(number, number);
        }
        assert!((0..10_000).all(|number| *arena.get(number) == number));
    }
}
