//! The rules: each step must keep those of Figures 2 and 13 and of the dissertation to the letter (23 to 34).
//!
//! A server that breaks such a rule may still be safe and live, so no history of the cluster need ever show it.
//! What the rule asks for is worked out *before* the step, from the server's state and the event, and compared with
//! what it did afterwards. Judged only on request: an implementation may have good reasons to act otherwise.

mod leader;
mod receiver;

use super::hooks::{Boot, Checker, Context};
use super::violation::Verdict;
use crate::checker::record::Record;
use crate::subject::{Effects, Event, Settings};

use leader::Leader;
use receiver::Receiver;

/// The rules, if they are judged.
#[derive(Debug)]
pub(in crate::checker) struct Rules(Option<Judged>);

/// The state by which the rules are judged, beside the record.
#[derive(Debug)]
struct Judged {
    /// The settings of each server, S1 first.
    settings: Vec<Settings>,
    receiver: Receiver,
    leader: Leader,
}

impl Rules {
    /// The rules are judged, of servers with these settings.
    pub(in crate::checker) fn judging(settings: Vec<Settings>) -> Rules {
        let receiver = Receiver::new(settings.len());
        let leader = Leader::new(&settings);
        Rules(Some(Judged { settings, receiver, leader }))
    }
}

impl Checker for Rules {
    fn new(_: &Record) -> Rules {
        Rules(None)
    }

    #[inline]
    fn configured(&mut self, at: &mut Context<'_>, settings: Settings) {
        if let Some(judged) = &mut self.0 {
            judged.settings[at.slot] = settings;
        }
    }

    /// Forgets what the server knew only in memory.
    #[inline]
    fn booted(&mut self, at: &mut Context<'_>, _: &Boot<'_>) -> Verdict {
        if let Some(Judged { settings, receiver, .. }) = &mut self.0 {
            receiver.boots(at, &settings[at.slot]);
        }
        Ok(())
    }

    /// Computes what the rules require of the server.
    #[inline]
    fn takes(&mut self, at: &mut Context<'_>, event: &Event) {
        if let Some(Judged { settings, receiver, leader }) = &mut self.0 {
            receiver.takes(at, &settings[at.slot], event);
            leader.takes(at, event);
        }
    }

    /// Compares what the server did with what the rules require.
    #[inline]
    fn stepped(&mut self, at: &mut Context<'_>, effects: &Effects) -> Verdict {
        let Some(Judged { settings, receiver, leader }) = &mut self.0 else { return Ok(()) };
        let settings = &settings[at.slot];
        receiver.stepped(at, settings, effects)?;
        leader.stepped(at, settings, effects)
    }

    #[inline]
    fn crashed(&mut self, at: &mut Context<'_>) {
        if let Some(Judged { leader, .. }) = &mut self.0 {
            leader.crashed(at);
        }
    }
}
