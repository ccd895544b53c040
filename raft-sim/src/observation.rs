//! What happened in a world: the one vocabulary of everything that prints, draws, checks or records a run.
//!
//! A [`World`](crate::world::World) tells its [`Observer`] each thing when it happens. Drivers add what only they know:
//! [faults](Observation::FaultBegan) and [statements](Observation::Statement). An observer never influences a run, but it
//! may end it.

use std::borrow::Cow;
use std::mem::ManuallyDrop;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::model::{Entry, HardState, LogIndex, Message, NodeId, Snapshot};
use crate::network::{Loss, MessageId};
use crate::subject::{Answer, Effects, Event, Request, Settings, View, Write};
use crate::time::Micros;

/// One thing that happened. Borrowed from the world while it is observed; [`into_owned`](Cow::into_owned) what is to be
/// kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Observation<'a> {
    /// An action begins. What comes of it is observed next.
    Action {
        /// The action.
        action: Cow<'a, Action>,
    },
    /// A server booted from what was on its disk.
    Booted {
        /// The server.
        server: NodeId,
        /// Whether it has booted before.
        again: bool,
        /// What it booted from.
        disk: Stored<'a>,
        /// Up to where its state machine had kept what it applied.
        kept: Option<LogIndex>,
        /// Its timing and limits.
        settings: Cow<'a, Settings>,
        /// Whether these are others than in its life before.
        changed: bool,
        /// Its state.
        view: View,
    },
    /// A server did not boot.
    NotBooted {
        /// The server.
        server: NodeId,
        /// Whether it panicked; if not, it refused its disk or its settings.
        panicked: bool,
        /// Why.
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
        /// What happens to it.
        event: Cow<'a, Event>,
    },
    /// A server takes an event: that of the step, or one that follows in the same step, such as the notice of a disk that
    /// takes no time. [`Stepped`](Observation::Stepped) follows.
    Took {
        /// The server.
        server: NodeId,
        /// The event.
        event: Cow<'a, Event>,
    },
    /// A server has taken an event, and this came of it: writes issued, entries applied, changes of its state.
    Stepped {
        /// The server.
        server: NodeId,
        /// Its state before.
        before: View,
        /// How many entries its log had before, those included that its snapshot stands for.
        length: u64,
        /// What it did, and its state now. If it came to its end by itself, that is all that counts of it.
        effects: Cow<'a, Effects>,
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
    /// A write is durable, or the disk says so. What survives a crash is durable before the server dies; of a torn
    /// write this is what is left of it.
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
        /// The message from now on.
        message: MessageId,
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// Whether it is a copy of another one.
        copy: bool,
        /// Whether it is held back.
        held: bool,
        /// When it arrives if nothing comes in between, in virtual microseconds; `None` if that is not known yet.
        arrives: Option<Micros>,
    },
    /// A message is held back from now on, or set free.
    Held {
        /// The message.
        message: MessageId,
        /// Whether it is held back.
        held: bool,
    },
    /// A message reaches its server.
    Delivered {
        /// The message.
        message: MessageId,
        /// What it says.
        content: Cow<'a, Message>,
    },
    /// A message is lost.
    Lost {
        /// The message, if it was in flight.
        message: Option<MessageId>,
        /// What it says.
        content: Cow<'a, Message>,
        /// Why.
        why: Loss,
    },
    /// A server died.
    Crashed {
        /// The server.
        server: NodeId,
        /// Writes that were not durable and survived as a whole.
        survived: usize,
        /// If one more was torn: how many of the entries that it appended survived.
        torn: Option<usize>,
        /// Writes that were lost, the torn one included.
        lost: usize,
        /// Whether it died of a write.
        at_write: bool,
    },
    /// The disk of a server that is down has forgotten everything.
    Wiped {
        /// The server.
        server: NodeId,
    },
    /// From now on a server's disk says durable what its next crash takes, or what it said is true after all.
    Lies {
        /// The server.
        server: NodeId,
        /// Whether it lies.
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

/// What a disk holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored<'a> {
    /// currentTerm and votedFor.
    pub hard_state: HardState,
    /// The snapshot, if there is one (§7).
    pub snapshot: Option<Cow<'a, Snapshot>>,
    /// The log behind it.
    pub log: Cow<'a, [Entry]>,
}

/// What an observer returns to end the run: what has happened by then has happened, what would have followed has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Learns of everything that happens, in order.
pub trait Observer {
    /// Something happened at this time, in virtual microseconds.
    ///
    /// # Errors
    /// The run is to end here.
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop>;
}

/// Lets an observer observe what a world has borrowed to an observation. Nothing of it is owned, so there is nothing to drop:
/// to find that out at run time would cost each step more than most observers do.
#[inline(always)]
pub(crate) fn tell(
    observer: &mut impl Observer,
    at: Micros,
    observation: Observation<'_>,
) -> Result<(), Stop> {
    observer.observe(at, &ManuallyDrop::new(observation))
}

/// Observes nothing, and costs nothing.
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
}

/// Both observe, the first one first; the second one does not see what made the first one stop.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline(always)]
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.0.observe(at, observation)?;
        self.1.observe(at, observation)
    }
}
