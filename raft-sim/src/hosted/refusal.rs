//! A server whose host refuses the disk that it has: it ends in its first step, with the reason. So it is a finding that shrinks.

use crate::model::Payload;
use crate::subject::{Boot, Effects, Ended, Event, Subject, View};

/// A server that does not start.
pub(super) struct Refusal(String);

impl Refusal {
    /// A server that does not start for this reason, and its state as its disk says it.
    pub(super) fn new(why: &str, boot: &Boot) -> (Refusal, View) {
        let snapshot = boot.snapshot.as_ref().map(|snapshot| snapshot.last.index);
        let configuration = boot.log.iter().rev().find_map(|entry| match entry.payload {
            Payload::Membership(_) => Some(entry.index),
            Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
        });
        let view = View {
            term: boot.hard_state.term,
            voted_for: boot.hard_state.voted_for,
            commit: snapshot,
            applied: snapshot,
            snapshot,
            configuration,
            ..View::default()
        };
        (Refusal(format!("it refuses its disk: {why}")), view)
    }
}

impl Subject for Refusal {
    fn step(&mut self, _: Event, effects: &mut Effects) {
        effects.ended = Some(Ended::Crashed(self.0.clone()));
    }
}
