//! The end of a run in its middle.

use crate::observation::{Observation, Observer, Stop};
use crate::time::Micros;

/// The number of steps between two looks at whether the run is to end.
const STEPS: u32 = 64;

/// Observer that ends a run when it is to stop. It is the only thing about a run that the clock or a signal may decide, and
/// a run that it ended counts as not run.
pub(crate) struct Interrupt<'a> {
    stop: &'a dyn Fn() -> bool,
    steps: u32,
    fired: bool,
}

impl<'a> Interrupt<'a> {
    /// Ends a run soon after `stop` returns true.
    pub(crate) fn new(stop: &'a dyn Fn() -> bool) -> Interrupt<'a> {
        Interrupt { stop, steps: 0, fired: false }
    }

    /// True if it has ended a run.
    pub(crate) fn fired(&self) -> bool {
        self.fired
    }
}

impl Observer for Interrupt<'_> {
    #[inline(always)]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        let Observation::Step { .. } = observation else { return Ok(()) };
        self.steps += 1;
        if self.steps < STEPS {
            return Ok(());
        }
        self.steps = 0;
        self.fired = (self.stop)();
        if self.fired { Err(Stop) } else { Ok(()) }
    }
}
