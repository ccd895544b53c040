//! The only user of the wall clock: it kills a child that does not answer in time, so that the thread that waits for
//! the answer goes on.
//!
//! One thread looks at all children a few times within the limit. A thread that waits pays for no more than two
//! stores.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::reaper::Reaper;

/// The longest time between two looks. A child may take this much longer than its limit.
const INTERVAL: Duration = Duration::from_millis(250);
/// The least number of looks within the limit for an answer.
const LOOKS: u32 = 16;

/// A thread that watches children until it is dropped.
#[derive(Debug)]
pub(super) struct Watchdog {
    interval: Duration,
    watched: Arc<Mutex<Vec<Watched>>>,
    reaper: Arc<Reaper>,
    thread: Option<(SyncSender<()>, JoinHandle<()>)>,
}

/// A child, and the number of looks during which it has been at the same request.
#[derive(Debug)]
struct Watched {
    leash: Arc<Leash>,
    request: u64,
    looks: u32,
}

/// The handle by which a child is watched.
#[derive(Debug)]
pub(super) struct Leash {
    interval: Duration,
    reaper: Arc<Reaper>,
    /// The child, which leads a process group of its own; `None` once it has been waited for, since its number may be
    /// reused then.
    group: Mutex<Option<Pid>>,
    /// The number of times that waiting began or ended; odd while the testbed waits.
    turns: AtomicU64,
    /// The number of looks that it may take.
    patience: AtomicU32,
    /// True if it took longer.
    overdue: AtomicBool,
}

impl Watchdog {
    /// Starts a watchdog for children with this limit for an answer.
    ///
    /// # Errors
    /// If the system can't start a thread.
    pub(super) fn start(limit: Duration) -> Result<Watchdog, String> {
        let interval = (limit / LOOKS).clamp(Duration::from_millis(1), INTERVAL);
        let watched = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = sync_channel::<()>(0);
        let all = watched.clone();
        let look = move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                all.lock().unwrap_or_else(PoisonError::into_inner).retain_mut(Watched::look);
            }
        };
        let thread = std::thread::Builder::new().name("watchdog".to_string()).spawn(look);
        let thread = thread.map_err(|error| format!("there can be no watchdog: {error}"))?;
        let reaper = Arc::new(Reaper::start());
        Ok(Watchdog { interval, watched, reaper, thread: Some((stop, thread)) })
    }

    /// Watches the child with this number, which leads its process group.
    pub(super) fn watch(&self, child: u32) -> Arc<Leash> {
        let group = i32::try_from(child).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            self.reaper.takes(group);
        }
        let leash = Arc::new(Leash {
            interval: self.interval,
            reaper: self.reaper.clone(),
            group: Mutex::new(group),
            turns: AtomicU64::new(0),
            patience: AtomicU32::new(0),
            overdue: AtomicBool::new(false),
        });
        let watched = Watched { leash: leash.clone(), request: 0, looks: 0 };
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).push(watched);
        leash
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            // The thread does not panic; if it did, there would be nothing left to do.
            let _ = thread.join();
        }
    }
}

impl Watched {
    /// Looks at the child. False if it needs no more looks.
    fn look(&mut self) -> bool {
        let turns = self.leash.turns.load(Ordering::Acquire);
        if turns.is_multiple_of(2) || turns != self.request {
            (self.request, self.looks) = (turns, 0);
        } else {
            self.looks += 1;
            if self.looks > self.leash.patience.load(Ordering::Relaxed) {
                self.leash.overdue.store(true, Ordering::Release);
                self.leash.kill();
            }
        }
        self.leash.pid().is_some()
    }
}

impl Leash {
    /// Starts the limit of the child.
    #[inline]
    pub(super) fn wait(&self, limit: Duration) {
        let looks = limit.as_nanos().div_ceil(self.interval.as_nanos().max(1));
        self.patience.store(u32::try_from(looks).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.turns.fetch_add(1, Ordering::AcqRel);
    }

    /// Stops the limit of the child.
    #[inline]
    pub(super) fn rest(&self) {
        self.turns.fetch_add(1, Ordering::AcqRel);
    }

    /// True if it was killed because it took too long.
    pub(super) fn is_overdue(&self) -> bool {
        self.overdue.load(Ordering::Acquire)
    }

    /// The child, until it has been [let go](Leash::release).
    pub(super) fn pid(&self) -> Option<Pid> {
        *self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases the child, which is about to be waited for: it is not killed any more.
    pub(super) fn release(&self) {
        let released = self.group.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(group) = released {
            self.reaper.forgets(group);
        }
    }

    /// Kills the child and all processes that it started.
    pub(super) fn kill(&self) {
        let group = self.group.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *group {
            // A child that is gone needs no killing.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
