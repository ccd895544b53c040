//! What can be done to a world: the one vocabulary of all that chooses. Plans, scenarios, the shrinker and explorers
//! choose actions; a [`World`](crate::world::World) carries them out.

use serde::{Deserialize, Serialize};

use crate::disk::Survives;
use crate::model::{Message, NodeId};
use crate::network::{Conditions, Kinds, MessageId};
use crate::subject::{Event, Settings, Token};
use crate::time::Micros;

/// One thing that is done to a world. Nothing happens to a server that is down, but for [`Action::Restart`],
/// [`Action::Configure`], [`Action::Wipe`] and what is set for when it is up again.
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
    /// A message in flight is held back, or set free.
    SetHeld {
        /// The message.
        message: MessageId,
        /// Whether it is held back.
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
    /// A server's disk has made durable all writes up to this one, and the server hears of it as the disk's times have it.
    Sync {
        /// The server.
        server: NodeId,
        /// The write.
        through: Token,
    },
    /// A server hears of a durable write, as a step of its own.
    Notify {
        /// The server.
        server: NodeId,
        /// The write.
        write: Token,
    },
    /// A server's disk makes the oldest writes durable. The server does not hear of it by itself.
    Flush {
        /// The server.
        server: NodeId,
        /// How many.
        writes: usize,
    },
    /// All that a server has written becomes durable, and it hears of all that is.
    SyncAll {
        /// The server.
        server: NodeId,
    },
    /// All that a server has written becomes durable, and it hears of the newest write only.
    SyncNewest {
        /// The server.
        server: NodeId,
    },
    /// A server's disk makes nothing durable by itself from now on, or does again and catches up.
    Stall {
        /// The server.
        server: NodeId,
        /// Whether it stalls.
        stalled: bool,
    },
    /// A server's disk fails from now on, or no longer: the server dies at each write, which is lost.
    FailWrites {
        /// The server.
        server: NodeId,
        /// Whether it fails.
        fail: bool,
    },
    /// A server's disk lies from now on: it says durable what its next crash takes. Or what it said is true after all. Raft is
    /// not made for this.
    Lie {
        /// The server.
        server: NodeId,
        /// Whether it lies.
        lies: bool,
    },
    /// The disk of a server that is down forgets everything. Raft is not made for this.
    Wipe {
        /// The server.
        server: NodeId,
    },
    /// A server dies.
    Crash {
        /// The server.
        server: NodeId,
        /// What is left of its writes.
        survives: Survives,
    },
    /// A server dies at its next write: after the step that hands it to the disk, before anything of it is durable.
    CrashAtWrite {
        /// The server.
        server: NodeId,
        /// What is left of its writes then; `None` takes the order back.
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
    /// The scheduler gives a server no time from now on: nothing reaches it and nothing leaves it, its disk goes on. Or it
    /// gets time again: first all ticks that it missed, then what else has come meanwhile, in order.
    Pause {
        /// The server.
        server: NodeId,
        /// Whether it is paused.
        paused: bool,
    },
    /// A server's state machine takes nothing from now on, or does again and catches up. Only with
    /// [`Settings::apply_limit`].
    PauseApply {
        /// The server.
        server: NodeId,
        /// Whether it is paused.
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
    /// A server's clock stands still from now on, or goes on. It does not make up for the time.
    Freeze {
        /// The server.
        server: NodeId,
        /// Whether it stands still.
        frozen: bool,
    },
    /// Links change, all at once.
    Links {
        /// The changes, in order.
        changes: Vec<LinkChange>,
    },
    /// Fair conditions: every link is whole, disks and state machines take no time, no write fails, clocks run at their nominal
    /// rate, and every server is scheduled. What was in flight or held sets out anew. Servers that are down stay down.
    Recover {
        /// The conditions of the network from now on.
        conditions: Conditions,
    },
    /// Time flows from now on: clocks tick, messages travel and disks sync by themselves. Or it stands still: what is sent
    /// stays in flight until an action moves it.
    Flow {
        /// Whether it flows.
        flows: bool,
    },
    /// No clock ticks by itself any more.
    StopClocks,
}

/// A change of one direction between two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChange {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// What changes.
    pub change: Change,
}

/// What changes about a link. Cuts, holds and delays add up, and each is ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is cut once more: what is sent or arrives is lost.
    Cut,
    /// One cut ends.
    Mend,
    /// All cuts end.
    Heal,
    /// Messages of these kinds that are sent from now on are held back.
    Hold(Kinds),
    /// One such hold ends; what no other hold keeps back is set free.
    Release(Kinds),
    /// What is sent takes so much longer, in virtual microseconds.
    Slow(Micros),
    /// One such delay ends.
    Unslow(Micros),
}
