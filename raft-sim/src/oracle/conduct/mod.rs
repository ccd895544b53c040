//! Conduct: whether each step keeps the rules of Figures 2 and 13 and of the dissertation to the letter.
//!
//! A server that breaks such a rule may still be safe and live, so no history of the cluster need ever show it.
//! What the rule asks for is worked out *before* the step, from the server's state and the event
//! ([`Oracles::takes`]), and compared with what it did afterwards. Judged only if the oracles are told to
//! ([`Oracles::with_conduct`]): an implementation may have good reasons to act otherwise.

mod leader;
mod receiver;
#[cfg(test)]
mod tests_receiver;

use super::{Oracles, Violation};
use crate::subject::{Effects, Event, Settings};
use crate::words::HardState;

/// What conduct is judged by, beside what the other oracles know.
#[derive(Debug)]
pub(super) struct Conduct {
    /// The settings of each server, S1 first.
    settings: Vec<Settings>,
    receiver: receiver::Expected,
    leader: leader::Expected,
}

impl Conduct {
    pub(super) fn new(settings: Vec<Settings>) -> Conduct {
        let receiver = receiver::Expected::new(settings.len());
        let leader = leader::Expected::new(&settings);
        Conduct { settings, receiver, leader }
    }

    /// A server is about to boot with these settings.
    pub(super) fn configured(&mut self, slot: usize, settings: Settings) {
        self.settings[slot] = settings;
    }
}

impl Oracles {
    /// A server boots from this term and vote; what it knew only in memory is gone.
    pub(super) fn boot_conduct(&mut self, slot: usize, durable: HardState) {
        self.boot_receiver(slot, durable);
    }

    /// What the rules ask of a server that is about to take an event is worked out.
    pub(super) fn expect_conduct(&mut self, slot: usize, event: &Event) {
        self.expect_of_receiver(slot, event);
        self.expect_of_leader(slot, event);
    }

    /// What it did is compared with that.
    pub(super) fn check_conduct(
        &mut self,
        slot: usize,
        effects: &Effects,
    ) -> Result<(), Violation> {
        self.check_receiver(slot, effects)?;
        self.check_leader(slot, effects)
    }
}
