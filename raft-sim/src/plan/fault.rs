//! What goes wrong in a run.

use serde::{Deserialize, Serialize};

use super::Trigger;
use crate::disk::Survives;
use crate::network::Kinds;
use crate::subject::Settings;
use crate::time::Micros;

/// Something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins, or from when on it waits for its moment.
    pub at: Micros,
    /// When it ends: links heal, held messages leave, the server restarts. If it waits for a moment, it lasts as
    /// long from there on as from `at` to `until`.
    pub until: Micros,
    /// What it waits for; it begins the first time that this comes and there is somebody to hit. Until the run
    /// ends, if need be.
    #[serde(alias = "moment")]
    pub trigger: Option<Trigger>,
    /// What it is.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Only servers that share a group can talk. A server in several groups is a bridge; one in none is
    /// alone.
    Partition(Vec<Vec<u32>>),
    /// Nothing gets from the first server to the second.
    OneWay(u32, u32),
    /// A server can't send, can't receive, or neither.
    Isolate(Target, Direction),
    /// The same, and the links come back and go again, each time for so long (virtual microseconds).
    Flap(Target, Direction, Micros),
    /// What the first server sends to the second stays in flight until the fault ends.
    Hold(u32, u32),
    /// Messages of these kinds that a server sends, that are sent to it, or both, stay in flight until the
    /// fault ends.
    #[serde(alias = "vault")]
    HoldKinds(Target, Direction, Kinds),
    /// Whatever the first server sends to the second takes so much longer (virtual microseconds).
    Slow(u32, u32, Micros),
    /// A server loses its power. Of its writes that were not durable, this survives.
    Crash(Target, Survives),
    /// All servers lose their power at once, and all that is not durable.
    CrashAll,
    /// A server loses its power with its next write, before that is durable. Of its writes, this survives.
    CrashAtWrite(Target, Survives),
    /// A server's disk is full: with each write it dies, and the write is lost. It is started again and again.
    FullDisk(Target),
    /// A server's disk makes nothing durable until the fault ends.
    Stall(Target),
    /// A server does not get to run. When it does, its clock catches up first, then what was sent to it
    /// arrives.
    Pause(Target),
    /// A server's state machine applies nothing until the fault ends. Of no effect without
    /// [`Settings::apply_limit`].
    #[serde(alias = "laze")]
    StallApply(Target),
    /// A server goes down, and comes back with other settings, which it keeps.
    #[serde(alias = "renew")]
    RestartWith(u32, Box<Settings>),
    /// Between two ticks of a server's clock there is so much time until the fault ends (virtual microseconds).
    Rate(Target, Micros),
    /// A server's clock jumps: so many ticks are due at once.
    Jump(Target, u32),
    /// A server's clock stands still.
    Freeze(Target),
    /// A server loses its power and its disk. Raft is not made for this.
    Wipe(Target),
    /// A server's disk says that writes are durable and they are not: a power loss, with which the fault
    /// ends, takes them. Raft is not made for this.
    Lie(Target),
}

/// Whom a fault hits; looked up when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// This server.
    Server(u32),
    /// The live leader of the highest term; nobody if there is none.
    Leader,
    /// One of the live servers that don't lead: the one so many places behind the first of them.
    Follower(u32),
    /// The live candidate of the highest term; nobody if there is none.
    Candidate,
    /// The server that sent a vote last; nobody if none has.
    Voter,
    /// A live server that believes to lead while another leads a higher term; nobody if there is none.
    Deposed,
    /// The live server that knows least to be committed.
    Behind,
    /// The server of the moment; nobody if the fault waits for none.
    #[serde(alias = "doer")]
    Actor,
    /// The peer of the moment; nobody if the moment has none.
    Peer,
}

/// Which way an isolated server is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// What it sends.
    Outgoing,
    /// What is sent to it.
    Incoming,
    /// Both.
    Both,
}

impl Fault {
    /// The same where this server is not: those behind it have numbers one lower. `None` if it is about that
    /// server, or about nobody any more.
    #[must_use]
    pub fn without(&self, server: u32) -> Option<Fault> {
        let target = match self.kind.target() {
            Some(Target::Server(other)) => Some(Target::Server(behind(other, server)?)),
            target => target,
        };
        let mut fault = self.clone();
        match &mut fault.kind {
            FaultKind::Partition(groups) => {
                for group in groups.iter_mut() {
                    *group = group.iter().filter_map(|other| behind(*other, server)).collect();
                }
            }
            FaultKind::OneWay(from, to)
            | FaultKind::Hold(from, to)
            | FaultKind::Slow(from, to, _) => {
                (*from, *to) = (behind(*from, server)?, behind(*to, server)?);
            }
            FaultKind::RestartWith(other, _) => *other = behind(*other, server)?,
            FaultKind::CrashAll => {}
            FaultKind::Isolate(of, _)
            | FaultKind::Flap(of, ..)
            | FaultKind::HoldKinds(of, ..)
            | FaultKind::Crash(of, _)
            | FaultKind::CrashAtWrite(of, _)
            | FaultKind::FullDisk(of)
            | FaultKind::Stall(of)
            | FaultKind::Pause(of)
            | FaultKind::StallApply(of)
            | FaultKind::Rate(of, _)
            | FaultKind::Jump(of, _)
            | FaultKind::Freeze(of)
            | FaultKind::Wipe(of)
            | FaultKind::Lie(of) => *of = target?,
        }
        Some(fault)
    }
}

/// A server's number where another one is not; `None` for that one.
pub(super) fn behind(server: u32, gone: u32) -> Option<u32> {
    (server != gone).then_some(if server > gone { server - 1 } else { server })
}

impl FaultKind {
    /// Whom it hits by name or role; `None` if that is nobody, everybody or a link.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self {
            FaultKind::Isolate(target, _)
            | FaultKind::Flap(target, ..)
            | FaultKind::HoldKinds(target, ..)
            | FaultKind::Crash(target, _)
            | FaultKind::CrashAtWrite(target, _)
            | FaultKind::FullDisk(target)
            | FaultKind::Stall(target)
            | FaultKind::Pause(target)
            | FaultKind::StallApply(target)
            | FaultKind::Rate(target, _)
            | FaultKind::Jump(target, _)
            | FaultKind::Freeze(target)
            | FaultKind::Wipe(target)
            | FaultKind::Lie(target) => Some(*target),
            FaultKind::RestartWith(server, _) => Some(Target::Server(*server)),
            FaultKind::Partition(_)
            | FaultKind::OneWay(..)
            | FaultKind::Hold(..)
            | FaultKind::Slow(..)
            | FaultKind::CrashAll => None,
        }
    }
}
