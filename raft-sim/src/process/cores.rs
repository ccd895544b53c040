//! The assignment of threads to cores: a thread shares its core with the child that it talks to.
//!
//! One of the two always waits for the other. So a second core gains nothing, and waking it up costs more than the
//! rest of a step. Where a thread can't be bound to a core, nothing here has an effect.

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

/// The available cores, with the number of threads bound to each.
#[derive(Debug)]
pub(super) struct Cores(Mutex<Vec<(usize, u32)>>);

/// Keeps its thread on one core while it lives. Children that the thread starts inherit the core. It can't be sent to
/// another thread.
#[derive(Debug)]
pub(super) struct Bound {
    cores: Arc<Cores>,
    core: usize,
    thread: PhantomData<*const ()>,
}

thread_local! {
    /// The core that this thread is bound to, the number of times, and the cores that it could use before.
    static HERE: RefCell<Option<(usize, u32, system::Set)>> = const { RefCell::new(None) };
}

impl Cores {
    /// The cores that this thread may run on now.
    pub(super) fn new() -> Cores {
        let cores = system::cores();
        // With only one core there is nothing to bind.
        let cores = if cores.len() > 1 { cores } else { Vec::new() };
        Cores(Mutex::new(cores.into_iter().map(|core| (core, 0)).collect()))
    }

    /// The core that this thread is bound to, if any.
    pub(super) fn here(&self) -> Option<usize> {
        HERE.with_borrow(|here| here.as_ref().map(|(core, ..)| *core))
    }

    /// The number of threads bound to a core.
    pub(super) fn threads(&self, core: Option<usize>) -> u32 {
        let cores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cores.iter().find(|(other, _)| Some(*other) == core).map_or(0, |(_, threads)| *threads)
    }

    /// Binds this thread to a core, if possible: to the core that it is bound to already, else to this one, else to
    /// the one with the fewest threads, preferably the one that the thread runs on now.
    pub(super) fn bind(self: &Arc<Cores>, core: Option<usize>) -> Option<Bound> {
        let wanted = self.here().or(core);
        let now = system::core();
        // Two threads that choose at the same time choose one after the other.
        let mut cores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fit = cores.iter_mut().filter(|(core, _)| wanted.is_none_or(|wanted| wanted == *core));
        let (core, threads) = fit.min_by_key(|(core, threads)| (*threads, Some(*core) != now))?;
        HERE.with_borrow_mut(|here| {
            match here {
                Some((_, times, _)) => *times += 1,
                None => *here = Some((*core, 1, system::bind(*core)?)),
            }
            Some(())
        })?;
        *threads += 1;
        Some(Bound { cores: self.clone(), core: *core, thread: PhantomData })
    }

    fn leave(&self, core: usize) {
        let mut cores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, threads)) = cores.iter_mut().find(|(other, _)| *other == core) {
            *threads -= 1;
        }
    }
}

impl Bound {
    pub(super) fn core(&self) -> usize {
        self.core
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.cores.leave(self.core);
        // A thread that is just ending has no core to return to.
        let _ = HERE.try_with(|here| {
            let mut here = here.borrow_mut();
            if let Some((_, times, before)) = &mut *here {
                *times -= 1;
                if *times == 0 {
                    system::free(before);
                    *here = None;
                }
            }
        });
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

    pub(super) type Set = CpuSet;

    pub(super) fn cores() -> Vec<usize> {
        let set = sched_getaffinity(None).unwrap_or_default();
        (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
    }

    pub(super) fn core() -> Option<usize> {
        Some(sched_getcpu())
    }

    /// The cores that the thread could use before; `None` if it can't be bound.
    pub(super) fn bind(core: usize) -> Option<Set> {
        let before = sched_getaffinity(None).ok()?;
        let mut only = CpuSet::new();
        only.set(core);
        sched_setaffinity(None, &only).ok().map(|()| before)
    }

    pub(super) fn free(before: &Set) {
        // These cores were allowed before. If they no longer are, the thread stays on its core.
        let _ = sched_setaffinity(None, before);
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    pub(super) type Set = ();

    pub(super) fn cores() -> Vec<usize> {
        Vec::new()
    }

    pub(super) fn core() -> Option<usize> {
        None
    }

    pub(super) fn bind(_: usize) -> Option<Set> {
        None
    }

    pub(super) fn free((): &Set) {}
}
