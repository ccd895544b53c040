//! The search, depth first: all histories of up to N actions, then of up to 2 N, and so on. It keeps the states that it
//! saw in a cache of a fixed size: one that was displaced is taken again, which costs time, and misses nothing.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};

use super::event::Move;
use super::frontier::Words;
use super::live;
use super::search::{Ended, Reach, attend};
use super::server::Servers;
use super::sleep::Sleep;
use super::visited::halves;
use super::worker::{Question, Shared, Successor, Worker};
use crate::parallel::beside;

/// The order of a search, depth first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthFirst {
    /// The actions by which the bound of the depth rises.
    pub step: NonZeroU32,
    /// The bytes of the cache.
    pub cache: u64,
}

/// The places that are tried for a state before another one is displaced.
const TRIES: usize = 8;

/// The fingerprint of a state in two halves, and the most actions of the histories from it that were taken: 0 if it waits.
type Place = [u64; 3];

/// States that were seen, and how deep all that follows them was searched.
struct Cache(Vec<Place>);

/// What the cache has of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// It is not there.
    Never,
    /// Nothing that follows it was taken.
    Waiting,
    /// It was searched, but less deep.
    Less,
    /// It was searched as deep.
    Enough,
}

impl DepthFirst {
    /// The places of the cache.
    fn places(self) -> usize {
        (self.cache as usize / size_of::<Place>()).max(TRIES)
    }

    /// # Errors
    /// There is no memory for the cache.
    pub(super) fn check(self) -> Result<(), String> {
        let reserved = Vec::<Place>::new().try_reserve_exact(self.places());
        reserved.map_err(|_| format!("there is no memory for a cache of {} MiB", self.cache >> 20))
    }
}

impl Cache {
    fn new(places: usize) -> Cache {
        Cache(vec![[0; 3]; places])
    }

    /// Notes that what follows a state is searched this deep.
    fn note(&mut self, fingerprint: u128, left: u32) -> Seen {
        let (high, low) = halves(fingerprint);
        let size = self.0.len();
        let first = ((u128::from(low) * size as u128) >> 64) as usize;
        for place in (first..first + TRIES).map(|place| place % size) {
            let [known_low, known_high, searched] = self.0[place];
            let seen = match (known_low, known_high) {
                (0, 0) => Seen::Never,
                known if known != (low, high) => continue,
                _ if searched >= u64::from(left) => Seen::Enough,
                _ if searched == 0 => Seen::Waiting,
                _ => Seen::Less,
            };
            if seen != Seen::Enough {
                self.0[place] = [low, high, u64::from(left)];
            }
            return seen;
        }
        self.0[first] = [low, high, u64::from(left)];
        Seen::Never
    }
}

/// How far it has come, for the one who watches.
#[derive(Default)]
struct Progress {
    stop: AtomicBool,
    generated: AtomicU64,
    distinct: AtomicU64,
    depth: AtomicU32,
}

/// A state to be taken, and the action that leads to it.
type Next = (Move, u128, Vec<u32>);

/// The end of a search up to a depth.
enum Dived {
    /// There are no longer histories.
    Whole,
    /// There may be longer ones.
    Cut,
    /// It can't go on, or need not.
    Ended(Ended),
}

/// Searches all histories from `first`. `watch` is asked now and then: true ends the search.
pub(super) fn search(
    shared: &Shared<'_>,
    servers: &mut Servers<'_>,
    first: &Words,
    order: DepthFirst,
    watch: &mut dyn FnMut(&Reach) -> bool,
) -> (Reach, Ended) {
    let (sender, questions) = mpsc::channel::<Question>();
    let mut worker = Worker::new(shared, sender);
    let progress = Progress::default();
    let reach = || Reach {
        generated: 1 + progress.generated.load(Ordering::Relaxed),
        distinct: progress.distinct.load(Ordering::Relaxed),
        depth: progress.depth.load(Ordering::Relaxed),
        bytes: order.cache,
        ..Reach::default()
    };
    let ended = Mutex::new(None);
    let work = |worker: &mut &mut Worker<'_>| {
        let mut most = 0_u32;
        let end = loop {
            most = most.saturating_add(order.step.get());
            progress.distinct.store(1, Ordering::Relaxed);
            let dived = dive(worker, first, most, Cache::new(order.places()), &progress);
            if let Dived::Ended(end) = dived {
                break end;
            }
            progress.depth.store(most, Ordering::Relaxed);
            if matches!(dived, Dived::Whole) {
                break Ended::Exhausted;
            }
        };
        *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    };
    let mut asked = 0;
    beside(&mut [&mut worker], work, || {
        if attend(servers, &questions, &mut asked) && watch(&reach()) {
            progress.stop.store(true, Ordering::Relaxed);
        }
    });
    let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    (reach(), ended.unwrap_or(Ended::Stopped))
}

/// Takes all histories of up to `most` actions.
fn dive(
    worker: &mut Worker<'_>,
    first: &Words,
    most: u32,
    mut cache: Cache,
    progress: &Progress,
) -> Dived {
    let initial = worker.shared.fingerprint(first);
    cache.note(initial, most);
    let (mut moves, mut stack): (Vec<Move>, Vec<Vec<Next>>) = (Vec::new(), Vec::new());
    // The states that wait. One that was displaced may be counted twice: then the next bound decides.
    let mut waiting = 0_u64;
    let mut at = (initial, first.to_vec());
    loop {
        let left = most - moves.len() as u32;
        let mut next = Vec::new();
        let (mut generated, mut distinct) = (0, 0);
        let expanded = live::expand(worker, (at.0, &at.1), Sleep::default(), |successor| {
            let Successor { action, fingerprint, words, asleep: _ } = successor;
            generated += 1;
            // The last action is judged, and what follows it waits.
            let seen = cache.note(fingerprint, left - 1);
            distinct += u64::from(seen == Seen::Never);
            waiting += u64::from(seen == Seen::Never && left == 1);
            waiting -= u64::from(seen == Seen::Waiting);
            if seen != Seen::Enough && left > 1 {
                next.push((action, fingerprint, words.to_vec()));
            }
        });
        progress.generated.fetch_add(generated, Ordering::Relaxed);
        progress.distinct.fetch_add(distinct, Ordering::Relaxed);
        if let Err(wrong) = expanded {
            moves.extend(wrong.last);
            return Dived::Ended(Ended::Path(moves, wrong.finding));
        }
        if progress.stop.load(Ordering::Relaxed) {
            return Dived::Ended(Ended::Stopped);
        }
        stack.push(next);
        at = loop {
            let Some(siblings) = stack.last_mut() else {
                return if waiting > 0 { Dived::Cut } else { Dived::Whole };
            };
            if let Some((action, fingerprint, words)) = siblings.pop() {
                moves.truncate(stack.len() - 1);
                moves.push(action);
                break (fingerprint, words);
            }
            stack.pop();
        };
    }
}
