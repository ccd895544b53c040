//! The states that were seen, each with the one that it was reached from.

use std::sync::{Mutex, PoisonError};

use super::sleep::Sleep;

/// The number of parts, each with a lock of its own.
const SHARDS: usize = 256;

/// The bytes of a place.
const BYTES: usize = 24;

/// The fingerprint of a state in two halves, and the lower half of that of the state before.
type Place = [u64; 3];

/// The states that were seen.
pub(super) struct Visited {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Clone)]
struct Shard {
    places: Vec<Place>,
    /// What sleeps in the state of each place, if there are sleep sets.
    asleep: Option<Vec<Sleep>>,
    len: usize,
}

/// The halves of a fingerprint.
pub(super) fn halves(fingerprint: u128) -> (u64, u64) {
    ((fingerprint >> 64) as u64, fingerprint as u64)
}

impl Shard {
    /// The place of a state, or the free one where it belongs.
    fn place(&self, (high, low): (u64, u64)) -> usize {
        let size = self.places.len();
        let mut place = ((u128::from(low) * size as u128) >> 64) as usize;
        while let [known_low, known_high, _] = self.places[place]
            && (known_low, known_high) != (0, 0)
            && (known_low, known_high) != (low, high)
        {
            place += 1;
            if place == size {
                place = 0;
            }
        }
        place
    }

    fn bytes(&self) -> u64 {
        let asleep = self.asleep.as_ref().map_or(0, |_| size_of::<Sleep>());
        (self.places.len() * (BYTES + asleep)) as u64
    }

    /// Grows by quarters until one more state than these makes nine tenths full at most: a state has 27 to 33 bytes, 30 in
    /// the mean.
    fn make_room(&mut self, more: usize) {
        let mut size = self.places.len();
        while (self.len + more) * 10 >= size * 9 {
            size = size / 4 * 5 + 64;
        }
        if size == self.places.len() {
            return;
        }
        let old = std::mem::replace(&mut self.places, vec![[0; 3]; size]);
        let old_asleep = self
            .asleep
            .as_mut()
            .map(|asleep| std::mem::replace(asleep, vec![Sleep::default(); size]));
        let known = old.into_iter().enumerate().filter(|(_, place)| place[..2] != [0; 2]);
        for (before, [low, high, parent]) in known {
            let place = self.place((high, low));
            self.places[place] = [low, high, parent];
            if let (Some(asleep), Some(old)) = (&mut self.asleep, &old_asleep) {
                asleep[place] = old[before];
            }
        }
    }
}

impl Visited {
    /// No state. With sleep sets, what sleeps in each is kept.
    pub(super) fn new(sleep_sets: bool) -> Visited {
        let asleep = sleep_sets.then(|| vec![Sleep::default(); 64]);
        let shard = Shard { places: vec![[0; 3]; 64], asleep, len: 0 };
        let shard = || Mutex::new(shard.clone());
        Visited { shards: (0..SHARDS).map(|_| shard()).collect() }
    }

    fn with<R>(&self, low: u64, work: impl FnOnce(&mut Shard) -> R) -> R {
        // Its upper bits choose the place in the shard.
        let shard = &self.shards[low as usize % SHARDS];
        work(&mut shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a state, reached from another one. False if it was seen before.
    pub(super) fn insert(&self, fingerprint: u128, parent: u128, asleep: Sleep) -> bool {
        let (high, low) = halves(fingerprint);
        self.with(low, |shard| {
            shard.make_room(0);
            let place = shard.place((high, low));
            let new = shard.places[place][..2] == [0; 2];
            if new {
                shard.places[place] = [low, high, halves(parent).1];
                shard.len += 1;
            }
            if let Some(known) = &mut shard.asleep {
                known[place] = if new { asleep } else { known[place].both(asleep) };
            }
            new
        })
    }

    /// What sleeps in a state that was seen.
    pub(super) fn asleep(&self, fingerprint: u128) -> Sleep {
        let (high, low) = halves(fingerprint);
        self.with(low, |shard| {
            let place = shard.place((high, low));
            shard.asleep.as_ref().map_or_else(Sleep::default, |asleep| asleep[place])
        })
    }

    /// The state of which this is the lower half of the fingerprint, and the lower half of that of the state before.
    pub(super) fn find(&self, low: u64) -> Option<(u128, u64)> {
        self.with(low, |shard| {
            let size = shard.places.len();
            let mut place = ((u128::from(low) * size as u128) >> 64) as usize;
            loop {
                let [known_low, high, parent] = shard.places[place];
                if known_low == low {
                    return Some((u128::from(high) << 64 | u128::from(low), parent));
                }
                if (known_low, high) == (0, 0) {
                    return None;
                }
                place = (place + 1) % size;
            }
        })
    }

    /// All states in parts, each state as words of 64 bits: its fingerprint in two halves, the lower one first, half of that of
    /// the state before, and what sleeps in it.
    ///
    /// # Errors
    /// Those of `each`.
    pub(super) fn parts<E>(
        &self,
        mut each: impl FnMut(&[[u64; 4]]) -> Result<(), E>,
    ) -> Result<(), E> {
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let places = shard.places.iter().enumerate();
            let known = places.filter(|(_, place)| place[..2] != [0; 2]);
            let part = known.map(|(place, [low, high, parent])| {
                let Sleep(asleep) =
                    shard.asleep.as_ref().map_or_else(Sleep::default, |asleep| asleep[place]);
                [*low, *high, *parent, asleep]
            });
            each(&part.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Notes the states of one of [`Visited::parts`].
    pub(super) fn restore(&self, part: &[[u64; 4]]) {
        // They come in the order of their places: without room for all of them they would crowd at the beginning.
        if let [[low, ..], rest @ ..] = part {
            self.with(*low, |shard| shard.make_room(rest.len()));
        }
        for [low, high, parent, asleep] in part {
            let fingerprint = u128::from(*high) << 64 | u128::from(*low);
            self.insert(fingerprint, u128::from(*parent), Sleep(*asleep));
        }
    }

    /// The number of states, and the bytes that they take.
    pub(super) fn size(&self) -> (u64, u64) {
        let mut size = (0, 0);
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            size = (size.0 + shard.len as u64, size.1 + shard.bytes());
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::mix;

    fn fingerprint(number: u64) -> u128 {
        u128::from(mix(1, number)) << 64 | u128::from(mix(2, number))
    }

    #[test]
    fn a_state_is_new_once_and_keeps_its_first_parent() {
        let visited = Visited::new(false);
        for number in 1..=50_000 {
            assert!(visited.insert(fingerprint(number), fingerprint(number / 2), Sleep::default()));
        }
        for number in 1..=50_000 {
            assert!(!visited.insert(fingerprint(number), fingerprint(0), Sleep::default()));
            let (found, parent) = visited.find(fingerprint(number) as u64).expect("it is there");
            assert_eq!((found, parent), (fingerprint(number), fingerprint(number / 2) as u64));
        }
        let (states, bytes) = visited.size();
        assert_eq!(states, 50_000);
        assert!(bytes <= 34 * states, "{bytes} bytes");
    }
}
