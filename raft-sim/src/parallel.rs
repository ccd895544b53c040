//! Work shared among threads. The results do not depend on the number of threads.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// The time between two notices that results are still awaited.
const PAUSE: Duration = Duration::from_secs(1);

/// News of work that is under way.
pub(crate) enum News<T> {
    /// The next result, in order.
    Next(T),
    /// No result has come for a second.
    Waiting,
}

/// Calls `work` with each worker on a thread of its own. Until all are done, `meanwhile` is called on the caller's thread
/// again and again: it must wait for something. A panic of a thread is passed on.
pub(crate) fn beside<W: Send>(
    workers: &mut [W],
    work: impl Fn(&mut W) + Sync,
    mut meanwhile: impl FnMut(),
) {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            workers.iter_mut().map(|worker| scope.spawn(move || work(worker))).collect();
        while !threads.iter().all(|thread| thread.is_finished()) {
            meanwhile();
        }
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

/// Calls `work` with 0 to `count` − 1 on `jobs` threads, and hands the results to `take` in order, on the caller's thread,
/// while others are still made. A panic of a thread is passed on.
///
/// # Errors
/// The first one that `take` returns; work that has not begun by then is not done.
pub(crate) fn deliver<T: Send, E>(
    jobs: NonZeroUsize,
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(News<T>) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    let worker = |sender: mpsc::Sender<(usize, T)>| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            // Nobody receives any more once `take` has failed.
            if index >= count || sender.send((index, work(index))).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.get().min(count))
            .map(|_| {
                let (worker, sender) = (&worker, sender.clone());
                scope.spawn(move || worker(sender))
            })
            .collect();
        drop(sender);
        let mut early = BTreeMap::new();
        let mut awaited = 0;
        let taken = loop {
            match results.recv_timeout(PAUSE) {
                Ok((index, result)) => {
                    early.insert(index, result);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = take(News::Waiting) {
                        break Err(error);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break Ok(()),
            }
            let mut ready = std::iter::from_fn(|| {
                let result = early.remove(&awaited)?;
                awaited += 1;
                Some(result)
            });
            if let Err(error) = ready.try_for_each(|result| take(News::Next(result))) {
                break Err(error);
            }
        };
        next.fetch_max(count, Ordering::Relaxed);
        drop(results);
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        taken
    })
}

/// The results of [`deliver`], all together. `waiting` is called whenever no result has come for a second.
///
/// # Errors
/// The first one of `waiting`.
pub(crate) fn in_order<T: Send, E>(
    jobs: NonZeroUsize,
    count: usize,
    work: impl Fn(usize) -> T + Sync,
    mut waiting: impl FnMut() -> Result<(), E>,
) -> Result<Vec<T>, E> {
    let mut done = Vec::with_capacity(count);
    deliver(jobs, count, work, |news| match news {
        News::Next(result) => {
            done.push(result);
            Ok(())
        }
        News::Waiting => waiting(),
    })?;
    Ok(done)
}

/// The number of threads that the machine runs at once.
pub(crate) fn available() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_for_any_number_of_threads() {
        let never = || Ok::<(), ()>(());
        for jobs in [1, 2, 7] {
            let jobs = NonZeroUsize::new(jobs).expect("not 0");
            let squares = in_order(jobs, 100, |index| index * index, never).expect("no error");
            assert!(squares.iter().copied().eq((0..100).map(|index| index * index)));
            assert_eq!(in_order(jobs, 0, |index| index, never), Ok(Vec::new()));
        }
    }

    #[test]
    fn work_that_has_not_begun_is_not_done_after_an_error() {
        let begun = AtomicUsize::new(0);
        let work = |index| {
            begun.fetch_add(1, Ordering::Relaxed);
            index
        };
        let third = |news: News<usize>| match news {
            News::Next(2) => Err("enough"),
            News::Next(_) | News::Waiting => Ok(()),
        };
        assert_eq!(deliver(NonZeroUsize::MIN, 1_000_000, work, third), Err("enough"));
        assert!(begun.into_inner() < 1_000_000);
    }
}
