//! The rules: each step must keep those of Figures 2 and 13 and of the dissertation to the letter (23 to 26).
//!
//! A server that breaks such a rule may still be safe and live, so no history of the cluster need ever show it.
//! What the rule asks for is worked out *before* the step, from the server's state and the event, and compared with
//! what it did afterwards. Judged only on request: an implementation may have good reasons to act otherwise.

mod receiver;

use super::hooks::{Boot, Checker, Context};
use super::violation::Verdict;
use crate::checker::record::Record;
use crate::subject::{Capability, Effects, Event};

use receiver::Receiver;

/// The rules, if they are judged.
#[derive(Debug)]
pub(in crate::checker) struct Rules(Option<Receiver>);

impl Checker for Rules {
    fn new(record: &Record) -> Rules {
        let claimed = record.claims.contains(&Capability::Rules);
        Rules(claimed.then(|| Receiver::new(record.servers.len())))
    }

    /// Forgets what the server knew only in memory.
    #[inline]
    fn booted(&mut self, at: &mut Context<'_>, _: &Boot<'_>) -> Verdict {
        if let Some(receiver) = &mut self.0 {
            receiver.boots(at, at.settings());
        }
        Ok(())
    }

    /// Computes what the rules require of the server.
    #[inline]
    fn takes(&mut self, at: &mut Context<'_>, event: &Event) {
        if let Some(receiver) = &mut self.0 {
            receiver.takes(at, at.settings(), event);
        }
    }

    /// Compares what the server did with what the rules require.
    #[inline]
    fn stepped(&mut self, at: &mut Context<'_>, effects: &Effects) -> Verdict {
        self.0.as_mut().map_or(Ok(()), |receiver| receiver.stepped(at, at.settings(), effects))
    }
}
