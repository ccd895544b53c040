//! What happened in a step, kept to be judged again.

use std::borrow::Cow;

use crate::network::MessageId;
use crate::observation::{Observation, Observer, Stop, Stored};
use crate::subject::{Answer, Request};
use crate::time::Micros;

/// Keeps the observations that checkers make something of.
#[derive(Default)]
pub(super) struct Observed(pub(super) Vec<Observation<'static>>);

impl Observed {
    /// True if a request was answered with a refusal.
    pub(super) fn refuses(&self, asked: Request) -> bool {
        self.0.iter().any(|observation| {
            matches!(observation, Observation::Answered { request, answer, .. }
                if *request == asked && matches!(answer, Answer::Rejected | Answer::NotLeader(_)))
        })
    }

    /// True if the server has ended by itself, or did not boot.
    pub(super) fn is_end(&self) -> bool {
        self.0.iter().any(|observation| match observation {
            Observation::Stepped { effects, .. } => effects.ended.is_some(),
            Observation::NotBooted { .. } => true,
            Observation::Action { .. }
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
            | Observation::Statement { .. } => false,
        })
    }

    /// Gives messages other identities.
    pub(super) fn rename(&mut self, mut name: impl FnMut(MessageId) -> MessageId) {
        for observation in &mut self.0 {
            if let Observation::InFlight { message, .. } | Observation::Delivered { message, .. } =
                observation
            {
                *message = name(*message);
            }
        }
    }
}

fn owned<T: ToOwned + ?Sized>(content: &T) -> Cow<'static, T> {
    Cow::Owned(content.to_owned())
}

impl Observer for Observed {
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        let kept = match observation {
            Observation::Booted { server, again, disk, kept, settings, changed, view } => {
                Observation::Booted {
                    server: *server,
                    again: *again,
                    disk: Stored {
                        hard_state: disk.hard_state,
                        snapshot: disk.snapshot.as_deref().map(owned),
                        log: owned(&*disk.log),
                    },
                    kept: *kept,
                    settings: owned(&**settings),
                    changed: *changed,
                    view: *view,
                }
            }
            Observation::NotBooted { server, panicked, why } => {
                Observation::NotBooted { server: *server, panicked: *panicked, why: owned(&**why) }
            }
            Observation::Asked { server, event } => {
                Observation::Asked { server: *server, event: owned(&**event) }
            }
            Observation::Took { server, event } => {
                Observation::Took { server: *server, event: owned(&**event) }
            }
            Observation::Stepped { server, before, length, effects, changed } => {
                Observation::Stepped {
                    server: *server,
                    before: owned(&**before),
                    length: *length,
                    effects: owned(&**effects),
                    changed: *changed,
                }
            }
            Observation::Answered { server, request, answer } => {
                Observation::Answered { server: *server, request: *request, answer: *answer }
            }
            Observation::Durable { server, write } => {
                Observation::Durable { server: *server, write: owned(&**write) }
            }
            Observation::Sent { message } => Observation::Sent { message: owned(&**message) },
            Observation::InFlight { message, from, to, copy, held, arrives } => {
                Observation::InFlight {
                    message: *message,
                    from: *from,
                    to: *to,
                    copy: *copy,
                    held: *held,
                    arrives: *arrives,
                }
            }
            Observation::Delivered { message, content } => {
                Observation::Delivered { message: *message, content: owned(&**content) }
            }
            Observation::Crashed { server, survived, torn, lost, at_write } => {
                Observation::Crashed {
                    server: *server,
                    survived: *survived,
                    torn: *torn,
                    lost: *lost,
                    at_write: *at_write,
                }
            }
            // No checker makes anything of these, or no exploration has them.
            Observation::Action { .. }
            | Observation::Step { .. }
            | Observation::Held { .. }
            | Observation::Lost { .. }
            | Observation::Wiped { .. }
            | Observation::Lies { .. }
            | Observation::FaultBegan { .. }
            | Observation::FaultEnded { .. }
            | Observation::Statement { .. } => return Ok(()),
        };
        self.0.push(kept);
        Ok(())
    }
}
