//! The actions that can be done to a world. This is the one vocabulary of everything that chooses. Plans, scenarios,
//! the shrinker and explorers choose actions; a [`World`](crate::world::World) carries them out.

use serde::{Deserialize, Serialize};

use crate::disk::Survives;
use crate::model::{Message, NodeId};
use crate::network::{Conditions, Kinds, MessageId};
use crate::subject::{Event, Settings, Token};
use crate::time::Micros;

/// One thing that is done to a world. A server that is down takes only [`Action::Restart`], [`Action::Configure`],
/// [`Action::Wipe`] and actions that take effect when it is up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Action {
    /// A server's clock ticks once.
    Tick {
        /// The server.
        server: NodeId,
    },
    /// A message in flight reaches its server, held or not; it is lost if its link is cut or its server is down.
    Deliver {
        /// The message.
        message: MessageId,
    },
    /// A message in flight is lost.
    Drop {
        /// The message.
        message: MessageId,
    },
    /// A copy of a message in flight is in flight as well.
    Duplicate {
        /// The message.
        message: MessageId,
    },
    /// A message in flight is held back, or released.
    SetHeld {
        /// The message.
        message: MessageId,
        /// True if it is held back.
        held: bool,
    },
    /// A message that no server sent is in flight.
    Forge {
        /// The message.
        message: Message,
    },
    /// A client or an administrator hands a server a request. Without effect if the server is down: there will be no
    /// answer.
    Request {
        /// The server.
        server: NodeId,
        /// The request: an event that has one.
        event: Event,
    },
    /// A server's state machine applies what it was handed.
    Apply {
        /// The server.
        server: NodeId,
    },
    /// A server's disk has made durable all writes up to this one, and the server is notified after the disk's delay.
    Sync {
        /// The server.
        server: NodeId,
        /// The write.
        through: Token,
    },
    /// A server is notified of a durable write, in a separate step.
    Notify {
        /// The server.
        server: NodeId,
        /// The write.
        write: Token,
    },
    /// A server's disk makes the oldest writes durable. The server is not notified by itself.
    Flush {
        /// The server.
        server: NodeId,
        /// The number of writes.
        writes: usize,
    },
    /// All writes of a server become durable, and it is notified of each.
    SyncAll {
        /// The server.
        server: NodeId,
    },
    /// All writes of a server become durable, and it is notified of the newest one only.
    SyncNewest {
        /// The server.
        server: NodeId,
    },
    /// A server's disk stalls: it makes nothing durable by itself from now on. Or it resumes, and catches up.
    Stall {
        /// The server.
        server: NodeId,
        /// True if it stalls.
        stalled: bool,
    },
    /// A server's disk fails from now on: the server dies at each write, which is lost. Or it works again.
    FailWrites {
        /// The server.
        server: NodeId,
        /// True if it fails.
        fail: bool,
    },
    /// A server's disk lies from now on: it reports writes as durable that the next crash loses. Or the lie ends, and
    /// the reported writes are durable. Raft does not tolerate this.
    Lie {
        /// The server.
        server: NodeId,
        /// True if it lies.
        lies: bool,
    },
    /// The disk of a server that is down loses everything. Raft does not tolerate this.
    Wipe {
        /// The server.
        server: NodeId,
    },
    /// A server dies.
    Crash {
        /// The server.
        server: NodeId,
        /// The writes that survive.
        survives: Survives,
    },
    /// A server dies at its next write: after the step that hands it to the disk, before anything of it is durable.
    CrashAtWrite {
        /// The server.
        server: NodeId,
        /// The writes that survive then; `None` revokes the order.
        survives: Option<Survives>,
    },
    /// The next boot of a server, and those after it, have these settings.
    Configure {
        /// The server.
        server: NodeId,
        /// Its timing and limits.
        settings: Box<Settings>,
    },
    /// A server that is down boots from what is durable.
    Restart {
        /// The server.
        server: NodeId,
    },
    /// A server is paused, as by its scheduler: nothing reaches it and nothing leaves it, but its disk goes on. Or it
    /// resumes: it takes first all ticks that it missed, then everything else that arrived meanwhile, in order.
    Pause {
        /// The server.
        server: NodeId,
        /// True if it is paused.
        paused: bool,
    },
    /// A server's state machine applies nothing from now on. Or it resumes, and catches up. Only with
    /// [`Settings::apply_limit`].
    PauseApply {
        /// The server.
        server: NodeId,
        /// True if it is paused.
        paused: bool,
    },
    /// From its next tick on a server's clock ticks at this rate.
    SetTick {
        /// The server.
        server: NodeId,
        /// Virtual microseconds from tick to tick, more than 0.
        tick: Micros,
    },
    /// A server's clock jumps forward.
    Jump {
        /// The server.
        server: NodeId,
        /// By how many ticks.
        ticks: u32,
    },
    /// A server's clock stops, or goes on. It does not make up for the time.
    Freeze {
        /// The server.
        server: NodeId,
        /// True if it stops.
        frozen: bool,
    },
    /// Several links change at once.
    Links {
        /// The changes, in order.
        changes: Vec<LinkChange>,
    },
    /// Conditions become fair: every link is whole, disks and state machines take no time, no write fails, clocks run
    /// at their nominal rate, and every server is scheduled. Messages that were in flight or held are sent anew.
    /// Servers that are down stay down.
    Recover {
        /// The conditions of the network from now on.
        conditions: Conditions,
    },
    /// Time flows from now on: clocks tick, messages travel and disks sync by themselves. Or it stops: messages stay
    /// in flight until an action moves them.
    Flow {
        /// True if it flows.
        flows: bool,
    },
    /// All clocks stop for good.
    StopClocks,
}

/// A change of one direction between two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChange {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// The change.
    pub change: Change,
}

/// A change of a link. Cuts, holds and delays add up; each ends separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// One more cut: messages that are sent or arrive are lost.
    Cut,
    /// One cut ends.
    Mend,
    /// All cuts end.
    Heal,
    /// Messages of these kinds that are sent from now on are held back.
    Hold(Kinds),
    /// One such hold ends; messages that no other hold covers are released.
    Release(Kinds),
    /// Messages sent from now on take this much longer, in virtual microseconds.
    Slow(Micros),
    /// One such delay ends.
    Unslow(Micros),
}
