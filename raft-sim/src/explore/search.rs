//! The search, breadth first: all states of one depth, then those of the next.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Move;
use super::frontier::{CHUNK, Chunk, Frontier, Words};
use super::judge::Finding;
use super::live;
use super::server::Servers;
use super::sleep::Sleep;
use super::worker::{Question, Shared, Worker, Wrong};
use crate::parallel::beside;

/// The time without a question after which the one who watches is asked.
const PAUSE: Duration = Duration::from_millis(20);

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A history violates a property: the one that leads to a state, and an action more.
    Wrong(Box<Wrong>),
    /// A history violates a property: all of its actions.
    Path(Vec<Move>, Finding),
}

/// The place of a search between two states.
pub(super) struct Position {
    /// How far it has come.
    pub(super) reach: Reach,
    /// The number of new states of each depth before.
    pub(super) levels: Vec<u64>,
    /// The states of this depth that are not taken yet.
    pub(super) todo: Frontier,
    /// New states of the next depth.
    pub(super) made: Frontier,
}

impl Position {
    /// The place of a search that keeps no frontier.
    pub(super) fn empty() -> Position {
        let (todo, made) = (Frontier::new(), Frontier::new());
        Position { reach: Reach::default(), levels: Vec::new(), todo, made }
    }

    /// The beginning of a search.
    pub(super) fn first(shared: &Shared<'_>, first: &Words) -> Position {
        let initial = shared.fingerprint(first);
        shared.visited.insert(initial, 0, Sleep::none(1));
        let mut chunk = Chunk::default();
        chunk.push(initial, first);
        let reach = Reach { generated: 1, distinct: 1, depth: 1, left: 1, ..Reach::default() };
        Position { reach, levels: vec![1], todo: Frontier::first(chunk), ..Position::empty() }
    }
}

/// Searches all states that follow, and returns where it ended. `watch` is asked now and then: true ends the search.
pub(super) fn search(
    shared: &Shared<'_>,
    servers: &mut Servers<'_>,
    from: Position,
    threads: NonZeroUsize,
    watch: &mut dyn FnMut(&Reach) -> bool,
) -> (Position, Ended) {
    let (sender, questions) = mpsc::channel::<Question>();
    let worker = || Worker::new(shared, sender.clone());
    let mut workers: Vec<Worker<'_>> = (0..threads.get()).map(|_| worker()).collect();
    let mut at = from;
    loop {
        let level = Level::new(at.todo, at.made, at.reach.depth);
        let stopped =
            watch(&at.reach) || level.search(servers, (&mut workers, &questions), &at.reach, watch);
        at.reach = level.reach(shared, &at.reach);
        let inner = |frontier: Mutex<Frontier>| {
            frontier.into_inner().unwrap_or_else(PoisonError::into_inner)
        };
        (at.todo, at.made) = (inner(level.todo), inner(level.made));
        if let Some(wrong) = level.wrong.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return (at, Ended::Wrong(wrong));
        }
        if let Some(error) = level.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return (at, Ended::Failed(error.to_string()));
        }
        if stopped {
            return (at, Ended::Stopped);
        }
        if at.made.is_empty() {
            return (at, Ended::Exhausted);
        }
        at.todo = std::mem::replace(&mut at.made, Frontier::new());
        at.reach.depth += 1;
        at.levels.push(at.reach.next);
        (at.reach.left, at.reach.next) = (at.reach.next, 0);
    }
}

/// Answers a question, or waits for one. True if the one who watches is to be asked: now and then.
pub(super) fn attend(
    servers: &mut Servers<'_>,
    questions: &Receiver<Question>,
    asked: &mut u32,
) -> bool {
    let Ok((state, event, answer)) = questions.recv_timeout(PAUSE) else { return true };
    // A thread that asks waits for the answer.
    let _ = answer.send(servers.step(state, event));
    *asked = asked.wrapping_add(1);
    asked.is_multiple_of(1 << 13)
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
    fn new(todo: Frontier, made: Frontier, depth: u32) -> Level {
        Level {
            todo: Mutex::new(todo),
            made: Mutex::new(made),
            depth,
            stop: AtomicBool::new(false),
            wrong: Mutex::new(None),
            generated: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            next: AtomicU64::new(0),
            failed: Mutex::new(None),
        }
    }

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
            next: before.next + next,
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
            if attend(servers, questions, &mut asked) {
                stopped |= watch(&self.reach(shared, before));
                self.stop.fetch_or(stopped, Ordering::Relaxed);
            }
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

    /// Puts states back that were not taken.
    fn put_back<'a>(&self, states: impl Iterator<Item = (u128, &'a Words)>) {
        let mut left = Chunk::default();
        states.for_each(|(fingerprint, words)| left.push(fingerprint, words));
        if !left.0.is_empty() {
            self.todo.lock().unwrap_or_else(PoisonError::into_inner).put_back(left);
        }
    }

    fn work(&self, worker: &mut Worker<'_>) {
        let mut made = Chunk::default();
        while let Some(chunk) = self.next_chunk() {
            let (mut generated, mut taken, mut next) = (0, 0, 0);
            let mut states = chunk.states();
            for (fingerprint, words) in states.by_ref() {
                let Shared { visited, reductions, .. } = worker.shared;
                let asleep = match reductions.sleep_sets {
                    true => visited.asleep(fingerprint),
                    false => Sleep::default(),
                };
                let expanded = live::expand(worker, (fingerprint, words), asleep, |successor| {
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
                self.put_back(states);
                break;
            }
            drop(states);
            if let Some(kept) = &worker.shared.kept {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
            }
        }
        if !made.0.is_empty() {
            self.keep(worker.shared, made);
        }
    }
}
