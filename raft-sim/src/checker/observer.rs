//! The checkers as observers: each observation goes to the method that judges it.

use super::checkers::Checkers;
use super::properties::violation::{Verdict, Violation};
use crate::observation::{Observation, Observer, Stop};
use crate::time::Micros;

impl Checkers {
    /// The property that was seen violated, if any was: the first one ended the run.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    #[inline(always)]
    fn judge(&mut self, at: Micros, observation: &Observation<'_>) -> Verdict {
        match observation {
            Observation::Booted { server, disk, kept, settings, changed, view, .. } => {
                if *changed {
                    self.configured(*server, **settings);
                }
                self.booted(
                    *server,
                    disk.hard_state,
                    disk.snapshot.as_deref(),
                    &disk.log,
                    *kept,
                    view,
                )
            }
            Observation::Asked { server, event } => {
                self.asked(at, *server, event);
                Ok(())
            }
            Observation::Took { server, event } => {
                self.takes(*server, event);
                Ok(())
            }
            Observation::Stepped { server, before, effects, changed, .. } => {
                self.judge_step(*server, before, effects, *changed)
            }
            Observation::Answered { server, request, answer } => {
                self.answered(at, *server, *request, answer)
            }
            Observation::Durable { server, write } => {
                self.persisted(*server, write);
                Ok(())
            }
            Observation::Sent { message } => self.sent(message),
            Observation::InFlight { message, from, to, .. } => {
                self.in_flight(*from, *to, *message);
                Ok(())
            }
            Observation::Delivered { message, content } => {
                self.delivered(content.to, *message);
                Ok(())
            }
            Observation::Crashed { server, .. } => {
                self.crashed(*server);
                Ok(())
            }
            Observation::Wiped { server } => {
                self.wiped(*server);
                Ok(())
            }
            Observation::Lies { server, lies } => {
                self.lied_to(*server, *lies);
                Ok(())
            }
            Observation::Action { .. }
            | Observation::NotBooted { .. }
            | Observation::Step { .. }
            | Observation::Held { .. }
            | Observation::Lost { .. }
            | Observation::FaultBegan { .. }
            | Observation::FaultEnded { .. }
            | Observation::Statement { .. } => Ok(()),
        }
    }
}

impl Observer for Checkers {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.judge(at, observation).map_err(|violation| {
            self.violation = Some(violation);
            Stop
        })
    }
}

/// No Panic (§5.5) and the half of Bounded Steps (§5.6) that a server breaks by itself: judged of every run.
#[derive(Clone, Debug, Default)]
pub struct NoPanic {
    /// The first violation, if there is one.
    pub violation: Option<Violation>,
}

impl Observer for NoPanic {
    #[inline(always)]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.violation = match observation {
            Observation::Stepped { server, effects, .. } => {
                match (&effects.ended, &effects.swallowed) {
                    (Some(ended), _) => Some(Violation::ended(*server, ended)),
                    (None, Some(what)) => Some(Violation::swallowed(*server, what)),
                    (None, None) => return Ok(()),
                }
            }
            Observation::NotBooted { server, panicked: true, why } => {
                Some(Violation::panicked(*server, why))
            }
            Observation::NotBooted { panicked: false, .. }
            | Observation::Action { .. }
            | Observation::Booted { .. }
            | Observation::Asked { .. }
            | Observation::Step { .. }
            | Observation::Took { .. }
            | Observation::Answered { .. }
            | Observation::Durable { .. }
            | Observation::Sent { .. }
            | Observation::InFlight { .. }
            | Observation::Held { .. }
            | Observation::Delivered { .. }
            | Observation::Lost { .. }
            | Observation::Crashed { .. }
            | Observation::Wiped { .. }
            | Observation::Lies { .. }
            | Observation::FaultBegan { .. }
            | Observation::FaultEnded { .. }
            | Observation::Statement { .. } => return Ok(()),
        };
        Err(Stop)
    }
}
