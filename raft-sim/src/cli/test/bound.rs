//! Bounds of one scenario: a replay that would go on without an end is stopped, and says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cli::clock::now;
use crate::observation::{Observation, Observer, Stop};
use crate::report::{Case, Failed, Result};
use crate::scenario::replay::{Failure, FailureKind};
use crate::scenario::source::Source;
use crate::time::Micros;

/// The number of steps between two looks at the clock.
const STEPS: u64 = 64;

/// The most that one scenario may take.
pub(super) struct Bounds {
    pub(super) steps: u64,
    pub(super) time: Duration,
}

/// Observer that stops a replay which takes too much, or when a stop is requested.
pub(super) struct Bound<'a> {
    bounds: &'a Bounds,
    asked_to_stop: &'a AtomicBool,
    began: Instant,
    steps: u64,
    line: u32,
    ended: Option<Ended>,
}

/// The reason why a replay was stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Stopped,
    Steps,
    Time,
}

impl<'a> Bound<'a> {
    pub(super) fn new(bounds: &'a Bounds, asked_to_stop: &'a AtomicBool) -> Bound<'a> {
        Bound { bounds, asked_to_stop, began: now(), steps: 0, line: 1, ended: None }
    }

    /// True if the replay ended because a stop was requested.
    pub(super) fn is_stopped(&self) -> bool {
        self.ended == Some(Ended::Stopped)
    }

    /// The case as it was judged, or its failure to keep within the bounds.
    pub(super) fn exceeded(&self, source: &Source, case: Case) -> Case {
        let message = match self.ended {
            None | Some(Ended::Stopped) => return case,
            Some(Ended::Steps) => {
                format!("it takes more than {} steps (--steps)", self.bounds.steps)
            }
            Some(Ended::Time) => {
                format!("it takes more than {} s (--time)", self.bounds.time.as_secs_f64())
            }
        };
        let line = self.line;
        let at = line.saturating_sub(1) as usize;
        let text = source.text().lines().nth(at).unwrap_or_default().trim_end().to_owned();
        let failure = Failure { line, kind: FailureKind::Liveness, property: None, message };
        Case {
            result: Result::Failed(Failed { failure, text, steps: Vec::new(), short: None }),
            ..case
        }
    }
}

impl Observer for Bound<'_> {
    fn observe(
        &mut self,
        _: Micros,
        observation: &Observation<'_>,
    ) -> std::result::Result<(), Stop> {
        if let Observation::Statement { line } = observation {
            self.line = *line;
        }
        let Observation::Step { .. } = observation else { return Ok(()) };
        self.steps += 1;
        if self.steps > self.bounds.steps {
            self.ended = Some(Ended::Steps);
        } else if self.steps.is_multiple_of(STEPS) {
            if self.asked_to_stop.load(Ordering::Relaxed) {
                self.ended = Some(Ended::Stopped);
            } else if now() - self.began > self.bounds.time {
                self.ended = Some(Ended::Time);
            }
        }
        if self.ended.is_some() { Err(Stop) } else { Ok(()) }
    }
}
