//! The search, breadth first: all states of one depth, then those of the next.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::frontier::{CHUNK, Chunk, Frontier};
use super::server::Servers;
use super::sleep::Sleep;
use super::worker::{Question, Shared, Worker, Wrong};
use crate::parallel::beside;

/// The time without a question after which the one who watches is asked.
const PAUSE: Duration = Duration::from_millis(20);

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// States that were made, as TLC counts: the initial one, and each that follows one, new or not.
    pub generated: u64,
    /// States that differ.
    pub distinct: u64,
    /// The number of states on the longest of the shortest paths so far.
    pub depth: u32,
    /// States of this depth that are not taken yet.
    pub left: u64,
    /// New states of the next depth so far.
    pub next: u64,
    /// Bytes of the states that were seen, and of those to be taken.
    pub bytes: u64,
}

/// The end of a search.
pub(super) enum Ended {
    /// All states were taken.
    Exhausted,
    /// The one who watches ended it.
    Stopped,
    /// States that wait can't be written or read.
    Failed(String),
    /// A history violates a property.
    Wrong(Box<Wrong>),
}

/// Searches all states that follow `first`. Returns how far it came, and the number of new states of each depth. `watch` is
/// asked now and then: true ends the search.
pub(super) fn search(
    shared: &Shared<'_>,
    servers: &mut Servers<'_>,
    first: Vec<u32>,
    threads: NonZeroUsize,
    watch: &mut dyn FnMut(&Reach) -> bool,
) -> (Reach, Vec<u64>, Ended) {
    let initial = shared.fingerprint(&first);
    shared.visited.insert(initial, 0, Sleep::none(1));
    let mut chunk = Chunk::default();
    chunk.push(initial, &first);
    let mut frontier = Frontier::first(chunk);
    let (sender, questions) = mpsc::channel::<Question>();
    let worker = || Worker::new(shared, sender.clone());
    let mut workers: Vec<Worker<'_>> = (0..threads.get()).map(|_| worker()).collect();
    let mut levels = vec![1];
    let mut reach = Reach { generated: 1, distinct: 1, depth: 1, left: 1, ..Reach::default() };
    loop {
        let level = Level {
            todo: Mutex::new(frontier),
            made: Mutex::new(Frontier::new()),
            depth: reach.depth,
            stop: AtomicBool::new(false),
            wrong: Mutex::new(None),
            generated: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            next: AtomicU64::new(0),
            failed: Mutex::new(None),
        };
        let stopped = level.search(servers, (&mut workers, &questions), &reach, watch);
        reach = level.reach(shared, &reach);
        if let Some(wrong) = level.wrong.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return (reach, levels, Ended::Wrong(wrong));
        }
        if let Some(error) = level.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return (reach, levels, Ended::Failed(error.to_string()));
        }
        if stopped {
            return (reach, levels, Ended::Stopped);
        }
        frontier = level.made.into_inner().unwrap_or_else(PoisonError::into_inner);
        if frontier.is_empty() {
            return (reach, levels, Ended::Exhausted);
        }
        reach.depth += 1;
        levels.push(reach.next);
        (reach.left, reach.next) = (reach.next, 0);
    }
}

/// The states of one depth.
struct Level {
    todo: Mutex<Frontier>,
    made: Mutex<Frontier>,
    depth: u32,
    stop: AtomicBool,
    wrong: Mutex<Option<Box<Wrong>>>,
    generated: AtomicU64,
    taken: AtomicU64,
    next: AtomicU64,
    failed: Mutex<Option<io::Error>>,
}

impl Level {
    fn reach(&self, shared: &Shared<'_>, before: &Reach) -> Reach {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let next = of(&self.next);
        let bytes = |frontier: &Mutex<Frontier>| {
            frontier.lock().unwrap_or_else(PoisonError::into_inner).bytes()
        };
        Reach {
            generated: before.generated + of(&self.generated),
            distinct: before.distinct + next,
            depth: before.depth,
            left: before.left.saturating_sub(of(&self.taken)),
            next,
            bytes: shared.visited.size().1 + bytes(&self.todo) + bytes(&self.made),
        }
    }

    /// Takes all states of the depth. True if the one who watches ended that.
    fn search(
        &self,
        servers: &mut Servers<'_>,
        (workers, questions): (&mut [Worker<'_>], &Receiver<Question>),
        before: &Reach,
        watch: &mut dyn FnMut(&Reach) -> bool,
    ) -> bool {
        let Some(shared) = workers.first().map(|worker| worker.shared) else { return true };
        let (mut stopped, mut asked) = (false, 0_u32);
        let meanwhile = || {
            if let Ok((state, event, answer)) = questions.recv_timeout(PAUSE) {
                // A thread that asks waits for the answer.
                let _ = answer.send(servers.step(state, event));
                asked = asked.wrapping_add(1);
                if !asked.is_multiple_of(1 << 13) {
                    return;
                }
            }
            stopped |= watch(&self.reach(shared, before));
            self.stop.fetch_or(stopped, Ordering::Relaxed);
        };
        beside(workers, |worker| self.work(worker), meanwhile);
        stopped
    }

    /// The next states to be taken.
    fn next_chunk(&self) -> Option<Chunk> {
        let taken = self.todo.lock().unwrap_or_else(PoisonError::into_inner).pop();
        taken.unwrap_or_else(|error| self.fail(error))
    }

    /// Keeps new states for the next depth.
    fn keep(&self, shared: &Shared<'_>, chunk: Chunk) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = made.push(chunk, shared.spill.as_ref(), self.depth + 1) {
            self.fail(error);
        }
    }

    /// Ends the search: it can't go on.
    fn fail(&self, error: io::Error) -> Option<Chunk> {
        self.stop.store(true, Ordering::Relaxed);
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        None
    }

    fn work(&self, worker: &mut Worker<'_>) {
        let mut made = Chunk::default();
        while let Some(chunk) = self.next_chunk() {
            let (mut generated, mut taken, mut next) = (0, 0, 0);
            for (fingerprint, words) in chunk.states() {
                let visited = &worker.shared.visited;
                let asleep = visited.asleep(fingerprint);
                let expanded = worker.expand((fingerprint, words), asleep, |successor| {
                    generated += 1;
                    if visited.insert(successor.fingerprint, fingerprint, successor.asleep) {
                        next += 1;
                        made.push(successor.fingerprint, successor.words);
                    }
                });
                taken += 1;
                if let Err(wrong) = expanded {
                    let mut first = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
                    first.get_or_insert(wrong);
                    self.stop.store(true, Ordering::Relaxed);
                }
                if made.0.len() >= CHUNK {
                    self.keep(worker.shared, std::mem::take(&mut made));
                }
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            self.generated.fetch_add(generated, Ordering::Relaxed);
            self.taken.fetch_add(taken, Ordering::Relaxed);
            self.next.fetch_add(next, Ordering::Relaxed);
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            if let Some(kept) = &worker.shared.kept {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
            }
        }
        if !made.0.is_empty() {
            self.keep(worker.shared, made);
        }
    }
}
