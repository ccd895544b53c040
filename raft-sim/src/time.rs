//! Virtual time, and the one queue of scheduled events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub use raft_subject::Micros;

/// A server's clock tick at its nominal rate, in virtual microseconds.
pub const TICK: Micros = 10_000;

/// A point or a span of virtual time in milliseconds: `12.345 ms`.
#[must_use]
pub fn milliseconds(time: Micros) -> String {
    format!("{}.{:03} ms", time / 1_000, time % 1_000)
}

/// The length of the ring in microseconds, a power of two. Most events (deliveries, ticks, syncs) lie within.
const REACH: u64 = 1 << 14;
const WORDS: usize = REACH as usize / 64;
/// The length of a block: the ring holds the block that it is in, and the next one.
const BLOCK: Micros = REACH / 2;
/// The number of blocks behind the ring that have lists, together half a second: requests and retries lie within.
const LISTS: u64 = 64;
/// No place in the slab.
const NONE: u32 = u32::MAX;

/// The scheduled events, ordered by time and, at equal times, by the order of scheduling. The queue never reads a
/// clock: the time is that of the event taken out last.
///
/// The near future is a ring with a first-in-first-out list for each microsecond, so that insertion and removal
/// compare nothing. Behind it each block of time has one list, in the order of scheduling, and the far future is a heap.
/// Events move into the lists and into the ring as they come near. They do so before anything else can be put there, so
/// the order of scheduling holds.
#[derive(Clone, Debug)]
pub(crate) struct Queue<E> {
    /// The time of the event taken out last: nothing is due before.
    start: Micros,
    /// The number of the block that this is in, the ring's first.
    block: u64,
    /// The last event of each microsecond, in `slab`; the first one follows it.
    ring: Box<[u32; REACH as usize]>,
    /// A bit for each microsecond of the ring that has events.
    busy: [u64; WORDS],
    /// Each event and the next one of its microsecond, after the last the first again. Of a free place: the next free
    /// place.
    slab: Vec<(Option<E>, u32)>,
    free: u32,
    near: usize,
    /// The events of each of the blocks behind the ring, with their times.
    lists: [Vec<(Micros, E)>; LISTS as usize],
    far: BinaryHeap<Reverse<(Micros, u64, E)>>,
    /// The number of events put into `far`: it orders them at equal times.
    put: u64,
}

impl<E: Ord> Queue<E> {
    pub(crate) fn new() -> Queue<E> {
        Queue {
            start: 0,
            block: 0,
            ring: boxed(),
            busy: [0; WORDS],
            slab: Vec::new(),
            free: NONE,
            near: 0,
            lists: [const { Vec::new() }; LISTS as usize],
            far: BinaryHeap::new(),
            put: 0,
        }
    }

    /// Schedules `event` at `time`, or at once if that has passed.
    #[inline(always)]
    pub(crate) fn push(&mut self, time: Micros, event: E) {
        let time = time.max(self.start);
        let ahead = time / BLOCK - self.block;
        if ahead < 2 {
            self.push_near(time, event);
        } else if ahead < 2 + LISTS {
            self.lists[place(time / BLOCK)].push((time, event));
        } else {
            self.push_far(time, event);
        }
    }

    fn push_far(&mut self, time: Micros, event: E) {
        self.put += 1;
        self.far.push(Reverse((time, self.put, event)));
    }

    #[inline(always)]
    fn push_near(&mut self, time: Micros, event: E) {
        let at = (time % REACH) as usize;
        let last = self.ring[at];
        if self.free == NONE {
            self.free = self.slab.len() as u32;
            self.slab.push((None, NONE));
        }
        let place = self.free;
        let first = if last == NONE {
            self.busy[at / 64] |= 1 << (at % 64);
            place
        } else {
            std::mem::replace(&mut self.slab[last as usize].1, place)
        };
        let cell = &mut self.slab[place as usize];
        self.free = cell.1;
        *cell = (Some(event), first);
        self.ring[at] = place;
        self.near += 1;
    }

    /// Takes out the next event if it is due at `until` or earlier.
    #[inline(always)]
    pub(crate) fn pop(&mut self, until: Micros) -> Option<(Micros, E)> {
        if self.near == 0 {
            // Nothing is near: jump to what comes next.
            let next = self.first_behind_ring().filter(|next| *next <= until)?;
            self.advance(next);
        }
        let time = self.next_busy();
        if time > until {
            return None;
        }
        self.advance(time);
        let at = (time % REACH) as usize;
        let last = self.ring[at];
        let first = self.slab[last as usize].1;
        let cell = &mut self.slab[first as usize];
        let event = cell.0.take()?;
        let second = std::mem::replace(&mut cell.1, self.free);
        self.free = first;
        if first == last {
            self.ring[at] = NONE;
            self.busy[at / 64] &= !(1 << (at % 64));
        } else {
            self.slab[last as usize].1 = second;
        }
        self.near -= 1;
        Some((time, event))
    }

    /// The time of the first event behind the ring.
    fn first_behind_ring(&self) -> Option<Micros> {
        let lists = (self.block + 2..self.block + 2 + LISTS).map(|block| &self.lists[place(block)]);
        let listed =
            lists.map(|list| list.iter().map(|(time, _)| *time).min()).find(Option::is_some);
        listed.unwrap_or_else(|| self.far.peek().map(|Reverse((time, ..))| *time))
    }

    /// Moves to this time, before which nothing is due.
    #[inline(always)]
    fn advance(&mut self, start: Micros) {
        self.start = start;
        if start / BLOCK > self.block {
            self.come_near(start / BLOCK);
        }
    }

    /// Makes this block the ring's first, and moves the events that have come near into the ring and into the lists.
    fn come_near(&mut self, block: u64) {
        let listed = self.block + 2..self.block + 2 + LISTS;
        self.block = block;
        for reached in listed.start..listed.end.min(block + 2) {
            let mut list = std::mem::take(&mut self.lists[place(reached)]);
            list.drain(..).for_each(|(time, event)| self.push_near(time, event));
            self.lists[place(reached)] = list;
        }
        let behind = (block + 2 + LISTS).saturating_mul(BLOCK);
        while self.far.peek().is_some_and(|Reverse((time, ..))| *time < behind)
            && let Some(Reverse((time, _, event))) = self.far.pop()
        {
            self.push(time, event);
        }
    }

    /// The first microsecond of the ring that has events; there is one.
    #[inline(always)]
    fn next_busy(&self) -> Micros {
        let at = (self.start % REACH) as usize;
        let mut word = at / 64;
        let mut bits = self.busy[word] & (!0 << (at % 64));
        while bits == 0 {
            word = (word + 1) % WORDS;
            bits = self.busy[word];
        }
        let found = (word * 64) as u64 + u64::from(bits.trailing_zeros());
        self.start + found.wrapping_sub(self.start) % REACH
    }
}

/// The place of a block's list.
fn place(block: u64) -> usize {
    (block % LISTS) as usize
}

/// An empty ring, made where it stays.
fn boxed() -> Box<[u32; REACH as usize]> {
    let ring = vec![NONE; REACH as usize].into_boxed_slice();
    ring.try_into().expect("as long as the ring")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::{below, mix};

    /// Events at any distance come out by time, and then by order of scheduling.
    #[test]
    fn events_come_in_order_of_time_and_then_of_scheduling() {
        for seed in 0..50 {
            let mut queue = Queue::new();
            let mut expected: Vec<(Micros, u64)> = Vec::new();
            let mut popped = Vec::new();
            let mut now = 0;
            for number in 0..2_000 {
                let bits = mix(seed, number);
                let spans = [1, 10, 5_000, REACH, 10 * REACH, 100 * REACH];
                let span = spans[below(mix(bits, 1), spans.len() as u64) as usize];
                let time = now + below(bits, span);
                queue.push(time, number);
                expected.push((time, number));
                if below(mix(bits, 2), 3) == 0 {
                    let (time, number) = queue.pop(u64::MAX).expect("something is scheduled");
                    now = time;
                    popped.push((time, number));
                }
            }
            while let Some(event) = queue.pop(u64::MAX) {
                popped.push(event);
            }
            expected.sort_unstable();
            assert_eq!(popped.len(), expected.len());
            assert!(popped.is_sorted(), "seed {seed}");
            let mut sorted = popped.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn nothing_comes_after_the_limit() {
        let mut queue = Queue::new();
        queue.push(10, 'a');
        queue.push(1_000_000, 'b');
        assert_eq!(queue.pop(9), None);
        assert_eq!(queue.pop(10), Some((10, 'a')));
        assert_eq!(queue.pop(999_999), None);
        queue.push(20, 'c');
        assert_eq!(queue.pop(999_999), Some((20, 'c')));
        assert_eq!(queue.pop(2_000_000), Some((1_000_000, 'b')));
    }
}
