//! The observations of a world. This is the one vocabulary of everything that prints, draws, checks or records a run.
//!
//! A [`World`](crate::world::World) calls its [`Observer`] for everything that happens. Drivers add the observations
//! that only they can make: [faults](Observation::FaultBegan) and [statements](Observation::Statement). An observer
//! never influences a run, but it may end it.

use std::borrow::Cow;
use std::mem::ManuallyDrop;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::disk::Torn;
use crate::model::{Entry, HardState, LogIndex, Message, NodeId, Snapshot};
use crate::network::{Loss, MessageId};
use crate::subject::{Answer, Effects, Event, Request, Settings, View, Write};
use crate::time::Micros;

/// One thing that happened. It is borrowed from the world; to keep a part of it, call
/// [`into_owned`](Cow::into_owned).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Observation<'a> {
    /// An action begins. Its effects are observed next.
    Action {
        /// The action.
        action: Cow<'a, Action>,
    },
    /// A server booted from what was on its disk.
    Booted {
        /// The server.
        server: NodeId,
        /// True if it has booted before.
        again: bool,
        /// The durable state that it booted from.
        disk: Stored<'a>,
        /// The last entry whose effect its state machine had kept.
        kept: Option<LogIndex>,
        /// Its timing and limits.
        settings: Cow<'a, Settings>,
        /// True if they differ from those of its previous life.
        changed: bool,
        /// Its state.
        view: View,
    },
    /// A server did not boot.
    NotBooted {
        /// The server.
        server: NodeId,
        /// True if it panicked; if not, it refused its disk or its settings.
        panicked: bool,
        /// The reason.
        why: Cow<'a, str>,
    },
    /// A client or an administrator hands a server a request.
    Asked {
        /// The server.
        server: NodeId,
        /// The request: an event that has one.
        event: Cow<'a, Event>,
    },
    /// A step begins: one thing happens to one server.
    Step {
        /// The server.
        server: NodeId,
        /// The event that it takes.
        event: Cow<'a, Event>,
    },
    /// A server takes an event: the event of the step, or one that follows in the same step, such as the notice of a
    /// disk that takes no time. [`Stepped`](Observation::Stepped) follows.
    Took {
        /// The server.
        server: NodeId,
        /// The event.
        event: Cow<'a, Event>,
    },
    /// A server has taken an event. The effects are the writes issued, the entries applied, and the changes of its
    /// state.
    Stepped {
        /// The server.
        server: NodeId,
        /// Its state before.
        before: Cow<'a, View>,
        /// The number of entries in its log before, including those covered by its snapshot.
        length: u64,
        /// Its effects, and its state now. If the server ended by itself, only that counts.
        effects: Cow<'a, Effects>,
        /// True if its state is not the one before.
        changed: bool,
    },
    /// A client or an administrator is answered.
    Answered {
        /// The server that answers.
        server: NodeId,
        /// The request.
        request: Request,
        /// The answer.
        answer: Answer,
    },
    /// A write is durable, or the disk reports so. Writes that survive a crash become durable before the server dies;
    /// of a torn write, this is the part that survives.
    Durable {
        /// The server.
        server: NodeId,
        /// The write.
        write: Cow<'a, Write>,
    },
    /// A message leaves its sender.
    Sent {
        /// The message.
        message: Cow<'a, Message>,
    },
    /// A message that was sent, or a copy of it, is in flight.
    InFlight {
        /// The identity of the message from now on.
        message: MessageId,
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// True if it is a copy of another one.
        copy: bool,
        /// True if it is held back.
        held: bool,
        /// The scheduled time of its arrival, in virtual microseconds; `None` if that is not known yet.
        arrives: Option<Micros>,
    },
    /// A message is held back from now on, or released.
    Held {
        /// The message.
        message: MessageId,
        /// True if it is held back.
        held: bool,
    },
    /// A message reaches its server.
    Delivered {
        /// The message.
        message: MessageId,
        /// Its content.
        content: Cow<'a, Message>,
    },
    /// A message is lost.
    Lost {
        /// The message, if it was in flight.
        message: Option<MessageId>,
        /// Its content.
        content: Cow<'a, Message>,
        /// The reason.
        why: Loss,
    },
    /// A server died.
    Crashed {
        /// The server.
        server: NodeId,
        /// Writes that were not durable and survived as a whole.
        survived: usize,
        /// If one more was torn: the place.
        torn: Option<Torn>,
        /// Writes that were lost, the torn one included.
        lost: usize,
        /// True if it died at a write.
        at_write: bool,
    },
    /// The disk of a server that is down has lost everything.
    Wiped {
        /// The server.
        server: NodeId,
    },
    /// A server's disk lies from now on: it reports writes as durable that the next crash loses. Or the lie has
    /// ended, and the reported writes are durable.
    Lies {
        /// The server.
        server: NodeId,
        /// True if it lies.
        lies: bool,
    },
    /// A fault of a plan begins.
    FaultBegan {
        /// Its place in the plan.
        fault: usize,
        /// The servers that it hit.
        servers: Cow<'a, [NodeId]>,
    },
    /// A fault of a plan ends.
    FaultEnded {
        /// Its place in the plan.
        fault: usize,
    },
    /// A statement of a scenario begins.
    Statement {
        /// Its line in the file, from 1.
        line: u32,
    },
}

/// The content of a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored<'a> {
    /// currentTerm and votedFor.
    pub hard_state: HardState,
    /// The snapshot, if there is one (§7).
    pub snapshot: Option<Cow<'a, Snapshot>>,
    /// The log behind it.
    pub log: Cow<'a, [Entry]>,
}

/// Returned by an observer to end the run: everything observed so far has happened, nothing else has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// An observer of a world: it is called for everything that happens, in order.
pub trait Observer {
    /// Something happened at this time, in virtual microseconds.
    ///
    /// # Errors
    /// The run is to end here.
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop>;

    /// Something happened at this time. An observer that consists of others has each of them make the observation: one
    /// that is made where it is taken apart is never stored, and its kind is known to the compiler.
    ///
    /// All of the observation is borrowed. So there is nothing to drop: to find that out at run time would cost each step
    /// more than most observers do.
    ///
    /// # Errors
    /// The run is to end here.
    #[inline(always)]
    fn observe_made<'a>(
        &mut self,
        at: Micros,
        make: impl Fn() -> Observation<'a>,
    ) -> Result<(), Stop>
    where
        Self: Sized,
    {
        self.observe(at, &ManuallyDrop::new(make()))
    }
}

/// An observer that does nothing and costs nothing.
impl Observer for () {
    #[inline(always)]
    fn observe(&mut self, _: Micros, _: &Observation<'_>) -> Result<(), Stop> {
        Ok(())
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        (**self).observe(at, observation)
    }
}

impl<O: Observer> Observer for Option<O> {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match self {
            Some(observer) => observer.observe(at, observation),
            None => Ok(()),
        }
    }

    #[inline(always)]
    fn observe_made<'a>(
        &mut self,
        at: Micros,
        make: impl Fn() -> Observation<'a>,
    ) -> Result<(), Stop> {
        match self {
            Some(observer) => observer.observe_made(at, make),
            None => Ok(()),
        }
    }
}

/// A pair of observers: the first one observes first. The second one does not see the observation at which the first
/// one stops.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.0.observe(at, observation)?;
        self.1.observe(at, observation)
    }

    #[inline(always)]
    fn observe_made<'a>(
        &mut self,
        at: Micros,
        make: impl Fn() -> Observation<'a>,
    ) -> Result<(), Stop> {
        self.0.observe_made(at, &make)?;
        self.1.observe_made(at, make)
    }
}
